/* SPDX-License-Identifier: MIT */
/* The machines of a sweep: starts tools/sweep.sh, which knows GNU parallel and Slurm. */
#include "harness/cli/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "harness/base/built_in.h"
#include "harness/base/helper.h"
#include "harness/base/interrupt.h"
#include "harness/base/json_read.h"
#include "harness/results/results.h"

#define SCRIPT "ctbench:tools/sweep.sh"

static void __attribute__((noreturn)) engine_child(int script, int said, char *const argv[])
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(script, STDIN_FILENO) < 0 || dup2(said, STDOUT_FILENO) < 0 ||
	    dup2(said, STDERR_FILENO) < 0)
		_exit(127);
	execv("/bin/sh", argv);
	_exit(127);
}

/*
 * Prints what the script and the machines say, through the filter that stderr has (terminal.h),
 * until the script ends; its status as of waitpid().  A signal goes on to the script, which ends
 * the engine and keeps what is there.  What a machine left running may hold the pipe open.
 */
static int pass_on(pid_t pid, int said)
{
	struct pollfd wait = { .fd = said, .events = POLLIN };
	bool ended = false;
	char text[4096];
	int status = 0;

	for (;;) {
		pid_t found = ended ? 0 : waitpid(pid, &status, WNOHANG);
		int ready;
		ssize_t n;

		ended |= found == pid || (found < 0 && errno != EINTR);
		ready = poll(&wait, 1, ended ? 0 : 100);
		if (ct_interrupted && !ended)
			kill(pid, SIGTERM);
		if (ready <= 0 && ended)
			break;
		if (ready <= 0)
			continue;
		n = read(said, text, sizeof(text));
		if (n > 0)
			fwrite(text, 1, (size_t)n, stderr);
		else if (!n)
			wait.fd = -1;
	}
	return status;
}

int sweep_measure(const struct sweep *s, struct ct_error *e)
{
	const char *engine = text_of(s->plan, "engine"), *hosts = text_of(s->plan, "hosts");
	char tries[24], nr[24], local[PATH_MAX + 32], path[PATH_MAX];
	const char *needs = strcmp(engine, "slurm") ? "parallel" : "sbatch";
	char *const argv[] = { (char *)"sh",
			       (char *)"-s",
			       (char *)"--",
			       (char *)s->dir,
			       (char *)engine,
			       *hosts ? (char *)hosts : local,
			       tries,
			       (char *)s->name,
			       s->each ? (char *)"each" : (char *)"parts",
			       nr,
			       NULL };
	int script, said[2], status = 0;
	pid_t pid;

	if (helper_find(path, needs))
		return ct_user_error(e, "'%s' is not installed: apt install %s, or see --engine",
				     needs, strcmp(needs, "sbatch") ? needs : "slurm-client");
	snprintf(local, sizeof(local), "%s/here", s->dir);
	snprintf(tries, sizeof(tries), "%u", (unsigned int)s->q->tries);
	snprintf(nr, sizeof(nr), "%u", s->parts);
	if (!*hosts && results_write_text(s->dir, "here", ":\n", 2, e))
		return -EINVAL;
	script = built_in_open(SCRIPT);
	if (script < 0)
		return ct_fail(e, -errno, CT_EXIT_INTERNAL, "%s: %s", SCRIPT, strerror(errno));
	if (pipe2(said, O_CLOEXEC)) {
		close(script);
		return ct_user_error(e, "cannot start a shell: %s", strerror(errno));
	}
	fflush(NULL);
	interrupt_catch();
	pid = fork();
	if (!pid)
		engine_child(script, said[1], argv);
	close(script);
	close(said[1]);
	if (pid > 0)
		status = pass_on(pid, said[0]);
	close(said[0]);
	interrupt_restore();
	if (pid < 0)
		return ct_user_error(e, "cannot start a shell: %s", strerror(errno));
	return !WIFEXITED(status) || WEXITSTATUS(status) == CT_EXIT_INTERRUPTED ? -EINTR
	       : WEXITSTATUS(status)						? -EAGAIN
										: 0;
}
