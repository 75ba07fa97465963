/* SPDX-License-Identifier: MIT */
/*
 * A table of chained buckets, composed of the axes that the unit has included
 * before: hash, bucket, rcu, node, chain, lock, resize.  Defines struct ct_table
 * and the table_* functions that core/conntrack.inc.h and variants/variant.inc.h
 * use.
 *
 * This file has the hot paths: lookup, insertion, removal.  chained_walks.inc.h has
 * walks over many connections, chained_life.inc.h creates, resizes and destroys the
 * arrays.
 *
 * Each connection is in two chains, once for each direction.  Writers hold the
 * locks of both buckets, the lower index first; readers hold what their chain
 * needs.  Every function that takes (table, size) from the resize axis checks
 * after locking that the table is still the same (nf_conntrack_double_lock).
 *
 * Progress: lookups in RCU chains never wait for other threads, except for a resize
 * under the seqcount, during which they spin.  Everything else may wait for locks.
 */
#include <errno.h>
#include <pthread.h>

#include "core/mutex.h"
#include "core/nf_conntrack_look.h"
#include "variants/mem.h"
#include "variants/variant.h"
#ifndef CT_RECHECK_NAME /* unless a variant says otherwise, as in the kernel */
#include "variants/recheck/key.h"
#endif

_Static_assert(
	!CT_CHAIN_NEEDS_TYPESAFE || !CT_NODE_DEFERRED,
	"nulls chains exist to reuse nodes at once; with deferred nodes use chain/plain_rcu.h");
_Static_assert(!CT_CHAIN_NEEDS_DEFERRED || CT_NODE_DEFERRED,
	       "plain RCU chains need node/deferred.h: without nulls a reader does not notice a "
	       "reused node");
_Static_assert(CT_CHAIN_NEEDS_TYPESAFE || !CT_RECHECK_COUNTS,
	       "only readers of type-stable memory check again what they found");
_Static_assert(CT_CHAIN_READERS_LOCK || !CT_RCU_IS_NONE,
	       "chains walked without a lock need an RCU flavour");
_Static_assert(
	!CT_LOCK_IN_BUCKET || CT_RESIZE_EXCLUDES_WALKS || !CT_RCU_IS_NONE,
	"locks inside the buckets are freed with the bucket array: keep it by an RCU flavour or by "
	"resize/rwlock.h");

struct ct_table {
	struct ct_resize resize;
	struct ct_locks locks;
	pthread_mutex_t resize_mutex; /* serialises resizes and whole walks */
	enum ct_pages pages;
	struct ct_grace grace; /* for the arrays that resizes have replaced */
};

#ifndef CT_CAP_NAME /* the default */
#include "variants/cap/none.h"
#endif

/* In core/conntrack.inc.h, which is included later. */
static void nf_ct_put_direct(struct nf_conn *ct);
static __always_inline uint32_t nf_ct_dir_hash(const struct nf_conn *ct, enum ip_conntrack_dir dir);

/* --- Locks of one bucket or two --- */

static __always_inline void
table_lock_two(struct ct_table *t, const struct ct_view *v, uint32_t a, uint32_t b)
{
	uint32_t x = lock_index(a), y = lock_index(b);

	if (x > y) {
		uint32_t swap = x;

		x = y;
		y = swap;
	}
	lock_one(&t->locks, v->buckets, x);
	if (x != y)
		lock_second(&t->locks, v->buckets, y);
}

static __always_inline void
table_unlock_two(struct ct_table *t, const struct ct_view *v, uint32_t a, uint32_t b)
{
	uint32_t x = lock_index(a), y = lock_index(b);

	unlock_one(&t->locks, v->buckets, x);
	if (x != y)
		unlock_one(&t->locks, v->buckets, y);
}

/*
 * Locks the buckets of both hashes, in a table that stays valid until
 * table_unlock_both(); *a and *b are their indices.
 */
static __always_inline struct ct_view
table_lock_both(struct ct_table *t, uint32_t hash_a, uint32_t hash_b, uint32_t *a, uint32_t *b)
{
	for (;;) {
		struct ct_view v = resize_read_begin(&t->resize);

		*a = ct_bucket(hash_a, v.size);
		*b = ct_bucket(hash_b, v.size);
		table_lock_two(t, &v, *a, *b);
		if (likely(!resize_changed(&t->resize, &v)))
			return v;
		table_unlock_two(t, &v, *a, *b);
		resize_read_end(&t->resize);
	}
}

static __always_inline void
table_unlock_both(struct ct_table *t, const struct ct_view *v, uint32_t a, uint32_t b)
{
	table_unlock_two(t, v, a, b);
	resize_read_end(&t->resize);
}

/* --- Lookup --- */

