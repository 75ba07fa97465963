/* SPDX-License-Identifier: MIT */
/*
 * The table of Open vSwitch's own conntrack, in its userspace datapath: not only its cmap
 * (ovs_cmap.inc.h), but also how lib/conntrack.c uses it since 2023.
 *
 *   - A map per zone.  A lookup knows its zone before it hashes, so it never meets connections of
 *     other zones, and a zone can be emptied without reading the others.
 *   - One entry a connection.  The hash is the same for both directions, and a lookup compares both
 *     of an entry's keys.  Open vSwitch adds the second entry only with NAT.  Here it is added
 *     where the two hashes or the two zones differ: ICMP echo, zones of one direction.
 *   - One lock for all writers of all zones.
 *   - Readers use QSBR, as Open vSwitch's threads do (lib/ovs-rcu.h).
 *
 * What conntrack needs and Open vSwitch does not have is done here as in the other tables: lookups
 * take a reference (Open vSwitch uses what it found until the thread's next quiescent state), and
 * walks go over the pool of connections (Open vSwitch has lists of them, for expiry).
 *
 * The including file has included a hash that both directions share.
 *
 * Progress: lookups wait only while the writer moves an entry of their bucket.
 * Writers wait for each other, also for one that doubles a zone's map.
 */
#include "variants/rcu/qsbr.h"
#include "variants/node/deferred.h"

#include <errno.h>
#include <string.h>

#include "variants/peers/ovs_nodes.h"
#include "variants/variant.h"

#define CT_NODE_CONTIGUOUS 1
#define CT_TABLE_WALKS_POOL
#define OVS_ZONES (UINT16_MAX + 1u)

struct ct_table {
	struct peer_memory memory;
	spinlock_t writer __cacheline_aligned;
	struct cmap zone[OVS_ZONES] __cacheline_aligned;
};

static void nf_ct_put_direct(struct nf_conn *ct);

/* --- Lookup --- */

/* If both ends are equal, both directions match; the result is REPLY, as in Linux's chain. */
static __always_inline struct nf_conntrack_tuple_hash *
ovs_entry(struct nf_conn *ct, struct ct_find *f)
{
	if (unlikely(nf_ct_is_expired(ct, f->now)) && nf_ct_is_confirmed(ct)) {
		ct_find_expired(f, ct);
		return NULL;
	}
	if (nf_ct_key_equal(&ct->tuplehash[IP_CT_DIR_REPLY], ct, f))
		return &ct->tuplehash[IP_CT_DIR_REPLY];
	if (nf_ct_key_equal(&ct->tuplehash[IP_CT_DIR_ORIGINAL], ct, f))
		return &ct->tuplehash[IP_CT_DIR_ORIGINAL];
	return NULL;
}

static __always_inline struct nf_conntrack_tuple_hash *
cmap_match(const struct cmap_node *n, struct ct_find *f, const bool get)
{
	for (; n; n = cmap_next(n)) {
		struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(cmap_hash(n));
		struct nf_conntrack_tuple_hash *h = ovs_entry(ct, f);

		if (!h)
			continue;
		if (get && unlikely(!refcount_inc_not_zero(&ct->use)))
			return NULL; /* it was being removed */
		return h;
	}
	return NULL;
}

/* The map of the zone that f looks up in: a zone of one direction leaves the other's open. */
static __always_inline const struct cmap *
ovs_zone(const struct ct_table *t, const struct ct_find *f)
{
	uint32_t id = f->zone_id[IP_CT_DIR_ORIGINAL];

	if (unlikely(id == CT_FIND_NO_ZONE))
		id = f->zone_id[IP_CT_DIR_REPLY];
	return &t->zone[id];
}

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	return cmap_match(cmap_find(ovs_zone(t, f), hash), f, get);
}

#define CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	cmap_find_burst(ovs_zone(t, f), f, b, get);
}

/* --- Insertion and removal: under the writers' lock --- */

static struct cmap *
ovs_zone_of(struct ct_table *t, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);

	return &t->zone[nf_ct_zone_id(&zone, dir)];
}

