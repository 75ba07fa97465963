/* SPDX-License-Identifier: MIT */
/* The bucket rules: never out of range, every bucket its share, and which numbers they refuse. */
#include <stdlib.h>
#include <string.h>

#include "harness/numbers/random.h"

/* One unit has one ct_bucket(); here both are wanted. */
#define ct_bucket      scale_bucket
#define ct_bucket_rule scale_rule
#include "variants/bucket/reciprocal_scale.h"
#undef ct_bucket
#undef ct_bucket_rule
#undef CT_BUCKET_NAME
#define ct_bucket      mask_bucket
#define ct_bucket_rule mask_rule
#include "tests/fixture/cmocka.h"
#include "variants/bucket/mask.h"
#undef ct_bucket
#undef ct_bucket_rule
#undef CT_BUCKET_NAME

static void rules(void **state)
{
	(void)state;
	assert_non_null(scale_rule(0));
	assert_null(scale_rule(1));
	assert_null(scale_rule(1000003));
	assert_null(scale_rule(1ull << 31));
	assert_non_null(scale_rule((1ull << 31) + 1));
	assert_non_null(scale_rule(1ull << 32)); /* 0 in 32 bits */
	assert_non_null(scale_rule(UINT64_MAX));

	assert_non_null(mask_rule(0));
	assert_null(mask_rule(1));
	assert_null(mask_rule(2));
	assert_non_null(mask_rule(3));
	assert_non_null(strstr(mask_rule(1000003), "power of two"));
	assert_null(mask_rule(1ull << 31));
	assert_non_null(mask_rule(1ull << 32));
	assert_non_null(mask_rule(1ull << 63));
	assert_non_null(mask_rule(UINT64_MAX));
}

static void known_values(void **state)
{
	(void)state;
	assert_int_equal(scale_bucket(0, 1), 0);
	assert_int_equal(scale_bucket(~0u, 1), 0);
	assert_int_equal(scale_bucket(0, 1u << 31), 0);
	assert_int_equal(scale_bucket(~0u, 1u << 31), (1u << 31) - 1);
	assert_int_equal(scale_bucket(~0u, 1000003), 1000002);
	assert_int_equal(scale_bucket(0x80000000, 3), 1); /* half of 3 */
	assert_int_equal(scale_bucket(0x7fffffff, 2), 0);
	assert_int_equal(scale_bucket(0x80000000, 2), 1);
	/* for a power of two, the high bits */
	assert_int_equal(scale_bucket(0x12345678, 1 << 12), 0x123);

	assert_int_equal(mask_bucket(0, 1), 0);
	assert_int_equal(mask_bucket(~0u, 1), 0);
	assert_int_equal(mask_bucket(~0u, 1u << 31), (1u << 31) - 1);
	assert_int_equal(mask_bucket(0x80000000, 1u << 31), 0);
	assert_int_equal(mask_bucket(0x12345678, 1 << 12), 0x678);
}

static void never_out_of_range(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (int i = 0; i < 100000; i++) {
		uint32_t n = (uint32_t)(1 + rng_below(&r, 1ull << (1 + i % 31)));
		uint32_t power = 1u << i % 32;
		uint32_t hash = (uint32_t)rng_next(&r);

		assert_true(scale_bucket(hash, n) < n);
		assert_true(scale_bucket(0, n) < n);
		assert_int_equal(scale_bucket(~0u, n), n - 1);
		assert_true(mask_bucket(hash, power) < power);
		assert_int_equal(mask_bucket(~0u, power), power - 1);
	}
}

/* Order is kept and no bucket is skipped: steps of 0 or 1 from the first to the last. */
static void scale_keeps_order(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 3, 1000, 1021, 65535 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		uint32_t last = 0;

		for (uint64_t hash = 0; hash <= UINT32_MAX; hash += 65521) {
			uint32_t b = scale_bucket((uint32_t)hash, sizes[k]);

			assert_true(b == last || b == last + 1);
			last = b;
		}
		assert_int_equal(last, sizes[k] - 1);
	}
}

/*
 * All 2^32 hashes, checked by their bounds: bucket b has those from
 * ceil(b 2^32 / n) on, so that no two buckets differ by more than one hash.
 */
static void scale_gives_equal_shares(void **state)
{
	static const uint32_t sizes[] = { 1, 3, 7, 1000, 1021, 65535, 262144, 1000003 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		uint64_t n = sizes[k], least = UINT64_MAX, most = 0;

		for (uint64_t b = 0; b < n; b++) {
			uint64_t from = ((b << 32) + n - 1) / n, to = (((b + 1) << 32) + n - 1) / n;

			assert_int_equal(scale_bucket((uint32_t)from, (uint32_t)n), b);
			assert_int_equal(scale_bucket((uint32_t)(to - 1), (uint32_t)n), b);
			if (to - from < least)
				least = to - from;
			if (to - from > most)
				most = to - from;
		}
		assert_true(most - least <= 1);
	}
}

/* Random hashes into a number of buckets: chi-square within five standard deviations of its mean.
 */
static void even_spread(uint32_t (*bucket)(uint32_t, uint32_t), uint32_t n)
{
	uint32_t *count = calloc(n, sizeof(*count));
	double each = 64, chi = 0;
	struct rng r;

	assert_non_null(count);
	rng_seed(&r, n);
	for (uint64_t i = 0; i < 64ull * n; i++)
		count[bucket((uint32_t)rng_next(&r), n)]++;
	for (uint32_t b = 0; b < n; b++)
		chi += (count[b] - each) * (count[b] - each) / each;
	free(count);
	/* n - 1 degrees of freedom: variance 2 (n - 1); squared to do without a root */
	if (chi > n - 1 && (chi - (n - 1)) * (chi - (n - 1)) > 25 * 2.0 * (n - 1))
		fail_msg("%u buckets: chi-square is %g", n, chi);
}

static uint32_t scale(uint32_t hash, uint32_t n)
{
	return scale_bucket(hash, n);
}

static uint32_t mask(uint32_t hash, uint32_t n)
{
	return mask_bucket(hash, n);
}

static void random_hashes_spread(void **state)
{
	static const uint32_t sizes[] = { 3, 1000, 1021, 4096, 65535, 100003 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
		even_spread(scale, sizes[k]);
	even_spread(mask, 4096);
	even_spread(mask, 65536);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(rules),
	cmocka_unit_test(known_values),
	cmocka_unit_test(never_out_of_range),
	cmocka_unit_test(scale_keeps_order),
	cmocka_unit_test(scale_gives_equal_shares),
	cmocka_unit_test(random_hashes_spread),
};
CT_TEST_MAIN(tests, NULL, NULL)
