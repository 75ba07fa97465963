/* SPDX-License-Identifier: MIT */
#include "harness/base/interrupt.h"

#include <stddef.h>
#include <unistd.h>

volatile sig_atomic_t ct_interrupted;

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
#define NR_SIGNALS (sizeof(signals) / sizeof(signals[0]))
static struct sigaction before[NR_SIGNALS];
static unsigned int catching;

static void on_signal(int sig)
{
	/* _exit() is safe in a handler.  The kernel closes the files, and children end with us. */
	if (ct_interrupted)
		_exit(CT_EXIT_INTERRUPTED);
	ct_interrupted = sig;
}

void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	ct_interrupted = 0;
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
