/* SPDX-License-Identifier: MIT */
/*
 * The highest rates that ctbench saturate found: a row per cell with each search's rate, their
 * median and its interval.
 *
 * Data: a line per row with the columns row, label, median, both ends of its interval (operations
 * per second), text at its end (narrow: the text above it); then a line per search with row, rate,
 * and 1, or 0 if it was late even at the lowest rate, where it is drawn then.
 */
#include "harness/show/plot/internal.h"

#include "harness/results/metric.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rates {
	double least, most;
	size_t longest;
};

static void see(struct rates *r, double rate)
{
	r->least = fmin(r->least, rate);
	r->most = fmax(r->most, rate);
}

static void row(struct plot_file *f, unsigned int row, const json_t *cell, struct rates *r)
{
	struct plot_figure found = plot_value(cell, "saturation_per_s");
	double from = number_of(json_object_get(cell, "saturation"), "from_per_s");
	const char *variant = text_of(cell, "variant");
	char value[64], label[256];

	if (!(found.value >= 0) || !(from > 0))
		return;
	snprintf(value, sizeof(value), "%s%.3g M/s", found.value > 0 ? "" : "below ",
		 fmax(found.value, from) / 1e6);
	snprintf(label, sizeof(label), "%s: %s", variant, value);
	/* A rate below the lowest is drawn at the lowest: a logarithmic axis has no 0. */
	found = (struct plot_figure){ fmax(found.value, from), fmax(found.low, from),
				      fmax(found.high, from) };
	plot_write_row(f->data, f->narrow, row, variant, found, 10);
	plot_write_label(f->data, f->narrow ? "" : value);
	if (f->narrow)
		plot_write_label(f->data, label);
	fputc('\n', f->data);
	see(r, found.low);
	see(r, found.high);
	if (strlen(variant) > r->longest)
		r->longest = strlen(variant);
}

static int searches(FILE *data, unsigned int row, const json_t *cell, struct rates *r)
{
	double from = number_of(json_object_get(cell, "saturation"), "from_per_s");
	size_t n;
	double *values = metric_values(cell, "saturation_per_s", &n);

	for (size_t i = 0; i < n && from > 0; i++) {
		if (!(values[i] >= 0))
			continue;
		fprintf(data, "%u\t%.10g\t%d\n", row, fmax(values[i], from), values[i] > 0);
		see(r, fmax(values[i], from));
	}
	free(values);
	return n && !values ? -ENOMEM : 0;
}

int plot_saturation(struct plot_file *f, const struct plot_group *g)
{
	const json_t *asked = g->nr ? json_object_get(g->cells[0], "saturation") : NULL;
	struct rates r = { INFINITY, 0, 0 };
	char text[200];
	int err = 0;

	plot_begin(f, g, "row, label, median, its interval (1/s), text");
	for (size_t i = 0; i < g->nr; i++)
		row(f, (unsigned int)i + 1, g->cells[i], &r);
	fputs("\n\n# searches: row, rate, 0 where it was late even at the lowest\n", f->data);
	for (size_t i = 0; i < g->nr && !err; i++)
		err = searches(f->data, (unsigned int)i + 1, g->cells[i], &r);
	fputs("\n\n", f->data);
	if (err)
		return err;
	if (!(r.most > 0))
		return 1;
	fprintf(f->script, "rows = %zu\nlongest = %zu\nxmin = %.10g\nxmax = %.10g\n", g->nr,
		r.longest, r.least, r.most);
	snprintf(text, sizeof(text),
		 "operations per second at which %.8s from the intended start is at most %g µs "
		 "(grey: each search; mark: median, 95 %%)",
		 text_of(asked, "percentile"), number_of(asked, "bound_ns") / 1e3);
	plot_set_unit(f, text);
	return 0;
}
