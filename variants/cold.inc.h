/* SPDX-License-Identifier: MIT */
/*
 * A variant's cold operations, for struct nf_conntrack_ops (core/conntrack.h says
 * what each does and who may call it).  They are called once per connection, walk or
 * resize, never in a measured loop.  Included by variant.inc.h.
 */

static struct nf_conntrack_tuple_hash *
cold_find_get(struct net *net, const struct nf_conntrack_zone *zone,
	      const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_tuple_hash *h;

	ct_read_lock();
	h = nf_conntrack_find_get(net, zone, tuple);
	ct_read_unlock();
	return h;
}

static struct nf_conn *
cold_alloc(struct net *net, const struct nf_conntrack_zone *zone,
	   const struct nf_conntrack_tuple *orig, const struct nf_conntrack_tuple *reply, int *err)
{
	union ct_tuple_words w = { .tuple = *orig };
	struct nf_conn *ct;

	*err = 0;
	ct = __nf_conntrack_alloc(
		net, zone, orig, reply,
		hash_conntrack_raw(&w, nf_ct_zone_id(zone, IP_CT_DIR_ORIGINAL), net), err);
	if (ct)
		nf_conntrack_set_live(ct);
	return ct;
}

static int cold_insert(struct nf_conn *ct, uint32_t timeout)
{
	struct ct_core *core = ct->net->core;
	struct ct_insert ins;
	int ret;

	store_relaxed(&ct->timeout, timeout);
	ret = table_insert(&ct_instance_of(core)->table, ct, nf_ct_dir_hash(ct, IP_CT_DIR_ORIGINAL),
			   nf_ct_dir_hash(ct, IP_CT_DIR_REPLY), nfct_time_stamp(core), &ins);
	if (ret && ins.clash)
		nf_ct_put_fast(nf_ct_tuplehash_to_ctrack(ins.clash));
	if (!ret)
		NF_CT_STAT_INC(ct->net, insert);
	else if (ret == -E2BIG)
		NF_CT_STAT_INC(ct->net, chaintoolong);
	return ret;
}

static unsigned int cold_forward(struct net *net, struct sk_buff *skb, uint16_t in, uint16_t out)
{
	unsigned int verdict;

	ct_read_lock();
	verdict = ct_forward(net, skb, in, out);
	ct_read_unlock();
	return verdict;
}

static void cold_find_ahead(struct net *net, struct sk_buff *skb, unsigned int nr)
{
	ct_read_lock();
	ct_find_ahead(net, skb, nr);
	ct_read_unlock();
}

static void cold_forward_burst(struct net *net, struct sk_buff *skb, unsigned int nr,
			       const uint16_t *in, const uint16_t *out, unsigned int *verdict)
{
	ct_read_lock();
	ct_forward_burst(net, skb, nr, in, out, verdict);
	ct_read_unlock();
}

static unsigned int
cold_hook(struct net *net, enum nf_inet_hooks hook, struct sk_buff *skb, uint16_t in, uint16_t out)
{
	unsigned int verdict;

	ct_read_lock();
	verdict = nf_hook(net, skb->protocol == ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6, hook, skb,
			  in, out);
	ct_read_unlock();
	return verdict;
}

static unsigned int
cold_call(nf_hookfn *fn, void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	unsigned int verdict;

	ct_read_lock();
	verdict = fn(priv, skb, state);
	ct_read_unlock();
	return verdict;
}

/* A table that can show its chains defines CT_TABLE_SHOWS and table_show(). */
static void cold_walk(struct net *net, struct ct_walk *w)
{
	w->hash = hash_conntrack_raw(&w->find.key, w->zone_id, net);
	w->shown = CT_WALK_NOTHING;
	w->table = NULL;
	w->size = table_buckets(&ct_instance_of(net->core)->table);
	w->bucket = w->end_bucket = CT_WALK_NONE;
	w->generation = 0;
#ifdef CT_TABLE_SHOWS
	ct_read_lock();
	table_show(&ct_instance_of(net->core)->table, w);
	ct_read_unlock();
#endif
}

static void cold_release(struct sk_buff *skb)
{
	skb_release_nfct(skb);
	skb_release_data(skb);
}

