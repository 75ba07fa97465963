/* SPDX-License-Identifier: MIT */
/*
 * IPv6 fragments (RFC 8200, 4.5), reassembled like in nf_conntrack_reasm.c.
 *
 * A fragment with a wrong header continues unchanged.  Of all others only the one
 * that completes the packet continues.  The verdict is NF_STOLEN for fragments that
 * are kept, for duplicates, for overlaps (which drop the whole packet, as RFC 5722
 * requires) and for contradictory lengths.  The kernel answers NF_DROP to the last
 * two, with the same effect.
 */
#include "core/nf_defrag.h"

#include <stdlib.h>
#include <string.h>

#define IP6_MF 0x0001

struct fragment {
	uint8_t ecn;
	bool more;
	uint32_t nhoff; /* offset of the byte that names the fragment header */
	uint32_t fhoff; /* the fragment header */
	uint32_t offset, end;
};

enum outcome { GONE, COMPLETE, AS_IT_IS };

static bool is_extension(uint8_t type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_FRAGMENT ||
	       type == IPPROTO_AH || type == IPPROTO_DSTOPTS;
}

static unsigned int extension_len(uint8_t type, const uint8_t *h)
{
	if (type == IPPROTO_FRAGMENT)
		return 8;
	return type == IPPROTO_AH ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
}

/* The first fragment header, after any other headers (find_prev_fhdr). */
static bool find_fragment_header(const struct sk_buff *skb, struct fragment *f)
{
	uint32_t off = sizeof(struct ipv6hdr_view);
	uint8_t type = skb->data[offsetof(struct ipv6hdr_view, nexthdr)];

	f->nhoff = offsetof(struct ipv6hdr_view, nexthdr);
	while (type != IPPROTO_FRAGMENT) {
		const uint8_t *h = is_extension(type) ? skb_header_pointer(skb, off, 2) : NULL;

		if (!h)
			return false;
		f->nhoff = off;
		off += extension_len(type, h);
		type = h[0];
	}
	f->fhoff = off;
	return off <= skb->len;
}

/*
 * Does the first fragment end before its transport header does (RFC 8200, 4.5;
 * ipv6frag_thdr_truncated)?
 */
static bool transport_truncated(const struct sk_buff *skb, const struct fragment *f)
{
	uint8_t type = IPPROTO_FRAGMENT;
	uint32_t off = f->fhoff;

	while (is_extension(type)) {
		const uint8_t *h = skb_header_pointer(skb, off, type == IPPROTO_FRAGMENT ? 4 : 2);

		if (!h || (type == IPPROTO_FRAGMENT && (h[2] << 8 | h[3]) & 0xfff8))
			return false;
		off += extension_len(type, h);
		type = h[0];
	}
	switch (type) {
	case IPPROTO_NONE:
		return false;
	case IPPROTO_TCP:
		return off + 20 > skb->len;
	case IPPROTO_UDP:
	case IPPROTO_ICMPV6:
		return off + 8 > skb->len;
	default:
		return off + 1 > skb->len;
	}
}

/* nf_ct_frag6_reasm */
static bool reassemble(const struct frag_queue *q, struct sk_buff *skb)
{
	uint32_t extensions = q->runs[0].first->hdrlen - (uint32_t)sizeof(struct ipv6hdr_view);
	uint32_t payload = extensions + q->len;
	int ecn = frag_ecn(q->ecn);
	uint32_t hdrlen;
	uint8_t *data;

	if (ecn < 0 || payload > 65535)
		return false;
	data = frag_reassemble(q, skb, &hdrlen);
	if (!data)
		return false;
	((struct ipv6hdr_view *)data)->payload_len = htons((uint16_t)payload);
	data[1] |= (uint8_t)(ecn << 4);
	return true;
}

