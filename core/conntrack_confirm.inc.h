/* SPDX-License-Identifier: MIT */
/*
 * Confirm: the connection of a packet that passed all hooks is inserted into the
 * table, or the packet joins an entry that was inserted first.  Part of the
 * template core/conntrack.inc.h.
 */

/* Are the tuples and zones of both directions equal, directly or swapped (nf_ct_match_reverse)? */
static bool nf_ct_match(const struct nf_conn *loser, const struct nf_conn *winner, bool swapped)
{
	const struct nf_conntrack_zone a = nf_ct_zone(loser), b = nf_ct_zone(winner);

	for (unsigned int i = 0; i < IP_CT_DIR_MAX; i++) {
		enum ip_conntrack_dir dir = (enum ip_conntrack_dir)i;
		enum ip_conntrack_dir other = swapped ? !dir : dir;

		if (!nf_ct_tuple_equal(nf_ct_tuple(loser, dir), nf_ct_tuple(winner, other)) ||
		    nf_ct_zone_id(&a, dir) != nf_ct_zone_id(&b, other))
			return false;
	}
	return true;
}

/*
 * The packet joins the winner if that is the same connection, or the same with
 * directions swapped, because both ends sent at the same time
 * (__nf_ct_resolve_clash).  The caller has a reference to the winner.
 */
static __cold bool nf_ct_join(struct sk_buff *skb, struct nf_conn *winner)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *loser = nf_ct_get(skb, &ctinfo);
	const struct nf_conn_counter *counter;
	struct nf_conn_acct *acct;

	if (!nf_ct_match(loser, winner, false) && !nf_ct_match(loser, winner, true))
		return false;
	acct = nf_conn_acct_find(loser);
	if (acct) {
		counter = &acct->counter[CTINFO2DIR(ctinfo)];
		nf_ct_acct_add(winner, CTINFO2DIR(ctinfo),
			       (uint32_t)load_relaxed(&counter->packets),
			       load_relaxed(&counter->bytes));
	}
	nf_ct_set(skb, winner, ctinfo);
	nf_ct_put_fast(loser);
	return true;
}

/*
 * Only the ORIGINAL direction clashes, which zones of one direction (and NAT) can
 * cause.  The loser is inserted so that packets of the reply direction find it and
 * those of the original direction do not, and for one second only, which is longer
 * than an answer takes (nf_ct_resolve_clash_harder).
 */
static __cold bool nf_ct_resolve_clash_harder(struct sk_buff *skb, uint32_t hash)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo), *winner;
	const uint32_t timeout = load_relaxed(&ct->timeout),
		       bits = IPS_FIXED_TIMEOUT | IPS_NAT_CLASH;
	struct net *net = ct->net;
	struct ct_insert ins;

	store_relaxed(&ct->timeout, NF_CT_HZ);
	nf_ct_status_set(ct, bits);
	if (!table_insert(&ct_instance_of(net->core)->table, ct, hash,
			  nf_ct_dir_hash(ct, IP_CT_DIR_REPLY), nfct_time_stamp(net->core), &ins))
		return true;
	/* the REPLY direction clashes too: undo */
	atomic_fetch_and_explicit(&ct->status, ~bits, memory_order_relaxed);
	store_relaxed(&ct->timeout, timeout);
	if (!ins.clash)
		return false;
	winner = nf_ct_tuplehash_to_ctrack(ins.clash);
	if (nf_ct_join(skb, winner))
		return true;
	nf_ct_put_fast(winner);
	return false;
}

/*
 * Another thread has inserted the same connection, or one with one of its tuples,
 * first.  If the protocol allows it, the clash is resolved; otherwise the packet is
 * dropped.  The caller has a reference to winner.
 */
static __cold unsigned int
nf_ct_resolve_clash(struct sk_buff *skb, uint32_t hash, struct nf_conntrack_tuple_hash *winner_hash)
{
	struct nf_conn *winner = nf_ct_tuplehash_to_ctrack(winner_hash);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	struct net *net = ct->net;
	const bool allowed = nf_ct_l4proto_find(nf_ct_protonum(ct))->allow_clash;
	const bool answers = nf_ct_tuple_equal(nf_ct_tuple(winner, NF_CT_DIRECTION(winner_hash)),
					       nf_ct_tuple(ct, IP_CT_DIR_REPLY));

	if (allowed && nf_ct_join(skb, winner))
		goto resolved;
	nf_ct_put_fast(winner);
	if (allowed && !answers && nf_ct_resolve_clash_harder(skb, hash))
		goto resolved;
	ct_list_dying(&ct_instance_of(net->core)->lists, ct);
	NF_CT_STAT_INC(net, insert_failed);
	NF_CT_STAT_INC(net, drop);
	return NF_DROP;

resolved:
	NF_CT_STAT_INC(net, clash_resolve);
	return NF_ACCEPT;
}

/* Inserts the connection of a packet that passed all hooks (__nf_conntrack_confirm). */
static __cold unsigned int __nf_conntrack_confirm(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	struct net *net = ct->net;
	struct ct_insert ins;
	uint32_t hash;
	int ret;

	/* Only the packet that created the entry confirms it; an answer cannot have come before. */
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
	if (ret == -EEXIST && ins.clash)
		return nf_ct_resolve_clash(skb, hash, ins.clash);
	ct_list_dying(&ct_instance_of(net->core)->lists, ct);
	if (ret == -E2BIG)
		NF_CT_STAT_INC(net, chaintoolong);
	NF_CT_STAT_INC(net, insert_failed);
	/* -ENOSPC: a table of fixed size is full; the kernel's table has no fixed size. */
	if (ret == -EEXIST || ret == -ENOSPC)
		NF_CT_STAT_INC(net, drop);
	return NF_DROP;
}

/* A connection to confirm, or with events to send. */
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
