/* SPDX-License-Identifier: MIT */
/* The meaning of each axis and each choice, from variants/axes.def. */
#ifndef CTBENCH_HARNESS_WORKLOAD_AXIS_TEXT_H
#define CTBENCH_HARNESS_WORKLOAD_AXIS_TEXT_H

/* What an axis decides ("how a hash becomes a bucket"), or NULL if it is unknown. */
const char *axis_text(const char *axis);
/* What one of its choices means, or NULL. */
const char *axis_value_text(const char *axis, const char *value);

#endif
