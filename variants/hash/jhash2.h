/* SPDX-License-Identifier: MIT */
/*
 * jhash2: the hash of conntrack up to Linux 5.14.
 *
 * Bob Jenkins's lookup3 for whole 32-bit words ("hashword", 2006, public domain), which
 * Linux calls jhash2 (include/linux/jhash.h), over the same data as
 * hash_conntrack_raw() of Linux 4.11: the source and the destination's address, nine
 * words; ports and protocol of the destination go into the seed.  The zone is not
 * hashed: one tuple in many zones makes one long chain.
 *
 * Not safe if an attacker chooses the keys: the secret has 32 bits, and the mixing can
 * be reversed step by step.
 */
#ifndef CTBENCH_VARIANTS_HASH_JHASH2_H
#define CTBENCH_VARIANTS_HASH_JHASH2_H

#include "core/nf_conntrack_tuple.h"

#define CT_HASH_NAME "jhash2"

/* "An arbitrary value" of lookup3; the kernel's JHASH_INITVAL. */
#define CT_JHASH_INITVAL 0xdeadbeefu

static __always_inline uint32_t ct_rol32(uint32_t x, unsigned int bits)
{
	return x << bits | x >> (32 - bits);
}

/* Mixes three words, reversibly, after each three words of the key. */
static __always_inline void ct_jhash_mix(uint32_t *a, uint32_t *b, uint32_t *c)
{
	*a -= *c;
	*a ^= ct_rol32(*c, 4);
	*c += *b;
	*b -= *a;
	*b ^= ct_rol32(*a, 6);
	*a += *c;
	*c -= *b;
	*c ^= ct_rol32(*b, 8);
	*b += *a;
	*a -= *c;
	*a ^= ct_rol32(*c, 16);
	*c += *b;
	*b -= *a;
	*b ^= ct_rol32(*a, 19);
	*a += *c;
	*c -= *b;
	*c ^= ct_rol32(*b, 4);
	*b += *a;
}

/* Carries every bit of a and b into c, the result. */
static __always_inline void ct_jhash_final(uint32_t *a, uint32_t *b, uint32_t *c)
{
	*c ^= *b;
	*c -= ct_rol32(*b, 14);
	*a ^= *c;
	*a -= ct_rol32(*c, 11);
	*b ^= *a;
	*b -= ct_rol32(*a, 25);
	*c ^= *b;
	*c -= ct_rol32(*b, 16);
	*a ^= *c;
	*a -= ct_rol32(*c, 4);
	*b ^= *a;
	*b -= ct_rol32(*a, 14);
	*c ^= *b;
	*c -= ct_rol32(*b, 24);
}

/* jhash2() of length words, each in the machine's byte order. */
static __always_inline uint32_t ct_jhash2(const uint32_t *k, uint32_t length, uint32_t initval)
{
	uint32_t a, b, c;

	a = b = c = CT_JHASH_INITVAL + (length << 2) + initval;
#pragma GCC unroll 4 /* -O2 keeps the loop even if length is constant */
	for (; length > 3; length -= 3, k += 3) {
		a += k[0];
		b += k[1];
		c += k[2];
		ct_jhash_mix(&a, &b, &c);
	}
	if (!length)
		return c;
	a += k[0];
	if (length > 1)
		b += k[1];
	if (length > 2)
		c += k[2];
	ct_jhash_final(&a, &b, &c);
	return c;
}

/*
 * Word i of the tuple as 32-bit words in the order of memory.  Extracted from the 64-bit
 * words, so that a tuple that is in registers need not be stored for it.
 */
static __always_inline uint32_t ct_jhash_word(const union ct_tuple_words *t, unsigned int i)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (uint32_t)(t->w[i / 2] >> 32 * (i % 2));
#else
	return (uint32_t)(t->w[i / 2] >> 32 * (1 - i % 2));
#endif
}

/* hash_conntrack_raw() of Linux 4.11. */
static __always_inline uint32_t ct_hash(const union ct_tuple_words *t, const uint64_t key[2],
					uint32_t zone_id, uint32_t net_mix)
{
	uint32_t k[9];

	(void)zone_id;
	_Static_assert(sizeof(k) == sizeof(t->tuple.src) + sizeof(t->tuple.dst.u3), "nine words");
#pragma GCC unroll 9
	for (unsigned int i = 0; i < ARRAY_SIZE(k); i++)
		k[i] = ct_jhash_word(t, i);
	return ct_jhash2(k, ARRAY_SIZE(k),
			 (uint32_t)key[0] ^ net_mix ^
				 ((uint32_t)t->tuple.dst.u.all << 16 | t->tuple.dst.protonum));
}

#endif
