/* SPDX-License-Identifier: MIT */
/*
 * A node stores nothing of its hash: a walk compares its tuple, as in netfilter.
 * Included by chain/links.inc.h, where a variant has not included another choice.
 */
#ifndef CTBENCH_VARIANTS_STORED_NONE_H
#define CTBENCH_VARIANTS_STORED_NONE_H

#define CT_STORED_NAME "none"
#define CT_STORED_HASH 0

/* Before the node is linked (chain_add()): stores its hash. */
static __always_inline void
stored_set(struct nf_conntrack_tuple_hash *h __maybe_unused, uint32_t hash __maybe_unused)
{
}

/* Is the node certainly not one with that hash? */
static __always_inline bool
stored_differs(const struct nf_conntrack_tuple_hash *h __maybe_unused, uint32_t hash __maybe_unused)
{
	return false;
}

/* The back pointer of a node, which shares its word with what is stored. */
static __always_inline uintptr_t stored_back(const struct ct_table_node *n)
{
	return load_relaxed(&n->pprev);
}

static __always_inline void stored_set_back(struct ct_table_node *n, uintptr_t back)
{
	store_relaxed(&n->pprev, back);
}

#endif
