/* SPDX-License-Identifier: MIT */
/*
 * Metrics: what repeats of a cell are judged by.  A metric is a name in cells.NAME.metrics of a
 * run's report; figures.h knows its unit and which way is better.
 */
#ifndef CTBENCH_HARNESS_RESULTS_METRIC_H
#define CTBENCH_HARNESS_RESULTS_METRIC_H

#include <stddef.h>

struct json_t;

/*
 * Put a metric into a cell's metrics: {unit, better: "more"|"less"|"", median, ci_low,
 * ci_high, n, values}, where values[i] is repeat i's, and NAN (null) where there is none.
 * Nothing is put in if there is no value at all.  0 or -ENOMEM.
 */
int metric_put(struct json_t *metrics, const char *name, const double *values, size_t n);

/* The values of a metric of a cell of the report, NAN where there is none; NULL if it lacks it. */
double *metric_values(const struct json_t *cell, const char *name, size_t *n);

#endif
