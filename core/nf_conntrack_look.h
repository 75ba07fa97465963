/* SPDX-License-Identifier: MIT */
/*
 * For tools that show what hooks and lookups read and find (ctbench explain).  This
 * code is separate from the packet path, which does not change when it is watched.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_LOOK_H
#define CTBENCH_CORE_NF_CONNTRACK_LOOK_H

#include "core/nf_conntrack_find.h"

/* Why a lookup accepts or rejects a node of a chain; the first that applies. */
enum ct_look {
	CT_LOOK_MATCH,
	CT_LOOK_EXPIRED, /* expired: a lookup that meets it removes it */
	CT_LOOK_OTHER_TUPLE,
	CT_LOOK_UNCONFIRMED,
	CT_LOOK_DYING,
	CT_LOOK_HIDDEN, /* nf_ct_is_hidden() */
	CT_LOOK_OTHER_ZONE,
	CT_LOOK_OTHER_NET,
};

/* What nf_ct_key_equal() and the check before it find for h, a node of ct.  insertion: an expired
 * entry counts as alive. */
enum ct_look nf_ct_look_at(const struct nf_conntrack_tuple_hash *h, const struct nf_conn *ct,
			   const struct ct_find *f, bool insertion);

#define CT_WALK_NONE UINT64_MAX

/* A chain as a lookup or an insertion of one tuple walks it. */
struct ct_walk {
	/* Set by the caller: */
	struct ct_find find; /* the key, and ct_find_init() */
	uint32_t zone_id;    /* the zone that may count in the hash */
	bool insertion;
	/* Called for each node, also after a match; h and ct stay valid until the call returns. */
	void (*node)(struct ct_walk *w, const struct nf_conntrack_tuple_hash *h,
		     const struct nf_conn *ct, enum ct_look look);

	/* Set by the table: */
	uint32_t hash;
	enum {
		CT_WALK_NOTHING,   /* the table cannot show it */
		CT_WALK_SAME_HASH, /* only nodes with that hash */
		CT_WALK_CHAIN,	   /* the whole chain */
	} shown;
	const void *table;     /* address of the buckets; NULL: unknown */
	uint64_t size, bucket; /* the number of buckets, and the one used (CT_WALK_NONE: unknown) */
	uint32_t generation;   /* of (table, size) under a sequence counter */
	uint64_t end_bucket;   /* the bucket named by the chain's end; CT_WALK_NONE: none */
};

/* For tables: the walk is at h. */
void ct_walk_visit(struct ct_walk *w, const struct nf_conntrack_tuple_hash *h);

/*
 * The verdict loop of one hook point (nf_hook_slow) with a watcher: each hook is
 * called through nf_conntrack_ops.call, so that between two hooks the watcher is in
 * no read-side section and may use the cold operations.
 */
struct nf_hook_watch {
	/* A packet reaches a hook point with that many hooks. */
	void (*place)(struct nf_hook_watch *w, const struct nf_hook_state *state,
		      struct sk_buff *skb, unsigned int hooks);
	void (*before)(struct nf_hook_watch *w, const struct nf_hook_state *state,
		       const struct nf_hook_entry *entry, struct sk_buff *skb);
	void (*after)(struct nf_hook_watch *w, const struct nf_hook_state *state,
		      const struct nf_hook_entry *entry, struct sk_buff *skb, unsigned int verdict);
};

unsigned int nf_hook_watched(struct net *net, enum nf_inet_hooks hook, struct sk_buff *skb,
			     uint16_t in, uint16_t out, struct nf_hook_watch *w);

#endif
