/* SPDX-License-Identifier: MIT */
/*
 * conntrack without its hot path: one header for all of core/.
 *
 * The hot path itself (nf_conntrack_in, resolve_normal_ct, confirm, ...) is a
 * template, core/conntrack.inc.h, that every table compiles for itself.  Code that
 * does not know the table calls it through nf_conntrack_ops.
 * The lock order is in lock_order.h.
 */
#ifndef CTBENCH_CORE_CONNTRACK_H
#define CTBENCH_CORE_CONNTRACK_H

#include "core/netns.h"
#include "core/nf_conntrack_gc.h"
#include "core/nf_conntrack_extend.h"
#include "core/nf_conntrack_helper.h"
#include "core/nf_conntrack_proto.h"

struct ct_memory;
struct ct_chains;
struct ct_range;
struct ct_collect;
struct ct_walk;

/*
 * For nf_conntrack_ops.iterate: called with the entry pinned by its bucket's lock or a
 * reference.
 */
typedef int ct_iterate_fn(struct nf_conn *ct, void *arg);

/*
 * Cold entry points into a variant's core.  Any registered thread (see
 * variants/variant.h), outside read-side sections; each opens its own.
 */
struct nf_conntrack_ops {
	/* The hooks that conntrack registers in every namespace. */
	const struct nf_hook_ops *hooks;
	size_t nr_hooks;

	/* nf_conntrack_find_get: the node with a reference on its connection, or NULL. */
	struct nf_conntrack_tuple_hash *(*find_get)(struct net *net,
						    const struct nf_conntrack_zone *zone,
						    const struct nf_conntrack_tuple *tuple);
	/*
	 * nf_conntrack_alloc: an unconfirmed connection with one reference, or
	 * NULL with *err -ENOMEM or -ENFILE (table full).
	 */
	struct nf_conn *(*alloc)(struct net *net, const struct nf_conntrack_zone *zone,
				 const struct nf_conntrack_tuple *orig,
				 const struct nf_conntrack_tuple *reply, int *err);
	/*
	 * nf_conntrack_hash_check_insert: insert into the table, which takes a
	 * reference of its own; timeout in ticks from now.  0, -EEXIST.
	 */
	int (*insert)(struct nf_conn *ct, uint32_t timeout);
	/* nf_ct_delete: remove from the table.  False if another thread has done so. */
	bool (*kill)(struct nf_conn *ct);
	/*
	 * The same on behalf of portid: DESTROY is reported to it.  Also false if the
	 * event cannot be sent now and is sent later (nf_conntrack_ecache_work()).
	 */
	bool (*del)(struct nf_conn *ct, uint32_t portid, bool report);
	void (*put)(struct nf_conn *ct);
	/*
	 * Passes one packet through a router: PRE_ROUTING, then
	 * FORWARD and POST_ROUTING.  Returns the last verdict; the packet's
	 * reference is dropped unless it was stolen or queued.
	 */
	unsigned int (*forward)(struct net *net, struct sk_buff *skb, uint16_t in, uint16_t out);
	/*
	 * Looks up the connections of the next nr packets (at most CT_BURST) together:
	 * skb[i].ahead (core/conntrack_burst.inc.h).
	 */
	void (*find_ahead)(struct net *net, struct sk_buff *skb, unsigned int nr);
	/* find_ahead, then forward for each; its last verdict goes into verdict[i]. */
	void (*forward_burst)(struct net *net, struct sk_buff *skb, unsigned int nr,
			      const uint16_t *in, const uint16_t *out, unsigned int *verdict);
	/* The hooks of one hook point; the packet keeps its connection.  For tools and tests. */
	unsigned int (*hook)(struct net *net, enum nf_inet_hooks hook, struct sk_buff *skb,
			     uint16_t in, uint16_t out);
	/* Calls one hook in a separate read-side section. */
	unsigned int (*call)(nf_hookfn *fn, void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state);
	/* Walks the chain of a tuple, for tools that show it (core/nf_conntrack_look.h). */
	void (*walk)(struct net *net, struct ct_walk *w);
	/* Ends a packet: drops its reference, and frees its bytes if they are its own. */
	void (*release)(struct sk_buff *skb);

