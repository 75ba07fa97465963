/* SPDX-License-Identifier: MIT */
/*
 * All protocols without a tracker: a connection is identified by addresses and
 * protocol number only (nf_conntrack_proto_generic.c; since Linux 6.16 also DCCP).
 */
#include "core/conntrack.h"

static bool generic_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
				 struct nf_conntrack_tuple *tuple)
{
	(void)skb;
	(void)dataoff;
	(void)tuple; /* cleared before: no ports */
	return true;
}

static int generic_print_tuple(char *buf, size_t size, const struct nf_conntrack_tuple *tuple)
{
	(void)tuple;
	return snprintf(buf, size, "%s", "");
}

int nf_conntrack_generic_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
				enum ip_conntrack_info ctinfo, const struct nf_hook_state *state)
{
	(void)dataoff;
	nf_ct_refresh_acct(ct, state->net, ctinfo, skb,
			   load_relaxed(&state->net->ct.timeouts.generic[0]));
	return NF_ACCEPT;
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_generic = {
	.l4proto = 255,
	.name = "unknown",
	.pkt_to_tuple = generic_pkt_to_tuple,
	.invert_tuple = nf_ct_ports_invert_tuple,
	.print_tuple = generic_print_tuple,
	.packet = nf_conntrack_generic_packet,
	.allow_clash = true,
};
