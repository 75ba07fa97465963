/* SPDX-License-Identifier: MIT */
/* ctbench list --runs and ctbench history, over folders that were made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/results/results.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/said_json.h"

#define NAME "w/nulls_rcu_siphash/threads:1"

/* A run of one cell; day: from 1, so that the order of time is not that of the names. */
static void make_run(const char *name, int day, const char *cpu, double mops, const char *threads)
{
	char path[256], text[2048];

	snprintf(path, sizeof(path), "runs/%s", name);
	assert_int_equal(mkdir(path, 0777), 0);
	snprintf(text, sizeof(text),
		 "{\"context\": {}, \"benchmarks\": [], \"ctbench\": {\"format\": 1, \"name\": "
		 "\"%s\","
		 "\"started\": \"2026-01-%02dT10:00:00+0000\", \"interrupted\": %s,"
		 "\"environment\": {\"machine\": {\"cpu\": \"%s\"}, \"build\": {\"revision\": "
		 "\"rev%d\"}}, \"counts\": {\"good\": 9, \"void\": 2},"
		 "\"workloads\": [{\"name\": \"w\", \"question\": \"Why?\", \"varying\": "
		 "[\"variant\"]}],"
		 "\"verdicts\": [{\"workload\": \"w\", \"metric\": \"mops\", \"kind\": \"axis\","
		 "\"factor\": \"hash\", \"choice\": \"siphash\", \"base\": \"jhash2\","
		 "\"effect_percent\": %g, \"ci_low_percent\": -9, \"ci_high_percent\": 9, \"n\": "
		 "5}],"
		 "\"cells\": {\"" NAME "\": {\"workload\": \"w\", \"variant\": \"v\","
		 "\"parameters\": {\"threads\": %s}, \"metrics\": {\"mops\": {\"unit\": \"M/s\","
		 "\"median\": %g, \"ci_low\": %g, \"ci_high\": %g, \"n\": 5, \"values\": [%g, %g, "
		 "%g, %g, %g]}}}}}}",
		 name, day, day == 3 ? "true" : "false", cpu, day, mops - 12, threads, mops,
		 mops - 0.5, mops + 0.5, mops, mops + 0.01, mops - 0.01, mops + 0.02, mops - 0.02);
	snprintf(path, sizeof(path), "runs/%s/benchmark.json", name);
	write_text(path, text);
}

/* Ten runs; from day 6 on the level is another. */
static int setup(void **state)
{
	(void)state;
	if (remove_all("runs") || mkdir("runs", 0777))
		return -1;
	for (int day = 1; day <= 10; day++) {
		char name[16];

		snprintf(name, sizeof(name), "r%d", 11 - day);
		make_run(name, day, day < 9 ? "Old" : "New", (day < 6 ? 10 : 14) + 0.01 * day, "1");
	}
	return 0;
}

static const char *text(const json_t *list, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, i), key));
}

static double number(const json_t *list, size_t i, const char *key)
{
	return json_number_value(json_object_get(json_array_get(list, i), key));
}

static void runs_are_listed(void **state)
{
	static char cells[MEASUREMENT_LINE_MAX];
	json_t *list;

	(void)state;
	mkdir("runs/no_run", 0777);
	mkdir("runs/broken", 0777);
	write_text("runs/broken/benchmark.json", "{");
	mkdir("runs/going", 0777);
	write_text("runs/going/run.json",
		   "{\"format\": 1, \"command\": \"run\", \"started\": "
		   "\"2026-01-20T10:00:00+0000\", \"revision\": \"abc\", \"arguments\": [\"w\"], "
		   "\"facts\": {\"machine\": {\"cpu\": \"New\"}}}");
	snprintf(cells, sizeof(cells), "%s\n", measurement_header());
	write_text("runs/going/cells.tsv", cells);
	assert_int_equal(RUN("list", "--runs", "--results", "runs", "--json"), 0);
	list = said_json();
	/* broken has no time, so it comes first; the others in time, not by name. */
	assert_int_equal(json_array_size(list), 12);
	assert_string_equal(text(list, 0, "state"), "unreadable");
	assert_string_equal(text(list, 1, "name"), "r10");
	assert_string_equal(text(list, 1, "revision"), "rev1");
	assert_string_equal(text(list, 1, "cpu"), "Old");
	assert_true(number(list, 1, "good") == 9 && number(list, 1, "void") == 2);
	assert_string_equal(text(list, 2, "state"), "ended");
	assert_string_equal(text(list, 3, "state"), "interrupted");
	assert_string_equal(text(list, 10, "name"), "r1");
	assert_string_equal(text(list, 11, "state"), "not ended");
	/* It has no results yet: the error names the command that continues it. */
	assert_int_equal(RUN("report", "going", "--results", "runs"), 2);
	assert_non_null(strstr(said.err, "--resume"));
	assert_string_equal(text(list, 11, "revision"), "abc");
	json_decref(list);

	assert_int_equal(RUN("list", "--runs", "--results", "runs"), 0);
	expect(said.out, "rev10");
	expect(said.err, "broken");
	assert_int_equal(RUN("list", "--runs", "--results", "nowhere"), CT_EXIT_USER);
	expect(said.err, "nowhere");
	assert_int_equal(RUN("list", "--results", "runs"), CT_EXIT_USER);
	assert_int_equal(RUN("list", "--runs", "--axes"), CT_EXIT_USER);
}

