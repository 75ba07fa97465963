/* SPDX-License-Identifier: MIT */
/*
 * The operations of a packet's protocols are called through pointers, as in Linux 4.11:
 * finding its transport header, its addresses, its ports, and handling it.
 *
 * These are four calls per packet.  4.11 made two more, for checks (error) and timeouts
 * (get_timeouts), which are now part of the protocol's packet function.
 */
#define CT_L4_NAME "pointer"

static __always_inline int
ct_l4_find(const struct sk_buff *skb, uint8_t pf, unsigned int *dataoff, uint8_t *protonum)
{
	return nf_ct_l3protos[nf_pf_index(pf)]->get_l4proto(skb, 0, dataoff, protonum);
}

static __always_inline const struct nf_conntrack_l4proto *ct_l4_ops(uint8_t protonum)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_protos[protonum];

	return l4 ? l4 : &nf_conntrack_l4proto_generic;
}

static __always_inline bool ct_l4_tuple(const struct sk_buff *skb, unsigned int dataoff, uint8_t pf,
					uint8_t protonum, union ct_tuple_words *t)
{
	memset(t, 0, sizeof(*t));
	t->tuple.src.l3num = pf;
	if (unlikely(!nf_ct_l3protos[nf_pf_index(pf)]->pkt_to_tuple(skb, 0, &t->tuple)))
		return false;
	t->tuple.dst.protonum = protonum;
	t->tuple.dst.dir = IP_CT_DIR_ORIGINAL;
	return ct_l4_ops(protonum)->pkt_to_tuple(skb, dataoff, &t->tuple);
}

static __always_inline int
ct_l4_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
	     enum ip_conntrack_info ctinfo, uint8_t protonum, const struct nf_hook_state *state)
{
	return ct_l4_ops(protonum)->packet(ct, skb, dataoff, ctinfo, state);
}
