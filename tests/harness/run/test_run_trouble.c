/* SPDX-License-Identifier: MIT */
/*
 * Errors during a run: void and failed measurements,
 * interrupts, kills, a full disk; and resuming it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/run_fixture.h"

/* In a child, for calls that do not return. */
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

static const char *first_cell_of(const char *name)
{
	read_rows(name);
	return rows[0].name;
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

/* Two repeats of each cell are tried: they end before the third, and are kept. */
static void but_not_for_ever(void **state)
{
	json_t *benchmark;

	(void)state;
	fake->always_void = true;
	assert_int_equal(run("little.yaml --results runs --name a"), CT_EXIT_VOID);
	assert_int_equal(fake->calls, CELLS * 2 * (1 + RUN_RETRIES));
	assert_int_equal(read_rows("a"), CELLS * 2 * (1 + RUN_RETRIES));
	expect(said.err, BASELINE ": void: a thread moved");
	expect(said.err, "--resume a");
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "good"), 0);
	assert_int_equal(count_of(benchmark, "unusable"), CELLS * 2);
	assert_int_equal(count_of(benchmark, "missing"), CELLS * (REPEATS - 2));
	assert_true(json_is_null(json_object_get(cell_of(benchmark, BASELINE), "ns_per_op")));
	assert_int_equal(json_array_size(json_object_get(benchmark, "benchmarks")), 0);
	json_decref(benchmark);
}

/* The machine is quiet again: --resume measures everything. */
static void given_up_and_gone_on_with(void **state)
{
	json_t *benchmark;

	(void)state;
	fake->always_void = true;
	assert_int_equal(run("little.yaml --results runs --name a"), CT_EXIT_VOID);
	fake->always_void = false;
	assert_int_equal(run("--resume a --results runs"), 0);
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "good"), CELLS * REPEATS);
	json_decref(benchmark);
}

/* A run continues if one of the first measurements is good, or if few were tried. */
static void not_given_up_too_early(void **state)
{
	(void)state;
	fake->voids = CELLS * 2 * (1 + RUN_RETRIES) - 1;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	assert_int_equal(fake->calls, fake->voids + 1 + CELLS * (REPEATS - 2));
	/* Two cells, the control among them, of which 12 attempts are void after two repeats. */
	fake->calls = fake->voids = 0;
	fake->always_void = true;
	assert_int_equal(run("little.yaml --variants locked_jhash2_scale_seqcount --threads 1 "
			     "--results runs --name b"),
			 CT_EXIT_VOID);
	assert_int_equal(fake->calls, 2 * REPEATS * (1 + RUN_RETRIES));
}

/*
 * Google Benchmark's compare.py gets no rows for failed and void measurements: it read them as 0 ns
 * and reported changes where there were none.
 */
static void no_row_without_a_time(void **state)
{
	static const char tool[] = "/usr/share/benchmark/compare.py";
	unsigned int iterations = 0;
	json_t *benchmark, *b;
	size_t i;

	(void)state;
	fake->voids = 1 + RUN_RETRIES;
	assert_int_equal(run("little.yaml --results runs --name a -- --benchmark_out=gb.json"), 0);
	assert_int_equal(run("little.yaml --results runs --name b"), 0);
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "unusable"), 1);
	assert_int_equal(count_of(benchmark, "good"), CELLS * REPEATS - 1);
	assert_int_equal(
		json_integer_value(json_object_get(cell_of(benchmark, first_cell_of("a")), "void")),
		1 + RUN_RETRIES);
	for (int file = 0; file < 2; file++) {
		json_array_foreach(json_object_get(benchmark, "benchmarks"), i, b) {
			assert_null(json_object_get(b, "error_occurred"));
			assert_true(json_number_value(json_object_get(b, "real_time")) > 0 ||
				    json_object_get(b, "aggregate_name"));
			iterations += !json_object_get(b, "aggregate_name");
		}
		json_decref(benchmark);
		benchmark = file ? NULL : json_load_file("gb.json", 0, NULL);
	}
	assert_int_equal(iterations, 2 * (CELLS * REPEATS - 1));
	if (access(tool, R_OK) || system("/usr/bin/python3 -c 'import scipy' 2>/dev/null"))
		return;
	assert_int_equal(system("/usr/bin/python3 /usr/share/benchmark/compare.py benchmarks "
				"runs/b/benchmark.json runs/a/benchmark.json >out 2>err"),
			 0);
	read_text("out", said.out, sizeof(said.out));
	expect(said.out, BASELINE);
	/* No time is 0, on either side. */
	assert_null(strstr(said.out, "+2.0000"));
	assert_null(strstr(said.out, "-1.0000"));
}

