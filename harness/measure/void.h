/* SPDX-License-Identifier: MIT */
/*
 * Disturbances of a window by the machine: time taken from a thread by others or by the
 * hypervisor, a frequency that changed.  All of this is noise: the measurement is void
 * and may be repeated.
 *
 * Limits are shares of the window, but never less than a few milliseconds: in a window of
 * some milliseconds one interruption is a large share, and such windows do not give
 * useful figures anyway.
 */
#ifndef CTBENCH_HARNESS_MEASURE_VOID_H
#define CTBENCH_HARNESS_MEASURE_VOID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOID_LOST_SHARE 0.05  /* of a thread's window: ready to run, but not on its CPU */
#define VOID_LOST_LEAST 0.010 /* seconds */
/*
 * In an open loop everything that arrives meanwhile waits: this share of a window decides a p99
 * (it is half of the 1 % above p99); in a closed loop it affects one operation.
 */
#define VOID_OPEN_SHARE	  0.005
#define VOID_OPEN_LEAST	  0.001 /* seconds */
#define VOID_STOLEN_SHARE 0.05	/* of the window of all CPUs used */
#define VOID_STOLEN_LEAST 0.020 /* seconds: the kernel counts it in hundredths */
#define VOID_SPEED_SHARE  0.10	/* the same work before and after the window */
#define VOID_SPEED_LEAST \
	0.050 /* seconds of window: a core that has just woken still raises its frequency */
#define VOID_LEAST_OPS 16 /* of each kind that the mix asks for, per thread */

/* The facts of one window, in seconds; separate so that the decision can be tested. */
struct window_facts {
	double window;
	unsigned int threads;
	bool open;   /* an open loop */
	double lost; /* of the thread that lost most */
	double own;  /* the part of it by the variant's own threads, at most: part of its cost */
	uint64_t involuntary; /* all threads' switches */
	double stolen;	      /* all CPUs of the machine */
	uint64_t throttled;   /* how often a control group's CPU quota stopped us, */
	double throttled_for; /* and for how long, all CPUs together */
	double speed;	      /* after / before, of the CPU where it changed most; 1: unchanged */
};

/*
 * Writes the reason why such a window is void to buf, or "" if it is valid.  During events (a
 * resize, a flood) another thread works on purpose: pass lost = 0 then.
 */
void window_judge(char *buf, size_t size, const struct window_facts *f);

/*
 * TSC ticks of a fixed chain of dependent multiplications, the least of several times: some
 * 0.1 ms.  The TSC's frequency is constant, the core's is not.  Any thread.
 */
uint64_t window_speed(void);
#define WINDOW_SPEED_STEPS \
	8000 /* an OR and a multiplication each; on today's x86-64 that is 4 cycles */

#endif
