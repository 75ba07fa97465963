/* SPDX-License-Identifier: MIT */
/*
 * ctbench run from its arguments to its files, with measurements that are made
 * up: what is kept, in which order, and what becomes of it when things go wrong.
 */
#include "harness/run.h"

#include "harness/interrupt.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/command_fixture.h"

static const char workload[] =
	"name: little\n"
	"question: Does it run?\n"
	"variants: [nulls_rcu_jhash2_scale_seqcount, locked_jhash2_scale_seqcount]\n"
	"threads: [1, 2]\n"
	"oversubscribe: true\n"
	"flows: 1000\n"
	"load_factor: 1\n"
	"repeats: 3\n"
	"plots: [bars]\n";
#define CELLS 5			/* 2 variants, 2 numbers of threads, the control */
#define REPEATS 3

/* ---- made-up measurements; shared with children that are killed ---- */

static struct fake {
	unsigned int calls;
	unsigned int interrupt_at;	/* the call that raises SIGINT; 0: none */
	unsigned int kill_at;
	unsigned int voids;		/* the first measurements that are void */
	bool always_void;
	int fail_status;		/* for the locked variant */
	bool details;
} *fake;

static int measure(const struct cell *cell, struct cell_result *r, json_t **details,
		   struct ct_error *e)
{
	bool locked = !strncmp(cell->variant, "locked", 6);

	fake->calls++;
	if (fake->calls == fake->kill_at)
		kill(getpid(), SIGKILL);
	if (fake->calls == fake->interrupt_at) {
		raise(SIGINT);
		return ct_fail(e, -EINTR, CT_EXIT_USER, "interrupted");
	}
	memset(r, 0, sizeof(*r));
	if (locked && fake->fail_status) {
		r->status = fake->fail_status;
		strcpy(r->error, "no memory for \377 buckets");
		return 0;
	}
	if (fake->always_void || fake->calls <= fake->voids)
		strcpy(r->void_reason, "a thread moved");
	r->ns_per_op = 50 * (locked ? 2 : 1) + cell->repeat + (cell->control ? 0.5 : 0);
	r->cpu_ns_per_op = r->ns_per_op / 2;
	r->window = cell->seconds;
	r->ops = (uint64_t)(cell->threads * cell->seconds * 1e9 / r->ns_per_op);
	r->lookups = r->hits = r->ops;
	r->connections = cell->flows;
	r->node_bytes = 320 * cell->flows;
	r->bucket_bytes = 8 * cell->buckets;
	if (cell->rate) {
		double p50 = 100 + cell->repeat, p99 = p50 * (locked ? 50 : 5);

		r->latency_p50_ns = p50;
		r->latency_p99_ns = p99;
		r->latency_max_ns = r->latency_p999_ns = 2 * p99;
		*details = json_pack(
			"{s:{s:f, s:f, s:f, s:f, s:f}, s:{s:s, s:f, s:{s:f, s:f}, s:{s:{s:i}}, s:[f, f, f],"
			" s:I, s:s, s:i, s:f, s:f, s:i}}",
			"metrics", "p50_ns", p50, "p90_ns", 2 * p50, "p99_ns", p99, "p999_ns",
			2 * p99, "max_ns", 2 * p99, "latency", "kind", "response", "error",
			0.0078125, "timer_ns", "median", 20.0, "resolution", 10.0, "classes", "all",
			"n", 1000, "curve_ns", p50 / 2, p50, p99, "rate_per_s",
			(json_int_t)cell->rate, "arrivals", "poisson", "arrived", 990,
			"queued_share", 0.5, "lag_us", 3.0, "unfinished", locked ? 10 : 0);
	}
	if (fake->details)
		*details = json_pack("{s:{s:f}, s:s}", "metrics", "wait_us",
				     10.0 * cell->threads + cell->repeat +
					     (r->void_reason[0] ? 500 : 0),
				     "text", "\xc3\xbc, and a\ttab");
	return 0;
}

/* ---- running ---- */

static int run_made_up(int argc, char **argv)
{
	return run_command(argc, argv, measure);
}

static int run(const char *arguments)
{
	return call_command(run_made_up, "run", arguments);
}

