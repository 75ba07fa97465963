/* SPDX-License-Identifier: MIT */
/*
 * Spends time where the variance is: the number of instances and rounds, and when a workload is
 * known well enough (`precision:`, `budget:`).
 */
#ifndef CTBENCH_HARNESS_RUN_ENOUGH_H
#define CTBENCH_HARNESS_RUN_ENOUGH_H

#include "harness/run/run.h"

/* The maximum of instances of a workload with a precision or a budget. */
#define ENOUGH_INSTANCES 40

/*
 * Rounds of the next instance of these cells: the number that narrows the interval fastest
 * (Kalibera and Jones 2013: sqrt(cost of an instance / cost of a round x variance of rounds /
 * variance of instances)), from three instances on; usual before that.
 */
uint32_t enough_rounds(const struct run *run, const struct run_cell *like, uint32_t usual);

/*
 * Is this repeat of a cell superfluous? If so, the cell and others of its group get no more
 * repeats, and run.log has the reason:
 *  - every main effect of its workload is known with its `precision`;
 *  - each choice at its point met the target (`detect`) when four sevenths of these repeats were
 *    made, in a workload with a budget;
 *  - its group has used up its share of the workload's budget.
 * Call it before the cell is measured.
 */
bool enough_measured(struct run *run, const struct run_cell *c, uint32_t repeat);

#endif
