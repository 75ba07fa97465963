/* SPDX-License-Identifier: MIT */
/* The model of more CPUs: made-up runs that follow a known law. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "harness/judge/scaling.h"
#include "harness/numbers/random.h"
#include "harness/results/metric.h"
#include "tests/fixture/cmocka.h"

#define REPEATS 9

struct law {
	double contention, coherence;
};

static json_t *cell_of(const struct law *law, int n, double noise, struct rng *rng)
{
	json_t *metrics = json_object();
	double mops[REPEATS];

	for (int i = 0; i < REPEATS; i++)
		mops[i] = 10.0 * n /
			  (1 + law->contention * (n - 1) + law->coherence * n * (n - 1)) *
			  exp(noise * (2 * rng_double(rng) - 1));
	metric_put(metrics, "mops", mops, REPEATS);
	return json_pack("{s:s, s:s, s:b, s:{s:s}, s:o, s:{s:s, s:i}}", "workload", "w", "variant",
			 "nulls_rcu", "control", 0, "axes", "chain", "nulls_rcu", "metrics",
			 metrics, "parameters", "variant", "nulls_rcu", "threads", n);
}

/* The report of a table that follows that law, measured with these threads up to a 0. */
static json_t *measured(const struct law *law, const int *threads, double noise, uint64_t seed)
{
	json_t *cells = json_object(), *report;
	struct rng rng;
	char name[64];

	rng_seed(&rng, seed);
	for (; *threads; threads++) {
		snprintf(name, sizeof(name), "w/nulls_rcu/threads:%d", *threads);
		json_object_set_new(cells, name, cell_of(law, *threads, noise, &rng));
	}
	report = json_pack("{s:i, s:b, s:[{s:s, s:[s, s]}], s:o}", "format", 1, "interleaved", 1,
			   "workloads", "name", "w", "varying", "variant", "threads", "cells",
			   cells);
	assert_int_equal(judge_scaling(report), 0);
	return report;
}

