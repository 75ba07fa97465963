/* SPDX-License-Identifier: MIT */
/*
 * Where a series of figures changes its level.
 *
 * The test is Pettitt's (1979, "A non-parametric approach to the change-point problem"): it
 * compares ranks, so an outlier counts as one figure and no distribution of the noise is assumed.
 * A series with a change is cut there, and each part is searched again.  The p-value comes from
 * permutations of the same figures (with a fixed seed) and accounts for the choice of the place.
 *
 * Eight figures are the least with which a change in the middle can be significant at 5 %: of
 * the 70 ways to draw four of eight, two are as extreme.  A change at the very end of a series
 * cannot be distinguished from an outlier; compare two runs for that (judge/compare.h).
 */
#ifndef CTBENCH_HARNESS_NUMBERS_CHANGES_H
#define CTBENCH_HARNESS_NUMBERS_CHANGES_H

#include <stddef.h>

#define CHANGES_LEAST 8

struct change {
	size_t at;	      /* the first figure of the new level */
	double p;	      /* that there is no change in the part that was cut here */
	double before, after; /* medians of the levels to both sides, up to the next changes */
};

/*
 * The changes of values[0 .. n - 1], all finite, at most `room` of them, in order; returns their
 * number, or -ENOMEM.  alpha: the share of false alarms in a series without a change.
 */
long changes_find(const double *values, size_t n, double alpha, struct change *out, size_t room);

#endif
