/* SPDX-License-Identifier: MIT */
/*
 * A table written in C++ (cxx_table.h) as the table of conntrack.  Its readers take locks, so there
 * is no RCU, and connections may be reused at once.
 *
 * The unit has defined CT_VARIANT and so on, PEER(f), the peer's functions, and CXX_AXES; and
 * CXX_BUCKET_BYTES, CXX_ENTRY_BYTES: the sizes of a bucket and an entry, for the estimate.
 */
#include "variants/hash/folded.h"
#include "variants/rcu/none.h"
#include "variants/node/typesafe.h"

#include <errno.h>

#include "variants/peers/cxx_table.h"
#include "variants/peers/match_node.h"
#include "variants/variant.h"

#define CT_NODE_CONTIGUOUS 1
#define CT_TABLE_WALKS_POOL

struct ct_table {
	void *map;
};

static void nf_ct_put_direct(struct nf_conn *ct);

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	const struct peer_key key = { f, hash, PEER_LIVE };

	return PEER(find)(t->map, &key, get);
}

static int peer_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir,
		    uint32_t hash, struct ct_insert *ins)
{
	const struct peer_key key = { &ct->tuplehash[dir], hash, PEER_NEW };
	void *clash = NULL;
	int ret = PEER(add)(t->map, &key, &clash);

	ins->clash = clash;
	return ret;
}

static bool
peer_del(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	const struct peer_key key = { &ct->tuplehash[dir], hash, PEER_SAME };

	return PEER(del)(t->map, &key);
}

#include "variants/peers/two_nodes.inc.h"

/* --- Creating and destroying --- */

static const char *table_bucket_rule(uint64_t n)
{
	return peer_bucket_rule(n);
}

static uint64_t table_bytes(uint64_t buckets, uint64_t connections)
{
	return buckets * CXX_BUCKET_BYTES + IP_CT_DIR_MAX * connections * CXX_ENTRY_BYTES;
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	t->map = PEER(new)(config->buckets, IP_CT_DIR_MAX * config->connections);
	return t->map ? 0 : -ENOMEM;
}

static void table_destroy(struct ct_table *t)
{
	PEER(delete)(t->map);
}

static uint64_t table_buckets(struct ct_table *t)
{
	size_t buckets, bytes;

	PEER(memory)(t->map, &buckets, &bytes);
	return buckets;
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	size_t buckets, bytes;

	PEER(memory)(t->map, &buckets, &bytes);
	*bucket_bytes = bytes;
	*other_bytes = 0;
}

#define CT_TABLE_RESIZES 0
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, .cap = "none", CXX_AXES

#include "variants/variant.inc.h"
