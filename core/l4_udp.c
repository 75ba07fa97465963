/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768) and UDP-Lite (RFC 3828).
 *
 * UDP has no connections, so conntrack uses two observations.  Packets in both
 * directions: there is an answer.  Packets in both directions more than two seconds
 * after the first: a stream, not a single request and its answer; it lives longer
 * and is not dropped early (nf_conntrack_proto_udp.c).
 */
#include "core/conntrack.h"

#define UDP_STREAM_AFTER (2 * NF_CT_HZ)

/*
 * Unconfirmed: the time of a stream starts with the packet that creates the
	 * connection.
 */
static __always_inline int udp_track(struct nf_conn *ct, struct sk_buff *skb,
				     enum ip_conntrack_info ctinfo, const struct net *net)
{
	uint32_t status = nf_ct_status(ct); /* read once: it may change concurrently */
	uint32_t now = nfct_time_stamp(net->core);
	bool stream = false;

	if (unlikely(!(status & IPS_CONFIRMED)))
		store_relaxed(&ct->proto.udp.stream_ts, now + UDP_STREAM_AFTER);
	if (status & IPS_SEEN_REPLY)
		stream = (int32_t)(now - load_relaxed(&ct->proto.udp.stream_ts)) > 0;
	nf_ct_refresh_acct(
		ct, net, ctinfo, skb,
		load_relaxed(&net->ct.timeouts.udp[stream ? UDP_CT_REPLIED : UDP_CT_UNREPLIED]));
	/* Entries kept only until a clash is over never become assured. */
	if (unlikely(stream && !(status & (IPS_ASSURED | IPS_NAT_CLASH))))
		nf_ct_set_assured(ct);
	return NF_ACCEPT;
}

/* udp_error: impossible lengths, and a wrong checksum. */
static __always_inline bool
udp_broken(const struct sk_buff *skb, unsigned int dataoff, const struct nf_hook_state *state)
{
	const struct udphdr_view *uh = skb_header_pointer(skb, dataoff, sizeof(*uh));
	unsigned int len;

	if (unlikely(!uh))
		return true;
	len = ntohs(uh->len);
	if (unlikely(len > skb->len - dataoff || len < sizeof(*uh)))
		return true;
	if (!uh->check) /* the sender computed none */
		return false;
	return nf_ct_checksum_wanted(skb, state) && !nf_checksum_ok(skb, dataoff, IPPROTO_UDP);
}

int nf_conntrack_udp_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
			    enum ip_conntrack_info ctinfo, const struct nf_hook_state *state)
{
	if (unlikely(udp_broken(skb, dataoff, state))) {
		nf_ct_l4proto_log_invalid(
			state->net,
			"its header is short, its length is impossible, or its checksum is wrong");
		return -NF_ACCEPT;
	}
	return udp_track(ct, skb, ctinfo, state->net);
}

/*
 * The length field says how many bytes the checksum covers, 0: all; a checksum is
 * mandatory.  Linux (6.18) uses UDP's protocol number in the pseudo header instead of
 * UDP-Lite's, so with nf_conntrack_checksum it treats every correct packet as wrong;
 * we do the same.
 */
static bool
udplite_broken(const struct sk_buff *skb, unsigned int dataoff, const struct nf_hook_state *state)
{
	const struct udphdr_view *uh = skb_header_pointer(skb, dataoff, sizeof(*uh));
	unsigned int covered, len = skb->len - dataoff;

	if (!uh)
		return true;
	covered = ntohs(uh->len);
	if (!covered)
		covered = len;
	else if (covered < sizeof(*uh) || covered > len)
		return true;
	if (!uh->check)
		return true;
	return nf_ct_checksum_wanted(skb, state) &&
	       !nf_checksum_ok_part(skb, dataoff, covered, IPPROTO_UDP);
}

/* Simpler than UDP: an answer makes a stream. */
static int udplite_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
			  enum ip_conntrack_info ctinfo, const struct nf_hook_state *state)
{
	const _Atomic uint32_t *timeouts = state->net->ct.timeouts.udp;
	uint32_t status = nf_ct_status(ct);
	bool stream = status & IPS_SEEN_REPLY;

	if (udplite_broken(skb, dataoff, state)) {
		nf_ct_l4proto_log_invalid(state->net, "its header is short, its coverage is "
						      "impossible, or its checksum is wrong");
		return -NF_ACCEPT;
	}
	nf_ct_refresh_acct(ct, state->net, ctinfo, skb,
			   load_relaxed(&timeouts[stream ? UDP_CT_REPLIED : UDP_CT_UNREPLIED]));
	if (stream && !(status & (IPS_ASSURED | IPS_NAT_CLASH)))
		nf_ct_set_assured(ct);
	return NF_ACCEPT;
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_udp = {
	.l4proto = IPPROTO_UDP,
	.name = "udp",
	.pkt_to_tuple = nf_ct_ports_pkt_to_tuple,
	.invert_tuple = nf_ct_ports_invert_tuple,
	.print_tuple = nf_ct_ports_print_tuple,
	.packet = nf_conntrack_udp_packet,
	.allow_clash = true,
	NF_CT_PORT_NLATTR,
};

const struct nf_conntrack_l4proto nf_conntrack_l4proto_udplite = {
	.l4proto = IPPROTO_UDPLITE,
	.name = "udplite",
	.pkt_to_tuple = nf_ct_ports_pkt_to_tuple,
	.invert_tuple = nf_ct_ports_invert_tuple,
	.print_tuple = nf_ct_ports_print_tuple,
	.packet = udplite_packet,
	.allow_clash = true,
	NF_CT_PORT_NLATTR,
};
