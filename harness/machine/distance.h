/* SPDX-License-Identifier: MIT */
/*
 * The distance between CPUs: the round trip of a cache line between two threads.
 *
 * A hypervisor moves its guests' CPUs: two of them share a last-level cache for some seconds, and
 * later they do not.  Accesses to memory shared by two threads then cost three times as much.  No
 * counter shows this, but the round trip does, in some 50 us.
 *
 * Each measurement uses several lines that were not used before, and takes the least of them: on
 * some CPUs a line can stay with a third core for the whole measurement, and its round trips are
 * too long.
 */
#ifndef CTBENCH_HARNESS_MACHINE_DISTANCE_H
#define CTBENCH_HARNESS_MACHINE_DISTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/error.h"
#include "harness/machine/pool.h"

struct distance;

/* The lines of one pool's measurements.  NULL without memory. */
struct distance *distance_create(void);
void distance_free(struct distance *d);

/*
 * Measures the round trips between the first worker and each other one, in turn.  All workers call
 * it at once, inside a pool function and outside read-side sections.  serial: the same number in
 * all workers, a new one each time.  Returns to every worker the mean over these pairs in
 * nanoseconds; 0 with one worker, or if a CPU was stopped for longer than a measurement takes.
 */
double
distance_measure(struct distance *d, struct pool_worker *w, unsigned int workers, uint64_t serial);

/*
 * Have the CPUs moved between two measurements?  The limit, a factor of 1.5, is above the noise of
 * one placement and below the factor of two and more of another cache.  False if either is unknown
 * (0).
 */
bool distance_moved(double a, double b);

/* The result of watching two CPUs for some seconds. */
struct distance_seen {
	unsigned int looks; /* in which both CPUs answered in time */
	unsigned int moves; /* how often the distance changed (distance_moved()) */
	double least, most; /* ns */
	double near;	    /* share of looks at about the least distance */
};

/* Ten looks a second for this time, at least one; the CPUs are free in between.  0, or an error. */
int distance_watch(unsigned int a, unsigned int b, double seconds, struct distance_seen *seen,
		   struct ct_error *e);

/* Measures the round trip between two CPUs, with two new threads.  0, or an error. */
int distance_between(unsigned int a, unsigned int b, double *ns, struct ct_error *e);

#endif
