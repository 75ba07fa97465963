/* SPDX-License-Identifier: MIT */
/*
 * Effects: the change that each choice makes, in percent with its interval, one below the other;
 * behind them, as a band, the noise of the workload.
 *
 * Drawn from the verdicts of the report (judge.h), not from cells. Data: a line per verdict with
 * the columns row, label, effect, both ends of its interval (in percent), 1 if a difference was
 * seen, text at its end; a heading has only row and label. In narrow pictures the label and the
 * text are above the row, and the last columns are their number of lines and the text.
 */
#include "harness/show/plot/internal.h"

#include "harness/base/memory.h"
#include "harness/judge/judge.h"
#include "harness/results/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows that can be compared by eye; the report lists all effects. */
#define EFFECTS_MAX 48
/* Of a label next to its mark: the characters in half a picture, and a line's share of a row. */
#define LABEL_COLUMNS 70
#define LABEL_LINE    (15.0 / 24)

static const char *const kinds[] = { "axis", "variant", "parameter", "interaction", "cell" };
static const char *const headings[] = {
	"each choice, everything else equal",
	"variants",
	"parameters",
	"interactions: how an effect differs",
	"run B against run A", /* ctbench compare */
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct effects {
	const json_t *list; /* the report's verdicts */
	const char *workload, *metric;
	bool narrow;
	FILE *bars, *titles;
	double rows;
	unsigned int drawn;
	size_t longest;
	double noise;
	/*
	 * Interactions have a separate scale: a large one would make the effects too small to read.
	 */
	struct panel {
		double last, least, most; /* last: its last row */
		unsigned int lines;	  /* of the data, this panel's and those before it */
	} panels[2];
	size_t nr_panels;
};

#define PANEL(x) (&(x)->panels[(x)->nr_panels - 1])

static bool is_seen(const json_t *verdict)
{
	const char *outcome = text_of(verdict, "outcome");

	return strcmp(outcome, "none") && strcmp(outcome, "unjudged");
}

/* There are many interactions: only those that were seen get a row. */
static bool is_drawn(const struct effects *x, const json_t *verdict, const char *kind)
{
	return (strcmp(kind, "interaction") || is_seen(verdict)) &&
	       !strcmp(text_of(verdict, "workload"), x->workload) &&
	       !strcmp(text_of(verdict, "metric"), x->metric) &&
	       !strcmp(text_of(verdict, "kind"), kind) &&
	       isfinite(number_of(verdict, "effect_percent"));
}

static void label_of(char *buf, size_t size, const json_t *verdict)
{
	const json_t *by = json_object_get(verdict, "by");
	int len;

	if (!strcmp(text_of(verdict, "kind"), "cell")) {
		snprintf(buf, size, "%s", text_of(verdict, "choice"));
		return;
	}
	len = snprintf(buf, size, "%s instead of %s", text_of(verdict, "choice"),
		       text_of(verdict, "base"));

	if (by && len > 0 && (size_t)len < size)
		snprintf(buf + len, size - (size_t)len, ", at %s %s vs %s", text_of(by, "factor"),
			 text_of(by, "choice"), text_of(by, "base"));
}

static void add(struct effects *x, const json_t *verdict)
{
	double effect = number_of(verdict, "effect_percent");
	double low = number_of(verdict, "ci_low_percent");
	double high = number_of(verdict, "ci_high_percent");
	bool seen = is_seen(verdict);
	char label[512], change[32], value[64], both[640], text[640];
	double extra;
	size_t lines;

	label_of(label, sizeof(label), verdict);
	judge_effect(change, sizeof(change), judge_logarithm(verdict, "effect_percent"),
		     judge_in_ratios(judge_logarithm(verdict, "effect_percent"), 0, 0));
	/* A minus sign is as wide as a plus, a hyphen is not. */
	snprintf(value, sizeof(value), "%s%s%s", *change == '-' ? "\u2212" : "",
		 change + (*change == '-'), seen ? "" : ", not seen");
	snprintf(both, sizeof(both), "%s: %s", label, value);
	lines = plot_wrap(text, sizeof(text), x->narrow ? both : label,
			  x->narrow ? PLOT_NARROW_TEXT : LABEL_COLUMNS);
	/* Above the mark, or centred next to it. */
	extra = (x->narrow ? PLOT_NARROW_LINE : LABEL_LINE / 2) * (double)(lines - 1);
	x->rows += 1 + extra;
	x->drawn++;
	plot_write_row(x->bars, x->narrow, x->rows, text, (struct plot_figure){ effect, low, high },
		       6);
	fprintf(x->bars, "\t%d", seen);
	plot_write_label(x->bars, x->narrow ? "" : value);
	if (x->narrow) {
		fprintf(x->bars, "\t%zu", lines);
		plot_write_label(x->bars, text);
	} else {
		x->rows += extra;
	}
	fputc('\n', x->bars);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strcspn(line, "\n") > x->longest)
			x->longest = strcspn(line, "\n");
	PANEL(x)->least = fmin(PANEL(x)->least, fmin(low, effect));
	PANEL(x)->most = fmax(PANEL(x)->most, fmax(high, effect));
	PANEL(x)->last = x->rows;
	PANEL(x)->lines = x->drawn;
}

