/* SPDX-License-Identifier: MIT */
/* The parts of ctbench compare. */
#ifndef CTBENCH_HARNESS_CLI_COMPARE_H
#define CTBENCH_HARNESS_CLI_COMPARE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "harness/base/error.h"
#include "harness/base/grid.h"

struct json_t;

/* ---- compare_text.c ---- */

/* The tables of judge_compare()'s result.  0 or -ENOMEM. */
int compare_print(FILE *out, const struct json_t *result, enum grid_format format);
/*
 * Draws the comparisons into a folder, a picture per workload and metric. benchmark: of run B. 0 or
 * a negative errno with a sentence.
 */
int compare_plot(const struct json_t *benchmark, const struct json_t *result, const char *out,
		 size_t *drawn, struct ct_error *e);
/* If no regression was proven: could one have been detected?  0, or -ENODATA with a sentence. */
int compare_power(const struct json_t *result, double share, struct ct_error *e);

/* ---- compare_programs.c ---- */

/* The user's name of the other program; exactly one is not NULL. */
struct compare_other {
	const char *against; /* a git revision to build */
	const char *program; /* a path */
};

/*
 * Builds the other program if necessary, and measures both in one run.  argv: of ctbench compare.
 * quiet: tables go to stderr.  Returns the exit status of the run, with its folder in dir; or a
 * negative errno with a sentence.
 */
int compare_measure(const struct compare_other *other, int argc, char **argv, bool quiet,
		    char dir[PATH_MAX], struct ct_error *e);

#endif
