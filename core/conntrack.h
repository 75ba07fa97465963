/* SPDX-License-Identifier: MIT */
/*
 * conntrack as seen from outside its hot path: one header for all of core/.
 *
 * The hot path itself (nf_conntrack_in, resolve_normal_ct, confirm, ...) is a
 * template, core/conntrack.inc.h, that every table backend compiles for itself.
 * What code that knows no table needs of it goes through nf_conntrack_ops.
 *
 * Lock order, outermost first; who holds one may take those behind it:
 *   1. net.hook_lock: registration of hooks
 *   2. a table's resize mutex: resizes and whole walks (struct ct_table)
 *   3. its rwlock (read side), or its bucket locks in ascending order of their
 *	index; under them connections are linked, compared and referred to,
 *	nothing else is locked
 *   4. a connection's lock (nf_conn.lock): its protocol's state, its helper's
 *	data, the events it has missed
 *   5. net.expect.lock: the namespace's expectations, their links with their
 *	masters, and their time; taken under a master's lock by its helper.
 *	Expectations are freed under it, connections are not: what it lets go of
 *	is put behind it
 *   6. a node pool's lock
 * Innermost, each taken with nothing behind it: a family's reassembly lock of
 * a namespace (nf_defrag; its packets are freed and go on behind it), a CPU's
 * list lock (variants/lists/percpu.h), net.ecache.lock, net.new_ext_lock, and
 * those of the registers of extensions and namespaces' ids.
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
	/* What conntrack registers in every namespace. */
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
	 * nf_conntrack_hash_check_insert: into the table, which takes a
	 * reference of its own; timeout in ticks from now.  0, -EEXIST.
	 */
	int (*insert)(struct nf_conn *ct, uint32_t timeout);
	/* nf_ct_delete: out of the table.  False if somebody else was first. */
	bool (*kill)(struct nf_conn *ct);
	/*
	 * The same as asked for by portid: DESTROY is reported to it.  False,
	 * too, if that could not be told now and is told later (nf_conntrack_ecache_work()).
	 */
	bool (*del)(struct nf_conn *ct, uint32_t portid, bool report);
	void (*put)(struct nf_conn *ct);
	/*
	 * The whole way of one packet through a router: PRE_ROUTING, then
	 * FORWARD and POST_ROUTING.  Returns the last verdict; the packet's
	 * reference is dropped unless it was stolen or queued.
	 */
	unsigned int (*forward)(struct net *net, struct sk_buff *skb, uint16_t in, uint16_t out);
	/*
	 * The connections of nr packets (at most CT_BURST), which come next, are looked for
	 * together: skb[i].ahead (core/conntrack_burst.inc.h).
	 */
	void (*find_ahead)(struct net *net, struct sk_buff *skb, unsigned int nr);
	/* find_ahead, then forward for each: its last verdict goes into verdict[i]. */
	void (*forward_burst)(struct net *net, struct sk_buff *skb, unsigned int nr,
			      const uint16_t *in, const uint16_t *out, unsigned int *verdict);
	/* One place's hooks; the packet keeps its connection.  For tools and tests. */
	unsigned int (*hook)(struct net *net, enum nf_inet_hooks hook, struct sk_buff *skb,
			     uint16_t in, uint16_t out);
	/* One hook in a read-side section of its own, and ... */
	unsigned int (*call)(nf_hookfn *fn, void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state);
	/* ... a look into the chain of a tuple: for those who watch (core/nf_conntrack_look.h). */
	void (*walk)(struct net *net, struct ct_walk *w);
	/* The packet is gone: drop its reference, and its bytes where they are its own. */
	void (*release)(struct sk_buff *skb);

	/*
	 * Every confirmed entry once (nf_ct_iterate_cleanup); entries for which
	 * fn returns a positive number are killed; a negative one ends the walk
	 * and is returned.  Else returns the number killed.
	 */
	long (*iterate)(struct ct_core *core, ct_iterate_fn *fn, void *arg);
	/*
	 * A piece of gc work: looks at about that many buckets from where the
	 * last piece ended, kills what has expired; returns how many.
	 */
	unsigned long (*gc)(struct ct_core *core, unsigned long buckets);
	/*
	 * A walk by positions 0 .. scan_size() - 1, each some part of the table:
	 * scan() adds what the collector wants of one (core/nf_conntrack_find.h).
	 * Entries have two nodes, and a resize meanwhile may hide some.
	 */
	uint64_t (*scan_size)(struct ct_core *core);
	void (*scan)(struct ct_core *core, uint64_t position, struct ct_collect *c);
	/*
	 * Connections outside the table: unconfirmed ones, or those that were
	 * deleted and are still referred to; fn as for iterate, but its answer
	 * only ends the walk.  How many, or -EOPNOTSUPP (a variant without such
	 * lists), -ENOMEM.
	 */
	long (*outside)(struct ct_core *core, bool dying, ct_iterate_fn *fn, void *arg);
	/* Online, under load: 0, -EOPNOTSUPP, -EINVAL (bucket_rule), -ENOMEM. */
	int (*resize)(struct ct_core *core, uint64_t buckets);
	uint64_t (*buckets)(struct ct_core *core);
	void (*memory)(struct ct_core *core, struct ct_memory *memory);
	/*
	 * How many entries the buckets hold, and what a bucket is (variants/inside.h): 0, or
	 * -EOPNOTSUPP of a table that has no buckets to walk one by one.
	 */
	int (*chains)(struct ct_core *core, struct ct_chains *chains);
	/* Each piece of the table's memory; nobody resizes or inserts meanwhile. */
	void (*ranges)(struct ct_core *core, void (*fn)(const struct ct_range *range, void *arg),
		       void *arg);
	/* Waits until what was deferred is freed. */
	void (*barrier)(struct ct_core *core);
};

/* A table and what conntrack keeps beside it; shared by namespaces. */
struct ct_core {
	const struct nf_conntrack_ops *ops;
	uint64_t hash_key[2]; /* nf_conntrack_hash_rnd */
	unsigned int nr_cpus;
	_Atomic uint32_t max; /* nf_conntrack_max, per namespace; 0: no limit */
	/*
	 * nfct_time_stamp.  Written by whoever owns the clock: the measuring
	 * loop, or a replay that follows a capture's time.
	 */
	_Atomic uint32_t now __cacheline_aligned;
	struct conntrack_gc_work gc __cacheline_aligned;
};

static __always_inline uint32_t nfct_time_stamp(const struct ct_core *core)
{
	return load_relaxed(&core->now);
}

/* For core code that is not hot; the variants' templates call their own directly. */
static inline void nf_ct_put(struct nf_conn *ct)
{
	ct->net->core->ops->put(ct);
}

static inline bool nf_ct_kill(struct nf_conn *ct)
{
	return ct->net->core->ops->kill(ct);
}

/*
 * The connection was used by a packet: it lives extra ticks from now, and the
 * packet is accounted (nf_ct_refresh_acct).  The line is written only when
 * something changes.
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
