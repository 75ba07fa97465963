/* SPDX-License-Identifier: MIT */
/*
 * Metrics: what repeats of a cell are judged by.  A metric is a name in
 * cells.NAME.metrics of a run's report; its name tells its unit and which way is better,
 * so that whoever adds one (bench_metric()) declares nothing.
 *
 *	mops			M/s: operations, packets or connections; more is better
 *	..._ns, _us, _ms, _s	time, less is better; ns_per_op too
 *	..._bytes, _bytes_per_connection
 *				memory, less is better
 *	..._per_s		a rate, more is better
 *	else			neither way is better
 */
#ifndef CTBENCH_HARNESS_NUMBERS_METRIC_H
#define CTBENCH_HARNESS_NUMBERS_METRIC_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;

struct metric_words {
	const char *unit;	 /* "" where the name says all */
	int better;		 /* 1: more is, -1: less is, 0: neither */
	const char *what;	 /* "throughput", "time per operation"; NULL: the metric's name */
	const char *more, *less; /* "faster", "slower" */
};

struct metric_words metric_words(const char *name);

/*
 * Put a metric into a cell's metrics: {unit, better: "more"|"less"|"", median, ci_low,
 * ci_high, n, values}, where values[i] is repeat i's, and NAN (null) where there is none.
 * Nothing is put in if there is no value at all.  0 or -ENOMEM.
 */
int metric_put(struct json_t *metrics, const char *name, const double *values, size_t n);

/* The values of a metric of a cell of the report, NAN where there is none; NULL if it lacks it. */
double *metric_values(const struct json_t *cell, const char *name, size_t *n);

#endif
