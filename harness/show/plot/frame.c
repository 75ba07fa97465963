/* SPDX-License-Identifier: MIT */
/*
 * The frame of a picture, so that it can be read without its run: the question as the title, the
 * parameters that are the same in all of it, the unit, the repeats, the noise, the machine. A
 * narrow picture has neither title nor machine, because its page has them (report.h).
 */
#include "harness/show/plot/internal.h"

#include "harness/base/escape.h"
#include "harness/base/text.h"
#include "harness/judge/judge.h"
#include "harness/results/figures.h"
#include "harness/show/table/table.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define TITLE_COLUMNS 105
#define TEXT_COLUMNS  130

/* The parameters that come first, with words around their values. */
static const struct {
	const char *parameter, *before, *after, *after_one;
	const char *silent; /* the value that is not mentioned */
} said[] = {
	{ "threads", "", " threads", " thread", NULL },
	{ "flows", "", " connections", " connection", NULL },
	{ "load_factor", "load factor ", "", "", NULL },
	{ "capture", "capture ", "", "", "none" },
	{ "popularity", "", "", "", "uniform" },
	{ "mix", "", "", "", "lookup=100" },
	{ "hit_share", "hit share ", "", "", "1" },
	{ "resize", "resize ", "", "", "none" },
	{ "rate", "", " arriving per second", "", "none" },
	{ "timeline", "in pieces of ", "", "", "none" },
};

/* The row of a parameter; -1: it has none. */
static int said_row(const char *parameter)
{
	for (int i = 0; i < (int)(sizeof(said) / sizeof(said[0])); i++)
		if (!strcmp(said[i].parameter, parameter))
			return i;
	return -1;
}

/* "lookup=95,insert=2.5" as "95 % lookup, 2.5 % insert". */
static void mix_words(char *buf, size_t size, const char *mix)
{
	size_t at = 0;

	buf[0] = '\0';
	while (*mix) {
		int name = (int)strcspn(mix, "="), value;

		if (!mix[name])
			break;
		value = (int)strcspn(mix + name + 1, ", ");
		text_add(buf, size, &at, "%s%.*s %% %.*s", at ? ", " : "", value, mix + name + 1,
			 name, mix);
		mix += name + 1 + value;
		mix += strspn(mix, ", ");
	}
}

/* "128Ki@50ms,64Ki@150ms" as "to 128Ki at 50ms, to 64Ki at 150ms". */
static void resize_words(char *buf, size_t size, const char *events)
{
	size_t at = 0;

	buf[0] = '\0';
	while (*events) {
		int event = (int)strcspn(events, ", "), to = (int)strcspn(events, "@, ");

		text_add(buf, size, &at, "%sto %.*s", at ? ", " : "", to, events);
		if (to < event)
			text_add(buf, size, &at, " at %.*s", event - to - 1, events + to + 1);
		events += event;
		events += strspn(events, ", ");
	}
}

void plot_parameter_words(char *buf, size_t size, const char *parameter, const char *value)
{
	int row = said_row(parameter);
	char words[512];

	if (!strcmp(parameter, "mix") && strchr(value, '=')) {
		mix_words(buf, size, value);
		return;
	}
	if (!strcmp(parameter, "resize") && strchr(value, '@')) {
		resize_words(words, sizeof(words), value);
		value = words;
	}
	if (row >= 0) {
		snprintf(buf, size, "%s%s%s", said[row].before, value,
			 strcmp(value, "1") ? said[row].after : said[row].after_one);
		return;
	}
	snprintf(buf, size, "%s %s", parameter, value);
	for (char *p = buf; *p && *p != ' '; p++)
		if (*p == '_')
			*p = ' ';
}

/* The value, if it is the same in the whole picture and relevant; else "". */
static void common_value(char *buf, size_t size, const struct plot_group *g, const char *parameter)
{
	const json_t *value;

	buf[0] = '\0';
	if (!g->nr)
		return;
	value = json_object_get(plot_parameters(g->cells[0]), parameter);
	for (size_t i = 1; i < g->nr; i++)
		if (!json_equal(json_object_get(plot_parameters(g->cells[i]), parameter), value))
			return;
	if (!value || json_is_null(value))
		return;
	/* A capture brings its own connections. */
	if (json_is_number(value) && json_number_value(value) == 0 &&
	    strcmp(parameter, "hit_share"))
		return;
	table_value(buf, size, value);
	if (!strcmp(parameter, "capture") && strrchr(buf, '/'))
		memmove(buf, strrchr(buf, '/') + 1, strlen(strrchr(buf, '/')));
}

