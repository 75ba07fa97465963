/* SPDX-License-Identifier: MIT */
/*
 * The clock of the measuring loops: the CPU's time-stamp counter, which costs
 * some ten nanoseconds to read and is the same on every core.
 *
 *   x86_64	rdtsc, calibrated against CLOCK_MONOTONIC_RAW
 *   aarch64	cntvct_el0, its frequency as the CPU reports it
 *   elsewhere	CLOCK_MONOTONIC_RAW itself, in nanoseconds
 *
 * Thread-safety: any thread, any time.
 */
#ifndef CTBENCH_HARNESS_MACHINE_TSC_H
#define CTBENCH_HARNESS_MACHINE_TSC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ticks.h"

/* Now, in ticks: see core/ticks.h. */
static inline uint64_t tsc_now(void)
{
	return ct_ticks();
}

/* Reads the counter after everything before it in program order and before everything after it. */
static inline uint64_t tsc_now_ordered(void)
{
	return ct_ticks_ordered();
}

/* Ticks a second.  The first call calibrates, which takes some 20 ms. */
double tsc_per_second(void);

/*
 * Use the frequency that another process on this machine has calibrated, instead of taking 20 ms.
 * Call it before any other of these functions; 0 is ignored.
 */
void tsc_set_per_second(double ticks);

static inline double tsc_to_seconds(uint64_t ticks)
{
	return (double)ticks / tsc_per_second();
}

static inline uint64_t tsc_from_seconds(double seconds)
{
	return (uint64_t)(seconds * tsc_per_second());
}

/*
 * Does the counter run at the same speed in every power state and on every core?  If not, windows
 * measured with it are unreliable.
 */
bool tsc_reliable(void);

/* The name of the clock, for results: "tsc", "cntvct_el0", "CLOCK_MONOTONIC_RAW". */
const char *tsc_name(void);

#endif