/* In a child, for what does not come back. */
static int run_in_child(const char *arguments, rlim_t file_size)
{
	int status;
	pid_t child = fork();

	if (!child) {
		struct rlimit limit = { file_size, file_size };

		if (file_size)
			setrlimit(RLIMIT_FSIZE, &limit);
		_exit(run(arguments));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static json_t *benchmark_of(const char *name)
{
	char dir[128];
	struct ct_error e = { 0 };
	json_t *json;

	snprintf(dir, sizeof(dir), "runs/%s", name);
	json = results_read_json(dir, "benchmark.json", "", &e);
	if (!json)
		fail_msg("%s", e.text);
	return json;
}

static int count_of(const json_t *benchmark, const char *what)
{
	return (int)json_integer_value(json_object_get(
		json_object_get(json_object_get(benchmark, "ctbench"), "counts"), what));
}

static json_t *cell_of(const json_t *benchmark, const char *name)
{
	return json_object_get(json_object_get(json_object_get(benchmark, "ctbench"), "cells"), name);
}

#define BASELINE "little/nulls_rcu_jhash2_scale_seqcount/threads:1"
#define LOCKED "little/locked_jhash2_scale_seqcount/threads:1"

/* Rows of cells.tsv; the repeats and names of the first 64 of them. */
static struct row {
	char name[256];
	unsigned int repeat, attempt;
} rows[64];

static unsigned int read_rows(const char *name)
{
	char path[128], line[MEASUREMENT_LINE_MAX];
	struct measurement m;
	unsigned int n = 0;
	FILE *in;

	snprintf(path, sizeof(path), "runs/%s/cells.tsv", name);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_non_null(fgets(line, sizeof(line), in));
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		assert_true(measurement_from_line(&m, line));
		assert_true(n < 64);
		snprintf(rows[n].name, sizeof(rows[n].name), "%.250s", m.name);
		rows[n].repeat = m.repeat;
		rows[n++].attempt = m.attempt;
	}
	fclose(in);
	return n;
}

static const char *first_cell_of(const char *name)
{
	read_rows(name);
	return rows[0].name;
}

static int begin(void **state)
{
	(void)state;
	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake == MAP_FAILED || own_folder_enter("run"))
		return -1;
	write_text("little.yaml", workload);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	memset(fake, 0, sizeof(*fake));
	return remove_all("runs");
}

/* ---- what a run leaves ---- */

static void a_run_and_its_files(void **state)
{
	json_t *benchmark, *b, *cell;
	unsigned int iterations = 0, aggregates = 0;
	double median = 0, real_time = 0;
	size_t i;

	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	assert_int_equal(fake->calls, CELLS * REPEATS);
	expect(said.out, "noise of this run: ");
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
	assert_string_equal(json_string_value(json_object_get(json_object_get(cell, "axes"), "chain")),
			    "nulls_rcu");
	assert_int_equal(json_number_value(json_object_get(cell, "node_bytes_per_connection")), 320);
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

/* The noise is what the A/A pair shows: 51 against 51.5 ns, so much less throughput. */
static void noise_is_the_control(void **state)
{
	json_t *benchmark;
	double percent = 0;

	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	benchmark = benchmark_of("a");
	assert_int_equal(json_unpack(benchmark, "{s:{s:{s:f}}}", "ctbench", "noise", "percent", &percent), 0);
	assert_true(fabs(percent - 100 * 0.5 / 51.5) < 1e-6);
	json_decref(benchmark);
}

/* What a measurement tells beside its numbers: of good repeats, medians with an interval. */
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
	metric = json_object_get(json_object_get(cell_of(benchmark, BASELINE), "metrics"), "wait_us");
	assert_int_equal(json_unpack(metric, "{s:f, s:f, s:f, s:i}", "median", &median, "ci_low",
				     &low, "ci_high", &high, "n", &n), 0);
	assert_true(median == 11 && low == 10 && high == 12 && n == REPEATS);
	json_decref(benchmark);
}