/* Load factors differ slightly where buckets were rounded to powers of two. */
static void rounded_load_factor(char *buf, size_t size, const struct plot_group *g)
{
	double least = INFINITY, most = 0;

	for (size_t i = 0; i < g->nr; i++) {
		double factor = number_of(plot_parameters(g->cells[i]), "load_factor");

		least = fmin(least, factor);
		most = fmax(most, factor);
	}
	if (least > 0 && most < 2.1 * least)
		snprintf(buf, size, "%.3g to %.3g", least, most);
}

static void
say(char *buf, size_t size, size_t *at, const char *before, const char *value, const char *after)
{
	if (*value && *at < size)
		*at += (size_t)snprintf(buf + *at, size - *at, "%s%s%s%s", *at ? ", " : "", before,
					value, after);
}

static void
say_parameter(char *buf, size_t size, size_t *at, const char *parameter, const char *value)
{
	char words[512];

	if (!*value)
		return;
	plot_parameter_words(words, sizeof(words), parameter, value);
	say(buf, size, at, "", words, "");
}

static void fixed(char *buf, size_t size, const struct plot_group *g, const char *x)
{
	size_t at = 0, k;
	char value[256];
	json_t *name;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		if (x && !strcmp(x, said[i].parameter))
			continue;
		common_value(value, sizeof(value), g, said[i].parameter);
		if (said[i].silent && !strcmp(value, said[i].silent))
			continue;
		if (!*value && !strcmp(said[i].parameter, "load_factor"))
			rounded_load_factor(value, sizeof(value), g);
		say_parameter(buf, size, &at, said[i].parameter, value);
	}
	json_array_foreach(json_object_get(g->workload, "varying"), k, name) {
		const char *parameter = json_is_string(name) ? json_string_value(name) : "";

		if (said_row(parameter) >= 0 || !strcmp(parameter, "variant") ||
		    (x && !strcmp(x, parameter)))
			continue;
		common_value(value, sizeof(value), g, parameter);
		say_parameter(buf, size, &at, parameter, value);
	}
}

static void how_measured(char *buf, size_t size, const struct plot_group *g)
{
	const json_t *report = json_object_get(g->benchmark, "ctbench");
	double least = INFINITY, most = 0,
	       noise = judge_noise(judge_noise_pair(report, text_of(g->workload, "name")));
	const char *what = g->drawn;
	int at;

	/* Pictures of latencies set their own text for the interval. */
	if (!what)
		what = g->nr && (json_object_get(g->cells[0], "latency") ||
				 json_object_get(g->cells[0], "saturation"))
			       ? "median"
			       : "median and 95 % interval";
	for (size_t i = 0; i < g->nr; i++) {
		least = fmin(least, number_of(g->cells[i], "n"));
		most = fmax(most, number_of(g->cells[i], "n"));
	}
	if (least < most)
		at = snprintf(buf, size, "%s of %.0f to %.0f repeats", what, least, most);
	else if (most > 1)
		at = snprintf(buf, size, "%s of %.0f repeats", what, most);
	else
		at = snprintf(buf, size, "measured once");
	if (isfinite(noise) && at < (int)size) {
		char number[32];

		judge_noise_text(number, sizeof(number), noise);
		snprintf(buf + at, size - (size_t)at, "; noise (one cell measured twice): up to %s",
			 number);
	}
}

