/* SPDX-License-Identifier: MIT */
/*
 * Which variant a run recommends for a load. Only measured cells count, at the nearest point:
 * nothing is extrapolated, and without a near measurement there is no answer.
 */
#ifndef CTBENCH_HARNESS_SHOW_RECOMMEND_H
#define CTBENCH_HARNESS_SHOW_RECOMMEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/error.h"

struct json_t;

/* The load; NAN: anything. */
struct recommend_wish {
	double connections;
	double churn; /* share of operations that insert or delete, 0 to 1 */
	double threads;
};

/* Connections and churn of a measured point may differ from the wish by this factor. */
#define RECOMMEND_NEAR 2
/* Maximum of printed points, the nearest first. */
#define RECOMMEND_MAX 3

/*
 * Print the answer. matrix: judge_matrix(report). 0, or -ENOENT with a sentence that names the
 * measured loads: none is near.
 */
int recommend_print(FILE *out, const struct json_t *report, const struct json_t *matrix,
		    const struct recommend_wish *wish, struct ct_error *e);

#define RECOMMEND_TEXT 1024

/*
 * The answer at one question (its place in the matrix): what to choose and why, and what is not
 * proven ("": nothing). False if the question has no such answer: latencies, a resize, a void base.
 */
bool recommend_at(const struct json_t *report, const struct json_t *matrix, size_t question,
		  char choice[RECOMMEND_TEXT], char open[RECOMMEND_TEXT]);

#endif
