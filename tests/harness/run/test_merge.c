/* SPDX-License-Identifier: MIT */
/*
 * Runs in parts (--shard) and ctbench merge: the result equals an undivided run.  Parts that do not
 * belong together are refused with file and line; then nothing is written and no part is changed.
 */
#include "harness/cli/cmd.h"
#include "harness/cli/run_commands.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/made_up.h"

/* ---- made-up measurements ---- */

static bool fail_locked;
static int void_repeat = -1;

static int
measure(const struct cell *cell, struct cell_result *r, json_t **details, struct ct_error *e)
{
	(void)e;
	memset(r, 0, sizeof(*r));
	if (fail_locked && !strncmp(cell->variant, "locked", 6)) {
		r->status = CT_EXIT_INTERNAL;
		strcpy(r->error, "it does not work");
		return 0;
	}
	made_up(cell, r, made_up_ns(cell));
	if ((int)cell->repeat == void_repeat)
		strcpy(r->void_reason, "a thread moved");
	*details = json_pack("{s:{s:f}}", "metrics", "wait_us", 1.0 + cell->repeat);
	return 0;
}

static int run_made_up(int argc, char **argv)
{
	return run_command(argc, argv, measure);
}

static int run(const char *arguments)
{
	return call_command(run_made_up, "run", arguments);
}

static int merge(const char *arguments)
{
	return call_command(ctbench, "merge", arguments);
}

static int begin(void **state)
{
	(void)state;
	if (own_folder_enter("merge"))
		return -1;
	for (int i = 0; i < 3; i++) {
		char name[16], text[512];

		snprintf(name, sizeof(name), "w%d.yaml", i);
		snprintf(text, sizeof(text),
			 "name: w%d\nquestion: Does it merge?\n"
			 "variants: [nulls_rcu_jhash2_scale_seqcount, "
			 "locked_jhash2_scale_seqcount]\n"
			 "threads: 1\nflows: %d\nload_factor: 1\nrepeats: 5\nplots: [bars]\n",
			 i, 1000 << i);
		write_text(name, text);
	}
	write_text("all.yaml",
		   "name: all\nquestion: All?\nworkloads: [w0.yaml, w1.yaml, w2.yaml]\n");
	return 0;
}

/* Parts a and b of the run, afresh. */
static int parts(void **state)
{
	(void)state;
	if (remove_all("runs"))
		return -1;
	return run("all.yaml --results runs --name a --shard 1/2") ||
	       run("all.yaml --results runs --name b --shard=2/2");
}

static json_t *load(const char *run_name, const char *file)
{
	char path[128];
	json_t *json;

	snprintf(path, sizeof(path), "runs/%s/%s", run_name, file);
	json = json_load_file(path, 0, NULL);
	assert_non_null(json);
	return json;
}

static void store(const char *run_name, const char *file, json_t *json)
{
	char path[128];

	snprintf(path, sizeof(path), "runs/%s/%s", run_name, file);
	assert_int_equal(json_dump_file(json, path, 0), 0);
	json_decref(json);
}

static int count_of(const char *run_name, const char *what)
{
	json_t *json = load(run_name, "benchmark.json");
	int n = (int)json_integer_value(
		json_object_get(json_object_get(json_object_get(json, "ctbench"), "counts"), what));

	json_decref(json);
	return n;
}

/* ---- the result ---- */

