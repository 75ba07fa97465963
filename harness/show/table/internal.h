/* SPDX-License-Identifier: MIT */
/* What the table*.c files share; see table.h. */
#ifndef CTBENCH_HARNESS_SHOW_TABLE_INTERNAL_H
#define CTBENCH_HARNESS_SHOW_TABLE_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/grid.h"

struct figure;

/* A figure, or two of them as a range, into a column of the last row; what is not finite is left
 * out. */
void table_put_number(struct grid *g, size_t column, double value);
void table_put_range(struct grid *g, size_t column, double from, double to);

/*
 * The 95 % interval of a metric's median; none, nor a column, of fewer than STATS_LEAST repeats:
 * it would be their least and greatest, at best.
 */
void table_put_interval(struct grid *g, size_t column, const json_t *metric, double scale);

/* The variant and what varies, from column 0 on; a header where cell is NULL.  The next column. */
size_t table_put_parameters(struct grid *g, const json_t *varying, const json_t *cell);

/* The median of a figure of a cell, as tables show it; NAN if the cell lacks it. */
double table_metric(const json_t *cell, const struct figure *f);

/* What a reader has to know about a row before believing it. */
void table_note(char *buf, size_t size, const json_t *cell);

/* ---- table_latency.c: percentiles instead of throughput ---- */

size_t table_latency_columns(void);
void table_latency_header(struct grid *g, const json_t *varying, const char *unit);
/* A row for all operations, and one for each kind of them where there are several. */
void table_latency_rows(struct grid *g, const json_t *varying, const json_t *cell);
/* A sentence below the table: what was measured, and what the clock adds; unchanged where no cell
 * has any. */
void table_latency_remark(char *buf, size_t size, const json_t *report, const char *workload);

/* ---- table_saturation.c: highest rates instead of throughput ---- */

size_t table_saturation_columns(void);
void table_saturation_header(struct grid *g, const json_t *varying, const char *unit);
void table_saturation_row(struct grid *g, const json_t *varying, const json_t *cell);
/* A sentence below the table: what was asked; unchanged where nothing was searched for. */
void table_saturation_remark(char *buf, size_t size, const json_t *report, const char *workload);

#endif
