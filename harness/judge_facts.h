/* SPDX-License-Identifier: MIT */
/*
 * Two machines, kernels or builds beside each other: which of the facts in two
 * runs' "environment" (harness/env.h) are not the same.  Facts that change from
 * minute to minute, such as the load or free memory, do not count.
 */
#ifndef CTBENCH_HARNESS_JUDGE_FACTS_H
#define CTBENCH_HARNESS_JUDGE_FACTS_H

struct json_t;

/*
 * A list of {what ("kernel.release"), a, b (as text, "-" where there is none)};
 * new reference.  a and b are objects of facts, or NULL.
 */
struct json_t *facts_differences(const struct json_t *a, const struct json_t *b);

#endif