/*
 * Google Benchmark takes the data for its statistics from the first repeat; that
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
		/* Finite, from the two that are left: for example 51 and 52 ns for the baseline. */
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
	expect(said.out, " ? buckets");
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "failed"), 2);
	assert_int_equal(json_integer_value(json_object_get(cell_of(benchmark, BASELINE), "n")),
			 REPEATS);
	json_decref(benchmark);
}

static void what_the_machine_lacks_is_no_failure(void **state)
{
	(void)state;
	fake->fail_status = CT_EXIT_SKIP;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	expect(said.out, "on this machine");
	/* Nothing could be measured: scripts see that by the status. */
	assert_int_equal(
		run("little.yaml --variants locked_jhash2_scale_seqcount --results runs --name b"),
		CT_EXIT_SKIP);
}

/* ---- interrupted, killed, full ---- */

static void check_complete(const char *name, unsigned int repeats)
{
	json_t *benchmark = benchmark_of(name);

	assert_int_equal(count_of(benchmark, "good"), CELLS * repeats);
	assert_int_equal(count_of(benchmark, "missing"), 0);
	assert_int_equal(json_integer_value(json_object_get(cell_of(benchmark, BASELINE), "n")),
			 repeats);
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
	assert_true(json_is_true(
		json_object_get(json_object_get(benchmark, "ctbench"), "interrupted")));
	assert_int_equal(count_of(benchmark, "good"), 7);
	assert_int_equal(count_of(benchmark, "missing"), 8);
	json_decref(benchmark);

	assert_int_equal(run("--resume a --results runs"), 0);
	assert_int_equal(fake->calls, 8 + 8);
	assert_int_equal(read_rows("a"), CELLS * REPEATS);
	check_complete("a", REPEATS);

	/* Again: there is nothing left to measure. */
	assert_int_equal(run("--resume a --results runs"), 0);
	assert_int_equal(fake->calls, 8 + 8);
	check_complete("a", REPEATS);
}

/* Void in the first block, and measured again after the last: in no block with the others.
 */
static void what_was_void_gets_another_pass(void **state)
{
	unsigned int later[REPEATS] = { 0 };
	json_t *benchmark, *cell, *pass;
	const char *name;
	size_t i;

	(void)state;
	fake->voids = 1 + RUN_RETRIES;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "unusable"), 1);
	assert_null(json_object_get(cell_of(benchmark, BASELINE), "passes"));
	json_decref(benchmark);

	/* When measuring, and when reading the results. */
	for (unsigned int again = 1; again <= 2; again++) {
		assert_int_equal(run("--resume a --results runs"), 0);
		benchmark = benchmark_of("a");
		assert_int_equal(count_of(benchmark, "good"), CELLS * REPEATS);
		json_object_foreach(json_object_get(json_object_get(benchmark, "ctbench"), "cells"),
				    name, cell)
			json_array_foreach(json_object_get(cell, "passes"), i, pass)
				later[i] += json_integer_value(pass) == 1;
		assert_int_equal(later[0], again);
		assert_int_equal(later[1] + later[2], 0);
		json_decref(benchmark);
	}
}

/* The number of cells that one pass measured in one repeat. */
static unsigned int of_pass(const json_t *benchmark, size_t repeat, json_int_t pass)
{
	json_t *cell, *value;
	unsigned int n = 0;
	const char *name;

	json_object_foreach(json_object_get(json_object_get(benchmark, "ctbench"), "cells"), name,
			    cell) {
		value = json_array_get(json_object_get(cell, "passes"), repeat);
		n += value && json_integer_value(value) == pass;
	}
	return n;
}

/* In the last block, so that resuming does not go back to an earlier one, and by two --resume.
 */
static void each_resume_is_a_pass(void **state)
{
	const unsigned int last = CELLS * (REPEATS - 1);
	json_t *benchmark;

	(void)state;
	/* The first cell of the last block is measured, then the second by one --resume, ... */
	for (unsigned int k = 1; k <= 3; k++) {
		fake->calls = 0;
		fake->interrupt_at = k == 1 ? last + 2 : k == 2 ? 2 : 0;
		assert_int_equal(run(k == 1 ? "little.yaml --results runs --name a"
					    : "--resume a --results runs"),
				 k == 3 ? 0 : CT_EXIT_INTERRUPTED);
	}
	benchmark = benchmark_of("a");
	assert_int_equal(count_of(benchmark, "good"), CELLS * REPEATS);
	assert_int_equal(of_pass(benchmark, 0, 0), CELLS);
	assert_int_equal(of_pass(benchmark, REPEATS - 1, 0), 1);
	assert_int_equal(of_pass(benchmark, REPEATS - 1, 1), 1);
	assert_int_equal(of_pass(benchmark, REPEATS - 1, 2), CELLS - 2);
	json_decref(benchmark);
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
	check_complete("a", REPEATS);
}

