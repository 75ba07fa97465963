/* SPDX-License-Identifier: MIT */
/*
 * Which pictures a run has.
 *
 * A picture shows the variants and one parameter (threads, flows, ...) or none. All other
 * parameters that vary divide the cells of the workload into groups, with a picture each.
 */
#include "harness/show/plot/internal.h"

#include "harness/base/array.h"
#include "harness/base/escape.h"
#include "harness/base/interrupt.h"
#include "harness/results/results.h"
#include "harness/show/table/table.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* As many pictures as can be compared by eye. */
#define GROUPS_MAX 24
/* As many bars as fit a screen. */
#define ROWS_MAX 40
/* For kinds drawn by default: a smaller picture says no more than the table. */
#define CURVE_POINTS 3

/* ---- groups ---- */

static bool
alike_but_for(const json_t *a, const json_t *b, const json_t *varying, const char *parameter)
{
	json_t *name;
	size_t i;

	json_array_foreach(varying, i, name) {
		const char *other = json_is_string(name) ? json_string_value(name) : "";

		if (strcmp(other, parameter) &&
		    !json_equal(json_object_get(plot_parameters(a), other),
				json_object_get(plot_parameters(b), other)))
			return false;
	}
	return true;
}

/*
 * Equal load factors are not quite the same number: buckets are whole, and some tables take only
 * powers of two. So a load factor is identified by its rank among those of otherwise equal cells; 0
 * is the smallest.
 */
static unsigned int
load_factor_rank(const json_t *benchmark, const json_t *workload, const json_t *of)
{
	const json_t *varying = json_object_get(workload, "varying");
	double mine = number_of(plot_parameters(of), "load_factor");
	unsigned int rank = 0;
	const char *name;
	json_t *cell;

	json_object_foreach(plot_cells(benchmark), name, cell)
		rank += plot_is_of(cell, workload) &&
			number_of(plot_parameters(cell), "load_factor") < mine &&
			alike_but_for(cell, of, varying, "load_factor");
	return rank;
}

static bool several_load_factors(const json_t *benchmark, const json_t *workload)
{
	const char *name;
	json_t *cell;

	if (!plot_varies(workload, "load_factor"))
		return false;
	json_object_foreach(plot_cells(benchmark), name, cell)
		if (plot_is_of(cell, workload) && load_factor_rank(benchmark, workload, cell))
			return true;
	return false;
}

__attribute__((format(printf, 3, 4))) static void
append(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

/* Describe a cell's group: in words, for file names, and for comparing. */
static void describe(struct plot_group *g, const json_t *cell, const char *x, bool load_factors)
{
	json_t *name;
	size_t i;

	g->key[0] = g->suffix[0] = g->words[0] = '\0';
	json_array_foreach(json_object_get(g->workload, "varying"), i, name) {
		const char *parameter = json_is_string(name) ? json_string_value(name) : "";
		bool is_load_factor = !strcmp(parameter, "load_factor");
		char text[256], words[512];

		if (!*parameter || !strcmp(parameter, "variant") || (x && !strcmp(parameter, x)) ||
		    (is_load_factor && !load_factors))
			continue;
		table_value(text, sizeof(text), json_object_get(plot_parameters(cell), parameter));
		plot_parameter_words(words, sizeof(words), parameter, text);
		append(g->words, sizeof(g->words), "%s%s", g->words[0] ? ", " : "", words);
		append(g->suffix, sizeof(g->suffix), "-%s%s%s", parameter,
		       isdigit((unsigned char)*text) ? "" : "_", text);
		if (is_load_factor)
			snprintf(text, sizeof(text), "%u",
				 load_factor_rank(g->benchmark, g->workload, cell));
		append(g->key, sizeof(g->key), "%s %s\n", parameter, text);
	}
}

static void free_groups(struct plot_group *groups, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(groups[i].cells);
		free(groups[i].headings);
	}
	free(groups);
}

static int group_add(struct plot_group *g, const json_t *cell)
{
	if (!array_room(g->cells, g->nr))
		return -ENOMEM;
	g->cells[g->nr++] = cell;
	return 0;
}

