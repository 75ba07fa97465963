/* SPDX-License-Identifier: MIT */
/*
 * A bucket refers to pages of four keys, after the bounded-index hash of VPP (fd.io; its
 * bihash_template), written from its description.
 *
 * The idea.  A bucket is one word: a lock, the number of its first page, and how many it has.
 * A page has four keys with their values, so a lookup compares keys in the table and reads the
 * connection only when its key was found.  An insertion into a full page doubles the pages of that
 * one bucket, and takes them from a free list; if the hash cannot separate the entries, all pages
 * of the bucket are searched.  The number of buckets is fixed.
 *
 * Races of readers.  VPP's readers wait while their bucket is locked and then read its pages
 * without a lock; up to 2025 a writer that came in between could change an entry under them (e.g.
 * key and value of two entries), or split the bucket and give its old pages to another.  Here a
 * bucket's word has a count of its changes, and a reader compares the word again before it believes
 * what it read, be it a hit or a miss.  Pages stay pages until the table is destroyed, so reading
 * those of another bucket does no harm.
 *
 * Differs from VPP: zone, namespace and state are compared in the connection; a bucket whose last
 * entry was deleted keeps its pages.
 *
 * Requirements.  Nodes are freed after a grace period.
 *
 * Progress: a lookup waits while an entry of its bucket is changed, and repeats what it read then.
 */
#define CT_VARIANT bihash_pages
#define CT_SUMMARY "VPP's scheme: a bucket leads to pages of keys, and splits by itself"
#define CT_FLAGS   CT_V_PEER

#include "variants/hash/folded.h"
#include "variants/bucket/mask.h"
#include "variants/rcu/memb.h"
#include "variants/node/deferred.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "variants/mem.h"
#include "variants/peers/match_node.h"
#include "variants/variant.h"

#define PAGE_ENTRIES 4u

struct bi_entry {
	_Atomic uint64_t key[CT_TUPLE_WORDS]; /* without the direction */
	_Atomic uintptr_t node;		      /* struct nf_conntrack_tuple_hash; 0: free */
};

struct bi_page {
	struct bi_entry entry[PAGE_ENTRIES];
} __cacheline_aligned;
_Static_assert(sizeof(struct bi_page) == 192, "three cache lines");

/*
 * A bucket: bit 0 locked, bit 1 all pages are searched, bits 2 to 6 log2 of the pages' number, bits
 * 7 to 31 a count of changes, the upper half the number of its first page; no such page: 0.
 */
#define BI_LOCKED    UINT64_C(1)
#define BI_LINEAR    UINT64_C(2)
#define BI_LOG_SHIFT 2
#define BI_LOG_MASK  31u
#define BI_LOG_MOST  9u /* more are searched one after another */
#define BI_CHANGE    (UINT64_C(1) << 7)
#define BI_COUNTS    (UINT64_C(0xffffffff) & ~(BI_CHANGE - 1))
#define BI_LOGS	     20u

struct ct_table {
	_Atomic uint64_t *bucket;
	struct bi_page *page; /* address space; the number 0 stays empty */
	uint32_t size, bits;
	enum ct_pages pages;
	spinlock_t lock __cacheline_aligned; /* for the rest */
	uint32_t given, committed, most;     /* pages: handed out, with memory, in the range */
	uint32_t unused[BI_LOGS];	     /* lists of runs of 2^i pages, by their first entry */
	_Atomic uint64_t used;		     /* pages of buckets */
};

static void nf_ct_put_direct(struct nf_conn *ct);
static __always_inline uint32_t nf_ct_dir_hash(const struct nf_conn *ct, enum ip_conntrack_dir dir);

static __always_inline unsigned int bi_log(uint64_t b)
{
	return (unsigned int)(b >> BI_LOG_SHIFT) & BI_LOG_MASK;
}

static __always_inline _Atomic uint64_t *bi_bucket(const struct ct_table *t, uint32_t hash)
{
	return &t->bucket[ct_bucket(hash, t->size)];
}

