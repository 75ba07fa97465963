/* SPDX-License-Identifier: MIT */
/*
 * Bucket by the hash's low bits, as in the kernel's older tables and its rhashtable.
 * It takes one cycle, the multiplication three or four, but the number of buckets must
 * be a power of two.
 */
#ifndef CTBENCH_VARIANTS_BUCKET_MASK_H
#define CTBENCH_VARIANTS_BUCKET_MASK_H

#include "core/compiler.h"

#define CT_BUCKET_NAME "mask"

/* Always below n; n must satisfy ct_bucket_rule(). */
static __always_inline uint32_t ct_bucket(uint32_t hash, uint32_t n)
{
	return hash & (n - 1);
}

/* NULL if a table can have n buckets, else the reason as a clause. */
static inline const char *ct_bucket_rule(uint64_t n)
{
	if (!n)
		return "a table needs at least one bucket";
	if (n & (n - 1))
		return "mask needs a power of two";
	if (n > 1ull << 31)
		return "a 32-bit hash allows at most 2147483648 buckets";
	return NULL;
}

#endif
