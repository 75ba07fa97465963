/* SPDX-License-Identifier: MIT */
/*
 * A measurement from inside its process: what "ctbench measure" does with a cell.
 *
 *	bench.c		the table, its workers, the window, the result
 *	ops.c, packets.c	what the workers do at each level
 *	bench_common.c	what all parts call
 *	events.c, flood.c, timeline.c, latency.c, inside.c	parts that a cell may ask for
 */
#ifndef CTBENCH_HARNESS_MEASURE_BENCH_H
#define CTBENCH_HARNESS_MEASURE_BENCH_H

#include <pthread.h>

#include "core/conntrack.h"
#include "harness/machine/cgroup.h"
#include "harness/base/error.h"
#include "harness/machine/perf.h"
#include "harness/machine/pool.h"
#include "harness/workload/cell.h"
#include "variants/variant.h"

struct json_t;

/* The work of a worker in the window, or in all slices of it. */
struct bench_section {
	double seconds;
	uint64_t done, cpu_ns, involuntary, allocated;
};

/* One worker's data in addition to the pool's; only the worker accesses it while it works. */
struct bench_worker {
	pthread_t thread;
	struct bench_section all;
	struct ct_waits waits; /* in the window; while it is open, minus the values before it */
	struct perf_set perf;
	struct perf_values counts;	    /* the same */
	bool counted;			    /* perf is open */
	uint64_t speed_before, speed_after; /* window_speed(); 0: not measured */
} __cacheline_aligned;

/* Data that all steps of a measurement share. */
struct bench {
	const struct cell *cell;
	struct cell_result *r;
	struct ct_error *e;
	const struct ct_variant *v;
	struct ct_core *core;
	struct net *net;
	struct pool *pool;
	uint64_t clock_tsc;		 /* when core->now was 0 */
	_Atomic int failed;		 /* a worker's error: a negative errno, its sentence in e */
	_Atomic uint64_t window_opens;	 /* TSC; 0: not yet */
	struct bench_worker *worker;	 /* [threads] */
	const struct flow_set *flows;	 /* of synthetic flows, for floods */
	struct bench_events *events;	 /* the results, after bench_events_finish() */
	struct bench_timeline *timeline; /* NULL: none is kept */
	struct bench_latency *latency;	 /* NULL: none are taken */
	struct bench_slices *slices;	 /* NULL: one window */
	struct distance *distance;	 /* of the workers' CPUs; NULL: one, or several on a CPU */
	double apart[2];		 /* ns, before and after the window; 0: unknown */
	double stolen;			 /* env_steal_seconds() as the window opened, then: in it */
	struct cgroups *cgroups;	 /* NULL: no CPU quota */
	struct cgroup_throttled
		throttled;  /* by that quota; before, then in the window, like stolen */
	double process_cpu; /* seconds of all our threads; before, then in the window */
	/*
	 * Results in addition to r (details.h): an object, empty at first.  Only the process's
	 * first thread writes it, outside the window, by
	 * json_object_set_new(b->details, KEY, ...), KEY as in details.h.
	 */
	struct json_t *details;
};

/* The measurement itself; the result goes into b->r. */
int bench_ops(struct bench *b);
int bench_packets(struct bench *b);
int bench_decode(const struct cell *cell, struct cell_result *r, struct ct_error *e);

/* --- For both levels --- */

/* How often a CPU quota stopped us since *before; updates *before. */
struct cgroup_throttled bench_throttled(const struct bench *b, struct cgroup_throttled *before);

/* Creates the variant's table, workers and a namespace; checks that memory is sufficient. */
int bench_open(struct bench *b, uint64_t connections, uint64_t stream_bytes);
void bench_close(struct bench *b);
/* The number of "CPUs" (statistics and node caches) that a table for that cell needs. */
unsigned int bench_cpus(const struct cell *cell);
/* Register a worker with the table, and unregister it: inside pool functions. */
void bench_worker_begin(struct bench *b, const struct pool_worker *w);
void bench_worker_end(struct bench *b);
/* This worker stops with an error, whose sentence is in e; the others continue, the cell fails. */
void bench_worker_failed(struct bench *b, int err, const struct ct_error *e);

/*
 * Between batches: returns the TSC and advances the table's clock.  Every worker
 * calls it; the first one writes the clock.
 */
uint64_t bench_tick(struct bench *b, const struct pool_worker *w);

/*
 * Inside a pool function, in every worker at once: the warm-up, then the
 * window.  run(b, work) does a batch; *before gets a copy of *work (of that
 * size) as the window opens; done, in *work, counts operations.  If the cell is
 * measured in slices, *before is the state at the start of the first one.
 */
void bench_window(struct bench *b, struct pool_worker *w, void (*run)(struct bench *b, void *work),
		  void *work, const uint64_t *done, void *before, size_t size);
