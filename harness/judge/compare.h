/* SPDX-License-Identifier: MIT */
/*
 * One run beside another: two revisions, two compilers, two machines.
 *
 * Cells of one name and with the same parameters are compared by the rules of
 * judge.h; their repeats were not measured together, so they are not paired.  Per
 * workload all its cells together are one more comparison.  Holm corrects over
 * everything that is compared.
 */
#ifndef CTBENCH_HARNESS_JUDGE_COMPARE_H
#define CTBENCH_HARNESS_JUDGE_COMPARE_H

#include "harness/base/error.h"

struct json_t;

struct compare_run {
	const char *path;	  /* for messages */
	struct json_t *benchmark; /* benchmark.json */
};

/*
 * The comparison of b with a as an object; new reference, or NULL with a sentence: runs
 * that have nothing in common, or figures that mean nothing beside each other.
 *
 *	a, b		{path, name, started, revision, compiler, cpu}
 *	bound_percent, regressions (how many are proven beyond the bound)
 *	statistics	as in a run's report
 *	environment	what differs: a list of {what, a, b}
 *	only_a, only_b	names of cells that the other has not
 *	different	cells of one name with other parameters, which are not compared: {cell, why}
 *	comparisons	{workload, cell (null: all of the workload), metric, a, b (medians),
 *			cells, effect_percent (b beside a), ci_low_percent, ci_high_percent, p,
 *			p_holm, noise_percent, visible_percent, outcome (better, worse, different,
 *			none, unjudged), word, p_beyond (Holm's p that it is worse by more than the
 *			bound), regression}
 *
 * metrics: names with commas, or NULL: throughput, or p99 where latencies were taken, and
 * bytes per connection.  bound: a share, 0.03.
 */
struct json_t *judge_compare(const struct compare_run *a, const struct compare_run *b,
			     const char *metrics, double bound, struct ct_error *e);

#endif
