/* SPDX-License-Identifier: MIT */
/*
 * The worst possible hash: every tuple has the same value, so the whole table is one
 * chain.  An attacker who knows the hash's secret can cause this.
 */
#ifndef CTBENCH_VARIANTS_HASH_CONSTANT_H
#define CTBENCH_VARIANTS_HASH_CONSTANT_H

#include "core/nf_conntrack_tuple.h"

#define CT_HASH_NAME "constant"

/* Neither the first nor the last bucket, with any of the bucket rules. */
#define CT_HASH_CONSTANT 0x55555555u

static __always_inline uint32_t ct_hash(const union ct_tuple_words *t, const uint64_t key[2],
					uint32_t zone_id, uint32_t net_mix)
{
	(void)t;
	(void)key;
	(void)zone_id;
	(void)net_mix;
	return CT_HASH_CONSTANT;
}

#endif