/* The entry that has that direction's key, in either of its directions. */
static struct nf_conntrack_tuple_hash *
ovs_taken(struct ct_table *t, const struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	const struct cmap_node *n = cmap_find(ovs_zone_of(t, ct, dir), hash);

	for (; n; n = cmap_next(n)) {
		struct nf_conn *other = nf_ct_tuplehash_to_ctrack(cmap_hash(n));

		for (int d = IP_CT_DIR_MAX - 1; d >= 0; d--)
			if (peer_is_taken(&other->tuplehash[d], &ct->tuplehash[dir]))
				return &other->tuplehash[d];
	}
	return NULL;
}

/* Does its ORIGINAL entry serve both directions?  Constant while it is in the table. */
static bool ovs_is_one_entry(const struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	return likely(hash_orig == hash_reply) &&
	       !(nf_ct_status(ct) & (CT_ZONE_ORIG_ONLY | CT_ZONE_REPLY_ONLY));
}

static void
ovs_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	cmap_node_add(ovs_zone_of(t, ct, dir), &ct->tuplehash[dir], hash);
}

static int table_insert(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig,
			uint32_t hash_reply, uint32_t now, struct ct_insert *ins)
{
	struct nf_conntrack_tuple_hash *clash;
	int ret = 0;

	ins->clash = NULL;
	ct_read_lock();
	spin_lock(&t->writer, CT_LOCK_BUCKET);
	peer_memory_now = &t->memory;
	if (unlikely(nf_ct_is_dying(ct))) {
		ret = -ESTALE;
		goto out;
	}
	clash = ovs_taken(t, ct, IP_CT_DIR_ORIGINAL, hash_orig);
	if (likely(!clash))
		clash = ovs_taken(t, ct, IP_CT_DIR_REPLY, hash_reply);
	if (unlikely(clash)) {
		ret = peer_clash(clash, ins);
		goto out;
	}
	nf_ct_insert_commit(ct, now);
	ovs_add(t, ct, IP_CT_DIR_ORIGINAL, hash_orig);
	if (unlikely(!ovs_is_one_entry(ct, hash_orig, hash_reply)))
		ovs_add(t, ct, IP_CT_DIR_REPLY, hash_reply);
	nf_ct_insert_publish(ct);
out:
	spin_unlock(&t->writer);
	ct_read_unlock();
	return ret;
}

static bool
table_remove(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	bool in;

	ct_read_lock();
	spin_lock(&t->writer, CT_LOCK_BUCKET);
	peer_memory_now = &t->memory;
	in = nf_ct_is_confirmed(ct) && cmap_node_del(ovs_zone_of(t, ct, IP_CT_DIR_ORIGINAL),
						     &ct->tuplehash[IP_CT_DIR_ORIGINAL], hash_orig);
	if (in && unlikely(!ovs_is_one_entry(ct, hash_orig, hash_reply)))
		cmap_node_del(ovs_zone_of(t, ct, IP_CT_DIR_REPLY), &ct->tuplehash[IP_CT_DIR_REPLY],
			      hash_reply);
	spin_unlock(&t->writer);
	ct_read_unlock();
	return in;
}

/* --- Life --- */

/* Assumes that all are in one zone and none has two entries. */
static uint64_t table_bytes(uint64_t buckets __maybe_unused, uint64_t connections)
{
	return cmap_bytes(connections);
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	t->memory.pages = config->pages;
	t->memory.defer = ct_defer;
	for (unsigned int i = 0; i < OVS_ZONES; i++)
		cmap_init(&t->zone[i]);
	return 0;
}

static void table_destroy(struct ct_table *t)
{
	ct_rcu_register();
	for (unsigned int i = 0; i < OVS_ZONES; i++)
		cmap_destroy(&t->zone[i]);
	ct_rcu_barrier();
	ct_rcu_unregister();
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = load_relaxed(&t->memory.bytes);
	*other_bytes = sizeof(t->zone);
}

#include "variants/peers/ovs_table.inc.h"