/* nf_ct_frag6_queue; COMPLETE: the queue is removed and owned by the caller. */
static enum outcome queue(struct frag_session *s, struct frag_queue *q, const struct sk_buff *skb,
			  const struct fragment *f, struct frag_piece **piece)
{
	if (!f->more) {
		if (f->end < q->len || (q->flags & FRAG_LAST_IN && f->end != q->len))
			return GONE;
		q->flags |= FRAG_LAST_IN;
		q->len = f->end;
	} else {
		if (f->end & 7) {
			frag_kill(s, q);
			return AS_IT_IS;
		}
		if (f->end > q->len) {
			if (q->flags & FRAG_LAST_IN)
				return GONE;
			q->len = f->end;
		}
	}
	if (f->end == f->offset)
		return GONE;
	switch (frag_insert(s, q, *piece)) {
	case FRAG_OK:
		break;
	case FRAG_DUP:
		return GONE;
	default:
		frag_kill(s, q);
		return GONE;
	}
	*piece = NULL;
	q->ecn |= (uint8_t)(1 << f->ecn);
	q->verify |= skb->ip_summed != CHECKSUM_UNNECESSARY;
	if (!f->offset)
		q->mark = skb->mark;
	if (!frag_complete(q))
		return GONE;
	frag_take(s, q);
	return COMPLETE;
}

/* Multicast and link-local addresses are different on every link; others are not. */
static bool means_a_link(const uint8_t *addr)
{
	return addr[0] == 0xff || (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80);
}

/* Copies the fragment and inserts it; *q: the complete queue. */
static enum outcome file(struct sk_buff *skb, const struct nf_hook_state *state,
			 const struct fragment *f, struct frag_queue **q)
{
	const struct ipv6hdr_view *ip6h = (const struct ipv6hdr_view *)skb->data;
	const uint8_t *fh = skb->data + f->fhoff;
	struct frag_key key = { .user = frag_user(skb, state) };
	enum outcome outcome = GONE;
	struct frag_piece *piece;
	struct frag_session s;

	memcpy(key.saddr, ip6h->saddr, sizeof(key.saddr));
	memcpy(key.daddr, ip6h->daddr, sizeof(key.daddr));
	memcpy(&key.id, fh + 4, sizeof(key.id));
	if (means_a_link((const uint8_t *)ip6h->daddr))
		key.dev = state->in;
	piece = frag_piece_new(skb, f->offset ? 0 : f->fhoff, f->fhoff + 8, f->offset,
			       f->end - f->offset);
	if (!piece)
		return GONE;
	if (!f->offset) /* without the fragment header, the one before it names the next */
		piece->bytes[f->nhoff] = fh[0];
	frag_begin(&s, state->net, NFPROTO_IPV6);
	*q = frag_find(&s, &key);
	if (*q)
		outcome = queue(&s, *q, skb, f, &piece);
	frag_end(&s);
	free(piece);
	return outcome;
}

/* nf_ct_frag6_gather */
static __cold unsigned int gather(struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct ipv6hdr_view *ip6h = (const struct ipv6hdr_view *)skb->data;
	uint32_t payload = ntohs(ip6h->payload_len);
	struct frag_queue *q;
	struct fragment f = { .ecn = skb->data[1] >> 4 & 3 };
	const uint8_t *fh;
	bool ok;

	/* Without a length it is a jumbogram, which is never fragmented. */
	if (!payload || payload + sizeof(*ip6h) != skb->len || !find_fragment_header(skb, &f) ||
	    transport_truncated(skb, &f))
		return NF_ACCEPT;
	if (f.fhoff + 8 > skb->len)
		return NF_DROP;
	fh = skb_header_pointer(skb, f.fhoff, 8);
	if (!fh)
		return NF_ACCEPT; /* cut off by the capture */
	f.offset = (uint32_t)(fh[2] << 8 | fh[3]) & 0xfff8;
	f.more = fh[3] & IP6_MF;
	f.end = f.offset + skb->len - f.fhoff - 8;
	if (f.end > 65535)
		return frag_steal(skb);
	switch (file(skb, state, &f, &q)) {
	case GONE:
		return frag_steal(skb);
	case AS_IT_IS:
		return NF_ACCEPT;
	case COMPLETE:
		break;
	}
	ok = reassemble(q, skb);
	frag_queue_free(q);
	return ok ? NF_ACCEPT : frag_steal(skb);
}

unsigned int
ipv6_defrag(void *priv __maybe_unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct ipv6hdr_view *ip6h = skb_header_pointer(skb, 0, sizeof(*ip6h));

	if (likely(!ip6h || !is_extension(ip6h->nexthdr)))
		return NF_ACCEPT;
	return frag_wanted(skb) ? gather(skb, state) : NF_ACCEPT;
}
