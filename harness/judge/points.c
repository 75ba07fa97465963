/* SPDX-License-Identifier: MIT */
/*
 * The smallest detectable effects, for each choice at each point (`detect:`); see judge.h.
 *
 * A verdict averages a choice over all points of its workload. Here each point (threads, flows,
 * ...) is judged separately, as if its cells were a separate workload.
 */
#include "harness/judge/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/base/text.h"
#include "harness/workload/quantity.h"
#include "harness/workload/size.h"

#define POINT_MAX 256
#define FAR	  8 /* times the last-level cache */

/* The target of a point; NAN if its workload has none. */
static double target_of(const json_t *parameters)
{
	bool several = number_of(parameters, "threads") > 1;
	const char *text = text_of(parameters, several ? "detect_several" : "detect");
	double share;

	return parse_share(text, &share) ? 100 * share : NAN;
}

static void add_value(char *buf, size_t *at, const char *key, const json_t *value)
{
	const char *between = *at ? ", " : "";

	if (json_is_string(value))
		text_add(buf, POINT_MAX, at, "%s%s %s", between, key, json_string_value(value));
	else if (json_is_boolean(value))
		text_add(buf, POINT_MAX, at, "%s%s %s", between, key,
			 json_is_true(value) ? "yes" : "no");
	else
		text_add(buf, POINT_MAX, at, "%s%s %.6g", between, key, json_number_value(value));
}

/* The parameters of a cell's point without a column: "load_factor 2, split flow". */
static void point_text(char buf[POINT_MAX], const json_t *workload, const json_t *parameters)
{
	json_t *name;
	size_t i, at = 0;

	buf[0] = '\0';
	json_array_foreach(json_object_get(workload, "varying"), i, name) {
		const char *key = json_string_value(name);

		/* Buckets follow from the load factor, and may be rounded for a variant. */
		if (key && strcmp(key, "variant") && strcmp(key, "buckets") &&
		    strcmp(key, "threads") && strcmp(key, "flows"))
			add_value(buf, &at, key, json_object_get(parameters, key));
	}
}

static bool same_point(const json_t *workload, const json_t *a, const json_t *b)
{
	char x[POINT_MAX], y[POINT_MAX];

	point_text(x, workload, a);
	point_text(y, workload, b);
	return !strcmp(x, y) &&
	       json_equal(json_object_get(a, "threads"), json_object_get(b, "threads")) &&
	       json_equal(json_object_get(a, "flows"), json_object_get(b, "flows"));
}

static json_t *row(const struct judge_comparison *c, const json_t *workload,
		   const json_t *parameters, const char *swept, size_t comparisons)
{
	json_t *all = judge_to_json(c), *out = json_object();
	static const char *const keys[] = {
		"workload", "metric", "factor",		"choice",	  "base",
		"n",	    "p",      "effect_percent", "ci_low_percent", "ci_high_percent"
	};
	double visible = c->judged ? 100 * expm1(stats_visible(&c->effect, comparisons)) : NAN;
	double target = target_of(parameters);
	char text[POINT_MAX];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(all, keys[i]))
			json_object_set(out, keys[i], json_object_get(all, keys[i]));
	json_decref(all);
	if (swept) {
		json_object_set(out, "value", json_object_get(parameters, swept));
		return out;
	}
	point_text(text, workload, parameters);
	json_object_set(out, "threads", json_object_get(parameters, "threads"));
	json_object_set(out, "flows", json_object_get(parameters, "flows"));
	json_object_set_new(out, "point", json_string(text));
	json_object_set_new(out, "target_percent", json_real(target));
	if (isfinite(visible))
		json_object_set_new(out, "visible_percent", json_real(visible));
	json_object_set_new(out, "met", json_boolean(visible <= target));
	return out;
}

/* The main effects between the cells of one point. */
static int judge_point(json_t *rows, const json_t *report, const json_t *workload, json_t *cells,
		       const json_t *parameters, const char *swept)
{
	json_t *part = json_pack("{s:O}", "cells", cells);
	json_t *question = json_pack("{s:O, s:[s]}", "name", json_object_get(workload, "name"),
				     "varying", "variant");
	const char *metric = judge_metric(part, text_of(workload, "name"));
	bool paired = json_is_true(json_object_get(report, "interleaved"));
	struct judge_list list = { 0 };
	size_t comparisons = 0;
	int err = 0;

	if (metric)
		judge_find(&list, part, question, metric);
	if (list.failed)
		err = -ENOMEM;
	for (size_t i = 0; i < list.nr && !err; i++) {
		comparisons += list.list[i].kind != JUDGE_INTERACTION;
		err = judge_evaluate(&list.list[i], cells, cells, paired);
	}
	for (size_t i = 0; i < list.nr && !err; i++)
		if (list.list[i].kind != JUDGE_INTERACTION)
			json_array_append_new(
				rows, row(&list.list[i], workload, parameters, swept, comparisons));
	judge_free(&list);
	json_decref(part);
	json_decref(question);
	return err;
}