/* Latencies instead of throughput, which such measurements have none of: in table, report, plots. */
static void latencies_are_no_throughput(void **state)
{
	json_t *benchmark, *cell, *b;
	size_t i;

	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a --threads 1 --oversubscribe false "
			     "--plots latency,rate --rate 100k,1M"), 0);
	expect(said.out, "p99 us");
	assert_null(strstr(said.out, "Mops/s"));
	expect(said.out, "fell behind: 30 of 3000 never begun");
	expect(said.out, "Response times (open loop)");
	expect(said.out, "Reading the clock is in every figure: 20 ns; it goes in steps of 10 ns.");
	benchmark = benchmark_of("a");
	cell = cell_of(benchmark, "little/locked_jhash2_scale_seqcount/rate:1M");
	assert_true(json_is_null(json_object_get(cell, "mops")));
	assert_true(json_is_null(json_object_get(cell, "ns_per_op")));
	assert_int_equal(json_integer_value(json_object_get(cell, "n")), REPEATS);
	cell = json_object_get(cell, "latency");
	assert_int_equal(json_integer_value(json_object_get(cell, "unfinished")), 30);
	assert_int_equal(json_array_size(json_object_get(json_object_get(cell, "curve"), "nines")), 3);
	assert_true(json_number_value(json_array_get(json_object_get(
		json_object_get(cell, "curve"), "median_ns"), 2)) == 101 * 50);
	json_array_foreach(json_object_get(benchmark, "benchmarks"), i, b)
		assert_null(json_object_get(b, "ops_per_s"));
	json_decref(benchmark);
	assert_int_equal(access("runs/a/plots/little-rate.svg", R_OK), 0);
	assert_int_equal(access("runs/a/plots/little-latency-rate1M.png", R_OK), 0);
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
			     "--benchmark_enable_random_interleaving=false"), 0);
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
			     "--benchmark_repetitions=2 --benchmark_out=gb.json"), 0);
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

static void bad_flags(void **state)
{
	static const struct {
		const char *arguments, *says;
	} cases[] = {
		{ "little.yaml -- --benchmark_colour=no", "'--benchmark_colour=no' is not a flag" },
		{ "little.yaml -- --benchmark_filter=(", "not a regular expression" },
		{ "little.yaml -- --benchmark_filter=nothing", "matches no cell" },
		{ "little.yaml -- --benchmark_repetitions=0", "from 1 to 10000" },
		{ "little.yaml -- --benchmark_format=xml", "console, json, csv" },
		{ "little.yaml -- --benchmark_min_warmup_time=1", "--warmup" },
		{ "little.yaml --results runs --name b -- --benchmark_out=little.yaml/x", "--benchmark_out" },
		{ "little.yaml --nam x", "--name" },
		{ "", "needs a workload" },
		{ "little.yaml --resume x", "--resume x goes on with the arguments" },
		{ "--resume x --results runs", "--resume needs a run" },
		{ "little.yaml --results little.yaml/runs", "Not a directory" },
		{ "little.yaml --results runs --name a/b", "cannot be the name" },
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

/* ---- void and failed measurements ---- */

static void a_void_measurement_is_made_again(void **state)
{
	json_t *benchmark;

	(void)state;
	fake->voids = 2;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	assert_int_equal(fake->calls, CELLS * REPEATS + 2);
	assert_int_equal(read_rows("a"), CELLS * REPEATS + 2);
	assert_int_equal(rows[2].attempt, 3);
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "void"), 2);
	assert_int_equal(count_of(benchmark, "good"), CELLS * REPEATS);
	json_decref(benchmark);
}

static void but_not_for_ever(void **state)
{
	json_t *benchmark, *b;
	unsigned int errors = 0;
	size_t i;

	(void)state;
	fake->always_void = true;
	assert_int_equal(run("little.yaml --results runs --name a"), CT_EXIT_INTERNAL);
	assert_int_equal(fake->calls, CELLS * REPEATS * (1 + RUN_RETRIES));
	expect(said.err, BASELINE ": void: a thread moved");
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "good"), 0);
	assert_int_equal(count_of(benchmark, "unusable"), CELLS * REPEATS);
	assert_true(json_is_null(json_object_get(cell_of(benchmark, BASELINE), "ns_per_op")));
	json_array_foreach(json_object_get(benchmark, "benchmarks"), i, b)
		errors += json_is_true(json_object_get(b, "error_occurred"));
	assert_int_equal(errors, CELLS * REPEATS);
	json_decref(benchmark);
}

