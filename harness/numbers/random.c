/* SPDX-License-Identifier: MIT */
/* Shuffles, permutations, Zipf's law: see random.h. */
#include "harness/numbers/random.h"

#include <math.h>

void rng_shuffle(struct rng *r, uint8_t *v, size_t n)
{
	while (n > 1) {
		size_t k = rng_below(r, n--);
		uint8_t x = v[n];

		v[n] = v[k];
		v[k] = x;
	}
}

/* --- Permutations --- */

void permutation_init(struct permutation *p, uint64_t n, uint64_t seed)
{
	unsigned int bits = n > 1 ? 64 - (unsigned int)__builtin_clzll(n - 1) : 0;

	/* Both halves need a bit; of an odd number of bits the low half has the odd one. */
	if (bits < 2)
		bits = 2;
	p->n = n;
	p->high = bits / 2;
	p->low = bits - p->high;
	for (int i = 0; i < 4; i++)
		p->key[i] = splitmix64(&seed);
}

uint64_t permutation_find(const struct permutation *p, uint64_t x)
{
	uint64_t l = x & ((1ull << p->low) - 1), h = x >> p->low;

	do {
		h ^= permutation_round(l, p->key[3], p->high);
		l ^= permutation_round(h, p->key[2], p->low);
		h ^= permutation_round(l, p->key[1], p->high);
		l ^= permutation_round(h, p->key[0], p->low);
	} while ((h << p->low | l) >= p->n);
	return h << p->low | l;
}

/* --- Zipf --- */

/* expm1(x) / x and log1p(x) / x, right at and near 0. */
static double expm1_by(double x)
{
	return fabs(x) > 1e-8 ? expm1(x) / x : 1 + x / 2;
}

static double log1p_by(double x)
{
	return fabs(x) > 1e-8 ? log1p(x) / x : 1 - x / 2;
}

/* The density without its constant, for any real rank: x^-s. */
static double zipf_height(double s, double x)
{
	return exp(-s * log(x));
}

/* Its area from 1 to x: (x^(1-s) - 1) / (1 - s), which is log(x) for s = 1. */
static double zipf_area(double s, double x)
{
	double l = log(x);

	return expm1_by((1 - s) * l) * l;
}

/* The x to which the area is a. */
static double zipf_area_inverse(double s, double a)
{
	double t = (1 - s) * a;

	if (t < -1)
		t = -1; /* rounding can exceed the end */
	return exp(log1p_by(t) * a);
}

void zipf_init(struct zipf *z, uint64_t n, double s)
{
	z->n = n;
	z->s = s;
	z->from = zipf_area(s, 1.5) - 1;
	z->to = zipf_area(s, (double)n + 0.5);
	z->squeeze = 2 - zipf_area_inverse(s, zipf_area(s, 2.5) - zipf_height(s, 2));
}

uint64_t zipf_draw(const struct zipf *z, struct rng *r)
{
	for (;;) {
		double a = z->to + rng_double(r) * (z->from - z->to);
		double x = zipf_area_inverse(z->s, a);
		double rank = floor(x + 0.5);

		if (rank < 1)
			rank = 1;
		else if (rank > (double)z->n)
			rank = (double)z->n;
		if (rank - x <= z->squeeze ||
		    a >= zipf_area(z->s, rank + 0.5) - zipf_height(z->s, rank))
			return (uint64_t)rank;
	}
}

/* --- Checks --- */

double serial_correlation(const uint64_t *v, size_t n, size_t lag)
{
	double mean = 0, both = 0, square = 0;

	if (n <= lag)
		return 0;
	for (size_t i = 0; i < n; i++)
		mean += (double)v[i];
	mean /= (double)n;
	for (size_t i = 0; i < n; i++) {
		double d = (double)v[i] - mean;

		square += d * d;
		if (i + lag < n)
			both += d * ((double)v[i + lag] - mean);
	}
	return square > 0 ? both / square : 1;
}
