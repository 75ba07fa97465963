/* SPDX-License-Identifier: MIT */
/*
 * Searches for the highest rate, for each cell of a run; see cmd_saturate.c.
 */
#ifndef CTBENCH_HARNESS_RUN_SATURATE_RUN_H
#define CTBENCH_HARNESS_RUN_SATURATE_RUN_H

#include <stdint.h>

#include "harness/run/run.h"

/* The parameters of a search. */
struct saturate_question {
	const char *percentile; /* "p50", "p99", "p999", "max" */
	double bound_ns;	/* the percentile's bound */
	uint64_t from, to;	/* between these rates, operations a second of all threads */
	double precision;	/* see saturate.h */
};

/* Measurements of an interrupted search; for results_resume(). */
struct saturate_points {
	struct run *run;
	const struct saturate_question *question;
	struct saturate_point *list;
	size_t nr;
};
int saturate_take_row(void *arg, const struct measurement *m, struct ct_error *e);
void saturate_points_free(struct saturate_points *points);

/*
 * Prepare the run's cells (run_make_cells()) for searching: -EINVAL with a sentence if they have a
 * rate already, or are of a kind without rates. Their names are without a rate; each measurement's
 * name has one.
 */
int saturate_make_cells(struct run *run, struct ct_error *e);

/*
 * Search each cell once per repeat, cells in shuffled order within each repeat; measurements in
 * points are not made again. Prints each search. Ends early when interrupted or if results cannot
 * be written (run->fatal). Results are in the cells' list, rates and saturation, for run_report().
 */
void saturate_search(struct run *run, struct saturate_points *points);

#endif
