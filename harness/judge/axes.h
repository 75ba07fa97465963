/* SPDX-License-Identifier: MIT */
/*
 * Which cells of a run differ on one axis only: plots draw these side by side and verdicts compare
 * them. All data come from the report's cells: another build may have written it, with other axes.
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

/* The cell's choice on an axis; "" if unknown. */
const char *axis_choice(const struct json_t *cell, const char *axis);
/* Does the axis not apply ("-", "none")? */
bool axis_absent(const char *choice);
/*
 * Does a choice on one axis imply one on another? Chains that readers lock need no RCU, and plain
 * RCU chains need nodes that are freed after a grace period; neither has to recheck what was found.
 */
bool axis_follows(const char *axis, const char *other);
/*
 * Do two cells differ in this axis alone? Not if another axis applies to only one of them: locks in
 * buckets need RCU sections, striped locks do not, and both have a cost.
 */
bool axis_beside(const struct json_t *a, const struct json_t *b, const char *axis);
/* May the cell represent its choice? Worst cases may not. */
bool axis_takes_part(const struct json_t *cell, const char *axis);
/*
 * Should the cell's variant not be compared with others? A worst case is slow on purpose, and a
 * table without a choice on any known axis does nothing.
 */
bool axes_incomparable(const struct json_t *cell);

#endif
