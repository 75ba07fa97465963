/* SPDX-License-Identifier: MIT */
/*
 * Bad input and errors of the system, through the program itself:
 * each gives a clear sentence on stderr and exit status 2, soon, and
 * earlier results stay unchanged.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/compiler.h"
#include "harness/base/error.h"
#include "harness/base/interrupt.h"
#include "harness/machine/topology.h"
#include "tests/fixture/capture_files.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/sanitized.h"

/* Nothing here takes longer; this ends a program that hangs. */
#define LIMIT_SECONDS 60

/*
 * Expects exit status 2.  stderr has only sentences of ctbench: warnings and one error, or with
 * `several` more errors.
 */
static void expect_refusal(int status, bool several, const char *part)
{
	unsigned int sentences = 0;

	if (status != CT_EXIT_USER)
		fail_msg("exit status %d instead of 2; stderr:\n%s", status, said.err);
	for (char *line = said.err; *line; line = strchr(line, '\n') + 1) {
		if (strncmp(line, "ctbench: ", 9) || !strchr(line, '\n'))
			fail_msg("not a sentence of ctbench's: %s", line);
		sentences += strncmp(line, "ctbench: warning: ", 18) != 0;
	}
	if (!sentences || (sentences > 1 && !several))
		fail_msg("%u sentences on stderr:\n%s", sentences, said.err);
	expect(said.err, part);
}

/* ---- files ---- */

#define SMALL	 "question: Does it work?\nduration: 5ms\nwarmup: 0ms\nrepeats: 1\n"
#define BASELINE "variants: nulls_rcu_jhash2_scale_seqcount\n"
#define TINY	 SMALL BASELINE "flows: 256\nload_factor: 1\n"

#define KEPT_MAX (1 << 17)
static char before_json[KEPT_MAX], before_cells[KEPT_MAX];

static int make_folder(void **state)
{
	(void)state;
	program_seconds = LIMIT_SECONDS;
	if (own_folder_enter("bad-input") || chmod(".", 0755))
		return -1;
	write_text("tiny.yaml", TINY);
	write_text("packets.yaml", SMALL BASELINE "level: packets\nbuckets: 256\n");
	/* An earlier run, which nothing may touch. */
	if (RUN("run", "tiny.yaml", "--results", "runs", "--name", "before")) {
		fputs(said.err, stderr);
		return -1;
	}
	read_text("runs/before/benchmark.json", before_json, sizeof(before_json));
	read_text("runs/before/cells.tsv", before_cells, sizeof(before_cells));
	return *before_json && *before_cells ? 0 : -1;
}

static int earlier_results_are_kept(void **state)
{
	static char text[KEPT_MAX];

	(void)state;
	read_text("runs/before/benchmark.json", text, sizeof(text));
	assert_string_equal(text, before_json);
	read_text("runs/before/cells.tsv", text, sizeof(text));
	assert_string_equal(text, before_cells);
	return 0;
}

/* ---- captures ---- */

/* Complete packets, each of another connection. */
static void make_capture(struct blob *b, unsigned int packets)
{
	/* Ethernet, IPv4 (total length 46, TTL 64, UDP), UDP of 26 bytes without a checksum */
	uint8_t frame[60] = {
		[12] = 0x08, [14] = 0x45, [17] = 46, [22] = 64, [23] = 17, [39] = 26
	};
	uint16_t sum;

	pcap_begin(b, 1, false, false);
	for (unsigned int i = 0; i < packets; i++) {
		frame[29] = frame[33] = (uint8_t)i; /* 0.0.0.i to itself */
		sum = (uint16_t) ~(0x4500 + 46 + 0x4011 + 2 * i);
		frame[24] = (uint8_t)(sum >> 8);
		frame[25] = (uint8_t)sum;
		pcap_packet(b, false, 1000 + i, 0, frame, sizeof(frame), sizeof(frame));
	}
}

