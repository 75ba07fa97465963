/* SPDX-License-Identifier: MIT */
/* ctbench list --runs: the runs so far. */
#include "harness/cli/list.h"

#include "core/compiler.h"
#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/results/results.h"
#include "harness/results/runs.h"

#include <string.h>

static json_t *names_of(const json_t *report)
{
	json_t *list = json_array(), *workload;
	size_t i;

	json_array_foreach(json_object_get(report, "workloads"), i, workload)
		json_array_append_new(list, json_string(text_of(workload, "name")));
	return list;
}

static const char *state_of(const struct run_folder *r, const json_t *report)
{
	if (r->why)
		return "unreadable";
	if (!report)
		return "not ended";
	return json_is_true(json_object_get(report, "interrupted")) ? "interrupted" : "ended";
}

static int add_run(void *arg, const struct run_folder *r, struct ct_error *e)
{
	json_t *runs = arg, *report = json_object_get(r->benchmark, "ctbench");
	const json_t *facts = json_object_get(report, "environment");
	const json_t *counts = json_object_get(report, "counts");
	json_t *run;

	if (!facts)
		facts = json_object_get(r->start, "facts");
	run = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:s, s:s}", "name", r->name,
		"path", r->dir, "started", text_of(report ? report : r->start, "started"), "ended",
		text_of(report, "ended"), "cpu", text_of(json_object_get(facts, "machine"), "cpu"),
		"kernel", text_of(json_object_get(facts, "kernel"), "release"), "revision",
		report ? text_of(json_object_get(facts, "build"), "revision")
		       : text_of(r->start, "revision"),
		"workloads", report ? names_of(report) : json_incref((json_t *)r->workloads),
		"good", (json_int_t)(report ? number_of(counts, "good") : (double)r->good), "void",
		(json_int_t)(report ? number_of(counts, "void") : (double)r->nr_void), "state",
		state_of(r, report), "why", r->why ? r->why : "");
	if (!run || json_array_append_new(runs, run))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the list of runs");
	return 0;
}

enum { NAME, STARTED, CPU, REVISION, WORKLOADS, GOOD, VOID, STATE, COLUMNS };

static void put_run(struct grid *g, const json_t *run)
{
	char words[512] = "", text[32];
	json_t *name;
	size_t i;

	if (!grid_add_row(g))
		return;
	json_array_foreach(json_object_get(run, "workloads"), i, name)
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s", i ? " " : "",
			 json_string_value(name));
	grid_put(g, NAME, text_of(run, "name"));
	snprintf(text, sizeof(text), "%.10s %.5s", text_of(run, "started"),
		 strlen(text_of(run, "started")) > 16 ? text_of(run, "started") + 11 : "");
	grid_put(g, STARTED, text);
	grid_put(g, CPU, text_of(run, "cpu"));
	grid_put(g, REVISION, text_of(run, "revision"));
	grid_put(g, WORKLOADS, words);
	snprintf(text, sizeof(text), "%.0f", number_of(run, "good"));
	grid_put(g, GOOD, text);
	snprintf(text, sizeof(text), "%.0f", number_of(run, "void"));
	grid_put(g, VOID, text);
	grid_put(g, STATE, text_of(run, "state"));
}

static int print_runs(const json_t *runs, struct ct_error *e)
{
	static const char *const titles[COLUMNS] = { "run",	  "started", "CPU",  "revision",
						     "workloads", "good",    "void", "" };
	struct grid g = { .columns = COLUMNS,
			  .left = { [NAME] = true,
				    [STARTED] = true,
				    [CPU] = true,
				    [REVISION] = true,
				    [WORKLOADS] = true,
				    [STATE] = true } };
	json_t *run;
	bool failed;
	size_t i;

	grid_add_row(&g);
	for (i = 0; i < COLUMNS && !g.failed; i++)
		grid_put(&g, i, titles[i]);
	json_array_foreach((json_t *)runs, i, run)
		put_run(&g, run);
	failed = g.failed;
	if (!failed)
		grid_print(stdout, &g, GRID_TEXT);
	grid_free(&g);
	json_array_foreach((json_t *)runs, i, run)
		if (*text_of(run, "why"))
			fprintf(stderr, "ctbench: %s\n", text_of(run, "why"));
	return failed ? ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the list of runs") : 0;
}

int list_runs(const char *parent, bool json, struct ct_error *e)
{
	json_t *runs = json_array();
	int err = results_each_run(parent, add_run, runs, e);

	if (err) {
		json_decref(runs);
		return err;
	}
	runs = results_in_time(runs);
	if (json)
		return list_print_json(runs);
	err = print_runs(runs, e);
	json_decref(runs);
	return err;
}
