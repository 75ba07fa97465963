/* SPDX-License-Identifier: MIT */
/*
 * ctbench history: a workload over the runs so far.
 */
#include "harness/cli/cmd.h"

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/judge/history.h"
#include "harness/numbers/changes.h"
#include "harness/results/results.h"
#include "harness/results/runs.h"
#include "harness/show/plot/plot.h"

#include <stdio.h>
#include <string.h>

struct request {
	struct history_wish wish;
	struct cmd_words runs;
	const char *plot, *results;
	bool json;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "WORKLOAD", .type = CMD_TEXT, .offset = AT(wish.workload),
	  .help = "name of a workload, as in the results: axes" },
	{ "RUN", .type = CMD_LIST, .offset = AT(runs), .optional = true,
	  .help = "folders of runs, or their names (default: all runs that have the workload)" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "metric", 'm', CMD_TEXT, AT(wish.metric), "NAME",
	  .help = "a figure of each cell: mops, ns_per_op, p99_ns, ... (default: the runs' "
		  "effects)" },
	{ "only", 0, CMD_TEXT, AT(wish.cells), "PATTERN",
	  .help = "only series whose name matches: '*siphash*', '*threads:1'" },
	{ "plot", 0, CMD_TEXT, AT(plot), "DIR",
	  .help = "draw it into this folder, as SVG and PNG" },
	{ "json", 0, CMD_SWITCH, AT(json), NULL, .help = "print JSON" },
	CMD_RESULTS(struct request),
	{ .name = NULL },
};

static const struct cmd_section sections[] = {
	{ "How to read it",
	  "A row is a run. Its interval does not show run-to-run variation. Pettitt's test over "
	  "all runs finds changes of level (5 % false alarms over all series together). It needs "
	  "at least 8 runs, with half of them on each side. It shows when the level changed, not "
	  "why: see the revisions, and the notes on changes of CPU, kernel or compiler. To judge a "
	  "single change use 'ctbench compare --against'.",
	  NULL },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench history axes", NULL },
	{ "ctbench history axes --metric mops --only '*threads:1' --plot history", NULL },
	{ "ctbench history packets monday tuesday wednesday", NULL },
	{ NULL, NULL },
};
/* clang-format on */

struct reading {
	const struct request *q;
	json_t *history;
};

static int add_run(void *arg, const struct run_folder *r, struct ct_error *e)
{
	struct reading *reading = arg;

	if (r->why)
		fprintf(stderr, "ctbench: left out: %s\n", r->why);
	if (!r->benchmark)
		return 0;
	return history_add(reading->history, &reading->q->wish, r->dir, r->benchmark, e);
}

static int add_named(struct reading *reading, const char *name, struct ct_error *e)
{
	struct run_folder r = { .name = name };
	json_t *benchmark = results_open(r.dir, sizeof(r.dir), reading->q->results, name, e);
	int err;

	if (!benchmark)
		return -ENOENT;
	r.benchmark = benchmark;
	err = add_run(reading, &r, e);
	json_decref(benchmark);
	return err;
}

static json_t *read_all(const struct request *q, struct ct_error *e)
{
	struct reading reading = { q, history_begin(&q->wish) };
	int err = reading.history ? 0 : ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory");

	if (!err && !q->runs.nr)
		err = results_each_run(q->results, add_run, &reading, e);
	for (size_t i = 0; i < q->runs.nr && !err; i++)
		err = add_named(&reading, q->runs.list[i], e);
	if (!err)
		return history_end(reading.history, &q->wish, e);
	json_decref(reading.history);
	return NULL;
}

/* ---- text ---- */

enum { RUN, STARTED, REVISION, VALUE, INTERVAL, NOTE, COLUMNS };

static const json_t *change_at(const json_t *series, const json_t *run)
{
	json_t *change;
	size_t i;

	json_array_foreach(json_object_get(series, "changes"), i, change)
		if (json_equal(json_object_get(change, "run"), run))
			return change;
	return NULL;
}