/*
 * Google Benchmark takes what its statistics need from the first repeat; that
 * one being void must not spoil the others.
 */
static void the_first_repeat_may_be_the_void_one(void **state)
{
	json_t *benchmark, *b;
	unsigned int aggregates = 0;
	size_t i;

	(void)state;
	fake->voids = 1 + RUN_RETRIES;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "unusable"), 1);
	json_array_foreach(json_object_get(benchmark, "benchmarks"), i, b) {
		const char *run_name = json_string_value(json_object_get(b, "run_name"));

		if (strcmp(run_name, first_cell_of("a")) || !json_object_get(b, "aggregate_name"))
			continue;
		aggregates++;
		/* Finite and of the two that are left: 51 and 52 ns for the baseline, say. */
		if (!strcmp(json_string_value(json_object_get(b, "aggregate_name")), "mean"))
			assert_true(json_number_value(json_object_get(b, "real_time")) > 50);
	}
	assert_int_equal(aggregates, 4);
	json_decref(benchmark);
}

static void a_failed_cell_is_given_up(void **state)
{
	json_t *benchmark;

	(void)state;
	fake->fail_status = CT_EXIT_USER;
	assert_int_equal(run("little.yaml --results runs --name a"), CT_EXIT_USER);
	/* 3 cells with all repeats, 2 with one. */
	assert_int_equal(fake->calls, 3 * REPEATS + 2);
	expect(said.err, LOCKED ": failed: no memory for ? buckets");
	expect(said.out, "failed: no memory for ? buckets");
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "failed"), 2);
	assert_int_equal(json_integer_value(json_object_get(cell_of(benchmark, BASELINE), "n")), REPEATS);
	json_decref(benchmark);
}

static void what_the_machine_lacks_is_no_failure(void **state)
{
	(void)state;
	fake->fail_status = CT_EXIT_SKIP;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	expect(said.out, "not on this machine");
	/* Nothing at all could be measured: that is told to scripts. */
	assert_int_equal(run("little.yaml --variants locked_jhash2_scale_seqcount --results runs --name b"),
			 CT_EXIT_SKIP);
}

/* ---- interrupted, killed, full ---- */

static void check_complete(const char *name)
{
	json_t *benchmark = benchmark_of(name);

	assert_int_equal(count_of(benchmark, "good"), CELLS * REPEATS);
	assert_int_equal(count_of(benchmark, "missing"), 0);
	assert_int_equal(json_integer_value(json_object_get(cell_of(benchmark, BASELINE), "n")), REPEATS);
	json_decref(benchmark);
}

static void an_interrupt_keeps_what_is_done(void **state)
{
	json_t *benchmark;

	(void)state;
	fake->interrupt_at = 8;
	assert_int_equal(run("little.yaml --results runs --name a"), CT_EXIT_INTERRUPTED);
	assert_int_equal(fake->calls, 8);
	assert_int_equal(read_rows("a"), 7);
	expect(said.out, "Interrupted: 7 of 15 measurements");
	expect(said.out, "run --resume a --results runs\n");
	benchmark = benchmark_of("a");
	assert_true(json_is_true(json_object_get(json_object_get(benchmark, "ctbench"), "interrupted")));
	assert_int_equal(count_of(benchmark, "good"), 7);
	assert_int_equal(count_of(benchmark, "missing"), 8);
	json_decref(benchmark);

	assert_int_equal(run("--resume a --results runs"), 0);
	assert_int_equal(fake->calls, 8 + 8);
	assert_int_equal(read_rows("a"), CELLS * REPEATS);
	check_complete("a");

	/* And once more: there is nothing left to measure. */
	assert_int_equal(run("--resume a --results runs"), 0);
	assert_int_equal(fake->calls, 8 + 8);
	check_complete("a");
}

static void the_second_interrupt_leaves_at_once(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (!child) {
		interrupt_catch();
		raise(SIGINT);
		if (ct_interrupted != SIGINT)
			_exit(1);
		raise(SIGTERM);
		_exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CT_EXIT_INTERRUPTED);
}

