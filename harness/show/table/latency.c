/* SPDX-License-Identifier: MIT */
/* The table of percentiles, for workloads that take latencies. */
#include "harness/show/table/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/results/bounds.h"
#include "harness/results/figures.h"
#include "harness/base/json_read.h"
#include "harness/show/table/table.h"

/*
 * Columns after the parameters: the kind of operation; the figures of latencies, some with their
 * interval; M/s if any cell has it; remarks.
 */
static size_t figure_columns(void)
{
	const struct figure *f = NULL;
	size_t nr = 0;

	while ((f = figure_next(f, FIGURE_METRIC)))
		nr += f->shown == IN_LATENCIES ? 1 + f->interval : 0;
	return nr;
}

size_t table_latency_columns(void)
{
	return 1 + figure_columns() + 2;
}

void table_latency_header(struct grid *g, const json_t *varying, const char *unit __maybe_unused)
{
	const struct figure *f = NULL;
	size_t at;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, NULL);
	grid_put(g, at, "operations");
	g->left[at] = true;
	g->left[at + table_latency_columns() - 1] = true;
	for (at++; (f = figure_next(f, FIGURE_METRIC));)
		if (f->shown == IN_LATENCIES) {
			grid_put(g, at, f->heading);
			at += 1 + f->interval;
		}
}

/* class NULL: of all operations. */
static void put_figures(struct grid *g, size_t at, const json_t *cell, const char *class)
{
	const struct figure *f = NULL;

	while ((f = figure_next(f, FIGURE_METRIC))) {
		const json_t *metric;
		char name[96];

		if (f->shown != IN_LATENCIES)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", class ? class : "", class ? "_" : "",
			 f->name);
		metric = within(cell, "metrics", name);
		table_put_number(g, at++, number_of(metric, "median") * figure_scale(f));
		if (f->interval)
			table_put_interval(g, at++, metric, figure_scale(f));
	}
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
	size_t at, rate, len;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, cell);
	rate = at + 1 + figure_columns();
	grid_put(g, at, !latency ? "" : several ? "all" : NULL);
	put_figures(g, at + 1, cell, NULL);
	if (isfinite(number_of(json_object_get(cell, "mops"), "median"))) {
		grid_put_at(g, 0, rate, "M/s");
		table_put_number(g, rate, number_of(json_object_get(cell, "mops"), "median"));
	}
	table_note(text, sizeof(text), cell);
	len = strlen(text);
	if (unfinished)
		snprintf(text + len, sizeof(text) - len,
			 "%sfell behind: %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
			 " not started",
			 len ? "; " : "", unfinished,
			 json_integer_value(json_object_get(classes, "all")));
	grid_put(g, rate + 1, text);
	json_object_foreach(classes, name, count) {
		if (!strcmp(name, "all"))
			continue;
		if (!several) {
			put_class(g, at, name);
			continue;
		}
		if (!grid_add_row(g))
			return;
		put_class(g, at, name);
		put_figures(g, at + 1, cell, name);
	}
}

/* Response times include interrupts and stolen time. */
static void away_remark(char *buf, size_t size, const json_t *bounds, unsigned int threads)
{
	double p99 = bounds_away_ns(bounds, threads, "p99") / 1e3;
	double p999 = bounds_away_ns(bounds, threads, "p999") / 1e3;

	if (isfinite(p99) && isfinite(p999))
		snprintf(buf, size,
			 " Response times include interrupts and hypervisor steal: without any "
			 "table, one arrival in 100 waits longer than %.3g us for its CPU, and one "
			 "in 1000 longer than %.3g us.",
			 p99, p999);
}

void table_latency_remark(char *buf, size_t size, const json_t *report, const char *workload)
{
	bool service = false, response = false;
	double timer = NAN, step = NAN, threads = 0;
	const char *name;
	json_t *cell;
	size_t at;

	json_object_foreach(json_object_get(report, "cells"), name, cell) {
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
		!response ? "Service times (closed loop): the time of each operation, without "
			    "waiting for the one before."
		: !service
			? "Response times (open loop): from the intended start of each operation."
			: "Service times without a rate, else response times, from the intended "
			  "start of each operation.");
	if (isfinite(timer))
		at += (size_t)snprintf(
			buf + at, size - at,
			" Every figure includes reading the clock: %.3g ns, in steps of %.3g ns.",
			timer, step);
	if (response)
		away_remark(buf + at, size - at, json_object_get(report, "bounds"),
			    (unsigned int)threads);
}