/* Cells with latencies have no throughput, the others no latencies. */
static bool can_show(const json_t *cell, const struct plot_kind *kind)
{
	bool latency = json_is_object(json_object_get(cell, "latency"));

	if (kind->needs == PLOT_NEEDS_SEARCH)
		return json_object_get(cell, "saturation");
	if (kind->needs == PLOT_NEEDS_LATENCY)
		return latency;
	if (kind->shape == PLOT_TIME && latency)
		return true;
	if (kind->y)
		return isfinite(plot_value(cell, kind->y).value);
	return plot_value(cell, NULL).value > 0;
}

/*
 * The metric of a picture. A question about a cost is answered in ns; with --of only throughput is
 * a share.
 */
static const char *
shown_of(const json_t *benchmark, const json_t *workload, const struct plot_kind *kind)
{
	const json_t *report = json_object_get(benchmark, "ctbench");

	const char *name;
	json_t *cell;

	if (kind->y || kind->needs != PLOT_NEEDS_THROUGHPUT || json_object_get(report, "shares") ||
	    !strstr(text_of(workload, "question"), " cost") ||
	    (kind->shape != PLOT_CURVES && kind->shape != PLOT_ROWS && kind->shape != PLOT_CHOICES))
		return kind->y;
	json_object_foreach(plot_cells(benchmark), name, cell) {
		if (plot_is_of(cell, workload) && can_show(cell, kind) &&
		    !isfinite(plot_value(cell, "ns_per_op").value))
			return NULL;
	}
	return "ns_per_op";
}

static int make_groups(struct plot_group **groups, size_t *nr, const json_t *benchmark,
		       const json_t *workload, const struct plot_kind *kind)
{
	bool load_factors = several_load_factors(benchmark, workload);
	const char *name;
	json_t *cell;

	*groups = NULL;
	*nr = 0;
	json_object_foreach(plot_cells(benchmark), name, cell) {
		struct plot_group g = { .benchmark = benchmark,
					.workload = workload,
					.kind = kind,
					.y = shown_of(benchmark, workload, kind) };
		size_t i = 0;

		if (!plot_is_of(cell, workload) || !can_show(cell, kind))
			continue;
		describe(&g, cell, kind->x, load_factors);
		while (i < *nr && strcmp((*groups)[i].key, g.key))
			i++;
		if (i == *nr) {
			if (!array_room(*groups, *nr))
				return -ENOMEM;
			(*groups)[(*nr)++] = g;
		}
		if (group_add(&(*groups)[i], cell))
			return -ENOMEM;
	}
	return 0;
}

/* Join all groups, with their words as headings. 0 or -ENOMEM. */
static int join_groups(struct plot_group *all, const struct plot_group *groups, size_t nr)
{
	size_t cells = 0;

	for (size_t i = 0; i < nr; i++)
		cells += groups[i].nr;
	*all = groups[0];
	all->suffix[0] = '\0';
	all->nr = 0;
	all->cells = calloc(cells, sizeof(*all->cells));
	all->headings = calloc(cells, sizeof(*all->headings));
	if (!all->cells || !all->headings)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < groups[i].nr; k++) {
			all->headings[all->nr] = groups[i].words;
			all->cells[all->nr++] = groups[i].cells[k];
		}
	return 0;
}

/* A few bars are easier to compare in one picture. */
static bool fits_one_picture(const struct plot_group *groups, size_t nr)
{
	size_t rows = 0;

	for (size_t i = 0; i < nr; i++)
		rows += groups[i].nr + 1;
	return nr > 1 && rows <= ROWS_MAX;
}

/* ---- pictures ---- */

static unsigned int asked_for(const json_t *workload)
{
	unsigned int asked = 0;
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(workload, "plots"), i, name) {
		const struct plot_kind *kind =
			json_is_string(name) ? plot_kind_find(json_string_value(name)) : NULL;

		asked |= kind ? kind->bit : 0;
	}
	return asked;
}

/* The state of drawing. */
struct drawing {
	const json_t *benchmark;
	bool narrow, page;
	bool named; /* the kinds were asked for by name */
	struct plot_jobs jobs;
	size_t drawn;
	void (*drew)(void *arg, const char *workload, const char *name);
	void *arg;
	struct ct_error *e;
};

static int no_memory(struct drawing *d, int err, const char *name)
{
	return ct_fail(d->e, err, CT_EXIT_USER, "no memory for the plot%s%s%s", *name ? " '" : "s",
		       name, *name ? "'" : "");
}

