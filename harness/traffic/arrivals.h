/* SPDX-License-Identifier: MIT */
/*
 * Arrivals of an open loop: the ticks from each operation to the next, computed
 * before the window opens.
 *
 * The gaps of one worker repeat in a circle.  Their sum matches its share of the
 * rate exactly, because gaps are differences of rounded times and are not rounded
 * themselves.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_ARRIVALS_H
#define CTBENCH_HARNESS_TRAFFIC_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/workload/cell.h"

/* Number of gaps before they repeat, except with a capture. */
#define ARRIVALS_RING 65536

struct arrivals {
	uint64_t *gaps;
	size_t nr;
	uint64_t first; /* ticks from the window's opening to the first */
};

/*
 * constant: one every `mean` ticks; the workers' starts are spread evenly over
 * that gap, in the order of `index` (0 .. `threads` - 1).
 * poisson: exponential gaps (by inversion) from a generator of that seed, scaled to have
 * the mean exactly.  0, -EINVAL (a mean below one tick), -ENOMEM.
 */
int arrivals_make(struct arrivals *a, enum arrival_process process, double mean, unsigned int index,
		  unsigned int threads, uint64_t seed);

/*
 * As recorded: nr times in ns that do not decrease.  The packets of all workers
 * together take whole_ns, which is stretched to whole_ticks.  0 or -ENOMEM.
 */
int arrivals_recorded(struct arrivals *a, const uint64_t *time_ns, size_t nr, uint64_t whole_ns,
		      double whole_ticks);

/* A zeroed one is accepted. */
void arrivals_free(struct arrivals *a);

#endif
