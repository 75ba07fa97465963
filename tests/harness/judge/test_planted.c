/* SPDX-License-Identifier: MIT */
/*
 * A real run with a variant that is slowed by a known share: the verdict finds it. The limits are
 * coarse, because this must hold on busy machines and with sanitizers; test_judge.c checks accuracy
 * and false alarms.
 */
#include "harness/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

#define SLOWED	 "nulls_rcu_jhash2_mask_seqcount"
#define ATTEMPTS 4

/* The verdict on mask; the report is the caller's. */
static json_t *verdict(unsigned int number, json_t **benchmark)
{
	char path[128];
	json_t *v;
	size_t i;

	snprintf(path, sizeof(path), "runs/%u/benchmark.json", number);
	*benchmark = json_load_file(path, 0, NULL);
	json_array_foreach(json_object_get(json_object_get(*benchmark, "ctbench"), "verdicts"), i,
			   v)
		if (!strcmp(json_string_value(json_object_get(v, "choice")), "mask"))
			return v;
	return NULL;
}

/* Four times the time is a quarter of the throughput: -75 %. */
static bool found(unsigned int number, double *visible)
{
	json_t *benchmark, *v = verdict(number, &benchmark);
	const char *outcome = json_string_value(json_object_get(v, "outcome"));
	double low = json_number_value(json_object_get(v, "ci_low_percent"));
	double high = json_number_value(json_object_get(v, "ci_high_percent"));
	bool found = v && outcome && !strcmp(outcome, "worse") && low < -65 && high > -85;

	*visible = json_number_value(json_object_get(v, "visible_percent"));
	if (v)
		print_message("%s\n", json_string_value(json_object_get(v, "text")));
	/* Never the wrong direction, however noisy. */
	assert_true(!v || !outcome || strcmp(outcome, "better"));
	json_decref(benchmark);
	return found;
}

static void what_was_planted_is_found(void **state)
{
	unsigned int i = 0;
	double visible = 0;

	(void)state;
	do {
		assert_int_equal(
			run_line("run w.yaml --results runs --name %u --plant " SLOWED "=300%%", i),
			0);
	} while (!found(i, &visible) && ++i < ATTEMPTS);
	/* Differences below the smallest detectable one may be missed. */
	if (i == ATTEMPTS && visible > 100) {
		puts("this machine is too busy to see that a table takes four times as long: "
		     "skipped");
		skip();
	}
	assert_true(i < ATTEMPTS);
}

static void bad_plants(void **state)
{
	(void)state;
	assert_int_equal(run_line("run w.yaml --plant x"), CT_EXIT_USER);
	assert_int_equal(run_line("run w.yaml --plant x=5"), CT_EXIT_USER);
	assert_int_equal(run_line("run w.yaml --plant x=-5%%"), CT_EXIT_USER);
}

static int begin(void **state)
{
	(void)state;
	if (own_folder_enter("planted"))
		return -1;
	write_text("w.yaml", "name: w\nquestion: Is it found?\n"
			     "variants: [nulls_rcu_jhash2_scale_seqcount, " SLOWED "]\n"
			     "threads: 1\nflows: 1Ki\nload_factor: 1\nduration: 10ms\nwarmup: 2ms\n"
			     "repeats: 9\nplots: bars\n");
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_planted_is_found),
		cmocka_unit_test(bad_plants),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("planted", tests, begin, own_folder_leave);
}
