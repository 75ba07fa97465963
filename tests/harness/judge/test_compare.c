/* SPDX-License-Identifier: MIT */
/*
 * ctbench compare: a planted regression is found with the right size and exit status 3; without one
 * there is none; runs that cannot be compared are refused.
 */
#include "harness/judge/judge.h"
#include "harness/judge/compare.h"

#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/said_json.h"
#include "tests/fixture/fake_report.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static json_t *benchmark(const struct fake_run *run)
{
	json_t *report = fake_report(run);

	assert_int_equal(judge_run(report), 0);
	json_object_set_new(report, "environment",
			    json_pack("{s:{s:s, s:s, s:n, s:b}, s:{s:s, s:i}}", "build", "revision",
				      "abc", "compiler", "gcc 12", "sanitizer", "optimized", 1,
				      "machine", "cpu", "Some CPU", "memory_available_bytes", 5));
	return json_pack("{s:[], s:o}", "benchmarks", "ctbench", report);
}

static json_t *compare(json_t *a, json_t *b, const char *metrics, double bound, struct ct_error *e)
{
	struct compare_run x = { "a", a }, y = { "b", b };

	*e = (struct ct_error){ 0 };
	return judge_compare(&x, &y, metrics, bound, false, e);
}

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The comparison of a cell; NULL: of the whole workload. */
static const json_t *comparison(const json_t *result, const char *cell)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(result, "comparisons"), i, item) {
		const char *name = json_string_value(json_object_get(item, "cell"));

		if (cell ? name && !strcmp(name, cell) : !name)
			return item;
	}
	return NULL;
}

static const char *outcome(const json_t *result, const char *cell)
{
	return json_string_value(json_object_get(comparison(result, cell), "outcome"));
}

/* The outcome for b: the whole workload, and whether it regressed beyond the bound. */
static void whole_is(json_t *a, json_t *b, double bound, const char *says, bool regressed)
{
	struct ct_error e;
	json_t *result = compare(a, b, NULL, bound, &e);

	assert_non_null(result);
	assert_string_equal(outcome(result, NULL), says);
	assert_int_equal(number(result, "regressions") >= 1, regressed);
	json_decref(result);
}

#define CELL "w/locked_jhash2_mask_rwlock/threads:2"

/* ---- files, and the command ---- */

static void write_run(const char *name, json_t *json)
{
	char path[128];

	mkdir(name, 0777);
	snprintf(path, sizeof(path), "%s/benchmark.json", name);
	assert_int_equal(json_dump_file(json, path, 0), 0);
}

/* Run b: everything 12 % slower, or one cell alone. */
static json_t *slower(const char *cell, double factor, uint64_t seed)
{
	struct fake_run run;

	fake_axes(&run);
	for (unsigned int i = 0; i < run.nr; i++) {
		char name[256];

		snprintf(name, sizeof(name), "w/%s/threads:%d", run.cells[i].variant,
			 run.cells[i].threads);
		if (!cell || (!strcmp(cell, name) && !run.cells[i].control))
			run.cells[i].truth *= factor;
	}
	fake_measure(&run, FAKE_LOGNORMAL, seed);
	return benchmark(&run);
}

static void a_regression_is_proven(void **state)
{
	json_t *a = slower(NULL, 1, 1), *b = slower(NULL, 0.88, 2), *result;
	struct ct_error e;

	(void)state;
	result = compare(a, b, NULL, 0.03, &e);
	assert_non_null(result);
	assert_int_equal(number(json_object_get(result, "statistics"), "comparisons"), 17);
	assert_string_equal(outcome(result, NULL), "worse");
	assert_true(fabs(number(comparison(result, NULL), "effect_percent") + 12) < 1.5);
	assert_true(json_is_true(json_object_get(comparison(result, NULL), "regression")));
	assert_true(number(result, "regressions") >= 1);
	json_decref(result);

	/* Worse, but not beyond the bound. */
	whole_is(a, b, 0.15, "worse", false);
	/* With A and B exchanged it is a gain. */
	whole_is(b, a, 0.03, "better", false);

	write_run("a", a);
	write_run("b", b);
	assert_int_equal(run_line("compare a b"), 3);
	expect(said.out, "REGRESSION");
	expect(said.out, "than 3 %");
	assert_int_equal(run_line("compare a b --bound 15%%"), 0);
	expect(said.out, "than 15 %");
	assert_int_equal(run_line("compare b a"), 0);
	assert_int_equal(run_line("compare a b --markdown"), 3);
	expect(said.out, "| all 16");
	assert_int_equal(run_line("compare a b --json"), 3);
	result = said_json();
	assert_true(number(result, "regressions") >= 1);
	json_decref(result);
	json_decref(a);
	json_decref(b);
}

