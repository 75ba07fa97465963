/* SPDX-License-Identifier: MIT */
/*
 * A row per cell: the variant, the parameters that vary, then throughput, time
 * and memory.
 */
#include "harness/show/table/table.h"

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/show/shares.h"
#include "harness/show/table/internal.h"
#include "harness/judge/judge.h"
#include "harness/numbers/stats.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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

enum { RATE, RATE_RANGE, TIME, TIME_RANGE, MISSES, NODE, BUCKET, RESIZE, NOTE, NR_FIXED };

size_t table_put_parameters(struct grid *g, const json_t *varying, const json_t *cell)
{
	const json_t *parameters = json_object_get(cell, "parameters");
	size_t at = 1, i;
	json_t *name;
	char text[512];

	grid_put(g, 0, cell ? text_of(cell, "variant") : "variant");
	json_array_foreach(varying, i, name)
	{
		const char *key = json_is_string(name) ? json_string_value(name) : "?";

		if (!strcmp(key, "variant"))
			continue;
		if (cell)
			table_value(text, sizeof(text), json_object_get(parameters, key));
		grid_put(g, at++, cell ? text : key);
	}
	return at;
}

static void header(struct grid *g, const json_t *varying, const char *unit)
{
	static const char share[] = "% of "; /* shares_of() */
	char times[64];
	size_t at;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, NULL);
	snprintf(times, sizeof(times), strncmp(unit, share, strlen(share)) ? "ns/op" : "x %s",
		 unit + strlen(share));
	grid_put(g, at + RATE, unit);
	grid_put(g, at + RATE_RANGE, "quartiles");
	grid_put(g, at + TIME, times);
	grid_put(g, at + TIME_RANGE, "min..max");
	grid_put(g, at + NODE, "B/conn");
	grid_put(g, at + BUCKET, "+buckets");
	g->left[at + NOTE] = true;
}

static void row(struct grid *g, const json_t *varying, const json_t *cell)
{
	const json_t *mops = json_object_get(cell, "mops"),
		     *ns = json_object_get(cell, "ns_per_op");
	char text[512];
	size_t at;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, cell);
	table_put_number(g, at + RATE, number_of(mops, "median"));
	table_put_range(g, at + RATE_RANGE, number_of(mops, "q1"), number_of(mops, "q3"));
	table_put_number(g, at + TIME, number_of(ns, "median"));
	table_put_range(g, at + TIME_RANGE, number_of(ns, "min"), number_of(ns, "max"));
	if (isfinite(number_of(cell, "misses"))) {
		grid_put_at(g, 0, at + MISSES, "misses");
		table_put_number(g, at + MISSES, number_of(cell, "misses"));
	}
	table_put_number(g, at + NODE, number_of(cell, "node_bytes_per_connection"));
	table_put_number(g, at + BUCKET, number_of(cell, "bucket_bytes_per_connection"));
	if (isfinite(number_of(cell, "seconds_per_resize"))) {
		grid_put_at(g, 0, at + RESIZE, "ms/resize");
		table_put_number(g, at + RESIZE, 1e3 * number_of(cell, "seconds_per_resize"));
	}
	table_note(text, sizeof(text), cell);
	grid_put(g, at + NOTE, text);
}

/* The unit of all cells of a workload, or one that names no unit. */
static const char *unit_of(json_t *cells, const char *workload)
{
	const char *unit = "", *name;
	json_t *cell;

	json_object_foreach(cells, name, cell)
	{
		const char *its = text_of(cell, "unit");

		if (strcmp(text_of(cell, "workload"), workload))
			continue;
		if (*unit && *its && strcmp(unit, its))
			return "M/s";
		unit = its;
	}
	return *unit ? unit : "M/s";
}

/* After an interrupt there are cells without a figure and without a reason. */
static bool has_something(const json_t *cell)
{
	return json_integer_value(json_object_get(cell, "n")) || json_object_get(cell, "error");
}

/* Has any cell of the workload that key? */
static bool any_has(json_t *cells, const char *workload, const char *key)
{
	const char *name;
	json_t *cell;

	json_object_foreach(cells, name, cell) if (!strcmp(text_of(cell, "workload"), workload) &&
						   json_object_get(cell, key)) return true;
	return false;
}

void table_remark(char *buf, size_t size, const json_t *report, const json_t *workload)
{
	const char *name = text_of(workload, "name");

	shares_remark(buf, size, report);
	table_latency_remark(buf, size, report, name);
	table_saturation_remark(buf, size, report, name);
}

/* What a workload's cells have to show decides which table they make; the last has it all. */
static const struct table_kind {
	const char *key; /* of a cell */
	size_t columns;	 /* beside the parameters */
	void (*header)(struct grid *g, const json_t *varying, const char *unit);
	void (*row)(struct grid *g, const json_t *varying, const json_t *cell);
} kinds[] = {
	{ "saturation", TABLE_SATURATION_COLUMNS, table_saturation_header, table_saturation_row },
	{ "latency", TABLE_LATENCY_COLUMNS, table_latency_header, table_latency_rows },
	{ NULL, NR_FIXED, header, row },
};

static const struct table_kind *kind_of(json_t *cells, const char *workload)
{
	const struct table_kind *kind = kinds;

	while (kind->key && !any_has(cells, workload, kind->key))
		kind++;
	return kind;
}

int table_of(struct grid *g, const json_t *report, const json_t *workload)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	const json_t *varying = json_object_get(workload, "varying");
	const char *name = text_of(workload, "name"), *key;
	const struct table_kind *kind = kind_of(cells, name);

	/* Where the variant varies there is a column too many: empty ones are not printed. */
	*g = (struct grid){ .columns = 1 + json_array_size(varying) + kind->columns,
			    .left = { true } };
	if (g->columns > GRID_COLUMNS_MAX)
		return -E2BIG;
	kind->header(g, varying, unit_of(cells, name));
	json_object_foreach(cells, key, cell) if (!strcmp(text_of(cell, "workload"), name) &&
						  has_something(cell) && !g->failed)
		kind->row(g, varying, cell);
	return g->failed ? -ENOMEM : 0;
}

bool table_has_misses(const json_t *report)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	const char *name;

	json_object_foreach(cells, name, cell) if (isfinite(number_of(cell, "misses")) &&
						   kind_of(cells, text_of(cell, "workload"))->row ==
							   row) return true;
	return false;
}

int table_print(FILE *out, const json_t *report)
{
	json_t *workload;
	size_t i;
	int err = 0;

	judge_print_noise(out, report);
	if (table_has_misses(report))
		fprintf(out, "misses: ns/op as multiples of a random line that must be waited for, "
			     "in a footprint as large as the table's.\n");
	json_array_foreach(json_object_get(report, "workloads"), i, workload)
	{
		const char *name = text_of(workload, "name");
		char remark[512];
		struct grid g;

		err = table_of(&g, report, workload);
		if (!err && g.rows > 1) {
			fprintf(out, "\n%s: %s\n", name, text_of(workload, "question"));
			grid_print(out, &g, GRID_TEXT);
			table_remark(remark, sizeof(remark), report, workload);
			if (*remark)
				fprintf(out, "  %s\n", remark);
		}
		grid_free(&g);
		if (err)
			break;
	}
	return err;
}
