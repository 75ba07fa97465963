/* SPDX-License-Identifier: MIT */
/* See replica.h.  Functions have the names of the kernel functions that do the same. */
#include "harness/measure/replica.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/traffic/keys.h"
#include "harness/machine/memstat.h"
#include "harness/machine/tsc.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/hash/siphash.h"
#include "variants/mem.h"
#include "harness/base/seconds.h"

struct node {
	struct node *next;
	void *pprev; /* never used here; the kernel's nodes have it */
	union ct_tuple_words tuple;
};

struct conn {
	uint32_t use;
	uint32_t lock;
	uint32_t timeout;
	uint32_t zone;
	struct node node[IP_CT_DIR_MAX];
	uint64_t status;
	const void *net;
	char rest[256 - 32 - IP_CT_DIR_MAX * sizeof(struct node)];
};
_Static_assert(sizeof(struct conn) == 256, "a connection is one object of 256 bytes");

struct replica {
	struct node **table;
	struct conn *conns;
	uint32_t buckets;
	_Atomic uint32_t now;
	uint64_t key[2];
	const void *net;
	uint64_t last_mask; /* of the tuple's last word: all except the direction */
};

/* Like the kernel's: the node must be read before the connection's address is known. */
static __always_inline struct conn *tuplehash_to_ctrack(struct node *n)
{
	return (struct conn *)((char *)(n - n->tuple.tuple.dst.dir) - offsetof(struct conn, node));
}

static __always_inline bool
key_equal(const struct replica *rp, struct node *n, const union ct_tuple_words *t)
{
	const union ct_tuple_words *o = &n->tuple;
	const struct conn *ct = tuplehash_to_ctrack(n);

	return !((o->w[0] ^ t->w[0]) | (o->w[1] ^ t->w[1]) | (o->w[2] ^ t->w[2]) |
		 (o->w[3] ^ t->w[3]) | ((o->w[4] ^ t->w[4]) & rp->last_mask)) &&
	       !ct->zone && (ct->status & IPS_CONFIRMED) && ct->net == rp->net;
}

/* ____nf_conntrack_find, without the nulls: nothing moves here. */
static __always_inline struct node *
find(struct replica *rp, const union ct_tuple_words *t, uint32_t hash)
{
	struct node *n;

	for (n = rp->table[ct_bucket(hash, rp->buckets)]; n; n = n->next) {
		uint32_t now = load_relaxed(&rp->now);

		if (unlikely((int32_t)(tuplehash_to_ctrack(n)->timeout - now) <= 0))
			continue;
		if (key_equal(rp, n, t))
			return n;
	}
	return NULL;
}

/* Compiler barriers, as real read-side sections have. */
static __always_inline void rcu_section(void)
{
	__asm__ volatile("" ::: "memory");
}

