/* SPDX-License-Identifier: MIT */
/*
 * Hashes side by side.  Each header in variants/hash defines ct_hash(); a test that needs several
 * includes each with another name for it, and HASH_UNIT() makes a function that can be pointed to.
 */
#ifndef CTBENCH_TESTS_VARIANTS_HASH_UNITS_H
#define CTBENCH_TESTS_VARIANTS_HASH_UNITS_H

#include "core/nf_conntrack_tuple.h"

typedef uint32_t
hash_fn(const union ct_tuple_words *t, const uint64_t key[2], uint32_t zone_id, uint32_t net_mix);

/* name(), which calls name_hash(). */
#define HASH_UNIT(name) \
	static uint32_t name(const union ct_tuple_words *t, const uint64_t key[2], \
			     uint32_t zone_id, uint32_t net_mix) \
	{ \
		return name##_hash(t, key, zone_id, net_mix); \
	}

#endif
