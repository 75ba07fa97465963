/* SPDX-License-Identifier: MIT */
/*
 * Measuring processes that fail: killed, interrupted, not ctbench at all, or ended by an error
 * after their result.  Each gives an error, and no process is left.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/measured.h"

/* Its window is longer than any test waits. */
static const struct cell endless = { SMALL_CELL, .variant = "nulls_rcu_qsbr", .seconds = 200 };

/* The pid of the measuring process; waits for it to start. */
static pid_t find_child(pid_t of)
{
	const struct timespec nap = { .tv_nsec = 5000000 };

	for (unsigned int i = 0; i < 4000; i++) {
		DIR *proc = opendir("/proc");
		struct dirent *d;

		while (proc && (d = readdir(proc))) {
			char path[300], name[64] = "";
			int pid, parent;
			FILE *f;

			snprintf(path, sizeof(path), "/proc/%s/stat", d->d_name);
			f = *d->d_name >= '1' && *d->d_name <= '9' ? fopen(path, "r") : NULL;
			if (!f)
				continue;
			if (fscanf(f, "%d (%63[^)]) %*c %d", &pid, name, &parent) != 3)
				parent = 0;
			fclose(f);
			/* "ctbench" only after its exec; until then it is a second one of us. */
			if (parent == of && !strcmp(name, "ctbench")) {
				closedir(proc);
				return pid;
			}
		}
		if (proc)
			closedir(proc);
		nanosleep(&nap, NULL);
	}
	return 0;
}

/* A process that sends a signal to the measuring process or, once that runs, to us (to_us). */
static pid_t send_later(int sig, bool to_us)
{
	pid_t us = getpid(), pid = fork(), child;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	child = find_child(us);
	_exit(!child || kill(to_us ? us : child, sig));
}

static void helper_is_done(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	/* And no other child is left. */
	assert_int_equal(waitpid(-1, &status, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_killed(void **state)
{
	static const struct {
		int sig, err, status;
		const char *says;
	} cases[] = {
		{ SIGKILL, -ENOMEM, CT_EXIT_USER, "was killed" },
		{ SIGSEGV, -EIO, CT_EXIT_INTERNAL, "fault" },
	};
	struct cell_result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t helper = send_later(cases[i].sig, false);
		struct ct_error e = { 0 };

		/* Sanitizers turn a SIGSEGV into their own exit, which is equivalent. */
		assert_true(measure_cell(&endless, &r, NULL, &e) < 0);
		assert_int_equal(e.status, cases[i].status);
		if (!strstr(e.text, cases[i].says))
			fail_msg("'%s' does not say '%s'", e.text, cases[i].says);
		helper_is_done(helper);
	}
}

static void test_interrupted(void **state)
{
	struct ct_error e = { 0 };
	struct cell_result r;
	pid_t helper;

	(void)state;
	interrupt_catch();
	helper = send_later(SIGINT, true);
	assert_int_equal(measure_cell(&endless, &r, NULL, &e), -EINTR);
	interrupt_restore();
	ct_interrupted = 0;
	helper_is_done(helper);
}

/*
 * A signal is not missed because it comes while we do not wait, or comes to another thread.
 * Before interrupt_wait() the first of these waited until the measurement was over.
 */
static void *signal_here(void *unused)
{
	sigset_t ours;

	(void)unused;
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	usleep(100000); /* until the other thread waits */
	pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
	raise(SIGINT); /* to this thread, which does not wait */
	return NULL;
}

static void test_signal_elsewhere(void **state)
{
	struct cell_result r;
	sigset_t ours, before;

	(void)state;
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	for (int to_a_thread = 0; to_a_thread < 2; to_a_thread++) {
		struct ct_error e = { 0 };
		pthread_t thread;

		interrupt_catch();
		pthread_sigmask(to_a_thread ? SIG_BLOCK : SIG_UNBLOCK, &ours, &before);
		if (to_a_thread)
			assert_int_equal(pthread_create(&thread, NULL, signal_here, NULL), 0);
		else
			raise(SIGINT);
		assert_int_equal(measure_cell(&endless, &r, NULL, &e), -EINTR);
		if (to_a_thread)
			pthread_join(thread, NULL);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		interrupt_restore();
		ct_interrupted = 0;
	}
}

static void test_not_ctbench(void **state)
{
	static const char *const programs[] = { "/bin/true", "/bin/false", "/nonexistent" };
	const char *ours = measure_program;
	struct cell_result r;

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as main() does */
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		struct ct_error e = { 0 };

		measure_program = programs[i];
		assert_int_equal(measure_cell(&endless, &r, NULL, &e), -EIO);
		assert_int_equal(e.status, CT_EXIT_INTERNAL);
		assert_non_null(strstr(e.text, "with status"));
	}
	measure_program = ours;
}

/* A result does not count if its process crashes afterwards: with a sanitizer's report, or
 * without one. */
static void test_crash_after_result(void **state)
{
	char script[] = "/tmp/ctbench-measure-XXXXXX", text[512];
	const char *ours = measure_program;
	struct ct_error e = { 0 };
	struct cell_result r;
	struct cell c = endless;
	int fd = mkstemp(script), n;

	(void)state;
	assert_true(fd >= 0);
	n = snprintf(text, sizeof(text), "#!/bin/sh\n'%s' \"$1\"\nexit 23\n", ours);
	assert_int_equal(write(fd, text, (size_t)n), n);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	measure_program = script;
	snprintf(c.variant, sizeof(c.variant), "null");
	c.seconds = 0.004;
	assert_int_equal(measure_cell(&c, &r, NULL, &e), -EIO);
	assert_non_null(strstr(e.text, "status 23"));
	measure_program = ours;
	unlink(script);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_killed),
	cmocka_unit_test(test_interrupted),
	cmocka_unit_test(test_signal_elsewhere),
	cmocka_unit_test(test_not_ctbench),
	cmocka_unit_test(test_crash_after_result),
};

static int setup(void **state)
{
	/* Like ctbench: a child may end before it has read the request. */
	signal(SIGPIPE, SIG_IGN);
	return measured_setup(state);
}

CT_TEST_MAIN(tests, setup, NULL)
