/* SPDX-License-Identifier: MIT */
#include "harness/base/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <unistd.h>

_Atomic sig_atomic_t ct_interrupted;

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
#define NR_SIGNALS (sizeof(signals) / sizeof(signals[0]))
static struct sigaction before[NR_SIGNALS];
static unsigned int catching;
/* Readable once a signal came: interrupt_wait() polls it.  -1: none could be made. */
static int came = -1;

/* What is removed before a signal ends the process, and the process that made it. */
static void (*remove_temporary)(void);
static pid_t maker;

/* A child between fork() and exec() has these handlers too, but must remove nothing. */
static void remove_ours(void)
{
	if (remove_temporary && getpid() == maker)
		remove_temporary();
}

/* Ends the process as without a handler. */
static void on_end(int sig)
{
	remove_ours();
	signal(sig, SIG_DFL);
	raise(sig); /* blocked until this handler returns */
}

static void on_signal(int sig)
{
	const int errno_before = errno;
	const uint64_t one = 1;

	/* _exit() is safe in a handler.  The kernel closes the files, and children end with us. */
	if (ct_interrupted) {
		remove_ours();
		_exit(CT_EXIT_INTERRUPTED);
	}
	ct_interrupted = sig;
	/* Fails only without a free descriptor; then waits end only by EINTR. */
	if (write(came, &one, sizeof(one)) < 0)
		errno = errno_before;
}

void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	uint64_t old;

	sigemptyset(&action.sa_mask);
	ct_interrupted = 0;
	if (came < 0)
		came = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* An earlier signal is forgotten. */
	while (came >= 0 && read(came, &old, sizeof(old)) > 0)
		;
	if (catching++)
		return;
	for (size_t i = 0; i < NR_SIGNALS; i++) {
		sigaction(signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

void interrupt_restore(void)
{
	if (--catching)
		return;
	for (size_t i = 0; i < NR_SIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
}

void interrupt_before_end(void (*remove)(void))
{
	const struct sigaction action = { .sa_handler = on_end };

	remove_temporary = remove;
	maker = getpid();
	for (size_t i = 0; i < NR_SIGNALS; i++) {
		struct sigaction now;

		if (!sigaction(signals[i], NULL, &now) && now.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
	}
}

void interrupt_hold(sigset_t *earlier)
{
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < NR_SIGNALS; i++)
		sigaddset(&held, signals[i]);
	pthread_sigmask(SIG_BLOCK, &held, earlier);
}

void interrupt_release(const sigset_t *earlier)
{
	pthread_sigmask(SIG_SETMASK, earlier, NULL);
}

int interrupt_wait(int fd)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = came, .events = POLLIN } };

	while (!ct_interrupted) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return ct_interrupted ? -EINTR : 0;
	}
	return -EINTR;
}
