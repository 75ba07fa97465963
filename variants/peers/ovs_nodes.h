/* SPDX-License-Identifier: MIT */
/* Open vSwitch's cmap (ovs_cmap.h) with this project's nodes as its entries. */
#ifndef CTBENCH_VARIANTS_PEERS_OVS_NODES_H
#define CTBENCH_VARIANTS_PEERS_OVS_NODES_H

#include "core/nf_conntrack_find.h"
#include "variants/peers/blocks.h"
#include "variants/peers/match_node.h"
#include "variants/peers/ovs_cmap.h"

_Static_assert(sizeof(struct cmap_node) == sizeof(uintptr_t), "the first word of a node of ours");

/* As in cds_lfht.inc.h: cmap.c is built without TSan, which would report its plain reads. */
#if CT_TSAN
#define cmap_tsan_added(n) __tsan_release((void *)(n))
#define cmap_tsan_found(n) __tsan_acquire((void *)(n))
#else
#define cmap_tsan_added(n) ((void)0)
#define cmap_tsan_found(n) ((void)0)
#endif

static __always_inline struct nf_conntrack_tuple_hash *cmap_hash(const struct cmap_node *n)
{
	cmap_tsan_found(n);
	return ct_table_node_hash((struct ct_table_node *)n);
}

/* Acquire: pairs with the release by which cmap_insert() links a node behind another. */
static __always_inline const struct cmap_node *cmap_next(const struct cmap_node *n)
{
	return (const struct cmap_node *)load_acquire(&n->next);
}

/*
 * Under the writers' lock: adds a node, or removes it and returns whether it was in the map.  The
 * node's second word records that, because cmap_replace() must not be called otherwise.
 */
static inline void
cmap_node_add(struct cmap *cmap, struct nf_conntrack_tuple_hash *h, uint32_t hash)
{
	cmap_tsan_added(&h->hnnode);
	store_relaxed(&h->hnnode.pprev, 1);
	cmap_insert(cmap, (struct cmap_node *)&h->hnnode, hash);
}

static inline bool
cmap_node_del(struct cmap *cmap, struct nf_conntrack_tuple_hash *h, uint32_t hash)
{
	if (!load_relaxed(&h->hnnode.pprev))
		return false;
	cmap_replace(cmap, (struct cmap_node *)&h->hnnode, NULL, hash);
	store_relaxed(&h->hnnode.pprev, 0);
	return true;
}

/* Among the nodes with one hash, the entry that a lookup finds, with a reference if `get`. */
static __always_inline struct nf_conntrack_tuple_hash *
cmap_match(const struct cmap_node *n, struct ct_find *f, const bool get);

/*
 * A burst in one map: the library looks up a batch and prefetches its buckets; then the nodes are
 * prefetched, two lines each.
 */
static __always_inline void
cmap_find_burst(const struct cmap *cmap, struct ct_find *f, struct ct_burst *b, const bool get)
{
	const struct cmap_node *node[CT_BURST];
	unsigned long there = 0;

	if (b->nr)
		there = cmap_find_batch(cmap, ~0ul >> (CT_BURST - b->nr), b->hash, node);
	for (unsigned int i = 0; i < b->nr; i++) {
		if (!(there >> i & 1))
			continue;
		ct_prefetch(node[i]);
		ct_prefetch(nf_ct_tuplehash_to_ctrack(
			ct_table_node_hash((struct ct_table_node *)node[i])));
	}
	for (unsigned int i = 0; i < b->nr; i++) {
		f->key = b->key[i];
		b->found[i] = there >> i & 1 ? cmap_match(node[i], f, get) : NULL;
	}
}

/* A map starts empty and doubles: its size for so many entries, at most 85 % full. */
#define CMAP_SLOTS 5u
static inline uint64_t cmap_bytes(uint64_t entries)
{
	uint64_t lines = 1;

	while (lines * CMAP_SLOTS * 85 / 100 < entries)
		lines *= 2;
	return lines * CT_CACHE_LINE;
}

#endif
