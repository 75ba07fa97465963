/* SPDX-License-Identifier: MIT */
/*
 * The links of a chain, with any end marker: next pointers for readers, and the
 * address of the previous pointer for writers (hlist).
 *
 * Writers hold the bucket's lock.  Readers without a lock rely on this order: a node
 * is complete before the stores (release, chain_add()) that make it reachable;
 * chain_load() loads with acquire.
 */
#ifndef CT_STORED_NAME /* the default */
#include "variants/stored/none.h"
#endif

static __always_inline struct nf_conntrack_tuple_hash *chain_entry(uintptr_t p)
{
	return ct_table_node_hash((struct ct_table_node *)p);
}

static __always_inline uintptr_t chain_load(const _Atomic uintptr_t *p)
{
	return CT_CHAIN_READERS_LOCK ? load_relaxed(p) : load_acquire(p);
}

static inline void chain_add(_Atomic uintptr_t *head, struct nf_conntrack_tuple_hash *h)
{
	struct ct_table_node *n = &h->hnnode;
	uintptr_t first = load_relaxed(head);

	/*
	 * release: a reader may stand on n, from an earlier life of its memory or because a resize
	 * moves it.  It goes on to a first node that is complete, and then sees the resize, too.
	 */
	store_release(&n->next, first);
	stored_set_back(n, (uintptr_t)head);
	store_release(head, (uintptr_t)n); /* pairs with chain_load() */
	if (!chain_is_end(first))
		stored_set_back((struct ct_table_node *)first, (uintptr_t)&n->next);
}

/* Readers on the node can still continue, because its next pointer stays. */
static inline void chain_del(struct nf_conntrack_tuple_hash *h)
{
	struct ct_table_node *n = &h->hnnode;
	uintptr_t next = load_relaxed(&n->next);
	_Atomic uintptr_t *pprev = (_Atomic uintptr_t *)stored_back(n);

	/* release: preserves the order in which the next node became reachable */
	store_release(pprev, next);
	if (!chain_is_end(next))
		stored_set_back((struct ct_table_node *)next, (uintptr_t)pprev);
}
