/* SPDX-License-Identifier: MIT */
/*
 * Output fits a terminal of 60, 80 and 120 columns; only commands to paste and words that cannot be
 * broken may be wider.  Without a terminal nothing is folded or coloured, and NO_COLOR is obeyed.
 */
#include <errno.h>
#include <jansson.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/cli/run_commands.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/made_up.h"
#include "tests/fixture/sanitized.h"

#define CAPTURES CTBENCH_SOURCE_DIR "/workloads/captures/"

static char shown[1 << 22]; /* at the terminal */

/* A line for a shell, at a terminal of that many columns; returns the exit status. */
static int at_terminal(unsigned short columns, const char *line)
{
	const struct winsize size = { .ws_row = 50, .ws_col = columns };
	size_t nr = 0;
	int fd, status;
	ssize_t n;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	assert_true(pid >= 0);
	if (!pid) {
		alarm(program_seconds);
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(99);
	}
	/* At the end read() fails with EIO. */
	while ((n = read(fd, shown + nr, sizeof(shown) - 1 - nr)) > 0 || (n < 0 && errno == EINTR))
		nr += n > 0 ? (size_t)n : 0;
	shown[nr] = '\0';
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Remove the sequences of colours, and the terminal's carriage returns. */
static void without_tones(char *line)
{
	char *to = line;

	for (; *line; line++) {
		if (*line == '\033')
			while (line[1] && *line != 'm')
				line++;
		else if (*line != '\r')
			*to++ = *line;
	}
	*to = '\0';
}

/* May the line be wider?  Yes: a command to paste, and a line without a place to fold. */
static bool may_be_wide(const char *line, unsigned int columns)
{
	const char *body = line + strspn(line, " "), *word = strrchr(line, ' ');

	if (!strncmp(body, "ctbench ", 8) || !strncmp(body, "sudo ", 5) ||
	    !strncmp(body, "conntrack ", 10))
		return true;
	return text_columns(word ? word + 1 : line) + columns / 2 > columns;
}

static void fits(unsigned short columns, const char *arguments)
{
	char line[1024], *rest = shown, *one;
	unsigned int lines = 0;
	int status;

	snprintf(line, sizeof(line), CTBENCH_BINARY " %s", arguments);
	status = at_terminal(columns, line);
	while ((one = strsep(&rest, "\n"))) {
		without_tones(one);
		lines += *one != '\0';
		if (text_columns(one) > columns && !may_be_wide(one, columns))
			fail_msg("%u of %u columns, %s: %s", text_columns(one), columns, arguments,
				 one);
	}
	if (status || !lines)
		fail_msg("status %d, %u lines: %s", status, lines, arguments);
}

static void all_fit(void **state)
{
	static const unsigned short widths[] = { 60, 80, 120 };
	static const char *const lines[] = {
		"--help",
		"list",
		"list axis=rcu",
		"list --axes",
		"list --workloads",
		"list --runs",
		"list --columns",
		"list --parameters",
		"run axes --dry-run",
		"report a --text",
		"recommend a",
		"compare a b",
		"history long",
		"history long --metric mops",
		"machines a b",
		"env",
		"import table.txt",
		("replay " CAPTURES "dns.pcap.zst"),
		("explain " CAPTURES "dns.pcap.zst 1"),
	};

	(void)state;
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
			/* History leaves out runs of builds with sanitizers. */
			if (!SANITIZED || strncmp(lines[i], "history", 7) != 0)
				fits(widths[w], lines[i]);
	for (size_t i = 0; commands[i]; i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s --help", commands[i]->name);
		if (commands[i]->summary)
			fits(80, line);
	}
}

/* Folded lines lose no word; JSON is not folded. */
static void nothing_is_lost(void **state)
{
	static char folded[sizeof(shown)];
	size_t nr = 0;

	(void)state;
	assert_int_equal(at_terminal(60, CTBENCH_BINARY " list --axes"), 0);
	without_tones(shown);
	for (const char *at = shown; *at; at++)
		if (!strchr(" \n", *at))
			folded[nr++] = *at;
	assert_int_equal(call_shell(CTBENCH_BINARY " list --axes | tr -d ' \\n'"), 0);
	assert_int_equal(strlen(said.out), nr);
	assert_memory_equal(said.out, folded, nr);

	assert_int_equal(at_terminal(60, CTBENCH_BINARY " list --axes --json"), 0);
	without_tones(shown);
	assert_int_equal(call_shell(CTBENCH_BINARY " list --axes --json"), 0);
	assert_string_equal(said.out, shown);
}

static void without_a_terminal(void **state)
{
	unsigned int widest = 0;
	char *rest = said.out, *line;

	(void)state;
	assert_int_equal(call_shell(CTBENCH_BINARY " explain " CAPTURES "dns.pcap.zst 1"), 0);
	assert_null(strchr(said.out, '\033'));
	assert_int_equal(call_shell("COLUMNS=60 " CTBENCH_BINARY " list --axes"), 0);
	while ((line = strsep(&rest, "\n")))
		widest = text_columns(line) > widest ? text_columns(line) : widest;
	assert_true(widest > 120);
}

static void colours(void **state)
{
	static const char *const plain[] = { "NO_COLOR=1", "TERM=dumb" };
	char line[512];

	(void)state;
	assert_int_equal(at_terminal(80, "TERM=xterm NO_COLOR= " CTBENCH_BINARY " explain " CAPTURES
					 "dns.pcap.zst 1"),
			 0);
	assert_non_null(strchr(shown, '\033'));
	for (size_t i = 0; i < 2; i++) {
		snprintf(line, sizeof(line),
			 "TERM=xterm %s " CTBENCH_BINARY " explain " CAPTURES "dns.pcap.zst 1",
			 plain[i]);
		assert_int_equal(at_terminal(80, line), 0);
		assert_null(strchr(shown, '\033'));
	}
}

/* ---- two runs ---- */

static int
measure(const struct cell *cell, struct cell_result *r, json_t **details, struct ct_error *e)
{
	(void)e;
	*details = NULL;
	made_up(cell, r, made_up_ns(cell));
	return 0;
}

static int run_made_up(int argc, char **argv)
{
	return run_command(argc, argv, measure);
}

static int begin(void **state)
{
	(void)state;
	if (own_folder_enter("terminal"))
		return -1;
	write_text(
		"long.yaml",
		"name: long\nquestion: Is a question that has many words, such as this one, which "
		"somebody wrote in a hurry, folded where the terminal ends?\n"
		"variants: [nulls_rcu_jhash2_scale_seqcount, locked_jhash2_scale_seqcount, "
		"nulls_rcu_siphash]\n"
		"threads: [1, 2]\nflows: [1000, 2000]\nload_factor: [1, 2]\nrepeats: 5\n"
		"plots: [bars]\n");
	write_text(
		"table.txt",
		"ipv4 2 tcp 6 431999 ESTABLISHED src=10.0.0.1 dst=192.0.2.7 sport=40000 dport=443 "
		"src=192.0.2.7 dst=10.0.0.1 sport=443 dport=40000 [ASSURED] mark=0 use=1\n");
	return call_command(run_made_up, "run", "long.yaml --name a") ||
	       call_command(run_made_up, "run", "long.yaml --name b");
}

/* Progress is printed while packets arrive slowly. */
static void a_live_capture_is_told_of(void **state)
{
	char line[1024];

	(void)state;
	snprintf(line, sizeof(line),
		 "{ head -c 20000 %s; sleep 2.2; tail -c +20001 %s; } | %s replay - >told",
		 CAPTURES "cooked.pcap", CAPTURES "cooked.pcap", CTBENCH_BINARY);
	assert_int_equal(at_terminal(120, line), 0);
	expect(shown, "replaying: 2 s so far (");
	expect(shown, " made)");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(all_fit),
	cmocka_unit_test(nothing_is_lost),
	cmocka_unit_test(without_a_terminal),
	cmocka_unit_test(colours),
	cmocka_unit_test(a_live_capture_is_told_of),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
