/* SPDX-License-Identifier: MIT */
/*
 * Looking on: what a lookup reads and meets, hook by hook, for tools that tell
 * it (ctbench explain).  All of this is beside the packet path, which knows
 * nothing of being watched.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_LOOK_H
#define CTBENCH_CORE_NF_CONNTRACK_LOOK_H

#include "core/nf_conntrack_find.h"

/* What a node in a chain is to a lookup; what comes first counts. */
enum ct_look {
	CT_LOOK_MATCH,
	CT_LOOK_EXPIRED, /* its time is over: a lookup that meets it removes it */
	CT_LOOK_OTHER_TUPLE,
	CT_LOOK_UNCONFIRMED,
	CT_LOOK_DYING,
	CT_LOOK_HIDDEN, /* nf_ct_is_hidden() */
	CT_LOOK_OTHER_ZONE,
	CT_LOOK_OTHER_NET,
};

/* How nf_ct_key_equal() and the check before it judge h, of ct.  Insertion ignores expiry. */
enum ct_look nf_ct_look_at(const struct nf_conntrack_tuple_hash *h, const struct nf_conn *ct,
			   const struct ct_find *f, bool insertion);

#define CT_WALK_NONE UINT64_MAX

/* A chain as a lookup of one tuple would walk it, or insertion of it. */
struct ct_walk {
	/* Given: */
	struct ct_find find; /* the key, and ct_find_init() */
	uint32_t zone_id;    /* the zone that may count in the hash */
	bool insertion;
	/* Called for each node, those behind a match too; h and ct stay until the call returns. */
	void (*node)(struct ct_walk *w, const struct nf_conntrack_tuple_hash *h,
		     const struct nf_conn *ct, enum ct_look look);

	/* Told: */
	uint32_t hash;
	enum {
		CT_WALK_NOTHING,   /* the table does not tell */
		CT_WALK_SAME_HASH, /* only nodes with that hash */
		CT_WALK_CHAIN,	   /* the whole chain */
	} shown;
	const void *table;     /* where the buckets lie; NULL: not told */
	uint64_t size, bucket; /* how many buckets, and which (CT_WALK_NONE: not told) */
	uint32_t generation;   /* of (table, size) under a sequence counter */
	uint64_t end_bucket;   /* whose end the chain came to; CT_WALK_NONE: says none */
};

/* For tables: the walk is at h. */
void ct_walk_visit(struct ct_walk *w, const struct nf_conntrack_tuple_hash *h);

/*
 * The verdict loop of one place (nf_hook_slow) with somebody looking on: each
 * hook is called through nf_conntrack_ops.call, so that between two of them the
 * watcher is in no read-side section and may use the cold operations.
 */
struct nf_hook_watch {
	/* A packet comes to a place with that many hooks. */
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
