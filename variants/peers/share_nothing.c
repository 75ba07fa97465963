/* SPDX-License-Identifier: MIT */
/*
 * A table per thread, and nothing shared: how programs over DPDK and VPP scale, and Krononat
 * (Barbette et al., USENIX ATC 2018).
 *
 * The network card sends all packets of a connection, of both directions, to one thread, by a hash
 * that is the same for both.  So only that thread looks the connection up, inserts and removes it:
 * there are no locks and no atomic operations, references included (CT_UNSHARED), and memory is
 * reused at once.  A packet that reaches another thread is handed over (handover.inc.h).
 *
 * Chains and hash are those of nulls_rcu_folded, so the difference between the two is the cost of
 * sharing.  Each thread has buckets/threads buckets, which it allocates at its first insertion.
 *
 * Two parts of the core stay shared, because they are outside the table: the lock of a
 * connection's TCP state, which is never contended, and the pool's depot, which a thread uses
 * once per 64 connections.
 *
 * Progress: every operation ends in a bounded number of steps; none waits.
 *
 * Thread-safety: a connection belongs to the thread that inserted it.  Other threads may use it
 * only while that thread is idle (no concurrent gc or dumps).
 */
#define CT_UNSHARED 1

#define CT_VARIANT share_nothing
#define CT_SUMMARY "a table per thread: no locks, no atomics; a connection stays on its thread"
#define CT_FLAGS   (CT_V_PEER | CT_V_UNSHARED)

#include "variants/hash/folded.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/none.h"
#include "variants/node/typesafe.h"
#include "variants/chain/unshared.h"

#include <errno.h>
#include <string.h>

#include "core/nf_conntrack_look.h"
#include "variants/mem.h"
#include "variants/peers/match_node.h"
#include "variants/variant.h"

#define CT_TABLE_LIMITS \
	"only the thread that inserted a connection finds it: all its packets must reach " \
	"that thread, and no other thread may walk its table meanwhile"

struct part {
	_Atomic uintptr_t *buckets; /* NULL until this thread inserts */
} __cacheline_aligned;

struct ct_table {
	struct part *part; /* [cpus] */
	struct ct_handover *handover;
	uint32_t size; /* buckets of each part */
	unsigned int cpus;
	enum ct_pages pages;
};

#include "variants/peers/handover.h"

static uint32_t part_size(uint64_t buckets, unsigned int workers)
{
	return (uint32_t)((buckets + workers - 1) / workers);
}

static struct part *part_mine(struct ct_table *t)
{
	return &t->part[ct_this_cpu];
}

/* --- Lookup --- */

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	const _Atomic uintptr_t *buckets = part_mine(t)->buckets;
	uintptr_t p;

	if (unlikely(!buckets))
		return NULL;
	p = load_relaxed(&buckets[ct_bucket(hash, t->size)]);
	while (!chain_is_end(p)) {
		struct nf_conntrack_tuple_hash *h = chain_entry(p);
		struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

		p = load_relaxed(&h->hnnode.next);
		if (unlikely(nf_ct_is_expired(ct, f->now))) {
			ct_find_expired(f, ct);
			continue;
		}
		if (!nf_ct_key_equal(h, ct, f))
			continue;
		if (get)
			refcount_inc(&ct->use);
		return h;
	}
	return NULL;
}

#define CT_TABLE_PREFETCHES
static __always_inline void table_prefetch(struct ct_table *t, uint32_t hash)
{
	const _Atomic uintptr_t *buckets = part_mine(t)->buckets;

	if (likely(buckets))
		ct_prefetch(&buckets[ct_bucket(hash, t->size)]);
}

/* As in chained_table.inc.h: the first node of each chain, then the lookups. */
#define CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	const _Atomic uintptr_t *buckets = part_mine(t)->buckets;

	for (unsigned int i = 0; likely(buckets) && i < b->nr; i++) {
		uintptr_t p = load_relaxed(&buckets[ct_bucket(b->hash[i], t->size)]);

		if (!chain_is_end(p)) {
			ct_prefetch((void *)p);
			ct_prefetch(nf_ct_tuplehash_to_ctrack(chain_entry(p)));
		}
	}
	for (unsigned int i = 0; i < b->nr; i++) {
		f->key = b->key[i];
		b->found[i] = table_find(t, f, b->hash[i], get);
	}
}

/* --- Insertion and removal --- */

static __cold bool part_begin(struct ct_table *t, struct part *part)
{
	const size_t bytes = (size_t)t->size * sizeof(*part->buckets);

	part->buckets = ct_mem_alloc(bytes, t->pages);
	if (part->buckets)
		memset((void *)part->buckets, 0, bytes);
	return part->buckets;
}

static bool part_has(const struct part *part, uint32_t bucket,
		     const struct nf_conntrack_tuple_hash *mine, struct ct_insert *ins)
{
	for (uintptr_t p = load_relaxed(&part->buckets[bucket]); !chain_is_end(p);) {
		struct nf_conntrack_tuple_hash *h = chain_entry(p);

		if (peer_is_taken(h, mine)) {
			refcount_inc(&nf_ct_tuplehash_to_ctrack(h)->use);
			ins->clash = h;
			return true;
		}
		p = load_relaxed(&h->hnnode.next);
	}
	return false;
}

