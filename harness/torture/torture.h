/* SPDX-License-Identifier: MIT */
/*
 * Torture: all operations on a table at once, for a while, and a check of the guarantees that must
 * hold all the time.
 *
 * Threads look up (one key, and bursts of packets), insert, delete, let entries expire, drop early,
 * collect garbage, flush, walk and resize to random sizes.  Four kinds of keys:
 *
 *	fixed	always in the table: a lookup never misses one (see excused() for resizes), and a
 *		walk over the table meets each exactly once
 *	ledger	inserted and deleted by threads that count: in a quiet moment each is in the table
 *		exactly if it was inserted once more than deleted
 *	short	may be removed at any time: they expire, are flushed and are dropped early
 *	never	not inserted: never found
 *
 * A lookup finds the right key and direction, and the entry does not change while the reference is
 * held; both directions find one entry.  In quiet moments the counts, a walk and the live nodes
 * agree; after all entries were removed, every node is free.
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

/* Counts of operations and checks. */
struct torture_counts {
	uint64_t lookups, bursts, inserts, deletes, flushed, collected, walks, resizes;
	uint64_t histories; /* of one key, checked for linearizability */
	uint64_t quiet;	    /* moments in which everything was compared */
	uint64_t excused;   /* answers that are not checked, because the table promises less */
};

/*
 * 0 with the counts; -EOPNOTSUPP (CT_EXIT_SKIP) for variants without a table; else a negative errno
 * with a sentence: -EILSEQ (CT_EXIT_INTERNAL) names the violated guarantee, the scene and the seed.
 */
int torture_run(const struct torture *t, struct torture_counts *counts, struct ct_error *e);

/* The same error for variants without a table; else 0. */
int torture_keeps(const struct torture *t, struct ct_error *e);

/*
 * Churn, resizes and floods for t->seconds.  Some 200 times the threads are stopped, everything is
 * compared, and a line of figures is written to out.  Over the last three quarters of the time
 * memory, entries and deferred memory must not grow: -EILSEQ with a sentence.
 */
int torture_soak(const struct torture *t, FILE *out, struct torture_counts *counts,
		 struct ct_error *e);

/* The reason why a lookup during a resize may miss an existing entry; NULL: it must not. */
const char *torture_excuse(const struct ct_variant *v);

#endif
