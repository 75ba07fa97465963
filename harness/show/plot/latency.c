/* SPDX-License-Identifier: MIT */
/*
 * Latencies: percentiles from the median into the tail, a curve per variant; and a percentile
 * against the rate of arrivals, which rises steeply where a table is saturated. The x of a
 * percentile is its number of nines: 2 is p99, 3 is p99.9. A rate is marked if the loop fell
 * behind.
 */
#include "harness/show/plot/internal.h"

#include "harness/results/bounds.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int add_percentiles(struct plot_curves *c, const struct plot_group *g, const json_t *cell)
{
	const json_t *curve = within(cell, "latency", "curve");
	const json_t *nines = json_object_get(curve, "nines");
	int err = 0;

	for (size_t k = 0; k < json_array_size(nines) && !err; k++) {
		struct plot_figure y = { number_at(json_object_get(curve, "median_ns"), k) / 1e3,
					 number_at(json_object_get(curve, "low_ns"), k) / 1e3,
					 number_at(json_object_get(curve, "high_ns"), k) / 1e3 };

		err = plot_curves_add(c, g, cell,
				      (struct plot_point){ number_at(nines, k), y, false });
	}
	return err;
}

static double rate_of(const json_t *cell)
{
	return number_of(json_object_get(cell, "latency"), "rate_per_s");
}

static int add_rate(struct plot_curves *c, const struct plot_group *g, const json_t *cell)
{
	const json_t *latency = json_object_get(cell, "latency");
	struct plot_figure ns = plot_value(cell, "p99_ns");
	struct plot_figure y = { ns.value / 1e3, ns.low / 1e3, ns.high / 1e3 };

	if (!(rate_of(cell) > 0) || !(y.value > 0))
		return 0;
	return plot_curves_add(
		c, g, cell,
		(struct plot_point){ rate_of(cell), y, number_of(latency, "unfinished") > 0 });
}

/* 250k, 1M */
static void rate_words(char *buf, size_t size, double rate)
{
	if (rate >= 1e6)
		snprintf(buf, size, "%gM", rate / 1e6);
	else if (rate >= 1e3)
		snprintf(buf, size, "%gk", rate / 1e3);
	else
		snprintf(buf, size, "%g", rate);
}

/* The p99 that the machine alone causes, in µs; 0: unknown. */
static double away_us(const struct plot_group *g)
{
	const json_t *report = json_object_get(g->benchmark, "ctbench");
	double threads = number_of(plot_parameters(g->cells[0]), "threads");
	double ns = bounds_away_ns(json_object_get(report, "bounds"), (unsigned int)threads, "p99");

	return isfinite(ns) ? ns / 1e3 : 0;
}

/* Are any of the latencies service times? */
static bool any_service(const struct plot_group *g)
{
	for (size_t i = 0; i < g->nr; i++)
		if (!strcmp(text_of(json_object_get(g->cells[i], "latency"), "kind"), "service"))
			return true;
	return false;
}

int plot_latency(struct plot_file *f, const struct plot_group *g)
{
	const struct plot_kind *kind = g->kind;
	struct plot_scale y = { 0, 0, true };
	struct plot_curves c;
	int err = plot_curves_begin(&c, g);

	for (size_t i = 0; i < g->nr && !err; i++)
		err = kind->x ? add_rate(&c, g, g->cells[i]) : add_percentiles(&c, g, g->cells[i]);
	if (!err && (!c.nr || !(c.ymax > 0) || (kind->x && !(c.xmax > c.xmin))))
		err = 1;
	if (!err) {
		plot_begin(f, g, "%s, median, its 95 %% interval, in µs%s",
			   kind->x ? "rate (1/s)" : "nines", kind->x ? ", fell behind" : "");
		y.from = c.ymin / 1.3;
		y.to = c.ymax * 1.3;
		err = plot_curves_write(f, &c, &y, kind->x);
	}
	if (!err && kind->x) {
		err = plot_curves_tics(f, &c, true, f->narrow ? 0.14 : 0.05, rate_words);
		fprintf(f->script, "away = %.6g\n", away_us(g));
	}
	if (!err)
		plot_set_unit(f, kind->x	  ? "p99 of the time from the intended start, µs"
				 : any_service(g) ? "service time of an operation, µs"
						  : "time from an operation's intended start, µs");
	plot_curves_free(&c);
	return err;
}
