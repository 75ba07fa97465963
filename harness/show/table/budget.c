/* SPDX-License-Identifier: MIT */
/* Where the time goes, as a table and as a sentence; see table.h and harness/judge/budget.h. */
#include "harness/show/table/table.h"

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/judge/budget.h"
#include "harness/show/table/internal.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const json_t *term_of(const json_t *cell, int term)
{
	return within(cell, "budget", budget_words[term].key);
}

/* together: it holds what other threads cost, too. */
static void put_term(struct grid *g, size_t column, const json_t *term, bool together)
{
	const char *with = together ? " with other threads" : "";
	double ns = number_of(term, "ns"), low = number_of(term, "ci_low");
	char text[64];

	if (!isfinite(ns))
		return;
	if (isfinite(low))
		snprintf(text, sizeof(text), "%.3g [%.3g, %.3g]%s", ns, low,
			 number_of(term, "ci_high"), with);
	else
		snprintf(text, sizeof(text), "%.3g%s", ns, with);
	grid_put(g, column, text);
}

int table_budget(struct grid *g, const json_t *report, const json_t *workload)
{
	enum { TOTAL, LINES, TERMS };
	const json_t *varying = json_object_get(workload, "varying");
	json_t *cells = json_object_get(report, "cells"), *cell;
	const char *name;
	size_t at;

	*g = (struct grid){ .columns = 1 + json_array_size(varying) + TERMS + NR_BUDGET_TERMS,
			    .left = { true } };
	if (g->columns > GRID_COLUMNS_MAX)
		return -E2BIG;
	if (!grid_add_row(g))
		return -ENOMEM;
	at = table_put_parameters(g, varying, NULL);
	grid_put(g, at + TOTAL, "ns/op");
	grid_put(g, at + LINES, "lines");
	json_object_foreach(cells, name, cell) {
		const json_t *budget = json_object_get(cell, "budget");

		if (!budget || strcmp(text_of(cell, "workload"), text_of(workload, "name")) ||
		    json_is_true(json_object_get(cell, "control")) || !grid_add_row(g))
			continue;
		at = table_put_parameters(g, varying, cell);
		table_put_number(g, at + TOTAL, number_of(budget, "ns"));
		table_put_number(g, at + LINES, number_of(budget, "lines"));
		for (int i = 0; i < NR_BUDGET_TERMS; i++) {
			put_term(g, at + TERMS + (size_t)i, term_of(cell, i),
				 i == BUDGET_MEMORY &&
					 json_is_true(json_object_get(budget, "together")));
			if (term_of(cell, i))
				grid_put_at(g, 0, at + TERMS + (size_t)i, budget_words[i].heading);
		}
	}
	return g->failed ? -ENOMEM : 0;
}

int table_print_budgets(FILE *out, const json_t *report)
{
	json_t *workload;
	bool any = false;
	size_t i;
	int err = 0;

	json_array_foreach(json_object_get(report, "workloads"), i, workload) {
		struct grid g;

		err = table_budget(&g, report, workload);
		if (!err && g.rows > 1) {
			if (!any)
				fprintf(out, "\nWhere the time goes: %s\n", TABLE_BUDGET_REMARK);
			any = true;
			fprintf(out, "\n%s:\n", text_of(workload, "name"));
			grid_print(out, &g, GRID_TEXT);
		}
		grid_free(&g);
		if (err)
			break;
	}
	return err;
}

/* ---- a sentence ---- */

static double ns_of(const json_t *cell, int term)
{
	double ns = number_of(term_of(cell, term), "ns");

	return isfinite(ns) ? ns : 0;
}

/* "flows 1Mi, 2 threads" */
static void say_point(char *buf, size_t size, const json_t *cell, const json_t *workload)
{
	const json_t *name;
	size_t at = 0, i;

	buf[0] = '\0';
	json_array_foreach(json_object_get(workload, "varying"), i, name) {
		const char *key = json_is_string(name) ? json_string_value(name) : "variant";
		char text[64];

		if (!strcmp(key, "variant") || !strcmp(key, "buckets") || at >= size)
			continue;
		table_value(text, sizeof(text), within(cell, "parameters", key));
		at += (size_t)snprintf(buf + at, size - at, "%s%s %s", at ? ", " : " with ", key,
				       text);
	}
}

void table_budget_text(char *buf, size_t size, const json_t *report, const json_t *workload)
{
	const json_t *base, *other;
	int largest = 0;
	char point[256];
	double ns, was, difference;
	const struct budget_words *next;
	size_t at;

	buf[0] = '\0';
	if (!judge_budget_difference(report, workload, &base, &other))
		return;
	ns = number_of(json_object_get(other, "budget"), "ns");
	was = number_of(json_object_get(base, "budget"), "ns");
	difference = ns - was;
	say_point(point, sizeof(point), other, workload);
	at = (size_t)snprintf(
		buf, size,
		"Where the largest difference lies: %s takes %.3g ns, %s %.3g ns%s. Of %+.3g ns:",
		text_of(other, "variant"), ns, text_of(base, "variant"), was, point, difference);
	for (int i = 0; i < NR_BUDGET_TERMS && at < size; i++) {
		double by = ns_of(other, i) - ns_of(base, i);
		char text[32];

		if (fabs(by) > fabs(ns_of(other, largest) - ns_of(base, largest)))
			largest = i;
		if (fabs(by) < 0.05 * fabs(difference))
			continue;
		table_number(text, sizeof(text), fabs(by));
		at += (size_t)snprintf(buf + at, size - at, " %s %s%s,", budget_words[i].heading,
				       by < 0 ? "-" : "+", text);
	}
	next = largest == BUDGET_OTHER_THREADS &&
			       !strcmp(text_of(json_object_get(other, "parameters"), "split"),
				       "flow")
		       ? &budget_through_chains
		       : &budget_words[largest];
	if (at < size)
		snprintf(buf + at - 1, size - at, ". To see %s: ctbench run %s %s", next->what,
			 text_of(workload, "name"), next->isolate);
}