static void test_broken_captures(void **state)
{
	static const struct {
		const char *file, *says;
	} cases[] = {
		{ "cut.pcap", "cut.pcap" },
		{ "cut.pcap.zst", "cut.pcap.zst: " },
		{ "garbage.pcap", "garbage.pcap " },
		{ "garbage.pcap.zst", "garbage.pcap.zst" },
		{ "inside.pcap", "inside.pcap" },
		{ "empty.pcap", "empty.pcap is empty" },
		{ ".", "a directory" },
		{ "missing.pcap", "No such file" },
		{ "tiny.yaml", "tiny.yaml " },
	};
	struct blob b = { 0 };
	uint8_t garbage[4096];
	uint32_t x = 1;
	void *packed;
	size_t size;

	(void)state;
	make_capture(&b, 100);
	write_bytes("whole.pcap", b.data, b.size);
	write_bytes("cut.pcap", b.data, b.size - 30);
	packed = malloc(ZSTD_compressBound(b.size));
	assert_non_null(packed);
	size = ZSTD_compress(packed, ZSTD_compressBound(b.size), b.data, b.size, 1);
	assert_false(ZSTD_isError(size));
	write_bytes("cut.pcap.zst", packed, size - 5);
	for (size_t i = 0; i < sizeof(garbage); i++)
		garbage[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
	write_bytes("garbage.pcap", garbage, sizeof(garbage));
	memcpy(garbage, packed, 6); /* zstd's mark, then nonsense */
	write_bytes("garbage.pcap.zst", garbage, sizeof(garbage));
	memcpy(b.data + b.size / 2, garbage + 100, 1000);
	write_bytes("inside.pcap", b.data, b.size);
	write_text("empty.pcap", "");
	free(packed);
	blob_free(&b);

	assert_int_equal(RUN("replay", "whole.pcap"), 0);
	assert_string_equal(said.err, "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *file = (char *)cases[i].file;

		expect_refusal(RUN("replay", file), false, cases[i].says);
		/* before anything is measured */
		expect_refusal(RUN("run", "packets.yaml", "--capture", file, "--results", "none"),
			       false, cases[i].says);
		assert_int_not_equal(access("none", F_OK), 0);
	}
	pcap_begin(&b, 1, false, false);
	pcap_packet(&b, false, 1, 0, garbage, 60, 60);
	write_bytes("arp.pcap", b.data, b.size);
	blob_free(&b);
	assert_int_equal(RUN("replay", "arp.pcap"), 0);
	expect_refusal(RUN("run", "packets.yaml", "--capture", "arp.pcap", "--results", "none"),
		       false, "arp.pcap has no IP packet");
	/* The part before the cut is reported too. */
	assert_int_equal(RUN("replay", "cut.pcap", "--table"), CT_EXIT_USER);
	expect(said.out, "src=0.0.0.98 dst=0.0.0.98");
}

/* ---- workload files ---- */

static void test_wrong_workloads(void **state)
{
	static const struct {
		const char *text, *says[3]; /* file and line, what is wrong, what is allowed */
	} cases[] = {
		{ "flow: 3\n", { "wrong.yaml:5: ", "'flow'", "did you mean 'flows'" } },
		{ "colour: 3\n",
		  { "wrong.yaml:5: ", "'colour'", "ipv6_share, buckets, load_factor" } },
		{ "flows: many\n", { "wrong.yaml:5: ", "'many'", "a number from 1 to" } },
		{ "flows: [256, -1]\n", { "wrong.yaml:5: ", "'-1'", "a number from 1 to" } },
		{ "flows: 64\nlevel: ip\n", { "wrong.yaml:6: ", "'ip'", "packets (" } },
		{ "flows: 64\nlevel: [ops, ip]\n", { "wrong.yaml:6: ", "'ip'", "packets (" } },
		{ "popularity: zipf s=x\n",
		  { "wrong.yaml:5: ", "zipf s=x", "uniform, zipf s=0.99 or hot" } },
		{ "hit_share: 1.5\n", { "wrong.yaml:5: ", "'1.5'", "from 0 to 1" } },
		{ "duration: 0\n", { "wrong.yaml:5: ", "'0'", "200ms" } },
		{ "repeats: 0\n", { "wrong.yaml:5: ", "'0'", "from 1 to" } },
		{ "flows: 64\nflows: 65\n", { "wrong.yaml:6: ", "given twice", "[A, B]" } },
		{ "buckets: 64\nload_factor: 1\n", { "wrong.yaml:", "buckets", "load_factor" } },
		{ "variants: nope\n", { "wrong.yaml:5: ", "'nope'", "ctbench list" } },
		{ "variants: hash=md5\n", { "wrong.yaml:5: ", "md5", "jhash2, siphash" } },
		{ "threads: 0\n", { "wrong.yaml:5: ", "'0'", "from 1 to" } },
		{ "load_factor: 1\nmix: lookup=90 insert=10\n",
		  { "wrong.yaml:", "insert", "equal parts" } },
		{ "flows: {a: 1}\n", { "wrong.yaml:5: ", "mapping", "list" } },
		{ "\tflows: 3\n", { "wrong.yaml:5: ", "not YAML", "tab" } },
		{ "flows: 3\npages: \x01\n",
		  { "wrong.yaml:6: ", "not YAML", "control characters" } },
		{ "flows: 3\npages: \xff\n", { "wrong.yaml:6: ", "not YAML", "UTF-8" } },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool variants = strstr(cases[i].text, "variants");

		/* Four lines, then the wrong ones. */
		snprintf(text, sizeof(text), "question: Why?\nname: wrong\nseed: 1\n%s%s",
			 variants ? "pages: 4k\n" : BASELINE, cases[i].text);
		write_text("wrong.yaml", text);
		for (unsigned int k = 0; k < 3; k++)
			expect_refusal(RUN("run", "wrong.yaml", "--results", "runs"), false,
				       cases[i].says[k]);
	}
	expect_refusal(RUN("run", "missing.yaml", "--results", "runs"), false, "missing.yaml");
	expect_refusal(RUN("run", "whole.pcap", "--results", "runs"), false, "whole.pcap");
	write_text("itself.yaml", "question: Why?\nworkloads: [itself.yaml]\n");
	expect_refusal(RUN("run", "itself.yaml", "--results", "runs"), false, "itself.yaml:2: ");
	assert_int_equal(access("runs/wrong", F_OK), -1);
}

/* ---- threads ---- */

/* The value below a column's name in the first row of results.tsv. */
static void column(const char *run, const char *name, char *value, size_t size)
{
	static char text[KEPT_MAX];
	char path[256], *names = text, *values, *n, *v;

	snprintf(path, sizeof(path), "runs/%s/results.tsv", run);
	read_text(path, text, sizeof(text));
	values = strchr(text, '\n');
	assert_non_null(values);
	*values++ = '\0';
	*strchr(values, '\n') = '\0';
	while ((n = strsep(&names, "\t")) && (v = strsep(&values, "\t"))) {
		if (strcmp(n, name))
			continue;
		snprintf(value, size, "%s", v);
		return;
	}
	fail_msg("no column %s in %s", name, path);
}

static void test_threads(void **state)
{
	char more[16], value[64];

	(void)state;
	expect_refusal(RUN("run", "tiny.yaml", "--threads", "0", "--results", "runs"), false,
		       "from 1 to");
	snprintf(more, sizeof(more), "%u", topology_nr_cpus() + 1);
	expect_refusal(RUN("run", "tiny.yaml", "--threads", more, "--results", "runs"), false,
		       "oversubscribe: true");
	expect(said.err, "CPU");

	/*
	 * --oversubscribe: that many threads run and give figures.  They take turns, so the
	 * window is longer.
	 */
	assert_int_equal(RUN("run", "tiny.yaml", "--threads", more, "--oversubscribe", "true",
			     "--duration", "200ms", "--results", "runs", "--name", "many"),
			 0);
	column("many", "threads", value, sizeof(value));
	assert_string_equal(value, more);
	column("many", "n", value, sizeof(value));
	assert_string_equal(value, "1");
	column("many", "ns_per_op_median", value, sizeof(value));
	assert_true(atof(value) > 0);
}

/* ---- sizes ---- */

static void test_buckets(void **state)
{
	(void)state;
	write_text("mask.yaml",
		   SMALL "flows: 256\nvariants: nulls_rcu_jhash2_mask_seqcount\nbuckets: 1000\n");
	expect_refusal(RUN("run", "mask.yaml", "--results", "runs"), false, "mask.yaml:7: ");
	expect(said.err, "power of two");
	expect(said.err, "512 or 1024");
	expect_refusal(RUN("run", "tiny.yaml", "--buckets", "100", "--variants", "cds_lfht",
			   "--results", "runs"),
		       false, "power of two");
	expect_refusal(RUN("run", "tiny.yaml", "--buckets", "3Gi", "--results", "runs"), false,
		       "2147483648");
	expect_refusal(RUN("run", "mask.yaml", "--buckets", "64", "--resize", "100@1ms",
			   "--results", "runs"),
		       false, "power of two");
	expect_refusal(RUN("replay", "whole.pcap", "--variant", "nulls_rcu_jhash2_mask_seqcount",
			   "--buckets", "1000"),
		       false, "power of two");
}

/*
 * 2^31 buckets and 2^30 connections, 272 GiB: refused without trying, as is
 * a table that only exceeds the memory limit of the process.
 */
static void test_memory(void **state)
{
	const struct program_limits half = { .address_space = 512u << 20 };
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long long kib = 0;
	char line[128];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && sscanf(line, "MemAvailable: %llu", &kib) != 1)
		;
	fclose(f);
	if (kib >> 20 < 300) {
		expect_refusal(RUN("run", "tiny.yaml", "--flows", "1Gi", "--buckets", "2Gi",
				   "--results", "runs", "--name", "huge"),
			       true, "GiB of memory");
		expect(said.err, "ask for fewer");
		expect(said.out, "0 measurements");
		assert_true(said.peak_kib < 1 << 20);
		/* The old and the new table exist at once while it is resized. */
		expect_refusal(RUN("run", "tiny.yaml", "--flows", "1Gi", "--buckets", "1Ki",
				   "--resize", "2Gi@1ms", "--results", "runs"),
			       true, "GiB of memory");
		assert_true(said.peak_kib < 1 << 20);
	}
	/* More than the program can count. */
	expect_refusal(RUN("run", "tiny.yaml", "--flows", "8589934592", "--results", "runs"), false,
		       "from 1 to 1Gi");
	if (SANITIZED) /* sanitizers reserve terabytes of addresses */
		return;
	expect_refusal(
		RUN_LIMITED(&half, "run", "tiny.yaml", "--flows", "4Mi", "--results", "runs"), true,
		"GiB of memory");
	expect_refusal(
		RUN_LIMITED(&half, "run", "tiny.yaml", "--buckets", "128Mi", "--results", "runs"),
		true, "GiB of memory");
	expect_refusal(RUN_LIMITED(&half, "run", "packets.yaml", "--flows", "4Mi", "--buckets",
				   "4Mi", "--results", "runs"),
		       true, "GiB of memory");
}

