/* SPDX-License-Identifier: MIT */
/*
 * Open vSwitch's cmap as conntrack's table: buckets of one cache line with five slots, two buckets
 * for each hash (after "MemC3", Fan, Andersen, Kaminsky, NSDI 2013), versions that readers check,
 * and one writer at a time; entries of one hash are chained behind their slot.  An insertion into a
 * table that is 85 % full, or a removal from one that is 20 % full, copies the whole table.
 *
 * cmap_insert() accepts duplicate keys, so the writer looks the key up first, under its lock.  The
 * including file has included a hash.
 */
#include "variants/rcu/memb.h"
#include "variants/node/deferred.h"

#include <errno.h>
#include <string.h>

#include "variants/peers/ovs_nodes.h"
#include "variants/variant.h"

#define CT_NODE_CONTIGUOUS 1
#define CT_TABLE_WALKS_POOL

struct ct_table {
	struct cmap cmap;
	struct peer_memory memory;
	spinlock_t writer __cacheline_aligned;
};

static void nf_ct_put_direct(struct nf_conn *ct);

/* Among the nodes with that hash, the one with the key. */
static __always_inline struct nf_conntrack_tuple_hash *
cmap_match(const struct cmap_node *n, struct ct_find *f, const bool get)
{
	for (; n; n = cmap_next(n)) {
		struct nf_conntrack_tuple_hash *h = cmap_hash(n);

		if (!peer_is_live(h, f))
			continue;
		if (get && unlikely(!refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(h)->use)))
			return NULL; /* it was being removed */
		return h;
	}
	return NULL;
}

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	return cmap_match(cmap_find(&t->cmap, hash), f, get);
}

#define CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	cmap_find_burst(&t->cmap, f, b, get);
}

static int peer_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir,
		    uint32_t hash, struct ct_insert *ins)
{
	struct nf_conntrack_tuple_hash *mine = &ct->tuplehash[dir];
	const struct cmap_node *n;
	int ret = 0;

	spin_lock(&t->writer, CT_LOCK_BUCKET);
	peer_memory_now = &t->memory;
	for (n = cmap_find(&t->cmap, hash); n; n = cmap_next(n))
		if (peer_is_taken(cmap_hash(n), mine))
			break;
	if (unlikely(n))
		ret = peer_clash(cmap_hash(n), ins);
	else
		cmap_node_add(&t->cmap, mine, hash);
	spin_unlock(&t->writer);
	return ret;
}

static bool
peer_del(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	bool in;

	spin_lock(&t->writer, CT_LOCK_BUCKET);
	peer_memory_now = &t->memory;
	in = cmap_node_del(&t->cmap, &ct->tuplehash[dir], hash);
	spin_unlock(&t->writer);
	return in;
}

#include "variants/peers/two_nodes.inc.h"

/* --- Life --- */

static uint64_t table_bytes(uint64_t buckets __maybe_unused, uint64_t connections)
{
	return cmap_bytes(IP_CT_DIR_MAX * connections);
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	memset((void *)t, 0, sizeof(*t));
	t->memory.pages = config->pages;
	cmap_init(&t->cmap);
	return 0;
}

static void table_destroy(struct ct_table *t)
{
	ct_rcu_register();
	cmap_destroy(&t->cmap);
	ct_rcu_barrier();
	ct_rcu_unregister();
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = load_relaxed(&t->memory.bytes);
	*other_bytes = 0;
}

#include "variants/peers/ovs_table.inc.h"
