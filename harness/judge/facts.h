/* SPDX-License-Identifier: MIT */
/*
 * Which facts in the "environment" (harness/machine/env.h) of two runs differ: machines, kernels,
 * builds. Facts that change from minute to minute, such as the load or free memory, do not count.
 */
#ifndef CTBENCH_HARNESS_JUDGE_FACTS_H
#define CTBENCH_HARNESS_JUDGE_FACTS_H

#include <stdbool.h>

struct json_t;

/*
 * A list of {what ("kernel.release"), a, b (as text, "-" where there is none)};
 * new reference.  a and b are objects of facts, or NULL.
 */
struct json_t *facts_differences(const struct json_t *a, const struct json_t *b);

/*
 * The same for the facts that must be equal within one run: the machine and its kernel; with build,
 * also the compiler, its flags and the allocator.
 */
struct json_t *
facts_differences_within_run(const struct json_t *a, const struct json_t *b, bool build);

/*
 * The parameter in which two cells of the same name differ, so that they cannot be compared; NULL
 * if they can.  The number of repeats, seeds, targets and folders may differ.
 */
const char *facts_cells_differ(const struct json_t *a, const struct json_t *b);

/* The part of an environment that facts_differences_within_run() compares; new reference. */
struct json_t *facts_within_run(const struct json_t *environment);

#endif
