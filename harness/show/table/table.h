/* SPDX-License-Identifier: MIT */
/*
 * A run's results as tables.
 */
#ifndef CTBENCH_HARNESS_SHOW_TABLE_TABLE_H
#define CTBENCH_HARNESS_SHOW_TABLE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/base/grid.h"

struct json_t;

/*
 * Print the noise of the run, then a table per workload, out of the object
 * that run_report() makes.  0 or -ENOMEM.
 */
int table_print(FILE *out, const struct json_t *report);

/*
 * The table of one of the report's workloads (throughput, or percentiles where it takes
 * latencies), for grid_print(); g is filled in and
 * always to be freed.  Without a result it has one row, the header.
 * 0, -ENOMEM, or -E2BIG where too many parameters vary.
 */
int table_of(struct grid *g, const struct json_t *report, const struct json_t *workload);

/*
 * What lies behind those figures: chains, waits, retries, grace periods, pages, counters of the
 * CPU, where any of the workload's cells has them; medians.  As table_of().
 */
int table_inside(struct grid *g, const struct json_t *report, const struct json_t *workload);

/* What has to be said below that table (a sentence or two), or an empty text. */
void table_remark(char *buf, size_t size, const struct json_t *report,
		  const struct json_t *workload);

/* Has any of the report's tables the column misses, which has to be explained? */
bool table_has_misses(const struct json_t *report);

/* The machine's bounds (bounds_merge()), for `ctbench bounds` and the report.  0 or -ENOMEM. */
int table_bounds(FILE *out, const struct json_t *bounds, enum grid_format format);

/* A number with three significant digits and no exponent: 0.0123, 1.23, 123, 12345. */
int table_number(char *buf, size_t size, double value);

/* A cell's parameter as JSON has it, as people write it: 65536 is 64Ki, true is yes. */
int table_value(char *buf, size_t size, const struct json_t *value);

#endif
