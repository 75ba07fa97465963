/* SPDX-License-Identifier: MIT */
/*
 * A packet, as far as conntrack looks at one.  The bytes are not ours and are
 * never written: a capture or a prepared frame holds them.  Only a packet that
 * was put together from fragments has memory of its own.
 */
#ifndef CTBENCH_CORE_SKBUFF_H
#define CTBENCH_CORE_SKBUFF_H

#include <string.h>

#include "core/compiler.h"
#include "core/nf_conntrack_common.h"

struct nf_conn;
struct nf_conntrack_tuple_hash;

struct sk_buff {
	const uint8_t *data; /* the network header */
	uint32_t len;	     /* bytes from data on, as on the wire */
	uint32_t headlen;    /* of these, how many are really there: <= len; a capture may be cut */
	uintptr_t _nfct; /* struct nf_conn * | enum ip_conntrack_info; 0: not seen by conntrack */
	/*
	 * What a lookup before the packet's turn has found, with a reference; NULL: nothing.
	 * Whoever keeps the packet (NF_STOLEN, NF_QUEUE) keeps this with it.
	 */
	struct nf_conntrack_tuple_hash *ahead;
	uint64_t tstamp; /* arrival, nanoseconds */
	uint32_t mark;
	uint16_t dev;	   /* index of the device it came in by */
	uint16_t protocol; /* ETH_P_IP or ETH_P_IPV6, host byte order */
	uint8_t ip_summed; /* CHECKSUM_UNNECESSARY: do not verify */
	bool own_data;	   /* data is the packet's own, from malloc: reassembled */
};

#define CHECKSUM_NONE	     0
#define CHECKSUM_UNNECESSARY 1

void skb_free_data(struct sk_buff *skb);

/* The packet is gone: so are its bytes, where they are its own. */
static __always_inline void skb_release_data(struct sk_buff *skb)
{
	if (unlikely(skb->own_data))
		skb_free_data(skb);
}

/*
 * len bytes at offset off: in place where they are whole, or NULL where the
 * packet ends (or was cut) before.  Our packets are never scattered, so unlike
 * the kernel's there is nothing to copy.
 */
static __always_inline const void *
skb_header_pointer(const struct sk_buff *skb, unsigned int off, unsigned int len)
{
	if (unlikely(off > skb->headlen || len > skb->headlen - off))
		return NULL;
	return skb->data + off;
}

/* Attach a connection and how the packet relates to it.  Takes no reference. */
static __always_inline void
nf_ct_set(struct sk_buff *skb, struct nf_conn *ct, enum ip_conntrack_info info)
{
	skb->_nfct = (uintptr_t)ct | info;
}

/* The packet's connection (NULL: none, or untracked) and, through ctinfo, how it relates to it. */
static __always_inline struct nf_conn *
nf_ct_get(const struct sk_buff *skb, enum ip_conntrack_info *ctinfo)
{
	*ctinfo = skb->_nfct & NFCT_INFOMASK;
	return (struct nf_conn *)(skb->_nfct & NFCT_PTRMASK);
}

#endif
