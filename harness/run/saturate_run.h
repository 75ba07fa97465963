/* SPDX-License-Identifier: MIT */
/*
 * Searches for the highest rate, for each cell of a run; see cmd_saturate.c.
 */
#ifndef CTBENCH_HARNESS_RUN_SATURATE_RUN_H
#define CTBENCH_HARNESS_RUN_SATURATE_RUN_H

#include <stdint.h>

#include "harness/run/run.h"

/* What is asked of each cell. */
struct saturate_question {
	const char *percentile; /* "p50", "p99", "p999", "max" */
	double bound_ns;	/* which is to stay at or under this */
	uint64_t from, to;	/* between these rates, operations a second of all threads */
	double precision;	/* see saturate.h */
};

/* Measurements of a search that was begun before; for results_resume(). */
struct saturate_points {
	struct run *run;
	const struct saturate_question *question;
	struct saturate_point *list;
	size_t nr;
};
int saturate_take_row(void *arg, const struct measurement *m, struct ct_error *e);
void saturate_points_free(struct saturate_points *points);

/*
 * The run's cells (run_make_cells()) made ready for searching: -EINVAL with a sentence where
 * they have a rate already, or are of a kind that has none.  Their names are without a rate; each
 * measurement's name has one.
 */
int saturate_make_cells(struct run *run, struct ct_error *e);

/*
 * Search each cell as often as it has repeats, cells in shuffled order within each
 * repeat, with what points has already been measured; prints each search as it goes.  Ends
 * early when interrupted or when nothing more can be kept (run->fatal).  Results are in the
 * cells' list, rates and saturation, as run_report() takes them.
 */
void saturate_search(struct run *run, struct saturate_points *points);

#endif