/* A limit on file sizes instead of a full disk: 2000 bytes are the header and a few rows. */
static void a_full_disk_keeps_what_is_done(void **state)
{
	const unsigned int all = CELLS * 60;
	unsigned int kept;
	int status;
	static char text[65536];

	(void)state;
	/* Room for run.json, which describes the machine, and for some of the rows. */
	status = run_in_child("little.yaml --results runs --name a --repeats 60", 40000);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CT_EXIT_USER);
	read_text("runs/a/cells.tsv", text, sizeof(text));
	read_text("err", said.err, sizeof(said.err));
	expect(said.err, "File too large");
	read_text("out", said.out, sizeof(said.out));
	expect(said.out, "results: runs/a (cells.tsv)\n");
	for (kept = 0, status = 0; text[status]; status++)
		kept += text[status] == '\n';
	kept--; /* the header */
	assert_true(kept >= 2 && kept < all);
	assert_int_equal(run("--resume a --results runs"), 0);
	assert_int_equal(read_rows("a"), all);
	check_complete("a", all / CELLS);
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
	check_complete("a", REPEATS);
}

/* ---- resuming something else ---- */

/* Writes other.yaml: the workload with a part of its text replaced. */
static void write_workload(const char *from, const char *to)
{
	const char *at = strstr(little_workload, from);
	char text[1024];

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - little_workload), little_workload, to,
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

/* run.json's description of the start, with one key changed; group NULL: of the file itself.
 */
static void change_start(const char *group, const char *key, json_t *value)
{
	json_t *start = json_load_file("runs/a/run.json", 0, NULL);
	json_t *in = group ? json_object_get(json_object_get(start, "facts"), group) : start;

	assert_true(json_is_object(in));
	assert_int_equal(json_object_set_new(in, key, value), 0);
	assert_int_equal(json_dump_file(start, "runs/a/run.json", 0), 0);
	json_decref(start);
}

/* A run cannot be resumed on another machine, by another build or with another format. */
static void begun_otherwise(void **state)
{
	static const struct {
		const char *group, *key, *says;
	} cases[] = {
		{ "machine", "cpu", "machine.cpu (something else" },
		{ "kernel", "release", "another kernel.release (something else then, " },
		{ "build", "compiler", "build.compiler (something else" },
		{ NULL, "revision", "revision something else" },
		{ NULL, "format", "'runs/a/run.json'" },
	};
	char before[65536], after[65536];
	json_t *nodes, *start;

	(void)state;
	assert_int_equal(run("little.yaml --results runs --name a"), 0);
	read_text("runs/a/cells.tsv", before, sizeof(before));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start = json_load_file("runs/a/run.json", 0, NULL);
		change_start(cases[i].group, cases[i].key, json_string("something else"));
		assert_int_equal(run("--resume a --results runs"), CT_EXIT_USER);
		if (!strstr(said.err, cases[i].says))
			fail_msg("it does not say '%s' but: %s", cases[i].says, said.err);
		assert_int_equal(json_dump_file(start, "runs/a/run.json", 0), 0);
		json_decref(start);
	}
	read_text("runs/a/cells.tsv", after, sizeof(after));
	assert_string_equal(before, after);
	/* Facts that change by themselves do not count: free memory, and a node's part of it.
	 */
	change_start("machine", "memory_available_bytes", json_integer(1));
	start = json_load_file("runs/a/run.json", 0, NULL);
	nodes = json_incref(json_object_get(
		json_object_get(json_object_get(start, "facts"), "topology"), "nodes"));
	assert_true(json_array_size(nodes) > 0);
	json_object_set_new(json_array_get(nodes, 0), "memory_bytes", json_integer(1));
	change_start("topology", "nodes", json_incref(nodes));
	assert_int_equal(run("--resume a --results runs"), 0);
	json_object_set_new(json_array_get(nodes, 0), "cpus", json_string("none"));
	change_start("topology", "nodes", nodes);
	assert_int_equal(run("--resume a --results runs"), CT_EXIT_USER);
	expect(said.err, "topology.nodes[0].cpus (none");
	json_decref(start);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, fresh)
		TEST(a_void_measurement_is_made_again),
		TEST(but_not_for_ever),
		TEST(given_up_and_gone_on_with),
		TEST(not_given_up_too_early),
		TEST(no_row_without_a_time),
		TEST(the_first_repeat_may_be_the_void_one),
		TEST(a_failed_cell_is_given_up),
		TEST(what_the_machine_lacks_is_no_failure),
		TEST(an_interrupt_keeps_what_is_done),
		TEST(what_was_void_gets_another_pass),
		TEST(each_resume_is_a_pass),
		TEST(the_second_interrupt_leaves_at_once),
		TEST(a_killed_run_is_gone_on_with),
		TEST(a_full_disk_keeps_what_is_done),
		TEST(without_gnuplot),
		TEST(another_workload_is_not_mixed_in),
		TEST(begun_otherwise),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("run_trouble", tests, begin, own_folder_leave);
}
