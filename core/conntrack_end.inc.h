/* SPDX-License-Identifier: MIT */
/*
 * The end of a connection: it is removed from the table, its end is reported, and
 * its memory is freed.  Part of the template core/conntrack.inc.h.
 */
/*
 * Counts a connection; false if the limit is reached.  It counts before it compares, so that
 * concurrent threads cannot exceed the limit together.  Threads that share nothing have separate
 * counters and add them up only if there is a limit; each may exceed it by one.
 */
static __always_inline bool nf_ct_count(struct net *net, uint32_t max)
{
	if (CT_UNSHARED) {
		count_own(&net->stat[ct_this_cpu].count, 1);
		return likely(!max) || nf_conntrack_count(net) <= max;
	}
	return add_relaxed(&net->count, 1) + 1 <= max || likely(!max);
}

static __always_inline void nf_ct_uncount(struct net *net)
{
	if (CT_UNSHARED)
		count_own(&net->stat[ct_this_cpu].count, -1u);
	else
		sub_relaxed(&net->count, 1);
}

static void nf_conntrack_free(struct nf_conn *ct)
{
	struct net *net = ct->net;

	if (unlikely(ct->ext))
		nf_ct_ext_free(ct);
	node_free(&ct_instance_of(net->core)->pool, ct);
	nf_ct_uncount(net);
}

/* Some tables declare it, too.  NOLINTNEXTLINE(readability-redundant-declaration) */
static void nf_ct_put_direct(struct nf_conn *ct);

/* Called when the last reference is dropped (nf_ct_destroy). */
static __cold void nf_ct_destroy(struct nf_conn *ct)
{
	struct nf_conn *master = ct->master;

	/* Expectations that were made before it was in the table, or while it was leaving. */
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

/* Records its end and sends the event; false if the event could not be sent. */
static __cold bool nf_ct_end(struct nf_conn *ct, uint32_t portid, bool report)
{
	struct nf_conn_tstamp *ts = nf_conn_tstamp_find(ct);

	if (ts) {
		uint32_t now = nfct_time_stamp(ct->net->core);

		/* If it expired some time ago, it ended when it expired. */
		store_relaxed(&ts->stop,
			      nf_ct_is_expired(ct, now) ? load_relaxed(&ct->timeout) : now);
	}
	return !(nf_ct_status(ct) & CT_ECACHE) ||
	       nf_conntrack_event_report(ct, IPCT_DESTROY, portid, report) >= 0;
}

/*
 * Removes it from the table, once (nf_ct_delete).  The caller has a reference.
 * False if another thread was first, or if the event will be sent later.
 */
static bool nf_ct_delete(struct nf_conn *ct, uint32_t portid, bool report)
{
	bool told = true, in;

	if (nf_ct_status_test_and_set(ct, IPS_DYING))
		return false;
	if (unlikely(ct->ext))
		told = nf_ct_end(ct, portid, report);
	/* An unconfirmed one is not in the table; confirm will see DYING and refuse it. */
	in = table_remove(&ct_instance_of(ct->net->core)->table, ct,
			  nf_ct_dir_hash(ct, IP_CT_DIR_ORIGINAL),
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
