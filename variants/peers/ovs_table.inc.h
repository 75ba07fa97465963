/* SPDX-License-Identifier: MIT */
/*
 * Common to the tables made of Open vSwitch's cmap, with one map or one for each zone.  The
 * including file defines struct ct_table, with the memory of all maps.
 */
static const char *table_bucket_rule(uint64_t n)
{
	return peer_bucket_rule(n);
}

static uint64_t table_buckets(struct ct_table *t)
{
	return load_relaxed(&t->memory.bytes) / CT_CACHE_LINE;
}

#define CT_TABLE_RESIZES 0
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = "cuckoo", .chain = "slots", .lock = "global", \
	.resize = "copying", .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, .cap = "none"

#include "variants/variant.inc.h"