int judge_points(json_t *rows, const json_t *report, const json_t *workload, const char *swept)
{
	json_t *cells = json_object_get(report, "cells"), *first, *cell;
	json_t *seen = json_object();
	const char *name, *other;
	int err = 0;

	json_object_foreach(cells, name, first) {
		json_t *parameters = json_object_get(first, "parameters"), *point;

		if (err || strcmp(text_of(first, "workload"), text_of(workload, "name")) ||
		    json_object_get(seen, name) || !(swept || isfinite(target_of(parameters))))
			continue;
		point = json_object();
		json_object_foreach(cells, other, cell) {
			if (strcmp(text_of(cell, "workload"), text_of(workload, "name")) ||
			    !same_point(workload, parameters, json_object_get(cell, "parameters")))
				continue;
			json_object_set_new(seen, other, json_true());
			if (!json_is_true(json_object_get(cell, "control")))
				json_object_set(point, other, cell);
		}
		err = judge_point(rows, report, workload, point, parameters, swept);
		json_decref(point);
	}
	json_decref(seen);
	return err;
}

int judge_each_workload(json_t *report, const char *key, judge_workload_fn *add)
{
	json_t *list = json_array(), *workload;
	int err = list ? 0 : -ENOMEM;
	size_t i;

	json_array_foreach(json_object_get(report, "workloads"), i, workload) {
		if (!err)
			err = add(list, report, workload);
	}
	if (!err && json_array_size(list))
		json_object_set(report, key, list);
	json_decref(list);
	return err;
}

static int add_points(json_t *rows, const json_t *report, const json_t *workload)
{
	return judge_points(rows, report, workload, NULL);
}

int judge_power(json_t *report)
{
	return judge_each_workload(report, "power", add_points);
}

/* ---- the table ---- */

enum { WORKLOAD, CHOICE, THREADS, SIZE, POINT, EFFECT, INTERVAL, VISIBLE, TARGET, MET, COLUMNS };

void judge_put_effect(struct grid *g, const json_t *item, size_t effect, size_t interval,
		      size_t detectable)
{
	double value = judge_logarithm(item, "effect_percent");
	double low = judge_logarithm(item, "ci_low_percent");
	double high = judge_logarithm(item, "ci_high_percent");
	bool ratio = judge_in_ratios(value, low, high);
	char text[256];

	if (!isfinite(value))
		return;
	judge_effect(text, sizeof(text), value, ratio);
	grid_put(g, effect, text);
	judge_interval(text, sizeof(text), low, high, ratio);
	grid_put(g, interval, text);
	judge_detectable(text, sizeof(text), judge_logarithm(item, "visible_percent"));
	grid_put(g, detectable, text);
}

static void put_row(struct grid *g, const json_t *item)
{
	char text[256];

	if (!grid_add_row(g))
		return;
	grid_put(g, WORKLOAD, text_of(item, "workload"));
	snprintf(text, sizeof(text), "%s instead of %s", text_of(item, "choice"),
		 text_of(item, "base"));
	grid_put(g, CHOICE, text);
	snprintf(text, sizeof(text), "%.0f", number_of(item, "threads"));
	grid_put(g, THREADS, text);
	print_count(text, sizeof(text),
		    (uint64_t)json_integer_value(json_object_get(item, "flows")));
	grid_put(g, SIZE, text);
	grid_put(g, POINT, text_of(item, "point"));
	snprintf(text, sizeof(text), "%.3g %%", number_of(item, "target_percent"));
	grid_put(g, TARGET, text);
	grid_put(g, MET, json_is_true(json_object_get(item, "met")) ? "met" : "NOT MET");
	grid_put(g, EFFECT, "too few repeats");
	judge_put_effect(g, item, EFFECT, INTERVAL, VISIBLE);
}

/* Is the largest table as large as the target demands? */
static void print_caches(FILE *out, const json_t *report)
{
	json_t *topology = within(report, "environment", "topology"), *item;
	double llc = 0, flows = 0;
	size_t i;

	json_array_foreach(json_object_get(topology, "caches"), i, item)
		llc = fmax(llc, number_of(item, "bytes"));
	json_array_foreach(json_object_get(report, "power"), i, item)
		flows = fmax(flows, number_of(item, "flows"));
	if (!(llc > 0))
		return;
	fprintf(out, "The largest table takes some %.0f MiB, %.2g times the last-level cache%s.\n",
		flows * SIZE_BYTES / 0x1p20, flows * SIZE_BYTES / llc,
		flows * SIZE_BYTES < FAR * llc ? "; below eight times, figures depend on how much "
						 "of it the neighbours leave"
					       : "");
}

void judge_print_power(FILE *out, const json_t *report)
{
	static const char *const titles[COLUMNS] = { "workload", "choice",
						     "threads",	 "size",
						     "at",	 "effect",
						     "95 %",	 "smallest detectable",
						     "target",	 "" };
	struct grid g = {
		.columns = COLUMNS,
		.left = { [WORKLOAD] = true, [CHOICE] = true, [POINT] = true, [MET] = true }
	};
	json_t *list = json_object_get(report, "power"), *item;
	size_t i, met = 0;

	if (!json_array_size(list))
		return;
	grid_add_row(&g);
	for (i = 0; i < COLUMNS && !g.failed; i++)
		grid_put(&g, i, titles[i]);
	json_array_foreach(list, i, item) {
		put_row(&g, item);
		met += json_is_true(json_object_get(item, "met"));
	}
	fputs("\nSmallest detectable effects at each point (corrected for the choices compared "
	      "there):\n",
	      out);
	if (!g.failed)
		grid_print(out, &g, GRID_TEXT);
	fprintf(out, "%zu of %zu targets are met.\n", met, json_array_size(list));
	print_caches(out, report);
	grid_free(&g);
}