/* ---- folders of results ---- */

#define NOBODY 65534

static void test_results_folder(void **state)
{
	struct program_limits nobody = { .user = geteuid() ? 0 : NOBODY };
	int status;

	(void)state;
	expect_refusal(RUN("run", "tiny.yaml", "--results", "tiny.yaml/runs"), false,
		       "Not a directory");
	expect_refusal(RUN("run", "tiny.yaml", "--results", "/proc/ctbench-runs"), false,
		       "--results DIR");
	expect_refusal(RUN("run", "tiny.yaml", "--results", "runs", "--name", "../runs"), false,
		       "../runs");
	expect_refusal(RUN("run", "tiny.yaml", "--results", "runs", "--name", ""), false, "name");

	assert_int_equal(mkdir("closed", 0555), 0);
	status = RUN_LIMITED(&nobody, "run", "tiny.yaml", "--results", "closed");
	if (status == 98)
		print_message("[  note    ] %s is closed to others: not tried\n", CTBENCH_BINARY);
	else
		expect_refusal(status, false, "Permission denied");
	assert_int_equal(rmdir("closed"), 0); /* and empty */
}

static void test_name_is_taken(void **state)
{
	(void)state;
	expect_refusal(RUN("run", "tiny.yaml", "--results", "runs", "--name", "before"), false,
		       "runs/before");
	expect(said.err, "--name");
	/*
	 * Runs without a name get different names, however fast they follow.  With
	 * --oversubscribe none is void because other programs want the CPU.
	 */
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(RUN("run", "tiny.yaml", "--oversubscribe", "--results", "unnamed"),
				 0);
	assert_int_equal(system("test $(ls unnamed | wc -l) = 3"), 0);
	/* A folder that is not a run's is not written into either. */
	assert_int_equal(mkdir("runs/mine", 0755), 0);
	expect_refusal(RUN("run", "tiny.yaml", "--results", "runs", "--name", "mine"), false,
		       "runs/mine");
	assert_int_equal(rmdir("runs/mine"), 0);
	expect_refusal(RUN("run", "--results", "runs", "--resume", "nothing"), false, "nothing");
}

