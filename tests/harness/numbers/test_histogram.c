/* SPDX-License-Identifier: MIT */
/*
 * Histograms of latencies: every value in the right bucket, percentiles within
 * the promised error, sums equal to what one histogram would have
 * been.  Compared with exact, sorted data.
 */
#include "harness/numbers/histogram.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/numbers/random.h"
#include "tests/fixture/cmocka.h"

#define N 200000

static struct ct_histogram *make(void)
{
	struct ct_histogram *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	return h;
}

static void buckets_are_without_gaps(void **state)
{
	(void)state;
	assert_int_equal(histogram_low(0), 0);
	for (unsigned int i = 0; i + 1 < CT_HIST_BUCKETS; i++) {
		uint64_t low = histogram_low(i), high = histogram_high(i);

		assert_true(low <= high);
		assert_int_equal(high + 1, histogram_low(i + 1));
		assert_int_equal(ct_histogram_bucket(low), i);
		assert_int_equal(ct_histogram_bucket(high), i);
		assert_true((double)(high - low) <= HISTOGRAM_ERROR * (double)low);
	}
	assert_int_equal(histogram_low(CT_HIST_BUCKETS - 1) >> (CT_HIST_TOP_BITS - 1), 1);
	assert_int_equal(ct_histogram_bucket(UINT64_C(1) << CT_HIST_TOP_BITS), CT_HIST_BUCKETS - 1);
	assert_int_equal(ct_histogram_bucket(UINT64_MAX), CT_HIST_BUCKETS - 1);
}

/* Shapes that latencies have: one value, a narrow hill, a long tail, two hills, everything. */
static uint64_t draw(struct rng *r, unsigned int shape)
{
	double u = rng_double(r);

	switch (shape) {
	case 0:
		return 130;
	case 1:
		return 100 + rng_below(r, 50);
	case 2:
		return (uint64_t)(50 - 200 * log(1 - u));
	case 3:
		return rng_below(r, 1000) ? 300 + rng_below(r, 30) : 15000000 + rng_below(r, 99999);
	default:
		return (uint64_t)exp2(u * (CT_HIST_TOP_BITS - 1));
	}
}
#define SHAPES 5

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static const double shares[] = { 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1 };

static void percentiles_beside_sorted_data(void **state)
{
	uint64_t *exact = malloc(N * sizeof(*exact));

	(void)state;
	assert_non_null(exact);
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct ct_histogram *h = make();
		struct rng r;
		double sum = 0;

		rng_seed(&r, shape);
		for (size_t i = 0; i < N; i++) {
			exact[i] = draw(&r, shape);
			sum += (double)exact[i];
			ct_histogram_record(h, exact[i]);
		}
		qsort(exact, N, sizeof(*exact), by_value);
		assert_int_equal(h->n, N);
		assert_int_equal(h->max, exact[N - 1]);
		assert_true(fabs((double)h->sum - sum) <= 1e-9 * sum);
		for (size_t k = 0; k < sizeof(shares) / sizeof(shares[0]); k++) {
			uint64_t at = exact[(size_t)ceil(shares[k] * N) - 1];
			uint64_t told = histogram_at(h, shares[k]);

			if (told < at || (double)told > (double)at * (1 + HISTOGRAM_ERROR))
				fail_msg("shape %u at %g: %llu instead of %llu", shape, shares[k],
					 (unsigned long long)told, (unsigned long long)at);
		}
		free(h);
	}
	free(exact);
}

/* Of 1 .. n the p-th percentile is known; no share may slip to the neighbour by rounding. */
static void ranks_are_exact(void **state)
{
	struct ct_histogram *h = make();

	(void)state;
	for (uint64_t v = 1; v <= 200; v++) {
		ct_histogram_record(h, v);
		for (unsigned int p = 1; p <= 100; p++)
			assert_int_equal(histogram_at(h, p / 100.0), (p * v + 99) / 100);
	}
	assert_true(fabs(histogram_above(h, 150) - 0.25) < 1e-12);
	free(h);
	h = make();
	assert_int_equal(histogram_at(h, 0.5), 0);
	free(h);
}

/* Values beyond the last bucket: the maximum is still exact. */
static void beyond_the_end(void **state)
{
	struct ct_histogram *h = make();

	(void)state;
	ct_histogram_record(h, 5);
	ct_histogram_record(h, UINT64_C(1) << 60);
	assert_int_equal(h->max, UINT64_C(1) << 60);
	assert_int_equal(histogram_at(h, 1), UINT64_C(1) << 60);
	assert_int_equal(histogram_at(h, 0.5), 5);
	free(h);
}

static void sums_are_one_histogram(void **state)
{
	struct ct_histogram *part[3] = { make(), make(), make() }, *sum = make(), *all = make();
	struct rng r;

	(void)state;
	rng_seed(&r, 3);
	for (size_t i = 0; i < N; i++) {
		uint64_t value = draw(&r, (unsigned int)i % SHAPES);

		ct_histogram_record(part[rng_below(&r, 3)], value);
		ct_histogram_record(all, value);
	}
	/* The largest is not in the last part; it is beyond the last bucket's beginning. */
	ct_histogram_record(part[1], UINT64_MAX);
	ct_histogram_record(all, UINT64_MAX);
	for (int i = 0; i < 3; i++)
		histogram_add(sum, part[i]);
	assert_memory_equal(sum, all, sizeof(*sum));
	for (int i = 0; i < 3; i++)
		free(part[i]);
	free(sum);
	free(all);
}

static void json_has_all_of_it(void **state)
{
	struct ct_histogram *h = make();
	json_t *list;
	uint64_t n = 0;

	(void)state;
	for (uint64_t v = 0; v < 5000; v += 7)
		ct_histogram_record(h, v);
	list = histogram_to_json(h);
	for (size_t i = 0; i < json_array_size(list); i += 2) {
		uint64_t bucket = (uint64_t)json_integer_value(json_array_get(list, i));

		assert_int_equal(json_integer_value(json_array_get(list, i + 1)),
				 h->bucket[bucket]);
		n += h->bucket[bucket];
	}
	assert_int_equal(n, h->n);
	json_decref(list);
	free(h);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(buckets_are_without_gaps),
	cmocka_unit_test(percentiles_beside_sorted_data),
	cmocka_unit_test(ranks_are_exact),
	cmocka_unit_test(beyond_the_end),
	cmocka_unit_test(sums_are_one_histogram),
	cmocka_unit_test(json_has_all_of_it),
};
CT_TEST_MAIN(tests, NULL, NULL)
