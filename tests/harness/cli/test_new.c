/* SPDX-License-Identifier: MIT */
/* ctbench new: makes a workload file from four answers, or says in one sentence why not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "harness/workload/workload.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

/* ctbench new with arguments for the shell, and answers as its standard input; its exit status. */
static int new_file(const char *arguments, const char *answers)
{
	char line[1024];

	write_text("answers", answers);
	snprintf(line, sizeof(line), CTBENCH_BINARY " new %s <answers >out 2>err", arguments);
	return WEXITSTATUS(system(line));
}

/* The file's content, loaded as by ctbench run. */
static void load(struct workload_set *set, const char *path)
{
	struct ct_error e = { 0 };

	memset(set, 0, sizeof(*set));
	if (workload_load(set, path, NULL, &e))
		fail_msg("%s", e.text);
	assert_int_equal(set->nr, 1);
}

static void answers_make_a_file(void **state)
{
	struct workload_set set;

	(void)state;
	assert_int_equal(new_file("mine.yaml", "What does \"churn\" cost: a lot?\naxis=chain\n"
					       "churn\nflows=1Ki,64Ki\n"),
			 0);
	load(&set, "mine.yaml");
	assert_string_equal(set.list[0].name, "mine");
	assert_string_equal(set.list[0].question, "What does \"churn\" cost: a lot?");
	assert_true(set.list[0].cells[0].insert == 0.05);
	assert_int_equal(set.list[0].nr_cells % 2, 0);
	assert_true(set.list[0].nr_cells >= 4);
	assert_int_equal(set.list[0].cells[0].flows, 1024);
	assert_true(set.list[0].varying >> cell_param_find("flows") & 1);
	workload_set_free(&set);
}

/* Empty answers, and the end of the input, are the defaults; only the question has none. */
static void defaults(void **state)
{
	struct workload_set set;

	(void)state;
	assert_int_equal(new_file("plain.yaml", "Why?\n\n"), 0);
	load(&set, "plain.yaml");
	assert_true(set.list[0].cells[0].lookup == 1);
	assert_true(set.list[0].varying >> cell_param_find("threads") & 1 ||
		    sysconf(_SC_NPROCESSORS_ONLN) == 1);
	workload_set_free(&set);
	assert_int_equal(new_file("none.yaml", ""), CT_EXIT_USER);
	assert_int_equal(new_file("none.yaml", "\n"), CT_EXIT_USER);
	assert_int_not_equal(access("none.yaml", F_OK), 0);
}

/* Options answer their questions, and nothing is asked. */
static void options(void **state)
{
	static const char *const traffics[] = { "lookups", "churn", "packets", "fill" };
	struct workload_set set;
	char line[256], path[32], text[4096];

	(void)state;
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "t-%s.yaml", traffics[i]);
		snprintf(line, sizeof(line),
			 "%s --question \"What #%d?\" --variants 'null,locked_*' --traffic %s "
			 "--vary load_factor=0.5,2",
			 path, i, traffics[i]);
		assert_int_equal(new_file(line, ""), 0);
		read_text("err", text, sizeof(text));
		assert_string_equal(text, "");
		load(&set, path);
		assert_int_equal(set.list[0].cells[0].level, i == 2 ? LEVEL_PACKETS : LEVEL_OPS);
		assert_int_equal(set.list[0].cells[0].kind, i == 3 ? KIND_FILL : KIND_STEADY);
		assert_true(set.list[0].cells[0].load_factor == 0.5);
		workload_set_free(&set);
	}
	/* to standard output, and on to a dry run */
	assert_int_equal(system(CTBENCH_BINARY " new - -q 'Why?' --variants 'null' --traffic fill "
					       "--vary none | " CTBENCH_BINARY " run - -n >out"),
			 0);
	read_text("out", text, sizeof(text));
	expect(text, "stdin: Why?");
	expect(text, "kind fill");
}

static void refused(const char *arguments, const char *answers, const char *says)
{
	char text[4096];

	assert_int_equal(new_file(arguments, answers), CT_EXIT_USER);
	read_text("err", text, sizeof(text));
	expect(text, says);
	assert_int_not_equal(access("bad.yaml", F_OK), 0);
}

static void wrong_answers(void **state)
{
	char text[64];

	(void)state;
	refused("bad.yaml", "Why?\nnope\n", "'nope'");
	refused("bad.yaml", "Why?\n\nrain\n", "'rain'");
	refused("bad.yaml", "Why?\n\n\nflow=1\n", "'flow'");
	refused("bad.yaml", "Why?\n\n\nflows\n", "'flows'");
	refused("bad.yaml", "Why?\n\n\nflows=0\n", "'0'");
	refused("bad.yaml", "Why?\n\n\nvariants=null\n", "'variants'");
	refused("bad.yaml", "W\033[31mhy?\n", "control");
	refused("'B d.yaml'", "Why?\n", "B d.yaml");
	refused("nowhere/bad.yaml", "Why?\n", "nowhere/bad.yaml");
	/* an existing file is refused without questions, and is not changed */
	write_text("there.yaml", "mine\n");
	refused("there.yaml", "Why?\n", "there.yaml");
	read_text("there.yaml", text, sizeof(text));
	assert_string_equal(text, "mine\n");
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("new");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(answers_make_a_file),
	cmocka_unit_test(defaults),
	cmocka_unit_test(options),
	cmocka_unit_test(wrong_answers),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