static void note(char *buf, size_t size, const json_t *change, const char *differs)
{
	buf[0] = '\0';
	if (change)
		snprintf(buf, size, "CHANGE %.4g to %.4g, p %.2g%s", number_of(change, "before"),
			 number_of(change, "after"), number_of(change, "p"), *differs ? "; " : "");
	if (*differs)
		snprintf(buf + strlen(buf), size - strlen(buf), "other %s", differs);
}

static void put_point(struct grid *g, const json_t *runs, const json_t *series, const json_t *point)
{
	const json_t *at = json_object_get(point, "run");
	const json_t *run = json_array_get(runs, (size_t)json_integer_value(at));
	char text[160];

	if (!grid_add_row(g))
		return;
	grid_put(g, RUN, text_of(run, "name"));
	snprintf(text, sizeof(text), "%.10s", text_of(run, "started"));
	grid_put(g, STARTED, text);
	snprintf(text, sizeof(text), "%.12s", text_of(run, "revision"));
	grid_put(g, REVISION, text);
	snprintf(text, sizeof(text), "%.4g", number_of(point, "value"));
	grid_put(g, VALUE, text);
	snprintf(text, sizeof(text), "[%.4g, %.4g]", number_of(point, "low"),
		 number_of(point, "high"));
	grid_put(g, INTERVAL, text);
	note(text, sizeof(text), change_at(series, at), text_of(run, "differs"));
	grid_put(g, NOTE, text);
}

static bool print_series(const json_t *history, const json_t *series)
{
	const char *titles[COLUMNS] = { "run", "started", "revision", "", "95 %", "" };
	struct grid g = { .columns = COLUMNS,
			  .left = { [RUN] = true,
				    [STARTED] = true,
				    [REVISION] = true,
				    [INTERVAL] = true,
				    [NOTE] = true } };
	json_t *point;
	bool failed;
	size_t i;

	titles[VALUE] = text_of(history, "unit");
	grid_add_row(&g);
	for (i = 0; i < COLUMNS && !g.failed; i++)
		grid_put(&g, i, *titles[i] || i != VALUE ? titles[i] : "value");
	json_array_foreach(json_object_get(series, "points"), i, point)
		put_point(&g, json_object_get(history, "runs"), series, point);
	printf("\n%s\n", text_of(series, "name"));
	failed = g.failed;
	if (!failed)
		grid_print(stdout, &g, GRID_TEXT);
	grid_free(&g);
	return !failed;
}

static int print(const json_t *history, struct ct_error *e)
{
	json_t *item;
	size_t i;

	printf("%s: %s\n", text_of(history, "workload"), text_of(history, "question"));
	json_array_foreach(json_object_get(history, "series"), i, item)
		if (!print_series(history, item))
			return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the tables");
	json_array_foreach(json_object_get(history, "left_out"), i, item)
		printf("%sleft out: %s%s%s: %s\n", i ? "" : "\n", text_of(item, "run"),
		       *text_of(item, "series") ? ", " : "", text_of(item, "series"),
		       text_of(item, "why"));
	if (!json_is_true(json_object_get(history, "change_points")))
		printf("\nChange points need at least %d runs.\n", CHANGES_LEAST);
	return 0;
}

static int history(void *request, struct ct_error *e)
{
	const struct request *q = request;
	json_t *result = read_all(q, e);
	size_t drawn = 0;
	int err = 0;

	if (!result)
		return -EINVAL;
	if (q->json) {
		json_dumpf(result, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
		putchar('\n');
	} else {
		err = print(result, e);
	}
	if (!err && q->plot) {
		err = plot_history(result, q->plot, &drawn, e);
		if (!err && !q->json)
			printf("\nplots: %s (%zu, as SVG and PNG)\n", q->plot, drawn);
	}
	json_decref(result);
	return err;
}

const struct command command_history = {
	.name = "history",
	.summary = "show a workload's effects or figures, run by run",
	.about = "Prints the effects of each run, or a figure of each cell, in the order of time, "
		 "with intervals and changes of level. Nothing is measured.",
	.operands = operands,
	.options = options,
	.sections = sections,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = history,
};
