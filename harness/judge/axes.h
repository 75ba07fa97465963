/* SPDX-License-Identifier: MIT */
/*
 * Which cells of a run differ in one axis alone: what plots draw side by side
 * and verdicts compare.  Everything is read from the cells of the report, which another
 * build may have written: its axes need not be this build's.
 */
#ifndef CTBENCH_HARNESS_JUDGE_AXES_H
#define CTBENCH_HARNESS_JUDGE_AXES_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;

#define AXES_MAX 32

/* The names of a run's axes, in the order of its cells' axes. */
struct axes {
	const char *name[AXES_MAX]; /* belong to the report */
	size_t nr;
};

void axes_of(struct axes *axes, const struct json_t *cells);

/* The cell's choice on an axis; "" if it is not known. */
const char *axis_choice(const struct json_t *cell, const char *axis);
/* "-", "none": the axis means nothing to it. */
bool axis_absent(const char *choice);
/*
 * Does a choice on one axis bring its own on another?  Chains that readers lock
 * need no RCU, plain RCU chains need nodes that are freed late.
 */
bool axis_follows(const char *axis, const char *other);
/*
 * Do two cells differ in this axis alone?  Not if another axis means something to one of them
 * only: locks in buckets need RCU sections, which striped locks do without, and both have a cost.
 */
bool axis_beside(const struct json_t *a, const struct json_t *b, const char *axis);
/* May the cell stand for its choice?  Not if it is the worst case on purpose. */
bool axis_takes_part(const struct json_t *cell, const char *axis);
/*
 * Is it useless to compare the cell's variant with others?  The worst case is slow on purpose,
 * and a table that has no choice on any axis, though axes are known, finds nothing.
 */
bool axes_incomparable(const struct json_t *cell);

#endif
