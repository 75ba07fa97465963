/* SPDX-License-Identifier: MIT */
/*
 * The search for the highest rate at which a percentile stays under a bound:
 * bisection between a rate that keeps it and one that does not, in equal ratios.
 * One search of one cell; knows nothing of measuring.
 */
#ifndef CTBENCH_HARNESS_SATURATE_H
#define CTBENCH_HARNESS_SATURATE_H

#include <stdbool.h>
#include <stdint.h>

struct saturate {
	uint64_t from, to;
	double precision;	/* it ends when the two are within that ratio: 0.05 is 5 % */
	uint64_t low, high;	/* the highest rate that kept the bound, the lowest that did not */
	bool done;
};

/* from < to, precision > 0. */
void saturate_begin(struct saturate *s, uint64_t from, uint64_t to, double precision);

/* The rate to try next (three significant digits, or an end), or 0: the search is over. */
uint64_t saturate_next(struct saturate *s);

/* What came of the rate that saturate_next() gave. */
void saturate_tell(struct saturate *s, uint64_t rate, bool kept);

/*
 * The rate found; 0 if even `from` does not keep the bound.  *at_least: `to`
 * keeps it, and the limit lies beyond.
 */
uint64_t saturate_found(const struct saturate *s, bool *at_least);

#endif
