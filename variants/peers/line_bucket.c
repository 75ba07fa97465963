/* SPDX-License-Identifier: MIT */
/*
 * A bucket is one cache line with its lock, after CLHT (David, Guerraoui, Trigonakis,
 * "Asynchronized Concurrency", ASPLOS 2015).  CLHT's keys are 8 bytes; here a slot has the 32-bit
 * hash in the key's place and a pointer to the node, whose tuple is then compared.
 *
 * The idea.  A lookup of a full table reads one line, and the object.  Four hashes and four
 * pointers fit beside the lock and a link to another such line, for what does not fit.
 *
 * Guarantees.
 *   - Readers take no lock and write nothing.  An entry never moves from its slot, so a miss needs
 *     no second search.
 *   - A writer locks the line, changes it in place, and first publishes the hash, then the pointer.
 *   - A resize copies line by line into a new table, and each copied line stays locked for ever.
 *     Readers continue in the old table, which does not change any more; writers wait until the
 *     new one is published (in CLHT they help).
 *
 * Requirements.  Nodes are freed after a grace period.
 *
 * Progress: lookups never wait.  Writers of one line wait for each other, and all for a resize.
 */
#define CT_VARIANT line_bucket
#define CT_SUMMARY "CLHT's scheme: a bucket is a cache line with its lock, readers take none"
#define CT_FLAGS   CT_V_PEER

#include "variants/hash/folded.h"
#include "variants/bucket/mask.h"
#include "variants/rcu/memb.h"
#include "variants/node/deferred.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/mutex.h"
#include "variants/inside.h"
#include "variants/mem.h"
#include "variants/peers/match_node.h"
#include "variants/variant.h"

#define LINE_SLOTS 4u

struct line {
	_Atomic uint32_t lock; /* enum line_lock; of the first line of a bucket */
	_Atomic uint32_t hash[LINE_SLOTS];
	_Atomic uintptr_t next; /* struct line, for what does not fit; stays until a resize */
	_Atomic uintptr_t node[LINE_SLOTS]; /* struct nf_conntrack_tuple_hash; 0: a free slot */
} __cacheline_aligned;
_Static_assert(sizeof(struct line) == 64, "a bucket is one cache line");

enum line_lock {
	LINE_FREE,
	LINE_LOCKED,
	LINE_COPIED, /* by a resize: its entries are changed in the next table only */
};

struct lines {
	uint32_t size;
	enum ct_pages pages;
	_Atomic uint64_t more; /* lines behind others */
	struct line *line;
};

struct ct_table {
	_Atomic uintptr_t lines;      /* struct lines */
	pthread_mutex_t resize_mutex; /* serialises resizes and whole walks */
	struct ct_grace grace;
};

static void nf_ct_put_direct(struct nf_conn *ct);

/* Acquire: pairs with the release in table_resize(). */
static __always_inline struct lines *lines_now(struct ct_table *t)
{
	return (struct lines *)load_acquire(&t->lines);
}

static __always_inline struct line *line_of(const struct lines *s, uint32_t hash)
{
	return &s->line[ct_bucket(hash, s->size)];
}

/* Acquire: pairs with the release in line_more(). */
static __always_inline struct line *line_next(const struct line *l)
{
	return (struct line *)load_acquire(&l->next);
}

/* Acquire: pairs with the release in line_put(). */
static __always_inline struct nf_conntrack_tuple_hash *
line_node(const struct line *l, unsigned int i)
{
	return (struct nf_conntrack_tuple_hash *)load_acquire(&l->node[i]);
}

/* --- Lookup --- */

/* The entry with f's key in that line and those behind it. */
static __always_inline struct nf_conntrack_tuple_hash *
lines_match(const struct line *l, struct ct_find *f, uint32_t hash, const bool get)
{
	do {
		for (unsigned int i = 0; i < LINE_SLOTS; i++) {
			struct nf_conntrack_tuple_hash *h;

			if (likely(load_relaxed(&l->hash[i]) != hash))
				continue;
			h = line_node(l, i);
			if (!h || !peer_is_live(h, f))
				continue;
			if (get &&
			    unlikely(!refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(h)->use)))
				return NULL; /* it was being removed */
			return h;
		}
		l = line_next(l);
	} while (unlikely(l));
	return NULL;
}

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	return lines_match(line_of(lines_now(t), hash), f, hash, get);
}

#define CT_TABLE_PREFETCHES
static __always_inline void table_prefetch(struct ct_table *t, uint32_t hash)
{
	ct_prefetch(line_of(lines_now(t), hash));
}

/* The lines were prefetched before: prefetches the nodes they refer to, then does the lookups. */
#define CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	const struct lines *s = lines_now(t);

	for (unsigned int k = 0; k < b->nr; k++) {
		const struct line *l = line_of(s, b->hash[k]);

		for (unsigned int i = 0; i < LINE_SLOTS; i++) {
			if (likely(load_relaxed(&l->hash[i]) != b->hash[k]))
				continue;
			ct_prefetch(line_node(l, i));
			ct_prefetch(nf_ct_tuplehash_to_ctrack(line_node(l, i)));
		}
	}
	for (unsigned int k = 0; k < b->nr; k++) {
		f->key = b->key[k];
		b->found[k] = lines_match(line_of(s, b->hash[k]), f, b->hash[k], get);
	}
}