/* Each connection once: by its REPLY node, as nf_ct_iterate_cleanup does. */
static bool
want_reply_node(const struct nf_conntrack_tuple_hash *h, struct nf_conn *ct __maybe_unused,
		const struct ct_collect *c __maybe_unused)
{
	return NF_CT_DIRECTION(h) == IP_CT_DIR_REPLY;
}

static long cold_iterate(struct ct_core *core, ct_iterate_fn *fn, void *arg)
{
	struct ct_instance *inst = ct_instance_of(core);
	struct ct_collect c = { .want = want_reply_node, .grow = true };
	long killed = 0, ret = 0;

	table_walk_begin(&inst->table);
	for (uint64_t i = 0; i < table_scan_size(&inst->table) && ret >= 0; i++) {
		c.nr = 0;
		table_collect(&inst->table, i, &c);
		for (size_t k = 0; k < c.nr; k++) {
			int answer = ret < 0 ? 0 : fn(c.v[k], arg);

			if (answer < 0)
				ret = answer;
			else if (answer > 0)
				killed += nf_ct_kill_direct(c.v[k]);
			nf_ct_put_fast(c.v[k]);
		}
		if (c.truncated)
			ret = -ENOMEM;
	}
	table_walk_end(&inst->table);
	free(c.v);
	return ret < 0 ? ret : killed;
}

static bool want_expired(const struct nf_conntrack_tuple_hash *h __maybe_unused, struct nf_conn *ct,
			 const struct ct_collect *c)
{
	return nf_ct_is_expired(ct, c->now) && !nf_ct_is_dying(ct);
}

static unsigned long cold_gc(struct ct_core *core, unsigned long buckets)
{
	struct ct_instance *inst = ct_instance_of(core);
	struct ct_collect c = { .want = want_expired, .now = nfct_time_stamp(core), .grow = true };
	uint64_t size = table_scan_size(&inst->table);
	uint64_t cursor = load_relaxed(&inst->gc_cursor);
	unsigned long killed = 0;

	if (buckets > size)
		buckets = size;
	while (buckets--) {
		if (cursor >= size)
			cursor = 0;
		c.nr = 0;
		table_collect(&inst->table, cursor++, &c);
		for (size_t k = 0; k < c.nr; k++) {
			if (nf_ct_is_confirmed(c.v[k]) && nf_ct_is_expired(c.v[k], c.now))
				killed += nf_ct_kill_direct(c.v[k]);
			nf_ct_put_fast(c.v[k]);
		}
	}
	store_relaxed(&inst->gc_cursor, cursor);
	free(c.v);
	return killed;
}

static uint64_t cold_scan_size(struct ct_core *core)
{
	return table_scan_size(&ct_instance_of(core)->table);
}

static void cold_scan(struct ct_core *core, uint64_t position, struct ct_collect *c)
{
	table_collect(&ct_instance_of(core)->table, position, c);
}

static bool want_any(const struct nf_conntrack_tuple_hash *h __maybe_unused,
		     struct nf_conn *ct __maybe_unused, const struct ct_collect *c __maybe_unused)
{
	return true;
}

static long cold_outside(struct ct_core *core, bool dying, ct_iterate_fn *fn, void *arg)
{
	struct ct_collect c = { .want = want_any, .grow = true };
	long ret = ct_lists_collect(&ct_instance_of(core)->lists, dying, &c);

	if (!ret && c.truncated)
		ret = -ENOMEM;
	for (size_t k = 0; k < c.nr; k++) {
		if (ret >= 0 && fn(c.v[k], arg) < 0)
			ret = -ECANCELED;
		nf_ct_put_fast(c.v[k]);
	}
	free(c.v);
	return ret < 0 ? ret : (long)c.nr;
}

static int cold_resize(struct ct_core *core, uint64_t buckets)
{
#if CT_TABLE_RESIZES
	if (table_bucket_rule(buckets))
		return -EINVAL;
	return table_resize(&ct_instance_of(core)->table, buckets);
#else
	(void)core;
	(void)buckets;
	return -EOPNOTSUPP;
#endif
}