/* ---- Ctrl-C ---- */

static unsigned int rows(const char *run)
{
	char path[256], text[8192];
	unsigned int n = 0;
	size_t size;
	FILE *f;

	snprintf(path, sizeof(path), "runs/%s/cells.tsv", run);
	f = fopen(path, "r");
	if (!f)
		return 0;
	while ((size = fread(text, 1, sizeof(text), f)))
		for (size_t i = 0; i < size; i++)
			n += text[i] == '\n';
	fclose(f);
	return n ? n - 1 : 0;
}

/* Arguments of the command line that ctbench suggested for resuming. */
static void told_to(char *args[8])
{
	char *line = strstr(said.out, "  ctbench run --resume");
	unsigned int n = 0;

	if (!line)
		fail_msg("the command that resumes is missing in:\n%s", said.out);
	*strchr(line, '\n') = '\0';
	for (char *word = strtok(line, " "); word && n < 7; word = strtok(NULL, " "))
		args[n++] = strdup(word);
	args[n] = NULL;
}

static void test_interrupt(void **state)
{
	static char whole[KEPT_MAX], kept[KEPT_MAX];
	const struct timespec nap = { .tv_nsec = 2000000 };
	unsigned int finished;
	char *args[8];
	pid_t pid;

	(void)state;
	/* 20 cells and a control, with 20 ms each; see test_name_is_taken() for oversubscribe. */
	write_text("long.yaml",
		   SMALL BASELINE "flows: [64, 128, 192, 256, 320]\nload_factor: [1, 2, 3, 4]\n"
				  "plots: bars\noversubscribe: true\n");
	pid = program_start(&(struct program_limits){ 0 },
			    (char *[]){ "run", "long.yaml", "--duration", "20ms", "--results",
					"runs", "--name", "long", NULL });
	while (rows("long") < 4 && !waitpid(pid, NULL, WNOHANG))
		nanosleep(&nap, NULL);
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(program_finish(pid), CT_EXIT_INTERRUPTED);

	finished = rows("long");
	assert_true(finished >= 4 && finished < 20);
	read_text("runs/long/cells.tsv", kept, sizeof(kept));
	expect(said.out, "Interrupted");
	expect(said.out, "plots:");
	assert_int_equal(access("runs/long/benchmark.json", R_OK), 0);
	assert_int_equal(access("runs/long/results.tsv", R_OK), 0);
	assert_int_equal(access("runs/long/plots", R_OK), 0);

	told_to(args);
	assert_string_equal(args[0], "ctbench");
	assert_int_equal(program_run(&(struct program_limits){ 0 }, args + 1), 0);
	/* All finished measurements are still there, and the others were measured once more. */
	read_text("runs/long/cells.tsv", whole, sizeof(whole));
	assert_int_equal(strncmp(whole, kept, strlen(kept)), 0);
	assert_true(rows("long") >= 21);
	expect(said.out, "21 cells, "); /* noise may have made one of them void for good */
	for (unsigned int i = 0; args[i]; i++)
		free(args[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, earlier_results_are_kept)
	static const struct CMUnitTest tests[] = {
		TEST(test_broken_captures), TEST(test_wrong_workloads), TEST(test_threads),
		TEST(test_buckets),	    TEST(test_memory),		TEST(test_results_folder),
		TEST(test_name_is_taken),   TEST(test_interrupt),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("bad_input", tests, make_folder, own_folder_leave);
}
