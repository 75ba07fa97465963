/* SPDX-License-Identifier: MIT */
/* The parent's side of a measurement: see measure.h. */
#include "harness/measure/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/machine/program.h"
#include "harness/machine/tsc.h"
#include "harness/measure/bounds_measure.h"
#include "harness/measure/replica.h"

#define PATIENCE_MS 1000 /* for a child that closed its socket to end by itself */

const char *measure_program;
struct measure_other measure_other;

static void child(const char *program, int in, int out)
{
	char *const argv[] = { (char *)"ctbench", (char *)"measure", NULL };

	/*
	 * The terminal's Ctrl-C is for the parent; the parent ends us, and so does its end.
	 */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	/* If the descriptor has this number already, dup2() leaves its close-on-exec flag. */
	fcntl(STDIN_FILENO, F_SETFD, 0);
	fcntl(STDOUT_FILENO, F_SETFD, 0);
	execv(program, argv);
	_exit(127);
}

/* Reads everything, through EINTR unless it was Ctrl-C: 0, -EINTR, -EIO (the other end closed). */
static int transfer(int fd, void *data, size_t size, bool write_it)
{
	char *p = data;

	while (size) {
		const int err = write_it ? 0 : interrupt_wait(fd);
		ssize_t n;

		if (err)
			return err;
		n = write_it ? send(fd, p, size, MSG_NOSIGNAL) : read(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

static int died(int status, const struct cell *cell, struct ct_error *e)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && cell->kind == KIND_BOUNDS)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER,
			       "measuring %s was killed, probably because memory is short: ask for "
			       "fewer --bytes, or see the kernel's log",
			       cell->variant);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER,
			       "measuring %s with %llu connections was killed, probably because "
			       "memory is short: ask for fewer, or see the kernel's log",
			       cell->variant, (unsigned long long)cell->flows);
	if (WIFSIGNALED(status))
		return ct_fail(e, -EIO, CT_EXIT_INTERNAL,
			       "measuring %s ended by signal %d (%s): a fault of ctbench",
			       cell->variant, WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) == CT_EXIT_USER) /* memory_end() has said so */
		return ct_fail(e, -ENOMEM, CT_EXIT_USER,
			       "measuring %s ended because the machine ran out of memory or of "
			       "descriptors: ask for fewer connections, or end other programs",
			       cell->variant);
	return ct_fail(e, -EIO, CT_EXIT_INTERNAL,
		       "measuring %s ended early with status %d: a fault of ctbench", cell->variant,
		       WEXITSTATUS(status));
}

/*
 * Reads what follows the result: the length of a JSON text, then the text.  -EIO if it is cut off,
 * -EPROTO if it is not JSON.
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

static const char *program_of(const struct cell *cell, struct ct_error *e)
{
	if (measure_other.name && !strcmp(cell->program, measure_other.name))
		return measure_other.path;
	return measure_program ? measure_program : program_path(e);
}

static int start(struct measure_child *c, const struct cell *cell, struct ct_error *e)
{
	const char *program = program_of(cell, e);
	int to[2], from[2], err;
	pid_t pid;

	memset(c, 0, sizeof(*c));
	c->cell = *cell;
	c->to = c->from = -1;
	if (!program)
		return -ENOENT;
	/* A socket instead of a pipe: writing to a child that has died must not raise a signal. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to))
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot make a socket: %s",
			       strerror(errno));
	if (pipe2(from, O_CLOEXEC)) {
		err = ct_fail(e, -errno, CT_EXIT_USER, "cannot make a pipe: %s", strerror(errno));
		close(to[0]);
		close(to[1]);
		return err;
	}
	/* Calibrate once for all: a process of some 100 ms should not spend 20 ms on that. */
	c->cell.ticks_per_second = tsc_per_second();
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(program, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	c->to = to[1];
	c->from = from[0];
	c->pid = pid;
	if (pid < 0)
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot start a process to measure in: %s",
			       strerror(errno));
	return transfer(c->to, &c->cell, sizeof(c->cell), true);
}

static int receive_result(struct measure_child *c)
{
	int err = transfer(c->from, &c->result, sizeof(c->result), false);

	if (!err)
		err = receive_details(c->from, &c->details);
	c->over = !err;
	return err;
}