static __always_inline bool get_unless_zero(struct conn *ct)
{
	uint32_t old = __atomic_load_n(&ct->use, __ATOMIC_RELAXED);

	do {
		if (unlikely(!old))
			return false;
	} while (!__atomic_compare_exchange_n(&ct->use, &old, old + 1, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return true;
}

/* __nf_conntrack_find_get */
static __always_inline struct node *
find_get(struct replica *rp, const union ct_tuple_words *t, const bool get)
{
	struct node *n;

	rcu_section();
	n = find(rp, t, ct_hash(t, rp->key, 0, 0));
	if (n && get &&
	    (unlikely(!get_unless_zero(tuplehash_to_ctrack(n))) || unlikely(!key_equal(rp, n, t))))
		n = NULL;
	rcu_section();
	return n;
}

/* nf_ct_put */
static __always_inline void put(struct conn *ct)
{
	if (unlikely(__atomic_fetch_sub(&ct->use, 1, __ATOMIC_RELEASE) == 1))
		abort(); /* the table's reference is never dropped */
}

/* --- The loop --- */

struct progress {
	uint64_t done, hits, checksum;
	size_t pos;
};

static __always_inline void look_up(struct replica *rp, const struct key_stream *s,
				    struct progress *shared, const bool compact, const bool get)
{
	struct progress p = *shared;

	for (unsigned int i = 0; i < KEY_BLOCK; i++, p.pos++) {
		union ct_tuple_words t;
		struct node *n;

		if (compact) {
			const struct ct_key4 *k = (const struct ct_key4 *)s->keys + p.pos;

			ct_tuple_set_ipv4(&t, k->saddr, k->daddr, k->sport, k->dport, k->protonum);
		} else {
			t = ((const union ct_tuple_words *)s->keys)[p.pos];
		}
		n = find_get(rp, &t, get);
		if (n) {
			p.hits++;
			p.checksum += (uintptr_t)n;
			if (get)
				put(tuplehash_to_ctrack(n));
		}
	}
	p.done += KEY_BLOCK;
	if (p.pos == s->nr_keys) /* a multiple of KEY_BLOCK */
		p.pos = 0;
	*shared = p;
}

/* Until the TSC says end; one body, a copy for each kind of stream. */
static void run_until(struct replica *rp, const struct key_stream *s, struct progress *p, bool get,
		      uint64_t end)
{
	while (tsc_now() < end) {
		if (s->compact)
			get ? look_up(rp, s, p, true, true) : look_up(rp, s, p, true, false);
		else
			get ? look_up(rp, s, p, false, true) : look_up(rp, s, p, false, false);
	}
}

static uint64_t involuntary(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) ? 0 : (uint64_t)u.ru_nivcsw;
}

static void measure(struct replica *rp, const struct key_stream *s, const struct cell *cell,
		    struct cell_result *r)
{
	struct progress p = { 0 };
	uint64_t begin, end, done, hits, switches;
	double cpu;

	run_until(rp, s, &p, cell->refcount, tsc_now() + tsc_from_seconds(cell->warmup));
	done = p.done;
	hits = p.hits;
	switches = involuntary();
	cpu = seconds_by(CLOCK_THREAD_CPUTIME_ID);
	begin = tsc_now_ordered();
	run_until(rp, s, &p, cell->refcount, begin + tsc_from_seconds(cell->seconds));
	end = tsc_now_ordered();
	r->cpu_ns_per_op = 1e9 * (seconds_by(CLOCK_THREAD_CPUTIME_ID) - cpu);
	r->involuntary_switches = involuntary() - switches;

	r->window = tsc_to_seconds(end - begin);
	r->ops = r->lookups = p.done - done;
	r->hits = p.hits - hits;
	r->expected_hits = key_stream_hits(s, done, r->lookups);
	r->checksum = p.checksum;
	if (r->ops) {
		r->ns_per_op = r->window * 1e9 / (double)r->ops;
		r->cpu_ns_per_op /= (double)r->ops;
	}
	r->min_thread_ops = r->max_thread_ops = (double)r->ops / r->window;
}

/* --- Creating and filling --- */

static void link_in(struct replica *rp, struct node *n)
{
	uint32_t hash = ct_hash(&n->tuple, rp->key, 0, 0);
	struct node **bucket = &rp->table[ct_bucket(hash, rp->buckets)];

	n->next = *bucket;
	*bucket = n;
}

static void fill(struct replica *rp, const struct key_plan *plan)
{
	for (uint64_t i = 0; i < plan->present; i++) {
		struct conn *ct = &rp->conns[i];

		memset(ct, 0, sizeof(*ct));
		ct->use = 1;
		ct->timeout = 1u << 30;
		ct->status = IPS_CONFIRMED;
		ct->net = rp->net;
		for (unsigned int dir = 0; dir < IP_CT_DIR_MAX; dir++) {
			flow_tuple(&plan->flows, i, dir == IP_CT_DIR_REPLY, &ct->node[dir].tuple);
			ct->node[dir].tuple.tuple.dst.dir = (uint8_t)dir;
			link_in(rp, &ct->node[dir]);
		}
	}
}

static void replica_free(struct replica *rp)
{
	if (!rp)
		return;
	free(rp->table);
	free(rp->conns);
	free(rp);
}

static struct replica *replica_new(const struct cell *cell, const struct key_plan *plan)
{
	struct replica *rp = aligned_alloc(CT_CACHE_LINE, 2UL * CT_CACHE_LINE);

	_Static_assert(sizeof(struct replica) <= 2UL * CT_CACHE_LINE, "two lines are enough");
	if (!rp)
		return NULL;
	*rp = (struct replica){
		.table = ct_mem_alloc(cell->buckets * sizeof(*rp->table), plan->huge),
		.conns = ct_mem_alloc(plan->present * sizeof(*rp->conns), plan->huge),
		.buckets = (uint32_t)cell->buckets,
		.key = { seed_derive(cell->seed, 'k', 0), seed_derive(cell->seed, 'k', 1) },
		.net = rp,
		.last_mask = ct_tuple_last_mask(),
	};
	if (!rp->table || !rp->conns) {
		replica_free(rp);
		return NULL;
	}
	memset(rp->table, 0, cell->buckets * sizeof(*rp->table));
	fill(rp, plan);
	return rp;
}

static int check(const struct cell *cell, struct ct_error *e)
{
	const char *rule = ct_bucket_rule(cell->buckets);

	if (rule)
		return ct_user_error(e, "%s with %llu buckets: %s", REPLICA_NAME,
				     (unsigned long long)cell->buckets, rule);
	if (cell->level != LEVEL_OPS || cell->kind != KIND_STEADY || cell->capture[0] ||
	    cell->threads != 1 || cell->lookup < 1 || cell->nr_events || cell->burst > 1)
		return ct_user_error(
			e,
			"%s only does lookups, of synthetic flows, one at a time, with 1 thread: "
			"put it into a separate workload",
			REPLICA_NAME);
	return 0;
}

int replica_run(const struct cell *cell, struct cell_result *r)
{
	uint64_t begin, allocated = memstat_allocated();
	struct replica *rp = NULL;
	struct key_stream s = { 0 };
	struct ct_error e = { 0 };
	struct key_plan plan;
	int ret;

	memset(r, 0, sizeof(*r));
	ret = check(cell, &e);
	if (!ret)
		ret = key_plan_init(&plan, cell, &e);
	if (ret)
		goto out;
	begin = tsc_now();
	rp = replica_new(cell, &plan);
	if (!rp) {
		ret = ct_fail(&e, -ENOMEM, CT_EXIT_USER,
			      "no memory for %llu connections in %llu buckets: ask for fewer",
			      (unsigned long long)cell->flows, (unsigned long long)cell->buckets);
		goto out;
	}
	r->build_seconds = tsc_to_seconds(tsc_now() - begin);
	r->connections = plan.present;
	r->node_bytes = plan.present * sizeof(struct conn);
	r->bucket_bytes = cell->buckets * sizeof(*rp->table);
	r->allocated_bytes = memstat_allocated() - allocated;
	ret = key_stream_make(&s, &plan, 0, &e);
	if (ret)
		goto out;
	snprintf(r->cpus, sizeof(r->cpus), "%d", sched_getcpu());
	measure(rp, &s, cell, r);
	r->rss_bytes = memstat_rss();
	memstat_allocator(r->allocator, sizeof(r->allocator));
	if (r->hits != r->expected_hits)
		ret = ct_fail(&e, -EIO, CT_EXIT_INTERNAL,
			      "%s hit in %llu of %llu lookups instead of %llu: a fault of ctbench",
			      REPLICA_NAME, (unsigned long long)r->hits,
			      (unsigned long long)r->lookups, (unsigned long long)r->expected_hits);
out:
	if (ret) {
		r->status = e.status;
		snprintf(r->error, sizeof(r->error), "%.*s", (int)sizeof(r->error) - 1, e.text);
	}
	key_stream_free(&s);
	replica_free(rp);
	return ret;
}
