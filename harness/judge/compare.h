/* SPDX-License-Identifier: MIT */
/*
 * Comparing two runs: two revisions, two compilers, two machines.
 *
 * Cells with the same name and parameters are compared by the rules of judge.h. Repeats of two runs
 * were not measured together, so they are not paired. Those of two programs in one run (`ctbench
 * compare --against`) are, and speeds are compared within rounds. All cells of a workload together
 * are one more comparison. Holm corrects over all comparisons.
 */
#ifndef CTBENCH_HARNESS_JUDGE_COMPARE_H
#define CTBENCH_HARNESS_JUDGE_COMPARE_H

#include "harness/base/error.h"

#include <stdbool.h>

struct json_t;

struct compare_run {
	const char *path;	  /* for messages */
	struct json_t *benchmark; /* benchmark.json */
};

/*
 * Compare b with a. A new reference to an object, or NULL with a sentence: the runs have nothing in
 * common, or their figures cannot be compared.
 *
 *	a, b		{path, name, started, revision, compiler, cpu}
 *	bound_percent, regressions (how many are proven beyond the bound)
 *	statistics	as in a run's report
 *	environment	what differs: a list of {what, a, b}
 *	only_a, only_b	names of cells that the other run lacks
 *	different	cells of the same name with other parameters, not compared: {cell, why}
 *	comparisons	{workload, cell (null: all of the workload), metric, a, b (medians),
 *			cells, effect_percent (b vs a), ci_low_percent, ci_high_percent, p, p_holm,
 *			noise_percent, visible_percent, outcome (better, worse, different, none,
 *			unjudged), word, p_beyond (Holm's p that it is worse by more than the
 *			bound), regression}
 *
 * metrics: names with commas; NULL: those of verdicts, and bytes per connection (figures.def).
 * bound: a share, 0.03. paired: both are sides of one run, from judge_programs().
 */
struct json_t *judge_compare(const struct compare_run *a, const struct compare_run *b,
			     const char *metrics, double bound, bool paired, struct ct_error *e);

/*
 * Split a run of two programs into two runs, the other program's first. New references. 0, or a
 * negative errno with a sentence: it is not such a run.
 */
int judge_programs(const struct json_t *benchmark, const char *path, struct json_t *sides[2],
		   struct ct_error *e);

/*
 * Mark the comparisons that could not have detected a change by this share (0.05) in either
 * direction because of noise or too few repeats. Adds
 *
 *	required_percent, blind (how many), least_sensitive (one of them, as in comparisons)
 *	blind		true, in each of these comparisons
 */
void judge_require_power(struct json_t *result, double share);
/*
 * About how many repeats a comparison needs to detect that share: the smallest detectable effect
 * falls with their square root. 0: unknown, or impractically many.
 */
unsigned int judge_repeats_needed(const struct json_t *comparison, double share);

#endif
