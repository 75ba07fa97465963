/* SPDX-License-Identifier: MIT */
#include "harness/show/shares.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/results/bounds.h"
#include "harness/base/json_read.h"

static const struct {
	const char *name, *words, *brief;
} names[] = {
	{ "dependent", "a dependent random line of memory in the table's footprint",
	  "a random line" },
	{ "independent", "random lines of memory with many in flight", "random lines in flight" },
	{ "random", "random lines of memory, addresses known", "known random lines" },
	{ "prefetched", "random lines of memory behind the best prefetch", "prefetched lines" },
	{ "prefetched_update", "atomic additions to random lines behind the best prefetch",
	  "prefetched additions" },
	{ "in_cache", "the same lookups with all of the table in the cache", "the same in cache" },
	{ "hash", "the hash alone", "the hash alone" },
	{ "atomic", "one atomic addition", "an atomic addition" },
	{ "null", "a table that does nothing", "a table that does nothing" },
};

/* The cell's bound, in ns as one thread sees it; NAN if unknown. */
static double bound_ns(const json_t *cell, const json_t *bounds, const char *of)
{
	const json_t *parameters = json_object_get(cell, "parameters");
	double threads = number_of(parameters, "threads"),
	       bytes = number_of(cell, "footprint_bytes");
	double measured = 0;
	const json_t *one;
	size_t i;

	if (strcmp(text_of(parameters, "level"), "ops") || !(threads >= 1))
		return NAN;
	if (!strcmp(of, "dependent"))
		return bytes >= 1
			       ? bounds_dependent_ns(bounds, (unsigned int)threads, (uint64_t)bytes)
			       : NAN;
	if (!strcmp(of, "hash"))
		return number_of(bounds_find(bounds, "hash_throughput", (unsigned int)threads,
					     text_of(json_object_get(cell, "axes"), "hash")),
				 "median");
	if (!strcmp(of, "in_cache"))
		return number_of(bounds_in_cache(bounds, cell), "median");
	/* Bounds of random lines: only for tables about as large as the measured memory. */
	json_array_foreach(bounds, i, one)
		if (!strcmp(text_of(one, "bound"), of) && json_object_get(one, "bytes"))
			measured = fmax(measured, number_of(one, "bytes"));
	if (measured > 0 && !(bytes >= measured / 2))
		return NAN;
	return number_of(bounds_find(bounds, of, (unsigned int)threads, NULL), "median");
}

static void scale(json_t *object, const char *key, double by)
{
	double value = number_of(object, key);

	if (isfinite(value))
		json_object_set_new(object, key, json_real(value * by));
}

/* Scale a figure of the cell, its quartiles and its metric; by NAN: remove it. */
static void change(json_t *cell, const char *figure, const char *unit, double by)
{
	static const char *const keys[] = {
		"min", "q1", "median", "q3", "max", "ci_low", "ci_high"
	};
	json_t *metrics = json_object_get(cell, "metrics"),
	       *metric = json_object_get(metrics, figure);
	json_t *values = json_object_get(metric, "values"), *value;
	size_t i;

	if (!isfinite(by)) {
		json_object_set_new(cell, figure, json_null());
		json_object_del(metrics, figure);
		return;
	}
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		scale(json_object_get(cell, figure), keys[i], by);
		scale(metric, keys[i], by);
	}
	json_array_foreach(values, i, value)
		if (json_is_number(value))
			json_array_set_new(values, i, json_real(json_number_value(value) * by));
	if (metric)
		json_object_set_new(metric, "unit", json_string(unit));
}

int shares_of(json_t *report, const char *of, struct ct_error *e)
{
	json_t *bounds = json_object_get(report, "bounds"), *cell;
	size_t i = 0, changed = 0;
	char unit[64], times[64];
	const char *name;

	while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i].name, of))
		i++;
	if (i == sizeof(names) / sizeof(names[0]))
		return ct_user_error(
			e, "unknown bound '%.40s' for --of: it must be one of " SHARES_NAMES, of);
	snprintf(unit, sizeof(unit), "%% of %s", of);
	snprintf(times, sizeof(times), "x %s", of);
	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		double ns = bound_ns(cell, bounds, of);
		double threads = number_of(json_object_get(cell, "parameters"), "threads");
		bool known = isfinite(ns) && ns > 0;

		/* M/s in percent of threads / ns; ns as a multiple. */
		change(cell, "mops", unit, known ? 100 * ns / (threads * 1e3) : NAN);
		change(cell, "ns_per_op", times, known ? 1 / ns : NAN);
		json_object_set_new(cell, "unit", json_string(unit));
		json_object_del(cell, "misses");
		changed += known && isfinite(number_of(json_object_get(cell, "mops"), "median"));
	}
	if (!changed)
		return ct_user_error(
			e, "no cell of '%.200s' has the bound '%s'%s", text_of(report, "name"), of,
			json_array_size(bounds) ? ": the run has no throughput of table "
						  "operations, or no table that is large enough"
						: ": the run did not measure bounds (measure again "
						  "without --no-bounds)");
	json_object_set_new(report, "shares",
			    json_pack("{s:s, s:s, s:s}", "of", of, "words", names[i].words, "brief",
				      names[i].brief));
	return 0;
}

void shares_remark(char *buf, size_t size, const json_t *report)
{
	const json_t *shares = json_object_get(report, "shares");

	buf[0] = '\0';
	if (*text_of(shares, "of"))
		snprintf(buf, size,
			 "Figures are shares of this machine's bounds with the same threads and "
			 "pages: throughput in percent of %s, time as a multiple of it.",
			 text_of(shares, "words"));
}