static void a_killed_run_is_gone_on_with(void **state)
{
	int status;

	(void)state;
	fake->kill_at = 6;
	status = run_in_child("little.yaml --results runs --name a", 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(read_rows("a"), 5);
	assert_int_equal(run("--resume a --results runs"), 0);
	assert_int_equal(fake->calls, 6 + 10);
	check_complete("a");
}

/* A limit on file sizes instead of a full disk: 2000 bytes are the header and a few rows. */
static void a_full_disk_keeps_what_is_done(void **state)
{
	unsigned int kept;
	int status;
	char text[8192];

	(void)state;
	status = run_in_child("little.yaml --results runs --name a", 2000);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CT_EXIT_USER);
	read_text("runs/a/cells.tsv", text, sizeof(text));
	read_text("err", said.err, sizeof(said.err));
	expect(said.err, "File too large");
	for (kept = 0, status = 0; text[status]; status++)
		kept += text[status] == '\n';
	kept--;			/* the header */
	assert_true(kept >= 2 && kept < CELLS * REPEATS);
	assert_int_equal(run("--resume a --results runs"), 0);
	assert_int_equal(read_rows("a"), CELLS * REPEATS);
	check_complete("a");
}

static void without_gnuplot(void **state)
{
	char path[4096];
	int status;

	(void)state;
	snprintf(path, sizeof(path), "%s", getenv("PATH"));
	setenv("PATH", "/nonexistent", 1);
	status = run("little.yaml --results runs --name a");
	setenv("PATH", path, 1);
	assert_int_equal(status, CT_EXIT_USER);
	expect(said.err, "gnuplot-nox");
	check_complete("a");
}

/* ---- what it cost ---- */

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
				     &elapsed, "overhead", &overhead), 0);
	/* The defaults: 0.2 s after 0.05 s, or whatever they are; as many as there are repeats. */
	assert_true(fabs(windows / (CELLS * REPEATS) -
			 json_number_value(json_object_get(json_object_get(cell_of(benchmark, BASELINE),
								"parameters"), "duration"))) < 1e-9);
	assert_true(fabs(warmups / (CELLS * REPEATS) -
			 json_number_value(json_object_get(json_object_get(cell_of(benchmark, BASELINE),
								"parameters"), "warmup"))) < 1e-9);
	assert_true(elapsed > 0);
	assert_true(fabs(overhead - elapsed / (windows + warmups)) < 1e-9);
	expect(said.out, "times what was measured, tables apart");
	json_decref(benchmark);
}

/* ---- resuming something else ---- */

/* The workload with some of its text exchanged, as other.yaml. */
static void write_workload(const char *from, const char *to)
{
	const char *at = strstr(workload, from);
	char text[1024];

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - workload), workload, to,
		 at + strlen(from));
	write_text("other.yaml", text);
}

static void another_workload_is_not_mixed_in(void **state)
{
	(void)state;
	write_workload("flows: 1000", "flows: 1000");
	fake->interrupt_at = 5;
	assert_int_equal(run("other.yaml --results runs --name a"), CT_EXIT_INTERRUPTED);
	write_workload("flows: 1000", "flows: 2000");
	assert_int_equal(run("--resume a --results runs"), CT_EXIT_USER);
	expect(said.err, "other parameters");
	write_workload("threads: [1, 2]", "threads: [1, 3]");
	assert_int_equal(run("--resume a --results runs"), CT_EXIT_USER);
	expect(said.err, "no longer has");
	assert_int_equal(read_rows("a"), 4);
	assert_int_equal(fake->calls, 5);
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
		TEST(flags_after_the_dashes),
		TEST(bad_flags),
		TEST(a_name_is_used_once),
		TEST(a_void_measurement_is_made_again),
		TEST(but_not_for_ever),
		TEST(the_first_repeat_may_be_the_void_one),
		TEST(a_failed_cell_is_given_up),
		TEST(what_the_machine_lacks_is_no_failure),
		TEST(an_interrupt_keeps_what_is_done),
		TEST(the_second_interrupt_leaves_at_once),
		TEST(a_killed_run_is_gone_on_with),
		TEST(a_full_disk_keeps_what_is_done),
		TEST(without_gnuplot),
		TEST(what_a_run_cost),
		TEST(another_workload_is_not_mixed_in),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("run", tests, begin, own_folder_leave);
}
