/* SPDX-License-Identifier: MIT */
/*
 * conntrack's hot path, a template (net/netfilter/nf_conntrack_core.c).
 *
 * Included once by each variant's unit, behind its table.  It is written
 * against these, which the unit has defined before:
 *
 *   struct ct_instance		{ struct ct_core core; struct ct_table table; struct ct_node_pool pool;
 *				  struct ct_lists lists; }
 *   ct_read_lock() ...		read-side sections of the variant's RCU flavour
 *   ct_hash()			hash of a tuple
 *   ct_l4_find(), ct_l4_tuple(), ct_l4_packet()	a packet's protocols
 *   ct_list_unconfirmed(), ct_list_dying(), ct_list_del()	connections outside the table
 *   node_alloc(), node_free()	memory of a connection
 *   table_find(), table_insert(), table_remove(), table_collect(), table_collect_near(), table_scan_size()
 *
 * so that the compiler sees one straight path from the packet to the bucket.
 */
#include "core/nf_defrag.h"

static __always_inline struct ct_instance *ct_instance_of(const struct ct_core *core)
{
	return container_of(core, struct ct_instance, core);
}

/* The whole hash; a table maps it to a bucket by itself. */
static __always_inline uint32_t hash_conntrack_raw(const union ct_tuple_words *tuple, unsigned int zone_id,
						   const struct net *net)
{
	return ct_hash(tuple, net->core->hash_key, zone_id, net->hash_mix);
}

/* --- The end of a connection --- */

static void nf_conntrack_free(struct nf_conn *ct)
{
	struct net *net = ct->net;

	if (unlikely(ct->ext))
		nf_ct_ext_free(ct);
	node_free(&ct_instance_of(net->core)->pool, ct);
	sub_relaxed(&net->count, 1);
}

static void nf_ct_put_direct(struct nf_conn *ct);

/* The last reference is gone (nf_ct_destroy). */
static __cold void nf_ct_destroy(struct nf_conn *ct)
{
	struct nf_conn *master = ct->master;

	/* Those that were made while it was not in the table yet, or on its way out. */
	if (nf_ct_status(ct) & CT_HELP)
		nf_ct_remove_expectations(ct);
	ct_list_del(&ct_instance_of(ct->net->core)->lists, ct);
	nf_conntrack_free(ct);
	if (master)
		nf_ct_put_direct(master);
}

static __always_inline void nf_ct_put_fast(struct nf_conn *ct)
{
	if (unlikely(refcount_dec_and_test(&ct->use)))
		nf_ct_destroy(ct);
}

static void nf_ct_put_direct(struct nf_conn *ct)
{
	nf_ct_put_fast(ct);
}

static __always_inline uint32_t nf_ct_dir_hash(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);
	union ct_tuple_words w = { .tuple = *nf_ct_tuple(ct, dir) };

	return hash_conntrack_raw(&w, nf_ct_zone_id(&zone, dir), ct->net);
}

/* Its end is written down and told; false if it could not be told. */
static __cold bool nf_ct_end(struct nf_conn *ct, uint32_t portid, bool report)
{
	struct nf_conn_tstamp *ts = nf_conn_tstamp_find(ct);

	if (ts) {
		uint32_t now = nfct_time_stamp(ct->net->core);

		/* One that expired unnoticed ended when it expired. */
		store_relaxed(&ts->stop, nf_ct_is_expired(ct, now) ? load_relaxed(&ct->timeout) : now);
	}
	return !(nf_ct_status(ct) & CT_ECACHE) || nf_conntrack_event_report(ct, IPCT_DESTROY, portid, report) >= 0;
}

/*
 * Out of the table, once (nf_ct_delete).  The caller has a reference.  False if
 * somebody else was first, or if its end will be told later.
 */
static bool nf_ct_delete(struct nf_conn *ct, uint32_t portid, bool report)
{
	bool told = true, in;

	if (nf_ct_status_test_and_set(ct, IPS_DYING))
		return false;
	if (unlikely(ct->ext))
		told = nf_ct_end(ct, portid, report);
	/* An unconfirmed one is in no table; confirm will see DYING and refuse it. */
	in = table_remove(&ct_instance_of(ct->net->core)->table, ct, nf_ct_dir_hash(ct, IP_CT_DIR_ORIGINAL),
			  nf_ct_dir_hash(ct, IP_CT_DIR_REPLY));
	if (in)
		ct_list_dying(&ct_instance_of(ct->net->core)->lists, ct);
	if (unlikely(nf_ct_status(ct) & CT_HELP))
		nf_ct_remove_expectations(ct);
	if (unlikely(!told))
		nf_ct_ecache_keep(ct);
	else if (in)
		nf_ct_put_fast(ct);
	return told;
}