/* The first page of those to search, and how many they are. */
static __always_inline struct bi_page *
bi_pages(const struct ct_table *t, uint64_t b, uint32_t hash, uint32_t *nr)
{
	struct bi_page *first = &t->page[b >> 32];

	*nr = 1;
	if (likely(!bi_log(b)))
		return first;
	if (b & BI_LINEAR) {
		*nr = 1u << bi_log(b);
		return first;
	}
	return first + (hash >> t->bits & ((1u << bi_log(b)) - 1));
}

/* --- Lookup --- */

/*
 * Acquire: keeps these loads before bi_is_same(), and pairs with the release in bi_store(), by
 * which a reader comes to the connection.
 */
static __always_inline bool bi_key_equal(const struct bi_entry *e, const union ct_tuple_words *key)
{
	return !((load_acquire(&e->key[0]) ^ key->w[0]) | (load_acquire(&e->key[1]) ^ key->w[1]) |
		 (load_acquire(&e->key[2]) ^ key->w[2]) | (load_acquire(&e->key[3]) ^ key->w[3]) |
		 (load_acquire(&e->key[4]) ^ (key->w[4] & ct_tuple_last_mask())));
}

static __always_inline struct nf_conntrack_tuple_hash *bi_node(const struct bi_entry *e)
{
	return (struct nf_conntrack_tuple_hash *)load_acquire(&e->node);
}

/* Has nothing changed since the bucket was b?  The loads before have acquired. */
static __always_inline bool bi_is_same(const _Atomic uint64_t *bucket, uint64_t b)
{
	return load_relaxed(bucket) == b;
}

/* The bucket while nobody changes it.  Acquire: pairs with the release in bi_unlock(). */
static __always_inline uint64_t bi_read(const _Atomic uint64_t *bucket)
{
	for (;; cpu_relax()) {
		const uint64_t b = load_acquire(bucket);

		if (likely(!(b & BI_LOCKED)))
			return b;
	}
}

enum bi_found { BI_MISS, BI_HIT, BI_AGAIN };

static __always_inline enum bi_found
bi_search(const struct ct_table *t, const _Atomic uint64_t *bucket, uint64_t b, struct ct_find *f,
	  uint32_t hash, struct nf_conntrack_tuple_hash **found)
{
	uint32_t nr;
	struct bi_page *page = bi_pages(t, b, hash, &nr);

	for (struct bi_page *end = page + nr; page < end; page++)
		for (unsigned int i = 0; i < PAGE_ENTRIES; i++) {
			struct nf_conntrack_tuple_hash *h;
			struct nf_conn *ct;

			if (likely(!bi_key_equal(&page->entry[i], &f->key)))
				continue;
			PEER_POINT(READER_HAS_KEY);
			h = bi_node(&page->entry[i]);
			if (!bi_is_same(bucket, b))
				return BI_AGAIN;
			if (!h)
				continue;
			ct = nf_ct_tuplehash_to_ctrack(h);
			if (unlikely(nf_ct_is_expired(ct, f->now)) && nf_ct_is_confirmed(ct)) {
				ct_find_expired(f, ct);
				continue;
			}
			if (!nf_ct_key_state_equal(h, ct, f, nf_ct_status(ct)))
				continue;
			*found = h;
			return BI_HIT;
		}
	return bi_is_same(bucket, b) ? BI_MISS : BI_AGAIN;
}

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	const _Atomic uint64_t *bucket = bi_bucket(t, hash);
	struct nf_conntrack_tuple_hash *h = NULL;

	for (;; f->restarts++) {
		const uint64_t b = bi_read(bucket);
		enum bi_found found;

		PEER_POINT(READER_HAS_BUCKET);
		if (!(b >> 32))
			return NULL;
		found = bi_search(t, bucket, b, f, hash, &h);
		if (likely(found == BI_HIT))
			break;
		if (likely(found == BI_MISS))
			return NULL;
	}
	if (get && unlikely(!refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(h)->use)))
		return NULL; /* it was being removed */
	return h;
}

#define CT_TABLE_PREFETCHES
static __always_inline void table_prefetch(struct ct_table *t, uint32_t hash)
{
	ct_prefetch(bi_bucket(t, hash));
}

