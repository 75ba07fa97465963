/* SPDX-License-Identifier: MIT */
/*
 * All variants of a run compared with one of them, at every point of every workload: the first
 * table of a page.
 *
 * A verdict answers a workload's question and averages over its points. Here each cell is compared
 * by itself with the cell of the baseline at the same point, by the same rules: within rounds where
 * both were measured side by side, and against the workload's noise. There are two standards: the
 * cell's own 95 % interval, if it was chosen beforehand, and Holm's correction over the whole
 * matrix, if it is picked because it is striking.
 */
#ifndef CTBENCH_HARNESS_JUDGE_MATRIX_H
#define CTBENCH_HARNESS_JUDGE_MATRIX_H

#include "harness/base/error.h"

struct json_t;

/*
 * New reference, or NULL with a sentence: base is not a variant of the run.
 *
 *	base		the variant that all others are compared with: that name or, if it is NULL,
 *			the first variant of the run
 *	comparisons	how many were corrected for
 *	designs		names of variants, the base first. Those that do nothing and worst cases
 *			are left out
 *	questions	(one more for a workload that fills tables: their memory then) a list of
 *			{workload, section (place of the workload in the report), metric,
 *			base (the workload's first variant where it lacks the run's), cell (of the
 *			base), value (its median, or null), point (parameters that vary in the
 *			workload), good and void (measurements of all cells at this point)}
 *	cells		a list of {question, design (places in these lists), cell, value, n, ratio,
 *			and if it was judged low, high (its 95 % interval) and apart (that interval
 *			excludes 1, and the ratio is beyond the noise); outcome (better, worse,
 *			different, none, unjudged: as in a verdict, with the correction)}. More
 *			than 1 is better: a time of half is a ratio of 2. Where a metric has no
 *			better side, the ratio is that of its values
 */
struct json_t *judge_matrix(const struct json_t *report, const char *base, struct ct_error *e);

#endif
