/* SPDX-License-Identifier: MIT */
#include "harness/judge/history.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/judge/facts.h"
#include "harness/numbers/changes.h"
#include "harness/numbers/stats.h"
#include "harness/results/figures.h"
#include "harness/results/runs.h"

#define CHANGES_MAX 16

json_t *history_begin(const struct history_wish *wish)
{
	return json_pack("{s:s, s:s, s:[], s:[], s:[]}", "workload", wish->workload, "kind",
			 wish->metric ? "figures" : "effects", "runs", "series", "left_out");
}

static const json_t *workload_of(const json_t *report, const char *name)
{
	json_t *workload;
	size_t i;

	json_array_foreach(json_object_get(report, "workloads"), i, workload)
		if (!strcmp(text_of(workload, "name"), name))
			return workload;
	return NULL;
}

static bool is_wanted(const struct history_wish *wish, const char *name)
{
	return !wish->cells || !fnmatch(wish->cells, name, 0);
}

static void add_point(json_t *points, const char *name, const json_t *item, const char *keys[3])
{
	double value = number_of(item, keys[0]), low = number_of(item, keys[1]),
	       high = number_of(item, keys[2]);

	if (!isfinite(value))
		return;
	json_object_set_new(points, name,
			    json_pack("{s:f, s:f, s:f, s:f}", "value", value, "low",
				      isfinite(low) ? low : value, "high",
				      isfinite(high) ? high : value, "n",
				      fmax(0, number_of(item, "n"))));
}

/* Effects of choices; interactions are too many to follow. */
static void add_effects(json_t *points, const struct history_wish *wish, const json_t *report)
{
	const char *keys[] = { "effect_percent", "ci_low_percent", "ci_high_percent" };
	json_t *verdict;
	size_t i;

	json_array_foreach(json_object_get(report, "verdicts"), i, verdict) {
		char name[320];

		if (strcmp(text_of(verdict, "workload"), wish->workload) ||
		    !strcmp(text_of(verdict, "kind"), "interaction"))
			continue;
		snprintf(name, sizeof(name), "%s instead of %s (%s)", text_of(verdict, "choice"),
			 text_of(verdict, "base"), text_of(verdict, "metric"));
		if (is_wanted(wish, name))
			add_point(points, name, verdict, keys);
	}
}

static void
add_figures(json_t *points, json_t *cells, const struct history_wish *wish, const json_t *report)
{
	const char *keys[] = { "median", "ci_low", "ci_high" };
	const char *name;
	json_t *cell;

	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		const json_t *metric = within(cell, "metrics", wish->metric);

		if (!metric || strcmp(text_of(cell, "workload"), wish->workload) ||
		    json_is_true(json_object_get(cell, "control")) || !is_wanted(wish, name))
			continue;
		add_point(points, name, metric, keys);
		json_object_set(cells, name, cell);
	}
}

int history_add(json_t *history, const struct history_wish *wish, const char *path,
		const json_t *benchmark, struct ct_error *e)
{
	const json_t *report = json_object_get(benchmark, "ctbench");
	const json_t *workload = workload_of(report, wish->workload);
	const json_t *facts = json_object_get(report, "environment");
	json_t *points, *cells, *run;

	if (!workload)
		return 0;
	points = json_object();
	cells = json_object();
	if (wish->metric)
		add_figures(points, cells, wish, report);
	else
		add_effects(points, wish, report);
	json_object_set_new(history, "question", json_string(text_of(workload, "question")));
	run = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "name",
			text_of(report, "name"), "path", path, "started",
			text_of(report, "started"), "revision",
			text_of(json_object_get(facts, "build"), "revision"), "cpu",
			text_of(json_object_get(facts, "machine"), "cpu"), "kernel",
			text_of(json_object_get(facts, "kernel"), "release"), "compiler",
			text_of(json_object_get(facts, "build"), "compiler"), "sanitizer",
			text_of(json_object_get(facts, "build"), "sanitizer"), "points", points,
			"cells", cells);
	if (!run || json_array_append_new(json_object_get(history, "runs"), run))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the history");
	return 0;
}

/* ---- putting them together ---- */

static void leave_out(json_t *history, const json_t *run, const char *series, const char *why)
{
	json_array_append_new(json_object_get(history, "left_out"),
			      json_pack("{s:s, s:s, s:s}", "run", text_of(run, "name"), "series",
					series, "why", why));
}

/* Such a build is several times slower. */
static void drop_sanitized(json_t *history)
{
	json_t *runs = json_object_get(history, "runs");

	for (size_t i = json_array_size(runs); i-- > 0;) {
		json_t *run = json_array_get(runs, i);

		if (!*text_of(run, "sanitizer"))
			continue;
		leave_out(history, run, "", "a build with a sanitizer");
		json_array_remove(runs, i);
	}
}

/* The facts that differ from the run before. */
static void differences(json_t *runs)
{
	static const char *const facts[] = { "cpu", "kernel", "compiler" };

	for (size_t i = 0; i < json_array_size(runs); i++) {
		const json_t *before = i ? json_array_get(runs, i - 1) : NULL;
		json_t *run = json_array_get(runs, i);
		char text[64] = "";

		for (size_t k = 0; k < sizeof(facts) / sizeof(facts[0]) && before; k++)
			if (strcmp(text_of(before, facts[k]), text_of(run, facts[k])))
				snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
					 *text ? ", " : "", facts[k]);
		json_object_set_new(run, "differs", json_string(text));
	}
}

