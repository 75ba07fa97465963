/* SPDX-License-Identifier: MIT */
/*
 * Which cells of a run differ in one axis alone: what plots draw side by side
 * and verdicts compare.  Cells as run_report() writes them.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_AXIS_PAIRS_H
#define CTBENCH_HARNESS_WORKLOAD_AXIS_PAIRS_H

#include <stdbool.h>

struct json_t;

/* The cell's choice on an axis; "" if it is not known. */
const char *axis_choice(const struct json_t *cell, unsigned int axis);
/* "-", "none": the axis means nothing to it. */
bool axis_absent(const char *choice);
/*
 * Does a choice on one axis bring its own on another?  Chains that readers lock
 * need no RCU, plain RCU chains need nodes that are freed late.
 */
bool axis_follows(unsigned int axis, unsigned int other);
/*
 * Do two cells differ on this axis only?  An axis that means nothing to one of
 * them tells nothing.
 */
bool axis_beside(const struct json_t *a, const struct json_t *b, unsigned int axis);
/* May the cell stand for its choice?  Not if it is the worst case on purpose. */
bool axis_takes_part(const struct json_t *cell, unsigned int axis);

#endif