/*
 * Finds the node with f's key and that hash in that bucket, or the end that the walk reached;
 * *before is for recheck_same().
 */
static __always_inline uintptr_t chain_walk(const struct ct_bucket *bucket, struct ct_find *f,
					    uint32_t hash, uint32_t *before)
{
	uintptr_t p = chain_load(&bucket->first);

	while (!chain_is_end(p)) {
		struct nf_conntrack_tuple_hash *h = chain_entry(p);
		struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

		if (stored_differs(h, hash)) {
			p = chain_load(&h->hnnode.next);
			continue;
		}
		if (unlikely(nf_ct_is_expired(ct, f->now)))
			ct_find_expired(f, ct);
		else if (recheck_equal(h, ct, f, before))
			break;
		p = chain_load(&h->hnnode.next);
	}
	return p;
}

/*
 * The entry with f's key (____nf_conntrack_find), with a reference if `get` is set.
 * Inside a read-side section.  Without `get`, the result from a chain that is walked
 * under locks may be used only as a number, not dereferenced.
 */
static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn *ct;
	struct ct_view v;
	uint32_t bucket, before = 0;
	uintptr_t p;

begin:
	v = resize_read_begin(&t->resize);
	bucket = ct_bucket(hash, v.size);
	if (CT_CHAIN_READERS_LOCK) {
		uint32_t lock = lock_index(bucket);

		lock_one(&t->locks, v.buckets, lock);
		if (unlikely(resize_changed(&t->resize, &v))) {
			unlock_one(&t->locks, v.buckets, lock);
			resize_read_end(&t->resize);
			goto begin;
		}
		p = chain_walk(&v.buckets[bucket], f, hash, &before);
		h = chain_is_end(p) ? NULL : chain_entry(p);
		if (h && get) /* the table's reference cannot be dropped while we hold the lock */
			refcount_inc(&nf_ct_tuplehash_to_ctrack(h)->use);
		unlock_one(&t->locks, v.buckets, lock);
		resize_read_end(&t->resize);
		return h;
	}

	p = chain_walk(&v.buckets[bucket], f, hash, &before);
	if (chain_is_end(p)) {
		bool carried = !chain_end_is_ours(p, bucket) ||
			       (CT_CHAIN_RECHECKS_RESIZE && resize_changed(&t->resize, &v));

		resize_read_end(&t->resize);
		if (likely(!carried))
			return NULL;
		/* We were carried into another chain and may have missed the entry: start again. */
		f->restarts++;
		goto begin;
	}
	resize_read_end(&t->resize);
	h = chain_entry(p);
	if (!get)
		return h;
	ct = nf_ct_tuplehash_to_ctrack(h);
	if (unlikely(!refcount_inc_not_zero(&ct->use)))
		return NULL; /* it was being removed */
	/* The memory may have become another connection before we took the reference. */
	if (CT_CHAIN_NEEDS_TYPESAFE && unlikely(!recheck_same(h, ct, f, before))) {
		nf_ct_put_direct(ct);
		return NULL;
	}
	return h;
}

/* --- Several lookups at once (core/conntrack_burst.inc.h) --- */

/*
 * Prefetches the first line that a lookup waits for: the bucket.  (table, size) may be an
 * inconsistent pair; a prefetch is harmless then.
 */
#define CT_TABLE_PREFETCHES
static __always_inline void table_prefetch(struct ct_table *t, uint32_t hash)
{
	const struct ct_bucket *buckets = load_relaxed(&t->resize.buckets);

	ct_prefetch(&buckets[ct_bucket(hash, load_relaxed(&t->resize.size))]);
}

/*
 * Then prefetches the first node of each chain: its two lines, with the tuple and with the
 * connection's header.  The chain is read without its lock.  So if readers use locks, only a
 * resize axis that waits for readers keeps the bucket array valid.
 */
#define CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	if (!CT_RCU_IS_NONE || CT_RESIZE_EXCLUDES_WALKS) {
		struct ct_view v = resize_read_begin(&t->resize);

		for (unsigned int i = 0; i < b->nr; i++) {
			uintptr_t p = chain_load(&v.buckets[ct_bucket(b->hash[i], v.size)].first);

			if (!chain_is_end(p)) {
				ct_prefetch((void *)p);
				ct_prefetch(nf_ct_tuplehash_to_ctrack(chain_entry(p)));
			}
		}
		resize_read_end(&t->resize);
	}
	for (unsigned int i = 0; i < b->nr; i++) {
		f->key = b->key[i];
		b->found[i] = table_find(t, f, b->hash[i], get);
	}
}

/* --- Insertion and removal --- */

