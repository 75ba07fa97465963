/* SPDX-License-Identifier: MIT */
/*
 * The worst hash there is: every tuple has the same value, so that the whole
 * table is one chain.  What an attacker who knows the hash's secret gets.
 */
#ifndef CTBENCH_VARIANTS_HASH_CONSTANT_H
#define CTBENCH_VARIANTS_HASH_CONSTANT_H

#include "core/nf_conntrack_tuple.h"

#define CT_HASH_NAME "constant"

/* Neither the first nor the last bucket, by any of the bucket rules. */
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
