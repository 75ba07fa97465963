/* SPDX-License-Identifier: MIT */
/*
 * A run's figures as shares of the machine's bounds (harness/measure/bounds_measure.h): throughput
 * in percent of the bound's, time as a multiple of it. Everything made from the report (tables,
 * plots, pages, comparisons) then shows these.
 *
 *	dependent	a dependent random line of memory in a footprint as large as the cell's
 *			table: 100 % is one such line per operation
 *	independent	random lines with many in flight; only for tables at least half as large as
 *			the footprint of the measurement
 *	random		a random line whose address is known, without a prefetch (the same)
 *	prefetched	the same with the best prefetch: bursts can reach this
 *	prefetched_update	an atomic addition to such a line, like taking a reference
 *	in_cache	the cell's own lookups with the whole table in the cache
 *	hash		the cell's own hash alone
 *	atomic		one fetch-and-add
 *	null		a lookup through the null variant: the harness
 */
#ifndef CTBENCH_HARNESS_SHOW_SHARES_H
#define CTBENCH_HARNESS_SHOW_SHARES_H

#include <stddef.h>

#include "harness/base/error.h"

struct json_t;

/* The names of the bounds, for help and errors. */
#define SHARES_NAMES \
	"dependent, independent, random, prefetched, prefetched_update, in_cache, hash, atomic, " \
	"null"

/*
 * Replace, in each cell of a report (run_report()), mops, ns_per_op and the metrics of these names
 * by shares; the unit becomes "% of ...". A cell whose bound is unknown loses these figures. The
 * report gets the key "shares": {of, words, brief}. -EINVAL with a sentence if `of` is not a bound
 * or no cell has this bound.
 */
int shares_of(struct json_t *report, const char *of, struct ct_error *e);

/* A sentence that names the bound of the shares; empty if figures are not shares. */
void shares_remark(char *buf, size_t size, const struct json_t *report);

#endif
