/* SPDX-License-Identifier: MIT */
/*
 * Does a series grow?  Its slope by Theil and Sen, the median of the slopes between all pairs, is
 * robust against outliers; the test of Mann and Kendall says if the slope differs from 0.
 */
#ifndef CTBENCH_HARNESS_NUMBERS_TREND_H
#define CTBENCH_HARNESS_NUMBERS_TREND_H

#include <stddef.h>

struct trend {
	double slope; /* per step from one value to the next */
	double z;     /* of Mann and Kendall's S: beyond +-3 is significant */
	double median;
};

/* 0, or -ENOMEM, or -EINVAL for fewer than 8 values. */
int trend_of(const double *values, size_t n, struct trend *out);

#endif