/* One cell of many. */
static void one_cell_alone(void **state)
{
	json_t *a = slower(NULL, 1, 1), *b = slower(CELL, 0.7, 2), *result;
	struct ct_error e;

	(void)state;
	result = compare(a, b, NULL, 0.03, &e);
	assert_string_equal(outcome(result, CELL), "worse");
	assert_true(fabs(number(comparison(result, CELL), "effect_percent") + 30) < 5);
	assert_string_equal(outcome(result, "w/locked_jhash2_mask_rwlock/threads:1"), "none");
	assert_int_equal(number(result, "regressions"), 1);
	json_decref(result);
	json_decref(a);
	json_decref(b);
}

/* A comparison that is too noisy for the change that CI asks about must not pass. */
static void too_little_power(void **state)
{
	json_t *a = slower(NULL, 1, 1), *b = slower(NULL, 1, 2), *result;
	struct ct_error e;
	double most = 0, item;
	json_t *one;
	size_t i;

	(void)state;
	result = compare(a, b, NULL, 0.03, &e);
	json_array_foreach(json_object_get(result, "comparisons"), i, one) {
		item = number(one, "visible_percent");
		most = item > most ? item : most;
	}
	judge_require_power(result, most / 100);
	assert_int_equal(number(result, "blind"), 0);
	assert_null(json_object_get(result, "least_sensitive"));
	judge_require_power(result, 0.99 * most / 100);
	assert_int_equal(number(result, "blind"), 1);
	one = json_object_get(result, "least_sensitive");
	assert_true(number(one, "visible_percent") == most);
	/* Repeats for half the smallest detectable effect: four times as many. */
	assert_in_range(judge_repeats_needed(one, expm1(log1p(most / 100) / 2)),
			4 * (unsigned int)number(one, "n"), 4 * (unsigned int)number(one, "n") + 1);
	assert_int_equal(judge_repeats_needed(one, 1e-6), 0);
	/* A comparison that could not be judged counts as not detectable. */
	json_object_del(json_array_get(json_object_get(result, "comparisons"), 3),
			"visible_percent");
	judge_require_power(result, 1);
	assert_int_equal(number(result, "blind"), 1);
	json_decref(result);

	write_run("a", a);
	write_run("b", b);
	assert_int_equal(run_line("compare a b --require-power %.3f%%", most + 0.01), 0);
	assert_int_equal(run_line("compare a b --require-power 0.5%%"), 4);
	expect(said.err, "--repeats");
	expect(said.out, "smallest detectable");
	assert_int_equal(run_line("compare a b --require-power 0%%"), 2);
	assert_int_equal(run_line("compare a b --require-power 5"), 2);
	json_decref(b);
	/* A proven regression is reported with any noise. */
	b = slower(NULL, 0.7, 2);
	write_run("b", b);
	assert_int_equal(run_line("compare a b --require-power 0.5%%"), 3);
	json_decref(a);
	json_decref(b);
}

/* Equal runs: 100 comparisons of pairs of runs on each kind of machine. */
static void nothing_out_of_nothing(void **state)
{
	struct fake_run run;
	unsigned int all = 0;
	struct ct_error e;

	(void)state;
	fake_axes(&run);
	/* A machine that stays slow is another machine in the second run: not used here. */
	for (unsigned int m = 0; m < 3; m++) {
		enum fake_noise noise =
			(enum fake_noise[]){ FAKE_LOGNORMAL, FAKE_HEAVY, FAKE_BIMODAL }[m];
		unsigned int alarms = 0;

		for (unsigned int i = 0; i < 100; i++) {
			json_t *a, *b, *result, *item;
			bool alarm = false;
			size_t k;

			fake_measure(&run, noise, 5000 + 1000 * noise + 2 * i);
			a = benchmark(&run);
			fake_measure(&run, noise, 5001 + 1000 * noise + 2 * i);
			b = benchmark(&run);
			result = compare(a, b, NULL, 0.03, &e);
			json_array_foreach(json_object_get(result, "comparisons"), k, item)
				alarm |= strcmp(json_string_value(json_object_get(item, "outcome")),
						"none") != 0;
			alarms += alarm;
			json_decref(result);
			json_decref(a);
			json_decref(b);
		}
		print_message("%s: %u of 100 cry wolf\n", fake_noise_names[noise], alarms);
		all += alarms;
	}
	assert_true(all <= 15);
}

static void more_time_is_worse(void **state)
{
	json_t *a, *b;
	struct fake_run run;

	(void)state;
	fake_axes(&run);
	run.metric = "p99_ns";
	fake_measure(&run, FAKE_LOGNORMAL, 1);
	a = benchmark(&run);
	for (unsigned int i = 0; i < run.nr; i++)
		run.cells[i].truth *= 1.2;
	fake_measure(&run, FAKE_LOGNORMAL, 2);
	b = benchmark(&run);
	whole_is(a, b, 0.1, "worse", true);
	whole_is(b, a, 0.1, "better", false);
	json_decref(a);
	json_decref(b);
}