static bool nf_ct_kill_direct(struct nf_conn *ct)
{
	return nf_ct_delete(ct, 0, false);
}

/* nf_ct_gc_expired, the part after the reference was taken */
static __cold void nf_ct_gc_found(struct ct_find *f)
{
	for (unsigned int i = 0; i < f->nr_expired; i++) {
		if (nf_ct_is_confirmed(f->expired[i]) && nf_ct_is_expired(f->expired[i], f->now))
			nf_ct_kill_direct(f->expired[i]);
		nf_ct_put_fast(f->expired[i]);
	}
	f->nr_expired = 0;
}

/* --- Finding --- */

/*
 * The entry with f's key, with a reference where get says so
 * (nf_conntrack_find_get).  Inside a read-side section.
 */
static __always_inline struct nf_conntrack_tuple_hash *
__nf_conntrack_find(struct net *net, struct ct_find *f, uint32_t hash, const bool get)
{
	struct nf_conntrack_tuple_hash *h = table_find(&ct_instance_of(net->core)->table, f, hash, get);

	/* A table that keeps nothing meets nothing; its loop is to hold the harness alone. */
	if (CT_FLAGS & CT_V_NULL)
		return h;
	if (unlikely(f->restarts))
		NF_CT_STAT_ADD(net, search_restart, f->restarts);
	if (unlikely(f->nr_expired))
		nf_ct_gc_found(f);
	return h;
}

static __always_inline struct nf_conntrack_tuple_hash *
nf_conntrack_find_get(struct net *net, const struct nf_conntrack_zone *zone, const struct nf_conntrack_tuple *tuple)
{
	unsigned int id = nf_ct_zone_id(zone, IP_CT_DIR_ORIGINAL), reply_id = nf_ct_zone_id(zone, IP_CT_DIR_REPLY);
	struct nf_conntrack_tuple_hash *h;
	struct ct_find f;

	f.key.tuple = *tuple;
	ct_find_init(&f, net, zone);
	h = __nf_conntrack_find(net, &f, hash_conntrack_raw(&f.key, id, net), true);
	if (h || likely(id == reply_id))
		return h;
	/* A zone for one direction only: the entry may lie under the other direction's hash. */
	f.restarts = 0;
	ct_find_under(&f, zone, IP_CT_DIR_REPLY);
	return __nf_conntrack_find(net, &f, hash_conntrack_raw(&f.key, reply_id, net), true);
}

/* --- A new connection --- */

#define NF_CT_EVICTION_RANGE 8

static bool want_early_drop(const struct nf_conntrack_tuple_hash *h __maybe_unused, struct nf_conn *ct,
			    const struct ct_collect *c)
{
	uint32_t status = nf_ct_status(ct);

	if (nf_ct_is_expired(ct, c->now))
		return status & IPS_CONFIRMED && !(status & IPS_DYING);
	return !(status & (IPS_ASSURED | IPS_DYING)) && status & IPS_CONFIRMED && load_relaxed(&ct->net_id) == c->net->id;
}

/* Make room in the entry's own bucket or the seven after it (early_drop). */
static __cold bool early_drop(struct net *net, uint32_t hash)
{
	struct ct_instance *inst = ct_instance_of(net->core);
	struct nf_conn *v[64];

	for (unsigned int i = 0; i < NF_CT_EVICTION_RANGE; i++) {
		struct ct_collect c = { .want = want_early_drop, .net = net, .now = nfct_time_stamp(net->core),
					.v = v, .max = ARRAY_SIZE(v) };
		unsigned int drops = 0;

		table_collect_near(&inst->table, hash, i, &c);
		for (size_t k = 0; k < c.nr; k++) {
			/* Memory is type-stable only: it may be somebody else's by now. */
			if (nf_ct_is_expired(v[k], c.now)) {
				if (nf_ct_is_confirmed(v[k]))
					nf_ct_kill_direct(v[k]);
			} else if (want_early_drop(NULL, v[k], &c) && nf_ct_kill_direct(v[k])) {
				drops++;
			}
			nf_ct_put_fast(v[k]);
		}
		if (drops) {
			NF_CT_STAT_ADD(net, early_drop, drops);
			return true;
		}
	}
	return false;
}

