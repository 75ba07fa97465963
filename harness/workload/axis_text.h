/* SPDX-License-Identifier: MIT */
/* The meaning of each axis and each choice, from variants/axes.def. */
#ifndef CTBENCH_HARNESS_WORKLOAD_AXIS_TEXT_H
#define CTBENCH_HARNESS_WORKLOAD_AXIS_TEXT_H

/* The meaning of an axis ("how a hash becomes a bucket"), or NULL if it is unknown. */
const char *axis_text(const char *axis);
/* The meaning of one of its choices, or NULL. */
const char *axis_value_text(const char *axis, const char *value);

#endif
