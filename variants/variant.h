/* SPDX-License-Identifier: MIT */
/*
 * The interface of a variant.
 *
 * A variant is one translation unit: it includes one header per axis and the
 * templates, which compile conntrack's hot path and the worker loops around its
 * table.  The unit exports one struct ct_variant.  Its functions are called once per
 * batch of operations or packets, or from cold code; never per operation inside a
 * measured loop.
 */
#ifndef CTBENCH_VARIANTS_VARIANT_H
#define CTBENCH_VARIANTS_VARIANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conntrack.h"
#include "variants/inside.h"
#include "variants/mem.h"

/* The choices of a variant; "-" or NULL if an axis does not apply to it. */
struct ct_axes {
#define AXIS(name, ...)	  const char *name;
#define CHOICE(axis, ...) /* a header of the axis */
#include "variants/axes.def"
#undef AXIS
};

enum {
#define AXIS(name, ...) CT_AXIS_##name,
#include "variants/axes.def"
#undef AXIS
#undef CHOICE
	CT_NR_AXES
};
/* Name and value of axis i (0 .. CT_NR_AXES - 1), in the order of axes.def. */
const char *ct_axis_name(unsigned int i);
const char *ct_axis_value(const struct ct_axes *axes, unsigned int i);

enum ct_variant_flags {
	CT_V_RESIZE = 1 << 0, /* can be resized online */
	CT_V_NULL = 1 << 1,   /* finds and stores nothing: measures the harness */
	CT_V_PEER = 1 << 2,   /* a table by others */
	CT_V_LOOKUPS =
		1 << 4,	     /* no table: only its lookups can be measured, by a separate program */
	CT_V_WORST = 1 << 3, /* degenerate on purpose: globs skip it unless it is named */
	CT_V_OWN_SIZE =
		1 << 5, /* chooses its number of buckets; config.buckets is only a request */
	CT_V_OWN_KEYS = 1 << 6, /* holds copies of the keys, from confirm to kill */
	CT_V_FULL = 1 << 7,	/* can be full: insertion then returns -ENOSPC */
	/*
	 * Threads share no connection: each finds only those that it inserted, and walks are
	 * allowed only while no other thread uses the table.
	 */
	CT_V_UNSHARED = 1 << 8,
	/*
	 * Inserts the two directions one after the other (peers/two_nodes.inc.h): while a
	 * connection is half in, no lookup finds it, but an equal insertion is already refused.
	 */
	CT_V_HALF_IN = 1 << 9,
};

struct ct_config {
	uint64_t buckets;
	/* expected number: sizes the node pool's slabs, and tables with a fixed capacity */
	uint64_t connections;
	uint64_t hash_key[2];
	unsigned int threads; /* highest CPU number that a thread will register, plus one */
	/*
	 * For CT_V_UNSHARED: the connections are divided among these threads, CPU 1 .. workers;
	 * 0: among all threads
	 */
	unsigned int workers;
	enum ct_pages pages; /* for buckets and nodes */
};

struct ct_memory {
	uint64_t node_bytes;   /* in live connections' objects */
	uint64_t pool_bytes;   /* held by the node pool, live or free */
	uint64_t bucket_bytes; /* bucket arrays and the locks inside them */
	uint64_t lock_bytes;   /* locks outside the buckets */
	/*
	 * What has waited for grace periods since the table was created: deleted connections, of
	 * which every 64th is timed, and bucket arrays that a resize replaced.  Ticks of
	 * core/ticks.h.
	 */
	uint64_t grace_periods, grace_ticks, grace_longest;
	uint64_t waiting_bytes, waiting_peak_bytes;
};

struct ct_ops_work;
struct ct_packet_work;

/*
 * create and destroy may be called while no other thread uses the table; all other
 * functions by any thread between thread_begin and thread_end.
 */
struct ct_variant {
	const char *name;
	const char *summary; /* one line for `ctbench list` */
	struct ct_axes axes;
	unsigned int flags; /* enum ct_variant_flags */
	/* Guarantees of conntrack that the table cannot give, as a sentence; NULL: none. */
	const char *limits;
	/*
	 * The minimum number of nodes in a chain at which insertion refuses another (-E2BIG);
	 * 0: no limit.
	 */
	unsigned int chain_room;

	/*
	 * NULL if the table can have n buckets, else the reason as a clause ("mask needs a power
	 * of two")
	 */
	const char *(*bucket_rule)(uint64_t n);

	/*
	 * Bytes that a new table takes, without connections, if it has this number of buckets and
	 * is to hold this number of connections.
	 */
	uint64_t (*table_bytes)(uint64_t buckets, uint64_t connections);

	/*
	 * 0, or -ENOMEM, -EINVAL (bucket_rule), -EOPNOTSUPP (this CPU lacks an instruction).  The
	 * first call in a process also starts the table's library if it needs that: do not fork()
	 * afterwards.
	 */
	int (*create)(struct ct_core **out, const struct ct_config *config);
	void (*destroy)(struct ct_core *core);

	/* Registers the calling thread as "CPU" cpu (RCU, node cache, statistics). */
	void (*thread_begin)(struct ct_core *core, unsigned int cpu);
	void (*thread_end)(struct ct_core *core);
	/* The thread will be idle or block: it must not delay grace periods meanwhile. */
	void (*thread_offline)(struct ct_core *core);
	void (*thread_online)(struct ct_core *core);

	/* One batch of a measured loop; see variants/work.h. */
	void (*run_ops)(struct ct_core *core, struct ct_ops_work *work);
	void (*run_packets)(struct ct_core *core, struct ct_packet_work *work);
	/* The same with work->burst operations or packets, 2 .. CT_BURST, at once. */
	void (*run_ops_burst)(struct ct_core *core, struct ct_ops_work *work);
	void (*run_packets_burst)(struct ct_core *core, struct ct_packet_work *work);
	/*
	 * The same with work->latency (variants/latency.h): records each operation's time.  In an
	 * open loop it waits for arrivals, so a call may do less than a batch.
	 * run_ops_timed() needs work->ops.
	 */
	void (*run_ops_timed)(struct ct_core *core, struct ct_ops_work *work);
	void (*run_packets_timed)(struct ct_core *core, struct ct_packet_work *work);

	/* Cold, single operations: filling, tests, tools.  Semantics as in core/conntrack.h. */
	const struct nf_conntrack_ops *ops;
};

extern const struct ct_variant *const ct_variants[];
extern const size_t ct_nr_variants;

/* By exact name, or NULL. */
const struct ct_variant *ct_variant_find(const char *name);

#endif
