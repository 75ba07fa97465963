/* SPDX-License-Identifier: MIT */
/* The commands that measure, with another way to measure: for ctbench merge, and for tests. */
#ifndef CTBENCH_HARNESS_CLI_RUN_COMMANDS_H
#define CTBENCH_HARNESS_CLI_RUN_COMMANDS_H

#include "harness/run/run.h"

/* ctbench run; measure NULL: only write the files of what was measured. */
int run_command(int argc, char **argv, run_measure_fn measure);

/*
 * The same by two programs; other may be NULL.  dir, if not NULL: room for the run's folder, which
 * is empty if nothing was measured.
 */
int run_programs(int argc, char **argv, run_measure_fn measure, const struct run_other *other,
		 char dir[PATH_MAX]);

/* ctbench saturate */
int saturate_command(int argc, char **argv, run_measure_fn measure);

#endif
