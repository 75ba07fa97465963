/* SPDX-License-Identifier: MIT */
#include "harness/results/metric.h"

#include "harness/base/memory.h"
#include "harness/numbers/stats.h"
#include "harness/results/figures.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int metric_put(json_t *metrics, const char *name, const double *values, size_t n)
{
	struct metric_words words = metric_words(name);
	double *good = memory_array(n ? n : 1, sizeof(*good));
	json_t *list = json_array(), *metric;
	struct stats_interval m;
	size_t nr = 0;

	for (size_t i = 0; i < n; i++) {
		if (isfinite(values[i]))
			good[nr++] = values[i];
		json_array_append_new(list,
				      isfinite(values[i]) ? json_real(values[i]) : json_null());
	}
	if (!nr) {
		json_decref(list);
		free(good);
		return 0;
	}
	m = stats_median(good, nr, STATS_SEED);
	free(good);
	metric = json_pack("{s:s, s:s, s:f, s:f, s:f, s:i, s:o}", "unit", words.unit, "better",
			   words.better > 0   ? "more"
			   : words.better < 0 ? "less"
					      : "",
			   "median", m.value, "ci_low", m.low, "ci_high", m.high, "n", (int)nr,
			   "values", list);
	return metric && !json_object_set_new(metrics, name, metric) ? 0 : -ENOMEM;
}

double *metric_values(const json_t *cell, const char *name, size_t *n)
{
	const json_t *metric = json_object_get(json_object_get(cell, "metrics"), name);
	json_t *list = json_object_get(metric, "values"), *value;
	double *values;
	size_t i;

	*n = json_array_size(list);
	if (!*n)
		return NULL;
	values = memory_array(*n, sizeof(*values));
	json_array_foreach(list, i, value)
		values[i] = json_is_number(value) ? json_number_value(value) : NAN;
	return values;
}
