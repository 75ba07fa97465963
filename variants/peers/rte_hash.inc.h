/* SPDX-License-Identifier: MIT */
/*
 * DPDK's rte_hash as conntrack's table: two buckets of eight entries for each key (cuckoo hashing),
 * 16 bits of the hash beside each, and keys copied into its own array of slots.
 *
 * Its size is fixed at creation; with the flag EXT_TABLE buckets may overflow, so the table is full
 * only when no slot is free.  Insertion then returns -ENOSPC, and the packet is dropped.  If
 * deleted keys still occupy slots, it first waits for the threads that may read them.
 *
 * An insertion overwrites an entry with the same key, so the writer first looks the key up, under
 * our own lock: DPDK allows concurrent writers only in threads that it created.
 *
 * The unit has included a hash, and defined CT_RTE_FLAGS and CT_RTE_RCU (1: deleted slots wait for
 * rte_rcu_qsbr).
 */
#include "variants/node/typesafe.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_errno.h>
#include <rte_hash.h>

#include "core/nf_conntrack_look.h"
#include "variants/peers/match_node.h"
#include "variants/peers/rte_process.h"
#include "variants/variant.h"

#define CT_NODE_CONTIGUOUS 1
#define CT_TABLE_WALKS_POOL
#define CT_TABLE_PROCESS_START
#define CT_TABLE_LIMITS \
	"a key has one entry: if two connections differ only in their zones of one direction, " \
	"the second " \
	"is refused"

struct ct_table {
	struct rte_hash *hash;
	uint64_t slots;
	spinlock_t writer __cacheline_aligned;
	uint64_t used; /* slots with a key, without those that wait; under the writer's lock */
};

/* The longest time that an insertion waits for the slots of deleted keys. */
#define RTE_WAIT_SECONDS 1

/* 48 bytes, a length that the library compares by vectors. */
struct rte_key {
	uint64_t w[CT_TUPLE_WORDS]; /* without the direction */
	uint32_t zone_id;
	uint32_t net_id;
};
_Static_assert(sizeof(struct rte_key) == 48, "no padding, for all of it is compared");

static void nf_ct_put_direct(struct nf_conn *ct);

/* As in cds_lfht.inc.h: TSan does not see how Debian's library publishes data. */
#if CT_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define rte_tsan_added(n) __tsan_release(n)
#define rte_tsan_found(n) __tsan_acquire(n)
#else
#define rte_tsan_added(n) ((void)0)
#define rte_tsan_found(n) ((void)0)
#endif

static int table_process_start(void)
{
	return rte_process_begin();
}

static __always_inline void
rte_key_set(struct rte_key *k, const union ct_tuple_words *t, uint32_t zone_id, uint32_t net_id)
{
	for (unsigned int i = 0; i < CT_TUPLE_WORDS; i++)
		k->w[i] = t->w[i];
	k->w[CT_TUPLE_WORDS - 1] &= ct_tuple_last_mask();
	k->zone_id = zone_id;
	k->net_id = net_id;
}

/* --- Lookup --- */

/* With a zone for one direction only one of the two is set; the lookup uses that one. */
static __always_inline void
rte_key_find(struct rte_key *k, const union ct_tuple_words *t, const struct ct_find *f)
{
	const uint32_t zone = f->zone_id[IP_CT_DIR_ORIGINAL];

	rte_key_set(k, t, likely(zone != CT_FIND_NO_ZONE) ? zone : f->zone_id[IP_CT_DIR_REPLY],
		    f->net_id);
}

/* h was in the table a moment ago; its memory may have become another connection. */
static __always_inline struct nf_conntrack_tuple_hash *
rte_take(struct nf_conntrack_tuple_hash *h, struct ct_find *f, const bool get)
{
	struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

	rte_tsan_found(h);
	if (unlikely(!peer_is_live(h, f)))
		return NULL;
	if (!get)
		return h;
	if (unlikely(!refcount_inc_not_zero(&ct->use)))
		return NULL;
	if (likely(nf_ct_key_equal(h, ct, f)))
		return h;
	nf_ct_put_direct(ct);
	return NULL;
}

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	struct rte_key key;
	void *h;

	rte_key_find(&key, &f->key, f);
	return rte_hash_lookup_with_hash_data(t->hash, &key, hash, &h) < 0 ? NULL
									   : rte_take(h, f, get);
}

