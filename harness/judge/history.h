/* SPDX-License-Identifier: MIT */
/*
 * A workload over many runs: the effects, or a figure of each cell, run by run, and where the level
 * changed (numbers/changes.h).
 *
 *	history = history_begin(&wish);
 *	for each run:	history_add(history, &wish, path, benchmark, e)
 *	result = history_end(history, &wish, e)
 *
 * The result, as JSON:
 *
 *	workload, question, metric, kind ("effects" or "figures"), unit
 *	runs	in the order of time: {name, path, started, revision, cpu, kernel, compiler,
 *		differs}; differs: facts that changed since the run before, as "cpu, kernel"
 *	series	{name, points, changes}; points: {run (index), value, low, high, n};
 *		changes: {run (the first at the new level), p, before, after}
 *	left_out	{run, series, why}
 *	change_points	false where too few runs were given for any
 */
#ifndef CTBENCH_HARNESS_JUDGE_HISTORY_H
#define CTBENCH_HARNESS_JUDGE_HISTORY_H

#include <stdbool.h>

#include "harness/base/error.h"

struct json_t;

struct history_wish {
	const char *workload;
	const char *metric; /* a figure of each cell; NULL: the effects that the runs judged */
	const char *cells;  /* a pattern for the names of series; NULL: all */
};

/* NULL without memory. */
struct json_t *history_begin(const struct history_wish *wish);
/*
 * Adds a run; a run without the workload adds nothing. 0, or -ENOMEM with a sentence.
 */
int history_add(struct json_t *history, const struct history_wish *wish, const char *path,
		const struct json_t *benchmark, struct ct_error *e);
/* NULL with a sentence if no run has such figures.  Consumes the history. */
struct json_t *
history_end(struct json_t *history, const struct history_wish *wish, struct ct_error *e);

#endif
