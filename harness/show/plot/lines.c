/* SPDX-License-Identifier: MIT */
/*
 * Curves: throughput against threads, connections or the load factor, one
 * curve per variant, with the 95 % interval of each median as a bar.
 *
 * Data: a block per curve, parted by two empty lines (gnuplot's `index`), with
 * the columns x, median, both ends of its interval.
 */
#include "harness/show/plot/internal.h"

#include "harness/show/table/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct range {
	double min, max; /* of x */
	double top;	 /* of y, with the bars */
};

static double x_of(const json_t *cell, const struct plot_kind *kind)
{
	return number_of(plot_parameters(cell), kind->x);
}

static int by_last(const void *a, const void *b)
{
	const struct plot_end *x = a, *y = b;

	return x->y != y->y ? (x->y < y->y) - (x->y > y->y)
			    : (x->style > y->style) - (x->style < y->style);
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The group's cells as curves and their range.  0 curves: none has this parameter. */
static size_t find_curves(const struct plot_group *g, const struct plot_kind *kind,
			  struct plot_end *curves, struct range *range)
{
	size_t nr = 0;

	*range = (struct range){ INFINITY, -INFINITY, 0 };
	for (size_t i = 0; i < g->nr; i++) {
		const json_t *cell = g->cells[i];
		struct plot_figure mops = plot_throughput(cell);
		double x = x_of(cell, kind), y = mops.value;
		size_t k = 0;

		if (!isfinite(x) || x <= 0)
			continue;
		while (k < nr && strcmp(curves[k].name, text_of(cell, "variant")))
			k++;
		if (k == nr)
			curves[nr++] = (struct plot_end){ .name = text_of(cell, "variant"),
							  .style = plot_variant_index(g, cell) + 1,
							  .x = -INFINITY };
		if (x > curves[k].x) {
			curves[k].x = x;
			curves[k].y = y;
		}
		range->min = fmin(range->min, x);
		range->max = fmax(range->max, x);
		range->top = fmax(range->top, fmax(y, mops.high));
	}
	qsort(curves, nr, sizeof(*curves), by_last);
	return nr;
}

static void write_curve(FILE *data, const struct plot_group *g, const struct plot_kind *kind,
			const struct plot_end *curve, double *xs)
{
	size_t nr = 0;

	plot_write_comment(data, curve->name);
	for (size_t i = 0; i < g->nr; i++)
		if (!strcmp(text_of(g->cells[i], "variant"), curve->name) &&
		    x_of(g->cells[i], kind) > 0)
			xs[nr++] = x_of(g->cells[i], kind);
	qsort(xs, nr, sizeof(*xs), by_number);
	for (size_t k = 0; k < nr; k++)
		for (size_t i = 0; i < g->nr; i++) {
			struct plot_figure mops = plot_throughput(g->cells[i]);

			if (strcmp(text_of(g->cells[i], "variant"), curve->name) ||
			    x_of(g->cells[i], kind) != xs[k] || (k && xs[k] == xs[k - 1]))
				continue;
			fprintf(data, "%.10g\t%.6g\t%.6g\t%.6g\n", xs[k], mops.value, mops.low,
				mops.high);
		}
	fputs("\n\n", data);
}

/* A tic at each measured x, without a label where it would stand on its neighbour's. */
static void write_tics(struct plot_file *f, const struct plot_group *g,
		       const struct plot_kind *kind, const struct range *range, double *xs)
{
	const double room = f->narrow ? 0.1 : 0.022;
	FILE *script = f->script;
	double last = -INFINITY;
	bool first = true;

	for (size_t i = 0; i < g->nr; i++)
		xs[i] = x_of(g->cells[i], kind);
	qsort(xs, g->nr, sizeof(*xs), by_number);
	fputs("set xtics (", script);
	for (size_t i = 0; i < g->nr; i++) {
		double place = kind->log ? log2(xs[i]) : xs[i], gap;
		json_t *value;
		char text[64];

		if (!isfinite(xs[i]) || xs[i] <= 0 || (i && xs[i] == xs[i - 1]))
			continue;
		gap = kind->log ? log2(range->max / range->min) : range->max - range->min;
		value = xs[i] == floor(xs[i]) ? json_integer((json_int_t)xs[i]) : json_real(xs[i]);
		table_value(text, sizeof(text), value);
		json_decref(value);
		fprintf(script, "%s\"%s\" %.10g", first ? "" : ", ",
			place - last < room * gap ? "" : text, xs[i]);
		if (place - last >= room * gap)
			last = place;
		first = false;
	}
	fputs(")\n", script);
}

/*
 * Lines where the table outgrows a cache: its size divided by what one
 * connection takes, in the middle of the variants.
 */
static void write_caches(FILE *script, const struct plot_group *g, const struct range *range)
{
	const json_t *facts =
		json_object_get(json_object_get(g->benchmark, "ctbench"), "environment");
	const json_t *caches = json_object_get(json_object_get(facts, "topology"), "caches");
	double *bytes = calloc(g->nr, sizeof(*bytes));
	char places[512] = "", labels[512] = "";
	size_t nr = 0, at = 0, lat = 0, i;
	int found = 0;
	json_t *cache;

	for (i = 0; i < g->nr && bytes; i++) {
		double node = number_of(g->cells[i], "node_bytes_per_connection");
		double bucket = number_of(g->cells[i], "bucket_bytes_per_connection");

		if (node + bucket > 0)
			bytes[nr++] = node + bucket;
	}
	if (nr)
		qsort(bytes, nr, sizeof(*bytes), by_number);
	json_array_foreach(caches, i, cache)
	{
		double size = number_of(cache, "bytes"), x = nr ? size / bytes[nr / 2] : NAN;

		/* Only where there are curves to be seen around it. */
		if (!strcmp(text_of(cache, "kind"), "instruction") || !(x > range->min / 4) ||
		    !(x < range->max * 4) || at > 400 || lat > 400)
			continue;
		at += (size_t)snprintf(places + at, sizeof(places) - at, "%s%.6g",
				       found ? ", " : "", x);
		lat += (size_t)snprintf(labels + lat, sizeof(labels) - lat, "%s\"L%.0f %.4g %s\"",
					found ? ", " : "", number_of(cache, "level"),
					size < 1048576 ? size / 1024 : size / 1048576,
					size < 1048576 ? "KiB" : "MiB");
		found++;
	}
	fprintf(script, "caches = %d\n", found);
	if (found)
		fprintf(script, "array cache_x[%d] = [%s]\narray cache_label[%d] = [%s]\n", found,
			places, found, labels);
	free(bytes);
}

static int
write_script(struct plot_file *f, const struct plot_group *g, const struct plot_kind *kind,
	     struct plot_end *curves, size_t nr, const struct range *range, double *xs)
{
	const struct plot_scale y = { 0, 1.08 * range->top, false };
	FILE *script = f->script;

	plot_set_text(script, "xlabel", kind->label);
	fprintf(script, "xmin = %.10g\nxmax = %.10g\n", range->min, range->max);
	write_tics(f, g, kind, range, xs);
	if (kind->caches)
		write_caches(script, g, range);
	return plot_write_ends(script, curves, nr, &y);
}

int plot_lines(struct plot_file *f, const struct plot_group *g, const struct plot_kind *kind)
{
	struct plot_end *curves = calloc(g->nr, sizeof(*curves));
	double *xs = calloc(g->nr, sizeof(*xs));
	struct range range;
	size_t nr = 0;
	int err = -ENOMEM;

	if (!curves || !xs)
		goto out;
	nr = find_curves(g, kind, curves, &range);
	err = !nr;
	if (err)
		goto out;
	plot_set_frame(f, g, kind->x);
	plot_write_comment(f->data, text_of(g->workload, "question"));
	fprintf(f->data, "# columns: %s, median, its 95 %% interval, in millions per second\n",
		kind->x);
	for (size_t i = 0; i < nr; i++)
		write_curve(f->data, g, kind, &curves[i], xs);
	err = write_script(f, g, kind, curves, nr, &range, xs);
out:
	free(curves);
	free(xs);
	return err;
}
