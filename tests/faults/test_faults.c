/* SPDX-License-Identifier: MIT */
/*
 * Commands on a machine that runs out of something: memory, descriptors, processes, threads,
 * disk.  Each ends with status 2 and one sentence, or does all that it would have done otherwise;
 * none crashes, leaves half a file, or says less than it should.
 *
 * failing.c makes calls fail.  FAULTS=all (make faults) lets the first call from each place fail in
 * turn: reading one run's files allocates 80,000 times, but from 400 places.
 */
#include <ctype.h>
#include <ftw.h>
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
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

#define CAPTURE CTBENCH_SOURCE_DIR "/workloads/captures/cooked.pcap"
#define WORDS	12

/* ---- kinds of faults ---- */

static bool all_in_turn(void)
{
	const char *text = getenv("FAULTS");

	return text && !strcmp(text, "all");
}

static unsigned int failures;

/* Fails; a long run goes on, so that it finds all there is, and fails in the end. */
__attribute__((format(printf, 1, 2))) static void complain(const char *fmt, ...)
{
	static char text[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!all_in_turn())
		fail_msg("%s", text);
	printf("FAILS: %s\n", text);
	failures++;
}

/* ---- running with a fault ---- */

/* The part of a text that is the same each time: without digits and addresses. */
static void plain(char *out, const char *text)
{
	while (*text) {
		if (text[0] == '0' && text[1] == 'x')
			text += 2 + strspn(text + 2, "0123456789abcdef");
		else if (isdigit((unsigned char)*text) || *text == '.')
			text++;
		else
			*out++ = *text++;
	}
	*out = '\0';
}

static struct outcome {
	int status;
	char out[SAID_MAX];
	unsigned int sentences; /* on stderr, without warnings */
	char first[1024];
} right, now;

/* Lines of stderr: sentences of ctbench's, or fails. */
static unsigned int sentences(char *first, size_t size, const char *what)
{
	unsigned int n = 0;

	*first = '\0';
	for (const char *line = said.err; *line; line = strchr(line, '\n') + 1) {
		if (strncmp(line, "ctbench: ", 9) || !strchr(line, '\n'))
			complain("%s: not a sentence of ctbench's: %s", what, line);
		/* A page without pictures is a page. */
		if (!strncmp(line, "ctbench: warning: ", 18) ||
		    !strncmp(line, "ctbench: the report has no plots: ", 34))
			continue;
		if (!n++)
			snprintf(first, size, "%.*s", (int)strcspn(line, "\n"), line);
	}
	return n;
}

static void run_with(struct outcome *o, const char *fault, char *const *args)
{
	setenv("LD_PRELOAD", FAILING, 1);
	setenv("FAULT", fault, 1);
	program_run(&(struct program_limits){ 0 }, args);
	unsetenv("LD_PRELOAD");
	o->status = said.status;
	plain(o->out, said.out);
	o->sentences = sentences(o->first, sizeof(o->first), fault);
}

/* The numbers of the calls that are to fail, in no order. */
static struct {
	long list[1 << 15];
	size_t nr;
} chosen;

/* `tries` of the calls, spread over all of them; the first of each place with FAULTS=all. */
static void choose(const char *kind, long tries, char *const *args)
{
	static char text[1 << 19];
	char fault[32], *at = text;
	long nr, step;

	unlink("count");
	setenv("FAULT_COUNT", own_path("count"), 1);
	if (all_in_turn())
		setenv("FAULT_PLACES", "1", 1);
	snprintf(fault, sizeof(fault), "%s@0", kind);
	run_with(&right, fault, args);
	unsetenv("FAULT_COUNT");
	unsetenv("FAULT_PLACES");
	read_text("count", text, sizeof(text));
	nr = strtol(text, &at, 10);
	assert_true(nr >= 0);
	chosen.nr = 0;
	if (all_in_turn()) {
		for (char *end; chosen.nr < ARRAY_SIZE(chosen.list); at = end) {
			long n = strtol(at, &end, 10);

			if (end == at)
				break;
			chosen.list[chosen.nr++] = n;
		}
		return;
	}
	step = nr <= tries ? 1 : nr / tries;
	for (long i = 1; i <= nr && chosen.nr < ARRAY_SIZE(chosen.list); i += step)
		/* Not always the same place of a loop. */
		chosen.list[chosen.nr++] = step > 2 ? i + (i * 7919) % step : i;
}

