/* SPDX-License-Identifier: MIT */
/*
 * docs/FIRST-HOUR.md: every command of a block behind <!-- run --> works, in order, in one folder;
 * files behind <!-- create NAME --> are written first.  What measures gets smaller settings, which
 * change no meaning.  And the operators' workloads run.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

/* --oversubscribe: other programs on the CPU do not void measurements. */
#define SMALLER \
	" --repeats 1 --duration 2ms --warmup 0ms --no-bounds --oversubscribe --variants " \
	"nulls_rcu_siphash,cds_lfht"

/* The status that the page names; one repeat is too few to recommend anything. */
static void one_command(const char *command)
{
	bool measures = !strncmp(command, "ctbench run ", 12) && !strstr(command, "--dry-run");
	bool recommends = !strncmp(command, "ctbench recommend ", 18);
	char line[1024];
	int status;

	assert_int_equal(strncmp(command, "ctbench ", 8), 0);
	snprintf(line, sizeof(line), CTBENCH_BINARY " %s%s%s", command + 8, measures ? SMALLER : "",
		 measures && !strstr(command, "--flows") ? " --flows 1Ki" : "");
	status = call_shell(line);
	if (status == CT_EXIT_OK || (recommends && status == CT_EXIT_USER))
		return;
	fail_msg("status %d of: %s\n%s", status, line, said.out);
}

enum block { NONE, RUN_BLOCK, CREATE };

static void first_hour(void **state)
{
	static char page[1 << 16];
	enum block block = NONE;
	unsigned int commands = 0, files = 0;
	FILE *out = NULL;
	char *rest = page, *line, name[64];

	(void)state;
	read_text(CTBENCH_SOURCE_DIR "/docs/FIRST-HOUR.md", page, sizeof(page));
	while ((line = strsep(&rest, "\n"))) {
		if (!strcmp(line, "<!-- run -->")) {
			block = RUN_BLOCK;
		} else if (sscanf(line, "<!-- create %63s -->", name) == 1) {
			block = CREATE;
			out = fopen(name, "w");
			assert_non_null(out);
			files++;
		} else if (!strncmp(line, "    ", 4)) {
			if (block == RUN_BLOCK) {
				one_command(line + 4);
				commands++;
			} else if (block == CREATE) {
				fprintf(out, "%s\n", line + 4);
			}
		} else if (*line) {
			block = NONE;
		}
		if (block != CREATE && out) {
			fclose(out);
			out = NULL;
		}
	}
	assert_true(commands >= 15);
	assert_int_equal(files, 2);
}

/* What makes each of them small; without --duration where events need the whole window. */
static const struct {
	const char *name, *options;
	bool latencies; /* they refuse --oversubscribe, so on a busy machine all may be void */
} small[] = {
	{ "op_batch", "--flows 1Ki --burst 8 --duration 2ms", false },
	{ "op_buckets", "--flows 1Ki --load-factor 1 --duration 2ms", false },
	{ "op_collide", "--flows 64 --duration 2ms", false },
	{ "op_dns", "--copies 1 --split round_robin --burst 1 --duration 2ms", false },
	{ "op_dump", "--flows 1Ki --duration 40ms", true },
	{ "op_evict", "--flows 1Ki", false },
	{ "op_gc", "--flows 1Ki", false },
	{ "op_limit", "--flows 1Ki", false },
	{ "op_new", "--flows 1Ki", false },
	{ "op_pairs", "--flows 1Ki --duration 20ms", false },
	{ "op_refresh", "--flows 1Ki --split flow --popularity uniform --duration 2ms", false },
	{ "op_resize", "--flows 1Ki --duration 40ms", true },
	{ "op_tenant", "--flows 1Ki", true },
	{ "op_zone_flush", "--flows 1Ki --duration 40ms", true },
	{ "op_zones", "--flows 1Ki", false },
};
#define NR_SMALL (sizeof(small) / sizeof(small[0]))

static void operators(void **state)
{
	static char page[1 << 16];
	glob_t files;
	char line[1024];

	(void)state;
	read_text(CTBENCH_SOURCE_DIR "/docs/OPERATORS.md", page, sizeof(page));
	assert_int_equal(glob(CTBENCH_SOURCE_DIR "/workloads/op_*.yaml", 0, NULL, &files), 0);
	assert_int_equal(files.gl_pathc, NR_SMALL);
	globfree(&files);
	for (size_t i = 0; i < NR_SMALL; i++) {
		int status;

		snprintf(line, sizeof(line), "ctbench run %s", small[i].name);
		expect(page, line);
		snprintf(line, sizeof(line),
			 CTBENCH_BINARY
			 " run %s %s --threads 1 --warmup 0ms --repeats 1 --no-bounds "
			 "%s--variants nulls_rcu_siphash --name %s",
			 small[i].name, small[i].options,
			 small[i].latencies ? "" : "--oversubscribe ", small[i].name);
		status = call_shell(line);
		if (status != CT_EXIT_OK && !(small[i].latencies && status == CT_EXIT_VOID))
			fail_msg("status %d of: %s\n%s", status, line, said.out);
	}
}

static int enter(void **state)
{
	(void)state;
	/* Other tests check plots. */
	return own_folder_enter("first_hour") || make_idle_gnuplot() ||
	       setenv("PATH", "bin:/usr/bin:/bin", 1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(first_hour),
	cmocka_unit_test(operators),
};
CT_TEST_MAIN(tests, enter, own_folder_leave)
