/* SPDX-License-Identifier: MIT */
/*
 * Measuring the bounds of this machine, which no table can beat:
 *
 *	dependent	a random line of memory, the next one's address read from it: what
 *			a chain's first node costs a lookup whose table has that footprint
 *	independent	random lines, so many of them asked for at once: chains side by side
 *	random		a random line whose address does not depend on the line before
 *	prefetched	the same, prefetched so many lines ahead with that hint: what lookups in
 *			bursts can reach.  The least of them over hints and distances is the bound
 *	random_update	an atomic addition to a random line, as a reference count takes it
 *	prefetched_update	the same, prefetched for writing
 *	hash_latency	a hash whose result the next hash waits for
 *	hash_throughput	hashes of tuples that are there
 *	atomic		fetch-and-add on a line of one's own
 *	atomic_shared	the same by all threads on one line
 *	distance	a cache line from one CPU to another and back, for each pair of CPUs
 *	away		how long an arrival waits while the CPU does something else:
 *			percentiles over arrivals at any time, the floor of response times
 *
 * Times are in ns as one thread sees them, with all threads doing the same at once,
 * pinned as the run's are, on pages of the size the run's tables have.  A set of them
 * is measured in a process of its own, several times in the course of a run.
 */
#ifndef CTBENCH_HARNESS_MEASURE_BOUNDS_MEASURE_H
#define CTBENCH_HARNESS_MEASURE_BOUNDS_MEASURE_H

#include <stdint.h>

#include "harness/base/error.h"
#include "harness/workload/cell.h"

struct json_t;

#define BOUNDS_MAX_THREADS 16 /* numbers of threads */

struct bounds_request {
	unsigned int threads[BOUNDS_MAX_THREADS], nr_threads;
	enum pin_policy pin;
	char cpus[256]; /* for PIN_LIST */
	enum page_policy pages;
	uint64_t bytes; /* the largest footprint */
	double window;	/* seconds for each figure */
};

/*
 * In the measuring process: measures all of it once.  A new array of {"bound", "threads", and where
 * they mean something "bytes", "in_flight", "hint", "ahead", "hash", "percentile", "cpus"; "ns",
 * null where a thread did not stay on its CPU}.  NULL with a sentence in e.
 */
struct json_t *bounds_measure(const struct bounds_request *q, struct ct_error *e);

/*
 * In the parent: bounds_measure() in a new process, by the protocol of measure.c; the request
 * follows a cell of KIND_BOUNDS, and the details hold the array as "bounds".  NULL with a sentence
 * in e, which is empty after Ctrl-C.
 */
struct json_t *bounds_child(const struct bounds_request *q, struct ct_error *e);

#endif
