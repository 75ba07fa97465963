/* SPDX-License-Identifier: MIT */
/*
 * ICMPv6 (RFC 4443) and the protocols in it: node information (RFC 4620) opens
 * connections like echo; neighbour discovery (RFC 4861), multicast listener
 * discovery (RFC 2710, RFC 3810) and multicast router discovery (RFC 4286) are
 * not tracked; redirects quote a packet like errors (nf_conntrack_proto_icmpv6.c).
 */
#include <netinet/icmp6.h>

#include "core/l4_icmp.h"

#define ICMPV6_NI_QUERY	   139
#define ICMPV6_NI_REPLY	   140
#define ICMPV6_MLD2_REPORT 143
#define ICMPV6_MRDISC_ADV  151
#define ICMPV6_MRDISC_SOL  152

bool icmpv6_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
			 struct nf_conntrack_tuple *tuple)
{
	return icmp_id_to_tuple(skb, dataoff, tuple);
}

static bool
icmpv6_invert_tuple(struct nf_conntrack_tuple *inverse, const struct nf_conntrack_tuple *orig)
{
	uint8_t type;

	switch (orig->dst.u.icmp.type) {
	case ICMP6_ECHO_REQUEST:
		type = ICMP6_ECHO_REPLY;
		break;
	case ICMP6_ECHO_REPLY:
		type = ICMP6_ECHO_REQUEST;
		break;
	case ICMPV6_NI_QUERY:
		type = ICMPV6_NI_REPLY;
		break;
	case ICMPV6_NI_REPLY:
		type = ICMPV6_NI_QUERY;
		break;
	default:
		return false;
	}
	inverse->src.u.icmp.id = orig->src.u.icmp.id;
	inverse->dst.u.icmp.type = type;
	inverse->dst.u.icmp.code = orig->dst.u.icmp.code;
	return true;
}

/* Only a request opens a connection. */
int nf_conntrack_icmpv6_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
			       enum ip_conntrack_info ctinfo, const struct nf_hook_state *state)
{
	uint8_t type = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.u.icmp.type;

	(void)dataoff;
	if (state->pf != NFPROTO_IPV6 || (type != ICMP6_ECHO_REQUEST && type != ICMPV6_NI_QUERY)) {
		nf_ct_l4proto_log_invalid(state->net,
					  "it is neither a request nor the answer to a known one");
		return -NF_ACCEPT;
	}
	nf_ct_refresh_acct(ct, state->net, ctinfo, skb,
			   load_relaxed(&state->net->ct.timeouts.icmpv6[0]));
	return NF_ACCEPT;
}

static int quoted_error(struct sk_buff *skb, unsigned int inner,
			const struct nf_conntrack_zone *zone, const struct nf_hook_state *state)
{
	union nf_inet_addr daddr;

	memcpy(&daddr, skb->data + offsetof(struct ipv6hdr_view, daddr), sizeof(daddr));
	return nf_conntrack_inet_error(skb, inner, zone, state, &daddr);
}

/*
 * A redirect (RFC 4861, 4.5): two addresses, then options; the first may be the
 * beginning of the redirected packet.  It must come from the link, so its source is
 * link-local and no router has decremented its hop limit.
 */
static int redirect(struct sk_buff *skb, unsigned int dataoff, const struct ipv6hdr_view *ip6h,
		    const struct nf_conntrack_zone *zone, const struct nf_hook_state *state)
{
	const unsigned int fixed = sizeof(struct icmphdr_view) + 2 * sizeof(struct in6_addr);
	const struct icmphdr_view *ih = skb_header_pointer(skb, dataoff, fixed);
	const uint8_t *saddr = (const uint8_t *)ip6h + offsetof(struct ipv6hdr_view, saddr);
	const uint8_t *opt;

	if (!ih)
		return -NF_ACCEPT;
	if (ih->code)
		return NF_ACCEPT;
	if (ip6h->hop_limit != 255 || saddr[0] != 0xfe || (saddr[1] & 0xc0) != 0x80)
		return -NF_ACCEPT;
	opt = skb_header_pointer(skb, dataoff + fixed, 2); /* type, length */
	if (!opt || !opt[1])
		return -NF_ACCEPT;
	if (opt[0] != ND_OPT_REDIRECTED_HEADER)
		return NF_ACCEPT;
	return quoted_error(skb, dataoff + fixed + sizeof(struct nd_opt_rd_hdr), zone, state);
}

int nf_conntrack_icmpv6_error(struct sk_buff *skb, unsigned int dataoff,
			      const struct nf_conntrack_zone *zone,
			      const struct nf_hook_state *state)
{
	const struct icmphdr_view *ih = skb_header_pointer(skb, dataoff, sizeof(*ih));
	const struct ipv6hdr_view *ip6h = skb_header_pointer(skb, 0, sizeof(*ip6h));

	if (!ih || !ip6h)
		return -NF_ACCEPT;
	if (nf_ct_checksum_wanted(skb, state) && !nf_checksum_ok(skb, dataoff, IPPROTO_ICMPV6)) {
		nf_ct_l4proto_log_invalid(state->net, "its checksum is wrong");
		return -NF_ACCEPT;
	}
	switch (ih->type) {
	case MLD_LISTENER_QUERY:
	case MLD_LISTENER_REPORT:
	case MLD_LISTENER_REDUCTION:
	case ND_ROUTER_SOLICIT:
	case ND_ROUTER_ADVERT:
	case ND_NEIGHBOR_SOLICIT:
	case ND_NEIGHBOR_ADVERT:
	case ICMPV6_MLD2_REPORT:
	case ICMPV6_MRDISC_ADV:
	case ICMPV6_MRDISC_SOL:
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
		return NF_ACCEPT;
	case ND_REDIRECT:
		return redirect(skb, dataoff, ip6h, zone, state);
	default:
		if (ih->type & ICMP6_INFOMSG_MASK)
			return NF_ACCEPT;
		return quoted_error(skb, dataoff + sizeof(*ih), zone, state);
	}
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_icmpv6 = {
	.l4proto = IPPROTO_ICMPV6,
	.name = "icmpv6",
	.pkt_to_tuple = icmpv6_pkt_to_tuple,
	.invert_tuple = icmpv6_invert_tuple,
	.print_tuple = icmp_print_tuple,
	.packet = nf_conntrack_icmpv6_packet,
	.tuple_to_nlattr = nf_ct_icmpv6_tuple_to_nlattr,
	.nlattr_tuple_size = nf_ct_icmpv6_nlattr_tuple_size,
	.nlattr_to_tuple = nf_ct_icmpv6_nlattr_to_tuple,
	.nla_policy = nf_ct_icmpv6_nla_policy,
};
