/* SPDX-License-Identifier: MIT */
/*
 * Extensions: your own data in every connection, reachable from the packet
 * (include/net/netfilter/nf_conntrack_extend.h).
 *
 *	struct flow_note { _Atomic uint64_t first_seen; };
 *	static int note_id;
 *
 *	note_id = nf_ct_ext_register("note", sizeof(struct flow_note), _Alignof(struct flow_note));
 *
 *	unsigned int my_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
 *	{
 *		enum ip_conntrack_info ctinfo;
 *		struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
 *		struct flow_note *note = ct ? nf_ct_ext_find(ct, note_id) : NULL;
 *
 *		if (ct && !note && !nf_ct_is_confirmed(ct))
 *			note = nf_ct_ext_add(ct, note_id);
 *		...
 *
 * There is one area per connection.  Extensions are added while the connection is
 * unconfirmed (one packet owns it then), so other threads never see the area move.
 * Its contents are shared once the connection is confirmed: use atomics.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_EXTEND_H
#define CTBENCH_CORE_NF_CONNTRACK_EXTEND_H

#include "core/nf_conntrack.h"

#define NF_CT_EXT_MAX 16

enum nf_ct_ext_id {
	NF_CT_EXT_ACCT,	  /* packets and bytes: struct nf_conn_acct */
	NF_CT_EXT_TSTAMP, /* start and stop: struct nf_conn_tstamp */
	NF_CT_EXT_HELPER, /* its helper: struct nf_conn_help */
	NF_CT_EXT_ECACHE, /* events to send: struct nf_conntrack_ecache */
	NF_CT_EXT_LABELS, /* 128 labels: struct nf_conn_labels */
	NF_CT_EXT_USER,	  /* the first id that nf_ct_ext_register() assigns */
};

struct nf_ct_ext {
	uint16_t offset[NF_CT_EXT_MAX]; /* from the start of this structure; 0: absent */
	uint16_t len;			/* bytes used */
	uint16_t size;			/* bytes allocated */
	_Alignas(16) char data[];
};

/*
 * An id for an extension of that size and alignment (a power of two, at most 16),
 * or -ENOSPC, -EINVAL.  Call it before connections are created; ids are never freed.
 */
int nf_ct_ext_register(const char *name, size_t size, size_t align);

/*
 * Adds extension id, cleared, to an unconfirmed connection.  Returns the existing
 * one if it has it already; NULL without memory.
 */
void *nf_ct_ext_add(struct nf_conn *ct, unsigned int id);

/* The extension's data or NULL.  For holders of a reference. */
static __always_inline void *nf_ct_ext_find(const struct nf_conn *ct, unsigned int id)
{
	struct nf_ct_ext *ext = ct->ext;

	return ext && ext->offset[id] ? (char *)ext + ext->offset[id] : NULL;
}

/*
 * The extensions that new connections get because settings, subscribers or users
 * of labels need them.  They are bits of one word, so that a namespace without any
 * pays for one load only (struct net.new_ext).
 */
enum nf_ct_new_ext {
	CT_NEW_EXT_ACCT = 1 << 0,
	CT_NEW_EXT_TSTAMP = 1 << 1,
	CT_NEW_EXT_ECACHE = 1 << 2,
	CT_NEW_EXT_LABELS = 1 << 3,
};

/* Adds those of the set; without memory the connection does not get them. */
void nf_ct_new_ext_add(struct nf_conn *ct, uint32_t set);
/* Computes new_ext again after a change; any thread. */
void nf_ct_new_ext_update(struct net *net);

/* Called when the last reference is dropped. */
void nf_ct_ext_free(struct nf_conn *ct);

/* Accounting, an extension of the kernel (nf_conntrack_acct.h). */
struct nf_conn_counter {
	_Atomic uint64_t packets, bytes;
};

struct nf_conn_acct {
	struct nf_conn_counter counter[IP_CT_DIR_MAX];
};

struct nf_conn_tstamp {
	_Atomic uint64_t start, stop; /* ticks of the core's clock; stop: 0 while it lives */
};

static __always_inline struct nf_conn_acct *nf_conn_acct_find(const struct nf_conn *ct)
{
	return nf_ct_ext_find(ct, NF_CT_EXT_ACCT);
}

static __always_inline struct nf_conn_tstamp *nf_conn_tstamp_find(const struct nf_conn *ct)
{
	return nf_ct_ext_find(ct, NF_CT_EXT_TSTAMP);
}

static inline void
nf_ct_acct_add(struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t packets, uint64_t bytes)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(ct);

	if (unlikely(acct)) {
		add_relaxed(&acct->counter[dir].packets, packets);
		add_relaxed(&acct->counter[dir].bytes, bytes);
	}
}

#endif
