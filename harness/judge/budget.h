/* SPDX-License-Identifier: MIT */
/*
 * Where the time of a lookup goes: a cell's ns per operation as a sum of separately measured parts.
 *
 *	harness		a lookup through the table that does nothing
 *	hash		the cell's hash alone
 *	references	two atomic additions to a line that no other CPU has, for each hit: the
 *			reference is taken and dropped
 *	rest_in_cache	what else the same lookup costs with the whole table in the cache: the
 *			chain, comparisons, locks that are free, and what overlaps (so it may be
 *			less than nothing)
 *	memory		the same cell with one thread, above its cost in the cache
 *	locks		the share of the time that its threads waited for locks
 *	other_threads	the rest of what several threads take longer than one
 *
 * So a difference between two cells can be assigned to some of these parts. Only cells whose
 * operations are all lookups, in windows, in a run that measured bounds have them.
 */
#ifndef CTBENCH_HARNESS_JUDGE_BUDGET_H
#define CTBENCH_HARNESS_JUDGE_BUDGET_H

#include <stdbool.h>

struct json_t;

enum budget_term {
	BUDGET_HARNESS,
	BUDGET_HASH,
	BUDGET_REFERENCES,
	BUDGET_REST_IN_CACHE,
	BUDGET_MEMORY,
	BUDGET_LOCKS,
	BUDGET_OTHER_THREADS,
	NR_BUDGET_TERMS,
};

extern const struct budget_words {
	const char *key, *heading;
	/* The options of ctbench run that isolate this part. */
	const char *isolate, *what;
} budget_words[NR_BUDGET_TERMS],
	/* For BUDGET_OTHER_THREADS if no connection is shared (`split: flow`). */
	budget_through_chains;

/*
 * Put "budget" into the cells that can have one: {ns, TERM: {ns, ci_low, ci_high}, lines: how many
 * random lines of memory its part "memory" amounts to}. A term that is unknown is missing, as are
 * ends of intervals with fewer than STATS_LEAST repeats. Where no cell with one thread and the
 * same other parameters was measured, "memory" holds what other threads cost too, and "together" is
 * true.
 */
void judge_budgets(struct json_t *report);

/*
 * The two cells of a workload at one point, the first variant's and another's, whose times differ
 * most, as a ratio, if their intervals do not overlap. false: none do. Both belong to report.
 */
bool judge_budget_difference(const struct json_t *report, const struct json_t *workload,
			     const struct json_t **base, const struct json_t **other);

#endif
