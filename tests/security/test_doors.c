/* SPDX-License-Identifier: MIT */
/*
 * Hostile texts in arguments, workload files, scenarios, captures and names of files: see
 * tests/fixture/hostile.h.
 */
#include "tests/fixture/cmocka.h"
#include "tests/fixture/hostile.h"

/* ---- arguments ---- */

/* A separate rule: the one in names.h would share its mistakes. */
static bool may_be_a_name(const char *text)
{
	for (const char *p = text; *p; p++)
		if (*p == '/' || (unsigned char)*p < ' ' || (unsigned char)*p > '~')
			return false;
	return *text && *text != '-' && strlen(text) < 128;
}

static void arguments(void **state)
{
	static const char *const lines[][8] = {
		{ "list", "@@" },
		{ "list", "--workloads", "@@" },
		{ "list", "--parameters", "@@" },
		{ "run", "@@", "--results", "runs" },
		{ "run", "w.yaml", "--@@", "-n" },
		{ "run", "w.yaml", "-n", "--variants", "@@" },
		{ "run", "w.yaml", "-n", "--popularity", "@@" },
		{ "run", "w.yaml", "-n", "--resize", "@@" },
		{ "run", "w.yaml", "-n", "--capture", "@@" },
		{ "run", "w.yaml", "-n", "--shard", "@@" },
		{ "run", "w.yaml", "--results", "@@" },
		{ "run", "--resume", "@@", "--results", "runs" },
		{ "saturate", "@@", "--results", "runs" },
		{ "saturate", "w.yaml", "--p99", "@@" },
		{ "replay", "@@" },
		{ "replay", "x.pcap", "--variant", "@@" },
		{ "replay", "x.pcap", "--set", "@@=1" },
		{ "replay", "x.pcap", "--set", "nf_conntrack_max=@@" },
		{ "replay", "x.pcap", "--scenario", "@@" },
		{ "explain", "@@", "0" },
		{ "explain", "x.pcap", "@@" },
		{ "plot", "@@" },
		{ "plot", "runs/a", "--kind", "@@" },
		{ "report", "@@" },
		{ "report", "runs/a", "--of", "@@" },
		{ "compare", "runs/a", "@@" },
		{ "compare", "runs/a", "runs/b", "--metric", "@@" },
		{ "merge", "m", "@@", "runs/b" },
		{ "help", "@@" },
		{ "man", "@@" },
		{ "completion", "@@" },
		{ "import", "@@" },
		{ "import", "x.pcap", "--only", "@@" },
		{ "import", "x.pcap", "--anonymise", "--out", "o.ct", "--key", "@@" },
		{ "import", "x.pcap", "--out", "@@" },
		{ "history", "@@", "runs/a" },
		{ "history", "w", "@@" },
		{ "history", "w", "runs/a", "--metric", "@@" },
		{ "history", "w", "runs/a", "--only", "@@" },
		{ "history", "w", "runs/a", "--results", "@@" },
		{ "list", "--runs", "--results", "@@" },
		{ "recommend", "@@" },
		{ "recommend", "runs/a", "--workload", "@@" },
		{ "machines", "runs/a", "@@" },
		{ "machines", "runs/a", "runs/b", "--base", "@@" },
		{ "compare", "runs/a", "@@", "--plot", "made" },
		{ "kernel", "--beside", "@@", "--rounds", "0" },
		{ "new", "made.yaml", "--question", "@@", "--vary" },
		{ "sweep", "--resume", "@@", "--results", "runs" },
	};
	char folder[4096];

	(void)state;
	assert_non_null(getcwd(folder, sizeof(folder)));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		for (size_t k = 0; k < NR_HOSTILE; k++) {
			/* A folder for results that the user names so is made. */
			if (!strcmp(lines[i][2] ? lines[i][2] : "", "--results") &&
			    !strcmp(lines[i][3], "@@") && strcmp(hostile[k].name, "very long"))
				continue;
			door = lines[i][2] ? lines[i][2] : lines[i][0];
			sent = hostile[k].name;
			send(lines[i], &hostile[k]);
		}
	check_files();
	/* The first word of all, and names of runs. */
	for (size_t k = 0; k < NR_HOSTILE; k++) {
		char *word = (char *)hostile[k].bytes;

		door = "the command";
		sent = hostile[k].name;
		RUN(word);
		check_all("ctbench");
		if (may_be_a_name(hostile[k].bytes))
			continue;
		door = "--name";
		SEND(&hostile[k], "run", "w.yaml", "--results", "runs", "--name", "@@");
		assert_int_equal(said.status, CT_EXIT_USER);
		/* A folder that the user names by a path is made. */
		if (!strchr(hostile[k].bytes, '/'))
			SEND(&hostile[k], "merge", "@@", "runs/a", "runs/b", "--results", "runs");
	}
	check_files();
}