static __always_inline void ct_tuple_store(struct nf_conntrack_tuple_hash *h, const struct nf_conntrack_tuple *t,
					   enum ip_conntrack_dir dir)
{
	union ct_tuple_words w = { .tuple = *t };

	w.tuple.dst.dir = dir;
	for (unsigned int i = 0; i < CT_TUPLE_WORDS; i++)
		store_relaxed(&h->tuple_w[i], w.w[i]);
}

/*
 * An unconfirmed connection without references yet (__nf_conntrack_alloc):
 * nf_conntrack_set_live() gives it the first.  hash is kept for confirm.
 */
static __always_inline struct nf_conn *
__nf_conntrack_alloc(struct net *net, const struct nf_conntrack_zone *zone, const struct nf_conntrack_tuple *orig,
		     const struct nf_conntrack_tuple *reply, uint32_t hash, int *err)
{
	uint32_t max = load_relaxed(&net->core->max);
	/* Counted before it is checked, so that all together never exceed the limit. */
	uint32_t count = add_relaxed(&net->count, 1) + 1;
	uint32_t new_ext, status = 0;
	struct nf_conn *ct;

	if (unlikely(max && count > max) && !early_drop(net, hash)) {
		/* The gc worker is to make room (conntrack_gc_work.early_drop). */
		store_relaxed(&net->core->gc.early_drop, true);
		*err = -ENFILE;
		goto uncount;
	}
	ct = node_alloc(&ct_instance_of(net->core)->pool);
	if (unlikely(!ct)) {
		*err = -ENOMEM;
		goto uncount;
	}
	/* A lookup with an old pointer may be comparing this memory: see ct_tuple_store(). */
	ct_tuple_store(&ct->tuplehash[IP_CT_DIR_ORIGINAL], orig, IP_CT_DIR_ORIGINAL);
	ct_tuple_store(&ct->tuplehash[IP_CT_DIR_REPLY], reply, IP_CT_DIR_REPLY);
	store_relaxed(&ct->tuplehash[IP_CT_DIR_REPLY].hnnode.pprev, hash);
	if (unlikely(zone->dir != NF_CT_DEFAULT_ZONE_DIR))
		status = (zone->dir & NF_CT_ZONE_DIR_ORIG ? CT_ZONE_ORIG_ONLY : 0) |
			 (zone->dir & NF_CT_ZONE_DIR_REPL ? CT_ZONE_REPLY_ONLY : 0);
	store_relaxed(&ct->status, status);
	store_relaxed(&ct->timeout, 0);
	store_relaxed(&ct->zone_id, zone->id);
	store_relaxed(&ct->net_id, net->id);
	store_relaxed(&ct->lock.locked, 0);
	store_relaxed(&ct->mark, 0);
	ct->net = net;
	ct->cpu = CT_NO_LIST;
	ct->master = NULL;
	ct->ext = NULL;
	memset(&ct->proto, 0, sizeof(ct->proto));
	new_ext = load_relaxed(&net->new_ext);
	if (unlikely(new_ext))
		nf_ct_new_ext_add(ct, new_ext);
	return ct;

uncount:
	sub_relaxed(&net->count, 1);
	return NULL;
}

/*
 * The first reference.  Release: whoever takes another by refcount_inc_not_zero()
 * sees the whole new connection, not what the memory held before.
 */
static __always_inline void nf_conntrack_set_live(struct nf_conn *ct)
{
	store_release(&ct->use.refs, 1);
}

static __cold struct nf_conn *init_conntrack(struct net *net, const struct nf_conntrack_zone *zone,
					     const struct nf_conntrack_tuple *tuple, uint32_t hash, int *err)
{
	struct nf_conntrack_expect *exp = NULL;
	struct nf_conntrack_tuple reply;
	struct nf_conn *ct;

	*err = 0;
	if (!nf_ct_invert_tuple(&reply, tuple))
		return NULL;	/* nothing can answer it: invalid */
	ct = __nf_conntrack_alloc(net, zone, tuple, &reply, hash, err);
	if (!ct)
		return NULL;
	if (unlikely(load_relaxed(&net->expect.count)))
		exp = nf_ct_expect_attach(ct, zone, tuple);
	nf_conntrack_set_live(ct);
	ct_list_unconfirmed(&ct_instance_of(net->core)->lists, ct);
	if (unlikely(exp))
		nf_ct_expect_arrived(ct, exp);
	return ct;
}

