/* SPDX-License-Identifier: MIT */
/*
 * A measurement's slices: the cell's result, and the data of each slice.
 *
 * In the details (details.h), key "slices": session (the first seq of the cells measured side by
 * side), and one list per column, with one value per slice in the order of measuring:
 *
 *	round		from 0; each cell of the session has one slice in each
 *	position	in the round's order, from 0
 *	attempt		from 1; more where an earlier one was refused
 *	alone		1: a long window without other cells' turns, as a check
 *	used		1: part of the result
 *	why		null, or why it was refused
 *	ops, seconds, charged, halves, ...	see struct slice_told
 *
 * slices.tsv has the same, one row per slice, for people.
 */
#ifndef CTBENCH_HARNESS_RUN_SLICES_H
#define CTBENCH_HARNESS_RUN_SLICES_H

#include "harness/measure/slices.h"
#include "harness/run/run.h"

struct slice {
	uint32_t round, position, attempt;
	bool alone, used;
	struct slice_told told;
};

struct slice_list {
	struct slice *list;
	size_t nr, room;
	size_t since; /* earlier ones have another length, and are refused */
};

/* The new last one, all zero; NULL without memory. */
struct slice *slices_add(struct slice_list *l);

/*
 * Do the halves of this slice differ by more than this cell's slices do by chance? On a machine
 * with busy neighbours all slices are uneven, and an uneven one is as good as the others; only one
 * that began cold stands out. With fewer than five slices chance is unknown, and SLICE_HALVES is
 * the limit.
 */
bool slices_uneven(const struct slice_list *l, size_t i);

/*
 * Judges the halves of all slices again, now that chance is known; before slices_sum(). An early
 * decision on a slice may have been wrong.
 */
void slices_judge_halves(struct slice_list *l);

/*
 * Were caches cold, or did a backlog grow, in most slices? Then second halves are faster, or
 * slower, than first halves in most slices since the length changed: by SLICE_HALVES, and by more
 * than their median varies by chance.
 */
bool slices_drift(const struct slice_list *l);

/* All slices so far are refused as too short; the next ones are longer. */
void slices_refuse_drift(struct slice_list *l);

/*
 * Choose the slices to use, and put their sums into the result, unless it failed: the last attempt
 * of each round, if it was not refused. If fewer than half the rounds have one, or second halves
 * are faster or slower than first halves in most slices, the result is void, unless it is too short
 * to detect noise.
 */
void slices_sum(struct slice_list *l, const struct cell *cell, struct cell_result *r);

/* The logarithms of two cells' times over one another in rounds that both have: n, sum, squares. */
void slices_ratio(const struct slice_list *a, const struct slice_list *b, double *n, double *sum,
		  double *squares);

/* "slices" and scalars of them (details.metrics) into a measurement's details. */
void slices_details(const struct slice_list *l, uint64_t session, struct json_t *details);

/*
 * A cell's slices, from details_read(..., "slices", ...): a list of {repeat, session, round, ns,
 * distance_ns}; the last three are lists over its used slices; ns: per operation of one thread.
 * NULL without slices.
 */
struct json_t *slices_report(const struct json_t *repeats, uint32_t threads);

/* Write slices.tsv in a run's folder, if anything was measured in slices. */
int slices_write_tsv(const char *dir, struct ct_error *e);

#endif
