/* SPDX-License-Identifier: MIT */
/*
 * The search for the highest rate at which a percentile stays under a bound:
 * bisection between a rate that keeps it and one that does not, in equal ratios.
 * One search of one cell; knows nothing of measuring.
 *
 * Disturbances (a neighbour, the scheduler) make operations late and never early.  Bisection
 * believes every answer, so one disturbed measurement would send it to the wrong end of what is
 * left.  Therefore the rate that a search ends below is measured again, SATURATE_TRIES times in all
 * and by then some seconds after the first; if it keeps the bound once, the search goes on upwards
 * from there.  What is found is what the table can do where nothing else is in its way.  Where
 * arrivals outran the table there is no doubt, and no second try.
 */
#ifndef CTBENCH_HARNESS_RUN_SATURATE_H
#define CTBENCH_HARNESS_RUN_SATURATE_H

#include <stdbool.h>
#include <stdint.h>

#define SATURATE_TRIES 3

#define SATURATE_LATE_MAX 64

struct saturate {
	uint64_t from, to;
	double precision; /* it ends when the two are within that ratio: 0.05 is 5 % */
	uint64_t low;	  /* the highest rate that kept the bound; 0: none yet */
	struct saturate_late {
		uint64_t rate;
		unsigned int tries;
	} late[SATURATE_LATE_MAX]; /* above low, the lowest last */
	unsigned int nr_late;
};

/*
 * from < to, precision > 0.  Bisection can only end at certain rates, `precision` apart; shift,
 * from 0 to 1, moves all of them, and both ends, down by that part of such a step.  Drawn anew for
 * each search it makes of what the grid rounds away noise like any other, which repeats show and
 * average; on one grid all searches would agree to the last digit, whatever was measured.
 */
void saturate_begin(struct saturate *s, uint64_t from, uint64_t to, double precision, double shift);

/*
 * The rate to try next (three significant digits, or an end), or 0: the search is over.  One
 * that was late before comes again where all hangs on it.
 */
uint64_t saturate_next(struct saturate *s);

enum saturate_outcome {
	SATURATE_KEPT, /* the bound */
	SATURATE_LATE,
	SATURATE_OUTRUN, /* late, and more arrived than could be begun */
};

/* What came of the rate that saturate_next() gave. */
void saturate_tell(struct saturate *s, uint64_t rate, enum saturate_outcome outcome);

/*
 * The rate found; 0 if even `from` does not keep the bound.  *at_least: `to`
 * keeps it, and the limit lies beyond.
 */
uint64_t saturate_found(const struct saturate *s, bool *at_least);

#endif
