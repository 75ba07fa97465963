/* SPDX-License-Identifier: MIT */
#include "harness/base/output_of.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between fork() and exec: system calls only. */
static void __attribute__((noreturn))
child(const char *path, char *const argv[], int in, int out, bool quiet, unsigned int seconds)
{
	int nothing = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	alarm(seconds);
	if (dup2(in >= 0 ? in : nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    (quiet && dup2(nothing, STDERR_FILENO) < 0))
		_exit(127);
	execv(path, argv);
	_exit(127);
}

/* 0, -E2BIG or another negative errno. */
static int read_all(int fd, char *buf, size_t size)
{
	size_t at = 0;

	for (;;) {
		ssize_t n = at < size ? read(fd, buf + at, size - at) : -1;

		if (at == size)
			return -E2BIG;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		at += (size_t)n;
	}
	buf[at] = '\0';
	return 0;
}

int output_of(const char *path, char *const argv[], int in, bool quiet, unsigned int seconds,
	      char *buf, size_t size)
{
	int ends[2], status = 0, err;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(path, argv, in, ends[1], quiet, seconds);
	err = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (!err)
		err = read_all(ends[0], buf, size);
	close(ends[0]);
	if (err && pid > 0)
		kill(pid, SIGKILL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (err)
		return err;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