static int table_insert(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig,
			uint32_t hash_reply, uint32_t now, struct ct_insert *ins)
{
	const uint32_t a = ct_bucket(hash_orig, t->size), b = ct_bucket(hash_reply, t->size);
	struct part *part = part_mine(t);

	ins->clash = NULL;
	if (unlikely(nf_ct_is_dying(ct)))
		return -ESTALE;
	if (unlikely(!part->buckets) && !part_begin(t, part))
		return -ENOMEM;
	if (part_has(part, a, &ct->tuplehash[IP_CT_DIR_ORIGINAL], ins) ||
	    part_has(part, b, &ct->tuplehash[IP_CT_DIR_REPLY], ins))
		return -EEXIST;
	nf_ct_insert_commit(ct, now);
	chain_add(&part->buckets[a], &ct->tuplehash[IP_CT_DIR_ORIGINAL]);
	chain_add(&part->buckets[b], &ct->tuplehash[IP_CT_DIR_REPLY]);
	nf_ct_insert_publish(ct);
	return 0;
}

/* The node's own links suffice, so any thread's part will do. */
static bool table_remove(struct ct_table *t __maybe_unused, struct nf_conn *ct,
			 uint32_t hash_orig __maybe_unused, uint32_t hash_reply __maybe_unused)
{
	if (!nf_ct_is_confirmed(ct))
		return false;
	chain_del(&ct->tuplehash[IP_CT_DIR_ORIGINAL]);
	chain_del(&ct->tuplehash[IP_CT_DIR_REPLY]);
	return true;
}

/* --- Walks: the buckets of all parts, one part after another --- */

static void table_walk_begin(struct ct_table *t __maybe_unused)
{
}
static void table_walk_end(struct ct_table *t __maybe_unused)
{
}

static uint64_t table_scan_size(struct ct_table *t)
{
	return (uint64_t)t->cpus * t->size;
}

static void part_collect(const struct part *part, uint32_t bucket, struct ct_collect *c)
{
	for (uintptr_t p = load_relaxed(&part->buckets[bucket]); !chain_is_end(p);) {
		struct nf_conntrack_tuple_hash *h = chain_entry(p);

		ct_collect_visit(c, h, nf_ct_tuplehash_to_ctrack(h));
		p = load_relaxed(&h->hnnode.next);
	}
}

static void table_collect(struct ct_table *t, uint64_t position, struct ct_collect *c)
{
	const uint64_t part = position / t->size;

	if (part < t->cpus && t->part[part].buckets)
		part_collect(&t->part[part], (uint32_t)(position % t->size), c);
}

static void
table_collect_near(struct ct_table *t, uint32_t hash, unsigned int i, struct ct_collect *c)
{
	if (i < t->size && part_mine(t)->buckets)
		part_collect(part_mine(t), (ct_bucket(hash, t->size) + i) % t->size, c);
}

/* --- Life --- */

static const char *table_bucket_rule(uint64_t n)
{
	return ct_bucket_rule(n);
}

static uint64_t table_bytes(uint64_t buckets, uint64_t connections __maybe_unused)
{
	return buckets * sizeof(uintptr_t);
}

static void table_destroy(struct ct_table *t)
{
	for (unsigned int i = 0; t->part && i < t->cpus; i++)
		ct_mem_free((void *)t->part[i].buckets,
			    (size_t)t->size * sizeof(*t->part[i].buckets), t->pages);
	free(t->part);
	handover_free(t->handover);
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	const unsigned int workers = config->workers ? config->workers : 1;
	const size_t bytes = config->threads * sizeof(*t->part);

	*t = (struct ct_table){
		.size = part_size(config->buckets, workers),
		.cpus = config->threads,
		.pages = config->pages,
		.part = aligned_alloc(CT_CACHE_LINE, bytes),
		.handover = handover_new(config->workers),
	};
	if (!t->part || !t->handover) {
		free(t->part);
		t->part = NULL;
		table_destroy(t);
		return -ENOMEM;
	}
	memset((void *)t->part, 0, bytes);
	return 0;
}

static uint64_t table_parts(struct ct_table *t)
{
	uint64_t parts = 0;

	for (unsigned int i = 0; i < t->cpus; i++)
		parts += !!t->part[i].buckets;
	return parts;
}

static uint64_t table_buckets(struct ct_table *t)
{
	const uint64_t parts = table_parts(t);

	return (parts ? parts : 1) * t->size;
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = table_parts(t) * t->size * sizeof(uintptr_t);
	*other_bytes = handover_bytes(t->handover);
}

#define CT_PACKET_LOOPS	 "variants/peers/handover.inc.h"
#define CT_TABLE_RESIZES 0
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = CT_BUCKET_NAME, .chain = CT_CHAIN_NAME, \
	.lock = "per_thread", .resize = "-", .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, \
	.cap = "none"

#include "variants/variant.inc.h"
