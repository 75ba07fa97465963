/* SPDX-License-Identifier: MIT */
/* What ctbench compare prints. */
#include "harness/cli/compare.h"

#include "harness/base/json_read.h"
#include "harness/judge/compare.h"
#include "harness/judge/judge.h"
#include "harness/show/plot/plot.h"
#include "harness/show/shares.h"
#include "harness/show/table/table.h"
#include "harness/workload/workload.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static void print_run(FILE *out, const char *letter, const json_t *run)
{
	fprintf(out, "%s: %s, %.10s, revision %s, %s, %s%s\n", letter, text_of(run, "path"),
		text_of(run, "started"), text_of(run, "revision"), text_of(run, "compiler"),
		text_of(run, "cpu"),
		json_is_true(json_object_get(run, "interrupted")) ? " (interrupted)" : "");
}

static void print_surroundings(FILE *out, const json_t *result)
{
	json_t *list, *item;
	size_t i;

	print_run(out, "A", json_object_get(result, "a"));
	print_run(out, "B", json_object_get(result, "b"));
	list = json_object_get(result, "environment");
	if (json_array_size(list))
		fputs("\nOther differences between the runs:\n\n", out);
	json_array_foreach(list, i, item)
		fprintf(out, "  * %s: %s | %s\n", text_of(item, "what"), text_of(item, "a"),
			text_of(item, "b"));
	list = json_object_get(result, "different");
	json_array_foreach(list, i, item)
		fprintf(out, "%s  * not compared: %s (another %s)\n", i ? "" : "\n",
			text_of(item, "cell"), text_of(item, "why"));
	for (int side = 0; side < 2; side++) {
		list = json_object_get(result, side ? "only_b" : "only_a");
		if (json_array_size(list))
			fprintf(out, "\n%zu cells are only in %s, such as %s\n",
				json_array_size(list), side ? "B" : "A",
				json_string_value(json_array_get(list, 0)));
	}
}

enum { CELL, METRIC, FIRST, SECOND, EFFECT, INTERVAL, FOUND, VISIBLE, COLUMNS };

static const char *found(const json_t *item)
{
	const char *word = text_of(item, "word");

	if (json_is_true(json_object_get(item, "regression")))
		return "REGRESSION";
	if (!strcmp(text_of(item, "outcome"), "unjudged"))
		return "too few repeats";
	return *word ? word : "no difference seen";
}

/* Equal figures, such as counts, get no row. */
static bool is_worth_a_row(const json_t *item)
{
	return number_of(item, "visible_percent") != 0 || number_of(item, "effect_percent") != 0;
}

static void put_row(struct grid *g, const json_t *item)
{
	const char *cell = text_of(item, "cell"), *slash = strchr(cell, '/');
	char text[256];

	if (!grid_add_row(g))
		return;
	if (*cell)
		snprintf(text, sizeof(text), "%.250s", slash ? slash + 1 : cell);
	else
		snprintf(text, sizeof(text), "all %.0f cells", number_of(item, "cells"));
	grid_put(g, CELL, text);
	grid_put(g, METRIC, text_of(item, "metric"));
	table_put_number(g, FIRST, number_of(item, "a"));
	table_put_number(g, SECOND, number_of(item, "b"));
	grid_put(g, FOUND, found(item));
	judge_put_effect(g, item, EFFECT, INTERVAL, VISIBLE);
}

static int
print_workload(FILE *out, const json_t *list, const char *workload, enum grid_format format)
{
	static const char *const titles[COLUMNS] = {
		"cell", "metric", "A", "B", "B vs A", "95 %", "", "smallest detectable"
	};
	struct grid g = { .columns = COLUMNS,
			  .left = { [CELL] = true, [METRIC] = true, [FOUND] = true } };
	json_t *item;
	size_t i;

	grid_add_row(&g);
	for (i = 0; i < COLUMNS && !g.failed; i++)
		grid_put(&g, i, titles[i]);
	json_array_foreach((json_t *)list, i, item)
		if (!strcmp(text_of(item, "workload"), workload) && is_worth_a_row(item))
			put_row(&g, item);
	if (!g.failed && g.rows > 1) {
		fprintf(out, format == GRID_MARKDOWN ? "\n### %s\n\n" : "\n%s\n", workload);
		grid_print(out, &g, format);
	}
	i = g.failed;
	grid_free(&g);
	return i ? -ENOMEM : 0;
}

