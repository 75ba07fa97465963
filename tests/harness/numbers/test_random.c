/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: published answers, uniformity, permutations that are
 * permutations, Zipf's law by its formula.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/numbers/random.h"
#include "tests/fixture/cmocka.h"

/* No more than five standard deviations above the mean of that many degrees of freedom. */
static void assert_chi(double chi, double freedom, const char *what)
{
	if (chi > freedom + 5 * sqrt(2 * freedom))
		fail_msg("%s: chi-square is %g with %g degrees of freedom", what, chi, freedom);
}

static double *expect_even(size_t n, double total)
{
	double *p = malloc(n * sizeof(*p));

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = total / (double)n;
	return p;
}

static double chi_square(const uint64_t *seen, const double *expected, size_t n)
{
	double chi = 0;

	for (size_t i = 0; i < n; i++) {
		double d = (double)seen[i] - expected[i];

		chi += d * d / expected[i];
	}
	return chi;
}

/* --- Generators --- */

static void known_answers(void **state)
{
	/* the authors' splitmix64.c from 1234567, and xoshiro256starstar.c from state 1 2 3 4 */
	static const uint64_t split[] = {
		6457827717110365317u, 3203168211198807973u,  9817491932198370423u,
		4593380528125082431u, 16408922859458223821u,
	};
	static const uint64_t xoshiro[] = {
		11520,
		0,
		1509978240,
		1215971899390074240,
		1216172134540287360,
		607988272756665600,
		16172922978634559625u,
		8476171486693032832,
		10595114339597558777u,
		2904607092377533576,
	};
	struct rng r = { .s = { 1, 2, 3, 4 } };
	uint64_t s = 1234567;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(split); i++)
		assert_true(splitmix64(&s) == split[i]);
	for (size_t i = 0; i < ARRAY_SIZE(xoshiro); i++)
		assert_true(rng_next(&r) == xoshiro[i]);
}

static void seeds_differ(void **state)
{
	uint64_t seen[4 * 4 * 4];
	size_t n = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 4; seed++)
		for (uint64_t purpose = 0; purpose < 4; purpose++)
			for (uint64_t index = 0; index < 4; index++)
				seen[n++] = seed_derive(seed, purpose, index);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_true(seen[i] != seen[k]);
}

static void bounded_draws(void **state)
{
	static const uint64_t bounds[] = { 2, 3, 7, 10, 1000 };
	uint64_t seen[1000];
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (int i = 0; i < 100; i++)
		assert_true(rng_below(&r, 1) == 0);
	for (size_t k = 0; k < ARRAY_SIZE(bounds); k++) {
		uint64_t n = bounds[k];
		double *expected = expect_even(n, 100.0 * (double)n);

		memset(seen, 0, sizeof(seen));
		for (uint64_t i = 0; i < 100 * n; i++)
			seen[rng_below(&r, n)]++;
		assert_chi(chi_square(seen, expected, n), (double)n - 1, "rng_below");
		free(expected);
	}
}

/*
 * With a bound of 3 2^62 the plain product would give every third number twice
 * as often: without the redraw numbers divisible by 3 are half of all.
 */
static void no_favourites(void **state)
{
	uint64_t seen[3] = { 0 };
	double *expected = expect_even(3, 300000);
	struct rng r;

	(void)state;
	rng_seed(&r, 2);
	for (int i = 0; i < 300000; i++) {
		uint64_t x = rng_below(&r, 3ull << 62);

		assert_true(x < 3ull << 62);
		seen[x % 3]++;
	}
	assert_chi(chi_square(seen, expected, 3), 2, "rng_below(3 2^62)");
	free(expected);
}

static void doubles(void **state)
{
	double sum = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, 3);
	for (int i = 0; i < 100000; i++) {
		double x = rng_double(&r);

		assert_true(x >= 0 && x < 1);
		sum += x;
	}
	assert_true(fabs(sum / 100000 - 0.5) < 5 * sqrt(1.0 / 12 / 100000));
}

