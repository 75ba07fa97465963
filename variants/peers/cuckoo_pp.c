/* SPDX-License-Identifier: MIT */
/*
 * Two buckets for each entry, and a filter in the first that says what is in the second, after
 * Cuckoo++ (Le Scouarnec, "Cuckoo++ Hash Tables", ANCS 2018), written from its description.
 *
 * The idea.  A bucket is one cache line of eight slots, each with 16 bits of the hash and a
 * reference.  An entry that finds its first bucket full is stored in its second, and two bits of
 * the first bucket's filter are set (Bloom).  A lookup that finds nothing in the first bucket
 * reads the second only if both bits are set: most misses read one line.  A count of the entries
 * that are in their second bucket clears the filter when the last of them has left.  An insertion
 * that finds both buckets full moves other entries to make room; the shortest sequence of moves is
 * searched breadth first (Li et al., EuroSys 2014), without locks.
 *
 * Guarantees.
 *   - Readers take no lock and write nothing.  A hit needs no second look.
 *   - Whoever inserts, removes or moves a key locks the key's first bucket.  So a miss is valid if
 *     that one bucket's count of changes is the same before and after the search.
 *
 * Differs from the paper: its tables belong to one core and expire entries themselves; here
 * readers run beside writers, and conntrack's expiry is used.
 *
 * Requirements.  Nodes are freed after a grace period, and lie in one range of addresses.
 *
 * Progress: a lookup that finds its key never waits; one that finds nothing waits while its first
 * bucket is changed.  Writers of a bucket wait for each other.
 */
#define CT_VARIANT cuckoo_pp
#define CT_SUMMARY "Cuckoo++'s scheme: two buckets a key, a filter in the first saves the second"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE | CT_V_FULL)

#include "variants/hash/folded.h"
#include "variants/rcu/memb.h"
#include "variants/node/deferred.h"

#include <errno.h>
#include <string.h>

#include "variants/mem.h"
#include "variants/peers/match_node.h"
#include "variants/variant.h"

#define CT_NODE_CONTIGUOUS 1
#define CT_TABLE_WALKS_POOL
#define CT_TABLE_LIMITS "its size is fixed, and at most 16 entries with the same hash fit"

#define PP_SLOTS 8u
#define PP_LANES 4u /* tags in a word */
/* Buckets that a search for room looks at. */
#define PP_SEARCH 256u

struct pp_bucket {
	_Atomic uint32_t seq;  /* odd: locked; counts the changes of its keys, wherever they are */
	_Atomic uint32_t away; /* keys whose first bucket this is, and that are in their second */
	_Atomic uint64_t filter; /* two bits of each of these */
	_Atomic uint64_t tag[PP_SLOTS / PP_LANES];
	_Atomic uint32_t
		ref[PP_SLOTS]; /* twice the connection's number from 1, and the direction */
} __cacheline_aligned;
_Static_assert(sizeof(struct pp_bucket) == 64, "a bucket is one cache line");

struct ct_table {
	struct pp_bucket *bucket;
	char *origin; /* where the connection with the number 0 would be */
	uint32_t mask;
	enum ct_pages pages;
};

static int table_init(struct ct_table *t, const struct ct_config *config);
static void nf_ct_put_direct(struct nf_conn *ct);
static __always_inline uint32_t nf_ct_dir_hash(const struct nf_conn *ct, enum ip_conntrack_dir dir);

/* Its upper half: the lower bits choose the first bucket. */
static __always_inline uint16_t pp_tag(uint32_t hash)
{
	return (uint16_t)(hash >> 16);
}

static __always_inline uint32_t pp_first(const struct ct_table *t, uint32_t hash)
{
	return hash & t->mask;
}

/* The other bucket of an entry that is in bucket i.  Always another one: the lowest bit differs. */
static __always_inline uint32_t pp_other(const struct ct_table *t, uint32_t i, uint16_t tag)
{
	return i ^ (((tag * 0x9e3779b1u >> 8) | 1) & t->mask);
}

static __always_inline struct nf_conntrack_tuple_hash *
pp_node(const struct ct_table *t, uint32_t ref)
{
	struct nf_conn *ct = (struct nf_conn *)(t->origin + (size_t)(ref >> 1) * sizeof(*ct));

	return &ct->tuplehash[ref & 1];
}

static uint32_t
pp_ref(const struct ct_table *t, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return (uint32_t)((size_t)((const char *)ct - t->origin) / sizeof(*ct)) << 1 | dir;
}

/* The upper bits of a tag, which a large table's number of the bucket does not contain. */
static __always_inline uint64_t pp_bits(uint16_t tag)
{
	return UINT64_C(1) << (tag >> 10) | UINT64_C(1) << (tag >> 4 & 63);
}