/* 0, 1 (there is nothing to draw) or a negative errno. */
static int write_data(struct plot_file *f, const struct plot_group *g)
{
	switch (g->kind->shape) {
	case PLOT_CURVES:
		return plot_lines(f, g);
	case PLOT_ROWS:
		return plot_bars(f, g);
	case PLOT_CHOICES:
		return plot_axes(f, g);
	case PLOT_TIME:
		return plot_timeline(f, g);
	case PLOT_PERCENTILES:
		return plot_latency(f, g);
	case PLOT_SEARCH:
		return plot_saturation(f, g);
	case PLOT_VERDICTS: /* drawn from verdicts: draw_effects() */
		break;
	}
	return 1;
}

/*
 * Draw f, unless err is an error (< 0) or says that there is nothing to draw (1). Frees f. Returns
 * err, or the result of drawing.
 */
static int draw_file(struct drawing *d, struct plot_file *f, const struct plot_group *g,
		     const char *kind, int err)
{
	if (err < 0)
		no_memory(d, err, f->name);
	if (!err)
		err = plot_file_draw(f, &d->jobs, kind, d->e);
	if (!err && d->drew)
		d->drew(d->arg, text_of(g->workload, "name"), f->name);
	d->drawn += !err;
	plot_file_end(f);
	return err;
}

/* 0: drawn, and counted; 1: nothing to draw. */
static int draw(struct drawing *d, const struct plot_group *g, size_t number)
{
	struct plot_file f = { .narrow = d->narrow, .page = d->page };
	char name[sizeof(f.name)];

	plot_file_begin(&f);
	snprintf(name, sizeof(name), "%.60s-%s%s", text_of(g->workload, "name"), g->kind->name,
		 g->suffix);
	/* A truncated suffix may not be unique. */
	if (strlen(g->suffix) + 1 >= sizeof(g->suffix))
		snprintf(name, sizeof(name), "%.60s-%s-%zu", text_of(g->workload, "name"),
			 g->kind->name, number);
	escaped(f.name, sizeof(f.name), escape_file_name, name);
	return draw_file(d, &f, g, g->kind->name, write_data(&f, g));
}

/* A picture for each variant, besides the one with all. */
static int draw_each(struct drawing *d, const struct plot_group *all)
{
	int err = 0;

	for (size_t i = 0; i < all->nr && all->nr > 1 && err >= 0; i++) {
		struct plot_group one = *all;

		one.cells = &all->cells[i];
		one.nr = 1;
		append(one.suffix, sizeof(one.suffix), "-%s", text_of(all->cells[i], "variant"));
		err = draw(d, &one, i + 1);
	}
	return err < 0 ? err : 0;
}

/* Values of the parameter on the x axis. */
static size_t values_of_x(const struct plot_group *g)
{
	size_t nr = 0;

	for (size_t i = 0; i < g->nr; i++) {
		size_t k = 0;

		while (k < i &&
		       !json_equal(json_object_get(plot_parameters(g->cells[i]), g->kind->x),
				   json_object_get(plot_parameters(g->cells[k]), g->kind->x)))
			k++;
		nr += k == i;
	}
	return nr;
}

/*
 * Does the i-th of nr pictures show more than the table and the other pictures? A curve of two
 * points does not, nor do the points between the first and the last of the workload.
 */
static bool
says_something(const struct drawing *d, const struct plot_group *groups, size_t nr, size_t i)
{
	const struct plot_kind *kind = groups[i].kind;

	if (d->named)
		return true;
	if (kind->shape == PLOT_CURVES && values_of_x(&groups[i]) < CURVE_POINTS)
		return false;
	return kind->shape == PLOT_TIME || kind->shape == PLOT_SEARCH || !i || i + 1 == nr;
}

static int draw_kind(struct drawing *d, const json_t *workload, const struct plot_kind *kind)
{
	struct plot_group *groups;
	size_t nr, here = 0;
	int err = make_groups(&groups, &nr, d->benchmark, workload, kind);

	if (err)
		no_memory(d, err, "");
	if (!err && kind->shape == PLOT_ROWS && fits_one_picture(groups, nr)) {
		struct plot_group all[1] = { 0 };

		err = join_groups(all, groups, nr) ? no_memory(d, -ENOMEM, "") : draw(d, all, 1);
		free(all->cells);
		free(all->headings);
		free_groups(groups, nr);
		return err < 0 ? err : 0;
	}
	for (size_t i = 0; i < nr && !err && here < GROUPS_MAX; i++) {
		if (!says_something(d, groups, nr, i))
			continue;
		err = draw(d, &groups[i], i + 1);
		here += !err;
		if (!err && kind->shape == PLOT_TIME && d->named)
			err = draw_each(d, &groups[i]);
		if (err > 0)
			err = 0;
	}
	free_groups(groups, nr);
	return err;
}

