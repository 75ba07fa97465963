/* SPDX-License-Identifier: MIT */
/*
 * ctbench compare: is one run better or worse than another?
 */
#include "harness/cli/cmd.h"
#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/judge/judge.h"
#include "harness/judge/compare.h"
#include "harness/results/results.h"
#include "harness/show/shares.h"
#include "harness/show/table/table.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct request {
	const char *runs[2], *metric, *of, *results;
	double bound, power;
	bool json, markdown;
};

static int
parse_percent(void *request, const struct cmd_option *option, const char *text, struct ct_error *e)
{
	bool may_be_0 = option->offset == offsetof(struct request, bound);
	char *end;
	double value = strtod(text, &end);

	if (end == text || strcmp(end, "%") || !(value >= 0 && value < 100) ||
	    (value == 0 && !may_be_0))
		return cmd_bad_value(e, option, text,
				     may_be_0 ? "a share in percent, as 3%"
					      : "a share in percent above 0, as 5%");
	*(double *)((char *)request + option->offset) = value / 100;
	return 0;
}

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "A", .type = CMD_TEXT, .offset = AT(runs[0]),
	  .help = "the run to compare with: its folder, or its name in results/runs" },
	{ "B", .type = CMD_TEXT, .offset = AT(runs[1]), .help = "the run to judge" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "metric", 'm', CMD_TEXT, AT(metric), "NAMES",
	  .help = "figures to compare, with commas: mops, ns_per_op, p99_ns, ... (default: "
	    "throughput, "
	  "or p99_ns of runs with latencies, or the highest rate of searches; bytes per "
	  "connection)" },
	{ "bound", 0, CMD_PARSE, AT(bound), "SHARE",
	  .help = "a change for the worse of up to this share is acceptable: 3%, 0.5% (default: "
	    "3%)",
	  .parse = parse_percent },
	{ "require-power", 0, CMD_PARSE, AT(power), "SHARE",
	  .help = "exit with status 4 if any comparison could not have detected a change of this "
	    "size: 5%", .parse = parse_percent },
	CMD_OF(struct request, "throughput and time as shares of what each run's machine allows, "
	       "to compare two machines"),
	{ "json", 0, CMD_SWITCH, AT(json), NULL, .help = "print JSON" },
	{ "markdown", 0, CMD_SWITCH, AT(markdown), NULL,
	  .help = "print Markdown, for a comment on a change" },
	CMD_RESULTS(struct request),
	{ .name = NULL },
};

static const struct cmd_section sections[] = {
	{ "How to read it",
	  "Exit status 3 means that a figure is proven to be worse by more than the bound: its "
	  "whole interval lies beyond the bound, and Holm's p is small enough. Else it is 0, or 4 "
	  "with --require-power: no regression is proven, and one of that size could have been "
	  "missed.\n\n"
	  "The two runs were made at different times. No interval shows what the machine did in "
	  "between. Before you blame a change, measure A B A B, and compare A with A as well.",
	  NULL },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench compare before after --bound 5% --require-power 5%", NULL },
	{ "ctbench compare before after --metric ns_per_op --markdown", NULL },
	{ NULL, NULL },
};
/* clang-format on */

/* ---- printing ---- */

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
		fputs("\nOther differences:\n\n", out);
	json_array_foreach(list, i, item) fprintf(out, "  * %s: %s | %s\n", text_of(item, "what"),
						  text_of(item, "a"), text_of(item, "b"));
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

static void put_number(struct grid *g, size_t column, double value)
{
	char text[64];

	if (!isfinite(value))
		return;
	table_number(text, sizeof(text), value);
	grid_put(g, column, text);
}

static const char *found(const json_t *item)
{
	const char *word = text_of(item, "word");

	if (json_is_true(json_object_get(item, "regression")))
		return "REGRESSION";
	if (!strcmp(text_of(item, "outcome"), "unjudged"))
		return "too few repeats";
	return *word ? word : "no difference seen";
}

/* Most counted figures are equal: they get no row. */
static bool is_worth_a_row(const json_t *item)
{
	return number_of(item, "visible_percent") != 0 || number_of(item, "effect_percent") != 0;
}

