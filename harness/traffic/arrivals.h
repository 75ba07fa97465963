/* SPDX-License-Identifier: MIT */
/*
 * When operations arrive in an open loop: the ticks from each to the next,
 * made before the window opens.
 *
 * The gaps of one worker go round and round; together they are its share of
 * the rate exactly, because gaps are differences of times that were rounded,
 * not rounded themselves.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_ARRIVALS_H
#define CTBENCH_HARNESS_TRAFFIC_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/workload/cell.h"

/* So many until they begin anew, unless the packets of a capture say otherwise. */
#define ARRIVALS_RING 65536

struct arrivals {
	uint64_t *gaps;
	size_t nr;
	uint64_t first; /* ticks from the window's opening to the first */
};

/*
 * constant: one every `mean` ticks; the workers' beginnings are spread over
 * that gap, so that worker `index` of `threads` begins so far into it.
 * poisson: exponential gaps (by inversion) from a generator of that seed, scaled to have
 * the mean exactly.  0, -EINVAL (a mean below one tick), -ENOMEM.
 */
int arrivals_make(struct arrivals *a, enum arrival_process process, double mean, unsigned int index,
		  unsigned int threads, uint64_t seed);

/*
 * As recorded: nr times in ns, none below the one before; all workers' packets
 * take whole_ns, which becomes whole_ticks.  0 or -ENOMEM.
 */
int arrivals_recorded(struct arrivals *a, const uint64_t *time_ns, size_t nr, uint64_t whole_ns,
		      double whole_ticks);

/* A zeroed one is accepted. */
void arrivals_free(struct arrivals *a);

#endif
