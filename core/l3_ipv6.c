/* SPDX-License-Identifier: MIT */
/*
 * IPv6 (RFC 8200): addresses to tuples, tuples to text, and skipping the extension
 * headers to find the transport header.
 */
#include "core/nf_conntrack_proto.h"
#include "core/text.h"

static bool
ipv6_pkt_to_tuple(const struct sk_buff *skb, unsigned int nhoff, struct nf_conntrack_tuple *tuple)
{
	const char *ip6h = skb_header_pointer(skb, nhoff, sizeof(struct ipv6hdr_view));

	if (!ip6h)
		return false;
	memcpy(&tuple->src.u3, ip6h + offsetof(struct ipv6hdr_view, saddr), 16);
	memcpy(&tuple->dst.u3, ip6h + offsetof(struct ipv6hdr_view, daddr), 16);
	return true;
}

static void
ipv6_invert_tuple(struct nf_conntrack_tuple *inverse, const struct nf_conntrack_tuple *orig)
{
	inverse->src.u3 = orig->dst.u3;
	inverse->dst.u3 = orig->src.u3;
}

/* All eight groups with all digits, like the kernel's %pI6. */
static void add_address(struct ct_text *t, const char *name, const union nf_inet_addr *addr)
{
	uint16_t group[8];

	memcpy(group, addr, sizeof(group));
	ct_text_add(t, "%s=", name);
	for (unsigned int i = 0; i < 8; i++)
		ct_text_add(t, "%04x%c", ntohs(group[i]), i < 7 ? ':' : ' ');
}

static int ipv6_print_tuple(char *buf, size_t size, const struct nf_conntrack_tuple *tuple)
{
	struct ct_text t = { buf, size, 0 };

	add_address(&t, "src", &tuple->src.u3);
	add_address(&t, "dst", &tuple->dst.u3);
	return t.len;
}

/* The length of the extension header at off; 0 if its first bytes are missing. */
static unsigned int
exthdr_len(const struct sk_buff *skb, unsigned int off, uint8_t type, uint8_t *next)
{
	const uint8_t *h = skb_header_pointer(skb, off, 2);

	if (!h)
		return 0;
	*next = h[0];
	switch (type) {
	case IPPROTO_FRAGMENT:
		return 8;
	case IPPROTO_AH:
		return (h[1] + 2u) * 4; /* RFC 4302: words, less two */
	default:
		return (h[1] + 1u) * 8;
	}
}

/*
 * Skips hop-by-hop, routing, destination options, authentication and fragment
 * headers in any order and number (the kernel's ipv6_skip_exthdr).  Fails on
 * "no next header", on a later fragment, which has no transport header, and on an
 * incomplete header.
 */
int ipv6_get_l4proto(const struct sk_buff *skb, unsigned int nhoff, unsigned int *dataoff,
		     uint8_t *protonum)
{
	const struct ipv6hdr_view *ip6h = skb_header_pointer(skb, nhoff, sizeof(*ip6h));
	unsigned int off = nhoff + sizeof(*ip6h), len;
	uint8_t type, next;

	if (!ip6h)
		return -1;
	for (type = ip6h->nexthdr;; type = next, off += len) {
		switch (type) {
		case IPPROTO_FRAGMENT: {
			const uint8_t *frag_off = skb_header_pointer(skb, off + 2, 2);

			if (!frag_off || (frag_off[0] << 8 | frag_off[1]) & 0xfff8)
				return -1;
			break;
		}
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case IPPROTO_AH:
			break;
		case IPPROTO_NONE:
			return -1;
		default:
			*dataoff = off;
			*protonum = type;
			return 0;
		}
		len = exthdr_len(skb, off, type, &next);
		if (!len)
			return -1;
	}
}

const struct nf_conntrack_l3proto nf_conntrack_l3proto_ipv6 = {
	.l3proto = NFPROTO_IPV6,
	.name = "ipv6",
	.pkt_to_tuple = ipv6_pkt_to_tuple,
	.invert_tuple = ipv6_invert_tuple,
	.print_tuple = ipv6_print_tuple,
	.get_l4proto = ipv6_get_l4proto,
};
