/* SPDX-License-Identifier: MIT */
/* Calibration of the time-stamp counter, and whether it is reliable; see tsc.h. */
#include "harness/machine/tsc.h"
#include "harness/base/files.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define TSC_X86 1
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static double ticks_per_second;
static double told_ticks; /* by tsc_set_per_second(); read once, by learn() */
static bool reliable;

#ifdef TSC_X86
struct sample {
	uint64_t ticks, ns;
};

static uint64_t raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/*
 * Reads both clocks at the same moment.  The clock is read between two reads of
 * the counter.  Of many tries the one with the least time in between was not
 * interrupted.
 */
static struct sample sample_clocks(void)
{
	struct sample best = { 0 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 32; i++) {
		uint64_t before = tsc_now_ordered(), ns = raw_ns(), after = tsc_now_ordered();

		if (after - before >= least)
			continue;
		least = after - before;
		best.ticks = before + least / 2;
		best.ns = ns;
	}
	return best;
}

static double calibrate(void)
{
	struct timespec pause = { .tv_nsec = 20L * 1000 * 1000 };
	struct sample a = sample_clocks(), b;

	nanosleep(&pause, NULL);
	b = sample_clocks();
	return (double)(b.ticks - a.ticks) * 1e9 / (double)(b.ns - a.ns);
}

/* Invariant TSC (CPUID 8000_0007h, EDX bit 8): one speed in all P-, C- and T-states. */
static bool cpu_says_invariant(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && d & 1u << 8;
}

/*
 * The kernel compares the counters of all cores, and removes the TSC from its
 * list of clocks if they differ.  Without that list (no sysfs) CPUID alone
 * decides.
 */
static bool kernel_accepts(void)
{
	char line[256] = "";
	bool found = true;
	FILE *f = file_fact("/sys/devices/system/clocksource/clocksource0/available_clocksource");

	if (!f)
		return true;
	if (fgets(line, sizeof(line), f)) {
		char *save, *word = strtok_r(line, " \n", &save);

		while (word && strcmp(word, "tsc"))
			word = strtok_r(NULL, " \n", &save);
		found = word;
	}
	fclose(f);
	return found;
}
#endif

static void learn(void)
{
#if defined(TSC_X86)
	ticks_per_second = told_ticks > 0 ? told_ticks : calibrate();
	reliable = cpu_says_invariant() && kernel_accepts();
#elif defined(__aarch64__)
	uint64_t hz;

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	ticks_per_second = (double)hz;
	reliable = true; /* guaranteed by the architecture */
#else
	ticks_per_second = 1e9;
	reliable = true;
#endif
}

void tsc_set_per_second(double ticks)
{
	told_ticks = ticks;
}

double tsc_per_second(void)
{
	pthread_once(&once, learn);
	return ticks_per_second;
}

bool tsc_reliable(void)
{
	pthread_once(&once, learn);
	return reliable;
}

const char *tsc_name(void)
{
#if defined(TSC_X86)
	return "tsc";
#elif defined(__aarch64__)
	return "cntvct_el0";
#else
	return "CLOCK_MONOTONIC_RAW";
#endif
}
