/* SPDX-License-Identifier: MIT */
/* The results of a run: its files, the order of its measurements, and the effects of options. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/run_fixture.h"

/* ---- the results of a run ---- */

static void a_run_and_its_files(void **state)
{
	json_t *benchmark, *b, *cell;
	unsigned int iterations = 0, aggregates = 0;
	double median = 0, real_time = 0;
	size_t i;

	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	assert_int_equal(fake->calls, CELLS * REPEATS);
	expect(said.out, "noise:");
	expect(said.out, "little: Does it run?");
	expect(said.out, "Mops/s");
	expect(said.out, "runs/a");

	benchmark = benchmark_of("a");
	json_array_foreach(json_object_get(benchmark, "benchmarks"), i, b) {
		const char *name = json_string_value(json_object_get(b, "run_name"));
		bool aggregate = json_object_get(b, "aggregate_name");

		/* Names as given, so that runs can be compared. */
		assert_non_null(cell_of(benchmark, name));
		iterations += !aggregate;
		aggregates += aggregate;
		if (!strcmp(json_string_value(json_object_get(b, "name")), BASELINE "_median"))
			real_time = json_number_value(json_object_get(b, "real_time"));
	}
	assert_int_equal(iterations, CELLS * REPEATS);
	assert_int_equal(aggregates, CELLS * 4);
	cell = cell_of(benchmark, BASELINE);
	assert_int_equal(json_unpack(cell, "{s:{s:f}}", "ns_per_op", "median", &median), 0);
	assert_true(fabs(median - 51) < 1e-9);
	assert_true(fabs(real_time - 51) < 1e-6);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(cell, "axes"), "chain")),
		"nulls_rcu");
	assert_int_equal(json_number_value(json_object_get(cell, "node_bytes_per_connection")),
			 320);
	assert_null(json_object_get(json_object_get(benchmark, "context"), "host_name"));
	json_decref(benchmark);
	assert_int_equal(access("runs/a/results.tsv", R_OK), 0);
	assert_int_equal(access("runs/a/run.log", R_OK), 0);
	assert_int_not_equal(access("runs/a/gbench.json", F_OK), 0);
}

static void results_tsv_is_a_table(void **state)
{
	char text[16384], *line, *rest = text, *name;
	unsigned int columns = 0, lines = 0;

	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	read_text("runs/a/results.tsv", text, sizeof(text));
	while ((line = strsep(&rest, "\n")) && *line) {
		char *columns_rest = line;
		unsigned int n = 0;

		while ((name = strsep(&columns_rest, "\t"))) {
			n++;
			assert_true(*name);
		}
		if (!columns)
			columns = n;
		assert_int_equal(n, columns);
		lines++;
	}
	assert_int_equal(lines, 1 + CELLS);
	assert_true(columns > 40);
}

/* The A/A pair: 51 against 51.5 ns; three repeats give no noise. */
static void noise_is_the_control(void **state)
{
	json_t *benchmark;
	double effect = 0;
	json_t *noise;

	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	benchmark = benchmark_of("a");
	noise = json_object_get(json_object_get(benchmark, "ctbench"), "noise");
	assert_int_equal(json_unpack(noise, "{s:[{s:f}], s:n}", "pairs", "effect_percent", &effect,
				     "percent"),
			 0);
	assert_true(fabs(effect + 100 * 0.5 / 51.5) < 1e-6);
	json_decref(benchmark);
}

/* Details of measurements: medians with an interval, of good repeats. */
static void details_become_metrics(void **state)
{
	json_t *benchmark, *metric;
	double median, low, high;
	int n;

	(void)state;
	fake->details = true;
	fake->voids = 2;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	benchmark = benchmark_of("a");
	metric = json_object_get(json_object_get(cell_of(benchmark, BASELINE), "metrics"),
				 "wait_us");
	assert_int_equal(json_unpack(metric, "{s:f, s:f, s:f, s:i}", "median", &median, "ci_low",
				     &low, "ci_high", &high, "n", &n),
			 0);
	assert_true(median == 11 && low == 10 && high == 12 && n == REPEATS);
	json_decref(benchmark);
}

/* Open-loop measurements have latencies and no throughput, in table, report and plots.
 */