/* A cell without a bound has no share, and gets no absolute throughput instead. */
static void shares_stay_shares(void **state)
{
	json_t *sides[2] = { slower(NULL, 1, 1), slower(NULL, 0.8, 2) }, *cell, *result;
	const json_t *one;
	const char *name;
	char gone[256] = "";
	struct ct_error e;

	(void)state;
	for (int i = 0; i < 2; i++) {
		json_t *report = json_object_get(sides[i], "ctbench");

		json_object_foreach(json_object_get(report, "cells"), name, cell) {
			if (!*gone && !json_is_true(json_object_get(cell, "control")))
				snprintf(gone, sizeof(gone), "%s", name);
			if (!strcmp(gone, name)) /* as shares_of() leaves it */
				json_object_del(json_object_get(cell, "metrics"), "mops");
		}
		json_object_set_new(report, "shares", json_pack("{s:s}", "of", "dependent"));
	}
	result = compare(sides[0], sides[1], "mops", 0.03, &e);
	assert_non_null(result);
	one = comparison(result, gone);
	assert_true(!one || !isfinite(number(one, "effect_percent")));
	assert_string_equal(outcome(result, NULL), "worse");
	json_decref(result);
	json_decref(sides[0]);
	json_decref(sides[1]);
}

/* ---- reports and refusals ---- */

static void what_differs_is_told(void **state)
{
	json_t *a = slower(NULL, 1, 1), *b = slower(NULL, 1, 2), *build, *cells, *result;
	struct ct_error e;

	(void)state;
	build = json_object_get(json_object_get(json_object_get(b, "ctbench"), "environment"),
				"build");
	json_object_set_new(build, "compiler", json_string("clang 14"));
	json_object_set_new(
		json_object_get(json_object_get(json_object_get(b, "ctbench"), "environment"),
				"machine"),
		"memory_available_bytes", json_integer(6));
	cells = json_object_get(json_object_get(b, "ctbench"), "cells");
	json_object_set_new(json_object_get(json_object_get(cells, CELL), "parameters"), "flows",
			    json_integer(1));
	json_object_del(cells, "w/locked_jhash2_mask_rwlock/threads:1");
	result = compare(a, b, NULL, 0.03, &e);
	assert_int_equal(json_array_size(json_object_get(result, "environment")), 1);
	assert_int_equal(json_array_size(json_object_get(result, "only_a")), 1);
	assert_int_equal(json_array_size(json_object_get(result, "different")), 1);
	assert_null(comparison(result, CELL));
	assert_int_equal(number(comparison(result, NULL), "cells"), 14);
	write_run("a", a);
	write_run("b", b);
	run_line("compare a b");
	expect(said.out, "build.compiler: gcc 12 | clang 14");
	expect(said.out, "not compared: " CELL " (another flows)");
	json_decref(result);
	json_decref(a);
	json_decref(b);
}

/* Old runs say split: flow for synthetic flows, which is now split: any. */
static void old_splits(void **state)
{
	json_t *run[2] = { slower(NULL, 1, 1), slower(NULL, 1, 2) }, *parameters, *result;
	struct ct_error e;

	(void)state;
	for (int side = 0; side < 2; side++) {
		parameters = json_object_get(run[side], "ctbench");
		parameters = json_object_get(json_object_get(parameters, "cells"), CELL);
		parameters = json_object_get(parameters, "parameters");
		json_object_set_new(parameters, "capture", json_string("none"));
		json_object_set_new(parameters, "split", json_string(side ? "any" : "flow"));
	}
	json_object_set_new(parameters, "distance", json_string("any"));
	result = compare(run[0], run[1], NULL, 0.03, &e);
	assert_non_null(comparison(result, CELL));
	json_decref(result);
	/* Now flow has a meaning and is another question. */
	json_object_set_new(parameters, "split", json_string("flow"));
	result = compare(run[0], run[1], NULL, 0.03, &e);
	assert_null(comparison(result, CELL));
	assert_int_equal(json_array_size(json_object_get(result, "different")), 1);
	json_decref(result);
	json_decref(run[0]);
	json_decref(run[1]);
}

static void refused(struct ct_error *e, json_t *a, json_t *b, const char *metrics, const char *says)
{
	assert_null(compare(a, b, metrics, 0.03, e));
	assert_int_equal(e->status, CT_EXIT_USER);
	if (!strstr(e->text, says))
		fail_msg("%s", e->text);
}