static void parts_make_a_whole(void **state)
{
	json_t *whole, *merged, *cells[2], *cell, *report;
	const char *name;
	char bounds[64];

	(void)state;
	/* Each workload is in one part, and the parts are about equally long. */
	assert_int_equal(count_of("a", "good") + count_of("b", "good"), 3 * 3 * 5);
	assert_true(count_of("a", "good") % 15 == 0 && count_of("a", "good") > 0);
	write_text("runs/a/bounds.jsonl", "[]\n[cut o");
	write_text("runs/b/bounds.jsonl", "[]\n[]\n");
	if (merge("c a b --results runs"))
		fail_msg("%s", said.err);
	read_text("runs/c/bounds.jsonl", bounds, sizeof(bounds));
	assert_string_equal(bounds, "[]\n[]\n[]\n");
	expect(said.out, "locked instead of nulls_rcu");
	assert_int_equal(count_of("c", "good"), 3 * 3 * 5);
	assert_int_equal(count_of("c", "missing"), 0);

	assert_int_equal(run("all.yaml --results runs --name d"), 0);
	whole = load("d", "benchmark.json");
	merged = load("c", "benchmark.json");
	report = json_object_get(merged, "ctbench");
	cells[0] = json_object_get(json_object_get(whole, "ctbench"), "cells");
	cells[1] = json_object_get(report, "cells");
	assert_int_equal(json_object_size(cells[0]), json_object_size(cells[1]));
	json_object_foreach(cells[0], name, cell) {
		json_t *metrics = json_object_get(json_object_get(cells[1], name), "metrics");

		/* Rows are in the order of repeats; details have their scalars too. */
		assert_non_null(json_object_get(metrics, "wait_us"));
		assert_true(json_equal(json_object_get(cell, "metrics"), metrics));
	}
	assert_true(json_equal(json_object_get(json_object_get(whole, "ctbench"), "verdicts"),
			       json_object_get(report, "verdicts")));
	assert_int_equal(json_array_size(json_object_get(report, "merged")), 2);
	assert_int_equal(access("runs/c/plots", R_OK), 0);
	json_decref(whole);
	json_decref(merged);
}

/* Resuming a merged run would add this machine's figures. */
static void no_resume(void **state)
{
	(void)state;
	if (merge("runs/c a b --results runs"))
		fail_msg("%s", said.err);
	assert_int_equal(run("--resume c --results runs"), CT_EXIT_USER);
	expect(said.err, "merged from");
}

static void bad_shards(void **state)
{
	static const char *const cases[][2] = {
		{ "all.yaml --shard 0/2", "it must be I/N" },
		{ "all.yaml --shard 3/2", "it must be I/N" },
		{ "all.yaml --shard 1/2x", "it must be I/N" },
		{ "w0.yaml --results runs --shard 1/2", "there is 1 workload" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(cases[i][0]), CT_EXIT_USER);
		if (!strstr(said.err, cases[i][1]))
			fail_msg("%s: %s", cases[i][0], said.err);
	}
}

/* Change part.key of a run's environment. */
static void change(const char *run_name, const char *part, const char *key, const char *value)
{
	json_t *json = load(run_name, "benchmark.json");
	json_t *environment = json_object_get(json_object_get(json, "ctbench"), "environment");

	json_object_set_new(json_object_get(environment, part), key, json_string(value));
	store(run_name, "benchmark.json", json);
}

/* The same for the run's arguments. */
static void change_start(const char *run_name, const char *key, json_t *value)
{
	json_t *json = load(run_name, "run.json");

	json_object_set_new(json, key, value);
	store(run_name, "run.json", json);
}

/* The page names each part's machine; once it named the first part's for all. */
static void two_machines_are_told(const char *run_name)
{
	static char page[1 << 20];
	char path[64];

	snprintf(path, sizeof(path), "runs/%s/report.html", run_name);
	read_text(path, page, sizeof(page));
	expect(page, "Another CPU, ");
	expect(page, "<h2>The machines</h2>");
	expect(page, "(run a).");
	expect(page, "(run b).");
}

/* ---- refusals ---- */

/* Refused with these words; no new folder, and the parts are unchanged. */
static void refuses(const char *arguments, const char *says)
{
	char before[65536], after[65536];

	read_text("runs/b/cells.tsv", before, sizeof(before));
	assert_int_equal(merge(arguments), CT_EXIT_USER);
	if (!strstr(said.err, says))
		fail_msg("'%s' does not say '%s' but: %s", arguments, says, said.err);
	assert_ptr_equal(strchr(said.err, '\n'), said.err + strlen(said.err) - 1);
	assert_int_not_equal(access("runs/c", F_OK), 0);
	read_text("runs/b/cells.tsv", after, sizeof(after));
	assert_string_equal(before, after);
}

