/* SPDX-License-Identifier: MIT */
/*
 * Two machines, kernels or builds beside each other: which of the facts in two
 * runs' "environment" (harness/machine/env.h) are not the same.  Facts that change from
 * minute to minute, such as the load or free memory, do not count.
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
 * The same, of what has to be alike for figures of two processes to stand in one run: the machine
 * and its kernel; with build, also the program: its compiler, flags and allocator.
 */
struct json_t *
facts_differences_within_run(const struct json_t *a, const struct json_t *b, bool build);

/* Of a run's environment what facts_differences_within_run() looks at; new reference. */
struct json_t *facts_within_run(const struct json_t *environment);

#endif
