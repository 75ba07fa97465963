/* SPDX-License-Identifier: MIT */
/* IPv4 (RFC 791): addresses to tuples, tuples to text. */
#include <arpa/inet.h>

#include "core/nf_conntrack_proto.h"

static bool
ipv4_pkt_to_tuple(const struct sk_buff *skb, unsigned int nhoff, struct nf_conntrack_tuple *tuple)
{
	const struct iphdr_view *iph = skb_header_pointer(skb, nhoff, sizeof(*iph));

	if (!iph)
		return false;
	tuple->src.u3.ip = iph->saddr;
	tuple->dst.u3.ip = iph->daddr;
	return true;
}

static void
ipv4_invert_tuple(struct nf_conntrack_tuple *inverse, const struct nf_conntrack_tuple *orig)
{
	inverse->src.u3.ip = orig->dst.u3.ip;
	inverse->dst.u3.ip = orig->src.u3.ip;
}

static int ipv4_print_tuple(char *buf, size_t size, const struct nf_conntrack_tuple *tuple)
{
	char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &tuple->src.u3.ip, src, sizeof(src));
	inet_ntop(AF_INET, &tuple->dst.u3.ip, dst, sizeof(dst));
	return snprintf(buf, size, "src=%s dst=%s ", src, dst);
}

/* The inline function of the packet path, for calls by pointer. */
static int ipv4_l4proto(const struct sk_buff *skb, unsigned int nhoff, unsigned int *dataoff,
			uint8_t *protonum)
{
	return ipv4_get_l4proto(skb, nhoff, dataoff, protonum);
}

const struct nf_conntrack_l3proto nf_conntrack_l3proto_ipv4 = {
	.l3proto = NFPROTO_IPV4,
	.name = "ipv4",
	.pkt_to_tuple = ipv4_pkt_to_tuple,
	.invert_tuple = ipv4_invert_tuple,
	.print_tuple = ipv4_print_tuple,
	.get_l4proto = ipv4_l4proto,
};