static void what_must_not_be_mixed(void **state)
{
	(void)state;
	refuses("c a a --results runs", "'runs/a' is named twice");
	refuses("c a --results runs", "IN ");
	refuses("c a nowhere --results runs", "cannot read 'nowhere/run.json'");

	assert_int_equal(run("w0.yaml w1.yaml --results runs --name o --shard 1/2"), 0);
	refuses("c a o --results runs", "arguments");
	expect(said.err, "'runs/o/run.json'");
	expect(said.err, "'runs/a/run.json'");
	/* The same part again, from this machine. */
	assert_int_equal(run("all.yaml --results runs --name o2 --shard 1/2"), 0);
	refuses("c a o2 --results runs", "runs/o2/cells.tsv:2: repeat ");
	/* ... and from another. */
	change("o2", "machine", "cpu", "Another CPU");
	refuses("c a o2 --results runs", "another machine in 'runs/a'");
	/* Other workloads may come from another machine. */
	change("b", "machine", "cpu", "Another CPU");
	if (merge("other a b --results runs"))
		fail_msg("%s", said.err);
	two_machines_are_told("other");

	change("b", "build", "compiler", "clang 99");
	refuses("c a b --results runs", "build.compiler");

	change_start("b", "revision", json_string("0123456789ab"));
	refuses("c a b --results runs", "revision 0123456789ab");
	change_start("b", "format", json_integer(2));
	refuses("c a b --results runs", "'runs/b/run.json'");
}

static void nothing_is_overwritten(void **state)
{
	char before[65536], after[65536];

	(void)state;
	assert_int_equal(run("w0.yaml --results runs --name c"), 0);
	read_text("runs/c/cells.tsv", before, sizeof(before));
	assert_int_equal(merge("c a b --results runs"), CT_EXIT_USER);
	expect(said.err, "never overwritten");
	read_text("runs/c/cells.tsv", after, sizeof(after));
	assert_string_equal(before, after);
}

static void rewrite_file(const char *file, const char *sed)
{
	char command[256];

	snprintf(command, sizeof(command), "sed -i '%s' runs/b/%s", sed, file);
	assert_int_equal(system(command), 0);
}

static void rewrite(const char *sed)
{
	rewrite_file("cells.tsv", sed);
}

#define AGAIN() assert_int_equal(system("rm -rf runs/b; cp -r runs/keep runs/b"), 0)

static void damaged_folders(void **state)
{
	json_t *json;

	(void)state;
	assert_int_equal(system("cp -r runs/b runs/keep"), 0);
	/* A row cut off in the middle of the file, then one with a word in place of a number. */
	rewrite("4s/\\t.*//");
	refuses("c a b --results runs", "runs/b/cells.tsv:4: ");
	AGAIN();
	rewrite("3s/^[0-9]*/three/");
	refuses("c a b --results runs", "runs/b/cells.tsv:3: ");
	AGAIN();
	rewrite("1s/window_s/window/");
	refuses("c a b --results runs", "runs/b/cells.tsv:1: ");
	AGAIN();
	assert_int_equal(unlink("runs/b/run.json"), 0);
	refuses("c a b --results runs", "cannot read 'runs/b/run.json'");
	AGAIN();
	write_text("runs/b/run.json", "{\"format\": 1,");
	refuses("c a b --results runs", "runs/b/run.json:1: ");
	AGAIN();
	assert_int_equal(unlink("runs/b/benchmark.json"), 0);
	refuses("c a b --results runs", "ctbench run --resume");
	AGAIN();
	json = load("b", "benchmark.json");
	json_object_del(json_object_get(json, "ctbench"), "environment");
	store("b", "benchmark.json", json);
	refuses("c a b --results runs", "measured");
	AGAIN();
	write_text("runs/b/details.jsonl", "nonsense\n");
	refuses("c a b --results runs", "runs/b/details.jsonl:1");
	AGAIN();
	assert_int_equal(merge("d a b --results runs"), 0);
	/* The workload file has changed since. */
	assert_int_equal(system("mv w1.yaml kept; sed s/1000/1001/\\;s/2000/2001/ kept >w1.yaml"),
			 0);
	refuses("c a b --results runs", "other parameters");
	assert_int_equal(rename("kept", "w1.yaml"), 0);
}