/*
 * Is there a connection with h's key in that bucket already (-EEXIST, *clash),
 * or more than cap nodes and one (-E2BIG)?  Under its lock.
 */
static __always_inline int
table_clash(const struct ct_bucket *bucket, const struct nf_conntrack_tuple_hash *mine,
	    struct ct_find *f, uint32_t cap, struct nf_conntrack_tuple_hash **clash)
{
	uint32_t length = 0;

	for (unsigned int i = 0; i < CT_TUPLE_WORDS; i++)
		f->key.w[i] = load_relaxed(&mine->tuple_w[i]);
	for (uintptr_t p = load_relaxed(&bucket->first); !chain_is_end(p);) {
		struct nf_conntrack_tuple_hash *h = chain_entry(p);

		if (nf_ct_key_equal(h, nf_ct_tuplehash_to_ctrack(h), f)) {
			*clash = h;
			return -EEXIST;
		}
		if (unlikely(length++ > cap))
			return -E2BIG;
		p = load_relaxed(&h->hnnode.next);
	}
	return 0;
}

/*
 * Inserts both directions of an unconfirmed connection, unless one is there
 * already: 0, -EEXIST (see struct ct_insert), -E2BIG (a chain is too long), -ESTALE
 * (killed before it was confirmed).  Its timeout becomes an absolute time, and the table
 * gets a reference.
 */
static int table_insert(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig,
			uint32_t hash_reply, uint32_t now, struct ct_insert *ins)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);
	struct nf_conntrack_tuple_hash *clash = NULL;
	const uint32_t cap = ct_chain_cap();
	uint32_t a, b;
	struct ct_find f;
	struct ct_view v;
	int ret = 0;

	ct_find_init(&f, ct->net, &zone);
	ins->clash = NULL;
	ct_read_lock();
	v = table_lock_both(t, hash_orig, hash_reply, &a, &b);
	if (unlikely(nf_ct_is_dying(ct))) {
		ret = -ESTALE;
		goto out;
	}
	if (likely(!nf_ct_is_hidden(nf_ct_status(ct), IP_CT_DIR_ORIGINAL)))
		ret = table_clash(&v.buckets[a], &ct->tuplehash[IP_CT_DIR_ORIGINAL], &f, cap,
				  &clash);
	if (unlikely(zone.dir != NF_CT_DEFAULT_ZONE_DIR))
		ct_find_under(&f, &zone, IP_CT_DIR_REPLY);
	if (likely(!ret))
		ret = table_clash(&v.buckets[b], &ct->tuplehash[IP_CT_DIR_REPLY], &f, cap, &clash);
	if (unlikely(ret)) {
		if (clash && refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(clash)->use))
			ins->clash = clash;
		goto out;
	}
	nf_ct_insert_commit(ct, now);
	stored_set(&ct->tuplehash[IP_CT_DIR_ORIGINAL], hash_orig);
	stored_set(&ct->tuplehash[IP_CT_DIR_REPLY], hash_reply);
	chain_add(&v.buckets[a].first, &ct->tuplehash[IP_CT_DIR_ORIGINAL]);
	chain_add(&v.buckets[b].first, &ct->tuplehash[IP_CT_DIR_REPLY]);
	nf_ct_insert_publish(ct);
out:
	table_unlock_both(t, &v, a, b);
	ct_read_unlock();
	return ret;
}

/*
 * Removes it from both chains; false if it is in none (not confirmed).  Called once per
 * connection: by the thread that set DYING.
 */
static bool
table_remove(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	struct ct_view v;
	uint32_t a, b;
	bool in;

	ct_read_lock();
	v = table_lock_both(t, hash_orig, hash_reply, &a, &b);
	in = nf_ct_is_confirmed(ct);
	if (in) {
		chain_del(&ct->tuplehash[IP_CT_DIR_ORIGINAL]);
		chain_del(&ct->tuplehash[IP_CT_DIR_REPLY]);
	}
	table_unlock_both(t, &v, a, b);
	ct_read_unlock();
	return in;
}
#include "variants/chained_walks.inc.h"
#include "variants/chained_life.inc.h"

#define CT_TABLE_INSIDE 1
#define CT_TABLE_SHOWS
#define CT_TABLE_RESIZES 1
#define CT_TABLE_ROOM	 CT_CAP_ROOM
#define CT_TABLE_BUCKET	 CT_BUCKET_CHAIN
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = CT_BUCKET_NAME, .chain = CT_CHAIN_NAME, \
	.lock = CT_LOCK_NAME, .resize = CT_RESIZE_NAME, .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, \
	.cap = CT_CAP_NAME, .stored = CT_STORED_NAME, \
	.recheck = CT_CHAIN_NEEDS_TYPESAFE ? CT_RECHECK_NAME : "-"
