/* SPDX-License-Identifier: MIT */
/*
 * What the axes and their values mean, a sentence each, for people.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_AXIS_TEXT_H
#define CTBENCH_HARNESS_WORKLOAD_AXIS_TEXT_H

/* The question that an axis answers ("how a hash becomes a bucket"), or NULL if it is unknown. */
const char *axis_text(const char *axis);
/* What is special about one of its values, or NULL. */
const char *axis_value_text(const char *axis, const char *value);

#endif
