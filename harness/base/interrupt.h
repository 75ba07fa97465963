/* SPDX-License-Identifier: MIT */
/*
 * Ctrl-C: the first one asks a run to stop, the second one ends it at once.
 *
 * Code that waits long (for a child that measures) waits with interrupt_wait(), which misses no
 * signal.  Other code checks ct_interrupted when a system call returns EINTR, stops and returns
 * -EINTR.  The handlers are therefore set without SA_RESTART.
 */
#ifndef CTBENCH_HARNESS_BASE_INTERRUPT_H
#define CTBENCH_HARNESS_BASE_INTERRUPT_H

#include <signal.h>

#define CT_EXIT_INTERRUPTED 130 /* the status of shells for SIGINT */

/*
 * 0, or the signal that came (SIGINT, SIGTERM, SIGHUP).  Any thread may read it; atomic, because
 * the handler may run in another one.
 */
extern _Atomic sig_atomic_t ct_interrupted;

/*
 * Catch the three signals from now on; ignored signals (nohup) stay ignored.  ct_interrupted is
 * reset: callers within another pair of these calls that need an earlier signal must save it.
 */
void interrupt_catch(void);
/* Restores the previous handlers; ct_interrupted keeps its value. */
void interrupt_restore(void);

/*
 * Call remove before one of the three signals ends this process (not a child of it): while they
 * have their default action, and at the second signal between interrupt_catch() and
 * interrupt_restore(). remove runs in a signal handler: system calls only. Main thread.
 */
void interrupt_before_end(void (*remove)(void));

/*
 * Block the three signals in this thread for a few system calls that belong together, and unblock
 * them: a signal that came meanwhile acts then.
 */
void interrupt_hold(sigset_t *earlier);
void interrupt_release(const sigset_t *earlier);

/*
 * Wait until fd can be read (or its other end is closed): 0; -EINTR if a signal came to any thread
 * since interrupt_catch(); else a negative errno.  Any thread.
 *
 * Testing ct_interrupted and then calling read() is not enough: a signal between the two is missed,
 * and the read waits for its data.
 */
int interrupt_wait(int fd);

#endif
