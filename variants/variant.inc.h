/* SPDX-License-Identifier: MIT */
/*
 * A table_* becomes a variant: conntrack's hot path around it, the worker
 * loops, the cold operations, and the struct ct_variant that the register
 * names.  The unit has defined the table and, before including this:
 *
 *	#define CT_VARIANT	NAME	(as in variants.def and the file's name)
 *	#define CT_SUMMARY	"one line for ctbench list"
 *	#define CT_FLAGS	0	(enum ct_variant_flags, but for CT_V_RESIZE)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/nf_conntrack_look.h"
#include "variants/inside.h"
#include "variants/latency.h"
#include "variants/work.h"
#include "variants/node/pool.h"

/* What a variant does not choose is as in Linux now. */
#ifndef CT_LISTS_NAME
#include "variants/lists/none.h"
#endif
#ifndef CT_L4_NAME
#include "variants/l4/switch.h"
#endif
#ifndef CT_GC_STYLE
#define CT_GC_STYLE NF_CT_GC_MEAN
#endif
#ifndef CT_TABLE_ROOM
#define CT_TABLE_ROOM 0
#endif

#define ct_gc_name(style) ((style) == NF_CT_GC_MEAN ? "mean" : "slices")

struct ct_instance {
	struct ct_core core;
	struct ct_table table;
	struct ct_node_pool pool;
	struct ct_lists lists;
	_Atomic uint64_t gc_cursor;
};

#include "core/conntrack.inc.h"

/* Names that stand in the binary, so that a disassembly can be told apart by variant. */
#define CT_PASTE_(a, b) a##b
#define CT_PASTE(a, b) CT_PASTE_(a, b)
#define CT_STR_(a) #a
#define CT_STR(a) CT_STR_(a)

/*
 * The read path alone, as a function of its own: what tests/test_disassembly
 * looks at.  The same inlined code as in the loops and in the packet path.
 */
struct nf_conntrack_tuple_hash *
	CT_PASTE(ct_lookup_path_, CT_VARIANT)(struct net *net, struct ct_find *f, uint32_t hash);
__attribute__((noinline)) struct nf_conntrack_tuple_hash *
CT_PASTE(ct_lookup_path_, CT_VARIANT)(struct net *net, struct ct_find *f, uint32_t hash)
{
	struct nf_conntrack_tuple_hash *h;

	ct_read_lock();
	h = __nf_conntrack_find(net, f, hash, true);
	ct_read_unlock();
	return h;
}

/* --- Worker loops --- */

static __always_inline void
key_load(union ct_tuple_words *to, const void *keys, size_t i, const bool compact)
{
	if (compact) {
		const struct ct_key4 *k = (const struct ct_key4 *)keys + i;

		ct_tuple_set_ipv4(to, k->saddr, k->daddr, k->sport, k->dport, k->protonum);
	} else {
		*to = ((const union ct_tuple_words *)keys)[i];
	}
}

/* What a lookup changes; a copy in registers while a batch runs. */
struct lookup_state {
	size_t pos;
	uint64_t hits, checksum;
};

static __always_inline void op_lookup(const struct ct_ops_work *w, struct net *net,
				      struct lookup_state *s, struct ct_find *f, const bool compact,
				      const bool get)
{
	struct nf_conntrack_tuple_hash *h;
	union ct_tuple_words key;	/* in registers: hashed without waiting for the copy in f */
	uint32_t hash;

	key_load(&key, w->keys, s->pos, compact);
	if (unlikely(++s->pos == w->nr_keys))
		s->pos = 0;
	f->key = key;
	f->now = nfct_time_stamp(net->core);
	f->restarts = 0;
	ct_read_lock();
	hash = hash_conntrack_raw(&key, NF_CT_DEFAULT_ZONE_ID, net);
	s->checksum += hash;
	h = __nf_conntrack_find(net, f, hash, get);
	if (h) {
		s->hits++;
		s->checksum += (uintptr_t)h;
		if (get)
			nf_ct_put_fast(nf_ct_tuplehash_to_ctrack(h));
	}
	ct_read_unlock();
}

