/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4: the hash of conntrack since Linux 5.15.
 *
 * Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012): without the
 * 128-bit key an attacker cannot choose tuples for one bucket.  The kernel hashes the
 * tuple without its direction, 39 bytes, mixes zone and namespace into the key and uses
 * the low 32 bits of the result.
 */
#ifndef CTBENCH_VARIANTS_HASH_SIPHASH_H
#define CTBENCH_VARIANTS_HASH_SIPHASH_H

#include "core/nf_conntrack_tuple.h"

#define CT_HASH_NAME "siphash"

struct ct_siphash {
	uint64_t v0, v1, v2, v3;
};

static __always_inline uint64_t ct_rol64(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

/* SipHash reads its message in little-endian words. */
static __always_inline uint64_t ct_siphash_le64(uint64_t x)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return x;
#else
	return __builtin_bswap64(x);
#endif
}

/* SipRound, figure 2.1 of the paper. */
static __always_inline void ct_sipround(struct ct_siphash *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = ct_rol64(s->v1, 13) ^ s->v0;
	s->v3 = ct_rol64(s->v3, 16) ^ s->v2;
	s->v0 = ct_rol64(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = ct_rol64(s->v1, 17) ^ s->v2;
	s->v3 = ct_rol64(s->v3, 21) ^ s->v0;
	s->v2 = ct_rol64(s->v2, 32);
}

/* "somepseudorandomlygeneratedbytes", as in the paper. */
static __always_inline void ct_siphash_init(struct ct_siphash *s, uint64_t k0, uint64_t k1)
{
	s->v0 = k0 ^ 0x736f6d6570736575u;
	s->v1 = k1 ^ 0x646f72616e646f6du;
	s->v2 = k0 ^ 0x6c7967656e657261u;
	s->v3 = k1 ^ 0x7465646279746573u;
}

/* The 2 rounds of SipHash-2-4; m is the value of the little-endian bytes. */
static __always_inline void ct_siphash_word(struct ct_siphash *s, uint64_t m)
{
	s->v3 ^= m;
	ct_sipround(s);
	ct_sipround(s);
	s->v0 ^= m;
}

/* The 4 final rounds. */
static __always_inline uint64_t ct_siphash_final(struct ct_siphash *s)
{
	s->v2 ^= 0xff;
#pragma GCC unroll 4 /* -O2 alone does not unroll */
	for (int i = 0; i < 4; i++)
		ct_sipround(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* SipHash-2-4 of any bytes: for tests of ct_hash(). */
static inline uint64_t ct_siphash24(const void *data, size_t len, const uint64_t key[2])
{
	const unsigned char *p = data;
	uint64_t tail = (uint64_t)len << 56;
	struct ct_siphash s;
	size_t i;

	ct_siphash_init(&s, key[0], key[1]);
	for (i = 0; i + 8 <= len; i += 8) {
		uint64_t m;

		memcpy(&m, p + i, 8);
		ct_siphash_word(&s, ct_siphash_le64(m));
	}
	for (unsigned int shift = 0; i < len; i++, shift += 8)
		tail |= (uint64_t)p[i] << shift;
	ct_siphash_word(&s, tail);
	return ct_siphash_final(&s);
}

/*
 * The same for exactly 39 bytes, without a loop or a byte-wise tail: SipHash puts the
 * message's length into the last word's top byte, where the direction is.
 */
static __always_inline uint32_t ct_hash(const union ct_tuple_words *t, const uint64_t key[2],
					uint32_t zone_id, uint32_t net_mix)
{
	uint64_t tail = ct_siphash_le64(t->w[4]) & ~0ull >> 8;
	struct ct_siphash s;

	ct_siphash_init(&s, key[0] ^ zone_id, key[1] ^ net_mix);
#pragma GCC unroll 4
	for (unsigned int i = 0; i < 4; i++)
		ct_siphash_word(&s, ct_siphash_le64(t->w[i]));
	ct_siphash_word(&s, tail | (uint64_t)CT_TUPLE_KEY_BYTES << 56);
	return (uint32_t)ct_siphash_final(&s);
}

#endif
