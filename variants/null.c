/* SPDX-License-Identifier: MIT */
/*
 * The table that stores nothing and finds nothing.  Its figures are the cost of the
 * harness: its key stream, its loop and its checksum.  At the packet level no hooks are
 * registered, so they are the cost of preparing a packet and checking for hooks.
 */
#define CT_VARIANT null
#define CT_SUMMARY "finds and stores nothing: the cost of the harness itself"
#define CT_FLAGS   CT_V_NULL

#include <errno.h>

#include "core/nf_conntrack_find.h"
#include "variants/node/typesafe.h"
#include "variants/rcu/none.h"
#include "variants/variant.h"

/* Reads every word of the key, so that the cost of the stream is included. */
static __always_inline uint32_t ct_hash(const union ct_tuple_words *t,
					const uint64_t key[2] __maybe_unused,
					uint32_t zone_id __maybe_unused,
					uint32_t net_mix __maybe_unused)
{
	uint64_t x = t->w[0] ^ t->w[1] ^ t->w[2] ^ t->w[3] ^ t->w[4];

	return (uint32_t)(x ^ x >> 32);
}

struct ct_table {
	_Atomic uint64_t buckets;
};

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t __maybe_unused, struct ct_find *f __maybe_unused,
	   uint32_t hash __maybe_unused, const bool get __maybe_unused)
{
	return NULL;
}

static int table_insert(struct ct_table *t __maybe_unused, struct nf_conn *ct __maybe_unused,
			uint32_t hash_orig __maybe_unused, uint32_t hash_reply __maybe_unused,
			uint32_t now __maybe_unused, struct ct_insert *ins)
{
	ins->clash = NULL;
	return 0;
}

static bool table_remove(struct ct_table *t __maybe_unused, struct nf_conn *ct __maybe_unused,
			 uint32_t hash_orig __maybe_unused, uint32_t hash_reply __maybe_unused)
{
	return false;
}

static void table_walk_begin(struct ct_table *t __maybe_unused)
{
}
static void table_walk_end(struct ct_table *t __maybe_unused)
{
}

static uint64_t table_scan_size(struct ct_table *t __maybe_unused)
{
	return 0;
}

static void table_collect(struct ct_table *t __maybe_unused, uint64_t position __maybe_unused,
			  struct ct_collect *c __maybe_unused)
{
}

static void table_collect_near(struct ct_table *t __maybe_unused, uint32_t hash __maybe_unused,
			       unsigned int i __maybe_unused, struct ct_collect *c __maybe_unused)
{
}

static const char *table_bucket_rule(uint64_t n)
{
	return n ? NULL : "a table needs at least one bucket";
}

static uint64_t table_bytes(uint64_t buckets __maybe_unused, uint64_t connections __maybe_unused)
{
	return 0;
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	store_relaxed(&t->buckets, config->buckets);
	return 0;
}

static void table_destroy(struct ct_table *t __maybe_unused)
{
}

static uint64_t table_buckets(struct ct_table *t)
{
	return load_relaxed(&t->buckets);
}

static void
table_memory(struct ct_table *t __maybe_unused, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = *other_bytes = 0;
}

#define CT_TABLE_RESIZES 0
#define CT_TABLE_AXES \
	.hash = "-", .bucket = "-", .chain = "-", .lock = "-", .resize = "-", .rcu = "-", \
	.node = "-", .cap = "-"

#include "variants/variant.inc.h"
