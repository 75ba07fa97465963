/* SPDX-License-Identifier: MIT */
/*
 * Concurrency Kit's hash set, ck_hs (Al Bahra), as the table of conntrack: open addressing over
 * pointers, probed a cache line at a time.
 *
 * Readers take no lock.  Only one writer is allowed at a time (CK_HS_MODE_SPMC), so inserts and
 * deletes take a spinlock.  Deletes leave tombstones, but fewer with CK_HS_MODE_DELETE.  The set
 * grows inside a put when it is half full; concurrent lookups still read the old array, so that is
 * freed after a grace period.
 *
 * An entry is a pointer to a node (struct nf_conntrack_tuple_hash), which stores its hash, so
 * growing reads one line per entry.  The library calls one function for comparisons; the lower bits
 * of the key that it passes select the kind of comparison.
 */
#define CT_VARIANT ck_hs
#define CT_SUMMARY "Concurrency Kit's hash set: open addressing, one writer"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE)

#include "variants/hash/folded.h"
#include "variants/rcu/memb.h"
#include "variants/node/deferred.h"

#include <ck_hs.h>
#include <errno.h>
#include <string.h>

#include "variants/peers/blocks.h"
#include "variants/peers/match_node.h"
#include "variants/variant.h"

#define CT_NODE_CONTIGUOUS 1
#define CT_TABLE_WALKS_POOL

struct ct_table {
	ck_hs_t hs;
	struct peer_memory memory;
	spinlock_t writer __cacheline_aligned;
};

/* The lower bits of a key; they are 0 in pointers to nodes and to struct ct_find. */
#define CK_LIVE 1u /* a struct ct_find: a lookup */
#define CK_SAME 2u /* exactly this node: a removal; no bit: a node to insert */
#define CK_HOW	(CK_LIVE | CK_SAME)

static void nf_ct_put_direct(struct nf_conn *ct);

/*
 * The library publishes an entry by a fence and a store (ck_hs_put()) and finds it by a load.  TSan
 * does not see that, because Debian's library is built without it.  So it is declared here:
 * everything before a put happens before any use of an entry that was found.
 */
#if CT_TSAN
#define ck_tsan_added(n) __tsan_release(n)
#define ck_tsan_found(n) __tsan_acquire(n)
#else
#define ck_tsan_added(n) ((void)0)
#define ck_tsan_found(n) ((void)0)
#endif

static bool ck_same(const void *entry, const void *key)
{
	struct nf_conntrack_tuple_hash *h = (struct nf_conntrack_tuple_hash *)entry;
	void *what = (void *)((uintptr_t)key & ~(uintptr_t)CK_HOW);

	ck_tsan_found(h);
	if (likely((uintptr_t)key & CK_LIVE))
		return peer_is_live(h, what);
	return h == what || (!((uintptr_t)key & CK_SAME) && peer_is_taken(h, what));
}

static const void *ck_key(const void *what, uintptr_t how)
{
	return (const void *)((uintptr_t)what | how);
}

/* The lower bits choose the slot, higher ones the probe sequence: 32 bits are too few. */
static __always_inline unsigned long ck_spread(uint32_t hash)
{
	return hash * UINT64_C(0x9e3779b97f4a7c15);
}

static unsigned long ck_hash_of(const void *entry, unsigned long seed __maybe_unused)
{
	const struct nf_conntrack_tuple_hash *h = entry;

	return ck_spread((uint32_t)load_relaxed(&h->hnnode.next));
}

static void ck_free(void *p, size_t size __maybe_unused, bool defer)
{
	peer_block_free(p, defer);
}

static struct ck_malloc ck_memory = { .malloc = peer_block_alloc, .free = ck_free };

/* --- The table --- */

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	struct nf_conntrack_tuple_hash *h = ck_hs_get(&t->hs, ck_spread(hash), ck_key(f, CK_LIVE));

	if (h && get && unlikely(!refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(h)->use)))
		return NULL; /* it was being removed */
	return h;
}

static int peer_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir,
		    uint32_t hash, struct ct_insert *ins)
{
	struct nf_conntrack_tuple_hash *h = &ct->tuplehash[dir], *there;
	int ret = 0;

	store_relaxed(&h->hnnode.next, hash);
	spin_lock(&t->writer, CT_LOCK_BUCKET);
	peer_memory_now = &t->memory;
	ck_tsan_added(h);
	if (unlikely(!ck_hs_put(&t->hs, ck_spread(hash), h))) {
		there = ck_hs_get(&t->hs, ck_spread(hash), h);
		ret = there ? peer_clash(there, ins) : -ENOMEM;
	}
	spin_unlock(&t->writer);
	return ret;
}

static bool
peer_del(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	void *was;

	spin_lock(&t->writer, CT_LOCK_BUCKET);
	was = ck_hs_remove(&t->hs, ck_spread(hash), ck_key(&ct->tuplehash[dir], CK_SAME));
	spin_unlock(&t->writer);
	return was;
}

#include "variants/peers/two_nodes.inc.h"

/* --- Creating and destroying --- */

static const char *table_bucket_rule(uint64_t n)
{
	return peer_bucket_rule(n);
}

/* Slots that a set needs for this number of connections without growing. */
static uint64_t ck_slots(uint64_t buckets, uint64_t connections)
{
	uint64_t least = 2ull * IP_CT_DIR_MAX * connections, slots = 8;

	while (slots < least || slots < buckets)
		slots *= 2;
	return slots;
}

/* A pointer, and a byte for how far one has to probe. */
static uint64_t table_bytes(uint64_t buckets, uint64_t connections)
{
	return ck_slots(buckets, connections) * (sizeof(void *) + 1);
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	memset((void *)t, 0, sizeof(*t));
	t->memory.pages = config->pages;
	peer_memory_now = &t->memory;
	return ck_hs_init(&t->hs, CK_HS_MODE_SPMC | CK_HS_MODE_OBJECT | CK_HS_MODE_DELETE,
			  ck_hash_of, ck_same, &ck_memory,
			  ck_slots(config->buckets, config->connections), 0)
		       ? 0
		       : -ENOMEM;
}

static void table_destroy(struct ct_table *t)
{
	ck_hs_destroy(&t->hs);
}

/* The library does not report it; its array is most of its memory. */
static uint64_t table_buckets(struct ct_table *t)
{
	return load_relaxed(&t->memory.bytes) / (sizeof(void *) + 1);
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = load_relaxed(&t->memory.bytes);
	*other_bytes = 0;
}

#define CT_TABLE_RESIZES 0
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = "mask", .chain = "open", .lock = "global", \
	.resize = "copying", .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, .cap = "none"

#include "variants/variant.inc.h"
