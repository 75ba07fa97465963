/* SPDX-License-Identifier: MIT */
/* Percentiles as a table: the cells of a workload that take latencies. */
#include "harness/show/table/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/results/bounds.h"
#include "harness/base/json_read.h"
#include "harness/show/table/table.h"

enum { OPERATION, P50, P90, P99, P99_RANGE, P999, MAX, RATE, NOTE };

void table_latency_header(struct grid *g, const json_t *varying, const char *unit __maybe_unused)
{
	size_t at;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, NULL);
	grid_put(g, at + OPERATION, "operations");
	grid_put(g, at + P50, "p50 us");
	grid_put(g, at + P90, "p90 us");
	grid_put(g, at + P99, "p99 us");
	grid_put(g, at + P999, "p99.9 us");
	grid_put(g, at + MAX, "max us");
	g->left[at + OPERATION] = true;
	g->left[at + NOTE] = true;
}

/* The median over the repeats, in us; class NULL: of all operations. */
static const json_t *metric(const json_t *cell, const char *class, const char *percentile)
{
	char name[96];

	snprintf(name, sizeof(name), "%s%s%s_ns", class ? class : "", class ? "_" : "", percentile);
	return json_object_get(json_object_get(cell, "metrics"), name);
}

static void put_percentiles(struct grid *g, size_t at, const json_t *cell, const char *class)
{
	static const struct {
		int column;
		const char *name;
	} columns[] = {
		{ P50, "p50" }, { P90, "p90" }, { P99, "p99" }, { P999, "p999" }, { MAX, "max" },
	};
	const json_t *p99 = metric(cell, class, "p99");

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		table_put_number(g, at + (size_t)columns[i].column,
				 number_of(metric(cell, class, columns[i].name), "median") / 1e3);
	table_put_interval(g, at + P99_RANGE, p99, 1e-3);
}

/* "lookup hit" for lookup_hit */
static void put_class(struct grid *g, size_t column, const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", name);
	for (char *p = text; *p; p++)
		if (*p == '_')
			*p = ' ';
	grid_put(g, column, text);
}

void table_latency_rows(struct grid *g, const json_t *varying, const json_t *cell)
{
	json_t *latency = json_object_get(cell, "latency"), *count;
	json_t *classes = json_object_get(latency, "classes");
	json_int_t unfinished = json_integer_value(json_object_get(latency, "unfinished"));
	bool several = json_object_size(classes) > 2;
	const char *name;
	char text[512];
	size_t at, len;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, cell);
	grid_put(g, at + OPERATION, !latency ? "" : several ? "all" : NULL);
	put_percentiles(g, at, cell, NULL);
	if (isfinite(number_of(json_object_get(cell, "mops"), "median"))) {
		grid_put_at(g, 0, at + RATE, "M/s");
		table_put_number(g, at + RATE, number_of(json_object_get(cell, "mops"), "median"));
	}
	table_note(text, sizeof(text), cell);
	len = strlen(text);
	if (unfinished)
		snprintf(text + len, sizeof(text) - len,
			 "%sfell behind: %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
			 " never begun",
			 len ? "; " : "", unfinished,
			 json_integer_value(json_object_get(classes, "all")));
	grid_put(g, at + NOTE, text);
	json_object_foreach(classes, name, count)
	{
		if (!strcmp(name, "all"))
			continue;
		if (!several) {
			put_class(g, at + OPERATION, name);
			continue;
		}
		if (!grid_add_row(g))
			return;
		put_class(g, at + OPERATION, name);
		put_percentiles(g, at, cell, name);
	}
}

/* The floor below response times: what the machine takes from a thread that does nothing. */
static void away_remark(char *buf, size_t size, const json_t *bounds, unsigned int threads)
{
	double p99 = bounds_away_ns(bounds, threads, "p99") / 1e3;
	double p999 = bounds_away_ns(bounds, threads, "p999") / 1e3;

	if (isfinite(p99) && isfinite(p999))
		snprintf(buf, size,
			 " Of what arrives here at any time one in 100 waits longer than %.3g us, "
			 "and one in 1000 longer than %.3g us, for a CPU that is away: figures of "
			 "that size "
			 "are the machine's.",
			 p99, p999);
}

void table_latency_remark(char *buf, size_t size, const json_t *report, const char *workload)
{
	bool service = false, response = false;
	double timer = NAN, step = NAN, threads = 0;
	const char *name;
	json_t *cell;
	size_t at;

	json_object_foreach(json_object_get(report, "cells"), name, cell)
	{
		const json_t *latency = json_object_get(cell, "latency");
		const char *kind = text_of(latency, "kind");

		if (!*kind || strcmp(text_of(cell, "workload"), workload))
			continue;
		service |= !strcmp(kind, "service");
		response |= !strcmp(kind, "response");
		threads = fmax(threads, number_of(json_object_get(cell, "parameters"), "threads"));
		timer = number_of(latency, "timer_ns");
		step = number_of(latency, "timer_resolution_ns");
	}
	if (!service && !response)
		return;
	at = (size_t)snprintf(
		buf, size, "%s",
		!response  ? "Service times (closed loop): how long each operation took; "
			     "what waits meanwhile is not in them."
		: !service ? "Response times (open loop): from when each operation was to "
			     "begin."
			   : "Service times where there is no rate, else response times from "
			     "when each operation was to begin.");
	if (isfinite(timer))
		at += (size_t)snprintf(buf + at, size - at,
				       " Reading the clock is in every figure: %.3g ns; it goes in "
				       "steps of %.3g ns.",
				       timer, step);
	if (response)
		away_remark(buf + at, size - at, json_object_get(report, "bounds"),
			    (unsigned int)threads);
}
