/* SPDX-License-Identifier: MIT */
/*
 * Verdicts against planted truth: real differences are found with the right size, others are not,
 * on machines that are noisy in different ways.
 */
#include "tests/fixture/judged.h"

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RUNS	50 /* under sanitizers: they look for other errors */
#define PLANTED 20
#else
#define RUNS	200 /* without a planted difference */
#define PLANTED 60
#endif

/* ---- no difference ---- */

static void nothing_is_seen_in_noise(void **state)
{
	struct fake_run run;
	unsigned int all = 0;

	(void)state;
	fake_axes(&run);
	for (enum fake_noise noise = 0; noise < FAKE_NOISES; noise++) {
		unsigned int alarms = 0;

		for (unsigned int i = 0; i < RUNS; i++) {
			json_t *report;

			fake_measure(&run, noise, 1000 * noise + i);
			/* All cells are equal; the number of threads is no choice. */
			report = judged(&run);
			assert_int_equal(
				number(json_object_get(report, "statistics"), "comparisons"), 12);
			alarms += seen(report) > 0;
			json_decref(report);
		}
		print_message("%s: %u of %d runs cry wolf\n", fake_noise_names[noise], alarms,
			      RUNS);
		/* 5 % and two standard errors of so many runs; together, 5 %. */
		assert_true(alarms <= RUNS * 8 / 100);
		all += alarms;
	}
	assert_true(all <= FAKE_NOISES * RUNS / 20);
}

/* ---- planted differences ---- */

struct found {
	unsigned int found, covered, wrong;
	double sum, visible;
};

static struct found find(double factor, enum fake_noise noise)
{
	struct found f = { 0 };
	struct fake_run run;

	fake_axes(&run);
	plant(&run, "_mask_", factor);
	for (unsigned int i = 0; i < PLANTED; i++) {
		json_t *report, *v;
		double truth = 100 * (factor - 1);

		fake_measure(&run, noise, 77000 + 1000 * noise + i);
		report = judged(&run);
		v = verdict_on(report, "mask", NULL);
		assert_non_null(v);
		assert_string_equal(text(v, "base"), "reciprocal_scale");
		assert_int_equal(number(v, "pairs"), 8);
		f.found += !strcmp(text(v, "outcome"), "worse");
		f.wrong += !strcmp(text(v, "outcome"), "better");
		f.covered += number(v, "ci_low_percent") <= truth &&
			     number(v, "ci_high_percent") >= truth;
		f.sum += number(v, "effect_percent") / PLANTED;
		f.visible += number(v, "visible_percent") / PLANTED;
		json_decref(report);
	}
	print_message(
		"%s, %+.0f %%: found in %u, covered in %u of %d, mean %.2f %%, visible %.2f %%\n",
		fake_noise_names[noise], 100 * (factor - 1), f.found, f.covered, PLANTED, f.sum,
		f.visible);
	assert_int_equal(f.wrong, 0);
	return f;
}

static void a_planted_delay_is_found(void **state)
{
	(void)state;
	for (enum fake_noise noise = 0; noise < FAKE_NOISES; noise++)
		for (int k = 0; k < 2; k++) {
			double share = k ? 0.20 : 0.05, truth = -100 * share;
			struct found f = find(1 - share, noise);

			/* The right size, within an interval of 95 %. */
			assert_true(fabs(f.sum - truth) < 1);
			assert_true(f.covered >= 90 * PLANTED / 100);
			/* Detectable differences are found. */
			if (f.visible < 100 * share)
				assert_true(f.found >= 65 * PLANTED / 100);
			if (k && noise != FAKE_BIMODAL)
				assert_true(f.found >= 90 * PLANTED / 100);
		}
}

/* Twice the smallest detectable effect is found. */
static void power(void **state)
{
	(void)state;
	for (enum fake_noise noise = 0; noise < FAKE_NOISES; noise++) {
		struct found nothing = find(1, noise);
		struct found f = find(1 - 2 * nothing.visible / 100, noise);

		assert_true(nothing.found <= 2);
		assert_true(f.found >= 90 * PLANTED / 100);
	}
}

static void an_interaction_is_named(void **state)
{
	struct fake_run run;
	json_t *report, *v;

	(void)state;
	fake_axes(&run);
	plant(&run, "locked_jhash2_mask", 0.8);
	fake_measure(&run, FAKE_LOGNORMAL, 5);
	report = judged(&run);
	v = verdict_on(report, "mask", "chain");
	assert_non_null(v);
	assert_string_equal(text(v, "outcome"), "different");
	assert_string_equal(text(v, "kind"), "interaction");
	assert_true(fabs(number(v, "effect_percent") + 20) < 5);
	assert_string_equal(text(json_object_get(v, "by"), "choice"), "locked");
	assert_non_null(strstr(text(v, "text"), "chain locked vs nulls_rcu"));
	/* And no other with the same factor. */
	assert_string_equal(text(verdict_on(report, "mask", "threads"), "outcome"), "none");
	assert_string_equal(text(verdict_on(report, "mask", "resize"), "outcome"), "none");
	/* On average over both chains: -10.6 %. */
	assert_true(fabs(number(verdict_on(report, "mask", NULL), "effect_percent") + 10.6) < 3);
	json_decref(report);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(nothing_is_seen_in_noise),
	cmocka_unit_test(a_planted_delay_is_found),
	cmocka_unit_test(power),
	cmocka_unit_test(an_interaction_is_named),
};
CT_TEST_MAIN(tests, fewer_resamples, NULL)
