/* SPDX-License-Identifier: MIT */
#ifndef CTBENCH_HARNESS_RESULTS_TIMELINE_MERGE_H
#define CTBENCH_HARNESS_RESULTS_TIMELINE_MERGE_H

struct json_t;

/*
 * Merge the timelines of a cell's measurements (an array of what bench_timeline_json() gave):
 * {window_s, t0_s, n, series, series_low, series_high, events}, with the median of each piece and
 * of each event's times over n timelines. series_low and series_high are the ends of each piece's
 * interval, between ranks (stats_median_rank()); series in which they are 0 throughout are left
 * out, and both are missing if n is 1. NULL if there is none, or if they differ in length or
 * events.
 */
struct json_t *timeline_merge(const struct json_t *timelines);

#endif
