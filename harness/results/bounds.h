/* SPDX-License-Identifier: MIT */
/*
 * The machine's bounds in a run's folder: bounds.jsonl has a line for each time they were measured.
 * harness/measure/bounds_measure.h explains each bound. A run adds:
 *
 *	null		a lookup through the null variant: the cost of the harness itself
 *	in_cache	a lookup of "variant", in bursts of "burst", with the whole table in the
 *			cache: its cost without cache misses. "references": 1 if it takes one,
 *			"hit_share" and "load" (connections per bucket) as in the cell
 */
#ifndef CTBENCH_HARNESS_RESULTS_BOUNDS_H
#define CTBENCH_HARNESS_RESULTS_BOUNDS_H

#include <stdint.h>

struct json_t;

#define BOUNDS_FILE "bounds.jsonl"

/*
 * Merge several measurements (an array of their arrays): in each figure "median", "ci_low",
 * "ci_high" and "n" replace "ns". New reference or NULL.
 */
struct json_t *bounds_merge(const struct json_t *measurements);

/*
 * The figure of a bound without a footprint; of those with one, the smallest. hash NULL: any.
 * NULL if it was not measured. Belongs to bounds.
 */
const struct json_t *
bounds_find(const struct json_t *bounds, const char *bound, unsigned int threads, const char *hash);

/*
 * The figure in_cache of a cell of table operations (an object of the report). Belongs to bounds.
 * NULL if it was not measured.
 */
const struct json_t *bounds_in_cache(const struct json_t *bounds, const struct json_t *cell);

/*
 * ns of a dependent random line at that footprint, interpolated between the measured footprints (by
 * their logarithms). bounds: from bounds_merge(). NAN if there is none, or none large enough.
 */
double bounds_dependent_ns(const struct json_t *bounds, unsigned int threads, uint64_t bytes);

/*
 * ns that an arrival waits because its CPU is stolen or interrupted, at a percentile ("p99",
 * "p999", "max"); NAN if unknown.
 */
double bounds_away_ns(const struct json_t *bounds, unsigned int threads, const char *percentile);

#endif
