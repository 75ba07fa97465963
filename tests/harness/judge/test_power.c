/* SPDX-License-Identifier: MIT */
/* Was a comparison of two runs sensitive enough, and how many repeats would do? */
#include <jansson.h>
#include <math.h>

#include "harness/judge/compare.h"
#include "tests/fixture/cmocka.h"

/* A comparison that detects an effect of that percentage; negative: it was not judged. */
static json_t *comparison(const char *name, double visible)
{
	json_t *item = json_pack("{s:s, s:i}", "name", name, "n", 9);

	if (visible >= 0)
		json_object_set_new(item, "visible_percent", json_real(visible));
	return item;
}

static json_t *required(const double *visible, size_t n, double share)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	json_t *list = json_array(), *result = json_pack("{s:o}", "comparisons", list);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, comparison(names[i], visible[i]));
	judge_require_power(result, share);
	return result;
}

static double number(const json_t *json, const char *key)
{
	return json_number_value(json_object_get(json, key));
}

static const char *least_sensitive(const json_t *result)
{
	return json_string_value(
		json_object_get(json_object_get(result, "least_sensitive"), "name"));
}

static void which_are_blind(void **state)
{
	static const double visible[] = { 1, 7, 5, 6 };
	json_t *result = required(visible, 4, 0.05), *item;
	size_t i;

	(void)state;
	/* One that just detects the share is not blind. */
	assert_int_equal(number(result, "blind"), 2);
	json_array_foreach(json_object_get(result, "comparisons"), i, item)
		assert_int_equal(json_is_true(json_object_get(item, "blind")), i % 2);
	assert_string_equal(least_sensitive(result), "b");
	assert_true(fabs(number(result, "required_percent") - 5) < 1e-9);
	json_decref(result);

	result = required(visible, 4, 0.07);
	assert_int_equal(number(result, "blind"), 0);
	assert_null(json_object_get(result, "least_sensitive"));
	json_decref(result);
}

/* Without a smallest detectable effect nothing was judged: nothing is less sensitive. */
static void not_judged(void **state)
{
	static const double visible[] = { 80, -1, 90 };
	json_t *result = required(visible, 3, 0.05);

	(void)state;
	assert_int_equal(number(result, "blind"), 3);
	assert_string_equal(least_sensitive(result), "b");
	json_decref(result);
}

/* The detectable effect falls with the root of the repeats. */
static void repeats(void **state)
{
	json_t *item = comparison("a", 100 * expm1(0.2));

	(void)state;
	assert_int_equal(judge_repeats_needed(item, expm1(0.101)), 36);
	assert_int_equal(judge_repeats_needed(item, expm1(0.21)), 9);
	assert_int_equal(judge_repeats_needed(item, expm1(0.031)), 375);
	assert_int_equal(judge_repeats_needed(item, expm1(0.01)), 0); /* too many to say */
	json_decref(item);
	item = comparison("b", -1);
	assert_int_equal(judge_repeats_needed(item, 0.05), 0);
	json_decref(item);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(which_are_blind),
	cmocka_unit_test(not_judged),
	cmocka_unit_test(repeats),
};
CT_TEST_MAIN(tests, NULL, NULL)
