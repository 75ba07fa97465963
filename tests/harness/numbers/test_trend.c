/* SPDX-License-Identifier: MIT */
/* Does a series grow? */
#include <errno.h>
#include <math.h>

#include "harness/numbers/random.h"
#include "harness/numbers/trend.h"
#include "tests/fixture/cmocka.h"

#define N 100

/* slope per step, noise of that width, one value in ten far off */
static struct trend made(double slope, double noise, bool odd, uint64_t seed)
{
	double values[N];
	struct trend t;
	struct rng rng;

	rng_seed(&rng, seed);
	for (int i = 0; i < N; i++) {
		values[i] = 1000 + slope * i + noise * ((double)rng_below(&rng, 1000) / 1000 - 0.5);
		if (odd && i % 10 == 3)
			values[i] *= 5;
	}
	assert_int_equal(trend_of(values, N, &t), 0);
	return t;
}

static void grows_or_not(void **state)
{
	unsigned int sure = 0;

	(void)state;
	assert_true(fabs(made(3, 0, false, 1).slope - 3) < 1e-9);
	assert_true(made(3, 50, true, 2).z > 5);
	assert_true(fabs(made(3, 50, true, 2).slope - 3) < 0.5);
	assert_true(made(-3, 50, false, 3).z < -5);
	assert_true(fabs(made(0, 0, false, 4).z) < 1e-9);
	assert_true(fabs(made(0, 0, false, 4).median - 1000) < 1e-9);
	/* Where nothing grows, beyond 2 is chance in 5 of 100, and beyond 4 never. */
	for (uint64_t seed = 10; seed < 210; seed++) {
		const double z = fabs(made(0, 100, true, seed).z);

		assert_true(z < 4);
		sure += z > 1.96;
	}
	assert_true(sure < 25);
}

static void too_few(void **state)
{
	const double values[7] = { 1, 2, 3, 4, 5, 6, 7 };
	struct trend t;

	(void)state;
	assert_int_equal(trend_of(values, 7, &t), -EINVAL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(grows_or_not),
	cmocka_unit_test(too_few),
};
CT_TEST_MAIN(tests, NULL, NULL)