/* ---- files that people write ---- */

static void workload_files(void **state)
{
	static const char *const files[] = {
		"question: \"@@\"\n" REST,
		"question: why\nname: \"@@\"\n" REST,
		"question: why\n\"@@\": 1\n" REST,
		"question: why\nflows: \"@@\"\n",
		"question: why\nvariants: [\"@@\"]\nflows: 1\n",
		"question: why\ncapture: \"@@\"\nlevel: packets\n" REST,
		"question: why\nplots: [\"@@\"]\n" REST,
		"question: why\nresize: \"@@\"\n" REST,
		"question: why\nevents: \"@@\"\n" REST,
		"question: why\nworkloads: [\"@@\"]\n",
		"question: why\npinning: \"@@\"\n" REST,
		"question: why\nflows: &a !\"@@\" *\"@@\"\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (size_t k = 0; k < NR_HOSTILE; k++) {
			door = files[i];
			sent = hostile[k].name;
			write_with("d.yaml", files[i], &hostile[k]);
			SEND(NULL, "run", "d.yaml", "--dry-run");
			/* Each is too long for a name or has a character that none may have. */
			if (strstr(files[i], "name: ") && !said.status && strcmp(sent, "help"))
				fails("it was taken for a name");
			if (hostile[k].odd && !said.status)
				fails("it was taken");
			SEND(NULL, "list", "--workloads", "d.yaml");
		}
	check_files();
}

static void scenarios(void **state)
{
	static const char *const files[] = {
		"{\"@@\": 1}",
		"\"@@\"",
		"{\"sysctl\": {\"@@\": 1}}",
		"{\"sysctl\": {\"nf_conntrack_max\": \"@@\"}}",
		"{\"helpers\": {\"21\": \"@@\"}}",
		"{\"in\": {\"@@\": 1}}",
		"{\"zones\": {\"0\": \"@@\"}}",
		"{\"realtime\": \"@@\"}",
		"{\"after\": {\"0\": [\"@@\"]}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (size_t k = 0; k < NR_HOSTILE; k++) {
			door = files[i];
			sent = hostile[k].name;
			write_with("s.json", files[i], &hostile[k]);
			SEND(NULL, "replay", "x.pcap", "--scenario", "s.json");
			SEND(NULL, "explain", "x.pcap", "0", "--scenario", "s.json");
		}
}

static void file_names(void **state)
{
	char path[300];

	(void)state;
	assert_int_equal(mkdir("named", 0777), 0);
	for (size_t k = 0; k < NR_HOSTILE; k++) {
		const struct hostile *h = &hostile[k];

		if (!makes_file(h))
			continue;
		door = "a file's name";
		sent = h->name;
		snprintf(path, sizeof(path), "named/%s", h->bytes);
		write_text(path, "neither");
		SEND(h, "replay", "named/@@");
		SEND(h, "run", "named/@@", "-n");
		SEND(h, "report", "named/@@");
		SEND(h, "replay", "x.pcap", "--scenario", "named/@@");
		assert_int_equal(unlink(path) | symlink(own_path("x.pcap"), path), 0);
		SEND(h, "replay", "named/@@");
		SEND(h, "explain", "named/@@", "7");
		SEND(h, "run", "p.yaml", "-n", "--capture", "named/@@");
		SEND(h, "saturate", "named/@@", "--results", "runs");
		assert_int_equal(unlink(path), 0);
		write_text(path, "question: so\nflows: none\n");
		SEND(h, "run", "named/@@", "-n");
		SEND(h, "list", "-w", "named/@@");
		assert_int_equal(unlink(path) | mkdir(path, 0777), 0);
		SEND(h, "report", "named/@@");
		SEND(h, "run", "named/@@");
		SEND(h, "merge", "m", "named/@@", "runs/b");
		assert_int_equal(rmdir(path), 0);
	}
	check_files();
}