static void latencies_are_no_throughput(void **state)
{
	static char page[1 << 20];
	json_t *benchmark, *cell, *b;
	size_t i;

	(void)state;
	assert_int_equal(
		run("little.yaml --results runs --name a --threads 1 --oversubscribe false "
		    "--plots latency,rate --rate 100k,1M"),
		0);
	expect(said.out, "p99 us");
	assert_null(strstr(said.out, "Mops/s"));
	expect(said.out, " 30 of 3000 ");
	expect(said.out, "Response times (open loop)");
	expect(said.out, ": 20 ns, in steps of 10 ns");
	benchmark = benchmark_of("a");
	cell = cell_of(benchmark, "little/locked_jhash2_scale_seqcount/rate:1M");
	assert_true(json_is_null(json_object_get(cell, "mops")));
	assert_true(json_is_null(json_object_get(cell, "ns_per_op")));
	assert_int_equal(json_integer_value(json_object_get(cell, "n")), REPEATS);
	cell = json_object_get(cell, "latency");
	assert_int_equal(json_integer_value(json_object_get(cell, "unfinished")), 30);
	assert_int_equal(json_array_size(json_object_get(json_object_get(cell, "curve"), "nines")),
			 3);
	assert_true(json_number_value(json_array_get(
			    json_object_get(json_object_get(cell, "curve"), "median_ns"), 2)) ==
		    101 * 50);
	json_array_foreach(json_object_get(benchmark, "benchmarks"), i, b)
		assert_null(json_object_get(b, "ops_per_s"));
	json_decref(benchmark);
	assert_int_equal(access("runs/a/plots/little-rate.svg", R_OK), 0);
	assert_int_equal(access("runs/a/plots/little-latency-rate1M.png", R_OK), 0);
	/* The page has a narrow form of each, for phones. */
	read_text("runs/a/report.html", page, sizeof(page));
	expect(page, "<figure class=\"both\">");
	assert_null(strstr(page, "<figure>"));
}

/* ---- order ---- */

/* Each block of CELLS rows is one repeat of all cells; blocks do not all have the same order. */
static void repeats_are_interleaved(void **state)
{
	bool shuffled = false;

	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a --repeats 9"), 0);
	assert_int_equal(read_rows("a"), CELLS * 9);
	for (unsigned int i = 0; i < CELLS * 9; i++) {
		assert_int_equal(rows[i].repeat, i / CELLS);
		for (unsigned int k = i / CELLS * CELLS; k < i; k++)
			assert_string_not_equal(rows[k].name, rows[i].name);
		if (i >= CELLS)
			shuffled |= strcmp(rows[i].name, rows[i - CELLS].name) != 0;
	}
	assert_true(shuffled);
}

static void or_not_if_one_says_so(void **state)
{
	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a -- "
			     "--benchmark_enable_random_interleaving=false"),
			 0);
	assert_int_equal(read_rows("a"), CELLS * REPEATS);
	for (unsigned int i = 0; i < CELLS * REPEATS; i++) {
		assert_int_equal(rows[i].repeat, i % REPEATS);
		assert_string_equal(rows[i].name, rows[i / REPEATS * REPEATS].name);
	}
}

/* ---- Google Benchmark's flags ---- */

static void flags_after_the_dashes(void **state)
{
	json_t *benchmark;

	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a -- --benchmark_filter=threads:1$ "
			     "--benchmark_repetitions=2 --benchmark_out=gb.json"),
			 0);
	assert_int_equal(fake->calls, 2 * 2);
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "cells"), 2);
	assert_null(cell_of(benchmark, "little/nulls_rcu_jhash2_scale_seqcount/threads:2"));
	json_decref(benchmark);
	benchmark = json_load_file("gb.json", 0, NULL);
	assert_int_equal(json_array_size(json_object_get(benchmark, "benchmarks")), 2 * 2 + 2 * 4);
	json_decref(benchmark);

	assert_int_equal(run("little.yaml -- --benchmark_list_tests"), 0);
	expect(said.out, BASELINE "\n");
	assert_int_equal(run("little.yaml --dry-run"), 0);
	assert_int_equal(fake->calls, 4);
}

/*
 * Each $ stands for the end of a cell's name.  Once only the last one did, so that 'a$|b$' selected
 * only b, without a message.
 */
static void filters(void **state)
{
	static const struct {
		const char *filter;
		unsigned int cells;
	} cases[] = {
		{ "threads:1$", 2 },
		{ "nulls.*threads:1$|locked.*threads:2$", 2 },
		{ "(nulls.*threads:1$)|control$", 2 },
		{ "(threads:1|threads:2)$", 4 },
		{ "[$]|control", 1 },
		{ "[^]$]threads:2$", 2 },
		{ "\\$|control", 1 },
		{ "threads$|control", 1 },
		{ "-control$", 4 },
	};
	char arguments[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int n = 0;

		snprintf(arguments, sizeof(arguments),
			 "little.yaml -- --benchmark_list_tests --benchmark_filter=%s",
			 cases[i].filter);
		assert_int_equal(run(arguments), 0);
		for (const char *p = said.out; *p; p++)
			n += *p == '\n';
		if (n != cases[i].cells)
			fail_msg("%s chooses %u cells: %s", cases[i].filter, n, said.out);
	}
}