/* The library's bulk lookup prefetches buckets and keys; connections are prefetched here. */
#define CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	struct rte_key key[CT_BURST];
	const void *keys[CT_BURST];
	void *h[CT_BURST];
	uint64_t hits = 0;

	_Static_assert(CT_BURST <= RTE_HASH_LOOKUP_BULK_MAX, "a burst is a bulk");
	for (unsigned int i = 0; i < b->nr; i++) {
		rte_key_find(&key[i], &b->key[i], f);
		keys[i] = &key[i];
	}
	if (b->nr)
		rte_hash_lookup_with_hash_bulk_data(t->hash, keys, b->hash, b->nr, &hits, h);
	for (unsigned int i = 0; i < b->nr; i++) {
		if (!(hits >> i & 1))
			continue;
		ct_prefetch(h[i]);
		ct_prefetch(nf_ct_tuplehash_to_ctrack(h[i]));
	}
	for (unsigned int i = 0; i < b->nr; i++) {
		f->key = b->key[i];
		b->found[i] = hits >> i & 1 ? rte_take(h[i], f, get) : NULL;
	}
}

/* --- Insertion and removal --- */

static void rte_key_node(struct rte_key *k, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	const union ct_tuple_words t = { .tuple = *nf_ct_tuple(ct, dir) };
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);

	rte_key_set(k, &t, nf_ct_zone_id(&zone, dir), load_relaxed(&ct->net_id));
}

/* A hidden entry is not inserted into the table, but its node is marked as inserted. */
static bool rte_is_hidden(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return nf_ct_is_hidden(nf_ct_status(ct), dir);
}

/*
 * Under the writer's lock.  A node's second word says whether it is in the table.  A key has only
 * one entry, so a new node replaces a dying one.
 */
static int rte_put(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash,
		   struct ct_insert *ins)
{
	struct nf_conntrack_tuple_hash *mine = &ct->tuplehash[dir];
	struct rte_key key;
	void *there;
	bool replaces;
	int ret;

	if (unlikely(rte_is_hidden(ct, dir))) {
		store_relaxed(&mine->hnnode.pprev, 1);
		return 0;
	}
	rte_key_node(&key, ct, dir);
	replaces = rte_hash_lookup_with_hash_data(t->hash, &key, hash, &there) >= 0;
	/* If both ends are equal, the connection's other node has this key: no clash. */
	if (unlikely(replaces) && !nf_ct_is_dying(nf_ct_tuplehash_to_ctrack(there)) &&
	    nf_ct_tuplehash_to_ctrack(there) != ct)
		return peer_clash(there, ins);
	rte_tsan_added(mine);
	ret = rte_hash_add_key_with_hash_data(t->hash, &key, hash, mine);
	if (likely(!ret)) {
		store_relaxed(&mine->hnnode.pprev, 1);
		t->used += !replaces;
	}
	return ret;
}

/*
 * No slot is free.  If deleted keys occupy some until all threads are quiescent, the caller may
 * wait: the next attempt reclaims slots that have no readers any more.  Without the wait, a
 * thread that the kernel stops for some milliseconds could fill a table that is half empty.  The
 * wait is limited, because another thread may never report a quiescent state.
 */
static __cold bool rte_may_wait(uint64_t used, uint64_t slots, struct timespec *end)
{
	struct timespec now;

	if (!CT_RTE_RCU || used >= slots)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!end->tv_sec)
		*end = (struct timespec){ now.tv_sec + RTE_WAIT_SECONDS, now.tv_nsec };
	if (now.tv_sec > end->tv_sec || (now.tv_sec == end->tv_sec && now.tv_nsec > end->tv_nsec))
		return false;
	sched_yield();
	return true;
}