/*
 * A disk that is full, at any byte, leaves either a complete run or nothing.  A folder without
 * run.json was left, and the next attempt said that it exists and to continue by --resume.
 */
static void full_disks(void **state)
{
	static const rlim_t sizes[] = { 1, 100, 1000, 1500, 3000, 5000, 10000, 15000 };
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct rlimit limit = { sizes[i], sizes[i] };
		pid_t child = fork();
		int status;

		if (!child) {
			signal(SIGXFSZ, SIG_DFL); /* run, above, has it ignored */
			setrlimit(RLIMIT_FSIZE, &limit);
			_exit(merge("c a b --results runs"));
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!access("runs/c/benchmark.json", F_OK))
			break;
		failed++;
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), CT_EXIT_USER);
		if (!access("runs/c", F_OK))
			fail_msg("with files of at most %d bytes runs/c is left", (int)sizes[i]);
	}
	assert_true(failed >= 5);
	assert_int_equal(remove_all("runs/c"), 0);
	if (merge("c a b --results runs"))
		fail_msg("%s", said.err);
}

/* Sets n in benchmark.json to 4, for the cell in the last row of a file. */
static void forget_last_row(json_t *benchmark, const char *file)
{
	char command[128], name[256] = "";
	json_t *cell;
	FILE *in;

	snprintf(command, sizeof(command), "tail -n 1 %s | cut -f 3", file);
	in = popen(command, "r");
	assert_non_null(in);
	assert_non_null(fgets(name, sizeof(name), in));
	pclose(in);
	name[strcspn(name, "\n")] = '\0';
	cell = json_object_get(json_object_get(json_object_get(benchmark, "ctbench"), "cells"),
			       name);
	assert_non_null(cell);
	json_object_set_new(cell, "n", json_integer(4));
}

/*
 * Parts that were complete at the end of the run and have lost data since. Once they were all
 * merged without a message.
 */