/* The only change of the only series; its first run at the new level. */
static void check_change(const json_t *result, const char *name, double before)
{
	json_t *series = json_object_get(result, "series"), *one = json_array_get(series, 0);
	json_t *changes = json_object_get(one, "changes");
	json_t *runs = json_object_get(result, "runs");

	assert_int_equal(json_array_size(runs), 10);
	assert_string_equal(text(runs, 0, "name"), "r10");
	assert_string_equal(text(runs, 7, "differs"), "");
	assert_string_equal(text(runs, 8, "differs"), "cpu");
	assert_int_equal(json_array_size(series), 1);
	assert_string_equal(json_string_value(json_object_get(one, "name")), name);
	assert_int_equal(json_array_size(json_object_get(one, "points")), 10);
	assert_int_equal(json_array_size(changes), 1);
	assert_true(number(changes, 0, "run") == 5);
	assert_true(number(changes, 0, "before") > before - 0.1 &&
		    number(changes, 0, "before") < before + 0.1);
}

static void changes_are_found(void **state)
{
	json_t *result;

	(void)state;
	assert_int_equal(RUN("history", "w", "--results", "runs", "--json"), 0);
	result = said_json();
	check_change(result, "siphash instead of jhash2 (mops)", -2);
	json_decref(result);
	assert_int_equal(RUN("history", "w", "--results", "runs", "--metric", "mops", "--json"), 0);
	result = said_json();
	check_change(result, NAME, 10);
	json_decref(result);
	assert_int_equal(RUN("history", "w", "--results", "runs"), 0);
	expect(said.out, "CHANGE");
	/* Runs by name, too few for a change. */
	assert_int_equal(RUN("history", "w", "r1", "r10", "--results", "runs", "--json"), 0);
	result = said_json();
	assert_int_equal(json_array_size(json_object_get(result, "runs")), 2);
	assert_true(json_is_false(json_object_get(result, "change_points")));
	json_decref(result);
}

/* A cell with the same name and other parameters belongs to another series. */
static void other_cells_are_left_out(void **state)
{
	json_t *result, *one;

	(void)state;
	make_run("other", 15, "New", 14, "2");
	assert_int_equal(RUN("history", "w", "--results", "runs", "--metric", "mops", "--json"), 0);
	result = said_json();
	one = json_array_get(json_object_get(result, "series"), 0);
	assert_int_equal(json_array_size(json_object_get(one, "points")), 1);
	assert_int_equal(json_array_size(json_object_get(result, "left_out")), 10);
	json_decref(result);
}

static void errors(void **state)
{
	(void)state;
	assert_int_equal(RUN("history", "other", "--results", "runs"), CT_EXIT_USER);
	expect(said.err, "other");
	assert_int_equal(RUN("history", "w", "--results", "runs", "--metric", "p99_ns"),
			 CT_EXIT_USER);
	expect(said.err, "p99_ns");
	assert_int_equal(RUN("history", "w", "--results", "runs", "--only", "x*"), CT_EXIT_USER);
	assert_int_equal(RUN("history", "w", "absent", "--results", "runs"), CT_EXIT_USER);
	assert_int_equal(RUN("history"), CT_EXIT_USER);
}

static void it_is_drawn(void **state)
{
	static char svg[1 << 20];

	(void)state;
	if (!have_gnuplot())
		skip();
	assert_int_equal(
		RUN("history", "w", "--results", "runs", "--metric", "mops", "--plot", "drawn"), 0);
	read_text("drawn/w-history-mops.svg", svg, sizeof(svg));
	expect(svg, "nulls_rcu_siphash/threads:1");
	expect(svg, "2026-01-01");
	expect(svg, "10.03 to 14.08");
	assert_int_equal(RUN("compare", "r10", "r1", "--results", "runs", "--plot", "drawn"), 0);
	expect(said.out, "drawn (1,");
}

static int enter(void **state)
{
	(void)state;
	return own_folder_enter("history");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(runs_are_listed, setup),
		cmocka_unit_test_setup(changes_are_found, setup),
		cmocka_unit_test_setup(other_cells_are_left_out, setup),
		cmocka_unit_test_setup(errors, setup),
		cmocka_unit_test_setup(it_is_drawn, setup),
	};

	return cmocka_run_group_tests(tests, enter, own_folder_leave);
}
