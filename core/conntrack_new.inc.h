/* SPDX-License-Identifier: MIT */
/*
 * A new connection: it is allocated, if necessary after dropping another one, and
 * initialised before its first reference.  Part of the template
 * core/conntrack.inc.h.
 */
#define NF_CT_EVICTION_RANGE 8

static bool want_early_drop(const struct nf_conntrack_tuple_hash *h __maybe_unused,
			    struct nf_conn *ct, const struct ct_collect *c)
{
	uint32_t status = nf_ct_status(ct);

	if (nf_ct_is_expired(ct, c->now))
		return status & IPS_CONFIRMED && !(status & IPS_DYING);
	return !(status & (IPS_ASSURED | IPS_DYING)) && status & IPS_CONFIRMED &&
	       load_relaxed(&ct->net_id) == c->net->id;
}

/* Makes room in the entry's own bucket or the next seven (early_drop). */
static __cold bool early_drop(struct net *net, uint32_t hash)
{
	struct ct_instance *inst = ct_instance_of(net->core);
	struct nf_conn *v[64];

	for (unsigned int i = 0; i < NF_CT_EVICTION_RANGE; i++) {
		struct ct_collect c = { .want = want_early_drop,
					.net = net,
					.now = nfct_time_stamp(net->core),
					.v = v,
					.max = ARRAY_SIZE(v) };
		unsigned int drops = 0;

		table_collect_near(&inst->table, hash, i, &c);
		for (size_t k = 0; k < c.nr; k++) {
			/* Memory is only type-stable: it may be another connection by now. */
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

static __always_inline void
ct_tuple_store(struct nf_conntrack_tuple_hash *h, const struct nf_conntrack_tuple *t,
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
__nf_conntrack_alloc(struct net *net, const struct nf_conntrack_zone *zone,
		     const struct nf_conntrack_tuple *orig, const struct nf_conntrack_tuple *reply,
		     uint32_t hash, int *err)
{
	uint32_t max = load_relaxed(&net->core->max);
	bool room = nf_ct_count(net, max);
	uint32_t new_ext, status;
	struct nf_conn *ct;

	if (unlikely(!room) && !early_drop(net, hash)) {
		/* Ask the gc worker to make room (conntrack_gc_work.early_drop). */
		store_relaxed(&net->core->gc.early_drop, true);
		*err = -ENFILE;
		goto uncount;
	}
	ct = node_alloc(&ct_instance_of(net->core)->pool);
	if (unlikely(!ct)) {
		*err = -ENOMEM;
		goto uncount;
	}
	/* A lookup with an old pointer may read this memory now: see ct_tuple_store(). */
	ct_tuple_store(&ct->tuplehash[IP_CT_DIR_ORIGINAL], orig, IP_CT_DIR_ORIGINAL);
	ct_tuple_store(&ct->tuplehash[IP_CT_DIR_REPLY], reply, IP_CT_DIR_REPLY);
	store_relaxed(&ct->tuplehash[IP_CT_DIR_REPLY].hnnode.pprev, hash);
	status = recheck_new_life(ct);
	if (unlikely(zone->dir != NF_CT_DEFAULT_ZONE_DIR))
		status |= (zone->dir & NF_CT_ZONE_DIR_ORIG ? CT_ZONE_ORIG_ONLY : 0) |
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
	nf_ct_uncount(net);
	return NULL;
}

/*
 * The first reference.  Release: a thread that takes another by refcount_inc_not_zero()
 * sees the whole new connection, not the previous contents of the memory.
 */
static __always_inline void nf_conntrack_set_live(struct nf_conn *ct)
{
	store_release(&ct->use.refs, 1);
}

static __cold struct nf_conn *
init_conntrack(struct net *net, const struct nf_conntrack_zone *zone,
	       const struct nf_conntrack_tuple *tuple, uint32_t hash, int *err)
{
	struct nf_conntrack_expect *exp = NULL;
	struct nf_conntrack_tuple reply;
	struct nf_conn *ct;

	*err = 0;
	if (!nf_ct_invert_tuple(&reply, tuple))
		return NULL; /* no answer to it exists: invalid */
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
