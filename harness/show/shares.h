/* SPDX-License-Identifier: MIT */
/*
 * A run's figures as shares of what this machine can do at best (bounds.h): throughput in
 * percent of the bound's, time as a multiple of it.  Everything made of a report (tables, plots,
 * pages, comparisons) then shows those.
 *
 *	dependent	a random line of memory in a footprint as large as the cell's table, waited
 *			for: 100 % is one such line per operation
 *	independent	random lines with many in flight; only of tables that are at least half
 *			as large as the footprint they were measured at
 *	hash		the cell's own hash, alone
 *	atomic		one fetch-and-add
 *	null		a lookup through the null variant: the harness
 */
#ifndef CTBENCH_HARNESS_SHOW_SHARES_H
#define CTBENCH_HARNESS_SHOW_SHARES_H

#include <stddef.h>

#include "harness/base/error.h"

struct json_t;

/* The bounds' names with commas between, for help and errors. */
#define SHARES_NAMES "dependent, independent, hash, atomic, null"

/*
 * Change a report (run_report()'s object): in each cell mops, ns_per_op and the metrics of these
 * names; its unit is then "% of ...".  A cell whose bound is not known has no such figures any
 * more.  The report's key "shares" is {of, words, brief}.  -EINVAL with a sentence where `of` is no
 * bound or no cell has one.
 */
int shares_of(struct json_t *report, const char *of, struct ct_error *e);

/* A sentence about what the shares are of, or an empty text where figures are no shares. */
void shares_remark(char *buf, size_t size, const struct json_t *report);

#endif
