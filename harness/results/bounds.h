/* SPDX-License-Identifier: MIT */
/*
 * The bounds of the machine in a run's folder: bounds.jsonl has a line for each time that they
 * were measured.  harness/measure/bounds_measure.h says what each bound is; a run adds
 *
 *	null		a lookup through the null variant: what the harness itself costs
 */
#ifndef CTBENCH_HARNESS_RESULTS_BOUNDS_H
#define CTBENCH_HARNESS_RESULTS_BOUNDS_H

#include <stdint.h>

struct json_t;

#define BOUNDS_FILE "bounds.jsonl"

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

#endif
