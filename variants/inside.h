/* SPDX-License-Identifier: MIT */
/*
 * What a table can tell of its inside, beside the measured loops: how long its
 * chains are, what waits for a grace period and how long, where its memory is.
 */
#ifndef CTBENCH_VARIANTS_INSIDE_H
#define CTBENCH_VARIANTS_INSIDE_H

#include "core/compiler.h"
#include "core/ticks.h"

/* What a position of a table's walk is, for the statistics about chains. */
enum ct_bucket_kind {
	CT_BUCKET_NONE,	 /* no bucket: nothing to count */
	CT_BUCKET_CHAIN, /* takes any number of entries: with a good hash their lengths are
			    Poisson's */
	CT_BUCKET_SLOTS, /* holds so many entries; others go elsewhere, so no Poisson */
};

/* Chains of this length and longer are counted together. */
#define CT_CHAIN_LENGTHS 64

/* Entries per bucket; a connection is two entries. */
struct ct_chains {
	uint64_t limit; /* given: look at this many buckets, evenly spread; 0: at all */
	enum ct_bucket_kind kind;
	uint64_t buckets; /* looked at */
	uint64_t entries, longest;
	uint64_t squares;		   /* of the lengths, summed up */
	uint64_t length[CT_CHAIN_LENGTHS]; /* buckets with so many entries */
};

/* Memory of a table: where, and of what. */
struct ct_range {
	const char *what; /* "buckets", "nodes" */
	uintptr_t start;
	size_t bytes;
};
typedef void ct_range_fn(const struct ct_range *range, void *arg);

/*
 * Grace periods that were waited for, by whom they held up, and the most bytes
 * that waited at once.  Relaxed: only numbers, read after all is over.
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
