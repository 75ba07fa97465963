/* SPDX-License-Identifier: MIT */
#include "harness/numbers/metric.h"

#include "harness/numbers/stats.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && !strcmp(name + n - m, end);
}

struct metric_words metric_words(const char *name)
{
	static const struct {
		const char *name;
		bool end; /* the name ends so; else it is this */
		struct metric_words words;
	} known[] = {
		{ "mops", false, { "M/s", 1, "throughput", "faster", "slower" } },
		{ "ns_per_op", false, { "ns", -1, "time per operation", "slower", "faster" } },
		{ "cpu_ns_per_op",
		  false,
		  { "ns", -1, "CPU time per operation", "slower", "faster" } },
		{ "seconds_per_resize",
		  false,
		  { "s", -1, "time of a resize", "slower", "faster" } },
		{ "saturation_per_s", false, { "1/s", 1, "highest rate", "higher", "lower" } },
		{ "p50_ns", false, { "ns", -1, "median latency", "slower", "faster" } },
		{ "p99_ns", false, { "ns", -1, "p99 latency", "slower", "faster" } },
		{ "p999_ns", false, { "ns", -1, "p99.9 latency", "slower", "faster" } },
		{ "_per_s", true, { "1/s", 1, NULL, "faster", "slower" } },
		{ "_ns", true, { "ns", -1, NULL, "slower", "faster" } },
		{ "_us", true, { "us", -1, NULL, "slower", "faster" } },
		{ "_ms", true, { "ms", -1, NULL, "slower", "faster" } },
		{ "_s", true, { "s", -1, NULL, "slower", "faster" } },
		{ "_bytes_per_connection", true, { "bytes", -1, NULL, "larger", "smaller" } },
		{ "_bytes", true, { "bytes", -1, NULL, "larger", "smaller" } },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].end ? ends_in(name, known[i].name) : !strcmp(name, known[i].name))
			return known[i].words;
	return (struct metric_words){ "", 0, NULL, "more", "less" };
}

int metric_put(json_t *metrics, const char *name, const double *values, size_t n)
{
	struct metric_words words = metric_words(name);
	double *good = calloc(n ? n : 1, sizeof(*good));
	json_t *list = json_array(), *metric;
	struct stats_interval m;
	size_t nr = 0;

	for (size_t i = 0; i < n && good; i++) {
		if (isfinite(values[i]))
			good[nr++] = values[i];
		json_array_append_new(list,
				      isfinite(values[i]) ? json_real(values[i]) : json_null());
	}
	if (!nr) {
		json_decref(list);
		free(good);
		return good ? 0 : -ENOMEM;
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
	values = *n ? calloc(*n, sizeof(*values)) : NULL;
	if (!values)
		return NULL;
	json_array_foreach(list, i, value) values[i] =
		json_is_number(value) ? json_number_value(value) : NAN;
	return values;
}
