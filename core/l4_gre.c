/* SPDX-License-Identifier: MIT */
/*
 * GRE (RFC 2784): one connection between two addresses, for any payload.  Enhanced
 * GRE (RFC 2637) is PPTP's: connections differ by call id, and it is valid only if it
 * carries PPP (nf_conntrack_proto_gre.c).
 */
#include "core/conntrack.h"

#define GRE_VERSION_MASK 0x07
#define GRE_PROTO_PPP	 0x880b

struct grehdr_view {
	uint8_t flags, version; /* version: the lower three bits */
	uint16_t protocol;
	uint16_t payload_len, call_id; /* enhanced GRE only */
} __attribute__((packed));

static bool
gre_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff, struct nf_conntrack_tuple *tuple)
{
	const struct grehdr_view *gh =
		skb_header_pointer(skb, dataoff, offsetof(struct grehdr_view, payload_len));

	/* keys 0: nothing distinguishes connections of the same addresses */
	if (!gh || (gh->version & GRE_VERSION_MASK) != 1)
		return true;
	gh = skb_header_pointer(skb, dataoff, sizeof(*gh));
	if (!gh)
		return true;
	if (gh->protocol != htons(GRE_PROTO_PPP))
		return false;
	/* only the PPTP control connection knows the other direction's call id */
	tuple->dst.u.gre.key = gh->call_id;
	return true;
}

static int gre_print_tuple(char *buf, size_t size, const struct nf_conntrack_tuple *tuple)
{
	return snprintf(buf, size, "srckey=0x%x dstkey=0x%x ", ntohs(tuple->src.u.gre.key),
			ntohs(tuple->dst.u.gre.key));
}

static int gre_print_conntrack(char *buf, size_t size, const struct nf_conn *ct)
{
	return snprintf(buf, size, "timeout=%u, stream_timeout=%u ",
			ct->proto.gre.timeout / NF_CT_HZ, ct->proto.gre.stream_timeout / NF_CT_HZ);
}

/* Each connection has its own timeouts, so that a PPTP helper could increase them. */
static int gre_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
		      enum ip_conntrack_info ctinfo, const struct nf_hook_state *state)
{
	const _Atomic uint32_t *timeouts = state->net->ct.timeouts.gre;
	uint32_t status = nf_ct_status(ct);

	(void)dataoff;
	if (!(status & IPS_CONFIRMED)) {
		ct->proto.gre.timeout = load_relaxed(&timeouts[GRE_CT_UNREPLIED]);
		ct->proto.gre.stream_timeout = load_relaxed(&timeouts[GRE_CT_REPLIED]);
	}
	if (!(status & IPS_SEEN_REPLY)) {
		nf_ct_refresh_acct(ct, state->net, ctinfo, skb, ct->proto.gre.timeout);
		return NF_ACCEPT;
	}
	nf_ct_refresh_acct(ct, state->net, ctinfo, skb, ct->proto.gre.stream_timeout);
	if (!(status & (IPS_ASSURED | IPS_NAT_CLASH)))
		nf_ct_set_assured(ct);
	return NF_ACCEPT;
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_gre = {
	.l4proto = IPPROTO_GRE,
	.name = "gre",
	.pkt_to_tuple = gre_pkt_to_tuple,
	.invert_tuple = nf_ct_ports_invert_tuple,
	.print_tuple = gre_print_tuple,
	.print_conntrack = gre_print_conntrack,
	.packet = gre_packet,
	.allow_clash = true,
	NF_CT_PORT_NLATTR,
};