/* The series of that name: its points in the order of the runs. */
static json_t *series_of(json_t *history, const char *name)
{
	json_t *runs = json_object_get(history, "runs"), *points = json_array(), *run;
	const json_t *newest = NULL;
	size_t i;

	/* Cells with the parameters of the newest run: others answer another question. */
	for (i = json_array_size(runs); i-- > 0 && !newest;)
		newest = within(json_array_get(runs, i), "cells", name);
	json_array_foreach(runs, i, run) {
		json_t *point = within(run, "points", name);
		const json_t *cell = within(run, "cells", name);
		const char *why = cell && newest ? facts_cells_differ(cell, newest) : NULL;
		char text[160];

		if (!point)
			continue;
		if (why) {
			snprintf(text, sizeof(text), "another %.120s than in the last run", why);
			leave_out(history, run, name, text);
			continue;
		}
		json_object_set_new(point, "run", json_integer((json_int_t)i));
		json_array_append(points, point);
	}
	return json_pack("{s:s, s:o}", "name", name, "points", points);
}

/* Names in the order of their appearance, the newest run first. */
static void make_series(json_t *history)
{
	json_t *runs = json_object_get(history, "runs"), *seen = json_object(), *point;
	const char *name;

	for (size_t i = json_array_size(runs); i-- > 0;)
		json_object_foreach(json_object_get(json_array_get(runs, i), "points"), name,
				    point) {
			if (json_object_get(seen, name))
				continue;
			json_object_set_new(seen, name, json_true());
			json_array_append_new(json_object_get(history, "series"),
					      series_of(history, name));
		}
	json_decref(seen);
}

static int find_changes(json_t *series, double alpha)
{
	const json_t *points = json_object_get(series, "points");
	size_t n = json_array_size(points);
	double *values = calloc(n ? n : 1, sizeof(*values));
	struct change found[CHANGES_MAX];
	json_t *changes = json_array();
	long nr;

	for (size_t i = 0; values && i < n; i++)
		values[i] = number_of(json_array_get(points, i), "value");
	nr = values ? changes_find(values, n, alpha, found, CHANGES_MAX) : -ENOMEM;
	free(values);
	for (long i = 0; i < nr; i++)
		json_array_append_new(
			changes,
			json_pack("{s:O, s:f, s:f, s:f}", "run",
				  json_object_get(json_array_get(points, found[i].at), "run"), "p",
				  found[i].p, "before", found[i].before, "after", found[i].after));
	json_object_set_new(series, "changes", changes);
	return nr < 0 ? (int)nr : 0;
}

static int nothing(const json_t *history, const struct history_wish *wish, struct ct_error *e)
{
	if (!json_array_size(json_object_get(history, "runs")))
		return ct_user_error(e,
				     "no run has the workload '%.200s'; 'ctbench list --runs' "
				     "shows the workloads of each run",
				     wish->workload);
	if (wish->metric)
		return ct_user_error(e,
				     "no cell of '%.200s' has the figure '%.100s'%s; 'ctbench list "
				     "--results' shows all figures",
				     wish->workload, wish->metric,
				     wish->cells ? " and a name of that pattern" : "");
	return ct_user_error(
		e,
		"no run of '%.200s' judged an effect%s: with fewer than %d repeats, or a "
		"single variant, ask for a figure: --metric mops",
		wish->workload, wish->cells ? " of that pattern" : "", STATS_LEAST);
}

json_t *history_end(json_t *history, const struct history_wish *wish, struct ct_error *e)
{
	json_t *series, *one, *run;
	size_t i, most = 0;
	int err = 0;

	json_object_set_new(history, "runs",
			    results_in_time(json_incref(json_object_get(history, "runs"))));
	drop_sanitized(history);
	differences(json_object_get(history, "runs"));
	make_series(history);
	series = json_object_get(history, "series");
	if (!json_array_size(series)) {
		nothing(history, wish, e);
		json_decref(history);
		return NULL;
	}
	/* Bonferroni: each series gets its share of the allowed false alarms. */
	json_array_foreach(series, i, one) {
		size_t n = json_array_size(json_object_get(one, "points"));

		most = n > most ? n : most;
		if (!err)
			err = find_changes(one, STATS_ALPHA / (double)json_array_size(series));
	}
	json_array_foreach(json_object_get(history, "runs"), i, run) {
		json_object_del(run, "points");
		json_object_del(run, "cells");
		json_object_del(run, "sanitizer");
	}
	json_object_set_new(history, "metric", json_string(wish->metric ? wish->metric : ""));
	json_object_set_new(history, "unit",
			    json_string(wish->metric ? metric_words(wish->metric).unit : "%"));
	json_object_set_new(history, "change_points", json_boolean(most >= CHANGES_LEAST));
	if (!err)
		return history;
	ct_fail(e, err, CT_EXIT_USER, "no memory for the history");
	json_decref(history);
	return NULL;
}