/* --- Lookup: all loads acquire, which keeps them before the last one of seq --- */

static __always_inline bool pp_may_be_away(const struct pp_bucket *b, uint16_t tag)
{
	return !(~load_acquire(&b->filter) & pp_bits(tag));
}

/* The upper bit of each lane of that word in which the tag is. */
static __always_inline uint64_t pp_lanes(uint64_t tags, uint16_t tag)
{
	const uint64_t low = UINT64_C(0x7fff7fff7fff7fff);
	const uint64_t x = tags ^ tag * UINT64_C(0x0001000100010001);

	return ~(((x & low) + low) | x | low);
}

/* The first entry with f's key, in that bucket. */
static __always_inline struct nf_conntrack_tuple_hash *
pp_match(const struct ct_table *t, const struct pp_bucket *b, struct ct_find *f, uint16_t tag)
{
	for (unsigned int word = 0; word < PP_SLOTS / PP_LANES; word++)
		for (uint64_t l = pp_lanes(load_acquire(&b->tag[word]), tag); l; l &= l - 1) {
			const unsigned int slot = PP_LANES * word + (__builtin_ctzll(l) >> 4);
			/* pairs with the release in pp_put() */
			const uint32_t ref = load_acquire(&b->ref[slot]);

			if (likely(ref) && likely(peer_is_live(pp_node(t, ref), f)))
				return pp_node(t, ref);
		}
	return NULL;
}

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	const uint16_t tag = pp_tag(hash);
	const uint32_t i = pp_first(t, hash);
	const struct pp_bucket *first = &t->bucket[i];
	struct nf_conntrack_tuple_hash *h;

	for (;; f->restarts++, cpu_relax()) {
		/* pairs with the release in pp_unlock() */
		const uint32_t seq = load_acquire(&first->seq);

		PEER_POINT(READER_HAS_BUCKET);
		h = pp_match(t, first, f, tag);
		PEER_POINT(READER_MOVES_ON);
		if (!h && unlikely(pp_may_be_away(first, tag)))
			h = pp_match(t, &t->bucket[pp_other(t, i, tag)], f, tag);
		if (h)
			break;
		if (likely(!(seq & 1) && load_relaxed(&first->seq) == seq))
			return NULL;
	}
	if (get && unlikely(!refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(h)->use)))
		return NULL; /* it was being removed */
	return h;
}

#define CT_TABLE_PREFETCHES
static __always_inline void table_prefetch(struct ct_table *t, uint32_t hash)
{
	ct_prefetch(&t->bucket[pp_first(t, hash)]);
}

/*
 * The first buckets are on their way: first the connection of the first tag that is equal, or the
 * second bucket where one may be there, then the lookups.
 */
#define CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	for (unsigned int k = 0; k < b->nr; k++) {
		const uint16_t tag = pp_tag(b->hash[k]);
		const uint32_t i = pp_first(t, b->hash[k]);
		const struct pp_bucket *first = &t->bucket[i];
		const uint64_t low = pp_lanes(load_acquire(&first->tag[0]), tag);
		const uint64_t lanes = low ? low : pp_lanes(load_acquire(&first->tag[1]), tag);

		if (lanes) {
			const unsigned int slot =
				(low ? 0 : PP_LANES) + (__builtin_ctzll(lanes) >> 4);
			char *h = (char *)pp_node(t, load_acquire(&first->ref[slot]));

			ct_prefetch(h);
			ct_prefetch(nf_ct_tuplehash_to_ctrack((void *)h));
		} else if (unlikely(pp_may_be_away(first, tag))) {
			ct_prefetch(&t->bucket[pp_other(t, i, tag)]);
		}
	}
	for (unsigned int k = 0; k < b->nr; k++) {
		f->key = b->key[k];
		b->found[k] = table_find(t, f, b->hash[k], get);
	}
}

/* --- Changes of a locked bucket --- */

/* Acquire: pairs with the release in pp_unlock(). */
static void pp_lock(struct pp_bucket *b)
{
	lock_order_take(b, CT_LOCK_BUCKET);
	for (;; cpu_relax()) {
		uint32_t seq = load_relaxed(&b->seq);

		if (!(seq & 1) && atomic_compare_exchange_weak_explicit(&b->seq, &seq, seq + 1,
									memory_order_acquire,
									memory_order_relaxed))
			return;
	}
}

/* Release: pairs with pp_lock() and table_find(). */
static void pp_unlock(struct pp_bucket *b)
{
	lock_order_drop(b);
	store_release(&b->seq, load_relaxed(&b->seq) + 1);
}