static const char *unit_in_words(const struct plot_group *g)
{
	const json_t *shares = within(g->benchmark, "ctbench", "shares");
	const char *unit = g->nr ? text_of(g->cells[0], "unit") : "";
	static char text[320];

	if (g->y && !(g->kind && g->kind->y) && !strcmp(unit, "Mpkt/s"))
		return "time per packet, ns";
	if (g->y) {
		const struct figure *y = figure_find(FIGURE_METRIC, g->y);

		snprintf(text, sizeof(text), "%s%s%s",
			 !y	   ? g->y
			 : y->what ? y->what
				   : figure_meaning(y->name, y->meaning),
			 *plot_unit(g->y) ? ", " : "", plot_unit(g->y));
		return text;
	}
	if (shares) {
		snprintf(text, sizeof(text), "throughput in %% of %s (ctbench bounds)",
			 text_of(shares, "brief"));
		return text;
	}
	if (!strcmp(unit, "Mpkt/s"))
		return "million packets per second, all threads together";
	if (!strcmp(unit, "Mconn/s"))
		return "million connections inserted per second, all threads together";
	return "million operations per second, all threads together";
}

static void machine(char *buf, size_t size, const struct plot_group *g)
{
	const json_t *report = json_object_get(g->benchmark, "ctbench");
	const json_t *facts = json_object_get(report, "environment");
	double cpus = number_of(json_object_get(facts, "topology"), "cpus");
	const char *model = text_of(json_object_get(facts, "machine"), "cpu");
	const char *kernel = text_of(json_object_get(facts, "kernel"), "release");
	size_t at = 0;
	char text[64];

	buf[0] = '\0';
	say(buf, size, &at, "", model, "");
	snprintf(text, sizeof(text), "%.0f", cpus);
	say(buf, size, &at, "", isfinite(cpus) ? text : "", cpus == 1 ? " CPU" : " CPUs");
	say(buf, size, &at, "Linux ", kernel, "");
	snprintf(text, sizeof(text), "%.24s", text_of(json_object_get(facts, "build"), "revision"));
	say(buf, size, &at, "ctbench ", text, "");
	snprintf(text, sizeof(text), "%.10s", text_of(report, "started"));
	say(buf, size, &at, "", text, "");
}

void plot_set_unit(struct plot_file *f, const char *text)
{
	plot_set_wrapped(f->script, "unit", text, f->narrow ? PLOT_NARROW_TEXT : SIZE_MAX);
}

void plot_begin(struct plot_file *f, const struct plot_group *g, const char *columns, ...)
{
	char text[1024], measured[160];
	va_list args;

	plot_write_comment(f->data, text_of(g->workload, "question"));
	fputs("# columns: ", f->data);
	va_start(args, columns);
	vfprintf(f->data, columns, args);
	va_end(args);
	fputc('\n', f->data);

	fprintf(f->script, "# Draw again: gnuplot %s.gp\n\n", f->name);
	plot_set_text(f->script, "name", f->name);
	fprintf(f->script, "narrow = %d\nformats = '%s'\n", f->narrow, f->page ? "svg" : "svg png");
	plot_set_wrapped(f->script, "title", f->narrow ? "" : text_of(g->workload, "question"),
			 TITLE_COLUMNS);
	how_measured(measured, sizeof(measured), g);
	fixed(text, sizeof(text) - sizeof(measured) - 2, g, g->kind ? g->kind->x : NULL);
	if (*text)
		strcat(text, "; ");
	strcat(text, measured);
	plot_set_wrapped(f->script, "subtitle", text, f->narrow ? PLOT_NARROW_TEXT : TEXT_COLUMNS);
	plot_set_unit(f, unit_in_words(g));
	machine(text, sizeof(text), g);
	plot_set_text(f->script, "machine", f->narrow ? "" : text);
}

void plot_write_comment(FILE *out, const char *text)
{
	fputs("# ", out);
	escape_gnuplot_comment(out, text);
	fputc('\n', out);
}

void plot_write_label(FILE *data, const char *text)
{
	fputc('\t', data);
	escape_gnuplot_data(data, text);
}

void plot_write_row(FILE *data, bool narrow, double at, const char *label,
		    struct plot_figure figure, int digits)
{
	fprintf(data, "%g", at);
	plot_write_label(data, narrow ? "" : label);
	fprintf(data, "\t%.*g\t%.*g\t%.*g", digits, figure.value, digits, figure.low, digits,
		figure.high);
}
