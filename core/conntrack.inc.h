/* SPDX-License-Identifier: MIT */
/*
 * conntrack's hot path, a template (net/netfilter/nf_conntrack_core.c).
 *
 * Each variant's translation unit includes it once, after its table.  It uses
 * these, which the unit has defined before:
 *
 *   struct ct_instance		core, table, pool of nodes, lists
 *   ct_read_lock() ...		read-side sections of the variant's RCU flavour
 *   ct_hash()			hash of a tuple
 *   ct_l4_find(), ct_l4_tuple(), ct_l4_packet()
 *				a packet's protocols
 *   ct_list_unconfirmed(), ct_list_dying(), ct_list_del()
 *				connections outside the table
 *   node_alloc(), node_free()	memory of a connection
 *   table_find(), table_prefetch(), table_find_burst(), table_insert(),
 *   table_remove(), table_collect(), table_collect_near(), table_scan_size()
 *
 * Its parts are conntrack_end.inc.h, conntrack_burst.inc.h, conntrack_new.inc.h and
 * conntrack_confirm.inc.h, each after those that it needs.  All is one unit, so that the
 * compiler sees one straight path from the packet to the bucket.
 */
#include "core/nf_defrag.h"

static __always_inline struct ct_instance *ct_instance_of(const struct ct_core *core)
{
	return container_of(core, struct ct_instance, core);
}

/* The full 32-bit hash; each table maps it to a bucket. */
static __always_inline uint32_t hash_conntrack_raw(const union ct_tuple_words *tuple,
						   unsigned int zone_id, const struct net *net)
{
	return ct_hash(tuple, net->core->hash_key, zone_id, net->hash_mix);
}

#include "core/conntrack_end.inc.h"

/* --- Finding --- */

/*
 * The entry with f's key, with a reference if `get` is set
 * (nf_conntrack_find_get).  Inside a read-side section.
 */
static __always_inline struct nf_conntrack_tuple_hash *
__nf_conntrack_find(struct net *net, struct ct_find *f, uint32_t hash, const bool get)
{
	struct nf_conntrack_tuple_hash *h =
		table_find(&ct_instance_of(net->core)->table, f, hash, get);

	/* A table that stores nothing finds nothing; its loop must contain only the harness. */
	if (CT_FLAGS & CT_V_NULL)
		return h;
	if (unlikely(f->restarts))
		NF_CT_STAT_ADD(net, search_restart, f->restarts);
	if (unlikely(f->nr_expired))
		nf_ct_gc_found(f);
	return h;
}

static __always_inline struct nf_conntrack_tuple_hash *
nf_conntrack_find_get(struct net *net, const struct nf_conntrack_zone *zone,
		      const struct nf_conntrack_tuple *tuple)
{
	unsigned int id = nf_ct_zone_id(zone, IP_CT_DIR_ORIGINAL),
		     reply_id = nf_ct_zone_id(zone, IP_CT_DIR_REPLY);
	struct nf_conntrack_tuple_hash *h;
	struct ct_find f;

	f.key.tuple = *tuple;
	ct_find_init(&f, net, zone);
	h = __nf_conntrack_find(net, &f, hash_conntrack_raw(&f.key, id, net), true);
	if (h || likely(id == reply_id))
		return h;
	/* A zone for one direction only: the entry may be under the other direction's hash. */
	f.restarts = 0;
	ct_find_under(&f, zone, IP_CT_DIR_REPLY);
	return __nf_conntrack_find(net, &f, hash_conntrack_raw(&f.key, reply_id, net), true);
}

#include "core/conntrack_burst.inc.h"
#include "core/conntrack_new.inc.h"

/* --- A packet arrives --- */

/* The entry that was found ahead of the packet, if a lookup would still find it. */
static __always_inline struct nf_conntrack_tuple_hash *
nf_ct_take_ahead(struct sk_buff *skb, const struct ct_find *f)
{
	struct nf_conntrack_tuple_hash *h = skb->ahead;
	struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

	skb->ahead = NULL;
	if (likely(!nf_ct_is_expired(ct, f->now) && nf_ct_key_equal(h, ct, f)))
		return h;
	nf_ct_put_fast(ct);
	return NULL;
}