/* Runs batches until that time, each longer by a known share if a delay is planted. */
void bench_run_until(struct bench *b, const struct pool_worker *w,
		     void (*run)(struct bench *b, void *work), void *work, uint64_t end);
/*
 * The plan's connections that this worker inserts: how many, and the i-th.  They are any, or its
 * own if the variant's threads share none.
 */
struct key_plan;
uint64_t
bench_share(const struct bench *b, const struct pool_worker *w, const struct key_plan *plan);
uint64_t bench_share_flow(const struct bench *b, const struct pool_worker *w,
			  const struct key_plan *plan, uint64_t i);
/* All workers wait for each other, without delaying grace periods. */
void bench_meet(struct bench *b, struct pool_worker *w);

/* Sleeps; wakes up some 50 us late. */
void bench_sleep_until(uint64_t tsc);
/* Waits for the window; returns its first TSC, or 0 if there will be none. */
uint64_t bench_wait_window(struct bench *b);

/*
 * Slices (slices.c), if the cell is measured in them: before the workers begin; the window of one
 * worker; seconds of all slices together.  0 or -ENOMEM with a sentence.
 */
int bench_slices_start(struct bench *b);
void bench_slices_run(struct bench *b, struct pool_worker *w,
		      void (*run)(struct bench *b, void *work), void *work, const uint64_t *done);
double bench_slices_seconds(const struct bench *b);
void bench_slices_free(struct bench *b);

/* Executes events of the cell by another thread while the window is open (events.c). */
struct bench_events;
int bench_events_start(struct bench *b, struct bench_events **out);
/*
 * Waits for the last event; stores the times of resizes in b->r, and all events in
 * b->events.  NULL is accepted.
 */
int bench_events_finish(struct bench *b, struct bench_events *events);
void bench_events_free(struct bench_events *events);

/*
 * A timeline, if the cell asks for one (timeline.c): before the workers
 * begin.  count() reads the counters of a worker's *work (of size bytes), in the
 * order of enum timeline_count.  0 or -ENOMEM with a sentence.
 */
typedef void bench_count_fn(const void *work, uint64_t *counts);
int bench_timeline_start(struct bench *b, bench_count_fn *count, size_t size);
/* The window of one worker, in place of bench_window()'s own loop. */
void bench_timeline_run(struct bench *b, struct pool_worker *w,
			void (*run)(struct bench *b, void *work), void *work, uint64_t end);
void bench_timeline_free(struct bench *b);

/*
 * Latencies, if the cell asks for them (latency.h has the rest).  In bench_window(), by each
 * worker: discard what the warm-up recorded; count arrivals from `start` to `until`; after the
 * window start the operations that arrived in it, for a while, and count the rest.
 */
void bench_latency_clear(struct bench *b, const struct pool_worker *w);
void bench_latency_opens(struct bench *b, const struct pool_worker *w, uint64_t start,
			 uint64_t until);
void bench_latency_drain(struct bench *b, const struct pool_worker *w,
			 void (*run)(struct bench *b, void *work), void *work);
void bench_latency_unfinished(struct bench *b, const struct pool_worker *w);
void bench_latency_free(struct bench *b);

/*
 * Runs the workers, with events, floods, timeline and latencies, which it begins and ends.
 * count and size are as for bench_timeline_start().
 */
int bench_run(struct bench *b, pool_fn *worker, void *arg, bench_count_fn *count, size_t size);
/*
 * After it: all results, of done[i] operations of worker i.  sum_up(arg) adds up and checks the
 * counters of the level.
 */
int bench_finish(struct bench *b, const uint64_t *done, int (*sum_up)(void *arg), void *arg);
/*
 * A scalar for the details' "metrics": its median and interval go into the run's
 * report.  The name ends in its unit, as in grace_period_p99_us.  NaN and infinity are
 * left out.
 */
void bench_metric(struct bench *b, const char *name, double value);
/* Noise made it void: it may be measured again. */
void bench_void(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * The result is impossible: a fault of the variant or of the harness.  Returns -EIO with a
 * sentence in b->e.
 */
int bench_wrong(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- statistics of the table and the machine (inside.c) ---- */

/* By a worker: before the window; when it opens and closes, for each slice; after all of it. */
void inside_prepare(struct bench *b, const struct pool_worker *w);
void inside_opens(struct bench *b, const struct pool_worker *w);
void inside_closes(struct bench *b, const struct pool_worker *w);
void inside_ends(struct bench *b, const struct pool_worker *w);
/*
 * After the window: chains, locks, grace, memory, stat, perf and pages into the details, and
 * scalars of them into the metrics.  0, or an error if the requested pages are not available.
 */
int inside_details(struct bench *b, uint64_t ops);

#endif
