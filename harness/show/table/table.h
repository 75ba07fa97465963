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
 * Print the noise of the run, then a table per workload, from the object of run_report(). 0 or
 * -ENOMEM.
 */
int table_print(FILE *out, const struct json_t *report);

/*
 * The table of a workload, for grid_print(): throughput, percentiles if it takes latencies, or the
 * rates that were searched for. g must always be freed; without a result it has only the header. 0,
 * -ENOMEM, or -E2BIG if too many parameters vary.
 */
int table_of(struct grid *g, const struct json_t *report, const struct json_t *workload);

/*
 * The table of further figures: medians of chains, waits, retries, grace periods, pages and CPU
 * counters that any cell has. As table_of().
 */
int table_inside(struct grid *g, const struct json_t *report, const struct json_t *workload);

/*
 * Where the time of each cell goes (harness/judge/budget.h), as table_of(); table_budget_text() is
 * a sentence about its largest difference, or an empty text. table_print_budgets() prints the
 * tables of all workloads that have one. 0 or -ENOMEM.
 */
int table_budget(struct grid *g, const struct json_t *report, const struct json_t *workload);
void table_budget_text(char *buf, size_t size, const struct json_t *report,
		       const struct json_t *workload);
int table_print_budgets(FILE *out, const struct json_t *report);
#define TABLE_BUDGET_REMARK \
	"ns per operation, as a sum: the harness; the hash alone; taking and dropping a " \
	"reference; the rest of a lookup with the whole table in the cache; memory, " \
	"with one thread; waiting for locks; the rest of what several threads add. lines: " \
	"the part memory in dependent random lines."

/* A sentence or two below the table, or an empty text. */
void table_remark(char *buf, size_t size, const struct json_t *report,
		  const struct json_t *workload);

/* Does any table of the report have the column misses? */
bool table_has_misses(const struct json_t *report);

/* The machine's bounds (bounds_merge()), for `ctbench bounds` and the report.  0 or -ENOMEM. */
int table_bounds(FILE *out, const struct json_t *bounds, enum grid_format format);

/* A number with three significant digits and no exponent: 0.0123, 1.23, 123, 12345. */
int table_number(char *buf, size_t size, double value);

/* Put that into a column of the last row; nothing if it is not finite. */
void table_put_number(struct grid *g, size_t column, double value);

/* A cell's parameter from JSON in readable form: 65536 is 64Ki, true is yes. */
int table_value(char *buf, size_t size, const struct json_t *value);

#endif
