/* SPDX-License-Identifier: MIT */
/*
 * A switch selects the operations of a packet's protocols, and those of the common ones
 * are inlined, as in Linux since 5.x: no calls through pointers, which mitigations of
 * speculation attacks have made expensive.
 */
#define CT_L4_NAME "switch"

static __always_inline int
ct_l4_find(const struct sk_buff *skb, uint8_t pf, unsigned int *dataoff, uint8_t *protonum)
{
	return get_l4proto(skb, 0, pf, dataoff, protonum);
}

static __always_inline bool ct_l4_tuple(const struct sk_buff *skb, unsigned int dataoff, uint8_t pf,
					uint8_t protonum, union ct_tuple_words *t)
{
	return nf_ct_get_tuple(skb, 0, dataoff, pf, protonum, t);
}

/* nf_conntrack_handle_packet */
static __always_inline int
ct_l4_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
	     enum ip_conntrack_info ctinfo, uint8_t protonum, const struct nf_hook_state *state)
{
	switch (protonum) {
	case IPPROTO_TCP:
		return nf_conntrack_tcp_packet(ct, skb, dataoff, ctinfo, state);
	case IPPROTO_UDP:
		return nf_conntrack_udp_packet(ct, skb, dataoff, ctinfo, state);
	default:
		return nf_ct_l4proto_find(protonum)->packet(ct, skb, dataoff, ctinfo, state);
	}
}
