/* SPDX-License-Identifier: MIT */
/* Merging the latencies of a cell's repeats; see latency_merge.h. */
#include "harness/results/latency_merge.h"

#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/numbers/quartiles.h"
#include "harness/numbers/stats.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* The "latency" of a repeat's details. */
static json_t *told_by(const json_t *repeats, size_t i)
{
	return json_object_get(json_array_get(repeats, i), "latency");
}

/* values: room for all repeats */
static struct quartiles
over(const json_t *repeats, const char *outer, const char *key, double *values)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(repeats); i++) {
		const json_t *told = told_by(repeats, i);
		double value = number_of(outer ? json_object_get(told, outer) : told, key);

		if (isfinite(value))
			values[n++] = value;
	}
	return quartiles_of(values, n);
}

static json_int_t sum(const json_t *repeats, const char *key)
{
	json_int_t all = 0;

	for (size_t i = 0; i < json_array_size(repeats); i++)
		all += json_integer_value(json_object_get(told_by(repeats, i), key));
	return all;
}

static json_t *classes_of(const json_t *repeats)
{
	json_t *classes = json_object(), *class;
	const char *name;

	for (size_t i = 0; i < json_array_size(repeats); i++)
		json_object_foreach(json_object_get(told_by(repeats, i), "classes"), name, class)
			json_object_set_new(
				classes, name,
				json_integer(json_integer_value(json_object_get(classes, name)) +
					     json_integer_value(json_object_get(class, "n"))));
	return classes;
}

/* Points that all repeats have. */
static json_t *curve_of(const json_t *repeats, double *values)
{
	json_t *nines = json_array(), *median = json_array(), *low = json_array(),
	       *high = json_array();
	size_t n = json_array_size(repeats);

	for (size_t k = 0; n; k++) {
		struct stats_interval m;
		size_t i;

		for (i = 0; i < n; i++) {
			values[i] = number_at(json_object_get(told_by(repeats, i), "curve_ns"), k);
			if (isnan(values[i]))
				break;
		}
		if (i < n)
			break;
		m = stats_median(values, n, STATS_SEED);
		json_array_append_new(nines, json_real((double)k / 10));
		json_array_append_new(median, json_real(m.value));
		json_array_append_new(low, json_real(m.low));
		json_array_append_new(high, json_real(m.high));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "nines", nines, "median_ns", median, "low_ns", low,
			 "high_ns", high);
}

json_t *latency_merge(const json_t *repeats)
{
	size_t n = json_array_size(repeats);
	const json_t *first = told_by(repeats, 0);
	double *values = memory_array(n ? n : 1, sizeof(*values));
	json_t *json;

	if (!first) {
		free(values);
		return NULL;
	}
	json = json_pack("{s:O?, s:I, s:O?, s:f, s:f, s:o, s:o}", "kind",
			 json_object_get(first, "kind"), "n", (json_int_t)n, "error",
			 json_object_get(first, "error"), "timer_ns",
			 over(repeats, "timer_ns", "median", values).median, "timer_resolution_ns",
			 over(repeats, "timer_ns", "resolution", values).median, "classes",
			 classes_of(repeats), "curve", curve_of(repeats, values));
	if (json && json_object_get(first, "rate_per_s")) {
		json_object_set(json, "rate_per_s", json_object_get(first, "rate_per_s"));
		json_object_set(json, "arrivals", json_object_get(first, "arrivals"));
		json_object_set_new(json, "queued_share",
				    json_real(over(repeats, NULL, "queued_share", values).median));
		json_object_set_new(json, "lag_us",
				    json_real(over(repeats, NULL, "lag_us", values).max));
		json_object_set_new(json, "arrived", json_integer(sum(repeats, "arrived")));
		json_object_set_new(json, "unfinished", json_integer(sum(repeats, "unfinished")));
	}
	free(values);
	return json;
}
