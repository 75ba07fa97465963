/* SPDX-License-Identifier: MIT */
/*
 * The table of a workload: a row per cell with the variant, the varying parameters, throughput,
 * time and memory.
 */
#include "harness/show/table/table.h"

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/show/answers.h"
#include "harness/show/shares.h"
#include "harness/show/table/internal.h"
#include "harness/judge/judge.h"
#include "harness/measure/void.h"
#include "harness/results/figures.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Columns after the parameters; further figures and remarks follow. */
enum { RATE, RATE_RANGE, TIME, TIME_RANGE, MISSES, FURTHER };

static size_t further_columns(void)
{
	const struct figure *f = NULL;
	size_t nr = 0;

	while ((f = figure_next(f, FIGURE_METRIC)))
		nr += f->shown == IN_TABLE;
	return nr;
}

static size_t columns(void)
{
	return FURTHER + further_columns() + 1;
}

static const char *time_heading(void)
{
	return figure_find(FIGURE_METRIC, "ns_per_op")->heading;
}

static void header(struct grid *g, const json_t *varying, const char *unit)
{
	static const char share[] = "% of "; /* shares_of() */
	char times[64];
	size_t at;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, NULL);
	if (!strncmp(unit, share, strlen(share)))
		snprintf(times, sizeof(times), "x %s", unit + strlen(share));
	else
		snprintf(times, sizeof(times), "%s", time_heading());
	grid_put(g, at + RATE, unit);
	grid_put(g, at + RATE_RANGE, "quartiles");
	grid_put(g, at + TIME, times);
	grid_put(g, at + TIME_RANGE, "min..max");
	g->left[at + columns() - 1] = true;
}

/* A column that is printed only if a cell has a value. */
static void put_optional(struct grid *g, size_t column, const char *heading, double value)
{
	if (!isfinite(value))
		return;
	grid_put_at(g, 0, column, heading);
	table_put_number(g, column, value);
}

static void row(struct grid *g, const json_t *varying, const json_t *cell)
{
	const json_t *mops = json_object_get(cell, "mops"),
		     *ns = json_object_get(cell, "ns_per_op");
	const struct figure *f = NULL;
	char text[512];
	size_t at, next;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, cell);
	table_put_number(g, at + RATE, number_of(mops, "median"));
	table_put_range(g, at + RATE_RANGE, number_of(mops, "q1"), number_of(mops, "q3"));
	table_put_number(g, at + TIME, number_of(ns, "median"));
	table_put_range(g, at + TIME_RANGE, number_of(ns, "min"), number_of(ns, "max"));
	put_optional(g, at + MISSES, "misses", number_of(cell, "misses"));
	for (next = at + FURTHER; (f = figure_next(f, FIGURE_METRIC));)
		if (f->shown == IN_TABLE)
			put_optional(g, next++, f->heading, table_metric(cell, f));
	table_note(text, sizeof(text), cell);
	grid_put(g, next, text);
}

/* The unit that all cells of a workload share, or one that fits all. */
static const char *unit_of(json_t *cells, const char *workload)
{
	const char *unit = "", *name;
	json_t *cell;

	json_object_foreach(cells, name, cell) {
		const char *its = text_of(cell, "unit");

		if (strcmp(text_of(cell, "workload"), workload))
			continue;
		if (*unit && *its && strcmp(unit, its))
			return "M/s";
		unit = its;
	}
	return *unit ? unit : "M/s";
}

/* After an interrupt some cells have neither a figure nor a reason. */
static bool has_something(const json_t *cell)
{
	return json_integer_value(json_object_get(cell, "n")) || json_object_get(cell, "error");
}

/* Does any cell of the workload have this key? */
static bool any_has(json_t *cells, const char *workload, const char *key)
{
	const char *name;
	json_t *cell;

	json_object_foreach(cells, name, cell)
		if (!strcmp(text_of(cell, "workload"), workload) && json_object_get(cell, key))
			return true;
	return false;
}

/* Shorter windows are rarely void: see void.h. */
static void short_remark(char *buf, size_t size, json_t *cells, const char *workload)
{
	const char *name;
	json_t *cell;

	json_object_foreach(cells, name, cell)
		if (!*buf && !strcmp(text_of(cell, "workload"), workload) &&
		    number_of(json_object_get(cell, "parameters"), "duration") < VOID_SPEED_LEAST)
			snprintf(buf, size,
				 "Windows of less than %g ms are too short to detect disturbances: "
				 "figures may be wrong without being void.",
				 1e3 * VOID_SPEED_LEAST);
}

void table_remark(char *buf, size_t size, const json_t *report, const json_t *workload)
{
	const char *name = text_of(workload, "name");

	shares_remark(buf, size, report);
	table_latency_remark(buf, size, report, name);
	table_saturation_remark(buf, size, report, name);
	short_remark(buf, size, json_object_get(report, "cells"), name);
}

/* A workload's table is of the first kind whose key a cell has. */
static const struct table_kind {
	const char *key;	 /* of a cell */
	size_t (*columns)(void); /* after the parameters */
	void (*header)(struct grid *g, const json_t *varying, const char *unit);
	void (*row)(struct grid *g, const json_t *varying, const json_t *cell);
} kinds[] = {
	{ "saturation", table_saturation_columns, table_saturation_header, table_saturation_row },
	{ "latency", table_latency_columns, table_latency_header, table_latency_rows },
	{ NULL, columns, header, row },
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

	/* There is a spare column if the variant varies; empty columns are not printed. */
	*g = (struct grid){ .columns = 1 + json_array_size(varying) + kind->columns(),
			    .left = { true } };
	if (g->columns > GRID_COLUMNS_MAX)
		return -E2BIG;
	kind->header(g, varying, unit_of(cells, name));
	json_object_foreach(cells, key, cell)
		if (!strcmp(text_of(cell, "workload"), name) && has_something(cell) && !g->failed)
			kind->row(g, varying, cell);
	return g->failed ? -ENOMEM : 0;
}

bool table_has_misses(const json_t *report)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	const char *name;

	json_object_foreach(cells, name, cell)
		if (isfinite(number_of(cell, "misses")) &&
		    kind_of(cells, text_of(cell, "workload"))->row == row)
			return true;
	return false;
}

int table_print(FILE *out, const json_t *report)
{
	json_t *workload;
	size_t i;
	int err = 0;

	judge_print_noise(out, report);
	if (table_has_misses(report))
		fprintf(out, "misses: ns/op as a multiple of a dependent random line of memory in "
			     "the table's footprint.\n");
	json_array_foreach(json_object_get(report, "workloads"), i, workload) {
		const char *name = text_of(workload, "name");
		char remark[512], answer[ANSWER_MAX];
		struct grid g;

		err = table_of(&g, report, workload);
		if (!err && g.rows > 1) {
			fprintf(out, "\n%s: %s\n", name, text_of(workload, "question"));
			answer_of(answer, report, workload);
			if (*answer)
				fprintf(out, "  %s.\n", answer);
			grid_print(out, &g, GRID_TEXT);
			table_remark(remark, sizeof(remark), report, workload);
			if (*remark)
				fprintf(out, "  %s\n", remark);
			table_budget_text(answer, sizeof(answer), report, workload);
			if (*answer)
				fprintf(out, "  %s\n", answer);
		}
		grid_free(&g);
		if (err)
			break;
	}
	return err;
}
