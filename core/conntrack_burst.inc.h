/* SPDX-License-Identifier: MIT */
/*
 * Several packets, or several lookups, at once: part of the template core/conntrack.inc.h.
 *
 * A lookup waits for one line of memory after another.  Lookups of a burst wait for several lines
 * at once: all keys are hashed, and the line that the table reads first for each is prefetched
 * meanwhile (table_prefetch()), before table_find_burst() looks up the first of them.
 *
 * Packets of a burst still pass the hooks one by one, so that each sees the effects of the packets
 * before it.  Only the lookup is done ahead for all of them: its result is kept in skb->ahead with
 * a reference, and resolve_normal_ct() uses it if it is still right.  It may be wrong by then: an
 * earlier packet of the burst may have ended that connection, or a hook may have put the packet
 * into another zone.  And an entry that was not found may exist by then: the second packet of a
 * new flow must find the entry that the first one confirmed, or its own confirm would clash.  So
 * a miss is not kept: that packet is looked up again.
 */

/*
 * Sets found[i] to the entry with key[i], in the zone and namespace of f, with a reference if `get`
 * is set; all as in __nf_conntrack_find().  Inside a read-side section.
 */
static __always_inline void
__nf_conntrack_find_burst(struct net *net, struct ct_find *f, struct ct_burst *b, const bool get)
{
	f->restarts = 0;
	table_find_burst(&ct_instance_of(net->core)->table, f, b, get);
	if (CT_FLAGS & CT_V_NULL)
		return;
	if (unlikely(f->restarts))
		NF_CT_STAT_ADD(net, search_restart, f->restarts);
	if (unlikely(f->nr_expired))
		nf_ct_gc_found(f);
}

/*
 * Should this packet's connection be looked up ahead?  Not for fragments, which are kept until the
 * datagram is complete; not for ICMP, because errors belong to the connection they quote; and not
 * for packets that were marked before.
 */
static __always_inline bool
ct_ahead_key(const struct sk_buff *skb, uint8_t pf, union ct_tuple_words *key)
{
	unsigned int dataoff;
	uint8_t protonum;

	if (unlikely(skb->_nfct || ct_l4_find(skb, pf, &dataoff, &protonum) < 0 ||
		     protonum == IPPROTO_ICMP || protonum == IPPROTO_ICMPV6))
		return false;
	if (pf == NFPROTO_IPV4) {
		const struct iphdr_view *iph = skb_header_pointer(skb, 0, sizeof(*iph));

		if (unlikely(iph->frag_off & htons(0x3fff)))
			return false;
	} else if (unlikely(dataoff != sizeof(struct ipv6hdr_view))) {
		return false; /* one of the extension headers may be a fragment header */
	}
	return ct_l4_tuple(skb, dataoff, pf, protonum, key);
}

/*
 * Looks up the connections of nr packets (at most CT_BURST) before they reach PRE_ROUTING, into
 * skb[i].ahead.  Inside a read-side section.
 */
static __always_inline void ct_find_ahead(struct net *net, struct sk_buff *skb, unsigned int nr)
{
	uint8_t packet[CT_BURST];
	struct ct_burst b;
	struct ct_find f;

	ct_find_init(&f, net, &nf_ct_zone_dflt);
	b.nr = 0;
	for (unsigned int i = 0; i < nr; i++) {
		const uint8_t pf = skb[i].protocol == ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6;

		if (unlikely(!ct_ahead_key(&skb[i], pf, &b.key[b.nr])))
			continue;
		b.hash[b.nr] = hash_conntrack_raw(&b.key[b.nr], NF_CT_DEFAULT_ZONE_ID, net);
		table_prefetch(&ct_instance_of(net->core)->table, b.hash[b.nr]);
		packet[b.nr++] = (uint8_t)i;
	}
	__nf_conntrack_find_burst(net, &f, &b, true);
	for (unsigned int k = 0; k < b.nr; k++)
		skb[packet[k]].ahead = b.found[k];
}
