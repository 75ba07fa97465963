/* SPDX-License-Identifier: MIT */
/*
 * The search for the highest rate at which a percentile stays under a bound: bisection between a
 * rate that keeps it and one that does not, in equal ratios. One search of one cell, without
 * measuring.
 *
 * Disturbances (neighbours, the scheduler) always make operations later, never earlier. One
 * disturbed measurement would send the bisection to the wrong side. Therefore the rate at the upper
 * end of a search's result is measured SATURATE_TRIES times, seconds apart; if it keeps the bound
 * once, the search continues upwards from there. The result is the table's rate without
 * disturbances. A rate at which a backlog grew is not tried again.
 */
#ifndef CTBENCH_HARNESS_RUN_SATURATE_H
#define CTBENCH_HARNESS_RUN_SATURATE_H

#include <stdbool.h>
#include <stdint.h>

#define SATURATE_TRIES 3

#define SATURATE_LATE_MAX 64

struct saturate {
	uint64_t from, to;
	double precision; /* it ends when both rates are within this ratio: 0.05 is 5 % */
	uint64_t low;	  /* the highest rate that kept the bound; 0: none yet */
	struct saturate_late {
		uint64_t rate;
		unsigned int tries;
	} late[SATURATE_LATE_MAX]; /* above low, the lowest last */
	unsigned int nr_late;
};

/*
 * from < to, precision > 0.  Bisection can only end at rates `precision` apart.  shift, from 0 to
 * 1, moves all of these rates down by that part of a step.  With a random shift in each search the
 * rounding error becomes noise, which repeats show and average; without it all searches would end
 * at the same rates.
 */
void saturate_begin(struct saturate *s, uint64_t from, uint64_t to, double precision, double shift);

/*
 * The rate to try next (three significant digits, or an end), or 0 when the search is over.  A rate
 * that was late may be tried again, if the result depends on it.
 */
uint64_t saturate_next(struct saturate *s);

enum saturate_outcome {
	SATURATE_KEPT, /* the bound */
	SATURATE_LATE,
	SATURATE_OUTRUN, /* late, and a backlog grew */
};

/* Report the result at the rate of saturate_next(). */
void saturate_tell(struct saturate *s, uint64_t rate, enum saturate_outcome outcome);

/*
 * The rate found; 0 if even `from` does not keep the bound.  *at_least: `to`
 * keeps it, and the limit is above.
 */
uint64_t saturate_found(const struct saturate *s, bool *at_least);

#endif
