/* SPDX-License-Identifier: MIT */
/*
 * The worker pool: threads created once, each pinned to its CPU, that run a function together as
 *often as asked.
 *
 * Each run does this, in every worker at once:
 *
 *	meet the others, agree on a start a little ahead on the TSC, spin to it
 *	| began_tsc                       <- the section that is measured
 *	|  fn(arg, worker)
 *	| ended_tsc
 *	check that the pin held, sum up CPU time, switches, bytes allocated
 *
 * Creating threads, waking them and meeting are outside the section.  A function
 * that first prepares or warms up calls pool_start() when all workers should
 * begin together: the section then begins there.
 *
 *	pool_create(&pool, cpus, threads, &e);
 *	pool_run(pool, build, table);
 *	pool_run(pool, measure, table);
 *	pool_sum(pool, &sum);			-> common window, skew, void or not
 *	pool_destroy(pool);
 *
 * Thread-safety: a pool belongs to the thread that made it; fn runs in all
 * workers at once and shares what arg leads to.  Several workers on one CPU
 * are allowed: a waiting worker yields the CPU.
 *
 * Progress: a meeting needs every worker, so one that never arrives blocks the others.  Between
 * meetings no worker waits for another.
 */
#ifndef CTBENCH_HARNESS_MACHINE_POOL_H
#define CTBENCH_HARNESS_MACHINE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "harness/base/error.h"

struct pool;

/*
 * One worker, and the measurements of its last section.  Only that worker writes
 * it, during a run; the pool's owner reads it between runs.
 */
struct pool_worker {
	unsigned int index; /* 0 .. threads - 1 */
	unsigned int cpu;
	struct pool *pool;

	uint64_t start_tsc; /* the start agreed on, the same in all workers */
	uint64_t began_tsc; /* when this one really began: start_tsc or later */
	uint64_t ended_tsc;
	uint64_t cpu_ns;      /* CLOCK_THREAD_CPUTIME_ID over the section */
	uint64_t involuntary; /* context switches that others caused (ru_nivcsw) */
	uint64_t voluntary;
	uint64_t allocated; /* bytes allocated, if allocated_known (memstat.h) */
	bool allocated_known;
	bool memory_local; /* the NUMA node's own memory was asked for, with success */
	bool pin_held;	   /* at the end of the section */
} __cacheline_aligned;

typedef void pool_fn(void *arg, struct pool_worker *w);

/*
 * threads workers, worker i on cpus[i] (topology_plan()), all pinned and
 * verified before this returns.  0; -ENOMEM, -EAGAIN (no more threads) or a
 * failed pin's error, with a sentence in e and nothing left behind.
 */
int pool_create(struct pool **out, const unsigned int *cpus, unsigned int threads,
		struct ct_error *e);

/* Ends the workers.  NULL is accepted. */
void pool_destroy(struct pool *pool);

/* Runs fn in every worker and sleeps until all are done. */
void pool_run(struct pool *pool, pool_fn *fn, void *arg);

/*
 * Inside fn: wait for all workers, agree on a new start, and begin the section
 * there: start_tsc, began_tsc and all counts are reset.  Every worker must call
 * it the same number of times in a run, or none may.
 */
void pool_start(struct pool_worker *w);

/*
 * Inside fn: the section ends here instead of at fn's return, so that
 * cleaning up is not counted.
 */
void pool_stop(struct pool_worker *w);

/*
 * Inside fn: wait for all workers; the section does not change.  What each
 * worker wrote before is visible to all afterwards.
 */
void pool_meet(struct pool_worker *w);

unsigned int pool_threads(const struct pool *pool);
/* Worker i, for reading between runs. */
const struct pool_worker *pool_worker(const struct pool *pool, unsigned int i);

/* The last run of all workers together. */
struct pool_sum {
	uint64_t first_begin, last_begin; /* TSC */
	uint64_t first_end, last_end;
	double skew;   /* seconds from the first to the last begin */
	double window; /* seconds in which all worked: last begin to first end; 0 if they never did
			*/
	double span;   /* seconds in which anyone worked: first begin to last end */
	double cpu_seconds;
	uint64_t involuntary, voluntary;
	uint64_t allocated;   /* bytes */
	bool allocated_known; /* by every worker */
	bool memory_local;    /* for every worker */
	int migrated_cpu;     /* the CPU of a worker whose pin did not hold, or -1: all held */
};
void pool_sum(const struct pool *pool, struct pool_sum *sum);

#endif