/* Each of the 24 orders of four things as often as the others. */
static void shuffles(void **state)
{
	uint64_t seen[256] = { 0 };
	double expected = 100000.0 / 24, chi = 0;
	unsigned int orders = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, 4);
	for (int i = 0; i < 100000; i++) {
		uint8_t v[4] = { 0, 1, 2, 3 };

		rng_shuffle(&r, v, 4);
		seen[v[0] | v[1] << 2 | v[2] << 4 | v[3] << 6]++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		if (!seen[i])
			continue;
		orders++;
		chi += ((double)seen[i] - expected) * ((double)seen[i] - expected) / expected;
	}
	assert_int_equal(orders, 24);
	assert_chi(chi, 23, "shuffles");
}

/* --- Permutations --- */

static void permutations_are(void **state)
{
	static const uint64_t sizes[] = {
		1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 1000, 4095, 65537, 1000003,
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		uint64_t n = sizes[k];
		uint8_t *seen = calloc(n, 1);
		struct permutation p;

		assert_non_null(seen);
		permutation_init(&p, n, k);
		for (uint64_t i = 0; i < n; i++) {
			uint64_t x = permutation_at(&p, i);

			assert_true(x < n);
			assert_false(seen[x]);
			seen[x] = 1;
			assert_true(permutation_find(&p, x) == i);
		}
		free(seen);
	}
}

/* Sizes too large to list: in range, and the inverse is right. */
static void large_permutations(void **state)
{
	static const uint64_t sizes[] = {
		1ull << 38,
		(1ull << 38) - 1,
		(1ull << 61) + 12345,
		1ull << 62,
	};
	struct rng r;

	(void)state;
	rng_seed(&r, 5);
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		struct permutation p;

		permutation_init(&p, sizes[k], k);
		for (int i = 0; i < 10000; i++) {
			uint64_t at = rng_below(&r, sizes[k]), x = permutation_at(&p, at);

			assert_true(x < sizes[k]);
			assert_true(permutation_find(&p, x) == at);
		}
	}
}

/* Element 0 can get every position, depending on the seed; also if the network is small. */
static void permutations_have_no_favourites(void **state)
{
	static const uint64_t sizes[] = { 2, 3, 5, 16, 100, 1000 };
	uint64_t seen[1000];

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		uint64_t n = sizes[k];
		double *expected = expect_even(n, 100.0 * (double)n);
		struct permutation p;

		memset(seen, 0, sizeof(seen));
		for (uint64_t seed = 0; seed < 100 * n; seed++) {
			permutation_init(&p, n, seed);
			seen[permutation_at(&p, n / 2)]++;
		}
		assert_chi(chi_square(seen, expected, n), (double)n - 1, "permutation_at");
		free(expected);
	}
}

static void assert_uncorrelated(const uint64_t *v, size_t n)
{
	for (size_t lag = 1; lag <= 8; lag++)
		assert_true(fabs(serial_correlation(v, n, lag)) < 5 / sqrt((double)n));
}

/* Neighbours before are not neighbours after, by value and by distance. */
static void permutations_are_uncorrelated(void **state)
{
	static const uint64_t sizes[] = { 10000, 65536, 1000003 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		uint64_t n = sizes[k], *v = malloc(n * sizeof(*v)), seen[16] = { 0 };
		double *expected = expect_even(16, (double)n - 1);
		struct permutation p;

		assert_non_null(v);
		permutation_init(&p, n, 17 + k);
		for (uint64_t i = 0; i < n; i++)
			v[i] = permutation_at(&p, i);
		assert_uncorrelated(v, n);
		/* strides, wrapping at the end: no step is more frequent than another */
		for (uint64_t i = 0; i + 1 < n; i++)
			seen[(v[i + 1] + n - v[i]) % n * 16 / n]++;
		assert_chi(chi_square(seen, expected, 16), 15, "steps");
		free(expected);
		free(v);
	}
}

