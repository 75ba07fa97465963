/* SPDX-License-Identifier: MIT */
/*
 * ctbench kernel: says what is missing where it cannot run; where it can, measures every table and
 * puts the machine's settings back, also after a signal.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"

#define BUCKETS	    "/proc/sys/net/netfilter/nf_conntrack_buckets"
#define MAX	    "/proc/sys/net/netfilter/nf_conntrack_max"
#define NOBODY	    65534
#define NOT_STARTED 98

static char errors[4096];
static long rows, intervals;

static const char *mode; /* --packets, --full */
/* Of --full, by map: new connections that were gone, in percent, and those that were looked up. */
static double lost[4], answered_lost[4];

/* Runs it; as `user` unless that is 0; ends it by a signal after so many ms, unless that is 0. */
static int kernel(const char *buckets, uid_t user, unsigned int kill_after)
{
	int err[2], out[2], status;
	unsigned int maps = 0;
	double *next = NULL; /* whose median comes next */
	char line[4096];
	FILE *text;
	pid_t pid;

	assert_int_equal(pipe(err), 0);
	assert_int_equal(pipe(out), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(err[1], 2);
		dup2(out[1], 1);
		if (user && setuid(user))
			_exit(99);
		execl(CTBENCH_BINARY, CTBENCH_BINARY, "kernel", "--flows", "4096", "--rounds",
		      kill_after ? "64" : "5", "--json", "--buckets", buckets, mode, NULL);
		_exit(NOT_STARTED);
	}
	close(err[1]);
	close(out[1]);
	if (kill_after) {
		usleep(1000 * kill_after);
		kill(pid, SIGTERM);
	}
	text = fdopen(out[0], "r");
	for (rows = intervals = 0; fgets(line, sizeof(line), text);) {
		if (strstr(line, "\"fresh_lost\""))
			next = &lost[maps & 3];
		if (strstr(line, "\"answered_lost\""))
			next = &answered_lost[maps++ & 3];
		if (next && sscanf(line, " \"median\": %lf", next) == 1)
			next = NULL;
		rows += strstr(line, "\"table\"") != NULL;
		intervals += strstr(line, "\"low\"") != NULL;
	}
	fclose(text);
	text = fdopen(err[0], "r");
	memset(errors, 0, sizeof(errors));
	(void)!fread(errors, 1, sizeof(errors) - 1, text);
	fclose(text);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static long setting(const char *path)
{
	FILE *f = fopen(path, "r");
	long value = -1;

	if (f && fscanf(f, "%ld", &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	return value;
}

/* A sentence, and the status that skips. */
static void test_not_root(void **state)
{
	const int status = kernel("0", geteuid() ? 0 : NOBODY, 0);

	(void)state;
	if (status == NOT_STARTED) /* nobody may not read the build folder */
		skip();
	assert_int_equal(status, CT_EXIT_SKIP);
	assert_true(!strncmp(errors, "ctbench", 7));
	assert_non_null(strchr(errors, '\n'));
	assert_null(strchr(strchr(errors, '\n') + 1, '\n'));
	assert_int_equal(rows, 0);
}

static void test_settings_are_put_back(void **state)
{
	const long buckets = setting(BUCKETS), max = setting(MAX);
	char other[32];

	(void)state;
	snprintf(other, sizeof(other), "%ld", buckets == 8192 ? 16384L : 8192L);
	if (kernel(other, 0, 0) == CT_EXIT_SKIP) {
		print_message("%s", errors);
		skip();
	}
	assert_string_equal(errors, "");
	assert_int_equal(rows, 7);
	/* of four operations, and, of the two tables here, as a multiple of nf_conntrack's */
	assert_int_equal(intervals, 4 * 7 + 4 * 2);
	assert_int_equal(setting(BUCKETS), buckets);
	assert_int_equal(setting(MAX), max);
	assert_int_equal(kernel(other, 0, 100), 128 + SIGTERM);
	assert_int_equal(setting(BUCKETS), buckets);
	assert_int_equal(setting(MAX), max);
}

/* Packets came through, and there are intervals of all five figures. */
static void test_packets(void **state)
{
	const long max = setting(MAX);
	int status;

	(void)state;
	mode = "--packets";
	status = kernel("0", 0, 0);
	if (status == CT_EXIT_SKIP) {
		mode = NULL;
		print_message("%s", errors);
		skip();
	}
	assert_string_equal(errors, "");
	assert_int_equal(status, 0);
	assert_int_equal(intervals, 5);
	assert_int_equal(setting(MAX), max);
	mode = NULL;
}

/*
 * A hash has no room for new connections; an LRU evicts those that nobody looked up, before those
 * that somebody did.
 */
static void test_full(void **state)
{
	int status;

	(void)state;
	mode = "--full";
	status = kernel("0", 0, 0);
	mode = NULL;
	if (status == CT_EXIT_SKIP) {
		print_message("%s", errors);
		skip();
	}
	assert_string_equal(errors, "");
	assert_int_equal(status, 0);
	assert_int_equal(intervals, 4 * 4);
	assert_true(lost[0] == 100 && lost[1] == 100); /* hash, hash_no_prealloc */
	assert_true(lost[2] > 0 && lost[3] > 0);       /* lru, lru_per_cpu */
	assert_true(answered_lost[2] <= 5 && answered_lost[3] <= 5);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_not_root),
	cmocka_unit_test(test_settings_are_put_back),
	cmocka_unit_test(test_packets),
	cmocka_unit_test(test_full),
};
CT_TEST_MAIN(tests, NULL, NULL)
