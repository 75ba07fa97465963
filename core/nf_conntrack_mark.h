/* SPDX-License-Identifier: MIT */
/*
 * Marks: a number of a connection, for rules.  A packet has one too (skb->mark);
 * rules copy the one to the other, like iptables' CONNMARK.  For holders of a
 * reference; changes send IPCT_MARK.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_MARK_H
#define CTBENCH_CORE_NF_CONNTRACK_MARK_H

#include "core/nf_conntrack_ecache.h"
#include "core/skbuff.h"

/* Clears the bits of mask, then inverts those of value: --set-xmark value/mask. */
static inline void nf_ct_mark_set(struct nf_conn *ct, uint32_t value, uint32_t mask)
{
	uint32_t old = load_relaxed(&ct->mark), new = (old & ~mask) ^ value;

	if (new == old)
		return;
	store_relaxed(&ct->mark, new);
	nf_conntrack_event_cache(ct, IPCT_MARK);
}

/* Copies the packet's mark to the connection: --save-mark --nfmask nfmask --ctmask ctmask. */
static inline void
nf_ct_mark_save(struct nf_conn *ct, const struct sk_buff *skb, uint32_t ctmask, uint32_t nfmask)
{
	nf_ct_mark_set(ct, skb->mark & nfmask, ctmask);
}

/* The reverse: --restore-mark. */
static inline void
nf_ct_mark_restore(struct sk_buff *skb, const struct nf_conn *ct, uint32_t ctmask, uint32_t nfmask)
{
	skb->mark = (skb->mark & ~nfmask) ^ (load_relaxed(&ct->mark) & ctmask);
}

#endif
