/* SPDX-License-Identifier: MIT */
/* Aims of workloads: reading them, and their table. */
#include <stdlib.h>
#include <string.h>

#include "harness/workload/aims.h"
#include "harness/run/run.h"
#include "tests/fixture/cmocka.h"

#define BASELINE "nulls_rcu_jhash2_scale_seqcount"

static void test_parse(void **state)
{
	static const char *const bad[] = {
		"",
		"null",
		"null:",
		"null: ns/op",
		"null: ns/op <=",
		"null: ns/op <= 0",
		"null: ns/op <= -1",
		"null: ns/op < 3",
		"null: ns/op = 3",
		"null: furlongs <= 3",
		"nobody: ns/op <= 3",
		"null: ns/op <= 3 x",
		"null: ns/op <= 3 x nobody",
		"null: ns/op <= 3 of it",
		"null: ns/op <= 3 x replica and more",
	};
	struct aim a;

	(void)state;
	assert_true(aim_parse(&a, "null: ns/op <= 3"));
	assert_string_equal(a.variant, "null");
	assert_int_equal(a.measure, AIM_NS_PER_OP);
	assert_false(a.at_least);
	assert_true(a.bound == 3);
	assert_string_equal(a.times, "");
	assert_true(aim_parse(&a, BASELINE ": M/s >= 5.5"));
	assert_int_equal(a.measure, AIM_RATE);
	assert_true(a.at_least);
	assert_true(aim_parse(&a, "nulls_rcu_siphash: ns/op <= 1.15 x replica"));
	assert_string_equal(a.times, "replica");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (aim_parse(&a, bad[i]))
			fail_msg("'%s' was taken for an aim", bad[i]);
}

/* A run of two cells with made-up figures; returns the output, from malloc. */
static char *print(const char *aim_text, double one, double other)
{
	struct run_repeat repeats[2] = { { .done = true }, { .done = true } };
	struct aim aim;
	struct workload w = { .name = "w", .aims = &aim, .nr_aims = 1 };
	struct run_cell cells[2] = {
		{ .workload = &w, .repeats = 1, .list = &repeats[0] },
		{ .workload = &w, .repeats = 1, .list = &repeats[1] },
	};
	struct run run = { .cells = cells, .nr_cells = 2 };
	char *text = NULL;
	size_t size;
	FILE *f;

	assert_true(aim_parse(&aim, aim_text));
	strcpy(cells[0].cell.variant, "nulls_rcu_siphash");
	strcpy(cells[1].cell.variant, "replica");
	cells[0].cell.threads = cells[1].cell.threads = 1;
	cells[0].cell.flows = cells[1].cell.flows = 64;
	repeats[0].result.ns_per_op = one;
	repeats[1].result.ns_per_op = other;
	f = open_memstream(&text, &size);
	assert_non_null(f);
	run_print_aims(f, &run);
	fclose(f);
	return text;
}

static void test_verdict(void **state)
{
	char *text;

	(void)state;
	text = print("nulls_rcu_siphash: ns/op <= 1.15 x replica", 114, 100);
	assert_non_null(strstr(text, "reached"));
	assert_null(strstr(text, "MISSED"));
	assert_non_null(strstr(text, "<= 1.15 x 100 of replica"));
	free(text);
	text = print("nulls_rcu_siphash: ns/op <= 1.15 x replica", 116, 100);
	assert_non_null(strstr(text, "MISSED"));
	free(text);
	text = print("nulls_rcu_siphash: ns/op >= 100", 99, 1);
	assert_non_null(strstr(text, "MISSED"));
	free(text);
	/* An aim for a variant that was not measured has no result. */
	text = print("null: ns/op <= 3", 1, 1);
	assert_string_equal(text, "");
	free(text);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_parse),
	cmocka_unit_test(test_verdict),
};
CT_TEST_MAIN(tests, NULL, NULL)
