/* SPDX-License-Identifier: MIT */
/*
 * Details: what a measurement says beside the plain numbers of its cell_result.
 *
 * A measuring process may collect one JSON object, struct bench's details, and
 * sends it behind its result.  The parent appends it, as one line, to the
 * run's details.jsonl before the measurement's row goes into cells.tsv:
 *
 *	{"seq": 17, "name": "axes/...", "repeat": 2, "latency": {...}, "metrics": {...}, ...}
 *
 * seq is the row's.  A line counts only if cells.tsv has a row of that seq:
 * one whose row was never written (a kill, a full disk) belongs to no
 * measurement, and a line that was cut off is none.
 *
 * Keys and their owners: latency (bench_latency.h), metrics (bench_metric());
 * whoever adds one documents it where it is made.
 */
#ifndef CTBENCH_HARNESS_RESULTS_DETAILS_H
#define CTBENCH_HARNESS_RESULTS_DETAILS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/error.h"

struct json_t;
struct measurement;

#define DETAILS_FILE "details.jsonl"

/*
 * A measurement's line with its newline, from malloc(), its length in *len.  NULL without
 * memory, or if details is no object.
 */
char *details_line(const struct measurement *m, const struct json_t *details, size_t *len);

/*
 * Where the lines end that have a row: the offset behind the last whole line
 * whose seq is at most last_seq (seqs only grow, so what has no row is at the
 * end).  0 if there is no such file; a negative errno with a sentence.
 */
int64_t details_end(const char *path, uint64_t last_seq, struct ct_error *e);

/*
 * The details of a run, of each cell's good repeats (neither failed nor void,
 * the latest attempt):
 *
 *	{CELL NAME: [{"seq": ..., "repeat": ..., KEY: ...}, ...], ...}
 *
 * in the order of measuring.  key: only this one of the details, and only
 * measurements that have it; NULL: all there is.  An empty object for a run
 * without details.  New reference; NULL with a sentence in e (a damaged file,
 * by file and line).
 */
struct json_t *details_read(const char *dir, const char *key, struct ct_error *e);

/*
 * Has each good row of cells.tsv its line?  A measuring process always tells something, and its
 * line is written before its row: where one is missing it was lost.  0, or a negative errno with a
 * sentence.
 */
int details_complete(const char *dir, struct ct_error *e);

/*
 * Put the scalars (details.metrics) of the repeats that details_read() gave into a cell's
 * metrics (metric.h).  repeats: one cell's array, or NULL; nr: how many repeats the
 * cell has.  0 or -ENOMEM.
 */
int details_metrics(struct json_t *metrics, const struct json_t *repeats, size_t nr);

#endif
