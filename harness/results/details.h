/* SPDX-License-Identifier: MIT */
/*
 * Details: the results of a measurement beyond the numbers of its cell_result.
 *
 * A measuring process may collect one JSON object, struct bench's details, and sends it behind its
 * result. The parent appends it, as one line, to the run's details.jsonl before the measurement's
 * row goes into cells.tsv:
 *
 *	{"seq": 17, "name": "axes/...", "repeat": 2, "latency": {...}, "metrics": {...}, ...}
 *
 * seq is that of the row. A line counts only if cells.tsv has a row with this seq. If the row was
 * never written (a kill, a full disk), the line belongs to no measurement; an incomplete line is
 * ignored.
 *
 * Keys: latency (measure/latency.h), metrics (bench_metric()), slices (run/slices.h), timeline
 * (measure/timeline.h) and those of measure/inside.c. A new key is documented where it is made.
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
 * memory, or if details is not an object.
 */
char *details_line(const struct measurement *m, const struct json_t *details, size_t *len);

/*
 * The offset behind the last whole line whose seq is at most last_seq. Seqs only grow, so lines
 * without a row are at the end. 0 if there is no such file; a negative errno with a sentence.
 */
int64_t details_end(const char *path, uint64_t last_seq, struct ct_error *e);

/*
 * Read the details of a run: those of each cell's good repeats (neither failed nor void, the latest
 * attempt), in the order of measuring:
 *
 *	{CELL NAME: [{"seq": ..., "repeat": ..., KEY: ...}, ...], ...}
 *
 * key: only this one, and only measurements that have it; NULL: all. An empty object for a run
 * without details. New reference; NULL with a sentence in e (a damaged file, by file and line).
 */
struct json_t *details_read(const char *dir, const char *key, struct ct_error *e);

/*
 * Does each good row of cells.tsv have its line? Every measurement has details, and they are
 * written before the row: a missing line was lost. 0, or a negative errno with a sentence.
 */
int details_complete(const char *dir, struct ct_error *e);

/*
 * Put the scalars (details.metrics) of repeats into a cell's metrics (metric.h). repeats: one
 * cell's array from details_read(), or NULL; nr: how many repeats the cell has. 0 or -ENOMEM.
 */
int details_metrics(struct json_t *metrics, const struct json_t *repeats, size_t nr);

#endif
