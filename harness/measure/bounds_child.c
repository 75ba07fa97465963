/* SPDX-License-Identifier: MIT */
/* The parent's side of measuring bounds, in a process of its own: see bounds_measure.h. */
#include "harness/machine/program.h"
#include "harness/measure/bounds_measure.h"

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
#include "harness/measure/measure.h"
#include "harness/workload/workload.h"

#define ARGUMENT 320

static void start_child(const char *program, const struct bounds_request *q, int out, int err)
{
	static char threads[ARGUMENT], pages[ARGUMENT], pin[ARGUMENT], bytes[ARGUMENT],
		window[ARGUMENT];
	char *const argv[] = { (char *)"ctbench",
			       (char *)"bounds",
			       (char *)"--json",
			       (char *)"--threads",
			       threads,
			       (char *)"--pages",
			       pages,
			       (char *)"--pinning",
			       pin,
			       (char *)"--bytes",
			       bytes,
			       (char *)"--window",
			       window,
			       NULL };
	static struct cell cell; /* for the words of its parameters */
	size_t at = 0;

	cell.pages = q->pages;
	cell.pin = q->pin;
	memcpy(cell.cpus, q->cpus, sizeof(cell.cpus));
	for (unsigned int i = 0; i < q->nr_threads; i++)
		at += (size_t)snprintf(threads + at, ARGUMENT - at, "%s%u", i ? "," : "",
				       q->threads[i]);
	cell_param_text(&cell, (unsigned int)cell_param_find("pages"), pages, ARGUMENT);
	cell_param_text(&cell, (unsigned int)cell_param_find("pinning"), pin, ARGUMENT);
	snprintf(bytes, ARGUMENT, "%llu", (unsigned long long)q->bytes);
	snprintf(window, ARGUMENT, "%.6f", q->window);
	/* As with a cell's process: the terminal's Ctrl-C is for the parent. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(127);
	execv(program, argv);
	_exit(127);
}

/* All that comes until the other end closes; NULL without memory or after Ctrl-C. */
static char *read_all(int fd, size_t *len)
{
	size_t room = 65536;
	char *text = malloc(room);

	*len = 0;
	while (text) {
		ssize_t n = read(fd, text + *len, room - *len);

		if (n < 0 && errno == EINTR && !ct_interrupted)
			continue;
		if (n < 0)
			break;
		if (!n)
			return text;
		*len += (size_t)n;
		if (*len == room) {
			char *more = realloc(text, room *= 2);

			if (!more)
				break;
			text = more;
		}
	}
	free(text);
	return NULL;
}

/*
 * The process has said why, with its status, as it would have to a user: that is the caller's
 * error then.  What is no such sentence (a sanitizer's report, say) is for whoever looks.
 */
static void take_error(FILE *said, int status, struct ct_error *e)
{
	static const char begin[] = "ctbench: ";
	char line[sizeof(e->text) + 16];

	rewind(said);
	while (fgets(line, sizeof(line), said)) {
		size_t len = strcspn(line, "\n");

		if (strncmp(line, begin, strlen(begin)) || line[len] != '\n' || e->status ||
		    !WIFEXITED(status) || !WEXITSTATUS(status)) {
			fputs(line, stderr);
			continue;
		}
		line[len] = '\0';
		ct_fail(e, -EIO, (enum ct_exit)WEXITSTATUS(status), "%s", line + strlen(begin));
	}
	if (!e->status)
		ct_fail(e, -EIO, CT_EXIT_INTERNAL, "the machine's bounds could not be measured");
}

json_t *bounds_child(const struct bounds_request *q, struct ct_error *e)
{
	const char *program = measure_program ? measure_program : program_path(e);
	FILE *said = program ? tmpfile() : NULL;
	json_t *json = NULL;
	int from[2], status;
	char *text;
	size_t len;
	pid_t pid;

	if (!program)
		return NULL;
	if (!said || pipe(from)) {
		ct_fail(e, -errno, CT_EXIT_USER, "cannot make a %s: %s",
			said ? "pipe" : "temporary file", strerror(errno));
		if (said)
			fclose(said);
		return NULL;
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(from[0]);
		start_child(program, q, from[1], fileno(said));
	}
	close(from[1]);
	if (pid < 0) {
		ct_fail(e, -errno, CT_EXIT_USER, "cannot start a process to measure in: %s",
			strerror(errno));
		close(from[0]);
		fclose(said);
		return NULL;
	}
	text = read_all(from[0], &len);
	if (!text)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(from[0]);
	if (text && WIFEXITED(status) && !WEXITSTATUS(status))
		json = json_loadb(text, len, 0, NULL);
	free(text);
	if (!json_is_array(json)) {
		json_decref(json);
		json = NULL;
		if (!ct_interrupted)
			take_error(said, status, e);
	}
	fclose(said);
	return json;
}