/* ---- commands in messages, to be pasted ---- */

static bool can_name_a_run(const struct hostile *h)
{
	return makes_file(h) && *h->bytes != '.' && may_be_a_name(h->bytes);
}

/* A file's name within a command: it must come out of a shell as it is. */
static void hints_of_files(const struct hostile *h)
{
	char path[300], said_path[320];

	snprintf(path, sizeof(path), "named/%s", h->bytes);
	write_text(path, "BZh9");
	SEND(h, "replay", "named/@@");
	check_hint(said.err, "bzip2 -dc ", path, 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0777), 0);
	SEND(h, "new", "named/@@/mine.yaml", "-q", "why", "--variants", "null", "--traffic",
	     "lookups", "--vary", "none");
	assert_int_equal(said.status, CT_EXIT_OK);
	snprintf(said_path, sizeof(said_path), "%s/mine.yaml", path);
	check_hint(said.out, "ctbench run ", said_path, 1);
	assert_int_equal(remove_all(path), 0);
}

/* Names that are right for a shell, but not for the option or the command behind it. */
static void hints_of_operands(void)
{
	SEND(NULL, "new", "-q", "why", "--variants", "null", "--traffic", "lookups", "--vary",
	     "none", "--", "-mine.yaml");
	assert_int_equal(said.status, CT_EXIT_OK);
	check_hint(said.out, "ctbench run ", "./-mine.yaml", 1);
	assert_int_equal(unlink("-mine.yaml"), 0);
	SEND(NULL, "import", "x.pcap", "--out", "a,b.ct");
	assert_int_equal(said.status, CT_EXIT_USER);
	expect(said.err, "--out");
	/* Not an error of the file's. */
	assert_null(strstr(said.err, "x.pcap"));
}

/* A run's name within a command. */
static void hints_of_runs(const struct hostile *h)
{
	char path[300];

	snprintf(path, sizeof(path), "runs/%s", h->bytes);
	assert_int_equal(rename("runs/b", path), 0);
	SEND(h, "run", "w.yaml", "--results", "runs", "--name", "@@");
	check_hint(said.err, "--resume ", h->bytes, 1);
	SEND(h, "saturate", "--resume", "@@", "--results", "runs");
	check_hint(said.err, "--resume ", h->bytes, 1);
	assert_int_equal(rename(path, "runs/b"), 0);
	fake->calls = 0;
	fake->interrupt_at = 2;
	SEND(h, "run", "w.yaml", "--results", "named", "--name", "@@");
	fake->interrupt_at = 0;
	check_hint(said.out, "--resume ", h->bytes, 3); /* and --results named */
}

static void hints(void **state)
{
	unsigned int nr = 0;

	(void)state;
	assert_int_equal(mkdir("named", 0777), 0);
	for (size_t k = 0; k < NR_HOSTILE; k++) {
		door = "a hint";
		sent = hostile[k].name;
		if (makes_file(&hostile[k]))
			hints_of_files(&hostile[k]);
		if (can_name_a_run(&hostile[k])) {
			hints_of_runs(&hostile[k]);
			nr++;
		}
	}
	assert_true(nr > 4);
	hints_of_operands();
	check_files();
	assert_int_equal(remove_all("named"), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(hints),     cmocka_unit_test(arguments),  cmocka_unit_test(workload_files),
	cmocka_unit_test(scenarios), cmocka_unit_test(file_names),
};
CT_TEST_MAIN(tests, hostile_enter, own_folder_leave)
