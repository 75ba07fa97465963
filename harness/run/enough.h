/* SPDX-License-Identifier: MIT */
/*
 * Time goes where the variance is: how many instances and rounds are worth measuring, and when a
 * workload is known well enough (`precision:`, `budget:`).
 */
#ifndef CTBENCH_HARNESS_RUN_ENOUGH_H
#define CTBENCH_HARNESS_RUN_ENOUGH_H

#include "harness/run/run.h"

/* As many instances as a workload with a precision or a budget may take, where it takes more. */
#define ENOUGH_INSTANCES 40

/*
 * Rounds of the next instance of these cells: as many as make the interval narrow soonest
 * (Kalibera and Jones 2013: sqrt(cost of an instance / cost of a round x variance of rounds /
 * variance of instances)), from three instances on; usual before that.
 */
uint32_t enough_rounds(const struct run *run, const struct run_cell *like, uint32_t usual,
		       bool (*same)(const struct run_cell *a, const struct run_cell *b));

/*
 * May the workload stop before this repeat?  Then it says so in run.log and on stderr, and its
 * cells have no more repeats.
 */
bool enough_measured(struct run *run, const struct workload *w, uint32_t repeat);

#endif