/* The buckets are on their way: first their pages, then the connections of equal keys. */
#define CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	struct bi_page *page[CT_BURST];
	uint32_t nr;

	for (unsigned int k = 0; k < b->nr; k++) {
		page[k] = bi_pages(t, load_acquire(bi_bucket(t, b->hash[k])), b->hash[k], &nr);
		for (unsigned int i = 0; i < sizeof(*page[k]); i += CT_CACHE_LINE)
			ct_prefetch((char *)page[k] + i);
	}
	for (unsigned int k = 0; k < b->nr; k++)
		for (unsigned int i = 0; i < PAGE_ENTRIES; i++)
			if (bi_key_equal(&page[k]->entry[i], &b->key[k]))
				ct_prefetch(nf_ct_tuplehash_to_ctrack(bi_node(&page[k]->entry[i])));
	for (unsigned int k = 0; k < b->nr; k++) {
		f->key = b->key[k];
		b->found[k] = table_find(t, f, b->hash[k], get);
	}
}

/* --- Pages --- */

static size_t bi_range(const struct ct_table *t)
{
	return ct_mem_size((size_t)t->most * sizeof(*t->page), CT_PAGES_HUGETLB);
}

/* Memory for more pages, in whole huge pages. */
static bool pages_commit(struct ct_table *t)
{
	const size_t bytes = sizeof(struct bi_page) / 64 * CT_HUGE_PAGE;

	if ((size_t)t->committed * sizeof(*t->page) + bytes > bi_range(t) ||
	    !ct_mem_commit((char *)&t->page[t->committed], bytes, t->pages))
		return false;
	t->committed += (uint32_t)(bytes / sizeof(*t->page));
	return true;
}

/*
 * 2^log pages without entries, or 0.  Readers may still read them for a bucket that had them
 * before.
 */
static uint32_t pages_get(struct ct_table *t, unsigned int log)
{
	const uint32_t nr = 1u << log;
	uint32_t at;

	spin_lock(&t->lock, CT_LOCK_LEAF);
	at = t->unused[log];
	if (at) {
		t->unused[log] = (uint32_t)load_relaxed(&t->page[at].entry[0].key[0]);
	} else if (t->given + nr <= t->most) {
		while (t->given + nr > t->committed && pages_commit(t))
			;
		if (t->given + nr <= t->committed) {
			at = t->given;
			t->given += nr;
		}
	}
	spin_unlock(&t->lock);
	for (uint32_t i = 0; at && i < nr; i++)
		for (unsigned int k = 0; k < PAGE_ENTRIES; k++)
			store_release(&t->page[at + i].entry[k].node, 0);
	if (at)
		add_relaxed(&t->used, nr);
	return at;
}

static void pages_put(struct ct_table *t, uint32_t at, unsigned int log)
{
	if (!at || log >= BI_LOGS) /* none; more pages than a run may have */
		return;
	sub_relaxed(&t->used, 1u << log);
	spin_lock(&t->lock, CT_LOCK_LEAF);
	store_release(&t->page[at].entry[0].key[0], t->unused[log]);
	t->unused[log] = at;
	spin_unlock(&t->lock);
}

/* --- Insertion and removal: under the bucket's lock --- */

/* Acquire: pairs with the release in bi_unlock(). */
static uint64_t bi_lock(_Atomic uint64_t *bucket)
{
	lock_order_take(bucket, CT_LOCK_BUCKET);
	for (;; cpu_relax()) {
		uint64_t b = load_relaxed(bucket);

		if (!(b & BI_LOCKED) &&
		    atomic_compare_exchange_weak_explicit(
			    bucket, &b, b | BI_LOCKED, memory_order_acquire, memory_order_relaxed))
			return b;
	}
}

/* The bucket is b, in which nothing has changed.  Release: pairs with bi_read() and bi_lock(). */
static void bi_unlock_same(_Atomic uint64_t *bucket, uint64_t b)
{
	lock_order_drop(bucket);
	store_release(bucket, b);
}

/* The bucket is b from now on, and has changed. */
static void bi_unlock(_Atomic uint64_t *bucket, uint64_t b)
{
	bi_unlock_same(bucket, (b & ~BI_COUNTS) | ((b + BI_CHANGE) & BI_COUNTS));
}

/*
 * Release: the words become visible after the lock, so that a reader that sees one of them also
 * sees that its bucket was changed.
 */
