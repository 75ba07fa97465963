/* SPDX-License-Identifier: MIT */
/*
 * ICMP (RFC 792): requests that have an answer open connections, errors belong to
 * the connection of the packet that they quote (nf_conntrack_proto_icmp.c).
 */
#include <netinet/ip_icmp.h>

#include "core/l4_icmp.h"

/* The type that answers a type, or that it answers, plus one; 0: none. */
static const uint8_t inverse_type[] = {
	[ICMP_ECHO] = ICMP_ECHOREPLY + 1,	    [ICMP_ECHOREPLY] = ICMP_ECHO + 1,
	[ICMP_TIMESTAMP] = ICMP_TIMESTAMPREPLY + 1, [ICMP_TIMESTAMPREPLY] = ICMP_TIMESTAMP + 1,
	[ICMP_INFO_REQUEST] = ICMP_INFO_REPLY + 1,  [ICMP_INFO_REPLY] = ICMP_INFO_REQUEST + 1,
	[ICMP_ADDRESS] = ICMP_ADDRESSREPLY + 1,	    [ICMP_ADDRESSREPLY] = ICMP_ADDRESS + 1,
};

bool icmp_id_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		      struct nf_conntrack_tuple *tuple)
{
	const struct icmphdr_view *ih = skb_header_pointer(skb, dataoff, sizeof(*ih));

	if (!ih)
		return false;
	tuple->src.u.icmp.id = ih->id;
	tuple->dst.u.icmp.type = ih->type;
	tuple->dst.u.icmp.code = ih->code;
	return true;
}

bool icmp_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		       struct nf_conntrack_tuple *tuple)
{
	return icmp_id_to_tuple(skb, dataoff, tuple);
}

static bool
icmp_invert_tuple(struct nf_conntrack_tuple *inverse, const struct nf_conntrack_tuple *orig)
{
	uint8_t type = orig->dst.u.icmp.type;

	if (type >= ARRAY_SIZE(inverse_type) || !inverse_type[type])
		return false;
	inverse->src.u.icmp.id = orig->src.u.icmp.id;
	inverse->dst.u.icmp.type = inverse_type[type] - 1;
	inverse->dst.u.icmp.code = orig->dst.u.icmp.code;
	return true;
}

int icmp_print_tuple(char *buf, size_t size, const struct nf_conntrack_tuple *tuple)
{
	return snprintf(buf, size, "type=%u code=%u id=%u ", tuple->dst.u.icmp.type,
			tuple->dst.u.icmp.code, ntohs(tuple->src.u.icmp.id));
}

static bool is_request(uint8_t type)
{
	return type == ICMP_ECHO || type == ICMP_TIMESTAMP || type == ICMP_INFO_REQUEST ||
	       type == ICMP_ADDRESS;
}

/* Only a request opens a connection; an answer without one is invalid. */
int nf_conntrack_icmp_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
			     enum ip_conntrack_info ctinfo, const struct nf_hook_state *state)
{
	(void)dataoff;
	if (state->pf != NFPROTO_IPV4 ||
	    !is_request(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.u.icmp.type)) {
		nf_ct_l4proto_log_invalid(state->net,
					  "it is neither a request nor the answer to a known one");
		return -NF_ACCEPT;
	}
	nf_ct_refresh_acct(ct, state->net, ctinfo, skb,
			   load_relaxed(&state->net->ct.timeouts.icmp[0]));
	return NF_ACCEPT;
}

int nf_conntrack_inet_error(struct sk_buff *skb, unsigned int inner,
			    const struct nf_conntrack_zone *zone, const struct nf_hook_state *state,
			    const union nf_inet_addr *outer_daddr)
{
	const struct nf_conntrack_ops *ops = state->net->core->ops;
	struct nf_conntrack_tuple answer;
	union ct_tuple_words quoted;
	struct nf_conntrack_tuple_hash *h;
	enum ip_conntrack_dir dir;
	unsigned int dataoff;
	struct nf_conn *ct;
	uint8_t protonum;

	if (get_l4proto(skb, inner, state->pf, &dataoff, &protonum) ||
	    !nf_ct_get_tuple(skb, inner, dataoff, state->pf, protonum, &quoted)) {
		nf_ct_l4proto_log_invalid(state->net,
					  "it quotes no packet, or too few bytes of one");
		return -NF_ACCEPT;
	}
	/*
	 * The error has the direction of the answers to the quoted packet, so their node
	 * gives the direction.
	 */
	if (!nf_ct_invert_tuple(&answer, &quoted.tuple)) {
		nf_ct_l4proto_log_invalid(state->net, "the packet that it quotes has no answer");
		return -NF_ACCEPT;
	}
	h = ops->find_get(state->net, zone, &answer);
	if (!h) {
		nf_ct_l4proto_log_invalid(state->net,
					  "it quotes a packet of an unknown connection");
		return -NF_ACCEPT;
	}
	ct = nf_ct_tuplehash_to_ctrack(h);
	dir = NF_CT_DIRECTION(h);
	if (memcmp(outer_daddr, &nf_ct_tuple(ct, dir)->dst.u3, sizeof(*outer_daddr))) {
		ops->put(ct);
		nf_ct_l4proto_log_invalid(state->net,
					  "its destination is not the source of the quoted packet");
		return -NF_ACCEPT;
	}
	nf_ct_set(skb, ct, dir == IP_CT_DIR_REPLY ? IP_CT_RELATED_REPLY : IP_CT_RELATED);
	return NF_ACCEPT;
}

int nf_conntrack_icmpv4_error(struct sk_buff *skb, unsigned int dataoff,
			      const struct nf_conntrack_zone *zone,
			      const struct nf_hook_state *state)
{
	const struct icmphdr_view *ih = skb_header_pointer(skb, dataoff, sizeof(*ih));
	const struct iphdr_view *iph = skb_header_pointer(skb, 0, sizeof(*iph));
	union nf_inet_addr outer_daddr = { .all = { 0 } };

	if (!ih || !iph)
		return -NF_ACCEPT;
	if (nf_ct_checksum_wanted(skb, state) && !nf_checksum_ok(skb, dataoff, IPPROTO_ICMP)) {
		nf_ct_l4proto_log_invalid(state->net, "its checksum is wrong");
		return -NF_ACCEPT;
	}
	switch (ih->type) {
	case ICMP_DEST_UNREACH:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		outer_daddr.ip = iph->daddr;
		return nf_conntrack_inet_error(skb, dataoff + sizeof(*ih), zone, state,
					       &outer_daddr);
	default:
		/* RFC 1122, 3.2.2: unknown types are discarded; the kernel knows up to 18 */
		return ih->type > NR_ICMP_TYPES ? -(int)NF_ACCEPT : (int)NF_ACCEPT;
	}
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_icmp = {
	.l4proto = IPPROTO_ICMP,
	.name = "icmp",
	.pkt_to_tuple = icmp_pkt_to_tuple,
	.invert_tuple = icmp_invert_tuple,
	.print_tuple = icmp_print_tuple,
	.packet = nf_conntrack_icmp_packet,
	.tuple_to_nlattr = nf_ct_icmp_tuple_to_nlattr,
	.nlattr_tuple_size = nf_ct_icmp_nlattr_tuple_size,
	.nlattr_to_tuple = nf_ct_icmp_nlattr_to_tuple,
	.nla_policy = nf_ct_icmp_nla_policy,
};
