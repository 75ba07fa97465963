/* SPDX-License-Identifier: MIT */
/*
 * Two programs in one run: both measure every cell in the same rounds, each with its own processes;
 * a slower one is detected; a program with another protocol is refused; and how another revision
 * is built.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/said_json.h"

#define REPEATS 5

static const char workload[] =
	"name: two\n"
	"question: Which program is faster?\n"
	"variants: [nulls_rcu_jhash2_scale_seqcount, locked_jhash2_scale_seqcount]\n"
	"flows: 1000\n"
	"load_factor: 1\n"
	"duration: 20ms\n"
	"warmup: 1ms\n"
	"repeats: 5\n";

static int setup(void **state)
{
	(void)state;
	remove_all("runs");
	write_text("two.yaml", workload);
	/* Another build: the same program, which notes that it was started. */
	write_text("other",
		   "#!/bin/sh\necho started >>started\nexec '" CTBENCH_BINARY "' \"$@\"\n");
	chmod("other", 0700);
	remove("started");
	return 0;
}

static size_t lines_of(const char *path)
{
	static char text[1 << 20];
	size_t lines = 0;

	read_text(path, text, sizeof(text));
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	return lines;
}

#define COMPARE "compare --program ./other two.yaml --results runs --no-bounds --json --bound 90%% "

/* Cells of both programs in each session, and the other's processes are those of that program. */
static void measured_side_by_side(void **state)
{
	json_t *result, *benchmark, *cells, *cell, *item, *sessions = json_object();
	const char *name;
	size_t i, speeds = 0, shared = 0;

	(void)state;
	assert_int_equal(run_line(COMPARE "--name a"), 0);
	result = said_json();
	assert_true(json_is_true(json_object_get(result, "paired")));
	json_array_foreach(json_object_get(result, "comparisons"), i, item) {
		name = json_string_value(json_object_get(item, "cell"));
		assert_true(!name || !strstr(name, "program"));
		/* Of two cells, and of both together. */
		speeds += !strcmp(json_string_value(json_object_get(item, "metric")), "mops");
		assert_true(
			json_integer_value(json_object_get(item, "n")) >= 4 ||
			!strcmp(json_string_value(json_object_get(item, "outcome")), "unjudged"));
	}
	assert_in_range(speeds, 1, 3); /* fewer than 3 where a cell was always void */
	json_decref(result);
	/* Its protocol, then two cells and a control per repeat; more if some were void. */
	assert_true(lines_of("started") >= 1 + 3 * REPEATS);

	benchmark = json_load_file("runs/a/benchmark.json", 0, NULL);
	cells = json_object_get(json_object_get(benchmark, "ctbench"), "cells");
	assert_int_equal(json_object_size(cells), 6);
	json_object_foreach(cells, name, cell) {
		const char *program = json_string_value(
			json_object_get(json_object_get(cell, "parameters"), "program"));

		assert_true(!strcmp(program, "this") || !strcmp(program, "other"));
		assert_non_null(strstr(name, program));
		json_array_foreach(json_object_get(cell, "slices"), i, item) {
			char key[32];

			snprintf(key, sizeof(key), "%lld",
				 (long long)json_integer_value(json_object_get(item, "session")));
			if (!json_object_get(sessions, key))
				json_object_set_new(sessions, key, json_object());
			json_object_set_new(json_object_get(sessions, key), program, json_true());
		}
	}
	/* Void cells are measured again alone, so on a busy machine not every session has both. */
	json_object_foreach(sessions, name, item)
		shared += json_object_size(item) == 2;
	assert_true(shared >= 1);
	json_decref(sessions);
	json_decref(benchmark);

	/* The comparison again, without measuring. */
	assert_int_equal(run_line("compare a --results runs --bound 90%%"), 0);
	expect(said.out, "same rounds");
	assert_int_equal(run_line("plot a --results runs"), 0);
}

static void a_slower_one_is_seen(void **state)
{
	json_t *result, *item;
	size_t i, speeds = 0;

	(void)state;
	run_line(COMPARE "--name a --plant this=900%%");
	result = said_json();
	json_array_foreach(json_object_get(result, "comparisons"), i, item) {
		double a = json_number_value(json_object_get(item, "a"));
		double b = json_number_value(json_object_get(item, "b"));

		if (strcmp(json_string_value(json_object_get(item, "metric")), "mops") || a <= 0)
			continue;
		speeds++;
		/* A tenth; a busy machine may blur that. */
		assert_true(b < a / 3);
	}
	assert_in_range(speeds, 1, 2);
	json_decref(result);
}

/* Programs that cannot take part are refused before anything is measured. */
static void refused(void **state)
{
	static const char *const lines[] = {
		"compare --program /bin/true two.yaml",
		"compare --program ./nowhere two.yaml",
		"compare --program ./foreign two.yaml",
		"compare --program ./other",
		"compare --program ./other --against HEAD two.yaml",
		"compare --against no-such-revision two.yaml",
		"compare two.yaml two.yaml --threads 1",
	};

	(void)state;
	write_text("foreign", "#!/bin/sh\necho '{\"protocol\": \"0-00000000\"}'\n");
	chmod("foreign", 0700);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(run_line("%s --results runs", lines[i]), CT_EXIT_USER);
		assert_int_equal(access("runs", F_OK), -1);
		if (strstr(lines[i], "foreign"))
			expect(said.err, "0-00000000");
	}
}