/*
 * Stores the packet's entry, found or new, in skb->_nfct with a reference
 * (resolve_normal_ct).  0, or -errno if no new entry could be allocated.
 */
static __always_inline int
resolve_normal_ct(struct sk_buff *skb, unsigned int dataoff, uint8_t protonum,
		  const struct nf_conntrack_zone *zone, const struct nf_hook_state *state)
{
	struct net *net = state->net;
	enum ip_conntrack_info ctinfo;
	struct nf_conntrack_tuple_hash *h;
	struct ct_find f;
	struct nf_conn *ct;
	uint32_t hash, zone_orig, zone_reply;
	int err;

	if (unlikely(!ct_l4_tuple(skb, dataoff, state->pf, protonum, &f.key)))
		return 0;
	ct_find_init(&f, net, zone);
	if (unlikely(skb->ahead)) {
		h = nf_ct_take_ahead(skb, &f);
		if (likely(h))
			goto found;
	}
	zone_orig = f.zone_id[IP_CT_DIR_ORIGINAL];
	hash = hash_conntrack_raw(&f.key, zone_orig, net);
	h = __nf_conntrack_find(net, &f, hash, true);
	if (unlikely(!h)) {
		/*
		 * A zone for one direction only: the entry may be under the other direction's
	 * hash.
		 */
		zone_reply = nf_ct_zone_id(zone, IP_CT_DIR_REPLY);
		if (zone_reply != zone_orig) {
			f.restarts = 0;
			ct_find_under(&f, zone, IP_CT_DIR_REPLY);
			h = __nf_conntrack_find(net, &f,
						hash_conntrack_raw(&f.key, zone_reply, net), true);
		}
		if (!h) {
			ct = init_conntrack(net, zone, &f.key.tuple, hash, &err);
			if (!ct)
				return err;
			h = &ct->tuplehash[IP_CT_DIR_ORIGINAL];
		}
	}
found:
	ct = nf_ct_tuplehash_to_ctrack(h);
	if (NF_CT_DIRECTION(h) == IP_CT_DIR_REPLY) {
		ctinfo = IP_CT_ESTABLISHED_REPLY;
	} else {
		uint32_t status = nf_ct_status(ct); /* read once: it may change concurrently */

		if (likely(status & IPS_SEEN_REPLY))
			ctinfo = IP_CT_ESTABLISHED;
		else if (status & IPS_EXPECTED)
			ctinfo = IP_CT_RELATED;
		else
			ctinfo = IP_CT_NEW;
	}
	nf_ct_set(skb, ct, ctinfo);
	return 0;
}

/* The zone of a packet: that of its template, if it has one. */
static __always_inline struct nf_conntrack_zone nf_ct_zone_tmpl(const struct nf_conn *tmpl)
{
	return unlikely(tmpl) ? nf_ct_zone(tmpl) : nf_ct_zone_dflt;
}

/*
 * The hook at PRE_ROUTING and LOCAL_OUT (nf_conntrack_in).  Inside a read-side
 * section.  Afterwards the packet has its connection and ctinfo, or is untracked,
 * or has neither: invalid.
 */