/* --- Insertion and removal --- */

/*
 * Locks the line; false if a resize has copied it.  Acquire: pairs with the release in
 * line_unlock().
 */
static bool line_lock(struct line *l, enum line_lock to)
{
	lock_order_take(l, CT_LOCK_BUCKET);
	for (;; cpu_relax()) {
		uint32_t is = load_relaxed(&l->lock);

		if (is == LINE_COPIED) {
			lock_order_drop(l);
			return false;
		}
		if (is == LINE_FREE &&
		    atomic_compare_exchange_weak_explicit(&l->lock, &is, to, memory_order_acquire,
							  memory_order_relaxed))
			return true;
	}
}

static void line_unlock(struct line *l)
{
	lock_order_drop(l);
	store_release(&l->lock, LINE_FREE);
}

/* The hash's line, locked, in the table that is valid until it is unlocked. */
static struct line *line_lock_of(struct ct_table *t, uint32_t hash, struct lines **s)
{
	for (;; cpu_relax()) {
		struct line *l;

		*s = lines_now(t);
		l = line_of(*s, hash);
		if (likely(line_lock(l, LINE_LOCKED)))
			return l;
	}
}

/* Release: pairs with line_node(), by which a reader comes to the node, whose hash it has read. */
static void line_put(struct line *l, unsigned int i, uint32_t hash, uintptr_t node)
{
	store_relaxed(&l->hash[i], hash);
	store_release(&l->node[i], node);
}

/* Another line behind the last, with that entry: 0 or -ENOMEM. */
static int line_more(struct lines *s, struct line *last, uint32_t hash, uintptr_t node)
{
	struct line *l = aligned_alloc(sizeof(*l), sizeof(*l));

	if (!l)
		return -ENOMEM;
	memset((void *)l, 0, sizeof(*l));
	line_put(l, 0, hash, node);
	add_relaxed(&s->more, 1);
	store_release(&last->next, (uintptr_t)l);
	return 0;
}

/* Stores the entry in a free slot of the line or of those behind it: 0 or -ENOMEM. */
static int lines_add(struct lines *s, struct line *l, uint32_t hash, uintptr_t node)
{
	for (;; l = line_next(l)) {
		for (unsigned int i = 0; i < LINE_SLOTS; i++)
			if (!load_relaxed(&l->node[i])) {
				line_put(l, i, hash, node);
				return 0;
			}
		if (!load_relaxed(&l->next))
			return line_more(s, l, hash, node);
	}
}

static int peer_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir,
		    uint32_t hash, struct ct_insert *ins)
{
	struct nf_conntrack_tuple_hash *h, *mine = &ct->tuplehash[dir];
	struct lines *s;
	struct line *first = line_lock_of(t, hash, &s);
	int ret = 0;

	for (struct line *l = first; l && !ret; l = line_next(l))
		for (unsigned int i = 0; i < LINE_SLOTS && !ret; i++) {
			h = line_node(l, i);
			if (h && load_relaxed(&l->hash[i]) == hash && peer_is_taken(h, mine))
				ret = peer_clash(h, ins);
		}
	if (likely(!ret))
		ret = lines_add(s, first, hash, (uintptr_t)mine);
	line_unlock(first);
	return ret;
}

static bool
peer_del(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	const uintptr_t mine = (uintptr_t)&ct->tuplehash[dir];
	struct lines *s;
	struct line *first = line_lock_of(t, hash, &s);
	bool in = false;

	for (struct line *l = first; l && !in; l = line_next(l))
		for (unsigned int i = 0; i < LINE_SLOTS && !in; i++) {
			in = load_relaxed(&l->node[i]) == mine;
			if (in)
				store_relaxed(&l->node[i], 0);
		}
	line_unlock(first);
	return in;
}

#include "variants/peers/two_nodes.inc.h"

/* --- Walks: line by line --- */

static void table_walk_begin(struct ct_table *t)
{
	mutex_lock(&t->resize_mutex, CT_LOCK_RESIZE);
}

static void table_walk_end(struct ct_table *t)
{
	mutex_unlock(&t->resize_mutex);
}

static uint64_t table_scan_size(struct ct_table *t)
{
	uint64_t size;

	ct_read_lock();
	size = lines_now(t)->size;
	ct_read_unlock();
	return size;
}

/* Nothing if a resize has copied the line, or there is no such line (any more). */
static void table_collect(struct ct_table *t, uint64_t position, struct ct_collect *c)
{
	struct lines *s;

	ct_read_lock();
	s = lines_now(t);
	if (position < s->size && line_lock(&s->line[position], LINE_LOCKED)) {
		for (struct line *l = &s->line[position]; l; l = line_next(l))
			for (unsigned int i = 0; i < LINE_SLOTS; i++) {
				struct nf_conntrack_tuple_hash *h = line_node(l, i);

				if (h && nf_ct_is_confirmed(nf_ct_tuplehash_to_ctrack(h)))
					ct_collect_visit(c, h, nf_ct_tuplehash_to_ctrack(h));
			}
		line_unlock(&s->line[position]);
	}
	ct_read_unlock();
}

