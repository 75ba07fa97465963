/* SPDX-License-Identifier: MIT */
/*
 * The hash of Open vSwitch's conntrack (conn_key_hash() in lib/conntrack.c): it hashes each end,
 * xors the two and mixes in the rest, with the mixing of MurmurHash3 (Appleby, public domain).
 * Both directions of a connection have one hash.
 *
 * Equal ends cancel out: all flows with equal ends have the same hash, whatever the secret, so an
 * attacker can send many of them (as in a land attack).  symmetric.h avoids this.
 */
#ifndef CTBENCH_VARIANTS_HASH_ENDS_XOR_H
#define CTBENCH_VARIANTS_HASH_ENDS_XOR_H

#include "core/nf_conntrack_tuple.h"

#define CT_HASH_NAME "ends_xor"

static __always_inline uint32_t ct_murmur_rotate(uint32_t x, unsigned int bits)
{
	return x << bits | x >> (32 - bits);
}

static __always_inline uint32_t ct_murmur_add(uint32_t hash, uint32_t word)
{
	word = ct_murmur_rotate(word * 0xcc9e2d51u, 15) * 0x1b873593u;
	return ct_murmur_rotate(hash ^ word, 13) * 5 + 0xe6546b64u;
}

static __always_inline uint32_t ct_murmur_finish(uint32_t hash, uint32_t bytes)
{
	hash ^= bytes;
	hash = (hash ^ hash >> 16) * 0x85ebca6bu;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
	return hash ^ hash >> 16;
}

/* An end: 16 bytes of address and its port. */
static __always_inline uint32_t ct_murmur_end(uint32_t basis, const uint32_t address[4],
					      uint32_t port)
{
#pragma GCC unroll 4
	for (unsigned int i = 0; i < 4; i++)
		basis = ct_murmur_add(basis, address[i]);
	return ct_murmur_add(basis, port);
}

static __always_inline uint32_t ct_hash(const union ct_tuple_words *t, const uint64_t key[2],
					uint32_t zone_id, uint32_t net_mix)
{
	const struct nf_conntrack_tuple *u = &t->tuple;
	const uint32_t basis = (uint32_t)key[0];
	uint32_t hash = ct_murmur_end(basis, u->src.u3.all, u->src.u.all) ^
			ct_murmur_end(basis, u->dst.u3.all, u->dst.u.all);

	hash = ct_murmur_add(hash, (uint32_t)u->src.l3num << 16 | u->dst.protonum);
	hash = ct_murmur_add(hash, zone_id ^ net_mix);
	return ct_murmur_finish(hash, 8);
}

#endif
