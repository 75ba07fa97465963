/* SPDX-License-Identifier: MIT */
/*
 * The plain replica of the kernel's lookup, as a name beside the variants, so
 * that it is measured in one run with them.  It has no table that could
 * change: harness/measure/replica.c measures its lookups by a loop of its own, and
 * everything else refuses.
 */
#include <errno.h>

#include "core/nf_conntrack_find.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/variant.h"

static const char *replica_bucket_rule(uint64_t n)
{
	return ct_bucket_rule(n);
}

/* Each bucket is a pointer (harness/measure/replica.c). */
static uint64_t replica_bytes(uint64_t buckets, uint64_t connections __maybe_unused)
{
	return buckets * sizeof(void *);
}

static int
replica_create(struct ct_core **out __maybe_unused, const struct ct_config *config __maybe_unused)
{
	return -EOPNOTSUPP;
}

static void replica_destroy(struct ct_core *core __maybe_unused)
{
}

const struct ct_variant ct_variant_replica = {
	.name = "replica",
	.summary = "the kernel's lookup remade with nothing around it: what nulls_rcu_siphash is "
		   "held against",
	.axes = { .hash = "siphash",
		  .bucket = "reciprocal_scale",
		  .chain = "plain",
		  .lock = "-",
		  .resize = "-",
		  .rcu = "none",
		  .node = "-",
		  .cap = "-",
		  .lists = "-",
		  .l4 = "-",
		  .gc = "-" },
	.flags = CT_V_LOOKUPS,
	.bucket_rule = replica_bucket_rule,
	.table_bytes = replica_bytes,
	.create = replica_create,
	.destroy = replica_destroy,
};
