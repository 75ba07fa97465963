/* SPDX-License-Identifier: MIT */
#include "harness/measure/void.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "harness/machine/distance.h"
#include "harness/machine/tsc.h"
#include "harness/measure/slices.h"

#define TIMES 5

void window_judge(char *buf, size_t size, const struct window_facts *f)
{
	double lost = f->open ? fmax(VOID_OPEN_SHARE * f->window, VOID_OPEN_LEAST)
			      : fmax(VOID_LOST_SHARE * f->window, VOID_LOST_LEAST);
	double stolen =
		f->open ? VOID_OPEN_SHARE * f->window * f->threads
			: fmax(VOID_STOLEN_SHARE * f->window * f->threads, VOID_STOLEN_LEAST);

	/* Threads that free memory after a grace period belong to the variant. */
	double taken = f->lost - fmin(fmax(f->own, 0), f->lost);

	buf[0] = '\0';
	if (f->stolen > stolen)
		snprintf(buf, size, "the hypervisor stole %.0f ms of the window's CPU time",
			 1e3 * f->stolen);
	else if (f->throttled && (taken > lost || f->throttled_for > lost))
		snprintf(buf, size,
			 "the CPU quota of the control group stopped it %" PRIu64
			 " times, for %.0f ms of CPU time in a window of %.0f ms: start it without "
			 "a quota",
			 f->throttled, 1e3 * f->throttled_for, 1e3 * f->window);
	else if (taken > lost && f->involuntary)
		snprintf(buf, size,
			 "a thread was off its CPU for %.0f ms of %.0f (%" PRIu64
			 " involuntary switches of all threads)",
			 1e3 * taken, 1e3 * f->window, f->involuntary);
	else if (f->window >= VOID_SPEED_LEAST &&
		 (f->speed > 1 + VOID_SPEED_SHARE || f->speed < 1 / (1 + VOID_SPEED_SHARE)))
		snprintf(buf, size,
			 "a CPU's frequency changed: the same work took %.2f times as long after "
			 "the "
			 "window as before",
			 f->speed);
}

void slice_judge(struct slice_told *s)
{
	const bool never = s->seconds <= 0 || s->ops <= 0;
	const bool late = s->skew > SLICE_SKEW * s->seconds;
	const bool away = s->lost > SLICE_LOST * s->seconds;

	s->why[0] = '\0';
	s->unsteady = false;
	if (s->throttled && (never || late || away))
		snprintf(s->why, sizeof(s->why), "the control group's CPU quota stopped it");
	else if (never)
		snprintf(s->why, sizeof(s->why), "the threads never worked at the same time");
	else if (late)
		snprintf(s->why, sizeof(s->why), "the threads started %.2f ms apart",
			 1e3 * s->skew);
	else if (away && s->involuntary)
		snprintf(s->why, sizeof(s->why), "a thread was off its CPU for %.2f ms of %.2f",
			 1e3 * s->lost, 1e3 * s->seconds);
	else if (distance_moved(s->distance_before, s->distance_after))
		snprintf(s->why, sizeof(s->why), "the CPUs moved: %.0f ns apart before, %.0f after",
			 s->distance_before, s->distance_after);
	else if (!(fabs(log(s->halves)) <= log1p(SLICE_HALVES))) {
		s->unsteady = true;
		snprintf(s->why, sizeof(s->why),
			 "not steady: the second half ran at %.3f times the rate of the first",
			 s->halves);
	}
}

uint64_t window_speed(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TIMES; i++) {
		uint64_t begin = tsc_now_ordered(), ticks, x = begin | 1;

		for (int k = 0; k < WINDOW_SPEED_STEPS; k++)
			x *= x | 3;
		/* Use the result, so that the compiler keeps the chain. */
		__asm__ volatile("" ::"r"(x));
		ticks = tsc_now_ordered() - begin;
		least = ticks < least ? ticks : least;
	}
	return least;
}
