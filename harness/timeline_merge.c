/* SPDX-License-Identifier: MIT */
/* Timelines of a cell's repeats become one, by medians: see bench_timeline.h. */
#include "harness/bench_timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/quartiles.h"

static double number(const json_t *array, size_t i)
{
	const json_t *value = json_array_get(array, i);

	return json_is_number(value) ? json_number_value(value) : 0;
}

/* Piece by piece; a series that a timeline lacks was nothing but zeros. */
static json_t *merge_series(const json_t *timelines, const char *name, size_t pieces,
			    double *values)
{
	json_t *merged = json_array();

	for (size_t k = 0; k < pieces; k++) {
		size_t i;
		json_t *one;

		json_array_foreach(timelines, i, one)
			values[i] = number(json_object_get(json_object_get(one, "series"), name), k);
		json_array_append_new(merged, json_real(quartiles_of(values, i).median));
	}
	return merged;
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
	return json_array_size(json_object_get(json_object_get(timeline, "series"), "ops_per_s"));
}

/* Of the same length, with the same events. */
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
	json_t *first = json_array_get(timelines, 0), *all, *one, *values_of;
	size_t n = json_array_size(timelines), i;
	double *values = n && alike(timelines) ? calloc(n, sizeof(*values)) : NULL;
	const char *name;

	if (!values)
		return NULL;
	all = json_object();
	json_array_foreach(timelines, i, one)
		json_object_foreach(json_object_get(one, "series"), name, values_of)
			if (!json_object_get(all, name))
				json_object_set_new(all, name, merge_series(timelines, name,
									    pieces_of(first), values));
	one = json_pack("{s:O, s:O?, s:i, s:o, s:o}", "window_s", json_object_get(first, "window_s"),
			"t0_s", json_object_get(first, "t0_s"), "n", (int)n, "series", all, "events",
			merge_events(timelines, values));
	free(values);
	return one;
}
