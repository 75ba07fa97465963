/* SPDX-License-Identifier: MIT */
/*
 * Statistics against published values, and against samples with a known law:
 * intervals must cover the truth as often as they claim, tests must not give false alarms.
 */
#include "harness/numbers/stats.h"

#include "harness/numbers/random.h"
#include "tests/fixture/cmocka.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool near(double a, double b, double by)
{
	return fabs(a - b) <= by;
}

/* Any table of Student's t. */
static void students_t(void **state)
{
	static const struct {
		double share, df, t;
	} table[] = {
		{ 0.975, 1, 12.7062 },	 { 0.975, 6, 2.44691 },	 { 0.975, 8, 2.30600 },
		{ 0.95, 10, 1.81246 },	 { 0.995, 30, 2.75000 }, { 0.9995, 6, 5.95882 },
		{ 0.975, 1e6, 1.95997 }, { 0.8, 6, 0.905703 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_true(near(stats_t_quantile(table[i].share, table[i].df), table[i].t, 1e-4));
		assert_true(
			near(stats_t_quantile(1 - table[i].share, table[i].df), -table[i].t, 1e-4));
		assert_true(near(stats_t_above(table[i].t, table[i].df), 1 - table[i].share, 1e-5));
	}
	assert_true(near(stats_t_above(0, 5), 0.5, 1e-12));
	assert_true(stats_t_above(INFINITY, 5) == 0 && stats_t_above(-INFINITY, 5) == 1);
}

/* Any table of the sign test: the largest rank of which both tails together are 5 % at most. */
static void ranks_of_the_median(void **state)
{
	static const size_t table[][2] = {
		{ 1, 1 },  { 2, 1 },  { 5, 1 },	  { 6, 1 },    { 8, 1 },  { 9, 2 },
		{ 11, 2 }, { 12, 3 }, { 14, 3 },  { 15, 4 },   { 16, 4 }, { 17, 5 },
		{ 20, 6 }, { 25, 8 }, { 50, 18 }, { 100, 40 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(stats_median_rank(table[i][0]), table[i][1]);
	/* sqrt(n) / 2 is its deviation, for every n */
	assert_in_range(stats_median_rank(1000000), 500000 - 985, 500000 - 975);
}

/* Holm's steps by hand: 0.01 x 4, 0.013 x 3, 0.03 x 2, then never less than before. */
static void holm(void **state)
{
	double p[] = { 0.03, 0.01, 0.04, 0.013 };

	(void)state;
	assert_int_equal(stats_holm(p, 4), 0);
	assert_true(near(p[1], 0.04, 1e-12));
	assert_true(near(p[3], 0.04, 1e-12)); /* 0.039 would be less than the one before */
	assert_true(near(p[0], 0.06, 1e-12));
	assert_true(near(p[2], 0.06, 1e-12));
	assert_int_equal(stats_holm(p, 0), 0);
}

/* Of nine values the interval is the second to the eighth: it covers in 96.1 % of samples. */
static void median_of_nine(void **state)
{
	double v[] = { 9, 1, 8, 2, 7, 3, 6, 4, 5 };
	struct stats_interval i = stats_median(v, 9, 1), again;

	(void)state;
	assert_true(i.value == 5 && i.low == 2 && i.high == 8);
	again = stats_median(v, 9, 1);
	assert_memory_equal(&i, &again, sizeof(i));
}

static void few_values(void **state)
{
	double one[] = { 3 }, two[] = { 4, 2 }, same[] = { 7, 7, 7, 7, 7, 7 };
	struct stats_sample s = { .values = two, .n = 2, .weight = 1 };
	struct stats_contrast c;
	struct stats_interval i = stats_median(one, 1, 1);

	(void)state;
	assert_true(i.value == 3 && i.low == 3 && i.high == 3);
	i = stats_median(two, 2, 1);
	assert_true(i.value == 3 && i.low == 2 && i.high == 4);
	assert_int_equal(stats_contrast(&c, &s, 1, 1), -EINVAL);
	assert_int_equal(stats_contrast(&c, &s, 0, 1), -EINVAL);
	s = (struct stats_sample){ .values = same, .n = 6, .weight = 1 };
	assert_int_equal(stats_contrast(&c, &s, 1, 1), 0);
	assert_true(c.value == 7 && c.low == 7 && c.high == 7 && c.p == 0);
	memset(same, 0, sizeof(same));
	assert_int_equal(stats_contrast(&c, &s, 1, 1), 0);
	assert_true(c.value == 0 && c.p == 1);
}

/* Yuen's test on data with two outliers, worked out by hand: see the comment in the body. */
static void trimmed_test(void **state)
{
	/*
	 * n 10, 2 cut on each side: 3 4 5 6 7 8 left, mean 5.5; winsorized 3 3 3 4 5 6 7 8 8 8:
	 * mean 5.5, sum of squares 42.5; variance of the mean 42.5 / (6 x 5).
	 */
	double v[] = { 1, 2, 3, 4, 5, 6, 7, 8, 90, 1000 };
	struct stats_sample s = { .values = v, .n = 10, .weight = 1 };
	struct stats_contrast c;

	(void)state;
	assert_int_equal(stats_contrast(&c, &s, 1, 1), 0);
	assert_true(near(c.value, 5.5, 1e-12));
	assert_true(near(c.se * c.se, 42.5 / 30, 1e-12));
	assert_true(near(c.df, 5, 1e-12));
	assert_true(near(c.p, 2 * stats_t_above(5.5 / sqrt(42.5 / 30), 5), 1e-12));
	assert_true(near(stats_beyond(&c, 5.5, 1), 0.5, 1e-9));
	assert_true(stats_beyond(&c, 20, 1) > 0.99 && stats_beyond(&c, 20, -1) < 0.01);
	assert_true(near(stats_visible(&c, 1), c.se * (2.570582 + 0.919544), 1e-4));
	assert_true(stats_visible(&c, 50) > 1.5 * stats_visible(&c, 1));
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The same resamples once more, in the simplest way: which of them are the interval's ends. */
static void interval_of_resamples(void **state)
{
	/*
	 * n 10, 9 degrees of freedom: t 2.26216, which is 2.38453 by the deviation of n values;
	 * beyond it is 0.855 % of a normal law: 17 of 2000.
	 */
	enum { N = 10, CUT = 17 };
	double v[N] = { 1.37, 2.11, 3.59, 5.83, 8.41, 13.7, 21.3, 34.9, 55.1, 89.7 }, *means;
	struct stats_sample s = { .values = v, .n = N, .weight = 1 };
	struct stats_contrast c;
	struct rng r;

	(void)state;
	assert_int_equal(stats_resamples, 2000);
	assert_int_equal(stats_contrast(&c, &s, 1, 7), 0);
	means = calloc(stats_resamples, sizeof(*means));
	assert_non_null(means);
	rng_seed(&r, 7);
	for (size_t i = 0; i < stats_resamples; i++) {
		double drawn[N];

		for (size_t k = 0; k < N; k++)
			drawn[k] = v[rng_below(&r, N)];
		qsort(drawn, N, sizeof(*drawn), ascending);
		for (size_t k = N / 5; k < N - N / 5; k++)
			means[i] += drawn[k] / (N - 2 * (N / 5));
	}
	qsort(means, stats_resamples, sizeof(*means), ascending);
	assert_true(near(c.low, means[CUT], 1e-9));
	assert_true(near(c.high, means[stats_resamples - 1 - CUT], 1e-9));
	/* Their neighbours would not do. */
	assert_true(means[CUT] > means[CUT - 2] && means[CUT] < means[CUT + 2]);
	assert_true(means[stats_resamples - 1 - CUT] > means[stats_resamples - 2 - CUT]);
	free(means);
}

/* Welch's degrees of freedom of two samples that differ in size and variance. */
static void degrees_of_freedom(void **state)
{
	/*
	 * The first as in trimmed_test(); of the second 1 2 3 4 is left, squares 9.5 of
	 * 1 1 2 3 4 4.
	 */
	double a[] = { 1, 2, 3, 4, 5, 6, 7, 8, 90, 1000 }, b[] = { 0, 1, 2, 3, 4, 5 };
	struct stats_sample s[] = { { .values = a, .n = 10, .weight = 1 },
				    { .values = b, .n = 6, .weight = -1 } };
	const double va = 42.5 / 30, vb = 9.5 / 12;
	struct stats_contrast c;

	(void)state;
	assert_int_equal(stats_contrast(&c, s, 2, 1), 0);
	assert_true(near(c.value, 3, 1e-12));
	assert_true(near(c.se * c.se, va + vb, 1e-12));
	assert_true(near(c.df, (va + vb) * (va + vb) / (va * va / 5 + vb * vb / 3), 1e-9));
	assert_true(near(c.p, 2 * stats_t_above(3 / sqrt(va + vb), c.df), 1e-12));
}

static double normal(struct rng *r)
{
	return sqrt(-2 * log(1 - rng_double(r))) * cos(2 * M_PI * rng_double(r));
}

/* A machine: mostly quiet, at times a neighbour makes it much slower. */
static double noisy(struct rng *r)
{
	return 0.02 * normal(r) + (rng_double(r) < 0.15 ? 0.3 * rng_double(r) : 0);
}

/*
 * How often an interval misses the truth, and p is below 5 %, in 800
 * experiments of nr paired samples of n.  Three standard errors of 5 % are 2.3 %.
 */
static void errors_of(size_t nr, size_t n, unsigned int *missed, unsigned int *alarms)
{
	struct stats_sample samples[8];
	double values[8][32];
	struct stats_contrast c;
	struct rng r;

	rng_seed(&r, 42 + nr * 100 + n);
	*missed = *alarms = 0;
	for (unsigned int run = 0; run < 800; run++) {
		for (size_t j = 0; j < nr; j++) {
			for (size_t k = 0; k < n; k++)
				values[j][k] = 0.1 + noisy(&r) - noisy(&r);
			samples[j] = (struct stats_sample){ .values = values[j],
							    .n = n,
							    .weight = 1.0 / (double)nr };
		}
		assert_int_equal(stats_contrast(&c, samples, nr, run), 0);
		*missed += c.low > 0.1 || c.high < 0.1;
		*alarms += fmin(stats_beyond(&c, 0.1, 1), stats_beyond(&c, 0.1, -1)) < 0.025;
	}
}

static void as_often_as_said(void **state)
{
	static const size_t cases[][2] = { { 1, 9 }, { 1, 20 }, { 8, 9 }, { 4, 6 } };
	unsigned int missed, alarms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		errors_of(cases[i][0], cases[i][1], &missed, &alarms);
		print_message("%zu x %zu: missed %.1f %%, alarms %.1f %%\n", cases[i][0],
			      cases[i][1], missed / 8.0, alarms / 8.0);
		assert_true(missed <= 58);
		assert_true(alarms <= 58);
		/* Intervals that always cover would say nothing. */
		assert_true(missed >= 3 && alarms >= 3);
	}
}

/* Against closed forms, and tables (Abramowitz and Stegun 26.7, 26.8). */
static void poisson_and_chi_square(void **state)
{
	double sum = 0;

	(void)state;
	for (double x = 0.01; x < 60; x *= 1.7) {
		assert_true(fabs(stats_chi_square_above(x, 2) - (exp(-x / 2))) < 1e-12);
		assert_true(fabs(stats_chi_square_above(x, 1) - (erfc(sqrt(x / 2)))) < 1e-12);
		assert_true(fabs(stats_chi_square_above(x, 4) - (exp(-x / 2) * (1 + x / 2))) <
			    1e-12);
	}
	assert_true(fabs(stats_chi_square_above(18.3070, 10) - (0.05)) < 1e-6);
	assert_true(fabs(stats_chi_square_above(135.807, 100) - (0.01)) < 1e-5);
	assert_true(fabs(stats_poisson(3, 2.5) - (exp(-2.5) * 2.5 * 2.5 * 2.5 / 6)) < 1e-14);
	for (unsigned int n = 0; n < 40; n++) {
		assert_true(fabs(stats_poisson_from(n, 8.25) - (1 - sum)) < 1e-12);
		sum += stats_poisson(n, 8.25);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(students_t),
	cmocka_unit_test(poisson_and_chi_square),
	cmocka_unit_test(ranks_of_the_median),
	cmocka_unit_test(holm),
	cmocka_unit_test(median_of_nine),
	cmocka_unit_test(few_values),
	cmocka_unit_test(trimmed_test),
	cmocka_unit_test(as_often_as_said),
	cmocka_unit_test(interval_of_resamples),
	cmocka_unit_test(degrees_of_freedom),
};
CT_TEST_MAIN(tests, NULL, NULL)