static int only_whole_files(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + ftw->base;

	(void)type;
	if (!strncmp(name, ".new-", 5) || !strncmp(name, ".ctbench-", 9))
		complain("%s is left", path);
	if (strstr(name, ".html") || strstr(name, ".svg")) {
		static char text[1 << 20];

		if (read_text(path, text, sizeof(text)) < 8 || !st->st_size ||
		    !strstr(text + strlen(text) - 8, strstr(name, ".html") ? "</html>" : "</svg>"))
			complain("%s is not whole", path);
	}
	return 0;
}

/* Figures are measured again each time, and a machine is never twice the same. */
static bool varies(char *const *args)
{
	return !strcmp(args[0], "run") || !strcmp(args[0], "env");
}

/* The same result as without the fault, or one sentence of error. */
static void check(const char *fault, char *const *args)
{
	char line[512] = "";

	for (int i = 0; args[i]; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s ", args[i]);
	/* A run says it of each cell whose process ran out. */
	if (now.status == CT_EXIT_USER && (now.sentences == 1 || (varies(args) && now.sentences)))
		goto files;
	if (now.status != right.status)
		complain("%s: %s: status %d, %u sentences: %s", line, fault, now.status,
			 now.sentences, said.err);
	if (now.sentences != right.sentences || (!varies(args) && strcmp(now.out, right.out)))
		complain("%s: %s: it says less, with status %d:\n%s%s", line, fault, now.status,
			 said.out, said.err);
files:
	assert_int_equal(nftw(".", only_whole_files, 16, FTW_PHYS), 0);
}

/* The files that a command makes; some commands need a new place each time. */
static void clean(void)
{
	assert_int_equal(system("rm -rf made runs/m plots page.html tmp; mkdir made tmp"), 0);
}

/* Where a long run is. */
static void progress(const char *kind, const char *more, char *const *args)
{
	if (!all_in_turn())
		return;
	printf("%s%s, %zu times:", kind, more, chosen.nr);
	for (int i = 0; args[i]; i++)
		printf(" %s", args[i]);
	putchar('\n');
	fflush(stdout);
}

/* Lets some of the calls fail, alone or, with more "+", all calls from then on. */
static void each(const char *kind, const char *more, long tries, char *const *args)
{
	clean();
	choose(kind, tries, args);
	progress(kind, more, args);
	for (size_t i = 0; i < chosen.nr; i++) {
		char fault[32];

		snprintf(fault, sizeof(fault), "%s@%ld%s", kind, chosen.list[i], more);
		clean();
		run_with(&now, fault, args);
		check(fault, args);
	}
}

/* ---- commands ---- */

/* What the short form tries with each, besides memory. */
enum { OPENS = 1, WRITES = 2 };

static const struct attempt {
	unsigned int does;
	char *const args[WORDS];
} attempts[] = {
	{ 0, { "list" } },
	{ 0, { "list", "--json" } },
	{ 0, { "list", "axis=rcu" } },
	{ 0, { "list", "--axes", "--json" } },
	{ 0, { "list", "--schema" } },
	{ 0, { "list", "--results" } },
	{ OPENS, { "list", "--workloads", "w.yaml" } },
	{ 0, { "list", "--parameters", "--json" } },
	{ OPENS, { "run", "w.yaml", "-n" } },
	{ OPENS, { "replay", CAPTURE } },
	{ 0, { "replay", "--json", CAPTURE } },
	{ 0, { "replay", "--dump", "extended", CAPTURE } },
	{ OPENS, { "explain", CAPTURE, "1" } },
	{ 0, { "explain", "--json", CAPTURE, "1" } },
	{ 0, { "report", "runs/a", "--markdown" } },
	{ 0, { "report", "runs/a", "--text" } },
	{ 0, { "report", "runs/a", "--json" } },
	{ OPENS | WRITES, { "report", "runs/a", "--out", "page.html" } },
	{ OPENS | WRITES, { "plot", "runs/a", "--out", "plots" } },
	{ OPENS, { "compare", "runs/a", "runs/c" } },
	{ 0, { "compare", "runs/a", "runs/c", "--json" } },
	{ OPENS | WRITES, { "merge", "m", "runs/a", "runs/b", "--results", "runs" } },
	{ OPENS, { "recommend", "runs/a" } },
	{ OPENS, { "list", "--runs", "--results", "runs" } },
	{ OPENS, { "history", "w", "runs/a", "runs/c", "-m", "mops" } },
	{ WRITES,
	  { "history", "w", "runs/a", "runs/c", "-m", "mops", "--plot", "plots", "--json" } },
	{ WRITES, { "machines", "runs/a", "runs/c", "--html", "page.html" } },
	{ OPENS, { "machines", "runs/a", "runs/c" } },
	{ WRITES, { "compare", "runs/a", "runs/c", "--plot", "plots", "--json" } },
	{ OPENS | WRITES, { "import", "table.txt", "--out", "made/t.ct", "--variants", "null" } },
	{ OPENS, { "run", "v.yaml", "-n", "--flows", "table.ct" } },
	{ OPENS, { "env", "--json", "--watch", "0" } },
	{ WRITES,
	  { "new", "made/n.yaml", "-q", "why", "--variants", "null", "--traffic", "lookups",
	    "--vary", "none" } },
	{ 0, { "completion", "bash" } },
	{ 0, { "man", "run" } },
	{ 0, { "help", "run" } },
};
#define NR_COMMANDS (sizeof(attempts) / sizeof(attempts[0]))

/* FAULTS_OF=merge,plot: of these commands alone, to look for a fault. */
static bool is_left_out(size_t i)
{
	const char *only = getenv("FAULTS_OF");
	char list[256], word[32];

	snprintf(list, sizeof(list), ",%s,", only ? only : "");
	snprintf(word, sizeof(word), ",%s,", attempts[i].args[0]);
	return only && !strstr(list, word);
}

static void memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (is_left_out(i))
			continue;
		each("alloc", "", 6, attempts[i].args);
		each("alloc", "+", 2, attempts[i].args);
	}
}

