/* SPDX-License-Identifier: MIT */
/* Merging the timelines of a cell's repeats; see timeline_merge.h. */
#include "harness/results/timeline_merge.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/numbers/quartiles.h"
#include "harness/numbers/stats.h"

/* 0 where a series has no value. */
static double value_at(const json_t *series, size_t i)
{
	double value = number_at(series, i);

	return isnan(value) ? 0 : value;
}

/* Counts are integers, which are shorter in JSON. */
static json_t *number_to_json(double value)
{
	return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
							   : json_real(value);
}

/* The merged series, by name. */
struct merged {
	json_t *median, *low, *high;
};

/*
 * Merge a series piece by piece. A timeline without it counts as zeros. The interval is one of
 * ranks: resampling ten thousand pieces would take longer than the rest of the run's end.
 */
static void merge_series(struct merged *m, const json_t *timelines, const char *name, size_t pieces,
			 double *values)
{
	json_t *median = json_array(), *low = json_array(), *high = json_array(), *one;
	size_t n = json_array_size(timelines), rank = stats_median_rank(n), i;
	bool zero = true;

	for (size_t k = 0; k < pieces; k++) {
		json_array_foreach(timelines, i, one)
			values[i] = value_at(within(one, "series", name), k);
		json_array_append_new(median, number_to_json(quartiles_of(values, n).median));
		/* quartiles_of() has sorted them. */
		json_array_append_new(low, number_to_json(values[rank - 1]));
		json_array_append_new(high, number_to_json(values[n - rank]));
		zero &= values[rank - 1] == 0 && values[n - rank] == 0;
	}
	json_object_set_new(m->median, name, median);
	if (!zero && n > 1) {
		json_object_set(m->low, name, low);
		json_object_set(m->high, name, high);
	}
	json_decref(low);
	json_decref(high);
}

static double event_time(const json_t *timeline, size_t event, const char *key)
{
	const json_t *e = json_array_get(json_object_get(timeline, "events"), event);

	return json_number_value(json_object_get(e, key));
}

static json_t *merge_events(const json_t *timelines, double *values)
{
	static const char *const times[] = { "begin_s", "end_s" };
	json_t *merged = json_array(), *event, *one;
	size_t e, i;

	json_array_foreach(json_object_get(json_array_get(timelines, 0), "events"), e, event) {
		json_t *copy = json_copy(event);

		for (int t = 0; t < 2; t++) {
			json_array_foreach(timelines, i, one)
				values[i] = event_time(one, e, times[t]);
			json_object_set_new(copy, times[t],
					    json_real(quartiles_of(values, i).median));
		}
		json_array_append_new(merged, copy);
	}
	return merged;
}

static size_t pieces_of(const json_t *timeline)
{
	return json_array_size(within(timeline, "series", "ops_per_s"));
}

/* Do all have the same length and the same events? */
static bool alike(const json_t *timelines)
{
	const json_t *first = json_array_get(timelines, 0);
	json_t *one;
	size_t i;

	json_array_foreach(timelines, i, one)
		if (pieces_of(one) != pieces_of(first) ||
		    !json_equal(json_object_get(one, "window_s"),
				json_object_get(first, "window_s")) ||
		    json_array_size(json_object_get(one, "events")) !=
			    json_array_size(json_object_get(first, "events")))
			return false;
	return pieces_of(first) > 0;
}

json_t *timeline_merge(const json_t *timelines)
{
	json_t *first = json_array_get(timelines, 0), *one, *values_of;
	struct merged m;
	size_t n = json_array_size(timelines), i;
	double *values = n && alike(timelines) ? memory_array(n, sizeof(*values)) : NULL;
	const char *name;

	if (!values)
		return NULL;
	m = (struct merged){ json_object(), json_object(), json_object() };
	json_array_foreach(timelines, i, one)
		json_object_foreach(json_object_get(one, "series"), name, values_of)
			if (!json_object_get(m.median, name))
				merge_series(&m, timelines, name, pieces_of(first), values);
	one = json_pack("{s:O, s:O?, s:i, s:o, s:O*, s:O*, s:o}", "window_s",
			json_object_get(first, "window_s"), "t0_s", json_object_get(first, "t0_s"),
			"n", (int)n, "series", m.median, "series_low", n > 1 ? m.low : NULL,
			"series_high", n > 1 ? m.high : NULL, "events",
			merge_events(timelines, values));
	json_decref(m.low);
	json_decref(m.high);
	free(values);
	return one;
}
