/* SPDX-License-Identifier: MIT */
/*
 * The command line: help, mistakes (one sentence and exit status 2), and output that ends early.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/version.h"
#include "harness/base/error.h"
#include "harness/cli/cmd.h"
#include "tests/fixture/cmocka.h"
#include "variants/variant.h"

#define OUTPUT_MAX (1 << 18)

struct outcome {
	int status; /* exit status; 128 + signal if one ended it */
	char *out, *err;
};

static char *read_back(FILE *f)
{
	char *text = malloc(OUTPUT_MAX);
	size_t n;

	assert_non_null(text);
	rewind(f);
	n = fread(text, 1, OUTPUT_MAX - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/*
 * Run ctbench with arguments up to NULL.  stdout_path: for its output instead of keeping it; "-"
 * closes standard output.
 */
static struct outcome run(const char *stdout_path, char *const *args)
{
	FILE *out = tmpfile(), *err = tmpfile();
	struct outcome o;
	char *argv[32] = { (char *)CTBENCH_BINARY };
	int status;
	pid_t pid;

	assert_non_null(out);
	assert_non_null(err);
	for (int i = 0; args[i]; i++) {
		assert_true(i < 30);
		argv[i + 1] = args[i];
	}
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		int fd = fileno(out);

		dup2(fileno(err), STDERR_FILENO);
		if (stdout_path && strcmp(stdout_path, "-"))
			fd = open(stdout_path, O_WRONLY);
		dup2(fd, STDOUT_FILENO);
		if (stdout_path && !strcmp(stdout_path, "-"))
			close(STDOUT_FILENO);
		if (chdir(CTBENCH_SOURCE_DIR))
			_exit(99);
		execv(CTBENCH_BINARY, argv);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	o.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	o.out = read_back(out);
	o.err = read_back(err);
	return o;
}

#define RUN(...) run(NULL, (char *[]){ __VA_ARGS__, NULL })

static void done(struct outcome *o)
{
	free(o->out);
	free(o->err);
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is missing in:\n%s", part, text);
}

/* One sentence on stderr, nothing on stdout, status 2. */
static void expect_refusal(struct outcome o, const char *part)
{
	if (o.status != CT_EXIT_USER)
		fail_msg("exit status %d instead of 2; stderr: %s", o.status, o.err);
	assert_string_equal(o.out, "");
	assert_int_equal(strncmp(o.err, "ctbench: ", 9), 0);
	assert_ptr_equal(strchr(o.err, '\n'), o.err + strlen(o.err) - 1);
	expect(o.err, part);
	done(&o);
}

static void test_help(void **state)
{
	struct outcome o = RUN("--help");

	(void)state;
	assert_int_equal(o.status, 0);
	assert_string_equal(o.err, "");
	expect(o.out, "usage: ctbench");
	expect(o.out, "Exit status");
	for (size_t i = 0; commands[i]; i++) {
		char *name = (char *)commands[i]->name;
		struct outcome long_form = RUN(name, "--help"), by_help = RUN("help", name);
		char usage[64];

		if (commands[i]->summary)
			expect(o.out, commands[i]->summary);
		snprintf(usage, sizeof(usage), "usage: ctbench %s", name);
		if (long_form.status)
			fail_msg("%s --help: %d %s", name, long_form.status, long_form.err);
		assert_string_equal(long_form.err, "");
		expect(long_form.out, usage);
		assert_string_equal(by_help.out, long_form.out);
		done(&long_form);
		done(&by_help);
	}
	/* The measuring child is a command that only ctbench uses. */
	assert_null(strstr(o.out, "\n  measure"));
	done(&o);

	o = RUN("-h");
	assert_int_equal(o.status, 0);
	done(&o);
}

/* After "--" everything is an operand, or in some commands an option for another program. */
static void test_rest(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i]; i++) {
		struct outcome o;

		if (commands[i]->rest || commands[i]->whole)
			continue;
		o = RUN((char *)commands[i]->name, "--", "--no-such-file");
		if (strstr(o.err, "unknown option --"))
			fail_msg("%s", o.err);
		assert_int_equal(o.status, CT_EXIT_USER);
		done(&o);
	}
}