static void bi_store(struct bi_entry *e, const struct nf_conntrack_tuple_hash *h)
{
	for (unsigned int i = 0; i < CT_TUPLE_WORDS; i++)
		store_release(&e->key[i], load_relaxed(&h->tuple_w[i]) &
						  (i == CT_TUPLE_WORDS - 1 ? ct_tuple_last_mask()
									   : ~UINT64_C(0)));
	store_release(&e->node, (uintptr_t)h);
}

/* Into a free entry of those pages; false: there is none. */
static bool
bi_put(const struct ct_table *t, uint64_t b, uint32_t hash, const struct nf_conntrack_tuple_hash *h)
{
	uint32_t nr;
	struct bi_page *page = bi_pages(t, b, hash, &nr);

	for (struct bi_page *end = page + nr; b >> 32 && page < end; page++)
		for (unsigned int i = 0; i < PAGE_ENTRIES; i++)
			if (!load_relaxed(&page->entry[i].node)) {
				bi_store(&page->entry[i], h);
				return true;
			}
	return false;
}

/* Copies all entries of bucket `from` and h into the pages of `to`; false: they do not fit. */
static bool bi_deal(const struct ct_table *t, uint64_t from, uint64_t to, uint32_t hash,
		    const struct nf_conntrack_tuple_hash *h)
{
	const struct bi_page *page = &t->page[from >> 32];

	for (uint32_t k = 0; from >> 32 && k < PAGE_ENTRIES << bi_log(from); k++) {
		struct nf_conntrack_tuple_hash *old =
			bi_node(&page[k / PAGE_ENTRIES].entry[k % PAGE_ENTRIES]);

		if (old &&
		    !bi_put(t, to,
			    nf_ct_dir_hash(nf_ct_tuplehash_to_ctrack(old), NF_CT_DIRECTION(old)),
			    old))
			return false;
	}
	return bi_put(t, to, hash, h);
}

/* More pages for the bucket, with h: the new bucket, or 0 without memory. */
static uint64_t
bi_split(struct ct_table *t, uint64_t b, uint32_t hash, const struct nf_conntrack_tuple_hash *h)
{
	const unsigned int log = bi_log(b), next = b >> 32 ? log + 1 : 0;

	/* Twice as many, or four times, or twice as many that are searched one after another. */
	for (unsigned int attempt = b & BI_LINEAR ? 2 : 0; attempt < 3; attempt++) {
		const bool linear = attempt == 2;
		const unsigned int to_log = linear ? next : next + attempt;
		uint64_t to;
		uint32_t at;

		if (to_log >= BI_LOGS || (!linear && to_log > BI_LOG_MOST))
			continue;
		at = pages_get(t, to_log);
		if (!at)
			return 0;
		to = (uint64_t)at << 32 | (b & BI_COUNTS) | to_log << BI_LOG_SHIFT |
		     (linear ? BI_LINEAR : 0);
		if (bi_deal(t, b, to, hash, h)) {
			pages_put(t, (uint32_t)(b >> 32), log);
			return to;
		}
		pages_put(t, at, to_log);
	}
	return 0;
}

/* The entry that has h's key already. */
static struct nf_conntrack_tuple_hash *bi_taken(const struct ct_table *t, uint64_t b, uint32_t hash,
						const struct nf_conntrack_tuple_hash *h)
{
	uint32_t nr;
	struct bi_page *page = bi_pages(t, b, hash, &nr);

	for (struct bi_page *end = page + nr; b >> 32 && page < end; page++)
		for (unsigned int i = 0; i < PAGE_ENTRIES; i++) {
			struct nf_conntrack_tuple_hash *there = bi_node(&page->entry[i]);

			if (there && peer_is_taken(there, h))
				return there;
		}
	return NULL;
}

static int peer_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir,
		    uint32_t hash, struct ct_insert *ins)
{
	_Atomic uint64_t *bucket = bi_bucket(t, hash);
	struct nf_conntrack_tuple_hash *h = &ct->tuplehash[dir];
	uint64_t b = bi_lock(bucket), to = b;
	struct nf_conntrack_tuple_hash *there = bi_taken(t, b, hash, h);
	int ret = there ? peer_clash(there, ins) : 0;

	if (!ret && !bi_put(t, b, hash, h)) {
		to = bi_split(t, b, hash, h);
		ret = to ? 0 : -ENOMEM;
	}
	bi_unlock(bucket, ret ? b : to);
	return ret;
}

