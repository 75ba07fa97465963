/* SPDX-License-Identifier: MIT */
/*
 * Evaluation of the histograms that worker loops write (variants/latency.h):
 * sums, percentiles, JSON.
 *
 * A percentile p is the smallest value that at least p % of all values do not
 * exceed.  It is reported as the upper end of its bucket, or the maximum if that is less: never
 * below the truth, and at most HISTOGRAM_ERROR above it.
 */
#ifndef CTBENCH_HARNESS_NUMBERS_HISTOGRAM_H
#define CTBENCH_HARNESS_NUMBERS_HISTOGRAM_H

#include "variants/latency.h"

struct json_t;

/* Of a value: 2^-CT_HIST_BITS. */
#define HISTOGRAM_ERROR (1.0 / (1 << CT_HIST_BITS))

/* The least and the greatest value of a bucket. */
uint64_t histogram_low(unsigned int bucket);
uint64_t histogram_high(unsigned int bucket);

/* Adds all values of from to to. */
void histogram_add(struct ct_histogram *to, const struct ct_histogram *from);

/* share from 0 to 1 (0.99 is p99); 0 of an empty histogram. */
uint64_t histogram_at(const struct ct_histogram *h, double share);

/* The share of values in buckets that are entirely above value. */
double histogram_above(const struct ct_histogram *h, uint64_t value);

/*
 * [bucket, count, bucket, count, ...] of those that are not empty.  New
 * reference; NULL without memory.
 */
struct json_t *histogram_to_json(const struct ct_histogram *h);

#endif
