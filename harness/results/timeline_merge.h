/* SPDX-License-Identifier: MIT */
#ifndef CTBENCH_HARNESS_RESULTS_TIMELINE_MERGE_H
#define CTBENCH_HARNESS_RESULTS_TIMELINE_MERGE_H

struct json_t;

/*
 * {window_s, t0_s, n, series, series_low, series_high, events}: the median of
 * each piece and of each event's times over the timelines of n measurements of one
 * cell (an array of what bench_timeline_json() gave).  series_low and series_high
 * are both ends of each piece's interval, between ranks (stats_median_rank()),
 * without the series in which they are 0 throughout; not there where n is 1.
 * NULL where there is none, or they are not alike.
 */
struct json_t *timeline_merge(const struct json_t *timelines);

#endif
