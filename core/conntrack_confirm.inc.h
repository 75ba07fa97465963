/* SPDX-License-Identifier: MIT */
/*
 * Confirm: the connection of a packet that got through goes into the table, or
 * its packet joins another that was faster.  Part of the template
 * core/conntrack.inc.h.
 */
/*
 * Somebody else put the same connection in first.  A protocol that allows it
 * joins the packet to the winner's entry (__nf_ct_resolve_clash); others lose
 * the packet.  winner comes with a reference.
 */
static __cold unsigned int nf_ct_resolve_clash(struct sk_buff *skb,
					       struct nf_conntrack_tuple_hash *winner_hash)
{
	struct nf_conn *winner = nf_ct_tuplehash_to_ctrack(winner_hash);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *loser = nf_ct_get(skb, &ctinfo);
	struct net *net = loser->net;
	struct nf_conntrack_zone a = nf_ct_zone(loser), b = nf_ct_zone(winner);
	const struct nf_conn_counter *counter;
	struct nf_conn_acct *acct;
	bool same;

	if (!nf_ct_l4proto_find(nf_ct_protonum(loser))->allow_clash)
		goto drop;
	same = nf_ct_tuple_equal(nf_ct_tuple(loser, IP_CT_DIR_ORIGINAL),
				 nf_ct_tuple(winner, IP_CT_DIR_ORIGINAL)) &&
	       nf_ct_tuple_equal(nf_ct_tuple(loser, IP_CT_DIR_REPLY),
				 nf_ct_tuple(winner, IP_CT_DIR_REPLY)) &&
	       nf_ct_zone_id(&a, IP_CT_DIR_ORIGINAL) == nf_ct_zone_id(&b, IP_CT_DIR_ORIGINAL) &&
	       nf_ct_zone_id(&a, IP_CT_DIR_REPLY) == nf_ct_zone_id(&b, IP_CT_DIR_REPLY);
	/*
	 * Both ends spoke at once: the same connection with the directions swapped
	 * (nf_ct_match_reverse).
	 */
	same = same ||
	       (nf_ct_tuple_equal(nf_ct_tuple(loser, IP_CT_DIR_ORIGINAL),
				  nf_ct_tuple(winner, IP_CT_DIR_REPLY)) &&
		nf_ct_tuple_equal(nf_ct_tuple(loser, IP_CT_DIR_REPLY),
				  nf_ct_tuple(winner, IP_CT_DIR_ORIGINAL)) &&
		nf_ct_zone_id(&a, IP_CT_DIR_ORIGINAL) == nf_ct_zone_id(&b, IP_CT_DIR_REPLY) &&
		nf_ct_zone_id(&a, IP_CT_DIR_REPLY) == nf_ct_zone_id(&b, IP_CT_DIR_ORIGINAL));
	if (!same)
		goto drop;
	acct = nf_conn_acct_find(loser);
	if (acct) {
		counter = &acct->counter[CTINFO2DIR(ctinfo)];
		nf_ct_acct_add(winner, CTINFO2DIR(ctinfo),
			       (uint32_t)load_relaxed(&counter->packets),
			       load_relaxed(&counter->bytes));
	}
	nf_ct_set(skb, winner, ctinfo);
	nf_ct_put_fast(loser);
	NF_CT_STAT_INC(net, clash_resolve);
	return NF_ACCEPT;

drop:
	nf_ct_put_fast(winner);
	NF_CT_STAT_INC(net, insert_failed);
	NF_CT_STAT_INC(net, drop);
	return NF_DROP;
}

/* The connection of a packet that got through goes into the table (__nf_conntrack_confirm). */
static __cold unsigned int __nf_conntrack_confirm(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	struct net *net = ct->net;
	struct ct_insert ins;
	uint32_t hash;
	int ret;

	/* Only the packet that made the entry confirms it; an answer cannot have come before. */
	if (CTINFO2DIR(ctinfo) != IP_CT_DIR_ORIGINAL)
		return NF_ACCEPT;
	hash = (uint32_t)load_relaxed(&ct->tuplehash[IP_CT_DIR_REPLY].hnnode.pprev);
	ct_list_del(&ct_instance_of(net->core)->lists, ct);
	ret = table_insert(&ct_instance_of(net->core)->table, ct, hash,
			   nf_ct_dir_hash(ct, IP_CT_DIR_REPLY), nfct_time_stamp(net->core), &ins);
	if (likely(!ret)) {
		if (nf_ct_status(ct) & CT_HELP)
			nf_conntrack_event_cache(ct, IPCT_HELPER);
		nf_conntrack_event_cache(ct, ct->master ? IPCT_RELATED : IPCT_NEW);
		return NF_ACCEPT;
	}
	ct_list_dying(&ct_instance_of(net->core)->lists, ct);
	if (ret == -EEXIST && ins.clash)
		return nf_ct_resolve_clash(skb, ins.clash);
	if (ret == -E2BIG)
		NF_CT_STAT_INC(net, chaintoolong);
	NF_CT_STAT_INC(net, insert_failed);
	if (ret == -EEXIST)
		NF_CT_STAT_INC(net, drop);
	return NF_DROP;
}

/* A connection to confirm, or with events to tell. */
static __cold unsigned int nf_conntrack_confirm_seldom(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	unsigned int verdict = NF_ACCEPT;

	if (!(nf_ct_status(nf_ct_get(skb, &ctinfo)) & (IPS_CONFIRMED | IPS_TEMPLATE)))
		verdict = __nf_conntrack_confirm(skb);
	/* After a clash the packet's connection is the winner. */
	if (verdict == NF_ACCEPT && nf_ct_status(nf_ct_get(skb, &ctinfo)) & CT_ECACHE)
		nf_ct_deliver_cached_events(nf_ct_get(skb, &ctinfo));
	return verdict;
}

static __always_inline unsigned int nf_conntrack_confirm(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (ct && unlikely((nf_ct_status(ct) & (IPS_CONFIRMED | CT_ECACHE)) != IPS_CONFIRMED))
		return nf_conntrack_confirm_seldom(skb);
	return NF_ACCEPT;
}
