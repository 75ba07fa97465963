/* SPDX-License-Identifier: MIT */
#ifndef CTBENCH_HARNESS_RESULTS_LATENCY_MERGE_H
#define CTBENCH_HARNESS_RESULTS_LATENCY_MERGE_H

struct json_t;

/*
 * Merge the latencies of a cell's repeats (details_read(..., "latency", ...);
 * harness/measure/latency.h explains the keys) into cells.NAME.latency of a run's report. New
 * reference; NULL if the repeats have none.
 *
 *	kind		"service" or "response"
 *	n		repeats
 *	error		as in the details
 *	timer_ns, timer_resolution_ns	medians
 *	classes		name -> operations of all repeats together. The percentiles of "all" are
 *			the cell's metrics p50_ns, p90_ns, p99_ns, p999_ns and max_ns; those of
 *			a class begin with its name: lookup_hit_p99_ns
 *	curve		{nines, median_ns, low_ns, high_ns}: lists of one length; the median over
 *			the repeats at the share 1 - 10^-nines, with its 95 % interval
 *    and for an open loop:
 *	rate_per_s, arrivals	as in the details
 *	queued_share, lag_us	median, maximum
 *	arrived, unfinished	of all repeats together
 */
struct json_t *latency_merge(const struct json_t *repeats);

#endif
