/* SPDX-License-Identifier: MIT */
/* A workload from standard input: kept with the run, resumed and merged. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/cmd.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/run_fixture.h"

/* run() with a file as standard input. */
static int run_with(const char *file, const char *arguments)
{
	assert_non_null(freopen(file, "r", stdin));
	return run(arguments);
}

static void assert_kept(const char *run_name)
{
	char path[128], text[4096];

	snprintf(path, sizeof(path), "runs/%s/stdin.yaml", run_name);
	read_text(path, text, sizeof(text));
	assert_string_equal(text, little_workload);
}

static void input_is_resumed(void **state)
{
	json_t *benchmark;

	(void)state;
	fake->interrupt_at = 5;
	assert_int_not_equal(run_with("little.yaml", "- --results runs --name a"), 0);
	assert_kept("a");
	/* Now standard input has something else, which must not be read. */
	write_text("other.yaml", "question: Another?\n");
	assert_int_equal(run_with("other.yaml", "--resume a --results runs"), 0);
	assert_int_equal(read_rows("a"), CELLS * REPEATS);
	benchmark = benchmark_of("a");
	assert_non_null(cell_of(benchmark, BASELINE));
	json_decref(benchmark);

	assert_int_equal(unlink("runs/a/stdin.yaml"), 0);
	assert_int_equal(run("--resume a --results runs"), CT_EXIT_USER);
	expect(said.err, "stdin.yaml");
}

static void input_is_checked(void **state)
{
	(void)state;
	write_text("bad.yaml", "question: What?\nflow: 1\n");
	assert_int_equal(run_with("bad.yaml", "- --results runs --name a"), CT_EXIT_USER);
	expect(said.err, "stdin:2: ");
	assert_int_equal(run_with("/dev/null", "- --results runs --name a"), CT_EXIT_USER);
	expect(said.err, "stdin is empty");
	assert_int_equal(run_with("little.yaml", "- - --results runs --name a"), CT_EXIT_USER);
	assert_int_not_equal(access("runs/a", F_OK), 0);
	/* Two workloads, one of them from a file. */
	write_text("second.yaml", "question: What?\nvariants: 'null'\nload_factor: 1\n");
	assert_int_equal(run_with("little.yaml", "- second.yaml --dry-run"), 0);
	expect(said.out, "little: Does it run?");
	expect(said.out, "second: What?");
}

static int suite_part(unsigned int part, const char *input)
{
	char arguments[128];

	snprintf(arguments, sizeof(arguments), "- --results runs --name p%u --shard %u/2", part,
		 part);
	return run_with(input, arguments);
}

static void input_is_merged(void **state)
{
	(void)state;
	write_text("one.yaml", little_workload);
	write_text("two.yaml", little_workload);
	write_text("suite.yaml", "question: Both?\nworkloads: [little.yaml, two.yaml]\n");
	write_text("two.yaml", "name: two\nquestion: What?\nvariants: 'null'\nload_factor: 1\n");
	assert_int_equal(suite_part(1, "suite.yaml"), 0);
	assert_int_equal(suite_part(2, "suite.yaml"), 0);
	assert_int_equal(call_command(ctbench, "merge", "m p1 p2 --results runs"), 0);
	assert_int_equal(access("runs/m/stdin.yaml", R_OK), 0);

	write_text("runs/p2/stdin.yaml", "question: Others?\nworkloads: [little.yaml, two.yaml]\n");
	assert_int_equal(call_command(ctbench, "merge", "n p1 p2 --results runs"), CT_EXIT_USER);
	expect(said.err, "p2/stdin.yaml");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(input_is_resumed, fresh),
	cmocka_unit_test_setup(input_is_checked, fresh),
	cmocka_unit_test_setup(input_is_merged, fresh),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
