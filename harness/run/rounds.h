/* SPDX-License-Identifier: MIT */
/* Groups of cells, measured side by side in rounds of slices; see rounds.c. */
#ifndef CTBENCH_HARNESS_RUN_ROUNDS_H
#define CTBENCH_HARNESS_RUN_ROUNDS_H

#include "harness/run/run.h"

/* Is that cell measured in slices in this run? */
bool run_in_slices(const struct run *run, const struct run_cell *c);

/* Are two cells compared, at one point?  Choices may differ, quantities not. */
bool run_same_group(const struct run_cell *a, const struct run_cell *b);

/*
 * Measure one repeat of a cell and of all cells of its group that lack it, side by side. Returns
 * how many of these repeats are done now; an error of writing is in run->fatal.
 */
unsigned int run_measure_group(struct run *run, struct run_cell *c, uint32_t repeat);

/*
 * The same for cells that need a whole window: one after the other, in a newly drawn order, so that
 * compared cells are close in time.
 */
void run_group_windows(struct run *run, struct run_cell *c, uint32_t repeat,
		       void (*measure)(struct run *run, struct run_cell *c, uint32_t repeat));

#endif
