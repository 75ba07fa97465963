/* SPDX-License-Identifier: MIT */
/* Shared by the files of table/; see table.h. */
#ifndef CTBENCH_HARNESS_SHOW_TABLE_INTERNAL_H
#define CTBENCH_HARNESS_SHOW_TABLE_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/grid.h"
#include "harness/show/table/table.h"

struct figure;

/* Put two figures as a range into a column of the last row; nothing if they are not finite. */
void table_put_range(struct grid *g, size_t column, double from, double to);

/*
 * Put the 95 % interval of a metric's median, and the column's heading; nothing with fewer than
 * STATS_LEAST repeats, which have no such interval.
 */
void table_put_interval(struct grid *g, size_t column, const json_t *metric, double scale);

/*
 * Put the variant and the varying parameters from column 0 on, or their names if cell is NULL.
 * Returns the next column.
 */
size_t table_put_parameters(struct grid *g, const json_t *varying, const json_t *cell);

/* The median of a cell's figure as tables show it; NAN if the cell lacks it. */
double table_metric(const json_t *cell, const struct figure *f);

/* The remarks at the end of a row: repeats that are missing, void or failed. */
void table_note(char *buf, size_t size, const json_t *cell);

/* ---- latency.c: percentiles instead of throughput ---- */

size_t table_latency_columns(void);
void table_latency_header(struct grid *g, const json_t *varying, const char *unit);
/* A row for all operations, and one for each kind of operation if there are several. */
void table_latency_rows(struct grid *g, const json_t *varying, const json_t *cell);
/*
 * A sentence below the table: what was measured, and the cost of the clock; nothing if no cell
 * takes latencies.
 */
void table_latency_remark(char *buf, size_t size, const json_t *report, const char *workload);

/* ---- saturation.c: highest rates instead of throughput ---- */

size_t table_saturation_columns(void);
void table_saturation_header(struct grid *g, const json_t *varying, const char *unit);
void table_saturation_row(struct grid *g, const json_t *varying, const json_t *cell);
/* A sentence below the table: what was searched for; nothing if nothing was. */
void table_saturation_remark(char *buf, size_t size, const json_t *report, const char *workload);

#endif
