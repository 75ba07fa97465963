/* SPDX-License-Identifier: MIT */
/* The machine's bounds: merging them and looking them up; see bounds.h. */
#include "harness/results/bounds.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/numbers/stats.h"

/* ---- merging ---- */

static bool same_figure(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "bound",	 "threads", "bytes", "in_flight",
					    "hint",	 "ahead",   "hash",  "percentile",
					    "cpus",	 "variant", "burst", "references",
					    "hit_share", "load" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *x = json_object_get(a, keys[i]), *y = json_object_get(b, keys[i]);

		if (!x != !y || (x && !json_equal(x, y)))
			return false;
	}
	return true;
}

static const json_t *find_figure(const json_t *list, const json_t *like)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (same_figure(one, like))
			return one;
	return NULL;
}

/* The median and interval of a figure over all measurements. */
static json_t *merge_one(const json_t *measurements, const json_t *like, double *values)
{
	json_t *one = json_deep_copy(like);
	const json_t *m;
	size_t i, n = 0;

	json_array_foreach(measurements, i, m) {
		const json_t *ns = json_object_get(find_figure(m, like), "ns");

		if (json_is_number(ns))
			values[n++] = json_number_value(ns);
	}
	json_object_del(one, "ns");
	if (n) {
		struct stats_interval s = stats_median(values, n, STATS_SEED);

		json_object_set_new(one, "median", json_real(s.value));
		json_object_set_new(one, "ci_low", json_real(s.low));
		json_object_set_new(one, "ci_high", json_real(s.high));
	}
	json_object_set_new(one, "n", json_integer((json_int_t)n));
	return one;
}

json_t *bounds_merge(const json_t *measurements)
{
	double *values = memory_array(json_array_size(measurements) + 1, sizeof(*values));
	json_t *merged = json_array();
	const json_t *m, *one;
	size_t i, k;

	json_array_foreach(measurements, i, m)
		json_array_foreach(m, k, one)
			if (!find_figure(merged, one))
				json_array_append_new(merged, merge_one(measurements, one, values));
	free(values);
	return merged;
}

/* ---- looking up ---- */

/*
 * A footprint larger than the largest measured one by more than this factor may be in another
 * cache, or in none: its time is unknown.
 */
#define BEYOND 1.5

double bounds_dependent_ns(const json_t *bounds, unsigned int threads, uint64_t bytes)
{
	double below = NAN, above = NAN, at_below = 0, at_above = INFINITY;
	const double at = log((double)(bytes ? bytes : 1));
	const json_t *one;
	size_t i;

	json_array_foreach(bounds, i, one) {
		double x = log(number_of(one, "bytes")), median = number_of(one, "median");

		if (strcmp(text_of(one, "bound"), "dependent") || !isfinite(median) ||
		    json_integer_value(json_object_get(one, "threads")) != (json_int_t)threads)
			continue;
		if (x <= at && (isnan(below) || x > at_below)) {
			below = median;
			at_below = x;
		}
		if (x >= at && x < at_above) {
			above = median;
			at_above = x;
		}
	}
	if (isnan(above) && at > at_below + log(BEYOND))
		return NAN;
	if (isnan(below) || isnan(above))
		return isnan(below) ? above
				    : below; /* outside the measured footprints: the nearest one */
	if (at_above <= at_below)
		return below;
	return below + (above - below) * (at - at_below) / (at_above - at_below);
}

const json_t *
bounds_find(const json_t *bounds, const char *bound, unsigned int threads, const char *hash)
{
	const json_t *found = NULL, *one;
	size_t i;

	json_array_foreach(bounds, i, one)
		if (!strcmp(text_of(one, "bound"), bound) && number_of(one, "threads") == threads &&
		    (!hash || !strcmp(text_of(one, "hash"), hash)) &&
		    !(number_of(one, "median") >= number_of(found, "median")))
			found = one;
	return found;
}

/* Older runs have no such number: they measured this one only. */
static double number_or(const json_t *object, const char *key, double otherwise)
{
	double value = number_of(object, key);

	return isfinite(value) ? value : otherwise;
}

const json_t *bounds_in_cache(const json_t *bounds, const json_t *cell)
{
	const json_t *parameters = json_object_get(cell, "parameters"), *one;
	const json_t *references = json_object_get(parameters, "refcount");
	double load = number_or(parameters, "load_factor", 1), nearest = INFINITY;
	const json_t *found = NULL;
	size_t i;

	json_array_foreach(bounds, i, one) {
		double off = fabs(log(number_or(one, "load", 1) / load));

		if (strcmp(text_of(one, "bound"), "in_cache") ||
		    strcmp(text_of(one, "variant"), text_of(cell, "variant")) ||
		    number_of(one, "burst") != number_or(parameters, "burst", 1) ||
		    number_or(one, "references", 1) != !json_is_false(references) ||
		    number_or(one, "hit_share", 1) != number_or(parameters, "hit_share", 1))
			continue;
		if (off < nearest) {
			nearest = off;
			found = one;
		}
	}
	/* Some tables take only powers of two as the number of buckets. */
	return nearest <= log(2) ? found : NULL;
}

double bounds_away_ns(const json_t *bounds, unsigned int threads, const char *percentile)
{
	const json_t *one;
	size_t i;

	json_array_foreach(bounds, i, one) {
		double median = number_of(one, "median");

		if (!strcmp(text_of(one, "percentile"), percentile) && isfinite(median) &&
		    !strcmp(text_of(one, "bound"), "away") &&
		    json_integer_value(json_object_get(one, "threads")) == (json_int_t)threads)
			return median;
	}
	return NAN;
}