/* A connection as confirm would put it in (nf_conntrack_alloc, nf_conntrack_hash_check_insert). */
static void op_insert(struct ct_ops_work *w, const bool compact)
{
	struct nf_conntrack_tuple reply;
	union ct_tuple_words orig;
	struct ct_insert ins;
	struct nf_conn *ct;
	uint32_t hash;
	int err;

	if (unlikely(w->head - w->tail == w->nr_churn))
		return;		/* all are in; cannot be while inserts and deletes alternate */
	key_load(&orig, w->churn, w->head % w->nr_churn, compact);
	w->inserts++;
	hash = hash_conntrack_raw(&orig, NF_CT_DEFAULT_ZONE_ID, w->net);
	ct = nf_ct_invert_tuple(&reply, &orig.tuple)
		     ? __nf_conntrack_alloc(w->net, &nf_ct_zone_dflt, &orig.tuple, &reply, hash,
					    &err)
		     : NULL;
	if (unlikely(!ct)) {
		w->insert_failed++;
		return;
	}
	nf_conntrack_set_live(ct);
	store_relaxed(&ct->timeout, w->timeout);
	err = table_insert(&ct_instance_of(w->net->core)->table, ct, hash,
			   nf_ct_dir_hash(ct, IP_CT_DIR_REPLY), nfct_time_stamp(w->net->core),
			   &ins);
	if (unlikely(err)) {
		if (ins.clash)
			nf_ct_put_fast(nf_ct_tuplehash_to_ctrack(ins.clash));
		w->insert_failed++;
	} else {
		w->head++;
	}
	nf_ct_put_fast(ct);
}

static void op_delete(struct ct_ops_work *w, struct ct_find *f, const bool compact)
{
	struct nf_conntrack_tuple_hash *h;

	if (unlikely(w->head == w->tail))
		return;
	key_load(&f->key, w->churn, w->tail++ % w->nr_churn, compact);
	w->deletes++;
	f->now = nfct_time_stamp(w->net->core);
	f->restarts = 0;
	ct_read_lock();
	h = __nf_conntrack_find(w->net, f,
				hash_conntrack_raw(&f->key, NF_CT_DEFAULT_ZONE_ID, w->net), true);
	ct_read_unlock();
	if (unlikely(!h || !nf_ct_kill_direct(nf_ct_tuplehash_to_ctrack(h))))
		w->delete_failed++;
	if (likely(h))
		nf_ct_put_fast(nf_ct_tuplehash_to_ctrack(h));
}

static __always_inline void
ops_loop(struct ct_ops_work *w, const bool compact, const bool get, const bool mixed)
{
	struct lookup_state s = { .pos = w->key_pos };
	struct net *net = w->net;
	size_t batch = w->batch, lookups = mixed ? 0 : batch;
	struct ct_find f;

	ct_find_init(&f, net, &nf_ct_zone_dflt);
	for (size_t i = 0; i < batch; i++) {
		if (mixed) {
			uint8_t op = w->ops[w->op_pos];

			if (unlikely(++w->op_pos == w->nr_ops))
				w->op_pos = 0;
			if (op == CT_OP_INSERT) {
				op_insert(w, compact);
				continue;
			}
			if (op == CT_OP_DELETE) {
				op_delete(w, &f, compact);
				continue;
			}
			lookups++;
		}
		op_lookup(w, net, &s, &f, compact, get);
	}
	w->key_pos = s.pos;
	w->hits += s.hits;
	w->checksum += s.checksum;
	w->lookups += lookups;
	w->done += batch;
}

void CT_PASTE(ct_run_ops_, CT_VARIANT)(struct ct_core *core, struct ct_ops_work *w);
void CT_PASTE(ct_run_ops_, CT_VARIANT)(struct ct_core *core __maybe_unused, struct ct_ops_work *w)
{
	/*
	 * One body, a copy for each kind of stream, so that no loop asks what it was asked
	 * before.
	 */
	if (w->ops) {
		if (w->compact)
			w->refcount ? ops_loop(w, true, true, true)
				    : ops_loop(w, true, false, true);
		else
			w->refcount ? ops_loop(w, false, true, true)
				    : ops_loop(w, false, false, true);
	} else {
		if (w->compact)
			w->refcount ? ops_loop(w, true, true, false)
				    : ops_loop(w, true, false, false);
		else
			w->refcount ? ops_loop(w, false, true, false)
				    : ops_loop(w, false, false, false);
	}
	ct_rcu_quiescent();
}

void CT_PASTE(ct_run_packets_, CT_VARIANT)(struct ct_core *core, struct ct_packet_work *w);
void CT_PASTE(ct_run_packets_, CT_VARIANT)(struct ct_core *core __maybe_unused,
					   struct ct_packet_work *w)
{
	for (size_t i = 0; i < w->batch; i++) {
		const struct ct_frame *frame = &w->frames[w->pos];
		struct sk_buff skb = {
			.data = frame->data,
			.len = frame->len,
			.headlen = frame->headlen,
			.protocol = frame->protocol,
			.dev = frame->in,
			.ip_summed = CHECKSUM_UNNECESSARY,
		};
		unsigned int verdict;

		if (unlikely(++w->pos == w->nr_frames))
			w->pos = 0;
		ct_read_lock();
		verdict = ct_forward(w->net, &skb, frame->in, frame->out);
		ct_read_unlock();
		if (likely(verdict == NF_ACCEPT))
			w->accepted++;
		else if (verdict == NF_DROP)
			w->dropped++;
		else
			w->kept++;
		w->checksum += verdict;
	}
	w->done += w->batch;
	ct_rcu_quiescent();
}