static __always_inline unsigned int
nf_conntrack_in(struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct net *net = state->net;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct, *tmpl = NULL;
	struct nf_conntrack_zone zone;
	unsigned int dataoff;
	uint8_t protonum;
	int ret;

	if (unlikely(skb->_nfct)) {
		tmpl = nf_ct_get(skb, &ctinfo);
		/* Seen before (loopback), or marked untracked: leave it alone. */
		if (!tmpl || !(nf_ct_status(tmpl) & IPS_TEMPLATE))
			return NF_ACCEPT;
		skb->_nfct = 0;
	}
	if (unlikely(ct_l4_find(skb, state->pf, &dataoff, &protonum) < 0)) {
		NF_CT_STAT_INC(net, invalid);
		ret = NF_ACCEPT;
		goto out;
	}
	zone = nf_ct_zone_tmpl(tmpl);
	if (unlikely(protonum == IPPROTO_ICMP || protonum == IPPROTO_ICMPV6)) {
		ret = NF_ACCEPT;
		if (protonum == IPPROTO_ICMP && state->pf == NFPROTO_IPV4)
			ret = nf_conntrack_icmpv4_error(skb, dataoff, &zone, state);
		else if (protonum == IPPROTO_ICMPV6 && state->pf == NFPROTO_IPV6)
			ret = nf_conntrack_icmpv6_error(skb, dataoff, &zone, state);
		if (ret <= 0) {
			NF_CT_STAT_INC(net, error);
			ret = -ret;
			goto out;
		}
		if (skb->_nfct) /* an error: belongs to the connection that it quotes */
			goto out;
	}
repeat:
	ret = resolve_normal_ct(skb, dataoff, protonum, &zone, state);
	if (unlikely(ret < 0)) {
		/* Too many connections, or no memory for another. */
		NF_CT_STAT_INC(net, drop);
		ret = NF_DROP;
		goto out;
	}
	ct = nf_ct_get(skb, &ctinfo);
	if (unlikely(!ct)) {
		NF_CT_STAT_INC(net, invalid);
		ret = NF_ACCEPT;
		goto out;
	}
	ret = ct_l4_packet(ct, skb, dataoff, ctinfo, protonum, state);
	if (unlikely(ret <= 0)) {
		skb->_nfct = 0;
		nf_ct_put_fast(ct);
		/* The tracker killed an old entry for this packet: it starts a new one. */
		if (ret == -(int)NF_REPEAT)
			goto repeat;
		NF_CT_STAT_INC(net, invalid);
		if (ret == -(int)NF_DROP)
			NF_CT_STAT_INC(net, drop);
		ret = -ret;
		goto out;
	}
	/* Test before set: the cache line stays clean once the reply was seen. */
	if (ctinfo == IP_CT_ESTABLISHED_REPLY && unlikely(!(nf_ct_status(ct) & IPS_SEEN_REPLY)) &&
	    !nf_ct_status_test_and_set(ct, IPS_SEEN_REPLY))
		nf_conntrack_event_cache(ct, IPCT_REPLY);
out:
	if (unlikely(tmpl))
		nf_ct_put_fast(tmpl);
	return (unsigned int)ret;
}

#include "core/conntrack_confirm.inc.h"

/* --- The hooks --- */

static unsigned int
ipv4_conntrack_in(void *priv __maybe_unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return nf_conntrack_in(skb, state);
}

static unsigned int ipv4_conntrack_local(void *priv __maybe_unused, struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	/* A fragment made by a raw socket: only complete packets are tracked here. */
	const struct iphdr_view *iph = skb_header_pointer(skb, 0, sizeof(*iph));

	if (!iph || iph->frag_off & htons(0x1fff))
		return NF_ACCEPT;
	return nf_conntrack_in(skb, state);
}

static unsigned int
ipv6_conntrack_in(void *priv __maybe_unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return nf_conntrack_in(skb, state);
}

static unsigned int ipv6_conntrack_local(void *priv __maybe_unused, struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	return nf_conntrack_in(skb, state);
}

/*
 * Here helpers read packets.  A connection has a helper only if one was assigned
 * (nf_conn_help), so this is a test of one status bit.
 */
static unsigned int nf_conntrack_helper_hook(void *priv __maybe_unused, struct sk_buff *skb,
					     const struct nf_hook_state *state __maybe_unused)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (likely(!ct || !(nf_ct_status(ct) & CT_HELP)))
		return NF_ACCEPT;
	return nf_ct_helper(skb, ct, ctinfo, state);
}

