/* SPDX-License-Identifier: MIT */
/* Reports that were written before there were metrics: see judge_compare.h. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/compare.h"
#include "harness/base/json_read.h"
#include "harness/numbers/metric.h"

static const struct {
	const char *metric, *key; /* of Google Benchmark's row of a repeat */
	double factor;
} older[] = {
	{ "mops", "ops_per_s", 1e-6 },
	{ "ns_per_op", "real_time", 1 },
	{ "cpu_ns_per_op", "cpu_time", 1 },
	{ "node_bytes_per_connection", "node_bytes_per_connection", 1 },
	{ "bucket_bytes_per_connection", "bucket_bytes_per_connection", 1 },
};

static void add_older_metric(json_t *cell, const json_t *benchmarks, const char *name, size_t m)
{
	size_t nr = 0, i;
	json_t *row, *metrics = json_object_get(cell, "metrics");
	double *values = calloc(json_array_size(benchmarks) + 1, sizeof(*values));

	if (!metrics) {
		metrics = json_object();
		json_object_set_new(cell, "metrics", metrics);
	}
	json_array_foreach((json_t *)benchmarks, i, row)
	{
		const json_t *value = json_object_get(row, older[m].key);

		if (values && !strcmp(text_of(row, "run_name"), name) &&
		    !strcmp(text_of(row, "run_type"), "iteration") && json_is_number(value) &&
		    !json_is_true(json_object_get(row, "error_occurred")))
			values[nr++] = older[m].factor * json_number_value(value);
	}
	metric_put(metrics, older[m].metric, values, values ? nr : 0);
	free(values);
}

void compare_older(const struct compare_run *run, json_t *cells)
{
	const json_t *benchmarks = json_object_get(run->benchmark, "benchmarks");
	const char *name;
	json_t *cell;

	json_object_foreach(
		cells, name,
		cell) if (!json_object_get(json_object_get(cell, "metrics"),
					   "ns_per_op")) for (size_t m = 0;
							      m < sizeof(older) / sizeof(older[0]);
							      m++)
		add_older_metric(cell, benchmarks, name, m);
}