#include "variants/timed.inc.h"

/* --- Cold operations --- */

static struct nf_conntrack_tuple_hash *cold_find_get(struct net *net,
						     const struct nf_conntrack_zone *zone,
						     const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_tuple_hash *h;

	ct_read_lock();
	h = nf_conntrack_find_get(net, zone, tuple);
	ct_read_unlock();
	return h;
}

static struct nf_conn *cold_alloc(struct net *net, const struct nf_conntrack_zone *zone,
				  const struct nf_conntrack_tuple *orig,
				  const struct nf_conntrack_tuple *reply, int *err)
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
static bool want_reply_node(const struct nf_conntrack_tuple_hash *h,
			    struct nf_conn *ct __maybe_unused,
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

/* Counts, and takes nothing along. */
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

	if (size != table_buckets(t))
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
	.nr_hooks = (CT_FLAGS) & CT_V_NULL ? 0 : ARRAY_SIZE(ct_hook_ops),
	.find_get = cold_find_get,
	.alloc = cold_alloc,
	.insert = cold_insert,
	.kill = nf_ct_kill_direct,
	.del = nf_ct_delete,
	.put = nf_ct_put_direct,
	.forward = cold_forward,
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

/* --- Life --- */

static int variant_create(struct ct_core **out, const struct ct_config *config)
{
	struct ct_instance *inst;
	int ret;

#ifdef CT_HASH_CHECK_CPU
	if (!ct_hash_supported())
		return -EOPNOTSUPP;
#endif
	if (table_bucket_rule(config->buckets))
		return -EINVAL;
	inst = aligned_alloc(CT_CACHE_LINE, sizeof(*inst));
	if (!inst)
		return -ENOMEM;
	memset((void *)inst, 0, sizeof(*inst));
	inst->core.ops = &ct_ops;
	inst->core.hash_key[0] = config->hash_key[0];
	inst->core.hash_key[1] = config->hash_key[1];
	inst->core.nr_cpus = config->threads;
	nf_ct_gc_init(&inst->core.gc, CT_GC_STYLE);
	ret = node_pool_init(&inst->pool, config->threads, config->connections, config->pages);
	if (ret)
		goto err_free;
	ret = ct_lists_init(&inst->lists, config->threads);
	if (ret)
		goto err_pool;
	ret = table_init(&inst->table, config->buckets, config->pages);
	if (ret)
		goto err_lists;
	*out = &inst->core;
	return 0;

err_lists:
	ct_lists_destroy(&inst->lists);
err_pool:
	node_pool_destroy(&inst->pool);
err_free:
	free(inst);
	return ret;
}

static void variant_destroy(struct ct_core *core)
{
	struct ct_instance *inst;

	if (!core)
		return;
	inst = ct_instance_of(core);
	ct_rcu_barrier();
	table_destroy(&inst->table);
	ct_lists_destroy(&inst->lists);
	node_pool_destroy(&inst->pool);
	free(inst);
}

static void variant_thread_begin(struct ct_core *core __maybe_unused, unsigned int cpu)
{
	ct_this_cpu = cpu;
	ct_rcu_register();
}

static void variant_thread_end(struct ct_core *core __maybe_unused)
{
	ct_rcu_unregister();
}

static void variant_thread_offline(struct ct_core *core __maybe_unused)
{
	ct_rcu_offline();
}

static void variant_thread_online(struct ct_core *core __maybe_unused)
{
	ct_rcu_online();
}

const struct ct_variant CT_PASTE(ct_variant_, CT_VARIANT) = {
	.name = CT_STR(CT_VARIANT),
	.summary = CT_SUMMARY,
	.axes = { CT_TABLE_AXES,
		  .lists = (CT_FLAGS) & CT_V_NULL ? "-" : CT_LISTS_NAME,
		  .l4 = (CT_FLAGS) & CT_V_NULL ? "-" : CT_L4_NAME,
		  .gc = (CT_FLAGS) & CT_V_NULL ? "-" : ct_gc_name(CT_GC_STYLE) },
	.chain_room = CT_TABLE_ROOM,
	.flags = CT_FLAGS | (CT_TABLE_RESIZES ? CT_V_RESIZE : 0),
	.bucket_rule = table_bucket_rule,
	.create = variant_create,
	.destroy = variant_destroy,
	.thread_begin = variant_thread_begin,
	.thread_end = variant_thread_end,
	.thread_offline = variant_thread_offline,
	.thread_online = variant_thread_online,
	.run_ops = CT_PASTE(ct_run_ops_, CT_VARIANT),
	.run_packets = CT_PASTE(ct_run_packets_, CT_VARIANT),
	.run_ops_timed = run_ops_timed,
	.run_packets_timed = run_packets_timed,
	.ops = &ct_ops,
};
