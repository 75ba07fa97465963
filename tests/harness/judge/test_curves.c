/* SPDX-License-Identifier: MIT */
/* The point from which two curves differ: made-up sweeps over sizes with known differences. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "harness/numbers/random.h"
#include "harness/results/metric.h"
#include "tests/fixture/cmocka.h"

#define REPEATS 9
#define SIZES	5

static const int sizes[SIZES] = { 4096, 16384, 65536, 262144, 1048576 };

static json_t *cell_of(const char *variant, int flows, double factor, struct rng *rng)
{
	json_t *metrics = json_object();
	double mops[REPEATS];

	for (int i = 0; i < REPEATS; i++)
		mops[i] = factor * 1e5 / flows * exp(0.01 * (2 * rng_double(rng) - 1));
	metric_put(metrics, "mops", mops, REPEATS);
	return json_pack("{s:s, s:s, s:b, s:{s:s}, s:o, s:{s:s, s:i, s:i}}", "workload", "w",
			 "variant", variant, "control", 0, "axes", "chain", variant, "metrics",
			 metrics, "parameters", "variant", variant, "threads", 1, "flows", flows);
}

/* The other table is that many times as fast at each size. */
static json_t *judged(const double factors[SIZES], uint64_t seed)
{
	json_t *cells = json_object(), *report;
	char name[64];
	struct rng rng;

	rng_seed(&rng, seed);
	for (int i = 0; i < SIZES; i++) {
		snprintf(name, sizeof(name), "w/nulls_rcu/flows:%d", sizes[i]);
		json_object_set_new(cells, name, cell_of("nulls_rcu", sizes[i], 1, &rng));
		snprintf(name, sizeof(name), "w/locked/flows:%d", sizes[i]);
		json_object_set_new(cells, name, cell_of("locked", sizes[i], factors[i], &rng));
	}
	report = json_pack("{s:i, s:b, s:[{s:s, s:[s, s]}], s:o}", "format", 1, "interleaved", 1,
			   "workloads", "name", "w", "varying", "variant", "flows", "cells", cells);
	assert_int_equal(judge_run(report), 0);
	return report;
}

static double number(const json_t *curve, const char *key)
{
	const json_t *value = json_object_get(curve, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* same_to and parts_at of the only curve; NAN where there is none. */
static void
expect_curve(const double factors[SIZES], double same_to, double parts_at, const char *word)
{
	json_t *report = judged(factors, 5), *curves = json_object_get(report, "curves");
	const json_t *curve = json_array_get(curves, 0);
	char text[512];

	assert_int_equal(json_array_size(curves), 1);
	assert_int_equal(json_array_size(json_object_get(curve, "points")), SIZES);
	assert_true(isnan(same_to) ? isnan(number(curve, "same_to"))
				   : number(curve, "same_to") == same_to);
	assert_true(isnan(parts_at) ? isnan(number(curve, "parts_at"))
				    : number(curve, "parts_at") == parts_at);
	judge_curves_text(text, sizeof(text), report, "w");
	assert_non_null(strstr(text, word));
	judge_curves_text(text, sizeof(text), report, "another");
	assert_string_equal(text, "");
	json_decref(report);
}

static void they_part(void **state)
{
	const double beyond[SIZES] = { 1, 1, 1.1, 1.2, 1.3 };

	(void)state;
	expect_curve(beyond, 16384, 65536, "64Ki");
}

static void apart_from_the_start(void **state)
{
	const double slower[SIZES] = { 0.8, 0.8, 0.8, 0.8, 0.7 };

	(void)state;
	expect_curve(slower, NAN, 4096, "4Ki");
}

static void never(void **state)
{
	const double alike[SIZES] = { 1, 1, 1, 1, 1 }, once[SIZES] = { 1, 1.2, 1, 1, 1 };

	(void)state;
	expect_curve(alike, 1048576, NAN, "1Mi");
	expect_curve(once, 4096, NAN, "64Ki not seen");
}

/* Faster first, slower in the end: only the end is one direction. */
static void they_cross(void **state)
{
	const double cross[SIZES] = { 1.2, 1.1, 1, 0.9, 0.8 };
	const double at_once[SIZES] = { 1.2, 1.2, 1.2, 0.8, 0.8 };
	const double late[SIZES] = { 1, 1.2, 1.2, 0.8, 0.8 };

	(void)state;
	expect_curve(cross, NAN, 262144, "64Ki not seen, 256Ki -");
	expect_curve(late, 4096, 262144, "4Ki not seen, 16Ki +");
	expect_curve(at_once, NAN, 262144, "16Ki +");
}

/* Of many sweeps without a difference few report one. */
static void false_alarms(void **state)
{
	const double alike[SIZES] = { 1, 1, 1, 1, 1 };
	unsigned int alarms = 0;

	(void)state;
	stats_resamples = 400;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		json_t *report = judged(alike, seed);
		const json_t *curve = json_array_get(json_object_get(report, "curves"), 0);

		alarms += !(number(curve, "same_to") == sizes[SIZES - 1]);
		json_decref(report);
	}
	stats_resamples = 2000;
	assert_true(alarms <= 18); /* 10 are due; more than 18 come once in 200 times */
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(they_part),	cmocka_unit_test(apart_from_the_start),
	cmocka_unit_test(never),	cmocka_unit_test(they_cross),
	cmocka_unit_test(false_alarms),
};
CT_TEST_MAIN(tests, NULL, NULL)
