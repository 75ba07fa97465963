/* SPDX-License-Identifier: MIT */
/*
 * Runs ctbench replay on captures of real traffic: its output in every form,
 * which is the same for all variants.
 */
#include <dirent.h>

#include "harness/traffic/capture.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/replay_fixture.h"
#include "variants/variant.h"

static void each_capture(const char *dir, void (*fn)(const char *path), unsigned int *nr)
{
	struct dirent **names;
	char path[1024];
	int n = scandir(dir, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (strstr(names[i]->d_name, ".pcap")) {
			snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
			fn(path);
			(*nr)++;
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static void summary_of(const char *path)
{
	struct ct_error e = { 0 };
	struct capture_set set;

	assert_int_equal(capture_load(path, &set, &e), 0);
	REPLAY(path);
	assert_fine(path);
	assert_int_equal(number_before(" packets,"), set.nr);
	/* packets of real programs are not invalid, except fragments */
	assert_true(number_before(" made,") > 10);
	assert_int_equal(number_before(" made,"),
			 number_before(" left at the end") + number_before(" expired,") +
				 number_before(" when a packet") + number_before(" by a reset"));
	capture_set_free(&set);
}

static void own_summaries(void **state)
{
	unsigned int nr = 0;

	(void)state;
	each_capture(own(""), summary_of, &nr);
	assert_true(nr >= 5);
}

/* A line for each packet and one for the end, each JSON, and a table of the reported size. */
static void json_of(const char *path)
{
	uint64_t packets = 0, entries;
	const char *at = said.out;
	json_t *line;

	REPLAY("--json", path);
	assert_fine(path);
	while ((line = json_line(&at)) && !json_object_get(line, "final")) {
		assert_int_equal(json_integer_value(json_object_get(line, "i")), packets);
		assert_string_not_equal(json_text(line, "verdict"), "-");
		packets++;
		json_decref(line);
	}
	assert_non_null(line);
	entries = (uint64_t)json_integer_value(
		json_object_get(json_object_get(line, "stats"), "entries"));
	assert_int_equal(json_array_size(json_object_get(line, "table")), entries);
	json_decref(line);
	assert_null(json_line(&at));
	REPLAY(path);
	assert_int_equal(number_before(" packets,"), packets);
}

static void own_json(void **state)
{
	unsigned int nr = 0;

	(void)state;
	each_capture(own(""), json_of, &nr);
}

/* With every table conntrack's output is the same, byte for byte. */
static void variants_agree(void **state)
{
	static const char *const names[] = { "icmp.pcap.zst", "http.pcap.zst", "wan.pcap" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		char *first = NULL;

		for (size_t v = 0; v < ct_nr_variants; v++) {
			const char *variant = ct_variants[v]->name;

			if (ct_variants[v]->flags & (CT_V_NULL | CT_V_LOOKUPS))
				continue; /* know nothing */
			if (REPLAY("--json", "--variant", variant, "--buckets", "1024",
				   own(names[i])) == CT_EXIT_SKIP) {
				print_message("%s: %s", variant, said.err);
				continue;
			}
			assert_fine(variant);
			if (!first)
				first = strdup(said.out);
			if (strcmp(first, said.out))
				fail_msg("%s differs on %s", variant, names[i]);
		}
		free(first);
	}
}

static void table_lines(void **state)
{
	unsigned long left, lines = 0;
	const char *at = said.out;
	char line[1024];

	(void)state;
	REPLAY("--table", "--set", "nf_conntrack_acct=1", own("http.pcap.zst"));
	assert_fine("--table");
	left = number_before(" left at the end");
	while (next_line(&at, line, sizeof(line))) {
		if (strncmp(line, "ipv4     2 ", 11) && strncmp(line, "ipv6     10 ", 12))
			continue;
		assert_non_null(strstr(line, " packets="));
		assert_non_null(strstr(line, " mark=0 zone=0 use=2\n"));
		lines++;
	}
	assert_int_equal(lines, left);
	assert_true(left > 50);
}

/* Nothing but the table, in either format: as many lines as connections were left. */
static void dumps(void **state)
{
	static const char *const ends[][2] = { { "proc", " mark=0 zone=0 use=2\n" },
					       { "extended", " mark=0 use=1\n" } };
	unsigned long left;
	char line[1024];

	(void)state;
	REPLAY(own("http.pcap.zst"));
	assert_fine("summary");
	left = number_before(" left at the end");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const char *at = said.out;
		unsigned long lines = 0;

		REPLAY("--dump", ends[i][0], own("http.pcap.zst"));
		assert_fine(ends[i][0]);
		while (next_line(&at, line, sizeof(line))) {
			assert_memory_equal(line, "ipv", 3);
			assert_non_null(strstr(line, ends[i][1]));
			lines++;
		}
		assert_int_equal(lines, left);
	}
}

/* --- The larger collection, if there is one --- */

static void survives(const char *path)
{
	/* the others in that folder are in mix-all too */
	static const char *const alone[] = { "mix-all", "echo-500conn", "ics-cip", "ics-modbus" };
	bool wanted = !sanitized() || !strstr(path, "/volume/");

	/* a replay is one thread: half a million packets show TSan no more than a few */
	for (unsigned int i = 0; i < ARRAY_SIZE(alone) && !CT_TSAN; i++)
		wanted |= strstr(path, alone[i]) != NULL;
	if (!wanted)
		return;
	REPLAY(path);
	assert_fine(path);
	assert_true(number_before(" packets,") > 0);
}

static void all_traces(void **state)
{
	static const char *const below[] = { "", "/semantic", "/volume" };
	const char *traces = getenv("CTBENCH_TRACES");
	char dir[1024];
	unsigned int nr = 0;

	(void)state;
	if (!traces) {
		print_message("no further captures: set CTBENCH_TRACES to a folder of some\n");
		skip();
	}
	for (unsigned int i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		snprintf(dir, sizeof(dir), "%s%s", traces, below[i]);
		each_capture(dir, survives, &nr);
	}
	assert_true(nr > 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(own_summaries),  cmocka_unit_test(own_json),
	cmocka_unit_test(variants_agree), cmocka_unit_test(table_lines),
	cmocka_unit_test(dumps),	  cmocka_unit_test(all_traces),
};
CT_TEST_MAIN(tests, NULL, NULL)
