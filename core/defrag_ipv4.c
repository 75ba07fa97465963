/* SPDX-License-Identifier: MIT */
/*
 * IPv4 fragments (RFC 791, 3.2), reassembled like in net/ipv4/ip_fragment.c.
 *
 * A faulty fragment never continues, because the kernel only asks whether the packet
 * is complete now.  An overlap or a contradictory length drops the whole packet, a
 * duplicate only itself.
 */
#include "core/nf_defrag.h"

#include <stdlib.h>

#define IP_MF	  0x2000
#define IP_DF	  0x4000
#define IP_OFFSET 0x1fff

static uint16_t header_sum(const uint8_t *header, unsigned int len)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < len; i += 2)
		sum += (uint32_t)(header[i] << 8 | header[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* ip_frag_reasm */
static bool reassemble(const struct frag_queue *q, struct sk_buff *skb)
{
	int ecn = frag_ecn(q->ecn);
	struct iphdr_view *iph;
	uint32_t hdrlen;
	uint8_t *data;

	if (ecn < 0 || q->runs[0].first->hdrlen + q->len > 65535)
		return false;
	data = frag_reassemble(q, skb, &hdrlen);
	if (!data)
		return false;
	iph = (struct iphdr_view *)data;
	iph->tot_len = htons((uint16_t)skb->len);
	iph->tos |= (uint8_t)ecn;
	/* The largest fragment had DF: the path carries this size, and the sender relies on it. */
	iph->frag_off = q->max_df_size == q->max_size ? htons(IP_DF) : 0;
	iph->check = 0;
	iph->check = htons(header_sum(data, hdrlen));
	return true;
}

struct fragment {
	uint16_t frag_off;
	uint8_t tos;
	uint32_t ihl, offset, end;
};

/* ip_frag_queue; true: the queue is complete, removed, and owned by the caller. */
static bool queue(struct frag_session *s, struct frag_queue *q, const struct sk_buff *skb,
		  const struct fragment *f, struct frag_piece **piece)
{
	uint32_t size = f->end - f->offset + f->ihl;

	if (!(f->frag_off & IP_MF)) {
		if (f->end < q->len || (q->flags & FRAG_LAST_IN && f->end != q->len))
			goto discard;
		q->flags |= FRAG_LAST_IN;
		q->len = f->end;
	} else if (f->end > q->len) {
		if (q->flags & FRAG_LAST_IN)
			goto discard;
		q->len = f->end;
	}
	if (f->end == f->offset)
		goto discard;
	switch (frag_insert(s, q, *piece)) {
	case FRAG_OK:
		break;
	case FRAG_DUP:
		return false;
	default:
		goto discard;
	}
	*piece = NULL;
	q->ecn |= (uint8_t)(1 << (f->tos & 3));
	q->verify |= skb->ip_summed != CHECKSUM_UNNECESSARY;
	if (!f->offset)
		q->mark = skb->mark;
	if (size > q->max_size)
		q->max_size = size;
	if (f->frag_off & IP_DF && size > q->max_df_size)
		q->max_df_size = size;
	if (!frag_complete(q))
		return false;
	frag_take(s, q);
	return true;

discard:
	frag_kill(s, q);
	return false;
}

static __cold unsigned int gather(struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct iphdr_view *iph = (const struct iphdr_view *)skb->data;
	struct fragment f = { .frag_off = ntohs(iph->frag_off),
			      .tos = iph->tos,
			      .ihl = (iph->ver_ihl & 15) * 4u };
	struct frag_key key = { .saddr = { iph->saddr },
				.daddr = { iph->daddr },
				.id = iph->id,
				.user = frag_user(skb, state),
				.protonum = iph->protocol };
	struct frag_session s;
	struct frag_queue *q;
	struct frag_piece *piece;
	bool complete = false;

	/* The header is too short to identify the datagram. */
	if (f.ihl < sizeof(*iph) || f.ihl > skb->headlen || skb->headlen > skb->len)
		return NF_ACCEPT;
	f.offset = (f.frag_off & IP_OFFSET) * 8u;
	f.end = f.offset + skb->len - f.ihl;
	if (f.frag_off & IP_MF)
		f.end &= ~7u; /* the next one begins at a multiple of 8 */
	piece = frag_piece_new(skb, f.offset ? 0 : f.ihl, f.ihl, f.offset, f.end - f.offset);
	if (!piece)
		return frag_steal(skb);
	frag_begin(&s, state->net, NFPROTO_IPV4);
	q = frag_find(&s, &key);
	if (q) {
		frag_check_distance(&s, q, load_relaxed(&state->net->ct.ipfrag_max_dist));
		complete = queue(&s, q, skb, &f, &piece);
	}
	frag_end(&s);
	free(piece);
	if (!complete)
		return frag_steal(skb);
	complete = reassemble(q, skb);
	frag_queue_free(q);
	return complete ? NF_ACCEPT : frag_steal(skb);
}

unsigned int ipv4_conntrack_defrag(void *priv __maybe_unused, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	const struct iphdr_view *iph = skb_header_pointer(skb, 0, sizeof(*iph));

	if (likely(!iph || !(iph->frag_off & htons(IP_MF | IP_OFFSET))))
		return NF_ACCEPT;
	return frag_wanted(skb) ? gather(skb, state) : NF_ACCEPT;
}