static void test_nothing_asked(void **state)
{
	char *none[] = { NULL };
	struct outcome o = run(NULL, none);

	(void)state;
	assert_int_equal(o.status, CT_EXIT_USER);
	assert_string_equal(o.out, "");
	expect(o.err, "usage: ctbench COMMAND");
	done(&o);
}

static void test_version(void **state)
{
	struct outcome o = RUN("--version");

	(void)state;
	assert_int_equal(o.status, 0);
	expect(o.out, "ctbench " CTBENCH_VERSION " (revision ");
	expect(o.out, "compiler: ");
	expect(o.out, "allocator: ");
	done(&o);
}

static void test_unknown(void **state)
{
	(void)state;
	expect_refusal(RUN("foo"), "unknown command 'foo'");
	expect_refusal(RUN("rnu"), "'run'");
	expect_refusal(RUN("--vresion"), "unknown option '--vresion'");
	expect_refusal(RUN("help", "lst"), "'list'");
	expect_refusal(RUN(""), "unknown command ''");
	expect_refusal(RUN("list", "-j"), "unknown option -j");
	expect_refusal(RUN("list", "--json=yes"), "--json");
	expect_refusal(RUN("list", "--axes", "null"), "--axes");
	expect_refusal(RUN("run", "--dry-run", "axess"), "'axes'");
	expect_refusal(RUN("list", "--workloads", "axess"), "'axes'");
}

/*
 * The style of messages: one sentence that says what is wrong and what to do, in the usual order of
 * words ("unknown option x", not "x is no option"), with the command that explains more.
 */
static void test_tone(void **state)
{
	static char *const wrong[][5] = {
		{ "foo" },
		{ "list", "--foo" },
		{ "run", "--foo" },
		{ "run" },
		{ "run", "nothing" },
		{ "saturate" },
		{ "saturate", "axes", "--p99", "20" },
		{ "plot" },
		{ "plot", "a", "b" },
		{ "plot", "a", "--kind", "pie" },
		{ "report" },
		{ "compare" },
		{ "compare", "one", "two", "--bound", "3" },
		{ "merge", "one", "two" },
		{ "replay" },
		{ "replay", "x", "--dump", "xml" },
		{ "replay", "x", "--variant", "nothing" },
		{ "explain", "x.pcap", "first" },
		{ "bounds", "--repeats", "0" },
		{ "completion", "tcsh" },
		{ "man", "foo" },
	};
	static const char *const remedies[] = { "see ctbench ", "as in '", "must be ", "usage: " };
	static const char *const odd[] = { " is no ", " are no ", " who ", "!", " goes with " };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct outcome o = run(NULL, wrong[i]);
		size_t remedy = 0, len = strlen(o.err);

		assert_int_equal(o.status, CT_EXIT_USER);
		assert_ptr_equal(strchr(o.err, '\n'), o.err + len - 1);
		while (remedy < 4 && !strstr(o.err, remedies[remedy]))
			remedy++;
		if (remedy == 4 || len > 320 || (o.err[len - 2] == '.' && o.err[len - 3] != '.'))
			fail_msg("no remedy, too long, or a full stop: %s", o.err);
		for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]); k++)
			if (strstr(o.err, odd[k]))
				fail_msg("'%s' in: %s", odd[k], o.err);
		done(&o);
	}
}

static void test_list(void **state)
{
	struct outcome o = RUN("list"), some, rest;

	(void)state;
	assert_int_equal(o.status, 0);
	for (size_t i = 0; i < ct_nr_variants; i++)
		expect(o.out, ct_variants[i]->name);
	expect(o.out, "baseline");
	done(&o);

	some = RUN("list", "axis=bucket", "null");
	assert_int_equal(some.status, 0);
	expect(some.out, "nulls_rcu_jhash2_mask_seqcount");
	expect(some.out, ct_variant_find("null")->summary);
	assert_null(strstr(some.out, "siphash"));
	rest = RUN("list", "--", "axis=bucket", "null");
	assert_string_equal(rest.out, some.out);
	done(&some);
	done(&rest);

	o = RUN("list", "--axes");
	assert_int_equal(o.status, 0);
	expect(o.out, "reciprocal_scale");
	expect(o.out, "qsbr");
	done(&o);

	expect_refusal(RUN("list", "nulls_rcu_siphsh"), "nulls_rcu_siphash");
	expect_refusal(RUN("list", "hash=md5"), "jhash2, siphash");
}

