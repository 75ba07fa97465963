/* SPDX-License-Identifier: MIT */
/*
 * Metrics: the figures by which a cell's repeats are judged. Each has a name in cells.NAME.metrics
 * of a run's report; figures.h knows its unit and which way is better.
 */
#ifndef CTBENCH_HARNESS_RESULTS_METRIC_H
#define CTBENCH_HARNESS_RESULTS_METRIC_H

#include <stddef.h>

struct json_t;

/*
 * Put a metric into a cell's metrics: {unit, better: "more"|"less"|"", median, ci_low, ci_high, n,
 * values}. values[i] is that of repeat i, NAN (null) if it has none. Without any value nothing is
 * put in. 0 or -ENOMEM.
 */
int metric_put(struct json_t *metrics, const char *name, const double *values, size_t n);

/*
 * The values of a cell's metric in the report, NAN for a repeat without one; NULL if the cell lacks
 * the metric.
 */
double *metric_values(const struct json_t *cell, const char *name, size_t *n);

#endif
