/* SPDX-License-Identifier: MIT */
/* Changes of level: planted ones are found at their place, noise alone is left alone. */
#include "harness/numbers/changes.h"

#include "harness/numbers/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void fill(struct rng *r, double *v, size_t from, size_t to, double level)
{
	for (size_t i = from; i < to; i++)
		v[i] = level * (1 + 0.02 * (rng_double(r) - 0.5));
}

static void planted(void **state)
{
	struct change c[8];
	struct rng r;
	double v[30];

	(void)state;
	rng_seed(&r, 7);
	fill(&r, v, 0, 10, 100);
	fill(&r, v, 10, 22, 90);
	fill(&r, v, 22, 30, 120);
	v[4] = 500; /* an outlier counts as one figure */
	assert_int_equal(changes_find(v, 30, 0.05, c, 8), 2);
	assert_int_equal(c[0].at, 10);
	assert_int_equal(c[1].at, 22);
	assert_true(c[0].before > 98 && c[0].before < 102 && c[0].after > 88 && c[0].after < 92);
	assert_true(c[1].after > 118 && c[1].p < 0.05);
	assert_int_equal(changes_find(v, 30, 0.05, c, 1), 1);
}

static void few(void **state)
{
	static const double v[] = { 1, 1.1, 1.2, 1.3, 9, 9.1, 9.2, 9.3 };
	static const double equal[12] = { 0 };
	struct change c[8];

	(void)state;
	assert_int_equal(changes_find(v, 8, 0.05, c, 8), 1);
	assert_int_equal(c[0].at, 4);
	assert_int_equal(changes_find(v, CHANGES_LEAST - 1, 0.05, c, 8), 0);
	assert_int_equal(changes_find(v, 0, 0.05, c, 8), 0);
	assert_int_equal(changes_find(equal, 12, 0.05, c, 8), 0);
}

/* Of 300 series of noise about 5 % may show a change. */
static void false_alarms(void **state)
{
	struct change c[8];
	unsigned int alarms = 0;
	struct rng r;
	double v[12];

	(void)state;
	rng_seed(&r, 1);
	for (unsigned int i = 0; i < 300; i++) {
		fill(&r, v, 0, 12, 100);
		alarms += changes_find(v, 12, 0.05, c, 8) > 0;
	}
	assert_in_range(alarms, 3, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(planted),
		cmocka_unit_test(few),
		cmocka_unit_test(false_alarms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
