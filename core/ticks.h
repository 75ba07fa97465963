/* SPDX-License-Identifier: MIT */
/*
 * The CPU's own clock, in ticks.  It times waits, and the harness's clock reads it
 * (harness/machine/tsc.h, which knows the length of a tick).
 */
#ifndef CTBENCH_CORE_TICKS_H
#define CTBENCH_CORE_TICKS_H

#include <stdint.h>
#include <time.h>

/*
 * The present time.  The CPU may read it some instructions early or late: for
 * deadlines and for reading the clock between batches.
 */
static inline uint64_t ct_ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t t;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
	return t;
#else
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
#endif
}

/*
 * The present time, after all earlier instructions have completed and before any later
 * one starts.  For the two ends of a measurement.  (Intel's SDM, RDTSC: lfence on both
 * sides; on AMD lfence serialises too, by a setting that Linux makes.)
 */
static inline uint64_t ct_ticks_ordered(void)
{
	uint64_t t;

#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("lfence" ::: "memory");
	t = ct_ticks();
	__asm__ volatile("lfence" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
	t = ct_ticks();
	__asm__ volatile("isb" ::: "memory");
#else
	t = ct_ticks();
#endif
	return t;
}

#endif
