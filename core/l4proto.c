/* SPDX-License-Identifier: MIT */
/* The operations of each protocol number, and those that protocols with ports share. */
#include "core/nf_conntrack_proto.h"

const struct nf_conntrack_l3proto *const nf_ct_l3protos[2] = {
	&nf_conntrack_l3proto_ipv4,
	&nf_conntrack_l3proto_ipv6,
};

const struct nf_conntrack_l4proto *const nf_ct_protos[256] = {
	[IPPROTO_TCP] = &nf_conntrack_l4proto_tcp,
	[IPPROTO_UDP] = &nf_conntrack_l4proto_udp,
	[IPPROTO_UDPLITE] = &nf_conntrack_l4proto_udplite,
	[IPPROTO_SCTP] = &nf_conntrack_l4proto_sctp,
	[IPPROTO_GRE] = &nf_conntrack_l4proto_gre,
	[IPPROTO_ICMP] = &nf_conntrack_l4proto_icmp,
	[IPPROTO_ICMPV6] = &nf_conntrack_l4proto_icmpv6,
};

const struct nf_conntrack_l3proto *nf_ct_l3proto_find(uint16_t l3proto)
{
	switch (l3proto) {
	case NFPROTO_IPV4:
		return &nf_conntrack_l3proto_ipv4;
	case NFPROTO_IPV6:
		return &nf_conntrack_l3proto_ipv6;
	default:
		return NULL;
	}
}

const struct nf_conntrack_l4proto *nf_ct_l4proto_find(uint8_t l4proto)
{
	switch (l4proto) {
	case IPPROTO_TCP:
		return &nf_conntrack_l4proto_tcp;
	case IPPROTO_UDP:
		return &nf_conntrack_l4proto_udp;
	case IPPROTO_UDPLITE:
		return &nf_conntrack_l4proto_udplite;
	case IPPROTO_SCTP:
		return &nf_conntrack_l4proto_sctp;
	case IPPROTO_GRE:
		return &nf_conntrack_l4proto_gre;
	case IPPROTO_ICMP:
		return &nf_conntrack_l4proto_icmp;
	case IPPROTO_ICMPV6:
		return &nf_conntrack_l4proto_icmpv6;
	default:
		return &nf_conntrack_l4proto_generic;
	}
}

bool nf_ct_ports_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
			      struct nf_conntrack_tuple *tuple)
{
	return ports_pkt_to_tuple(skb, dataoff, tuple);
}

bool nf_ct_ports_invert_tuple(struct nf_conntrack_tuple *inverse,
			      const struct nf_conntrack_tuple *orig)
{
	inverse->src.u.all = orig->dst.u.all;
	inverse->dst.u.all = orig->src.u.all;
	return true;
}

int nf_ct_ports_print_tuple(char *buf, size_t size, const struct nf_conntrack_tuple *tuple)
{
	return snprintf(buf, size, "sport=%u dport=%u ", ntohs(tuple->src.u.all),
			ntohs(tuple->dst.u.all));
}
