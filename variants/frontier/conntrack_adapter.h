/* SPDX-License-Identifier: MIT */
/* What flowline.h asks of its objects, for connections of this project's core. */
#ifndef CTBENCH_VARIANTS_FRONTIER_CONNTRACK_ADAPTER_H
#define CTBENCH_VARIANTS_FRONTIER_CONNTRACK_ADAPTER_H

#include "core/conntrack.h"

typedef struct nf_conn fl_object;
#define FL_OBJECT_SIZE sizeof(struct nf_conn)

/* As what a connection lies in the table. */
enum {
	FL_BOTH,     /* both directions under one hash: REPLY is ORIGINAL with its ends exchanged */
	FL_ORIGINAL, /* one direction; the other has a reference of its own */
	FL_REPLY,
};

static inline _Atomic uintptr_t *fl_link(struct nf_conn *ct, uint32_t kind)
{
	return &ct->tuplehash[kind == FL_REPLY ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL].hnnode.next;
}

/* The variant's own, which knows its hash function and its RCU flavour: flowline.owner. */
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