static int peer_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir,
		    uint32_t hash, struct ct_insert *ins)
{
	struct timespec end = { 0 };
	uint64_t used;
	int ret;

	do {
		spin_lock(&t->writer, CT_LOCK_BUCKET);
		ret = rte_put(t, ct, dir, hash, ins);
		used = t->used;
		spin_unlock(&t->writer);
		ct_rcu_quiescent();
	} while (unlikely(ret == -ENOSPC) && rte_may_wait(used, t->slots, &end));
	return ret;
}

static bool
peer_del(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	struct nf_conntrack_tuple_hash *mine = &ct->tuplehash[dir];
	struct rte_key key;
	void *there;
	bool in;

	rte_key_node(&key, ct, dir);
	spin_lock(&t->writer, CT_LOCK_BUCKET);
	in = load_relaxed(&mine->hnnode.pprev);
	if (in) {
		/* Unless another node has replaced it. */
		if (rte_hash_lookup_with_hash_data(t->hash, &key, hash, &there) >= 0 &&
		    there == mine) {
			rte_hash_del_key_with_hash(t->hash, &key, hash);
			t->used--;
		}
		store_relaxed(&mine->hnnode.pprev, 0);
	}
	spin_unlock(&t->writer);
	ct_rcu_quiescent();
	return in;
}

#include "variants/peers/two_nodes.inc.h"

/* --- Life --- */

/*
 * Twice the expected number, as in the pool of connections, and some for keys that wait for a grace
 * period; if more keys wait, insertions wait too (rte_may_wait()).
 */
static uint64_t rte_slots(uint64_t connections)
{
	return 2ull * IP_CT_DIR_MAX * connections + 4096;
}

static const char *table_bucket_rule(uint64_t n)
{
	return peer_bucket_rule(n);
}

/* A slot has the key and a pointer in 64 bytes; eight entries share a line. */
static uint64_t rte_bytes(uint64_t slots)
{
	uint64_t lines = 1;

	while (lines * 8 < slots)
		lines *= 2;
	return slots * 64 + lines * CT_CACHE_LINE;
}

static uint64_t table_bytes(uint64_t buckets __maybe_unused, uint64_t connections)
{
	return rte_bytes(rte_slots(connections));
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	static _Atomic unsigned int number;
	char name[RTE_HASH_NAMESIZE];
	int ret;
	struct rte_hash_parameters how = {
		.name = name,
		.entries = (uint32_t)rte_slots(config->connections),
		.key_len = sizeof(struct rte_key),
		.socket_id = SOCKET_ID_ANY,
		.extra_flag = CT_RTE_FLAGS | RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};

	memset((void *)t, 0, sizeof(*t));
	snprintf(name, sizeof(name), "ct%u", add_relaxed(&number, 1));
	if (rte_slots(config->connections) > RTE_HASH_ENTRIES_MAX ||
	    config->threads > RTE_PROCESS_THREADS)
		return -ENOMEM;
	ret = rte_process_memory(how.entries);
	if (ret)
		return ret;
	t->hash = rte_hash_create(&how);
	if (!t->hash)
		return -ENOMEM;
#if CT_RTE_RCU
	struct rte_hash_rcu_config rcu = { .v = rte_process_qsbr, .mode = RTE_HASH_QSBR_MODE_DQ };

	if (rte_hash_rcu_qsbr_add(t->hash, &rcu)) {
		rte_hash_free(t->hash);
		return -ENOMEM;
	}
#endif
	t->slots = how.entries;
	return 0;
}

static void table_destroy(struct ct_table *t)
{
	rte_hash_free(t->hash);
}

static uint64_t table_buckets(struct ct_table *t)
{
	return t->slots;
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = rte_bytes(t->slots);
	*other_bytes = 0;
}

#define CT_TABLE_RESIZES 0
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = "cuckoo", .chain = "slots", .lock = "global", \
	.resize = "-", .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, .cap = "none", \
	.recheck = CT_RECHECK_NAME

#include "variants/variant.inc.h"