static json_t *json_of(struct outcome *o)
{
	json_error_t why;
	json_t *root = json_loads(o->out, 0, &why);

	if (!root)
		fail_msg("line %d: %s, in:\n%s", why.line, why.text, o->out);
	assert_int_equal(o->status, 0);
	done(o);
	return root;
}

static void test_list_json(void **state)
{
	struct outcome o = RUN("list", "--json");
	json_t *root = json_of(&o), *entry, *file;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(root), ct_nr_variants);
	json_array_foreach(root, i, entry) {
		const struct ct_variant *v = ct_variants[i];

		assert_string_equal(json_string_value(json_object_get(entry, "name")), v->name);
		assert_string_equal(json_string_value(json_object_get(entry, "summary")),
				    v->summary);
		assert_int_equal(json_is_true(json_object_get(entry, "baseline")), i == 0);
		for (unsigned int a = 0; a < CT_NR_AXES; a++)
			assert_string_equal(
				json_string_value(json_object_get(json_object_get(entry, "axes"),
								  ct_axis_name(a))),
				ct_axis_value(&v->axes, a));
	}
	json_decref(root);

	o = RUN("list", "--json", "--axes");
	root = json_of(&o);
	assert_int_equal(json_array_size(root), CT_NR_AXES);
	json_decref(root);

	o = RUN("list", "--json", "--workloads", "workloads/axes.yaml");
	root = json_of(&o);
	file = json_array_get(root, 0);
	assert_string_equal(json_string_value(json_object_get(file, "name")), "axes");
	assert_true(json_real_value(json_object_get(file, "expected_seconds")) > 0);
	json_decref(root);
}

static void test_list_workloads(void **state)
{
	struct outcome o = RUN("list", "--workloads", "workloads/axes.yaml", "workloads/gone.yaml",
			       "workloads/size.yaml");

	(void)state;
	/* a bad one is named, and the others are still listed */
	assert_int_equal(o.status, CT_EXIT_USER);
	expect(o.err, "workloads/gone.yaml");
	expect(o.out, "workloads/axes.yaml");
	expect(o.out, "workloads/size.yaml");
	done(&o);

	o = RUN("list", "--workloads");
	expect(o.out, "workloads/axes.yaml");
	expect(o.out, "workloads/suites/default.yaml");
	expect(o.out, "a suite of ");
	done(&o);
}

/* A full disk is an error; a reader that closes the pipe, or no reader, is not. */
static void test_output_ends(void **state)
{
	char *list[] = { "list", NULL };
	int ends[2], status;
	struct outcome o;
	pid_t pid;

	(void)state;
	if (!access("/dev/full", W_OK)) {
		o = run("/dev/full", list);
		assert_int_equal(o.status, CT_EXIT_USER);
		expect(o.err, "No space left");
		done(&o);
	}
	o = run("-", list);
	assert_int_equal(o.status, 0);
	assert_string_equal(o.err, "");
	done(&o);

	/* A pipe whose reader has closed it. */
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(ends[0]);
		dup2(ends[1], STDOUT_FILENO);
		execl(CTBENCH_BINARY, CTBENCH_BINARY, "list", (char *)NULL);
		_exit(98);
	}
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_help),	       cmocka_unit_test(test_rest),
	cmocka_unit_test(test_nothing_asked),  cmocka_unit_test(test_version),
	cmocka_unit_test(test_unknown),	       cmocka_unit_test(test_tone),
	cmocka_unit_test(test_list),	       cmocka_unit_test(test_list_json),
	cmocka_unit_test(test_list_workloads), cmocka_unit_test(test_output_ends),
};
CT_TEST_MAIN(tests, NULL, NULL)
