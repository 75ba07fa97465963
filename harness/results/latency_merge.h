/* SPDX-License-Identifier: MIT */
#ifndef CTBENCH_HARNESS_RESULTS_LATENCY_MERGE_H
#define CTBENCH_HARNESS_RESULTS_LATENCY_MERGE_H

struct json_t;

/*
 * Merge the latencies of a cell's repeats (details_read(..., "latency", ...);
 * harness/measure/latency.h has the keys) into cells.NAME.latency of a run's report.
 * New reference; NULL where the repeats have none.
 *
 *	kind		"service" or "response"
 *	n		repeats
 *	error		as told
 *	timer_ns, timer_resolution_ns	medians
 *	classes		name -> operations of all repeats together; percentiles of
 *			"all" are the cell's metrics p50_ns, p90_ns, p99_ns, p999_ns and
 *			max_ns, those of a class have its name in front: lookup_hit_p99_ns
 *	curve		{nines, median_ns, low_ns, high_ns}: lists of one length; at the
 *			share 1 - 10^-nines the median over the repeats with its 95 %
 *			interval
 *   and of an open loop:
 *	rate_per_s, arrivals	as told
 *	queued_share, lag_us	median, and the greatest
 *	arrived, unfinished	of all repeats together
 */
struct json_t *latency_merge(const struct json_t *repeats);

#endif
