/* SPDX-License-Identifier: MIT */
/*
 * The texts in a table's cells: numbers, ranges, parameters, remarks; see internal.h and table.h.
 */
#include "harness/show/table/internal.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/numbers/stats.h"
#include "harness/results/figures.h"
#include "harness/show/table/table.h"

int table_number(char *buf, size_t size, double value)
{
	double absolute = fabs(value);
	int decimals = 0;

	if (absolute > 0 && absolute < 99.95)
		decimals = 2 - (int)floor(log10(absolute * 1.0005));
	return snprintf(buf, size, "%.*f", decimals < 9 ? decimals : 9, value);
}

int table_value(char *buf, size_t size, const json_t *value)
{
	json_int_t n = json_integer_value(value);

	if (json_is_string(value))
		return snprintf(buf, size, "%s", json_string_value(value));
	if (json_is_boolean(value))
		return snprintf(buf, size, "%s", json_is_true(value) ? "yes" : "no");
	if (json_is_real(value))
		return snprintf(buf, size, "%.3g", json_real_value(value));
	if (n >= 1 << 20 && !(n % (1 << 20)))
		return snprintf(buf, size, "%" JSON_INTEGER_FORMAT "Mi", n >> 20);
	if (n >= 1 << 10 && !(n % (1 << 10)))
		return snprintf(buf, size, "%" JSON_INTEGER_FORMAT "Ki", n >> 10);
	if (n >= 1000000 && !(n % 1000000))
		return snprintf(buf, size, "%" JSON_INTEGER_FORMAT "M", n / 1000000);
	if (n >= 10000 && !(n % 1000))
		return snprintf(buf, size, "%" JSON_INTEGER_FORMAT "k", n / 1000);
	return snprintf(buf, size, "%" JSON_INTEGER_FORMAT, n);
}

void table_put_number(struct grid *g, size_t column, double value)
{
	char text[64];

	if (!isfinite(value))
		return;
	table_number(text, sizeof(text), value);
	grid_put(g, column, text);
}

void table_put_range(struct grid *g, size_t column, double from, double to)
{
	char a[64], b[64], text[160];

	if (!isfinite(from) || !isfinite(to))
		return;
	table_number(a, sizeof(a), from);
	table_number(b, sizeof(b), to);
	snprintf(text, sizeof(text), "%s..%s", a, b);
	grid_put(g, column, text);
}

void table_put_interval(struct grid *g, size_t column, const json_t *metric, double scale)
{
	if (!(number_of(metric, "n") >= STATS_LEAST))
		return;
	grid_put_at(g, 0, column, "95 %");
	table_put_range(g, column, number_of(metric, "ci_low") * scale,
			number_of(metric, "ci_high") * scale);
}

double table_metric(const json_t *cell, const struct figure *f)
{
	const json_t *metrics = json_object_get(cell, "metrics");

	return figure_scale(f) * number_of(json_object_get(metrics, f->name), "median");
}

/* "CPUs near 45 ns, far 140 ns (40 %)" */
static size_t note_states(char *buf, size_t size, const json_t *cell)
{
	const json_t *cpus = json_object_get(cell, "cpus");
	const json_t *near = json_object_get(cpus, "near"), *far = json_object_get(cpus, "far");
	char with_near[64], with_far[64];

	if (!near || !far)
		return 0;
	table_number(with_near, sizeof(with_near), number_of(near, "ns_per_op"));
	table_number(with_far, sizeof(with_far), number_of(far, "ns_per_op"));
	return (size_t)snprintf(buf, size, "CPUs near %s ns, far %s ns (%.0f %%); ", with_near,
				with_far, 100 * number_of(far, "share"));
}

void table_note(char *buf, size_t size, const json_t *cell)
{
	json_int_t n = json_integer_value(json_object_get(cell, "n"));
	json_int_t repeats = json_integer_value(json_object_get(cell, "repeats"));
	json_int_t voids = json_integer_value(json_object_get(cell, "void"));
	json_int_t failed = json_integer_value(json_object_get(cell, "failed"));
	bool skipped = json_is_true(json_object_get(cell, "skipped"));
	const char *error = json_string_value(json_object_get(cell, "error"));
	size_t at = 0;

	buf[0] = '\0';
	if (json_is_true(json_object_get(cell, "control")))
		at += (size_t)snprintf(buf + at, size - at, "control; ");
	at += note_states(buf + at, size - at, cell);
	if (n < repeats && (n || !error))
		at += (size_t)snprintf(buf + at, size - at,
				       "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT "; ", n,
				       repeats);
	if (skipped)
		at += (size_t)snprintf(buf + at, size - at, "not on this machine: %.200s; ",
				       error ? error : "?");
	else if (failed)
		at += (size_t)snprintf(buf + at, size - at, "failed: %.200s; ",
				       error ? error : "?");
	else if (voids)
		at += (size_t)snprintf(buf + at, size - at,
				       "%" JSON_INTEGER_FORMAT " void%s%.200s; ", voids,
				       error ? ": " : "", error ? error : "");
	if (at >= 2)
		buf[at - 2] = '\0';
}

size_t table_put_parameters(struct grid *g, const json_t *varying, const json_t *cell)
{
	const json_t *parameters = json_object_get(cell, "parameters");
	size_t at = 1, i;
	json_t *name;
	char text[512];

	grid_put(g, 0, cell ? text_of(cell, "variant") : "variant");
	json_array_foreach(varying, i, name) {
		const char *key = json_is_string(name) ? json_string_value(name) : "?";

		if (!strcmp(key, "variant"))
			continue;
		if (cell)
			table_value(text, sizeof(text), json_object_get(parameters, key));
		grid_put(g, at++, cell ? text : key);
	}
	return at;
}
