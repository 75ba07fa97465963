/* SPDX-License-Identifier: MIT */
/* The parent's side of a measurement: see measure.h. */
#include "harness/measure/measure.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/machine/tsc.h"

const char *measure_program = "/proc/self/exe";

static void child(int in, int out)
{
	char *const argv[] = { (char *)"ctbench", (char *)"measure", NULL };

	/*
	 * The terminal's Ctrl-C is for the parent; it decides what becomes of us, also by its
	 * own end.
	 */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	execv(measure_program, argv);
	_exit(127);
}

/* All of it, through EINTR unless that was Ctrl-C: 0, -EINTR, -EIO (the other end is gone). */
static int transfer(int fd, void *data, size_t size, bool write_it)
{
	char *p = data;

	while (size) {
		ssize_t n = write_it ? write(fd, p, size) : read(fd, p, size);

		if (n < 0 && errno == EINTR) {
			if (ct_interrupted)
				return -EINTR;
			continue;
		}
		if (n <= 0)
			return -EIO;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

static int died(int status, const struct cell *cell, struct ct_error *e)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER,
			       "measuring %s with %llu connections was killed, probably for want "
			       "of memory: ask for fewer, or see the kernel's log",
			       cell->variant, (unsigned long long)cell->flows);
	if (WIFSIGNALED(status))
		return ct_fail(e, -EIO, CT_EXIT_INTERNAL,
			       "measuring %s ended by signal %d (%s): a fault of ctbench",
			       cell->variant, WTERMSIG(status), strsignal(WTERMSIG(status)));
	return ct_fail(e, -EIO, CT_EXIT_INTERNAL,
		       "measuring %s ended early with status %d: a fault of ctbench", cell->variant,
		       WEXITSTATUS(status));
}

/*
 * What follows the result: the length of a JSON text, then the text.  -EIO if it is cut off,
 * -EPROTO if it is anything else.
 */
static int receive_details(int fd, json_t **details)
{
	uint64_t len;
	char *text;
	int err = transfer(fd, &len, sizeof(len), false);

	if (err || !len)
		return err;
	text = len <= DETAILS_MAX_BYTES ? malloc(len) : NULL;
	if (!text)
		return -EPROTO;
	err = transfer(fd, text, len, false);
	if (!err) {
		*details = json_loadb(text, len, 0, NULL);
		if (!json_is_object(*details))
			err = -EPROTO;
	}
	free(text);
	return err;
}

int measure_cell(const struct cell *cell, struct cell_result *result, json_t **details,
		 struct ct_error *e)
{
	json_t *told = NULL;
	int to[2], from[2], status, err;
	struct cell copy = *cell;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	if (details)
		*details = NULL;
	if (pipe(to))
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot make a pipe: %s", strerror(errno));
	if (pipe(from)) {
		err = ct_fail(e, -errno, CT_EXIT_USER, "cannot make a pipe: %s", strerror(errno));
		close(to[0]);
		close(to[1]);
		return err;
	}
	/* Once for all: a process of some 100 ms should not spend 20 on looking at the clock. */
	copy.ticks_per_second = tsc_per_second();
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(to[1]);
		close(from[0]);
		child(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	if (pid < 0) {
		err = ct_fail(e, -errno, CT_EXIT_USER, "cannot start a process to measure in: %s",
			      strerror(errno));
		goto out;
	}
	err = transfer(to[1], &copy, sizeof(copy), true);
	if (!err)
		err = transfer(from[0], result, sizeof(*result), false);
	if (!err)
		err = receive_details(from[0], &told);
	if (err)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/*
	 * One that crashes, or that a sanitizer reports, after its result is no better than one
	 * before it.
	 */
	if (!err && (!WIFEXITED(status) || WEXITSTATUS(status)))
		err = -EIO;
	if (err == -EIO) {
		/*
		 * We sent SIGKILL to what had closed its pipe already: its own end is what
		 * counts.
		 */
		err = died(status, cell, e);
	}
	if (err == -EPROTO)
		ct_fail(e, err, CT_EXIT_INTERNAL,
			"measuring %s told what is no JSON object: a fault of ctbench",
			cell->variant);
	if (!err && details)
		*details = json_incref(told);
out:
	json_decref(told);
	close(to[1]);
	close(from[0]);
	return err;
}