static bool
peer_del(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	_Atomic uint64_t *bucket = bi_bucket(t, hash);
	const uint64_t b = bi_lock(bucket);
	uint32_t nr;
	struct bi_page *page = bi_pages(t, b, hash, &nr);
	bool in = false;

	for (struct bi_page *end = page + nr; b >> 32 && !in && page < end; page++)
		for (unsigned int i = 0; i < PAGE_ENTRIES && !in; i++) {
			in = bi_node(&page->entry[i]) == &ct->tuplehash[dir];
			if (in)
				store_release(&page->entry[i].node, 0);
		}
	bi_unlock(bucket, b);
	return in;
}

#include "variants/peers/two_nodes.inc.h"

/* --- Walks: the buckets --- */

static void table_walk_begin(struct ct_table *t __maybe_unused)
{
}

static void table_walk_end(struct ct_table *t __maybe_unused)
{
}

static uint64_t table_scan_size(struct ct_table *t)
{
	return t->size;
}

static void table_collect(struct ct_table *t, uint64_t position, struct ct_collect *c)
{
	const struct bi_page *page;
	uint64_t b;

	if (position >= t->size)
		return;
	ct_read_lock();
	b = bi_lock(&t->bucket[position]);
	page = &t->page[b >> 32];
	for (uint32_t k = 0; b >> 32 && k < PAGE_ENTRIES << bi_log(b); k++) {
		struct nf_conntrack_tuple_hash *h =
			bi_node(&page[k / PAGE_ENTRIES].entry[k % PAGE_ENTRIES]);

		if (h && nf_ct_is_confirmed(nf_ct_tuplehash_to_ctrack(h)))
			ct_collect_visit(c, h, nf_ct_tuplehash_to_ctrack(h));
	}
	bi_unlock_same(&t->bucket[position], b);
	ct_read_unlock();
}

static void
table_collect_near(struct ct_table *t, uint32_t hash, unsigned int i, struct ct_collect *c)
{
	if (i < t->size)
		table_collect(t, (ct_bucket(hash, t->size) + i) % t->size, c);
}

/* --- Life --- */

static const char *table_bucket_rule(uint64_t n)
{
	return ct_bucket_rule(n);
}

/* A page for each bucket that has an entry, of two a connection. */
static uint64_t table_bytes(uint64_t buckets, uint64_t connections)
{
	const uint64_t entries = IP_CT_DIR_MAX * connections;

	return buckets * sizeof(uint64_t) +
	       (entries < buckets ? entries : buckets) * sizeof(struct bi_page);
}

static void table_destroy(struct ct_table *t)
{
	if (t->page)
		munmap(t->page, bi_range(t));
	ct_mem_free((void *)t->bucket, t->size * sizeof(*t->bucket), t->pages);
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	/* Room for many pages a bucket, and for as many entries as there may be. */
	const uint64_t most = 16 * (config->buckets + 2 * config->connections) + (1u << 20);

	t->size = (uint32_t)config->buckets;
	t->bits = 31 - (uint32_t)__builtin_clz(t->size);
	t->pages = config->pages;
	t->most = most > UINT32_MAX ? UINT32_MAX : (uint32_t)most;
	t->given = 1;
	t->bucket = ct_mem_alloc(t->size * sizeof(*t->bucket), t->pages);
	t->page = (struct bi_page *)ct_mem_reserve(bi_range(t));
	if (!t->bucket || !t->page || !pages_commit(t)) {
		table_destroy(t);
		return -ENOMEM;
	}
	memset((void *)t->bucket, 0, t->size * sizeof(*t->bucket));
	return 0;
}

static uint64_t table_buckets(struct ct_table *t)
{
	return t->size;
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = t->size * sizeof(*t->bucket) + load_relaxed(&t->used) * sizeof(*t->page);
	*other_bytes = 0;
}

#define CT_TABLE_RESIZES 0
#define CT_TABLE_BUCKET	 CT_BUCKET_CHAIN
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = CT_BUCKET_NAME, .chain = "pages", .lock = "per_bucket", \
	.resize = "one_bucket", .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, .cap = "none"

#include "variants/variant.inc.h"