static unsigned int nf_conntrack_confirm_hook(void *priv __maybe_unused, struct sk_buff *skb,
					      const struct nf_hook_state *state __maybe_unused)
{
	return nf_conntrack_confirm(skb);
}

#define CT_HOOKS(family, defrag_fn, in_fn, local_fn) \
	{ defrag_fn, NULL, family, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK_DEFRAG }, \
		{ defrag_fn, NULL, family, NF_INET_LOCAL_OUT, NF_IP_PRI_CONNTRACK_DEFRAG }, \
		{ in_fn, NULL, family, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK }, \
		{ local_fn, NULL, family, NF_INET_LOCAL_OUT, NF_IP_PRI_CONNTRACK }, \
		{ nf_conntrack_helper_hook, NULL, family, NF_INET_POST_ROUTING, \
		  NF_IP_PRI_CONNTRACK_HELPER }, \
		{ nf_conntrack_helper_hook, NULL, family, NF_INET_LOCAL_IN, \
		  NF_IP_PRI_CONNTRACK_HELPER }, \
		{ nf_conntrack_confirm_hook, NULL, family, NF_INET_POST_ROUTING, \
		  NF_IP_PRI_CONNTRACK_CONFIRM }, \
	{ \
		nf_conntrack_confirm_hook, NULL, family, NF_INET_LOCAL_IN, \
			NF_IP_PRI_CONNTRACK_CONFIRM \
	}

static const struct nf_hook_ops ct_hook_ops[] = {
	CT_HOOKS(NFPROTO_IPV4, ipv4_conntrack_defrag, ipv4_conntrack_in, ipv4_conntrack_local),
	CT_HOOKS(NFPROTO_IPV6, ipv6_defrag, ipv6_conntrack_in, ipv6_conntrack_local),
};

/* The packet ends: drop its reference too (nf_reset_ct). */
static __always_inline void skb_release_nfct(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	skb->_nfct = 0;
	if (ct)
		nf_ct_put_fast(ct);
	if (unlikely(skb->ahead)) { /* it did not reach its lookup */
		ct = nf_ct_tuplehash_to_ctrack(skb->ahead);
		skb->ahead = NULL;
		nf_ct_put_fast(ct);
	}
}

/*
 * Passes a packet through a router, from the first hook to the last.  Inside a
 * read-side section, like the kernel's receive path.  nfct, unless NULL, gets the
 * value of skb->_nfct before the packet was ended.
 */
static __always_inline unsigned int
ct_forward_nfct(struct net *net, struct sk_buff *skb, uint16_t in, uint16_t out, uintptr_t *nfct)
{
	const uint8_t pf = skb->protocol == ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6;
	unsigned int verdict = nf_hook(net, pf, NF_INET_PRE_ROUTING, skb, in, 0);

	if (likely(verdict == NF_ACCEPT))
		verdict = nf_hook(net, pf, NF_INET_FORWARD, skb, in, out);
	if (likely(verdict == NF_ACCEPT))
		verdict = nf_hook(net, pf, NF_INET_POST_ROUTING, skb, in, out);
	if (likely(verdict != NF_STOLEN && verdict != NF_QUEUE)) {
		if (nfct)
			*nfct = skb->_nfct;
		skb_release_nfct(skb);
		skb_release_data(skb);
	}
	return verdict;
}

static __always_inline unsigned int
ct_forward(struct net *net, struct sk_buff *skb, uint16_t in, uint16_t out)
{
	return ct_forward_nfct(net, skb, in, out, NULL);
}

/*
 * Passes nr packets, at most CT_BURST, one after another, but looks up their connections together.
 * Inside a read-side section.
 */
static __always_inline void
ct_forward_burst(struct net *net, struct sk_buff *skb, unsigned int nr, const uint16_t *in,
		 const uint16_t *out, unsigned int *verdict)
{
	ct_find_ahead(net, skb, nr);
	for (unsigned int i = 0; i < nr; i++)
		verdict[i] = ct_forward(net, &skb[i], in[i], out[i]);
}