/* Wait for its end; err: its error so far.  Sets the sentence in e. */
static int finish(struct measure_child *c, int err, struct ct_error *e)
{
	int status = 0;

	/* A child that closed its socket is about to end, and its exit status is the answer. */
	for (int i = 0; err == -EIO && c->pid > 0 && i < PATIENCE_MS; i++) {
		if (waitpid(c->pid, &status, WNOHANG))
			c->pid = 0;
		else
			usleep(1000);
	}
	if (err && c->pid > 0)
		kill(c->pid, SIGKILL);
	while (c->pid > 0 && waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	/*
	 * A crash or a sanitizer's report after the result is as bad as one before it.
	 */
	if (!err && (!WIFEXITED(status) || WEXITSTATUS(status)))
		err = -EIO;
	if (err == -EIO)
		err = died(status, &c->cell, e);
	if (err == -EPROTO)
		ct_fail(e, err, CT_EXIT_INTERNAL,
			"measuring %s sent details that are not a JSON object: a fault of ctbench",
			c->cell.variant);
	if (c->to >= 0)
		close(c->to);
	if (c->from >= 0)
		close(c->from);
	c->to = c->from = -1;
	c->pid = 0;
	if (err) {
		json_decref(c->details);
		c->details = NULL;
		c->over = false;
	}
	return err;
}

int measure_cell(const struct cell *cell, struct cell_result *result, json_t **details,
		 struct ct_error *e)
{
	struct measure_child *c = calloc(1, sizeof(*c));
	int err;

	memset(result, 0, sizeof(*result));
	if (details)
		*details = NULL;
	if (!c)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to measure");
	err = start(c, cell, e);
	if (!err)
		err = receive_result(c);
	err = finish(c, err, e);
	*result = c->result;
	if (details)
		*details = json_incref(c->details);
	json_decref(c->details);
	free(c);
	return err;
}

json_t *bounds_child(const struct bounds_request *q, struct ct_error *e)
{
	static const struct cell cell = { .kind = KIND_BOUNDS, .variant = "the machine's bounds" };
	struct measure_child *c = calloc(1, sizeof(*c));
	json_t *list = NULL;
	int err;

	if (!c) {
		ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to measure");
		return NULL;
	}
	err = start(c, &cell, e);
	if (!err)
		err = transfer(c->to, (void *)q, sizeof(*q), true);
	if (!err)
		err = receive_result(c);
	err = finish(c, err, e);
	if (!err && c->result.status)
		ct_fail(e, -EIO, (enum ct_exit)c->result.status, "%s", c->result.error);
	else if (!err)
		list = json_incref(json_object_get(c->details, "bounds"));
	json_decref(c->details);
	free(c);
	return list;
}

/* ---- in slices ---- */

bool measure_in_slices(const struct cell *c)
{
	return c->kind == KIND_STEADY && cell_latency(c) == LATENCY_NONE && c->timeline <= 0 &&
	       !c->nr_events && !c->oversubscribe && strcmp(c->variant, REPLICA_NAME) != 0;
}

/* The next message, which is that one or a result. */
static int receive(struct measure_child *c, enum measure_message wanted, void *data, size_t size)
{
	uint32_t kind = 0;
	int err = transfer(c->from, &kind, sizeof(kind), false);

	if (err)
		return err;
	if (kind == wanted && wanted != MEASURE_RESULT)
		return size ? transfer(c->from, data, size, false) : 0;
	return kind == MEASURE_RESULT ? receive_result(c) : -EPROTO;
}

static int failed(struct measure_child *c, int err, struct ct_error *e)
{
	return err ? finish(c, err, e) : c->over ? finish(c, 0, e) : 0;
}

int measure_open(struct measure_child *c, const struct cell *cell, struct ct_error *e)
{
	int err = start(c, cell, e);

	if (!err)
		err = receive(c, MEASURE_READY, NULL, 0);
	return failed(c, err, e);
}

int measure_slice(struct measure_child *c, const struct slice_order *order, struct slice_told *told,
		  struct ct_error *e)
{
	int err = transfer(c->to, (void *)order, sizeof(*order), true);

	if (!err)
		err = receive(c, MEASURE_SLICE, told, sizeof(*told));
	return failed(c, err, e);
}

int measure_close(struct measure_child *c, struct ct_error *e)
{
	const struct slice_order order = { .what = SLICE_CLOSE };
	int err = transfer(c->to, (void *)&order, sizeof(order), true);

	if (!err)
		err = receive(c, MEASURE_RESULT, NULL, 0);
	return finish(c, err, e);
}

void measure_end(struct measure_child *c)
{
	struct ct_error e = { 0 };

	if (c->pid > 0)
		finish(c, -EINTR, &e);
	json_decref(c->details);
	c->details = NULL;
}