/* --- A packet comes in --- */

/*
 * The packet's entry, found or made, goes into skb->_nfct with a reference
 * (resolve_normal_ct).  0, or -errno where a new entry could not be had.
 */
static __always_inline int resolve_normal_ct(struct sk_buff *skb, unsigned int dataoff, uint8_t protonum,
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
	zone_orig = f.zone_id[IP_CT_DIR_ORIGINAL];
	hash = hash_conntrack_raw(&f.key, zone_orig, net);
	h = __nf_conntrack_find(net, &f, hash, true);
	if (unlikely(!h)) {
		/* A zone for one direction only: the entry may lie under the other direction's hash. */
		zone_reply = nf_ct_zone_id(zone, IP_CT_DIR_REPLY);
		if (zone_reply != zone_orig) {
			f.restarts = 0;
			ct_find_under(&f, zone, IP_CT_DIR_REPLY);
			h = __nf_conntrack_find(net, &f, hash_conntrack_raw(&f.key, zone_reply, net), true);
		}
		if (!h) {
			ct = init_conntrack(net, zone, &f.key.tuple, hash, &err);
			if (!ct)
				return err;
			h = &ct->tuplehash[IP_CT_DIR_ORIGINAL];
		}
	}
	ct = nf_ct_tuplehash_to_ctrack(h);
	if (NF_CT_DIRECTION(h) == IP_CT_DIR_REPLY) {
		ctinfo = IP_CT_ESTABLISHED_REPLY;
	} else {
		uint32_t status = nf_ct_status(ct);	/* once: it may change under us */

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

/* The zone of a packet: that of its template, if it came with one. */
static __always_inline struct nf_conntrack_zone nf_ct_zone_tmpl(const struct nf_conn *tmpl)
{
	return unlikely(tmpl) ? nf_ct_zone(tmpl) : nf_ct_zone_dflt;
}

/*
 * The hook at PRE_ROUTING and LOCAL_OUT (nf_conntrack_in).  Inside a read-side
 * section.  The packet leaves with its connection and ctinfo, or untracked, or
 * with nothing: invalid.
 */
static __always_inline unsigned int nf_conntrack_in(struct sk_buff *skb, const struct nf_hook_state *state)
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
		/* Seen before (loopback), or marked untracked: not ours any more. */
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
		if (skb->_nfct)		/* an error: belongs to what it quotes */
			goto out;
	}
repeat:
	ret = resolve_normal_ct(skb, dataoff, protonum, &zone, state);
	if (unlikely(ret < 0)) {
		/* Too many connections, or no memory for one more. */
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
	/* Test before set: the line stays clean once the reply was seen. */
	if (ctinfo == IP_CT_ESTABLISHED_REPLY && unlikely(!(nf_ct_status(ct) & IPS_SEEN_REPLY)) &&
	    !nf_ct_status_test_and_set(ct, IPS_SEEN_REPLY))
		nf_conntrack_event_cache(ct, IPCT_REPLY);
out:
	if (unlikely(tmpl))
		nf_ct_put_fast(tmpl);
	return (unsigned int)ret;
}

/* --- Confirm --- */

/*
 * Somebody else put the same connection in first.  A protocol that allows it
 * joins the packet to the winner's entry (__nf_ct_resolve_clash); others lose
 * the packet.  winner comes with a reference.
 */
static __cold unsigned int nf_ct_resolve_clash(struct sk_buff *skb, struct nf_conntrack_tuple_hash *winner_hash)
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
	same = nf_ct_tuple_equal(nf_ct_tuple(loser, IP_CT_DIR_ORIGINAL), nf_ct_tuple(winner, IP_CT_DIR_ORIGINAL)) &&
	       nf_ct_tuple_equal(nf_ct_tuple(loser, IP_CT_DIR_REPLY), nf_ct_tuple(winner, IP_CT_DIR_REPLY)) &&
	       nf_ct_zone_id(&a, IP_CT_DIR_ORIGINAL) == nf_ct_zone_id(&b, IP_CT_DIR_ORIGINAL) &&
	       nf_ct_zone_id(&a, IP_CT_DIR_REPLY) == nf_ct_zone_id(&b, IP_CT_DIR_REPLY);
	/* Both ends spoke at once: the same connection with the directions swapped (nf_ct_match_reverse). */
	same = same ||
	       (nf_ct_tuple_equal(nf_ct_tuple(loser, IP_CT_DIR_ORIGINAL), nf_ct_tuple(winner, IP_CT_DIR_REPLY)) &&
		nf_ct_tuple_equal(nf_ct_tuple(loser, IP_CT_DIR_REPLY), nf_ct_tuple(winner, IP_CT_DIR_ORIGINAL)) &&
		nf_ct_zone_id(&a, IP_CT_DIR_ORIGINAL) == nf_ct_zone_id(&b, IP_CT_DIR_REPLY) &&
		nf_ct_zone_id(&a, IP_CT_DIR_REPLY) == nf_ct_zone_id(&b, IP_CT_DIR_ORIGINAL));
	if (!same)
		goto drop;
	acct = nf_conn_acct_find(loser);
	if (acct) {
		counter = &acct->counter[CTINFO2DIR(ctinfo)];
		nf_ct_acct_add(winner, CTINFO2DIR(ctinfo), (uint32_t)load_relaxed(&counter->packets),
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
	ret = table_insert(&ct_instance_of(net->core)->table, ct, hash, nf_ct_dir_hash(ct, IP_CT_DIR_REPLY),
			   nfct_time_stamp(net->core), &ins);
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

/* --- The hooks --- */

static unsigned int ipv4_conntrack_in(void *priv __maybe_unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return nf_conntrack_in(skb, state);
}

static unsigned int ipv4_conntrack_local(void *priv __maybe_unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	/* A fragment made by a raw socket: only whole packets are tracked here. */
	const struct iphdr_view *iph = skb_header_pointer(skb, 0, sizeof(*iph));

	if (!iph || iph->frag_off & htons(0x1fff))
		return NF_ACCEPT;
	return nf_conntrack_in(skb, state);
}

static unsigned int ipv6_conntrack_in(void *priv __maybe_unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return nf_conntrack_in(skb, state);
}

static unsigned int ipv6_conntrack_local(void *priv __maybe_unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return nf_conntrack_in(skb, state);
}

/*
 * Where connection helpers look into packets.  None is assigned unless a
 * namespace has one (nf_conn_help), so this is a test of one status bit.
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
	{ nf_conntrack_helper_hook, NULL, family, NF_INET_POST_ROUTING, NF_IP_PRI_CONNTRACK_HELPER }, \
	{ nf_conntrack_helper_hook, NULL, family, NF_INET_LOCAL_IN, NF_IP_PRI_CONNTRACK_HELPER }, \
	{ nf_conntrack_confirm_hook, NULL, family, NF_INET_POST_ROUTING, NF_IP_PRI_CONNTRACK_CONFIRM }, \
	{ nf_conntrack_confirm_hook, NULL, family, NF_INET_LOCAL_IN, NF_IP_PRI_CONNTRACK_CONFIRM }

static const struct nf_hook_ops ct_hook_ops[] = {
	CT_HOOKS(NFPROTO_IPV4, ipv4_conntrack_defrag, ipv4_conntrack_in, ipv4_conntrack_local),
	CT_HOOKS(NFPROTO_IPV6, ipv6_defrag, ipv6_conntrack_in, ipv6_conntrack_local),
};

/* The packet is gone: its reference too (skb_dst... nf_reset_ct). */
static __always_inline void skb_release_nfct(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	skb->_nfct = 0;
	if (ct)
		nf_ct_put_fast(ct);
}

/*
 * A packet on its way through a router, from the first hook to the last.
 * Inside a read-side section, as the kernel's receive path is.  nfct, unless NULL, gets what
 * skb->_nfct was before the packet went.
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

static __always_inline unsigned int ct_forward(struct net *net, struct sk_buff *skb, uint16_t in, uint16_t out)
{
	return ct_forward_nfct(net, skb, in, out, NULL);
}
