/* SPDX-License-Identifier: MIT */
/*
 * Chains in the manner of hlist_nulls (include/linux/list_nulls.h): readers
 * hold no lock, and the end of a chain is not NULL but a marker with the
 * bucket's number.  A node that is freed and used again at once may carry a
 * reader into another chain; the reader notices at the end, by the other
 * bucket's marker, and starts again.  That makes type-stable memory enough,
 * where plain chains need a grace period for every node.
 *
 * Guarantee: a reader that ends at its own marker has seen every node that was
 * in the chain all the while.  Not across a resize, where the marker may be
 * that of an equally numbered bucket of the new table; the kernel accepts that
 * too and lets insertion look again under the lock.
 */
#define CT_CHAIN_NAME		 "nulls_rcu"
#define CT_CHAIN_READERS_LOCK	 0
#define CT_CHAIN_NEEDS_TYPESAFE	 1 /* a freed node must stay a node */
#define CT_CHAIN_NEEDS_DEFERRED	 0
#define CT_CHAIN_RECHECKS_RESIZE 0

static __always_inline uintptr_t chain_end(uint32_t bucket)
{
	return (uintptr_t)bucket << 1 | 1;
}

static __always_inline bool chain_is_end(uintptr_t p)
{
	return p & 1;
}

static __always_inline bool chain_end_is_ours(uintptr_t p, uint32_t bucket)
{
	return p == chain_end(bucket);
}

/* The bucket whose end p is; UINT64_MAX where an end names none. */
static inline uint64_t chain_end_names(uintptr_t p)
{
	return p >> 1;
}

#include "variants/chain/links.inc.h"
