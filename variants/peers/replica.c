/* SPDX-License-Identifier: MIT */
/*
 * The plain replica of the kernel's lookup, registered like a variant so that it is
 * measured in the same run.  It has no table that can change: harness/measure/replica.c
 * measures its lookups with a separate loop, and all other operations fail.
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
	.summary =
		"the kernel's lookup, written separately with nothing around it: compare it with "
		"nulls_rcu_siphash",
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