static double number(const json_t *report, const char *key)
{
	const json_t *row = json_array_get(json_object_get(report, "scaling"), 0);
	const json_t *value = json_object_get(row, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static const int many[] = { 1, 2, 4, 8, 16, 0 }, two[] = { 1, 2, 0 }, one[] = { 1, 0 };

static void finds_the_law(void **state)
{
	static const struct law laws[] = { { 0.05, 0.002 }, { 0.3, 0.01 }, { 0, 0.02 } };

	(void)state;
	for (size_t i = 0; i < sizeof(laws) / sizeof(laws[0]); i++) {
		json_t *report = measured(&laws[i], many, 0, 1);
		double peak = sqrt((1 - laws[i].contention) / laws[i].coherence);

		assert_true(fabs(number(report, "contention") - laws[i].contention) < 1e-6);
		assert_true(fabs(number(report, "coherence") - laws[i].coherence) < 1e-6);
		assert_true(fabs(number(report, "peak_threads") - peak) < 1e-3);
		json_decref(report);
	}
}

/*
 * Measurements that no law fits: what counts is the relative error of a throughput.  Expected are
 * the coefficients of the weighted line, solved elsewhere; with equal weights they would be 0.0595
 * and 0.0184.
 */
static void every_throughput_counts_alike(void **state)
{
	static const double gained[] = { 1, 1.8, 3.0, 3.2 };
	json_t *report = measured(&(struct law){ 0, 0 }, (const int[]){ 1, 2, 4, 8, 0 }, 0, 1);
	json_t *cells = json_object_get(report, "cells"), *cell;
	const char *name;
	size_t i = 0;

	(void)state;
	json_object_foreach(cells, name, cell) {
		double mops[REPEATS];

		for (int k = 0; k < REPEATS; k++)
			mops[k] = 10 * gained[i];
		metric_put(json_object_get(cell, "metrics"), "mops", mops, REPEATS);
		i++;
	}
	json_object_del(report, "scaling");
	assert_int_equal(judge_scaling(report), 0);
	assert_true(fabs(number(report, "contention") - 0.027727) < 1e-5);
	assert_true(fabs(number(report, "coherence") - 0.023079) < 1e-5);
	json_decref(report);
}

static void intervals_hold_the_truth(void **state)
{
	static const struct law law = { 0.05, 0.002 };
	unsigned int inside = 0, runs = 200;
	const double peak = sqrt(0.95 / 0.002);

	(void)state;
	for (unsigned int run = 0; run < runs; run++) {
		json_t *report = measured(&law, many, 0.03, 100 + run);

		inside += number(report, "peak_threads_low") <= peak &&
			  !(number(report, "peak_threads_high") < peak);
		json_decref(report);
	}
	assert_in_range(inside, 0.95 * runs, 0.995 * runs);
}

/*
 * Throughputs of two threads that scatter by a known deviation: that of the mean of nine drawn
 * from them is 0.0172.  The interval is as wide as Student's t with 16 degrees of freedom asks,
 * 2.12 times sqrt(9/8) of it; that of 95 % of the resamples would be 13 % narrower, and too
 * narrow.
 */
static void interval_of_the_model(void **state)
{
	json_t *report = measured(&(struct law){ 0.25, 0 }, two, 0, 1), *cell;
	const double by = 2.12 * sqrt(9.0 / 8) * 0.02 * sqrt(60.0 / 9) / 3;
	double mops[REPEATS], low, high;

	(void)state;
	for (int k = 0; k < REPEATS; k++)
		mops[k] = 16 * exp(0.02 * (k - 4));
	cell = json_object_get(json_object_get(report, "cells"), "w/nulls_rcu/threads:2");
	metric_put(json_object_get(cell, "metrics"), "mops", mops, REPEATS);
	json_object_del(report, "scaling");
	assert_int_equal(judge_scaling(report), 0);
	assert_true(fabs(number(report, "contention") - 0.25) < 1e-6);
	low = (0.25 - number(report, "contention_low")) / (1.25 * (1 - exp(-by)));
	high = (number(report, "contention_high") - 0.25) / (1.25 * (exp(by) - 1));
	assert_true(fabs(low - 1) < 0.09 && fabs(high - 1) < 0.09);
	json_decref(report);
}

static void two_numbers_tell_contention_alone(void **state)
{
	static const struct law law = { 0.25, 0 }, best = { 0, 0 }, beyond = { -0.1, 0 };
	json_t *report = measured(&law, two, 0, 1);
	char text[512];

	(void)state;
	assert_true(fabs(number(report, "most_times") - 4) < 1e-6);
	assert_true(isnan(number(report, "peak_threads")));
	judge_scaling_text(text, sizeof(text), report, "w");
	assert_non_null(strstr(text, "model"));
	assert_non_null(strstr(text, "4 [4, 4]"));
	judge_scaling_text(text, sizeof(text), report, "another");
	assert_string_equal(text, "");
	json_decref(report);

	/* Throughput grows with the threads, or faster: no limit. */
	report = measured(&best, many, 0, 1);
	assert_true(number(report, "coherence") < 1e-9);
	json_decref(report);
	report = measured(&beyond, two, 0, 1);
	assert_true(isnan(number(report, "most_times")));
	assert_int_equal(number(report, "contention"), 0);
	json_decref(report);
}

static void one_number_tells_nothing(void **state)
{
	static const struct law law = { 0.25, 0 };
	json_t *report = measured(&law, one, 0, 1);

	(void)state;
	assert_null(json_object_get(report, "scaling"));
	json_decref(report);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(finds_the_law),
	cmocka_unit_test(every_throughput_counts_alike),
	cmocka_unit_test(intervals_hold_the_truth),
	cmocka_unit_test(interval_of_the_model),
	cmocka_unit_test(two_numbers_tell_contention_alone),
	cmocka_unit_test(one_number_tells_nothing),
};
CT_TEST_MAIN(tests, NULL, NULL)
