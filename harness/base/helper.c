/* SPDX-License-Identifier: MIT */
#include "harness/base/helper.h"

#include "harness/base/interrupt.h"
#include "harness/base/seconds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A picture has some 100 KiB: a program that writes more than this is out of control. */
#define WRITTEN_MAX ((rlim_t)256 << 20)
/* The maximum delay until a wait notices a signal that came just before it. */
#define LOOK_MS 100

int helper_find(char *path, const char *name)
{
	const char *places = getenv("PATH");

	for (const char *p = places ? places : "/usr/local/bin:/usr/bin:/bin"; *p;) {
		int len = (int)strcspn(p, ":");
		struct stat st;

		if (*p == '/' && snprintf(path, PATH_MAX, "%.*s/%s", len, p, name) < PATH_MAX &&
		    !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK))
			return 0;
		p += len + (p[len] == ':');
	}
	return -ENOENT;
}

/* In the child, between fork and exec: system calls alone. */
static void __attribute__((noreturn)) child(const char *path, char *const argv[], char *const env[],
					    const char *folder, int says, pid_t parent)
{
	static const int ours[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ };
	const struct rlimit size = { WRITTEN_MAX, WRITTEN_MAX };
	int nothing = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		signal(ours[i], SIG_DFL);
	/* If the parent died before prctl(), this process would never end. */
	if (getppid() == parent && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
	    dup2(says, STDOUT_FILENO) >= 0 && dup2(says, STDERR_FILENO) >= 0 &&
	    !setrlimit(RLIMIT_FSIZE, &size) && !chdir(folder))
		execve(path, argv, env);
	_exit(127);
}

/* The environment without what begins with drop; NULL without memory. */
static char **environment_without(const char *drop)
{
	size_t nr = 0, kept = 0;
	char **env;

	while (environ && environ[nr])
		nr++;
	env = calloc(nr + 1, sizeof(*env));
	for (size_t i = 0; i < nr && env; i++)
		if (!drop || strncmp(environ[i], drop, strlen(drop)))
			env[kept++] = environ[i];
	return env;
}

int helper_start(struct helper *h, const char *path, char *const argv[], const char *folder,
		 const char *drop, double seconds)
{
	const pid_t parent = getpid();
	char **env = environment_without(drop);
	int ends[2], err = 0;

	*h = (struct helper){ .deadline = seconds_now() + seconds };
	if (!env)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC)) {
		err = -errno;
		free(env);
		return err;
	}
	h->pid = fork();
	if (!h->pid)
		child(path, argv, env, folder, ends[1], parent);
	if (h->pid < 0) {
		err = -errno;
		h->pid = 0;
		close(ends[0]);
	} else {
		/* Here too, so that the group exists before anybody kills it. */
		setpgid(h->pid, h->pid);
		h->says = ends[0];
	}
	close(ends[1]);
	free(env);
	return err;
}

/* Keeps the end of its output.  False: it has closed its outputs. */
static bool listen_to(struct helper *h)
{
	char buf[sizeof(h->words) / 2];
	ssize_t n = read(h->says, buf, sizeof(buf));

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (h->nr_words + (size_t)n > sizeof(h->words) - 1) {
		size_t gone = h->nr_words + (size_t)n - (sizeof(h->words) - 1);

		h->nr_words -= gone;
		memmove(h->words, h->words + gone, h->nr_words);
	}
	memcpy(h->words + h->nr_words, buf, (size_t)n);
	h->nr_words += (size_t)n;
	h->words[h->nr_words] = '\0';
	return true;
}

int helper_wait(struct helper *h, int *status)
{
	struct pollfd said = { .fd = h->says, .events = POLLIN };
	int err = 0;

	while (!err) {
		double left = h->deadline - seconds_now();

		if (ct_interrupted)
			err = -EINTR;
		else if (left <= 0)
			err = -ETIMEDOUT;
		else if (poll(&said, 1, left < LOOK_MS / 1e3 ? (int)(left * 1e3) + 1 : LOOK_MS) >
				 0 &&
			 !listen_to(h))
			break;
	}
	if (err)
		kill(-h->pid, SIGKILL);
	while (waitpid(h->pid, status, 0) < 0 && errno == EINTR)
		;
	close(h->says);
	h->pid = 0;
	return err;
}

const char *helper_last_line(struct helper *h)
{
	char *line;

	while (h->nr_words && strchr(" \n", h->words[h->nr_words - 1]))
		h->words[--h->nr_words] = '\0';
	line = strrchr(h->words, '\n');
	return line ? line + 1 : h->words;
}
