/* SPDX-License-Identifier: MIT */
/*
 * The bounds of this machine: what no table can beat, measured beside a run.
 *
 *	dependent	a random line of memory, the next one's address read from it: what
 *			a chain's first node costs a lookup whose table has that footprint
 *	independent	random lines, so many of them asked for at once
 *	hash_latency	a hash whose result the next hash waits for
 *	hash_throughput	hashes of tuples that are there
 *	atomic		fetch-and-add on a line of one's own
 *	atomic_shared	the same by all threads on one line
 *	null		a lookup through the null variant: the harness
 *	away		what arrives while the machine keeps the CPU for something else waits so
 *			long: percentiles over arrivals at any time, the floor of response times
 *
 * As one thread sees it, in ns, all threads doing the same at once, pinned as
 * the run's are, on pages of the size the run's tables have.  A set of them
 * is measured in a process of its own (ctbench bounds --json), several times in
 * the course of a run: bounds.jsonl in its folder has a line for each time.
 */
#ifndef CTBENCH_HARNESS_RESULTS_BOUNDS_H
#define CTBENCH_HARNESS_RESULTS_BOUNDS_H

#include <stdint.h>
#include <stdio.h>

#include "harness/workload/cell.h"
#include "harness/base/error.h"
#include "harness/base/grid.h"

struct json_t;
struct run;

#define BOUNDS_FILE	   "bounds.jsonl"
#define BOUNDS_TIMES	   3  /* in a run: as it begins, a third through, two thirds through */
#define BOUNDS_MAX_THREADS 16 /* numbers of threads */

struct bounds_request {
	unsigned int threads[BOUNDS_MAX_THREADS], nr_threads;
	enum pin_policy pin;
	char cpus[256]; /* for PIN_LIST */
	enum page_policy pages;
	uint64_t bytes; /* the largest footprint */
	double window;	/* seconds for each figure */
};

/* --- In the measuring process (bounds_measure.c) --- */

/*
 * Measures all of it once: a new array of {"bound", "threads", and where they
 * mean something "bytes", "in_flight", "hash", "percentile"; "ns", null where a thread did not
 * stay on its CPU}.  NULL with a sentence in e.
 */
struct json_t *bounds_measure(const struct bounds_request *q, struct ct_error *e);

/* --- Around it (bounds.c) --- */

/* bounds_measure() in a fresh process.  NULL with a sentence in e; -EINTR's sentence is empty. */
struct json_t *bounds_child(const struct bounds_request *q, struct ct_error *e);

/*
 * Several measurements (an array of such arrays) as one: each figure with its
 * "ns" replaced by "median", "ci_low", "ci_high", "n".  New reference or NULL.
 */
struct json_t *bounds_merge(const struct json_t *measurements);

/*
 * ns of a dependent random line at that footprint, between the measured ones
 * (by the logarithm of the footprint) out of what bounds_merge() made; NAN if it knows none, or
 * none as large.
 */
double bounds_dependent_ns(const struct json_t *bounds, unsigned int threads, uint64_t bytes);

/* ns that an arrival waits for the CPU alone ("p99", "p999", "max"); NAN if not known. */
double bounds_away_ns(const struct json_t *bounds, unsigned int threads, const char *percentile);

/* As a table.  0 or -ENOMEM. */
int bounds_print(FILE *out, const struct json_t *bounds, enum grid_format format);

/* --- A run's part (run_bounds.c) --- */

/*
 * Is it time to measure them again, share_done (0 to 1) into the run?  Then does so; what goes
 * wrong is logged and costs nothing else.
 */
void run_bounds_step(struct run *run, double share_done);
/* What was measured so far, as bounds_merge() has it.  New reference; NULL if there is nothing. */
struct json_t *run_bounds_read(const char *dir);
/* How many times the folder has them already (--resume). */
unsigned int run_bounds_count(const char *dir);
/* The report's "bounds", and in each cell of it "footprint_bytes" and "misses": ns per operation in
 * dependent lines. */
void run_bounds_report(struct json_t *report, const char *dir);

#endif