static uint64_t cold_buckets(struct ct_core *core)
{
	return table_buckets(&ct_instance_of(core)->table);
}

static void memory_grace(struct ct_memory *m, const struct ct_grace *g)
{
	uint64_t longest = load_relaxed(&g->longest);

	m->grace_periods += load_relaxed(&g->periods);
	m->grace_ticks += load_relaxed(&g->ticks);
	if (longest > m->grace_longest)
		m->grace_longest = longest;
	m->waiting_peak_bytes += load_relaxed(&g->bytes_peak);
}

static void cold_memory(struct ct_core *core, struct ct_memory *m)
{
	struct ct_instance *inst = ct_instance_of(core);

	m->node_bytes = node_pool_live(&inst->pool) * sizeof(struct nf_conn);
	m->pool_bytes = node_pool_bytes(&inst->pool);
	table_memory(&inst->table, &m->bucket_bytes, &m->lock_bytes);
	m->waiting_bytes = node_pool_waiting(&inst->pool);
	m->grace_periods = m->grace_ticks = m->grace_longest = m->waiting_peak_bytes = 0;
	memory_grace(m, &inst->pool.grace);
#ifdef CT_TABLE_INSIDE
	memory_grace(m, table_grace(&inst->table));
#endif
}

/* Counts entries and collects none. */
struct count_entries {
	struct ct_collect c;
	uint64_t nr;
};

static bool count_entry(const struct nf_conntrack_tuple_hash *h __maybe_unused,
			struct nf_conn *ct __maybe_unused, const struct ct_collect *c)
{
	container_of((struct ct_collect *)c, struct count_entries, c)->nr++;
	return false;
}

static int cold_chains(struct ct_core *core, struct ct_chains *chains)
{
	struct ct_table *t = &ct_instance_of(core)->table;
	uint64_t size = table_scan_size(t), n = size;

	chains->kind = CT_TABLE_BUCKET;
	if (CT_TABLE_BUCKET == CT_BUCKET_NONE)
		return -EOPNOTSUPP;
	if (chains->limit && chains->limit < n)
		n = chains->limit;
	for (uint64_t i = 0; i < n; i++) {
		struct count_entries count = { .c = { .want = count_entry } };
		uint64_t at = (uint64_t)((unsigned __int128)i * size / n);

		table_collect(t, at, &count.c);
		chains->length[count.nr < CT_CHAIN_LENGTHS ? count.nr : CT_CHAIN_LENGTHS - 1]++;
		chains->entries += count.nr;
		chains->squares += count.nr * count.nr;
		if (count.nr > chains->longest)
			chains->longest = count.nr;
	}
	chains->buckets += n;
	return 0;
}

static void cold_ranges(struct ct_core *core, ct_range_fn *fn, void *arg)
{
	struct ct_instance *inst = ct_instance_of(core);

#ifdef CT_TABLE_INSIDE
	table_ranges(&inst->table, fn, arg);
#endif
	node_pool_ranges(&inst->pool, fn, arg);
}

static void cold_barrier(struct ct_core *core __maybe_unused)
{
	ct_rcu_barrier();
}

static const struct nf_conntrack_ops ct_ops = {
	.hooks = ct_hook_ops,
	.nr_hooks = (CT_FLAGS)&CT_V_NULL ? 0 : ARRAY_SIZE(ct_hook_ops),
	.find_get = cold_find_get,
	.alloc = cold_alloc,
	.insert = cold_insert,
	.kill = nf_ct_kill_direct,
	.del = nf_ct_delete,
	.put = nf_ct_put_direct,
	.forward = cold_forward,
	.find_ahead = cold_find_ahead,
	.forward_burst = cold_forward_burst,
	.hook = cold_hook,
	.call = cold_call,
	.walk = cold_walk,
	.release = cold_release,
	.iterate = cold_iterate,
	.gc = cold_gc,
	.scan_size = cold_scan_size,
	.scan = cold_scan,
	.outside = cold_outside,
	.resize = cold_resize,
	.buckets = cold_buckets,
	.memory = cold_memory,
	.chains = cold_chains,
	.ranges = cold_ranges,
	.barrier = cold_barrier,
};
