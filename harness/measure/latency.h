/* SPDX-License-Identifier: MIT */
/*
 * Latencies of a cell that asks for them: service times of a closed loop
 * (`latency: service`) or response times of an open one (`rate:`); see
 * variants/latency.h for what these are.
 *
 * A measurement of latencies reads the clock around every operation, so its
 * throughput is meaningless and is not reported.
 *
 * In the details (details.h), key "latency":
 *
 *	kind		"service" or "response"
 *	error		the share by which a percentile may be too high (never too low)
 *	timer_ns	{median, min} of two readings of the clock with nothing between,
 *			on the workers' CPUs before the window.  Not subtracted from any
 *			figure.  resolution: the smallest step of the clock
 *	classes		"all" and each kind of operation that occurred:
 *			{n, mean_ns, p50_ns, p90_ns, p99_ns, p999_ns, max_ns, buckets}
 *	curve_ns	of "all": values at the shares 1 - 10^(-k/10), k from 0
 *	ticks_per_us	of the values behind "buckets" (histogram_to_json())
 *   and of an open loop:
 *	rate_per_s	arrivals a second, all workers
 *	arrivals	"constant", "poisson", "capture"
 *	arrived		started operations that arrived in the window
 *	queued_share	of these, those that had to wait for the one before
 *	lag_us		the longest delay of a start
 *	unfinished	not started within another tenth of the window: "all" has them with
 *			the time they had waited by then, a lower bound
 */
#ifndef CTBENCH_HARNESS_MEASURE_LATENCY_H
#define CTBENCH_HARNESS_MEASURE_LATENCY_H

#include "harness/traffic/arrivals.h"
#include "harness/numbers/histogram.h"
#include "harness/measure/bench.h"

/* Shares on a curve: 1 - 10^(-k/10) up to 1 - 10^-8. */
#define LATENCY_CURVE_POINTS 81

/* A capture's own times, for `arrivals: capture`. */
struct bench_recorded {
	const uint64_t *time_ns; /* [nr] since the beginning, of this worker's packets */
	size_t nr;
	uint64_t whole_ns, whole_nr; /* all workers' packets */
};

struct bench_latency {
	struct bench_latency_worker {
		struct ct_latency *l;
		struct ct_histogram *unfinished; /* and, before the window, the timer's */
		struct arrivals arrivals;
		uint64_t drained; /* TSC: when the remaining operations were given up */
		uint64_t timer_median, timer_min, timer_step; /* ticks */
	} * worker;					      /* [threads] */
};

/* Before the workers begin; does nothing if the cell measures no latencies.  0 or -ENOMEM. */
int bench_latency_start(struct bench *b);

/*
 * In a worker, before its window: allocates its memory, makes its arrivals, measures the
 * timer's cost.  recorded: for `arrivals: capture`, else NULL.  *out is NULL if no
 * latencies are measured.  0 or a negative errno with a sentence.
 */
int bench_latency_worker(struct bench *b, const struct pool_worker *w,
			 const struct bench_recorded *recorded, struct ct_latency **out,
			 struct ct_error *e);

/* After the workers ended: the details, and the result's percentiles. */
void bench_latency_report(struct bench *b);

#endif