/* A variant that one program lacks is left out for both. */
static void a_variant_is_missing(void **state)
{
	json_t *benchmark;

	(void)state;
	write_text("older",
		   "#!/bin/sh\n"
		   "[ \"$2\" != --protocol ] || { '" CTBENCH_BINARY "' measure --protocol |\n"
		   "\tsed 's/\"locked_jhash2_scale_seqcount\",//'; exit; }\n"
		   "exec '" CTBENCH_BINARY "' \"$@\"\n");
	chmod("older", 0700);
	assert_int_equal(run_line("compare --program ./older two.yaml --results runs --no-bounds "
				  "--bound 90%% --repeats 3 --name a"),
			 0);
	expect(said.err, "locked_jhash2_scale_seqcount");
	benchmark = json_load_file("runs/a/benchmark.json", 0, NULL);
	assert_int_equal(
		json_object_size(json_object_get(json_object_get(benchmark, "ctbench"), "cells")),
		4);
	json_decref(benchmark);
	assert_int_equal(run_line("compare --program ./older two.yaml --results runs "
				  "--variants locked_jhash2_scale_seqcount"),
			 CT_EXIT_USER);
}

/* Resumed with the program that it was started with, not named and named. */
static void gone_on_with(void **state)
{
	(void)state;
	assert_int_equal(run_line(COMPARE "--name a --repeats 3"), 0);
	assert_int_equal(run_line("run --resume a --results runs"), CT_EXIT_USER);
	expect(said.err, "ctbench compare --resume a");
	assert_int_equal(run_line("compare --program ./other --resume a --results runs "
				  "--bound 90%%"),
			 0);
	write_text("newer",
		   "#!/bin/sh\n"
		   "[ \"$2\" != --protocol ] || { '" CTBENCH_BINARY "' measure --protocol |\n"
		   "\tsed 's/\"compiler\":\"/&other /'; exit; }\n"
		   "exec '" CTBENCH_BINARY "' \"$@\"\n");
	chmod("newer", 0700);
	assert_int_equal(run_line("compare --program ./newer --resume a --results runs"),
			 CT_EXIT_USER);
}

/* ---- another revision ---- */

#define BUILD_REVISION "sh " CTBENCH_SOURCE_DIR "/tools/build-revision.sh "

/* A project whose program prints the value of an option; three revisions; a build folder. */
static const char make_project[] =
	"set -e; mkdir project; cd project; git init -q .\n"
	"cat >CMakeLists.txt <<'END'\n"
	"cmake_minimum_required(VERSION 3.20)\n"
	"project(p NONE)\n"
	"set(CTBENCH_WORD none CACHE STRING \"\")\n"
	"file(WRITE ${CMAKE_BINARY_DIR}/ctbench \"#!/bin/sh\\necho old ${CTBENCH_WORD}\\n\")\n"
	"file(CHMOD ${CMAKE_BINARY_DIR}/ctbench PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)\n"
	"add_custom_target(ctbench)\n"
	"END\n"
	"commit() { git -c user.name=a -c user.email=a@b commit -qam \"$1\"; }\n"
	"git add .; commit old; git tag old\n"
	"sed -i s/old/new/ CMakeLists.txt; commit new\n"
	"sed -i s/add_custom_target/bad/ CMakeLists.txt; commit bad; git tag bad; git reset -q "
	"--hard HEAD~1\n"
	"sed -i 's/target(ctbench)/target(ctbench COMMAND sleep 3)/' CMakeLists.txt; commit slow; "
	"git tag slow; git reset -q --hard HEAD~1\n"
	"cmake -S . -B build -DCTBENCH_WORD='a b'\n";

static void a_revision_is_built(void **state)
{
	(void)state;
	if (call_shell("git --version && cmake --version"))
		skip();
	assert_int_equal(call_shell(make_project), 0);
	assert_int_equal(
		call_shell("out=$(" BUILD_REVISION "\"$PWD/project/build\" old) && \"$out\""), 0);
	assert_string_equal(said.out, "old a b\n");
	/* The second call uses the existing build. */
	assert_int_equal(call_shell(BUILD_REVISION "\"$PWD/project/build\" old 2>&1"), 0);
	assert_null(strstr(said.out, "building"));
	/* The present build has other options. */
	assert_int_equal(
		call_shell("cmake -S project -B project/build -DCTBENCH_WORD=c >/dev/null; "
			   "out=$(" BUILD_REVISION "\"$PWD/project/build\" old) && \"$out\""),
		0);
	assert_string_equal(said.out, "old c\n");
	assert_int_equal(call_shell(BUILD_REVISION "\"$PWD/project/build\" bad"), 2);
	expect(said.out, "log");
	assert_int_equal(call_shell(BUILD_REVISION "\"$PWD/project/build\" --help"), 2);
	/* Not silent: on a terminal a line that changes, and in front of it where the log is. */
	if (!call_shell("command -v script")) {
		assert_int_equal(call_shell("script -qec '" BUILD_REVISION
					    "\"$PWD/project/build\" slow' /dev/null </dev/null"),
				 0);
		expect(said.out, "/log'");
		expect(said.out, " s so far");
	}
	assert_int_equal(call_shell(BUILD_REVISION "\"$PWD\" old"), 2);
	expect(said.out, "--program");
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("compare-programs");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, setup)
		TEST(measured_side_by_side), TEST(a_slower_one_is_seen), TEST(refused),
		TEST(a_variant_is_missing),  TEST(gone_on_with),	 TEST(a_revision_is_built),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("compare_programs", tests, begin, own_folder_leave);
}
