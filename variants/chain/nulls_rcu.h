/* SPDX-License-Identifier: MIT */
/*
 * Chains like hlist_nulls (include/linux/list_nulls.h): readers hold no lock, and the
 * end of a chain is not NULL but a marker with the bucket's number.  A node that is
 * freed and reused at once may carry a reader into another chain.  The reader notices
 * that at the end, by the other bucket's marker, and starts again.  Therefore
 * type-stable memory is enough, while plain chains need a grace period for every
 * node.
 *
 * Guarantee: a reader that ends at its own marker has seen every node that was in the
 * chain all the time.  This does not hold across a resize, where the marker may be that
 * of a bucket with the same number in the new table.  The kernel accepts that too, and
 * insertion searches again under the lock.
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

/* The bucket that the end p names; UINT64_MAX if it names none. */
static inline uint64_t chain_end_names(uintptr_t p)
{
	return p >> 1;
}

#include "variants/chain/links.inc.h"
