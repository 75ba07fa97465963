/* SPDX-License-Identifier: MIT */
/* Facts of the register of variants that a run's report keeps. */
#ifndef CTBENCH_HARNESS_WORKLOAD_VARIANT_FACTS_H
#define CTBENCH_HARNESS_WORKLOAD_VARIANT_FACTS_H

#include <stdbool.h>

struct json_t;

/* {AXIS: the variant's choice, ...} in the register's order; empty if there is no such variant. */
struct json_t *variant_axes_to_json(const char *variant);

/* Of the axes in the register, from 0; NULL beyond the last. */
const char *variant_axis_name(unsigned int i);

/* Is it degenerate on purpose (CT_V_WORST)? */
bool variant_is_worst_case(const char *variant);

#endif
