/* SPDX-License-Identifier: MIT */
/*
 * Bucket by multiplication: n times the hash as a fraction of 2^32.
 * The kernel's reciprocal_scale() (include/linux/kernel.h), after Lemire,
 * "Fast random integer generation in an interval" (2019).  n may be any number; the
 * hash's high bits decide.
 */
#ifndef CTBENCH_VARIANTS_BUCKET_RECIPROCAL_SCALE_H
#define CTBENCH_VARIANTS_BUCKET_RECIPROCAL_SCALE_H

#include "core/compiler.h"

#define CT_BUCKET_NAME "reciprocal_scale"

/* Always below n; n must satisfy ct_bucket_rule(). */
static __always_inline uint32_t ct_bucket(uint32_t hash, uint32_t n)
{
	return (uint32_t)((uint64_t)hash * n >> 32);
}

/* NULL if a table can have n buckets, else the reason as a clause. */
static inline const char *ct_bucket_rule(uint64_t n)
{
	if (!n)
		return "a table needs at least one bucket";
	if (n > 1ull << 31)
		return "a 32-bit hash allows at most 2147483648 buckets";
	return NULL;
}

#endif
