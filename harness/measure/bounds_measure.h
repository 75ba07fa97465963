/* SPDX-License-Identifier: MIT */
/*
 * Measures the bounds of this machine, which no table can beat:
 *
 *	dependent	a random line of memory whose address is read from the one before:
 *			the cost of a chain's first node, for a table with that footprint
 *	independent	random lines, several in flight at a time: chains in parallel
 *	random		a random line whose address does not depend on the line before
 *	prefetched	the same, prefetched some lines ahead with a hint: lookups in bursts can
 *			reach this.  The bound is the minimum over hints and distances
 *	random_update	an atomic addition to a random line, like taking a reference
 *	prefetched_update	the same, prefetched for writing
 *	hash_latency	hashes, each of which needs the result of the one before
 *	hash_throughput	hashes of independent tuples
 *	atomic		fetch-and-add on a cache line per thread
 *	atomic_shared	fetch-and-add by all threads on one line
 *	distance	a cache line from one CPU to another and back, for each pair of CPUs
 *	away		how long an arrival waits while the CPU is stolen or interrupted:
 *			percentiles over evenly spread arrivals, the least response times
 *
 * Times are in ns per thread, with all threads doing the same at once, pinned like
 * the run's threads, with the same pages as the run's tables.  A set of them is
 * measured in a separate process, several times during a run.
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
 * In the measuring process: measures everything once.  A new array of {"bound", "threads", "ns",
 * and those that apply of "bytes", "in_flight", "hint", "ahead", "hash", "percentile", "cpus"};
 * "ns" is null if a thread did not stay on its CPU.  NULL with a sentence in e.
 */
struct json_t *bounds_measure(const struct bounds_request *q, struct ct_error *e);

/*
 * In the parent: bounds_measure() in a new process, by the protocol of measure.c; the request
 * follows a cell of KIND_BOUNDS, and the details hold the array as "bounds".  NULL with a sentence
 * in e, which is empty after Ctrl-C.
 */
struct json_t *bounds_child(const struct bounds_request *q, struct ct_error *e);

#endif