int compare_print(FILE *out, const json_t *result, enum grid_format format)
{
	json_t *list = json_object_get(result, "comparisons"), *item;
	json_int_t regressions = json_integer_value(json_object_get(result, "regressions"));
	const json_t *statistics = json_object_get(result, "statistics");
	const char *last = "";
	char text[512];
	size_t i;
	int err = 0;

	print_surroundings(out, result);
	/* Print a workload when its first comparison comes. */
	json_array_foreach(list, i, item) {
		size_t k = 0;

		last = text_of(item, "workload");
		while (k < i && strcmp(text_of(json_array_get(list, k), "workload"), last))
			k++;
		if (k == i && !err)
			err = print_workload(out, list, last, format);
	}
	fprintf(out, "\n%.0f comparisons, corrected by Holm's method.  ",
		number_of(statistics, "comparisons"));
	if (regressions)
		fprintf(out, "%" JSON_INTEGER_FORMAT " proven to be worse by more than %g %%.\n",
			regressions, number_of(result, "bound_percent"));
	else
		fprintf(out, "None is proven to be worse by more than %g %%.\n",
			number_of(result, "bound_percent"));
	fputs(json_is_true(json_object_get(result, "paired"))
		      ? "Both programs were measured in the same rounds.\n"
		      : "Intervals do not cover changes of the machine between the two runs.\n",
	      out);
	shares_remark(text, sizeof(text), result);
	if (*text)
		fprintf(out, "%s\n", text);
	return err;
}

/* A comparison in the form of a verdict, for the plot of effects. */
static json_t *as_verdict(const json_t *item)
{
	const char *cell = text_of(item, "cell"), *slash = strchr(cell, '/');
	json_t *verdict = json_copy((json_t *)item);
	char text[256];

	if (*cell)
		snprintf(text, sizeof(text), "%.250s", slash ? slash + 1 : cell);
	else
		snprintf(text, sizeof(text), "all %.0f cells", number_of(item, "cells"));
	json_object_set_new(verdict, "kind", json_string("cell"));
	json_object_set_new(verdict, "choice", json_string(text));
	return verdict;
}

int compare_plot(const json_t *benchmark, const json_t *result, const char *out, size_t *drawn,
		 struct ct_error *e)
{
	json_t *copy = json_copy((json_t *)benchmark), *verdicts = json_array(), *item;
	json_t *report = json_copy(json_object_get(benchmark, "ctbench"));
	size_t i;
	int err;

	json_array_foreach(json_object_get(result, "comparisons"), i, item)
		if (is_worth_a_row(item))
			json_array_append_new(verdicts, as_verdict(item));
	json_object_set_new(report, "verdicts", verdicts);
	json_object_set_new(copy, "ctbench", report);
	err = plot_run(copy, out, PLOT_EFFECTS, drawn, e);
	json_decref(copy);
	return err;
}

int compare_power(const json_t *result, double share, struct ct_error *e)
{
	const json_t *worst = json_object_get(result, "least_sensitive");
	unsigned int repeats = judge_repeats_needed(worst, share);
	const char *cell = text_of(worst, "cell");
	char visible[64] = "none: too few repeats", how[160];

	if (!worst)
		return 0;
	if (isfinite(number_of(worst, "visible_percent")))
		judge_detectable(visible, sizeof(visible),
				 judge_logarithm(worst, "visible_percent"));
	if (repeats)
		snprintf(how, sizeof(how), "measure both with --repeats %u or more", repeats);
	else
		snprintf(how, sizeof(how), "measure on a quieter machine, with more --repeats");
	return ct_fail(e, -ENODATA, CT_EXIT_BLIND,
		       "%.0f comparisons could not have detected a change of %g %%; the least "
		       "sensitive is %s of %.300s (smallest detectable: %s): %s",
		       number_of(result, "blind"), 100 * share, text_of(worst, "metric"),
		       *cell ? cell : text_of(worst, "workload"), visible, how);
}
