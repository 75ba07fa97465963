/* SPDX-License-Identifier: MIT */
/*
 * Statistics of a table, gathered outside the measured loops: the lengths of its
 * chains, memory that waits for a grace period and for how long, addresses of its memory.
 */
#ifndef CTBENCH_VARIANTS_INSIDE_H
#define CTBENCH_VARIANTS_INSIDE_H

#include "core/compiler.h"
#include "core/ticks.h"

/* What a position of a table's walk is, for statistics of chains. */
enum ct_bucket_kind {
	CT_BUCKET_NONE,	 /* not a bucket: nothing to count */
	CT_BUCKET_CHAIN, /* holds any number of entries: with a good hash the lengths are
			    Poisson's */
	CT_BUCKET_SLOTS, /* holds a limited number; others go elsewhere, so not Poisson */
};

/* Chains of this length and longer are counted together. */
#define CT_CHAIN_LENGTHS 64

/* Entries per bucket; a connection is two entries. */
struct ct_chains {
	uint64_t limit; /* given: examine this many buckets, evenly spread; 0: all */
	enum ct_bucket_kind kind;
	uint64_t buckets; /* examined */
	uint64_t entries, longest;
	uint64_t squares;		   /* of the lengths, summed up */
	uint64_t length[CT_CHAIN_LENGTHS]; /* number of buckets with i entries */
};

/* A range of a table's memory, and its contents. */
struct ct_range {
	const char *what; /* "buckets", "nodes" */
	uintptr_t start;
	size_t bytes;
};
typedef void ct_range_fn(const struct ct_range *range, void *arg);

/*
 * Grace periods that were waited for, and the most bytes that waited at once, by the
 * kind of waiter.  Relaxed: they are only numbers, which are read at the end.
 */
struct ct_grace {
	_Atomic uint64_t periods, ticks, longest, bytes_peak;
};

static inline void ct_grace_add(struct ct_grace *g, uint64_t ticks)
{
	add_relaxed(&g->periods, 1);
	add_relaxed(&g->ticks, ticks);
	if (ticks > load_relaxed(&g->longest))
		store_relaxed(&g->longest, ticks);
}

static inline void ct_grace_bytes(struct ct_grace *g, uint64_t bytes)
{
	if (bytes > load_relaxed(&g->bytes_peak))
		store_relaxed(&g->bytes_peak, bytes);
}

#endif