/* Two, in ascending order; the second may be NULL. */
static void pp_lock_two(struct pp_bucket *a, struct pp_bucket *b)
{
	if (b && b < a) {
		pp_lock(b);
		pp_lock(a);
	} else {
		pp_lock(a);
		if (b)
			pp_lock(b);
	}
}

static void pp_unlock_two(struct pp_bucket *a, struct pp_bucket *b)
{
	pp_unlock(a);
	if (b)
		pp_unlock(b);
}

/* The slot with that reference, 0: a free one.  -1: none. */
static int pp_slot(const struct pp_bucket *b, uint32_t ref)
{
	for (unsigned int i = 0; i < PP_SLOTS; i++)
		if (load_relaxed(&b->ref[i]) == ref)
			return (int)i;
	return -1;
}

static uint16_t pp_tag_at(const struct pp_bucket *b, unsigned int slot)
{
	return (uint16_t)(load_relaxed(&b->tag[slot / PP_LANES]) >> 16 * (slot % PP_LANES));
}

/*
 * Into a free slot; false: there is none.  Release: the words become visible after the lock, so
 * that a reader that sees one of them also sees that the bucket is changed; and the reference
 * after the connection.
 */
static bool pp_put(struct pp_bucket *b, uint16_t tag, uint32_t ref)
{
	const int slot = pp_slot(b, 0);
	_Atomic uint64_t *tags;
	unsigned int shift;

	if (slot < 0)
		return false;
	tags = &b->tag[(unsigned int)slot / PP_LANES];
	shift = 16 * ((unsigned int)slot % PP_LANES);
	store_release(tags,
		      (load_relaxed(tags) & ~(UINT64_C(0xffff) << shift)) | (uint64_t)tag << shift);
	store_release(&b->ref[slot], ref);
	return true;
}

static bool pp_clear(struct pp_bucket *b, uint32_t ref)
{
	const int slot = pp_slot(b, ref);

	if (slot < 0)
		return false;
	store_release(&b->ref[slot], 0);
	return true;
}

/* A key of this first bucket is in its second from now on, or not any more. */
static void pp_went(struct pp_bucket *first, uint16_t tag)
{
	store_release(&first->away, load_relaxed(&first->away) + 1);
	store_release(&first->filter, load_relaxed(&first->filter) | pp_bits(tag));
}

static void pp_came(struct pp_bucket *first)
{
	store_release(&first->away, load_relaxed(&first->away) - 1);
	if (!load_relaxed(&first->away))
		store_release(&first->filter, 0);
}

/* --- Room for an insertion --- */

/*
 * Moves that entry, which was in bucket i, to its other bucket; false: it is not there any more, or
 * there is no room.  In the read-side section in which it was seen there, so its connection did
 * not become another.
 */
static bool pp_move(struct ct_table *t, uint32_t i, uint32_t ref)
{
	struct pp_bucket *from = &t->bucket[i], *to;
	const struct nf_conntrack_tuple_hash *h = pp_node(t, ref);
	const uint32_t hash = nf_ct_dir_hash(nf_ct_tuplehash_to_ctrack(h), NF_CT_DIRECTION(h));
	const uint16_t tag = pp_tag(hash);
	bool moved;

	to = &t->bucket[pp_other(t, i, tag)];
	pp_lock_two(from, to);
	moved = pp_slot(from, ref) >= 0 && pp_put(to, tag, ref);
	if (moved) {
		if (pp_first(t, hash) == i)
			pp_went(from, tag);
		else
			pp_came(to);
		pp_clear(from, ref);
	}
	pp_unlock_two(from, to);
	return moved;
}

/* A bucket that the entry `ref` of the one before would move to. */
struct pp_step {
	uint32_t bucket, ref;
	int before; /* -1: where the search begins */
};

/*
 * Makes room in one of the two buckets; false: no moves would.  True also if others were faster:
 * the caller looks again.
 */
static bool pp_make_room(struct ct_table *t, uint32_t a, uint32_t b)
{
	struct pp_step step[PP_SEARCH] = { { a, 0, -1 }, { b, 0, -1 } };
	unsigned int nr = 2;

	for (unsigned int at = 0; at < nr; at++) {
		const struct pp_bucket *bucket = &t->bucket[step[at].bucket];

		if (pp_slot(bucket, 0) >= 0) {
			for (int s = (int)at; step[s].before >= 0; s = step[s].before)
				if (!pp_move(t, step[step[s].before].bucket, step[s].ref))
					break;
			return true;
		}
		for (unsigned int i = 0; i < PP_SLOTS && nr < PP_SEARCH; i++) {
			/* pairs with the release in pp_put() */
			const uint32_t ref = load_acquire(&bucket->ref[i]);

			if (ref)
				step[nr++] = (struct pp_step){ pp_other(t, step[at].bucket,
									pp_tag_at(bucket, i)),
							       ref, (int)at };
		}
	}
	return false;
}

