/* SPDX-License-Identifier: MIT */
/*
 * Several packets, or several lookups, at once: part of the template core/conntrack.inc.h.
 *
 * A lookup waits for one line of memory after another.  Lookups of a burst do that side by side:
 * all keys are hashed, and whatever the table touches first is prefetched meanwhile
 * (table_prefetch()), before table_find_burst() looks for the first of them.
 *
 * Packets of a burst still pass the hooks one by one, so that each sees what the packets before it
 * have done.  What is done for all of them ahead is the lookup: its result travels in
 * skb->ahead with a reference, and resolve_normal_ct() takes it if it is still the answer.  It
 * may no longer be: an earlier packet of the burst may have ended that connection, or a hook
 * may have put the packet into another zone.  And what was not found may be there by now: the
 * second packet of a new flow must find what the first one confirmed, or its own confirm would
 * clash.  So a miss is not carried along; that packet looks again.
 */

/*
 * found[i] becomes the entry with key[i], of the zone and namespace of f, with a reference
 * where get says so; all as __nf_conntrack_find().  Inside a read-side section.
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
 * Is it worth looking for this packet's connection before its turn?  Not for fragments, which are
 * kept until they are whole, not for ICMP, of which errors belong to what they quote, and not for
 * what was marked before it came here.
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
		return false; /* an extension header may be a fragment's */
	}
	return ct_l4_tuple(skb, dataoff, pf, protonum, key);
}

/*
 * Looks for the connections of nr packets (at most CT_BURST), which are all on their way to
 * PRE_ROUTING: skb[i].ahead.  Inside a read-side section.
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
