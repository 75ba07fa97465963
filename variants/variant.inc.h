/* SPDX-License-Identifier: MIT */
/*
 * Makes a variant from the table_* functions: conntrack's hot path around them, the
 * worker loops, the cold operations, and the struct ct_variant that the register
 * names.  The unit has defined the table and, before including this:
 *
 *	#define CT_VARIANT	NAME	(as in variants.def and the file's name)
 *	#define CT_SUMMARY	"one line for ctbench list"
 *	#define CT_FLAGS	0	(enum ct_variant_flags, without CT_V_RESIZE)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/lock_order.h"
#include "core/nf_conntrack_look.h"
#include "variants/inside.h"
#include "variants/latency.h"
#include "variants/work.h"
#include "variants/node/pool.h"

/* Defaults for axes that a variant does not choose: as in Linux now. */
#ifndef CT_LISTS_NAME
#include "variants/lists/none.h"
#endif
#ifndef CT_RECHECK_NAME
#include "variants/recheck/key.h"
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
#ifndef CT_NODE_CONTIGUOUS
#define CT_NODE_CONTIGUOUS 0 /* 1: the table refers to connections by number */
#endif
#ifndef CT_TABLE_LIMITS
#define CT_TABLE_LIMITS NULL
#endif
#ifndef CT_TABLE_HALF_IN
#define CT_TABLE_HALF_IN 0 /* CT_V_HALF_IN: set by peers/two_nodes.inc.h */
#endif
#ifndef CT_TABLE_BUCKET
#define CT_TABLE_BUCKET CT_BUCKET_NONE
#endif

#define ct_gc_name(style) ((style) == NF_CT_GC_MEAN ? "mean" : "slices")

struct ct_instance {
	struct ct_core core;
	struct ct_table table;
	struct ct_node_pool pool;
	struct ct_lists lists;
	_Atomic uint64_t gc_cursor;
};

#ifdef CT_TABLE_WALKS_POOL
/* chained_table.inc.h has declared it already; other tables have not. */
static void nf_ct_put_direct(struct nf_conn *ct); /* NOLINT(readability-redundant-declaration) */
#include "variants/pool_walk.inc.h"
#endif

#ifndef CT_TABLE_PREFETCHES
static __always_inline void
table_prefetch(struct ct_table *t __maybe_unused, uint32_t hash __maybe_unused)
{
}
#endif

#ifndef CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	for (unsigned int i = 0; i < b->nr; i++) {
		f->key = b->key[i];
		b->found[i] = table_find(t, f, b->hash[i], get);
	}
}
#endif

#include "core/conntrack.inc.h"

/* Function names that contain the variant, so that a disassembly shows which one it is. */
#define CT_PASTE_(a, b) a##b
#define CT_PASTE(a, b)	CT_PASTE_(a, b)
#define CT_STR_(a)	#a
#define CT_STR(a)	CT_STR_(a)

/*
 * The read path alone, as a separate function, which the test `disassembly` examines.
 * It is the same inlined code as in the loops and in the packet path.
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

#include "variants/loops.inc.h"
#include "variants/bursts.inc.h"
#ifdef CT_PACKET_LOOPS /* instead of those two files' */
#include CT_PACKET_LOOPS
#endif
#include "variants/timed.inc.h"
#include "variants/cold.inc.h"

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
#ifdef CT_TABLE_PROCESS_START
	ret = table_process_start();
	if (ret)
		return ret;
#endif
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
	if (CT_NODE_CONTIGUOUS)
		ret = node_pool_reserve(&inst->pool, config->connections);
	if (ret)
		goto err_pool;
	ret = ct_lists_init(&inst->lists, config->threads);
	if (ret)
		goto err_pool;
	ret = table_init(&inst->table, config);
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
#ifdef CT_TABLE_THREADS
	table_thread_begin();
#endif
	ct_rcu_register();
}

static void variant_thread_end(struct ct_core *core __maybe_unused)
{
	lock_order_none("leaves a table");
	ct_rcu_unregister();
#ifdef CT_TABLE_THREADS
	table_thread_end();
#endif
}

static void variant_thread_offline(struct ct_core *core __maybe_unused)
{
	lock_order_wait(CT_LOCK_RESIZE, "goes offline");
	ct_rcu_offline();
}

static void variant_thread_online(struct ct_core *core __maybe_unused)
{
	ct_rcu_online();
}

const struct ct_variant CT_PASTE(ct_variant_, CT_VARIANT) = {
	.name = CT_STR(CT_VARIANT),
	.summary = CT_SUMMARY,
	.axes = { CT_TABLE_AXES, .lists = (CT_FLAGS)&CT_V_NULL ? "-" : CT_LISTS_NAME,
		  .l4 = (CT_FLAGS)&CT_V_NULL ? "-" : CT_L4_NAME,
		  .gc = (CT_FLAGS)&CT_V_NULL ? "-" : ct_gc_name(CT_GC_STYLE) },
	.chain_room = CT_TABLE_ROOM,
	.flags = CT_FLAGS | (CT_TABLE_RESIZES ? CT_V_RESIZE : 0) | CT_TABLE_HALF_IN,
	.limits = CT_TABLE_LIMITS,
	.bucket_rule = table_bucket_rule,
	.table_bytes = table_bytes,
	.create = variant_create,
	.destroy = variant_destroy,
	.thread_begin = variant_thread_begin,
	.thread_end = variant_thread_end,
	.thread_offline = variant_thread_offline,
	.thread_online = variant_thread_online,
	.run_ops = CT_PASTE(ct_run_ops_, CT_VARIANT),
	.run_packets = CT_PASTE(ct_run_packets_, CT_VARIANT),
	.run_ops_burst = CT_PASTE(ct_run_ops_burst_, CT_VARIANT),
	.run_packets_burst = CT_PASTE(ct_run_packets_burst_, CT_VARIANT),
	.run_ops_timed = run_ops_timed,
	.run_packets_timed = run_packets_timed,
	.ops = &ct_ops,
};
