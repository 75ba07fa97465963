/* SPDX-License-Identifier: MIT */
/*
 * An installed program, moved elsewhere, and a program that was copied alone:
 * both measure and draw while the source is hidden.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/compiler.h"
#include "core/version.h"
#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/sanitized.h"

/* In a new mount namespace, in which the source is an empty folder; or not, with a note. */
static bool can_hide;

static int without_source(const char *command)
{
	char line[2048];

	if (can_hide)
		snprintf(line, sizeof(line),
			 "unshare -rm sh -c 'mount -t tmpfs none " CTBENCH_SOURCE_DIR
			 " && %s' 2>&1",
			 command);
	else
		snprintf(line, sizeof(line), "{ %s; } 2>&1", command);
	return call_shell(line);
}

static void works(const char *program, const char *folder)
{
	char line[1024];

	snprintf(line, sizeof(line), "mkdir %s && cd %s && %s list --workloads", folder, folder,
		 program);
	assert_int_equal(without_source(line), 0);
	expect(said.out, "ctbench:workloads/suites/default.yaml\n");

	snprintf(line, sizeof(line), "cd %s && %s run smoke --dry-run", folder, program);
	if (without_source(line))
		fail_msg("%s", said.out);
	/* --oversubscribe: other programs on the CPU do not void measurements. */
	snprintf(line, sizeof(line),
		 "cd %s && %s run packets capture --threads 1 --flows 64 --copies 1 "
		 "--duration 2ms --warmup 0ms --repeats 1 --oversubscribe --no-bounds --name r",
		 folder, program);
	if (without_source(line))
		fail_msg("%s", said.out);
	snprintf(line, sizeof(line), "cd %s/results/runs/r && cat report.html && ls plots/*.svg",
		 folder);
	assert_int_equal(call_shell(line), 0);
	expect(said.out, "<style>");
	expect(said.out, "plots/capture-");
}

static void test_installed(void **state)
{
	static const char *const files[] = {
		"bin/ctbench",
		"share/man/man1/ctbench.1",
		"share/man/man1/ctbench-run.1",
		"share/bash-completion/completions/ctbench",
		"share/zsh/site-functions/_ctbench",
		"share/fish/vendor_completions.d/ctbench.fish",
		"include/ctbench/flowline.h",
		"share/pkgconfig/flowline.pc",
		"share/doc/ctbench/README.md",
		"share/doc/ctbench/workloads/axes.yaml",
		"share/doc/ctbench/workloads/workload.schema.json",
		"share/ctbench/workload.schema.json",
	};

	(void)state;
	if (call_shell("DESTDIR=$PWD/dest cmake --install $(dirname " CTBENCH_BINARY
		       ") --strip --prefix /usr 2>&1"))
		fail_msg("%s", said.out);
	assert_int_equal(call_shell("mv dest/usr moved && test -z \"$(ls dest)\""), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[128];

		snprintf(path, sizeof(path), "moved/%s", files[i]);
		if (access(path, R_OK))
			fail_msg("%s was not installed", files[i]);
	}
	assert_int_equal(access("moved/share/man/man1/ctbench-measure.1", F_OK), -1);
	works("../moved/bin/ctbench", "one");
	/* an editor finds the schema from anywhere */
	assert_int_equal(call_shell("moved/bin/ctbench new --question Why? - </dev/null | "
				    "sed -n '1s/.*schema=//p' | xargs cat"),
			 0);
	expect(said.out, "json-schema.org");
}

