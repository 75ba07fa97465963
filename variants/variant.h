/* SPDX-License-Identifier: MIT */
/*
 * What a table backend looks like from outside.
 *
 * A variant is one translation unit: it includes one header per axis and the
 * templates, which compile conntrack's hot path and the worker loops around
 * its own table.  What leaves the unit is one struct ct_variant.  Its
 * functions are called once per batch of operations or packets, or from cold
 * code; never per operation inside a measured loop.
 */
#ifndef CTBENCH_VARIANTS_VARIANT_H
#define CTBENCH_VARIANTS_VARIANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conntrack.h"
#include "variants/inside.h"
#include "variants/mem.h"

/* The choices a variant stands for; "-" or NULL where an axis does not apply to it. */
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
	CT_V_NULL = 1 << 1,   /* finds and keeps nothing: measures the harness */
	CT_V_PEER = 1 << 2,   /* a table that others wrote */
	CT_V_LOOKUPS =
		1 << 4, /* no table: only its lookups can be measured, by a program of its own */
	CT_V_WORST = 1 << 3,	/* degenerate on purpose: left out of globs unless named */
	CT_V_OWN_SIZE = 1 << 5, /* decides how many buckets it has; config.buckets is a wish */
	CT_V_OWN_KEYS = 1 << 6, /* keeps copies of the keys, from confirm to kill */
	CT_V_FULL = 1 << 7,	/* can be full: insertion then says -ENOSPC */
};

struct ct_config {
	uint64_t buckets;
	/* how many to expect: sizes the node pool's slabs, and tables with a fixed capacity */
	uint64_t connections;
	uint64_t hash_key[2];
	unsigned int threads; /* highest CPU number a thread will register, plus one */
	enum ct_pages pages;  /* for buckets and nodes */
};

struct ct_memory {
	uint64_t node_bytes;   /* in live connections' objects */
	uint64_t pool_bytes;   /* held by the node pool, live or free */
	uint64_t bucket_bytes; /* bucket arrays and the locks inside them */
	uint64_t lock_bytes;   /* locks kept apart from the buckets */
	/*
	 * What waited for grace periods since the table was made: deleted connections, every
	 * 64th of them timed, and bucket arrays that a resize replaced.  Ticks of core/ticks.h.
	 */
	uint64_t grace_periods, grace_ticks, grace_longest;
	uint64_t waiting_bytes, waiting_peak_bytes;
};

struct ct_ops_work;
struct ct_packet_work;

/*
 * Who may call what: create and destroy while no other thread uses the table;
 * all else from any thread between thread_begin and thread_end.
 */
struct ct_variant {
	const char *name;
	const char *summary; /* one line for `ctbench list` */
	struct ct_axes axes;
	unsigned int flags; /* enum ct_variant_flags */
	/* Which of conntrack's promises the table cannot keep, as a sentence; NULL: it keeps all.
	 */
	const char *limits;
	/*
	 * How many nodes a chain takes before insertion refuses one more (-E2BIG),
	 * at least; 0: any number.
	 */
	unsigned int chain_room;

	/*
	 * NULL if the table can have n buckets, else why not, as a clause ("mask needs a power
	 * of two")
	 */
	const char *(*bucket_rule)(uint64_t n);

	/*
	 * Bytes that a new table takes, connections apart, if it is made with so many buckets and
	 * is to hold so many connections.
	 */
	uint64_t (*table_bytes)(uint64_t buckets, uint64_t connections);

	/*
	 * 0, or -ENOMEM, -EINVAL (bucket_rule), -EOPNOTSUPP (this CPU lacks an instruction).  The
	 * first one in a process also starts the table's library, where it needs that: no fork()
	 * after it.
	 */
	int (*create)(struct ct_core **out, const struct ct_config *config);
	void (*destroy)(struct ct_core *core);

	/* Registers the calling thread as "CPU" cpu (RCU, node cache, statistics). */
	void (*thread_begin)(struct ct_core *core, unsigned int cpu);
	void (*thread_end)(struct ct_core *core);
	/* The thread will be idle or block: it must not hold up grace periods meanwhile. */
	void (*thread_offline)(struct ct_core *core);
	void (*thread_online)(struct ct_core *core);

	/* One batch of a measured loop; see variants/work.h. */
	void (*run_ops)(struct ct_core *core, struct ct_ops_work *work);
	void (*run_packets)(struct ct_core *core, struct ct_packet_work *work);
	/* The same where work->burst operations or packets, 2 .. CT_BURST, are there at once. */
	void (*run_ops_burst)(struct ct_core *core, struct ct_ops_work *work);
	void (*run_packets_burst)(struct ct_core *core, struct ct_packet_work *work);
	/*
	 * The same with work->latency (variants/latency.h): each operation's time is kept, and
	 * in an open loop it waits for its arrival, so that a call may do less than a batch.
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
