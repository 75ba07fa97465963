/* SPDX-License-Identifier: MIT */
/*
 * Random numbers for making workloads: all are drawn before a window opens, none
 * inside.  The same seed gives the same numbers on every machine.
 *
 * Every generator belongs to one thread; permutations and zipf laws are only
 * read once made and may be shared.
 */
#ifndef CTBENCH_HARNESS_NUMBERS_RANDOM_H
#define CTBENCH_HARNESS_NUMBERS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One number of the sequence that begins at *state (splitmix64: Steele, Lea
 * and Flood, "Fast splittable pseudorandom number generators", 2014).
 */
static inline uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* A different seed for each purpose and each thread, independent of the others. */
static inline uint64_t seed_derive(uint64_t seed, uint64_t purpose, uint64_t index)
{
	uint64_t s = splitmix64(&seed) ^ purpose;

	s = splitmix64(&s) ^ index;
	return splitmix64(&s);
}

/*
 * xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2021; public domain): period 2^256 - 1, about a nanosecond a
 * number.
 */
struct rng {
	uint64_t s[4];
};

static inline void rng_seed(struct rng *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix64(&seed);
}

static inline uint64_t rng_rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t result = rng_rotl(r->s[1] * 5, 7) * 9, t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rng_rotl(r->s[3], 45);
	return result;
}

/*
 * Below n, each number as likely as any other (n > 0).  Lemire, "Fast random
 * integer generation in an interval" (2019): the product's high half, drawn
 * again in the few cases that would favour some numbers.
 */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
	unsigned __int128 m = (unsigned __int128)rng_next(r) * n;

	if ((uint64_t)m < n) {
		uint64_t reject = -n % n; /* 2^64 mod n */

		while ((uint64_t)m < reject)
			m = (unsigned __int128)rng_next(r) * n;
	}
	return (uint64_t)(m >> 64);
}

/* In [0, 1), a multiple of 2^-53. */
static inline double rng_double(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53;
}

/* In random order, each of the n! equally likely (Fisher and Yates). */
void rng_shuffle(struct rng *r, uint8_t *v, size_t n);

/*
 * A pseudo-random permutation of 0 .. n - 1 that needs no array: a Feistel
 * network of four rounds (Luby and Rackoff 1988) over the next power of two,
 * applied again while the result is not below n ("cycle walking": Black and
 * Rogaway 2002), two times at most on average.
 */
struct permutation {
	uint64_t n;
	unsigned int low, high; /* bits of the two halves */
	uint64_t key[4];
};

/* n from 1 to 2^62. */
void permutation_init(struct permutation *p, uint64_t n, uint64_t seed);

/* One round's function: the upper bits of a product, which depend on all of x. */
static inline uint64_t permutation_round(uint64_t x, uint64_t key, unsigned int bits)
{
	x = (x ^ key) * 0xd6e8feb86659fd93u;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
	return x >> (64 - bits);
}

/* The position of i (i < n). */
static inline uint64_t permutation_at(const struct permutation *p, uint64_t i)
{
	uint64_t l = i & ((1ull << p->low) - 1), h = i >> p->low;

	do {
		l ^= permutation_round(h, p->key[0], p->low);
		h ^= permutation_round(l, p->key[1], p->high);
		l ^= permutation_round(h, p->key[2], p->low);
		h ^= permutation_round(l, p->key[3], p->high);
	} while ((h << p->low | l) >= p->n);
	return h << p->low | l;
}

/* The i at position x: permutation_at()'s inverse. */
uint64_t permutation_find(const struct permutation *p, uint64_t x);

/*
 * Zipf's law: rank 1 .. n with probability proportional to 1 / rank^s, by
 * rejection-inversion (Hoermann and Derflinger, "Rejection-inversion to
 * generate variates from monotone discrete distributions", 1996): exact, no
 * table, the same time for every n and s.
 */
struct zipf {
	uint64_t n;
	double s;
	double from, to; /* the area under the hat function */
	double squeeze;	 /* so close to the rank no rejection is possible */
};

/* n > 0, s >= 0 (0: every rank alike). */
void zipf_init(struct zipf *z, uint64_t n, double s);
/* A rank from 1 to n. */
uint64_t zipf_draw(const struct zipf *z, struct rng *r);

/*
 * Correlation of each number with the one lag later, from -1 to 1; in a
 * random sequence of n it stays within 4 / sqrt(n) of 0, except for one in 15000.
 */
double serial_correlation(const uint64_t *v, size_t n, size_t lag);

#endif