static void
table_collect_near(struct ct_table *t, uint32_t hash, unsigned int i, struct ct_collect *c)
{
	const uint32_t size = (uint32_t)table_scan_size(t);

	if (i < size)
		table_collect(t, (ct_bucket(hash, size) + i) % size, c);
}

/* --- Life --- */

static const char *table_bucket_rule(uint64_t n)
{
	return ct_bucket_rule(n);
}

static uint64_t table_bytes(uint64_t buckets, uint64_t connections __maybe_unused)
{
	return buckets * sizeof(struct line);
}

static void lines_free(struct lines *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; s->line && load_relaxed(&s->more) && i < s->size; i++)
		for (struct line *l = line_next(&s->line[i]), *next; l; l = next) {
			next = line_next(l);
			free(l);
		}
	ct_mem_free(s->line, s->size * sizeof(*s->line), s->pages);
	free(s);
}

static struct lines *lines_new(uint32_t size, enum ct_pages pages)
{
	struct lines *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->size = size;
	s->pages = pages;
	s->line = ct_mem_alloc(size * sizeof(*s->line), pages);
	if (!s->line) {
		lines_free(s);
		return NULL;
	}
	memset((void *)s->line, 0, size * sizeof(*s->line));
	return s;
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	struct lines *s = lines_new((uint32_t)config->buckets, config->pages);

	if (!s)
		return -ENOMEM;
	store_relaxed(&t->lines, (uintptr_t)s);
	pthread_mutex_init(&t->resize_mutex, NULL);
	return 0;
}

static void table_destroy(struct ct_table *t)
{
	lines_free(lines_now(t));
	pthread_mutex_destroy(&t->resize_mutex);
}

/* Copies the bucket; from now on its line stays locked.  0 or -ENOMEM. */
static int lines_copy(struct lines *new, struct line *l)
{
	int ret = 0;

	line_lock(l, LINE_COPIED);
	lock_order_drop(l); /* it is not a lock any more */
	for (; l && !ret; l = line_next(l))
		for (unsigned int i = 0; i < LINE_SLOTS && !ret; i++) {
			const uint32_t hash = load_relaxed(&l->hash[i]);
			const uintptr_t node = load_relaxed(&l->node[i]);

			if (node)
				ret = lines_add(new, line_of(new, hash), hash, node);
		}
	return ret;
}

/* 0, or -ENOMEM: then all is as it was. */
static int table_resize(struct ct_table *t, uint64_t buckets)
{
	struct lines *old, *drop, *new;
	uint64_t begin;
	uint32_t i;
	int ret = 0;

	mutex_lock(&t->resize_mutex, CT_LOCK_RESIZE);
	old = (struct lines *)load_relaxed(&t->lines);
	new = lines_new((uint32_t)buckets, old->pages);
	if (!new)
		ret = -ENOMEM;
	for (i = 0; i < old->size && !ret; i++)
		ret = lines_copy(new, &old->line[i]);
	drop = ret ? new : old;
	if (ret)
		while (i--)
			store_release(&old->line[i].lock, LINE_FREE);
	else
		store_release(&t->lines, (uintptr_t) new); /* pairs with lines_now() */
	mutex_unlock(&t->resize_mutex);
	if (!ret) {
		ct_grace_bytes(&t->grace, old->size * sizeof(*old->line));
		begin = ct_ticks();
		ct_synchronize();
		ct_grace_add(&t->grace, ct_ticks() - begin);
	}
	lines_free(drop);
	return ret;
}

static uint64_t table_buckets(struct ct_table *t)
{
	return table_scan_size(t);
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	const struct lines *s;

	ct_read_lock();
	s = lines_now(t);
	*bucket_bytes = (s->size + load_relaxed(&s->more)) * sizeof(struct line);
	ct_read_unlock();
	*other_bytes = 0;
}

/* --- Statistics: variants/inside.h --- */

static const struct ct_grace *table_grace(const struct ct_table *t)
{
	return &t->grace;
}

static void table_ranges(struct ct_table *t, ct_range_fn *fn, void *arg)
{
	const struct lines *s = lines_now(t);
	const struct ct_range range = {
		.what = "buckets",
		.start = (uintptr_t)s->line,
		.bytes = ct_mem_size(s->size * sizeof(*s->line), s->pages),
	};

	fn(&range, arg);
}

#define CT_TABLE_INSIDE	 1
#define CT_TABLE_RESIZES 1
#define CT_TABLE_BUCKET	 CT_BUCKET_CHAIN
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = CT_BUCKET_NAME, .chain = "line", .lock = "per_line", \
	.resize = "aside", .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, .cap = "none"

#include "variants/variant.inc.h"