static void senseless_comparisons(void **state)
{
	json_t *a = slower(NULL, 1, 1), *b = slower(NULL, 1, 2),
	       *report = json_object_get(b, "ctbench");
	json_t *cells = json_object_get(report, "cells"), *cell, *once, *twice;
	const char *name;
	struct ct_error e;

	(void)state;
	refused(&e, a, b, "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "too many names: 16 at most");
	/* A metric named twice is compared once. */
	once = compare(a, b, "mops", 0.03, &e);
	twice = compare(a, b, "mops,mops", 0.03, &e);
	assert_true(json_array_size(json_object_get(once, "comparisons")) > 0);
	assert_int_equal(json_array_size(json_object_get(once, "comparisons")),
			 json_array_size(json_object_get(twice, "comparisons")));
	json_decref(once);
	json_decref(twice);
	refused(&e, a, b, "mops,nonsense", "the metric 'nonsense'; they have mops");
	json_object_set_new(json_object_get(json_object_get(report, "environment"), "build"),
			    "sanitizer", json_string("address"));
	refused(&e, a, b, NULL, "with a sanitizer");
	json_object_set_new(json_object_get(json_object_get(report, "environment"), "build"),
			    "sanitizer", json_null());
	json_object_foreach(cells, name, cell)
		json_object_set_new(json_object_get(cell, "parameters"), "flows", json_integer(1));
	refused(&e, a, b, NULL, "has another flows");
	/* Two questions about the same table. */
	json_object_foreach(cells, name, cell) {
		json_object_set(
			cell, "parameters",
			json_object_get(
				json_object_get(
					json_object_get(json_object_get(a, "ctbench"), "cells"),
					name),
				"parameters"));
		json_object_set_new(cell, "saturation",
				    json_pack("{s:s, s:f}", "percentile", "p99", "bound_ns", 20e3));
	}
	json_object_foreach(json_object_get(json_object_get(a, "ctbench"), "cells"), name, cell)
		json_object_set_new(
			cell, "saturation",
			json_pack("{s:s, s:f}", "percentile", "p99", "bound_ns", 200e3));
	refused(&e, a, b, NULL, "has another bound_ns");
	json_object_set_new(report, "format", json_integer(2));
	refused(&e, a, b, NULL, "'b' has format 2");
	json_object_set_new(report, "format", json_integer(1));
	json_object_clear(cells);
	refused(&e, a, b, NULL, "has no cells");
	json_object_del(b, "ctbench");
	refused(&e, a, b, NULL, "no key ctbench");
	json_decref(b);

	write_run("a", a);
	assert_int_equal(run_line("compare a a"), 2);
	expect(said.err, "same run");
	assert_int_equal(run_line("compare a"), 2);
	assert_int_equal(run_line("compare a nowhere"), 2);
	expect(said.err, "cannot read 'nowhere/benchmark.json'");
	assert_int_equal(run_line("compare a b --bound 3"), 2);
	expect(said.err, "--bound is '3'");
	assert_int_equal(run_line("compare --help"), 0);
	json_decref(a);
}

/* Google Benchmark's own tool reads the report of a run. */
static void google_benchmarks_compare(void **state)
{
	static const char tool[] = "/usr/share/benchmark/compare.py";

	(void)state;
	if (access(tool, R_OK) || system("/usr/bin/python3 -c 'import scipy' 2>/dev/null"))
		skip();
	assert_int_equal(run_line("run %s/workloads/axes.yaml --threads 1 --flows 1Ki "
				  "--variants nulls_rcu_jhash2_scale_seqcount --repeats 9 "
				  "--duration 1ms --warmup 0ms --results . --name google",
				  CTBENCH_SOURCE_DIR),
			 0);
	assert_int_equal(system("/usr/bin/python3 /usr/share/benchmark/compare.py benchmarks "
				"google/benchmark.json google/benchmark.json >out 2>err"),
			 0);
	read_text("out", said.out, sizeof(said.out));
	/* On a busy machine some of the nine are void. */
	expect(said.out, "axes/nulls_rcu_jhash2_scale_seqcount_pvalue");
	expect(said.out, "U Test, Repetitions: ");
	assert_null(strstr(said.out, "nan"));
}

static int begin(void **state)
{
	(void)state;
	stats_resamples = 300;
	return own_folder_enter("compare");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_regression_is_proven), cmocka_unit_test(one_cell_alone),
	cmocka_unit_test(too_little_power),	  cmocka_unit_test(nothing_out_of_nothing),
	cmocka_unit_test(more_time_is_worse),	  cmocka_unit_test(shares_stay_shares),
	cmocka_unit_test(what_differs_is_told),	  cmocka_unit_test(old_splits),
	cmocka_unit_test(senseless_comparisons),  cmocka_unit_test(google_benchmarks_compare),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