/* The check itself: it must detect what it is for. */
static void correlation_sees(void **state)
{
	uint64_t v[1000];
	struct rng r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = i;
	assert_true(serial_correlation(v, ARRAY_SIZE(v), 1) > 0.99);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = i % 2;
	assert_true(serial_correlation(v, ARRAY_SIZE(v), 1) < -0.99);
	assert_true(serial_correlation(v, ARRAY_SIZE(v), 2) > 0.99);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = 7;
	assert_true(serial_correlation(v, ARRAY_SIZE(v), 1) >= 1);
	rng_seed(&r, 6);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = rng_next(&r);
	assert_uncorrelated(v, ARRAY_SIZE(v));
}

/* --- Zipf --- */

static void zipf_follows_its_law(void **state)
{
	static const double exponents[] = { 0, 0.5, 0.99, 1, 1.01, 1.3, 2, 3 };
	enum { RANKS = 1000, DRAWS = 1000000 };
	static uint64_t seen[RANKS];
	static double expected[RANKS];

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(exponents); k++) {
		double sum = 0, tail = 0;
		uint64_t tail_seen = 0;
		size_t bins = RANKS;
		struct zipf z;
		struct rng r;

		rng_seed(&r, 7);
		zipf_init(&z, RANKS, exponents[k]);
		memset(seen, 0, sizeof(seen));
		for (int i = 0; i < DRAWS; i++) {
			uint64_t rank = zipf_draw(&z, &r);

			assert_in_range(rank, 1, RANKS);
			seen[rank - 1]++;
		}
		for (int i = 0; i < RANKS; i++)
			sum += pow(i + 1, -exponents[k]);
		for (int i = 0; i < RANKS; i++) {
			expected[i] = pow(i + 1, -exponents[k]) / sum * DRAWS;
			/* a single rank out of its share would drown in the sum below */
			assert_true(fabs((double)seen[i] - expected[i]) <
				    6 * sqrt(expected[i]) + 6);
		}
		/* chi-square wants ten or more in each bin: the rare ranks share one */
		while (bins > 2 && (tail < 10 || expected[bins - 1] < 10)) {
			tail += expected[--bins];
			tail_seen += seen[bins];
		}
		expected[bins] = tail;
		seen[bins] = tail_seen;
		assert_chi(chi_square(seen, expected, bins + 1), (double)bins, "zipf");
	}
}

/* There is no table that could be too large, and extreme values stay in range. */
static void zipf_of_many(void **state)
{
	static const double exponents[] = { 0, 0.8, 1, 1.1, 4 };
	const uint64_t n = 1ull << 33;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(exponents); k++) {
		struct zipf z;
		struct rng r;

		rng_seed(&r, 8);
		zipf_init(&z, n, exponents[k]);
		for (int i = 0; i < 100000; i++) {
			uint64_t rank = zipf_draw(&z, &r);

			assert_true(rank >= 1 && rank <= n);
		}
		zipf_init(&z, 1, exponents[k]);
		for (int i = 0; i < 1000; i++)
			assert_true(zipf_draw(&z, &r) == 1);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(known_answers),
	cmocka_unit_test(seeds_differ),
	cmocka_unit_test(bounded_draws),
	cmocka_unit_test(no_favourites),
	cmocka_unit_test(doubles),
	cmocka_unit_test(shuffles),
	cmocka_unit_test(permutations_are),
	cmocka_unit_test(large_permutations),
	cmocka_unit_test(permutations_have_no_favourites),
	cmocka_unit_test(permutations_are_uncorrelated),
	cmocka_unit_test(correlation_sees),
	cmocka_unit_test(zipf_follows_its_law),
	cmocka_unit_test(zipf_of_many),
};
CT_TEST_MAIN(tests, NULL, NULL)
