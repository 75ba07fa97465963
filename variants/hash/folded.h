/* SPDX-License-Identifier: MIT */
/*
 * A fast keyed hash: the whole tuple, the zone and the namespace, folded (product.inc.h).
 *
 * Tables by others use it, and so does nulls_rcu_folded, which shows how much of a table's lead
 * over the baseline is due to the hash.  The zone is hashed, because a table of slots has no room
 * for many entries of one hash.
 */
#ifndef CTBENCH_VARIANTS_HASH_FOLDED_H
#define CTBENCH_VARIANTS_HASH_FOLDED_H

#include "core/nf_conntrack_tuple.h"
#include "variants/hash/product.inc.h"

#define CT_HASH_NAME "folded"

static __always_inline uint32_t ct_hash(const union ct_tuple_words *t, const uint64_t key[2],
					uint32_t zone_id, uint32_t net_mix)
{
	const uint64_t last = t->w[4] & ct_tuple_last_mask(); /* without the direction */
	const uint64_t place = net_mix ^ (uint64_t)zone_id << 32;
	uint64_t h = ct_fold(t->w[0] ^ key[0], t->w[1] ^ key[1]);

	h ^= ct_fold(t->w[2] ^ key[1], t->w[3] ^ ~key[0]);
	h = ct_fold(h ^ key[0], last ^ place ^ 0x9e3779b97f4a7c15u);
	return (uint32_t)(h >> 32) ^ (uint32_t)h;
}

#endif
