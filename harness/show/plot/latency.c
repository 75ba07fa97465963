/* SPDX-License-Identifier: MIT */
/*
 * Latencies: percentiles from the median into the tail, a curve per variant;
 * and a percentile against the rate of arrivals, which bends up where a
 * table can do no more.  Curves are named at their ends.
 *
 * Data: a block per curve (gnuplot's `index`): x, median of the repeats, and its 95 %
 * interval; with rates, also whether the loop fell behind.  Percentiles have as x the nines:
 * 2 is p99, 3 is p99.9.
 */
#include "harness/show/plot/internal.h"

#include "harness/results/bounds.h"
#include "harness/show/table/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct range {
	double xmin, xmax, ymin, ymax;
};

static void see(struct range *r, struct plot_end *c, double x, double low, double y, double high)
{
	if (!(x == x) || !(low > 0) || !(high > 0))
		return;
	r->xmin = fmin(r->xmin, x);
	r->xmax = fmax(r->xmax, x);
	r->ymin = fmin(r->ymin, low);
	r->ymax = fmax(r->ymax, high);
	if (x >= c->x) {
		c->x = x;
		c->y = y;
	}
}

static double at(const json_t *list, size_t i)
{
	const json_t *value = json_array_get(list, i);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static const json_t *curve_of(const json_t *cell, const char *name)
{
	return json_object_get(json_object_get(json_object_get(cell, "latency"), "curve"), name);
}

static void percentiles(FILE *data, const json_t *cell, struct plot_end *c, struct range *r)
{
	const json_t *nines = curve_of(cell, "nines"), *median = curve_of(cell, "median_ns");
	const json_t *low = curve_of(cell, "low_ns"), *high = curve_of(cell, "high_ns");

	plot_write_comment(data, c->name);
	for (size_t k = 0; k < json_array_size(nines); k++) {
		double x = at(nines, k), y = at(median, k) / 1e3;

		fprintf(data, "%.4g\t%.6g\t%.6g\t%.6g\n", x, y, at(low, k) / 1e3,
			at(high, k) / 1e3);
		see(r, c, x, at(low, k) / 1e3, y, at(high, k) / 1e3);
	}
	fputs("\n\n", data);
}

static double rate_of(const json_t *cell)
{
	return number_of(json_object_get(cell, "latency"), "rate_per_s");
}

static int by_rate(const void *a, const void *b)
{
	double x = rate_of(*(const json_t *const *)a), y = rate_of(*(const json_t *const *)b);

	return (x > y) - (x < y);
}

static void rates(FILE *data, const struct plot_group *g, struct plot_end *c, struct range *r)
{
	plot_write_comment(data, c->name);
	for (size_t i = 0; i < g->nr; i++) {
		const json_t *p99 =
			json_object_get(json_object_get(g->cells[i], "metrics"), "p99_ns");
		double x = rate_of(g->cells[i]), y = number_of(p99, "median") / 1e3;
		double low = number_of(p99, "ci_low") / 1e3, high = number_of(p99, "ci_high") / 1e3;
		double behind = number_of(json_object_get(g->cells[i], "latency"), "unfinished");

		if (strcmp(text_of(g->cells[i], "variant"), c->name) || !(x > 0) || !(y > 0))
			continue;
		fprintf(data, "%.10g\t%.6g\t%.6g\t%.6g\t%d\n", x, y, low, high, behind > 0);
		see(r, c, x, low, y, high);
	}
	fputs("\n\n", data);
}

static int write_script(FILE *script, struct plot_end *curves, size_t nr, const struct range *r)
{
	const struct plot_scale y = { r->ymin / 1.3, r->ymax * 1.3, true };

	fprintf(script, "xmin = %.10g\nxmax = %.10g\n", r->xmin, r->xmax);
	return plot_write_ends(script, curves, nr, &y);
}

/* Tics of rates: 250k, 1M; without a label where it would stand on its neighbour's. */
static void write_rate_tics(struct plot_file *f, const struct plot_group *g, const struct range *r)
{
	FILE *script = f->script;
	double last = -INFINITY, seen = -1;

	fputs("set xtics (", script);
	for (size_t i = 0; i < g->nr; i++) {
		double rate = rate_of(g->cells[i]), place = log(rate / r->xmin);
		bool room =
			place - last > (f->narrow ? 0.14 : 0.05) * log(r->xmax * 1.001 / r->xmin);
		char text[32];

		if (!(rate > 0) || rate == seen)
			continue;
		snprintf(text, sizeof(text),
			 rate >= 1e6   ? "%gM"
			 : rate >= 1e3 ? "%gk"
				       : "%g",
			 rate >= 1e6   ? rate / 1e6
			 : rate >= 1e3 ? rate / 1e3
				       : rate);
		fprintf(script, "%s\"%s\" %.10g", seen < 0 ? "" : ", ", room ? text : "", rate);
		if (room)
			last = place;
		seen = rate;
	}
	fputs(")\n", script);
}

/* The floor that the machine has under p99, µs; 0: not known. */
static double away_us(const struct plot_group *g)
{
	const json_t *report = json_object_get(g->benchmark, "ctbench");
	double threads = number_of(plot_parameters(g->cells[0]), "threads");
	double ns = bounds_away_ns(json_object_get(report, "bounds"), (unsigned int)threads, "p99");

	return isfinite(ns) ? ns / 1e3 : 0;
}

int plot_latency(struct plot_file *f, const struct plot_group *group, bool against_rate)
{
	struct range r = { INFINITY, -INFINITY, INFINITY, 0 };
	struct plot_group g = *group;
	struct plot_end *curves = calloc(g.nr ? g.nr : 1, sizeof(*curves));
	bool service = false;
	size_t nr = 0;
	int err = 0;

	g.cells = calloc(g.nr ? g.nr : 1, sizeof(*g.cells));
	if (!curves || !g.cells) {
		free(curves);
		free(g.cells);
		return -ENOMEM;
	}
	memcpy(g.cells, group->cells, g.nr * sizeof(*g.cells));
	if (against_rate)
		qsort(g.cells, g.nr, sizeof(*g.cells), by_rate);
	plot_set_frame(f, &g, against_rate ? "rate" : NULL);
	for (size_t i = 0; i < g.nr; i++) {
		const char *variant = text_of(g.cells[i], "variant");
		size_t k = 0;

		if (against_rate && !(rate_of(g.cells[i]) > 0))
			continue;
		while (k < nr && strcmp(curves[k].name, variant))
			k++;
		if (k < nr)
			continue;
		curves[nr] = (struct plot_end){ .name = variant,
						.style = plot_variant_index(&g, g.cells[i]) + 1,
						.x = -INFINITY };
		if (against_rate)
			rates(f->data, &g, &curves[nr], &r);
		else
			percentiles(f->data, g.cells[i], &curves[nr], &r);
		service |=
			!strcmp(text_of(json_object_get(g.cells[i], "latency"), "kind"), "service");
		nr++;
	}
	if (!nr || !(r.ymax > 0) || (against_rate && !(r.xmax > r.xmin)))
		nr = 0;
	else
		err = write_script(f->script, curves, nr, &r);
	if (nr && against_rate) {
		write_rate_tics(f, &g, &r);
		fprintf(f->script, "away = %.6g\n", away_us(&g));
	}
	plot_set_unit(f, against_rate ? "p99 of the time from the intended start, µs"
			 : service    ? "service time of an operation, µs"
				      : "time from an operation's intended start, µs");
	free(curves);
	free(g.cells);
	return err ? err : !nr;
}
