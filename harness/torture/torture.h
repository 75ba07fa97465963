/* SPDX-License-Identifier: MIT */
/*
 * Torture: everything that may happen to a table at once, for a while, and what must hold all the
 * same.
 *
 * Threads look up (one key, and bursts of packets), insert, delete, let entries expire, drop early,
 * collect garbage, flush, walk and resize to random sizes.  Four kinds of keys:
 *
 *	fixed	in throughout: a lookup never misses one (see excused() for resizes), and a walk
 *		over the table meets each exactly once
 *	ledger	inserted and deleted by threads that count it: in a quiet moment each is there
 *		exactly if it was inserted once more than deleted
 *	short	anything may take them out: they expire, are flushed and are dropped early
 *	never	not inserted: never found
 *
 * What is found is what was asked for, by its own direction, and stays that while the reference is
 * held; both directions lead to one entry.  In quiet moments the counts, a walk and the live nodes
 * agree, and when all is out, every node is back.
 */
#ifndef CTBENCH_HARNESS_TORTURE_TORTURE_H
#define CTBENCH_HARNESS_TORTURE_TORTURE_H

#include <stdint.h>
#include <stdio.h>

#include "harness/base/error.h"
#include "variants/variant.h"

struct torture {
	const struct ct_variant *variant;
	double seconds; /* over all scenes, at least one round of each */
	uint64_t seed;
	unsigned int patience; /* seconds after which a thread that does not come back is stuck */
};

/* How often what was done. */
struct torture_counts {
	uint64_t lookups, bursts, inserts, deletes, flushed, collected, walks, resizes;
	uint64_t histories; /* of one key, checked for linearizability */
	uint64_t quiet;	    /* moments in which everything was compared */
	uint64_t excused;   /* answers that are not checked, because the table promises less */
};

/*
 * 0 with the counts; -EOPNOTSUPP (CT_EXIT_SKIP) for what has no table; else a negative errno with a
 * sentence: -EILSEQ (CT_EXIT_INTERNAL) says what did not hold, in which scene, with which seed.
 */
int torture_run(const struct torture *t, struct torture_counts *counts, struct ct_error *e);

/* The same error for what has no table; else 0. */
int torture_keeps(const struct torture *t, struct ct_error *e);

/*
 * Churn, resizes and floods for t->seconds.  Some 200 times the threads are stopped, everything is
 * compared, and a line of figures is written to out.  Over the last three quarters of the time
 * memory, entries and what waits for grace periods must not grow: -EILSEQ with a sentence.
 */
int torture_soak(const struct torture *t, FILE *out, struct torture_counts *counts,
		 struct ct_error *e);

/* Why a lookup beside a resize may miss what is there; NULL: it may not. */
const char *torture_excuse(const struct ct_variant *v);

#endif