#define METRICS_MAX 8
/* Fewer effects are clear from the sentences. */
#define EFFECTS_LEAST 5

/* The metrics of a workload's verdicts, in order. */
static size_t
metrics_of(const char *metrics[METRICS_MAX], const json_t *benchmark, const json_t *workload)
{
	json_t *verdict;
	size_t nr = 0, i;

	json_array_foreach(within(benchmark, "ctbench", "verdicts"), i, verdict) {
		const char *metric = text_of(verdict, "metric");
		size_t k = 0;

		if (strcmp(text_of(verdict, "workload"), text_of(workload, "name")))
			continue;
		while (k < nr && strcmp(metrics[k], metric))
			k++;
		if (k == nr && nr < METRICS_MAX)
			metrics[nr++] = metric;
	}
	return nr;
}

/* The verdicts of a workload, a picture for each metric. */
static int draw_effects(struct drawing *d, const json_t *workload)
{
	const char *metrics[METRICS_MAX];
	size_t nr = metrics_of(metrics, d->benchmark, workload);
	int err = 0;

	for (size_t i = 0; i < nr && err >= 0; i++) {
		struct plot_group g = { .benchmark = d->benchmark, .workload = workload };
		struct plot_file f = { .narrow = d->narrow, .page = d->page };
		char name[sizeof(f.name)];

		plot_file_begin(&f);
		snprintf(name, sizeof(name), "%.60s-effects%s%.80s", text_of(workload, "name"),
			 i ? "-" : "", i ? metrics[i] : "");
		escaped(f.name, sizeof(f.name), escape_file_name, name);
		err = plot_effects(&f, &g, metrics[i], d->named ? 1 : EFFECTS_LEAST);
		err = draw_file(d, &f, &g, "effects", err);
	}
	return err < 0 ? err : 0;
}

static int draw_workloads(struct drawing *d, unsigned int wanted)
{
	const json_t *workloads = within(d->benchmark, "ctbench", "workloads");
	json_t *workload;
	int err = 0;
	size_t i;

	json_array_foreach(workloads, i, workload) {
		unsigned int ask = wanted ? wanted : asked_for(workload);

		for (size_t k = 0; k < NR_PLOT_KINDS && !err; k++) {
			const struct plot_kind *kind = &plot_kinds[k];

			if (!(ask & kind->bit) && (wanted || kind->default_when != PLOT_ALWAYS))
				continue;
			err = kind->shape == PLOT_VERDICTS ? draw_effects(d, workload)
							   : draw_kind(d, workload, kind);
		}
	}
	return err;
}

static int draw_all(struct drawing *d, const char *out_dir, unsigned int wanted)
{
	const int signal_before = ct_interrupted;
	struct ct_error late = { 0 };
	int err, ended;

	/* A signal ends gnuplot and removes its folder, even if an earlier one ended the run. */
	interrupt_catch();
	err = plot_jobs_begin(&d->jobs, out_dir, d->page, d->e);
	if (!err)
		err = draw_workloads(d, wanted);
	/* Wait for the started pictures, also after an error. */
	ended = plot_jobs_end(&d->jobs, &late);
	if (ended && !err) {
		*d->e = late;
		err = ended;
	}
	interrupt_restore();
	if (!ct_interrupted)
		ct_interrupted = signal_before;
	return err;
}

int plot_run(const json_t *benchmark, const char *out_dir, unsigned int wanted, size_t *drawn,
	     struct ct_error *e)
{
	struct drawing d = { .benchmark = benchmark, .named = wanted, .e = e };
	int err = results_make_dir(out_dir, e);

	if (!err)
		err = draw_all(&d, out_dir, wanted);
	*drawn = d.drawn;
	return err;
}

int plot_page(const json_t *benchmark, const char *out_dir, unsigned int wanted, bool narrow,
	      void (*drew)(void *arg, const char *workload, const char *name), void *arg,
	      struct ct_error *e)
{
	struct drawing d = { .benchmark = benchmark,
			     .narrow = narrow,
			     .page = true,
			     .named = wanted,
			     .drew = drew,
			     .arg = arg,
			     .e = e };

	return draw_all(&d, out_dir, wanted);
}