static void parts_that_lost_something(void **state)
{
	unsigned int last = 1 + (unsigned int)count_of("b", "good");
	char says[128], sed[64];
	json_t *json;

	(void)state;
	assert_int_equal(system("cp -r runs/b runs/keep"), 0);
	rewrite("$d");
	snprintf(says, sizeof(says), "runs/b/cells.tsv:%u: ", last - 1);
	refuses("c a b --results runs", says);
	AGAIN();
	rewrite("2,$d");
	refuses("c a b --results runs", "runs/b/cells.tsv:1: ");
	AGAIN();
	/* An incomplete line at the end of the file is ignored. */
	assert_int_equal(system("truncate -s -3 runs/b/cells.tsv"), 0);
	refuses("c a b --results runs", " 4 good");
	AGAIN();
	rewrite("3p");
	refuses("c a b --results runs", "runs/b/cells.tsv:4: repeat ");
	refuses("c a b --results runs", "is in line 3 as well");
	AGAIN();
	/* A good cell is measured again when others of its session were void. */
	rewrite("3{p;s/^\\(\\([^\t]*\t\\)\\{5\\}\\)1\t/\\12\t/}");
	rewrite_file("details.jsonl", "2p");
	if (merge("c a b --results runs"))
		fail_msg("%s", said.err);
	assert_int_equal(remove_all("runs/c"), 0);
	AGAIN();
	rewrite("s/\tw\\([0-9]\\)\\//\tv\\1\\//");
	refuses("c a b --results runs", "runs/b/cells.tsv:2: ");
	AGAIN();

	rewrite_file("details.jsonl", "4d");
	refuses("c a b --results runs", "runs/b/cells.tsv:5: ");
	AGAIN();
	snprintf(sed, sizeof(sed), "%u,$d", last - 2);
	rewrite_file("details.jsonl", sed);
	snprintf(says, sizeof(says), "runs/b/cells.tsv:%u: ", last - 1);
	refuses("c a b --results runs", says);
	AGAIN();
	assert_int_equal(unlink("runs/b/details.jsonl"), 0);
	refuses("c a b --results runs", "runs/b/cells.tsv:2: ");
	refuses("c a b --results runs", "runs/b/details.jsonl");
	AGAIN();

	json = load("b", "benchmark.json");
	json_object_set_new(json_object_get(json, "ctbench"), "interrupted", json_true());
	store("b", "benchmark.json", json);
	refuses("c a b --results runs", "runs/b/benchmark.json");
	AGAIN();
	/* As after a full disk: the counts agree, and repeats are missing. */
	rewrite("$d");
	rewrite_file("details.jsonl", "$d");
	json = load("b", "benchmark.json");
	forget_last_row(json, "runs/keep/cells.tsv");
	store("b", "benchmark.json", json);
	refuses("c a b --results runs", "runs/b/cells.tsv has 4 of 5 repeats of '");
	AGAIN();

	/*
	 * The machine's bounds can be measured again at any time: a part without them is complete.
	 */
	write_text("runs/b/bounds.jsonl", "[cut o");
	if (merge("c a b --results runs"))
		fail_msg("%s", said.err);
}

/* A part that failed or was void is complete too: these are its results. */
static void failed_repeats_are_no_damage(void **state)
{
	(void)state;
	fail_locked = true;
	void_repeat = 3;
	assert_int_equal(remove_all("runs/b"), 0);
	assert_int_equal(run("all.yaml --results runs --name b --shard 2/2"), CT_EXIT_INTERNAL);
	fail_locked = false;
	void_repeat = -1;
	assert_true(count_of("b", "unusable") > 0 && count_of("b", "failed") > 0);
	assert_true(count_of("b", "missing") > 0);
	assert_int_equal(merge("c a b --results runs"), CT_EXIT_INTERNAL);
	assert_int_equal(count_of("c", "failed"), count_of("b", "failed"));
	assert_int_equal(count_of("c", "void"), count_of("b", "void"));
	assert_int_equal(count_of("c", "good"), count_of("a", "good") + count_of("b", "good"));
}

/* All shards must be there, of the same number: once two of three made a run that lacked cells. */
static void shards_that_are_no_whole(void **state)
{
	(void)state;
	assert_int_equal(run("all.yaml --results runs --name x --shard 1/3"), 0);
	assert_int_equal(run("all.yaml --results runs --name y --shard 2/3"), 0);
	assert_int_equal(run("all.yaml --results runs --name z --shard=3/3"), 0);
	refuses("c x y --results runs", "--shard 3/3");
	refuses("c y z --results runs", "--shard 1/3");
	refuses("c a z --results runs", "--shard 1/2");
	expect(said.err, "--shard 3/3");
	expect(said.err, "'runs/z/run.json'");
	assert_int_equal(run("all.yaml --results runs --name w"), 0);
	refuses("c a w --results runs", "'runs/w/run.json' was started without --shard");
	if (merge("c z x y --results runs"))
		fail_msg("%s", said.err);
	assert_int_equal(count_of("c", "good"), 3 * 3 * 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, parts)
		TEST(parts_make_a_whole),
		TEST(no_resume),
		TEST(bad_shards),
		TEST(what_must_not_be_mixed),
		TEST(nothing_is_overwritten),
		TEST(damaged_folders),
		TEST(parts_that_lost_something),
		TEST(failed_repeats_are_no_damage),
		TEST(shards_that_are_no_whole),
		TEST(full_disks),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("merge", tests, begin, own_folder_leave);
}
