/* SPDX-License-Identifier: MIT */
/*
 * Median, quartiles and range of a few numbers.
 */
#ifndef CTBENCH_HARNESS_NUMBERS_QUARTILES_H
#define CTBENCH_HARNESS_NUMBERS_QUARTILES_H

#include <stddef.h>

struct quartiles {
	size_t n; /* 0: all else is 0 */
	double min, q1, median, q3, max;
};

/*
 * Sorts values.  Between two values a quartile is interpolated linearly
 * (Hyndman and Fan 1996, type 7: the default of R and NumPy).
 */
struct quartiles quartiles_of(double *values, size_t n);

/* For qsort() of doubles: the smallest first. */
int by_value(const void *a, const void *b);

#endif
