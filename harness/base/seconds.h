/* SPDX-License-Identifier: MIT */
/* The system's clocks in seconds.  Any thread. */
#ifndef CTBENCH_HARNESS_BASE_SECONDS_H
#define CTBENCH_HARNESS_BASE_SECONDS_H

#include <time.h>

/* CLOCK_THREAD_CPUTIME_ID, for example; 0 where the machine lacks that clock. */
static inline double seconds_by(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* The monotonic clock. */
static inline double seconds_now(void)
{
	return seconds_by(CLOCK_MONOTONIC);
}

#endif
