/* SPDX-License-Identifier: MIT */
/*
 * A packet, as far as conntrack needs it.  Its bytes belong to a capture or a
 * prepared frame and are never written.  Only a reassembled packet has its own
 * memory.
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
	uint32_t headlen;    /* how many of these exist: <= len; a capture may be cut */
	uintptr_t _nfct; /* struct nf_conn * | enum ip_conntrack_info; 0: not seen by conntrack */
	/*
	 * The entry that a lookup ahead of the packet has found, with a reference; may be NULL.
	 * The new owner of a packet (NF_STOLEN, NF_QUEUE) owns this too.
	 */
	struct nf_conntrack_tuple_hash *ahead;
	uint64_t tstamp; /* arrival, nanoseconds */
	uint32_t mark;
	uint16_t dev;	   /* index of the device by which it arrived */
	uint16_t protocol; /* ETH_P_IP or ETH_P_IPV6, host byte order */
	uint8_t ip_summed; /* CHECKSUM_UNNECESSARY: do not verify */
	bool own_data;	   /* data is the packet's own, from malloc: reassembled */
};

#define CHECKSUM_NONE	     0
#define CHECKSUM_UNNECESSARY 1

void skb_free_data(struct sk_buff *skb);

/* Ends a packet: frees its bytes if they are its own. */
static __always_inline void skb_release_data(struct sk_buff *skb)
{
	if (unlikely(skb->own_data))
		skb_free_data(skb);
}

/*
 * len bytes at offset off, in place; NULL if the packet ends (or was cut) before.
 * Our packets are never scattered, so unlike in the kernel nothing is copied.
 */
static __always_inline const void *
skb_header_pointer(const struct sk_buff *skb, unsigned int off, unsigned int len)
{
	if (unlikely(off > skb->headlen || len > skb->headlen - off))
		return NULL;
	return skb->data + off;
}

/* Attach a connection and the packet's relation to it.  Takes no reference. */
static __always_inline void
nf_ct_set(struct sk_buff *skb, struct nf_conn *ct, enum ip_conntrack_info info)
{
	skb->_nfct = (uintptr_t)ct | info;
}

/* The packet's connection (NULL: none, or untracked) and, in *ctinfo, its relation to it. */
static __always_inline struct nf_conn *
nf_ct_get(const struct sk_buff *skb, enum ip_conntrack_info *ctinfo)
{
	*ctinfo = skb->_nfct & NFCT_INFOMASK;
	return (struct nf_conn *)(skb->_nfct & NFCT_PTRMASK);
}

#endif