/* flowline in somebody's program: the installed files are all that it needs. */
static void test_flowline(void **state)
{
	(void)state;
	if (call_shell("command -v cc pkg-config >/dev/null")) {
		print_message("[  note    ] no cc or no pkg-config: not tried\n");
		skip();
	}
	assert_int_equal(call_shell("mkdir -p own && cp " CTBENCH_SOURCE_DIR
				    "/tests/variants/flowline_adapter.h own/adapter.h"),
			 0);
	write_text("own/mine.c",
		   "#include \"flowline.h\"\n"
		   "#include <stdio.h>\n"
		   "static bool same(void *arg, struct thing *o, uint32_t kind)\n"
		   "{ return (void)kind, o->key == *(const uint64_t *)arg; }\n"
		   "int main(void)\n"
		   "{\n"
		   "	static struct thing things[4] = { { 0 }, { .key = 7, .hash = 0x12345678 } "
		   "};\n"
		   "	struct flowline t;\n"
		   "	uint64_t key = 7;\n"
		   "	uint32_t again;\n"
		   "	uint32_t ref;\n"
		   "	struct fl_line *line;\n"
		   "	if (fl_init(&t, 4, 8, things, FL_PAGES_4K, NULL))\n"
		   "		return 1;\n"
		   "	urcu_bp_read_lock();\n"
		   "	line = fl_lock(&t, things[1].hash);\n"
		   "	fl_add(&t, line, things[1].hash, fl_ref(&t, &things[1], 0), false);\n"
		   "	fl_unlock(line);\n"
		   "	ref = fl_find(&t, things[1].hash, same, &key, &again);\n"
		   "	urcu_bp_read_unlock();\n"
		   "	puts(ref && fl_at(&t, ref) == &things[1] ? \"found\" : \"lost\");\n"
		   "	return 0;\n"
		   "}\n");
	if (without_source("export PKG_CONFIG_PATH=$PWD/moved/share/pkgconfig; "
			   "cc -std=gnu11 -DFL_ADAPTER=\\\"adapter.h\\\" -Iown "
			   "$(pkg-config --cflags flowline) own/mine.c "
			   "$(pkg-config --variable=source flowline) -lurcu-bp -o own/mine && "
			   "own/mine"))
		fail_msg("%s", said.out);
	assert_string_equal(said.out, "found\n");
}

static void test_copied(void **state)
{
	(void)state;
	assert_int_equal(call_shell("mkdir alone && cp " CTBENCH_BINARY " alone/"), 0);
	works("../alone/ctbench", "two");
}

/* A folder workloads/ here comes first: in the source tree a change needs no build. */
static void test_workloads_here(void **state)
{
	(void)state;
	assert_int_equal(call_shell("mkdir -p three/workloads/suites"), 0);
	write_text("three/workloads/axes.yaml",
		   "question: Mine?\nvariants: null\nload_factor: 1\n");
	assert_int_equal(call_shell("cd three && " CTBENCH_BINARY " list --workloads"), 0);
	expect(said.out, "workloads/axes.yaml\n    Mine?");
	assert_null(strstr(said.out, "size.yaml"));
	assert_int_equal(call_shell("cd three && " CTBENCH_BINARY " list --workloads axes"), 0);
	expect(said.out, "Mine?");
}

static void test_deb(void **state)
{
	(void)state;
	if (SANITIZED) /* that is not packed */
		skip();
	if (call_shell("command -v dpkg-deb dpkg-shlibdeps >/dev/null")) {
		print_message("[  note    ] dpkg-dev is not installed: no package is made\n");
		skip();
	}
	if (call_shell("{ MAINTAINER='Some Body <some@body.org>' " CTBENCH_SOURCE_DIR
		       "/tools/deb.sh $(dirname " CTBENCH_BINARY ") package; } 2>&1"))
		fail_msg("%s", said.out);
	expect(said.out, "package/ctbench_" CTBENCH_VERSION "_");
	assert_int_equal(
		call_shell("dpkg-deb -x package/*.deb unpacked && dpkg-deb -f package/*.deb"), 0);
	expect(said.out, "libjansson4");
	works("../unpacked/usr/bin/ctbench", "four");
	if (call_shell("command -v lintian >/dev/null")) {
		print_message("[  note    ] lintian is not installed: not tried\n");
		return;
	}
	if (call_shell("lintian --fail-on error,warning package/*.deb 2>&1"))
		fail_msg("%s", said.out);
}

static int begin(void **state)
{
	char folder[4096];

	(void)state;
	if (own_folder_enter("install"))
		return -1;
	/* TSan reads its suppressions from the source. */
	can_hide =
		!CT_TSAN && getcwd(folder, sizeof(folder)) &&
		strncmp(folder, CTBENCH_SOURCE_DIR "/", strlen(CTBENCH_SOURCE_DIR) + 1) &&
		!call_shell("unshare -rm mount -t tmpfs none " CTBENCH_SOURCE_DIR " 2>/dev/null");
	if (!can_hide)
		print_message(
			"[  note    ] no mount namespace, or TSan: the source is not hidden\n");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_installed), cmocka_unit_test(test_flowline),
		cmocka_unit_test(test_copied),	  cmocka_unit_test(test_workloads_here),
		cmocka_unit_test(test_deb),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("install", tests, begin, own_folder_leave);
}