static void put_row(struct grid *g, const json_t *item)
{
	const char *cell = text_of(item, "cell"), *slash = strchr(cell, '/');
	double value, low, high;
	char text[256];
	bool ratio;

	if (!grid_add_row(g))
		return;
	if (*cell)
		snprintf(text, sizeof(text), "%.250s", slash ? slash + 1 : cell);
	else
		snprintf(text, sizeof(text), "all %.0f", number_of(item, "cells"));
	grid_put(g, CELL, text);
	grid_put(g, METRIC, text_of(item, "metric"));
	put_number(g, FIRST, number_of(item, "a"));
	put_number(g, SECOND, number_of(item, "b"));
	grid_put(g, FOUND, found(item));
	if (!isfinite(number_of(item, "effect_percent")))
		return;
	value = judge_logarithm(item, "effect_percent");
	low = judge_logarithm(item, "ci_low_percent");
	high = judge_logarithm(item, "ci_high_percent");
	ratio = judge_in_ratios(value, low, high);
	judge_effect(text, sizeof(text), value, ratio);
	grid_put(g, EFFECT, text);
	judge_interval(text, sizeof(text), low, high, ratio);
	grid_put(g, INTERVAL, text);
	judge_detectable(text, sizeof(text), judge_logarithm(item, "visible_percent"));
	grid_put(g, VISIBLE, text);
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
	json_array_foreach((json_t *)list, i,
			   item) if (!strcmp(text_of(item, "workload"), workload) &&
				     is_worth_a_row(item)) put_row(&g, item);
	if (!g.failed && g.rows > 1) {
		fprintf(out, format == GRID_MARKDOWN ? "\n### %s\n\n" : "\n%s\n", workload);
		grid_print(out, &g, format);
	}
	i = g.failed;
	grid_free(&g);
	return i ? -ENOMEM : 0;
}

static int print_result(FILE *out, const json_t *result, enum grid_format format)
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
	json_array_foreach(list, i, item)
	{
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
	fputs("What the machine did between the two runs is in no interval.\n", out);
	shares_remark(text, sizeof(text), result);
	if (*text)
		fprintf(out, "%s\n", text);
	return err;
}

/* ---- the command ---- */

static int load(struct compare_run *run, char *dir, size_t size, const struct request *q,
		const char *name, struct ct_error *e)
{
	run->path = dir;
	run->benchmark = results_open(dir, size, q->results, name, e);
	if (!run->benchmark)
		return -ENOENT;
	return q->of ? shares_of(json_object_get(run->benchmark, "ctbench"), q->of, e) : 0;
}

static bool same_folder(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* No regression was proven: could it have been? */
static int check_power(const json_t *result, double share, struct ct_error *e)
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
		       "%.0f of %zu comparisons could not have detected a change of %g %%, least "
		       "of all %s of %.300s (smallest detectable: %s): %s",
		       number_of(result, "blind"),
		       json_array_size(json_object_get(result, "comparisons")), 100 * share,
		       text_of(worst, "metric"), *cell ? cell : text_of(worst, "workload"), visible,
		       how);
}

static int compare(const struct request *q, int *status, struct ct_error *e)
{
	char dirs[2][PATH_MAX];
	struct compare_run runs[2] = { 0 };
	json_t *result = NULL;
	int err = 0;

	for (int i = 0; i < 2 && !err; i++)
		err = load(&runs[i], dirs[i], sizeof(dirs[i]), q, q->runs[i], e);
	if (!err && same_folder(dirs[0], dirs[1]))
		err = ct_user_error(e, "'%.400s' and '%.400s' are the same run", q->runs[0],
				    q->runs[1]);
	if (!err) {
		result = judge_compare(&runs[0], &runs[1], q->metric, q->bound, e);
		err = result ? 0 : -EINVAL;
	}
	if (!err && q->power > 0)
		judge_require_power(result, q->power);
	if (!err && q->of)
		json_object_set(
			result, "shares",
			json_object_get(json_object_get(runs[0].benchmark, "ctbench"), "shares"));
	if (!err && q->json) {
		json_dumpf(result, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
		putchar('\n');
	} else if (!err && print_result(stdout, result, q->markdown ? GRID_MARKDOWN : GRID_TEXT)) {
		err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the tables");
	}
	if (!err && json_integer_value(json_object_get(result, "regressions")))
		*status = CT_EXIT_REGRESSION;
	else if (!err)
		err = check_power(result, q->power, e);
	json_decref(result);
	json_decref(runs[0].benchmark);
	json_decref(runs[1].benchmark);
	return err;
}

int cmd_compare(int argc, char **argv)
{
	struct request q = { .bound = 0.03 };
	struct ct_error e = { 0 };
	int status = CT_EXIT_OK;
	int err = cmd_parse(&command_compare, &q, argc, argv, &e);

	if (!err && q.json && q.markdown)
		err = ct_user_error(&e, "--json and --markdown exclude each other");
	if (!err)
		err = compare(&q, &status, &e);
	return err < 0 ? ct_error_print(&e) : status;
}

const struct command command_compare = {
	.name = "compare",
	.summary = "judge one run against another: is it better or worse?",
	.about = "Judges run B against run A: two revisions, two compilers, two machines. Cells "
		 "with the same name and parameters are compared by their medians, with 95 % "
		 "intervals and Holm's correction over all comparisons. All cells of a workload "
		 "together are one more comparison. Nothing is measured.",
	.operands = operands,
	.options = options,
	.sections = sections,
	.examples = examples,
	.run = cmd_compare,
};