	/*
	 * Calls fn for every confirmed entry once (nf_ct_iterate_cleanup).  Entries for
	 * which fn returns a positive number are killed; a negative one ends the walk
	 * and is returned.  Otherwise returns the number killed.
	 */
	long (*iterate)(struct ct_core *core, ct_iterate_fn *fn, void *arg);
	/*
	 * A piece of gc work: examines about that many buckets from where the
	 * last piece ended, kills expired entries and returns their number.
	 */
	unsigned long (*gc)(struct ct_core *core, unsigned long buckets);
	/*
	 * A walk by positions 0 .. scan_size() - 1, each a part of the table:
	 * scan() adds the entries of one that the collector wants
	 * (core/nf_conntrack_find.h).  Entries have two nodes, and a concurrent
	 * resize may hide some.
	 */
	uint64_t (*scan_size)(struct ct_core *core);
	void (*scan)(struct ct_core *core, uint64_t position, struct ct_collect *c);
	/*
	 * Connections outside the table: unconfirmed ones, or those that were
	 * deleted and are still referenced.  fn as for iterate, but its result can
	 * only end the walk.  Returns their number, or -EOPNOTSUPP (a variant
	 * without such lists), -ENOMEM.
	 */
	long (*outside)(struct ct_core *core, bool dying, ct_iterate_fn *fn, void *arg);
	/* Online, under load: 0, -EOPNOTSUPP, -EINVAL (bucket_rule), -ENOMEM. */
	int (*resize)(struct ct_core *core, uint64_t buckets);
	uint64_t (*buckets)(struct ct_core *core);
	void (*memory)(struct ct_core *core, struct ct_memory *memory);
	/*
	 * The number of entries in each bucket, and what a bucket is (variants/inside.h): 0, or
	 * -EOPNOTSUPP if the table has no buckets that can be walked one by one.
	 */
	int (*chains)(struct ct_core *core, struct ct_chains *chains);
	/* Each range of the table's memory; no resize and no insertion meanwhile. */
	void (*ranges)(struct ct_core *core, void (*fn)(const struct ct_range *range, void *arg),
		       void *arg);
	/* Waits until all deferred memory is freed. */
	void (*barrier)(struct ct_core *core);
};

/* A table and conntrack's other data; shared by namespaces. */
struct ct_core {
	const struct nf_conntrack_ops *ops;
	uint64_t hash_key[2]; /* nf_conntrack_hash_rnd */
	unsigned int nr_cpus;
	_Atomic uint32_t max; /* nf_conntrack_max, per namespace; 0: no limit */
	/*
	 * nfct_time_stamp.  Written by the owner of the clock: the measured
	 * loop, or a replay that follows a capture's time.
	 */
	_Atomic uint32_t now __cacheline_aligned;
	struct conntrack_gc_work gc __cacheline_aligned;
};

static __always_inline uint32_t nfct_time_stamp(const struct ct_core *core)
{
	return load_relaxed(&core->now);
}

/* For core code that is not hot; the variants' templates call their own functions directly. */
static inline void nf_ct_put(struct nf_conn *ct)
{
	ct->net->core->ops->put(ct);
}

static inline bool nf_ct_kill(struct nf_conn *ct)
{
	return ct->net->core->ops->kill(ct);
}

/*
 * A packet used the connection: it lives extra ticks from now, and the packet is
 * accounted (nf_ct_refresh_acct).  The cache line is written only if something
 * changes.
 */
static __always_inline void nf_ct_refresh(struct nf_conn *ct, const struct net *net, uint32_t extra)
{
	uint32_t status = nf_ct_status(ct), timeout = extra;

	if (unlikely(status & IPS_FIXED_TIMEOUT))
		return;
	if (likely(status & IPS_CONFIRMED))
		timeout += nfct_time_stamp(net->core);
	if (load_relaxed(&ct->timeout) != timeout)
		store_relaxed(&ct->timeout, timeout);
}

static __always_inline void
nf_ct_refresh_acct(struct nf_conn *ct, const struct net *net, enum ip_conntrack_info ctinfo,
		   const struct sk_buff *skb, uint32_t extra)
{
	nf_ct_refresh(ct, net, extra);
	nf_ct_acct_add(ct, CTINFO2DIR(ctinfo), 1, skb->len);
}

/*
 * One line of /proc/net/nf_conntrack, with its newline; returns its length as
 * snprintf does.  The caller holds a reference, which counts in "use=".
 */
int nf_ct_snprint(char *buf, size_t size, const struct nf_conn *ct);
/* The same as a line of "conntrack -L -o extended"; the caller's reference does not count. */
int nf_ct_snprint_extended(char *buf, size_t size, const struct nf_conn *ct);

enum nf_ct_dump_format {
	NF_CT_DUMP_PROC,
	NF_CT_DUMP_EXTENDED,
};

/*
 * The whole table to a file in that format, in no particular order.  Returns
 * the number of lines or -errno of the write.
 */
long nf_ct_dump(struct ct_core *core, enum nf_ct_dump_format format, FILE *out);

const char *nf_ct_tcp_state_name(unsigned int state);

#endif