static void add_kind(struct effects *x, size_t kind)
{
	json_t *verdict;
	bool titled = false;
	size_t i;

	json_array_foreach(x->list, i, verdict) {
		if (!is_drawn(x, verdict, kinds[kind]) || x->drawn >= EFFECTS_MAX)
			continue;
		if (!x->nr_panels || (!titled && !strcmp(kinds[kind], "interaction")))
			x->nr_panels++;
		if (!titled)
			fprintf(x->titles, "%g\t\"%s\"\n", ++x->rows, headings[kind]);
		titled = true;
		add(x, verdict);
	}
}

static void describe(struct plot_file *f, const struct plot_group *g, const struct effects *x)
{
	struct metric_words words = metric_words(x->metric);
	const char *what = words.what ? words.what : x->metric;
	char text[256];

	plot_begin(f, g, "row, label, effect, its interval (percent), seen, text");
	snprintf(text, sizeof(text),
		 "change of %s with its 95 %% interval; filled: a difference was seen, hollow: "
		 "not%s",
		 what, x->noise > 0 ? "; grey: this workload's noise" : "");
	plot_set_wrapped(f->script, "subtitle", text, f->narrow ? PLOT_NARROW_TEXT : 130);
	snprintf(text, sizeof(text), "change of %s in percent%s", what,
		 words.better > 0   ? " (right is better)"
		 : words.better < 0 ? " (left is better)"
				    : "");
	plot_set_unit(f, text);
	fprintf(f->script, "rows = %g\nlongest = %zu\nnoise = %.6g\npanels = %zu\n", x->rows,
		x->longest, x->noise, x->nr_panels);
	fputs("array last[2]\narray least[2]\narray most[2]\narray count[2]\n", f->script);
	for (size_t i = 0; i < x->nr_panels; i++)
		fprintf(f->script,
			"last[%zu] = %g\nleast[%zu] = %.6g\nmost[%zu] = %.6g\ncount[%zu] = %u\n",
			i + 1, x->panels[i].last, i + 1, x->panels[i].least, i + 1,
			x->panels[i].most, i + 1, x->panels[i].lines);
}

/* 0: unknown. */
static double noise_percent(const struct plot_group *g)
{
	const json_t *report = json_object_get(g->benchmark, "ctbench");
	double noise = judge_noise(judge_noise_pair(report, text_of(g->workload, "name")));

	return isfinite(noise) ? 100 * expm1(noise) : 0;
}

int plot_effects(struct plot_file *f, const struct plot_group *g, const char *metric,
		 unsigned int least)
{
	struct effects x = {
		.list = within(g->benchmark, "ctbench", "verdicts"),
		.workload = text_of(g->workload, "name"),
		.metric = metric,
		.narrow = f->narrow,
		.noise = noise_percent(g),
	};
	char *text[2] = { NULL, NULL };
	size_t len[2];
	int err = 0;

	x.bars = memory_stream(&text[0], &len[0]);
	x.titles = memory_stream(&text[1], &len[1]);
	for (size_t kind = 0; kind < NR_KINDS; kind++)
		add_kind(&x, kind);
	memory_stream_close(x.bars, &text[0]);
	memory_stream_close(x.titles, &text[1]);
	if (x.drawn < least)
		err = 1;
	if (!err) {
		describe(f, g, &x);
		fprintf(f->data, "%s\n\n# headings\n%s\n\n", text[0], text[1]);
	}
	free(text[0]);
	free(text[1]);
	return err;
}
