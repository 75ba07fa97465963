/* SPDX-License-Identifier: MIT */
/*
 * The time for which the machine keeps a thread off its CPU, as the wait of an arrival: the lower
 * bound of every response time.
 *
 * A thread that only reads the clock finds gaps between two readings: the timer interrupt,
 * other work of the kernel, a hypervisor that runs another guest.  An operation that arrives
 * during a gap waits for its end with any table.  If arrivals are spread evenly over time, the
 * share that waits longer than x is the sum of (gap - x) over all gaps longer than x, divided
 * by the time watched; the percentiles follow from that.  (hwlatdetect and cyclictest watch in
 * the same way, but report only the longest gap.)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/bounds_internal.h"
#include "harness/numbers/histogram.h"
#include "harness/machine/pool.h"
#include "harness/machine/tsc.h"

/* Two readings of the clock are some 10 ns apart; shorter gaps than this are no interruptions. */
#define LEAST_SECONDS 0.5e-6

struct watch {
	double seconds;
	struct watcher {
		struct ct_histogram gaps;
		uint64_t ticks;
	} * of; /* [threads] */
};

static void watch(void *arg, struct pool_worker *p)
{
	const struct watch *all = arg;
	struct watcher *mine = &all->of[p->index];
	const uint64_t least = tsc_from_seconds(LEAST_SECONDS);
	uint64_t begin, end, last, now;

	memset(mine, 0, sizeof(*mine)); /* no page fault among the gaps */
	pool_start(p);
	begin = last = tsc_now();
	end = begin + tsc_from_seconds(all->seconds);
	do {
		now = tsc_now();
		if (unlikely(now - last > least))
			ct_histogram_record(&mine->gaps, now - last);
		last = now;
	} while (now < end);
	mine->ticks = now - begin;
	pool_stop(p);
}

/* The share of arrivals that wait longer than x. */
static double longer(const struct ct_histogram *gaps, uint64_t ticks, uint64_t x)
{
	double sum = 0;

	for (unsigned int i = ct_histogram_bucket(x); i < CT_HIST_BUCKETS; i++) {
		/* As with percentiles: never below the true value, at most a bucket above it. */
		uint64_t gap = histogram_high(i) < gaps->max ? histogram_high(i) : gaps->max;

		if (gap > x)
			sum += (double)gaps->bucket[i] * (double)(gap - x);
	}
	return ticks ? sum / (double)ticks : 0;
}

uint64_t bounds_away_at(const struct ct_histogram *gaps, uint64_t ticks, double share)
{
	uint64_t low = 0, high = gaps->max;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (longer(gaps, ticks, middle) > 1 - share)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int bounds_away(struct pool *pool, unsigned int threads, double seconds, struct ct_histogram *gaps,
		uint64_t *ticks)
{
	struct watch all = { .seconds = seconds, .of = calloc(threads, sizeof(*all.of)) };
	struct pool_sum sum;

	if (!all.of)
		return -ENOMEM;
	pool_run(pool, watch, &all);
	pool_sum(pool, &sum);
	memset(gaps, 0, sizeof(*gaps));
	*ticks = 0;
	for (unsigned int i = 0; i < threads; i++) {
		histogram_add(gaps, &all.of[i].gaps);
		*ticks += all.of[i].ticks;
	}
	free(all.of);
	return sum.migrated_cpu >= 0 ? -EAGAIN : 0;
}
