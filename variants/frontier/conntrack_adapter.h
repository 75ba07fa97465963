/* SPDX-License-Identifier: MIT */
/* The adapter that flowline.h needs, for connections of this project's core. */
#ifndef CTBENCH_VARIANTS_FRONTIER_CONNTRACK_ADAPTER_H
#define CTBENCH_VARIANTS_FRONTIER_CONNTRACK_ADAPTER_H

#include "core/conntrack.h"

typedef struct nf_conn fl_object;
#define FL_OBJECT_SIZE sizeof(struct nf_conn)

/* A line is a bucket: core/lock_order.h. */
#define FL_TAKES(line) lock_order_take(line, CT_LOCK_BUCKET)
#define FL_DROPS(line) lock_order_drop(line)

/* How a connection is stored in the table. */
enum {
	FL_BOTH,     /* both directions under one hash: REPLY is ORIGINAL with its ends exchanged */
	FL_ORIGINAL, /* one direction; the other has a separate reference */
	FL_REPLY,
};

static inline _Atomic uintptr_t *fl_link(struct nf_conn *ct, uint32_t kind)
{
	return &ct->tuplehash[kind == FL_REPLY ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL].hnnode.next;
}

/* The variant's data, with its hash function and RCU flavour: flowline.owner. */
struct fl_conntrack {
	uint32_t (*hash_of)(const struct nf_conn *ct, uint32_t kind);
	void (*grace)(void);
};

static inline uint32_t fl_hash_of(const struct flowline *t, const struct nf_conn *ct, uint32_t kind)
{
	return ((const struct fl_conntrack *)t->owner)->hash_of(ct, kind);
}

static inline void fl_grace(const struct flowline *t)
{
	((const struct fl_conntrack *)t->owner)->grace();
}

#endif