/* The process that measures, and a whole run around it. */
static void memory_of_a_run(void **state)
{
	char *const args[] = { "run",	    "w.yaml", "--no-bounds", "--results", "made",
			       "--repeats", "1",      "--variants",  "null",	  NULL };

	(void)state;
	each("alloc", "", 2, args);
	clean();
	run_with(&now, "fork@1+", args);
	assert_int_equal(now.status, CT_EXIT_USER);
	setenv("FAULT_MEASURE", "1", 1);
	each("alloc", "", 2, args);
	clean();
	run_with(&now, "thread@1", args);
	assert_int_equal(now.status, CT_EXIT_USER);
}

static int in_the_parent(void **state)
{
	(void)state;
	return unsetenv("FAULT_MEASURE") | unsetenv("FAULT_COUNT");
}

static void descriptors_and_processes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (is_left_out(i) || (!all_in_turn() && !(attempts[i].does & OPENS)))
			continue;
		each("open", "", 4, attempts[i].args);
		each("fork", "", 2, attempts[i].args);
	}
}

static void full_disk(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (attempts[i].does & WRITES && !is_left_out(i))
			each("write", "+", 4, attempts[i].args);
}

/* Nothing fails, but in pieces. */
static void pieces(void **state)
{
	(void)state;
	for (size_t i = 7; i < NR_COMMANDS; i++) {
		clean();
		run_with(&right, "none@0", attempts[i].args);
		clean();
		run_with(&now, "short@1+", attempts[i].args);
		assert_int_equal(now.status, right.status);
		if (!varies(attempts[i].args))
			assert_string_equal(now.out, right.out);
	}
}

/* ---- killed ---- */

/* SIGTERM at any moment: temporary files and folders are gone, what is there is whole. */
static void terminated(void **state)
{
	unsigned int ended = 0;

	(void)state;
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		char *const *args = attempts[i].args;

		if (is_left_out(i) || !(attempts[i].does & WRITES))
			continue;
		clean();
		choose("term", 12, args);
		progress("term", "", args);
		for (size_t k = 0; k < chosen.nr; k++) {
			char fault[32];

			snprintf(fault, sizeof(fault), "term@%ld", chosen.list[k]);
			clean();
			run_with(&now, fault, args);
			ended += now.status == 128 + SIGTERM;
			/* Too late: it was done. */
			if (now.status != 128 + SIGTERM && now.status != CT_EXIT_INTERRUPTED &&
			    now.status != right.status)
				complain("%s: %s: status %d", args[0], fault, now.status);
			assert_int_equal(nftw(".", only_whole_files, 16, FTW_PHYS), 0);
			if (rmdir("tmp"))
				complain("%s: %s: temporary files are left", args[0], fault);
		}
	}
	assert_true(ended || getenv("FAULTS_OF"));
}

/* A run that was killed is resumed, or the reason why not is printed. */
static void killed(void **state)
{
	char *const args[] = { "run",  "w.yaml", "--no-bounds", "--results",
			       "made", "--name", "k",		NULL };
	unsigned int resumed = 0;

	(void)state;
	for (long ms = 1; ms < 5000 && !resumed; ms *= 5) {
		const struct timespec nap = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
		char first[256];
		pid_t pid;

		clean();
		pid = program_start(&(struct program_limits){ 0 }, args);
		nanosleep(&nap, NULL);
		kill(pid, SIGKILL);
		program_finish(pid);
		RUN("run", "--resume", "k", "--results", "made");
		if (said.status != CT_EXIT_OK)
			assert_int_equal(said.status, CT_EXIT_USER);
		assert_int_equal(sentences(first, sizeof(first), "resume"),
				 said.status == CT_EXIT_USER);
		resumed += said.status == CT_EXIT_OK;
		/* What was killed before it had begun cannot be resumed, and may leave a file. */
		if (said.status == CT_EXIT_OK)
			assert_int_equal(nftw("made", only_whole_files, 16, FTW_PHYS), 0);
	}
	assert_true(resumed);
}

