/* SPDX-License-Identifier: MIT */
/*
 * A node stores its hash, as in IPVS since 2026: of a node with another hash, a walk reads only
 * the line of its link, neither the tuple nor the connection's timeout.  So a lookup notices fewer
 * expired entries of its chain than netfilter's does; the gc worker finds those.
 *
 * IPVS has a word for it.  Here the link's words are full, so 16 bits of the hash are stored in the
 * upper bits of the back pointer, where addresses of a process have zeros.  They mix both halves,
 * because all nodes of a bucket share either the upper or the lower bits already.
 *
 * IPVS also has 16 buckets for each connection (sysctl conn_lfactor: -4), as load_factor: 0.0625.
 */
#ifndef CTBENCH_VARIANTS_STORED_HASH_H
#define CTBENCH_VARIANTS_STORED_HASH_H

#define CT_STORED_NAME	"hash"
#define CT_STORED_HASH	1
#define CT_STORED_SHIFT 48
_Static_assert(sizeof(uintptr_t) == 8, "the upper bits of an address are free");

static __always_inline uintptr_t stored_bits(uint32_t hash)
{
	return (uintptr_t)(uint16_t)(hash ^ hash >> 16) << CT_STORED_SHIFT;
}

/*
 * Relaxed: a node that chain_load() reaches has them already, and they stay until it is linked
 * again.  A reader that was carried into another chain notices that at the end of the chain.
 */
static __always_inline void stored_set(struct nf_conntrack_tuple_hash *h, uint32_t hash)
{
	store_relaxed(&h->hnnode.pprev, stored_bits(hash));
}

static __always_inline bool stored_differs(const struct nf_conntrack_tuple_hash *h, uint32_t hash)
{
	return (load_relaxed(&h->hnnode.pprev) ^ stored_bits(hash)) >> CT_STORED_SHIFT;
}

static __always_inline uintptr_t stored_back(const struct ct_table_node *n)
{
	return load_relaxed(&n->pprev) & (((uintptr_t)1 << CT_STORED_SHIFT) - 1);
}

static __always_inline void stored_set_back(struct ct_table_node *n, uintptr_t back)
{
	const uintptr_t word = load_relaxed(&n->pprev);

	store_relaxed(&n->pprev, word >> CT_STORED_SHIFT << CT_STORED_SHIFT | back);
}

#endif