/* --dry-run lists the selected cells; once it listed all cells, and the time of all. */
static void a_dry_run_of_some(void **state)
{
	(void)state;
	assert_int_equal(run("little.yaml --dry-run -- --benchmark_filter=nulls.*threads:1$ "
			     "--benchmark_repetitions=2"),
			 0);
	expect(said.out, "  1 of 4 cells ");
	expect(said.out, "1 workload, 2 measurements, ");
	expect(said.out, " 1 of 5 cells");
	assert_null(strstr(said.out, "locked_jhash2"));
	assert_int_equal(run("little.yaml --dry-run"), 0);
	expect(said.out, "  4 cells ");
	expect(said.out, "1 workload, 15 measurements, ");
	assert_null(strstr(said.out, "These are"));
	assert_int_equal(fake->calls, 0);
}

static void bad_flags(void **state)
{
	static const struct {
		const char *arguments, *says;
	} cases[] = {
		{ "little.yaml -- --benchmark_colour=no", "'--benchmark_colour=no'" },
		{ "little.yaml -- --benchmark_filter=(", "regular expression" },
		{ "little.yaml -- --benchmark_filter=nothing", "matches no cell" },
		{ "little.yaml -- --benchmark_repetitions=0", "from 1 to 10000" },
		{ "little.yaml -- --benchmark_format=xml", "console, json, csv" },
		{ "little.yaml -- --benchmark_min_warmup_time=1", "--warmup" },
		{ "little.yaml --results runs --name b -- --benchmark_out=little.yaml/x",
		  "--benchmark_out" },
		{ "little.yaml --nam x", "--name" },
		{ "", "WORKLOAD" },
		{ "little.yaml --resume x", "--resume" },
		{ "--resume x --results runs", "--resume needs" },
		{ "little.yaml --results little.yaml/runs", "Not a directory" },
		{ "little.yaml --results runs --name a/b", "'a/b'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(cases[i].arguments), 2);
		if (!strstr(said.err, cases[i].says))
			fail_msg("'%s' says: %s", cases[i].arguments, said.err);
		/* One sentence: one line. */
		assert_ptr_equal(strchr(strstr(said.err, cases[i].says), '\n'),
				 said.err + strlen(said.err) - 1);
	}
	assert_int_equal(fake->calls, 0);
}

static void a_name_is_used_once(void **state)
{
	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	assert_int_equal(run("little.yaml --results runs --name a"), 2);
	expect(said.err, "never overwritten");
	assert_int_equal(fake->calls, CELLS * REPEATS);
	assert_int_equal(read_rows("a"), CELLS * REPEATS);
}

/* ---- its cost ---- */

/* All windows and warm-ups are counted, those before an interrupt too. */
static void what_a_run_cost(void **state)
{
	double windows = 0, warmups = 0, elapsed = 0, overhead = 0;
	json_t *benchmark;

	(void)state;
	fake->interrupt_at = 8;
	assert_int_equal(run("little.yaml --results runs --name a"), CT_EXIT_INTERRUPTED);
	assert_int_equal(run("--resume a --results runs"), 0);
	benchmark = benchmark_of("a");
	assert_int_equal(json_unpack(benchmark, "{s:{s:{s:f, s:f, s:f, s:f}}}", "ctbench", "cost",
				     "windows_s", &windows, "warmups_s", &warmups, "elapsed_s",
				     &elapsed, "overhead", &overhead),
			 0);
	/* The defaults: 0.2 s after 0.05 s, or others; as many as there are repeats. */
	assert_true(fabs(windows / (CELLS * REPEATS) -
			 json_number_value(json_object_get(
				 json_object_get(cell_of(benchmark, BASELINE), "parameters"),
				 "duration"))) < 1e-9);
	assert_true(fabs(warmups / (CELLS * REPEATS) -
			 json_number_value(json_object_get(
				 json_object_get(cell_of(benchmark, BASELINE), "parameters"),
				 "warmup"))) < 1e-9);
	assert_true(elapsed > 0);
	assert_true(fabs(overhead - elapsed / (windows + warmups)) < 1e-9);
	expect(said.out, "without filling");
	json_decref(benchmark);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, fresh)
		TEST(a_run_and_its_files),
		TEST(results_tsv_is_a_table),
		TEST(noise_is_the_control),
		TEST(details_become_metrics),
		TEST(latencies_are_no_throughput),
		TEST(repeats_are_interleaved),
		TEST(or_not_if_one_says_so),
		TEST(filters),
		TEST(a_dry_run_of_some),
		TEST(flags_after_the_dashes),
		TEST(bad_flags),
		TEST(a_name_is_used_once),
		TEST(what_a_run_cost),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("run", tests, begin, own_folder_leave);
}