/* Its files as such an end, or a hand, may leave them. */
static void half_a_run(void **state)
{
	static const char *const damages[] = {
		"rm made/k/run.json",
		": >made/k/run.json",
		"truncate -s 100 made/k/run.json",
		"rm made/k/cells.tsv",
		"truncate -s -20 made/k/cells.tsv",
		"truncate -s -20 made/k/details.jsonl",
		": >made/k/.new-0123456789abcdef",
		"rm -r made/k/*",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		char first[1024];

		clean();
		assert_int_equal(system("cp -r runs/c made/k"), 0);
		assert_int_equal(system(damages[i]), 0);
		RUN("run", "--resume", "k", "--results", "made");
		if (said.status != CT_EXIT_OK && said.status != CT_EXIT_USER)
			fail_msg("%s: status %d: %s", damages[i], said.status, said.err);
		assert_int_equal(sentences(first, sizeof(first), damages[i]),
				 said.status == CT_EXIT_USER);
		if (said.status == CT_EXIT_OK)
			assert_int_equal(nftw("made", only_whole_files, 16, FTW_PHYS), 0);
	}
}

static void read_only_folder(void **state)
{
	const struct program_limits nobody = { .user = geteuid() ? 0 : 65534 };

	(void)state;
	clean();
	assert_int_equal(system("cp -r runs/a made/a && chmod -R a-w,a+rX . && chmod 777 tmp"), 0);
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		char first[1024];

		if (!(attempts[i].does & WRITES))
			continue;
		if (program_run(&nobody, attempts[i].args) == 98) {
			print_message("[  note    ] %s is closed to others: not tried\n",
				      CTBENCH_BINARY);
			break;
		}
		assert_int_equal(said.status, CT_EXIT_USER);
		assert_int_equal(sentences(first, sizeof(first), "read-only"), 1);
	}
	assert_int_equal(system("chmod -R u+w ."), 0);
}

/* ---- the folder ---- */

static int enter(void **state)
{
	(void)state;
	if (own_folder_enter("faults") || make_idle_gnuplot())
		return -1;
	setenv("PATH", own_path("bin:/usr/local/bin:/usr/bin:/bin"), 1);
	setenv("TMPDIR", own_path("tmp"), 1);
	write_text("w.yaml",
		   "question: why\nname: w\nvariants: [null, locked_memb, locked_global]\n"
		   "flows: 16\nload_factor: 1\nthreads: 1\nrepeats: 2\nplots: [bars]\n"
		   "duration: 1ms\nwarmup: 0s\noversubscribe: true\n");
	write_text("v.yaml", "question: why\nname: v\nvariants: null\nflows: 16\nload_factor: 1\n"
			     "repeats: 1\nduration: 1ms\nwarmup: 0s\n");
	write_text("both.yaml", "question: why\nworkloads: [w.yaml, v.yaml]\n");
	write_text("table.txt", "tcp 6 9 CLOSE src=1.2.3.4 dst=5.6.7.8 sport=1 dport=2 src=5.6.7.8 "
				"dst=1.2.3.4 sport=2 dport=1\n");
	clean();
	if (run_line("import table.txt --out table.ct") ||
	    run_line("run both.yaml --no-bounds --results runs --name a --shard 1/2") ||
	    run_line("run both.yaml --no-bounds --results runs --name b --shard 2/2") ||
	    system("cp -r runs/a runs/c && sed -i 's/\"started\": \"20/\"started\": \"19/' "
		   "runs/c/benchmark.json")) {
		fputs(said.err, stderr);
		return -1;
	}
	return 0;
}

/* What complain() only counted. */
static void in_the_end(void **state)
{
	(void)state;
	assert_int_equal(failures, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(memory),
	cmocka_unit_test_teardown(memory_of_a_run, in_the_parent),
	cmocka_unit_test(descriptors_and_processes),
	cmocka_unit_test(full_disk),
	cmocka_unit_test(pieces),
	cmocka_unit_test(terminated),
	cmocka_unit_test(killed),
	cmocka_unit_test(half_a_run),
	cmocka_unit_test(read_only_folder),
	cmocka_unit_test(in_the_end),
};
CT_TEST_MAIN(tests, enter, own_folder_leave)
