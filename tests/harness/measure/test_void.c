/* SPDX-License-Identifier: MIT */
/* Which windows are void because of disturbances: just below and above each limit. */
#include "harness/measure/void.h"

#include "harness/measure/slices.h"
#include "tests/fixture/cmocka.h"

#include <stdlib.h>
#include <string.h>

static const char *judge(struct window_facts f)
{
	static char text[256];

	window_judge(text, sizeof(text), &f);
	return text;
}

#define GOOD .window = 1, .threads = 2, .speed = 1

static void test_good(void **state)
{
	(void)state;
	assert_string_equal(judge((struct window_facts){ GOOD }), "");
	/* Just within each limit. */
	assert_string_equal(judge((struct window_facts){ GOOD, .lost = 0.049, .involuntary = 9 }),
			    "");
	assert_string_equal(judge((struct window_facts){ GOOD, .stolen = 0.09 }), "");
	assert_string_equal(
		judge((struct window_facts){ .window = 1, .threads = 2, .speed = 1.09 }), "");
	assert_string_equal(
		judge((struct window_facts){ .window = 1, .threads = 2, .speed = 0.92 }), "");
	/* A thread that slept voluntarily lost nothing. */
	assert_string_equal(judge((struct window_facts){ GOOD, .lost = 0.5 }), "");
}

static void test_spoiled(void **state)
{
	(void)state;
	assert_non_null(strstr(judge((struct window_facts){ GOOD, .lost = 0.06, .involuntary = 3 }),
			       " 60 ms of 1000 (3 "));
	assert_non_null(strstr(judge((struct window_facts){ GOOD, .stolen = 0.11 }), "110 ms"));
	/* Time of the variant's own threads is its cost; other time is not, nor clocks'
	 * errors. */
	assert_string_equal(
		judge((struct window_facts){ GOOD, .lost = 0.5, .own = 0.46, .involuntary = 3 }),
		"");
	assert_non_null(strstr(
		judge((struct window_facts){ GOOD, .lost = 0.5, .own = 0.4, .involuntary = 3 }),
		"for 100 ms"));
	assert_non_null(strstr(
		judge((struct window_facts){ GOOD, .lost = 0.06, .own = -0.02, .involuntary = 3 }),
		"for 60 ms"));
	assert_non_null(
		strstr(judge((struct window_facts){ .window = 1, .threads = 2, .speed = 1.11 }),
		       "1.11 times"));
	assert_non_null(
		strstr(judge((struct window_facts){ .window = 1, .threads = 2, .speed = 0.9 }),
		       "0.90 times"));
}

/* In short windows a single interruption is a large share: there milliseconds count. */
static void test_short(void **state)
{
	(void)state;
	assert_string_equal(judge((struct window_facts){ .window = 0.01,
							 .threads = 1,
							 .speed = 1,
							 .lost = 0.008,
							 .involuntary = 2 }),
			    "");
	assert_string_not_equal(judge((struct window_facts){ .window = 0.01,
							     .threads = 1,
							     .speed = 1,
							     .lost = 0.012,
							     .involuntary = 2 }),
				"");
	assert_string_equal(judge((struct window_facts){
				    .window = 0.01, .threads = 1, .speed = 1, .stolen = 0.02 }),
			    "");
	assert_string_equal(
		judge((struct window_facts){ .window = 0.01, .threads = 1, .speed = 1.5 }), "");
}

/* Arrivals wait while a thread is off its CPU, so an open loop has a lower limit. */
static void test_open(void **state)
{
	(void)state;
	assert_string_equal(judge((struct window_facts){ GOOD, .open = true, .lost = 0.004,
							 .involuntary = 9, .stolen = 0.009 }),
			    "");
	assert_non_null(strstr(
		judge((struct window_facts){ GOOD, .open = true, .lost = 0.006, .involuntary = 9 }),
		" 6 ms"));
	assert_non_null(strstr(judge((struct window_facts){ GOOD, .open = true, .stolen = 0.02 }),
			       "20 ms"));
	assert_string_equal(judge((struct window_facts){ .window = 0.02,
							 .threads = 1,
							 .speed = 1,
							 .open = true,
							 .lost = 0.0009,
							 .involuntary = 1 }),
			    "");
}

/* A CPU quota is reported before its effects. */
static void test_quota(void **state)
{
	struct slice_told slice = { .seconds = 0.01, .ops = 1000, .halves = 1, .throttled = 1 };

	(void)state;
	assert_string_equal(judge((struct window_facts){ GOOD, .throttled = 3, .lost = 0.04,
							 .throttled_for = 0.04 }),
			    "");
	assert_non_null(strstr(judge((struct window_facts){ GOOD, .throttled = 3, .lost = 0.06,
							    .involuntary = 3 }),
			       "quota"));
	assert_non_null(
		strstr(judge((struct window_facts){ GOOD, .throttled = 3, .throttled_for = 0.06 }),
		       "quota"));
	assert_null(strstr(judge((struct window_facts){ GOOD, .lost = 0.06, .involuntary = 3 }),
			   "quota"));

	slice_judge(&slice);
	assert_string_equal(slice.why, "");
	slice.lost = 0.002; /* the thread did not give its CPU away by itself */
	slice_judge(&slice);
	assert_non_null(strstr(slice.why, "quota"));
	slice.lost = 0;
	slice.skew = 0.001;
	slice_judge(&slice);
	assert_non_null(strstr(slice.why, "quota"));
	slice.throttled = 0;
	slice_judge(&slice);
	assert_string_not_equal(slice.why, "");
	assert_null(strstr(slice.why, "quota"));
	slice = (struct slice_told){ .throttled = 1 };
	slice_judge(&slice);
	assert_non_null(strstr(slice.why, "quota"));
}

static void test_speed(void **state)
{
	(void)state;
	assert_true(window_speed() > 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_good), cmocka_unit_test(test_spoiled), cmocka_unit_test(test_short),
	cmocka_unit_test(test_open), cmocka_unit_test(test_quota),   cmocka_unit_test(test_speed),
};
CT_TEST_MAIN(tests, NULL, NULL)