/* --- Insertion and removal --- */

/* The entry in that bucket that has mine's key already. */
static struct nf_conntrack_tuple_hash *
pp_taken(const struct ct_table *t, const struct pp_bucket *b, uint16_t tag,
	 const struct nf_conntrack_tuple_hash *mine)
{
	for (unsigned int i = 0; i < PP_SLOTS; i++) {
		const uint32_t ref = load_acquire(&b->ref[i]);

		if (ref && pp_tag_at(b, i) == tag && peer_is_taken(pp_node(t, ref), mine))
			return pp_node(t, ref);
	}
	return NULL;
}

/* Under the first bucket's lock, and the second's unless NULL: 0, -EEXIST, or -EAGAIN: no room. */
static int pp_add(struct ct_table *t, struct pp_bucket *first, struct pp_bucket *second,
		  uint16_t tag, uint32_t ref, struct ct_insert *ins)
{
	const struct nf_conntrack_tuple_hash *mine = pp_node(t, ref);
	struct nf_conntrack_tuple_hash *there = pp_taken(t, first, tag, mine);

	if (!there && pp_may_be_away(first, tag)) {
		if (!second)
			return -EAGAIN;
		there = pp_taken(t, second, tag, mine);
	}
	if (there)
		return peer_clash(there, ins);
	if (pp_put(first, tag, ref))
		return 0;
	if (!second || !pp_put(second, tag, ref))
		return -EAGAIN;
	pp_went(first, tag);
	return 0;
}

static int peer_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir,
		    uint32_t hash, struct ct_insert *ins)
{
	const uint16_t tag = pp_tag(hash);
	const uint32_t i = pp_first(t, hash), other = pp_other(t, i, tag);
	struct pp_bucket *first = &t->bucket[i], *second = NULL;
	int ret;

	/* Mostly one bucket is enough. */
	for (;;) {
		pp_lock_two(first, second);
		ret = pp_add(t, first, second, tag, pp_ref(t, ct, dir), ins);
		pp_unlock_two(first, second);
		if (ret != -EAGAIN)
			return ret;
		if (second && !pp_make_room(t, i, other))
			return -ENOSPC;
		second = &t->bucket[other];
	}
}

static bool
peer_del(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	const uint32_t i = pp_first(t, hash), ref = pp_ref(t, ct, dir);
	struct pp_bucket *first = &t->bucket[i], *second = NULL;
	bool in;

	for (;; second = &t->bucket[pp_other(t, i, pp_tag(hash))]) {
		bool away;

		pp_lock_two(first, second);
		away = pp_may_be_away(first, pp_tag(hash));
		in = pp_clear(first, ref);
		if (!in && second && pp_clear(second, ref)) {
			pp_came(first);
			in = true;
		}
		pp_unlock_two(first, second);
		if (in || second || !away)
			return in;
	}
}

#include "variants/peers/two_nodes.inc.h"

/* --- Life --- */

static const char *table_bucket_rule(uint64_t n)
{
	return peer_bucket_rule(n);
}

/* Half full with as many connections as are expected, or as there are "buckets". */
static uint64_t pp_size(uint64_t buckets, uint64_t connections)
{
	const uint64_t most = buckets > connections ? buckets : connections;
	uint64_t size = 2;

	while (size * PP_SLOTS < UINT64_C(2) * IP_CT_DIR_MAX * most && size < UINT64_C(1) << 31)
		size *= 2;
	return size;
}

static uint64_t table_bytes(uint64_t buckets, uint64_t connections)
{
	return pp_size(buckets, connections) * sizeof(struct pp_bucket);
}

static void table_destroy(struct ct_table *t)
{
	ct_mem_free(t->bucket, (t->mask + (size_t)1) * sizeof(*t->bucket), t->pages);
}

static uint64_t table_buckets(struct ct_table *t)
{
	return t->mask + UINT64_C(1);
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = table_buckets(t) * sizeof(*t->bucket);
	*other_bytes = 0;
}

#define CT_TABLE_RESIZES 0
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = "cuckoo", .chain = "filtered", .lock = "per_bucket", \
	.resize = "-", .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, .cap = "none"

#include "variants/variant.inc.h"

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	const uint64_t size = pp_size(config->buckets, config->connections);

	t->mask = (uint32_t)(size - 1);
	t->pages = config->pages;
	t->origin = container_of(t, struct ct_instance, table)->pool.base - sizeof(struct nf_conn);
	t->bucket = ct_mem_alloc(size * sizeof(*t->bucket), t->pages);
	if (!t->bucket)
		return -ENOMEM;
	memset((void *)t->bucket, 0, size * sizeof(*t->bucket));
	return 0;
}
