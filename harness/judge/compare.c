/* SPDX-License-Identifier: MIT */
/* Comparing two runs; see compare.h. */
#include "harness/judge/compare.h"

#include "harness/base/array.h"
#include "harness/base/json_read.h"
#include "harness/judge/judge.h"
#include "harness/judge/facts.h"
#include "harness/results/figures.h"
#include "harness/results/results.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"

#define METRICS_MAX 16

struct compare {
	const struct compare_run *run[2];
	const json_t *report[2];
	json_t *cells[2];
	char metric_names[512];
	const char *metrics[METRICS_MAX];
	size_t nr_metrics;
	bool asked;   /* the user named the metrics */
	bool paired;  /* repeats of both were measured together */
	double bound; /* a logarithm, not negative */
	json_t *out;
	struct judge_list list;
	struct ct_error *e;
};

static const json_t *fact(const json_t *report, const char *group, const char *key)
{
	return within(json_object_get(report, "environment"), group, key);
}

static int no_memory(struct compare *c)
{
	return ct_fail(c->e, -ENOMEM, CT_EXIT_USER, "no memory to compare the runs");
}

/* ---- can they be compared? ---- */

static int check_report(struct compare *c, int side)
{
	const struct compare_run *run = c->run[side];
	const json_t *report = results_report(run->benchmark, run->path, c->e);

	if (!report)
		return -EINVAL;
	c->report[side] = report;
	c->cells[side] = json_object_get(report, "cells");
	if (!json_object_size(c->cells[side]))
		return ct_user_error(c->e, "'%.500s' has no cells: nothing was measured",
				     run->path);
	return 0;
}

static int check_builds(struct compare *c)
{
	static const char *const keys[] = { "sanitizer", "optimized" };

	for (size_t i = 0; i < 2; i++) {
		const json_t *a = fact(c->report[0], "build", keys[i]);
		const json_t *b = fact(c->report[1], "build", keys[i]);

		if (a && b && !json_equal(a, b))
			return ct_user_error(
				c->e,
				"one of '%.300s' and '%.300s' was measured with a build %s, so "
				"their figures cannot be compared; measure both with `make build`",
				c->run[0]->path, c->run[1]->path,
				i ? "without optimization" : "with a sanitizer");
	}
	return 0;
}

static json_t *about_run(const struct compare *c, int side)
{
	const json_t *r = c->report[side];

	return json_pack("{s:s, s:s, s:s, s:O?, s:O?, s:O?, s:b}", "path", c->run[side]->path,
			 "name", text_of(r, "name"), "started", text_of(r, "started"), "revision",
			 fact(r, "build", "revision"), "compiler", fact(r, "build", "compiler"),
			 "cpu", fact(r, "machine", "cpu"), "interrupted",
			 json_is_true(json_object_get(r, "interrupted")));
}

/* ---- the comparisons ---- */

/* The larger noise of the two runs, as a logarithm; NAN if neither has one. */
static double noise_of(const struct compare *c, const char *workload, const char *metric)
{
	double noise = NAN;

	for (int side = 0; side < 2; side++) {
		json_t *pairs = within(c->report[side], "noise", "pairs");
		json_t *pair;
		size_t i;

		json_array_foreach(pairs, i, pair) {
			const char *of = text_of(pair, "metric");
			/*
			 * The time per operation is as noisy as the throughput that it comes from.
			 */
			bool alike = !strcmp(of, metric) ||
				     (!strcmp(of, "mops") && strstr(metric, "ns_per_op"));

			if (strcmp(text_of(pair, "workload"), workload) || !alike)
				continue;
			noise = fmax(noise, judge_noise(pair));
		}
	}
	return noise;
}

static struct judge_comparison *add(struct compare *c, const char *workload, const char *metric)
{
	struct judge_comparison *added;

	if (!array_room(c->list.list, c->list.nr))
		return NULL;
	added = &c->list.list[c->list.nr++];
	*added = (struct judge_comparison){ .workload = workload,
					    .metric = metric,
					    .kind = JUDGE_VARIANT };
	added->noise = noise_of(c, workload, metric);
	snprintf(added->what.base, sizeof(added->what.base), "A");
	snprintf(added->what.choice, sizeof(added->what.choice), "B");
	return added;
}

static int add_pair(struct judge_comparison *j, const char *name)
{
	if (!array_room(j->pairs, j->nr_pairs))
		return -ENOMEM;
	j->pairs[j->nr_pairs++] = (struct judge_pair){ name, name, 1 };
	return 0;
}

static bool both_have(const struct compare *c, const char *name, const char *metric)
{
	for (int side = 0; side < 2; side++)
		if (!json_object_get(within(c->cells[side], name, "metrics"), metric))
			return false;
	return true;
}

/*
 * Compare a cell by the highest-ranked figure that both runs have: with latencies, the throughput
 * means little.
 */
static bool is_wanted(const struct compare *c, const char *name, const char *metric)
{
	const struct figure *this = figure_find(FIGURE_METRIC, metric), *f = NULL;

	if (!both_have(c, name, metric))
		return false;
	while (!c->asked && this && this->judged && (f = figure_next(f, FIGURE_METRIC)))
		if (f->judged > this->judged && both_have(c, name, f->name))
			return false;
	return true;
}

static bool same_everywhere(const struct judge_comparison *j)
{
	return j->judged && j->effect.se == 0 && j->effect.value == 0;
}

static int compare_metric(struct compare *c, const json_t *common, const char *metric)
{
	size_t first = c->list.nr, i, k;
	json_t *name;

	json_array_foreach((json_t *)common, i, name) {
		const char *cell = json_string_value(name);
		const char *workload = text_of(json_object_get(c->cells[0], cell), "workload");
		struct judge_comparison *j;

		if (!is_wanted(c, cell, metric))
			continue;
		/* The workload as a whole comes before its cells. */
		for (k = first; k < c->list.nr; k++)
			if (!strcmp(c->list.list[k].workload, workload))
				break;
		if (k == c->list.nr) {
			j = add(c, workload, metric);
			if (!j)
				return no_memory(c);
			j->kind = JUDGE_PARAMETER;
		}
		if (add_pair(&c->list.list[k], cell))
			return no_memory(c);
		j = add(c, workload, metric);
		if (!j || add_pair(j, cell))
			return no_memory(c);
	}
	return 0;
}

/* A workload of one cell needs no row for the whole. */
static void drop_doubles(struct compare *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->list.nr; i++) {
		if (c->list.list[i].kind == JUDGE_PARAMETER && c->list.list[i].nr_pairs < 2)
			free(c->list.list[i].pairs);
		else
			c->list.list[kept++] = c->list.list[i];
	}
	c->list.nr = kept;
}

/* Holm's p that it is worse by more than the bound; 1 if neither direction is worse. */
static int beyond(const struct compare *c, double *p)
{
	for (size_t i = 0; i < c->list.nr; i++) {
		const struct judge_comparison *j = &c->list.list[i];
		int better = metric_words(j->metric).better;

		/*
		 * A throughput 3 % lower is a time 3.1 % higher: the bound is a change of the
		 * metric itself.
		 */
		p[i] = j->judged && better && !same_everywhere(j)
			       ? stats_beyond(&j->effect,
					      better > 0 ? log1p(-expm1(c->bound)) : c->bound,
					      -better)
			       : 1;
	}
	return stats_holm(p, c->list.nr);
}

static bool is_beyond(const struct compare *c, const struct judge_comparison *j, double p)
{
	int better = metric_words(j->metric).better;

	if (!j->judged || !j->seen || p > STATS_ALPHA)
		return false;
	return better > 0 ? j->effect.high < log1p(-expm1(c->bound))
			  : better < 0 && j->effect.low > c->bound;
}

static double median_of(const struct compare *c, int side, const char *cell, const char *metric)
{
	const json_t *metrics = within(c->cells[side], cell, "metrics");

	return json_number_value(within(metrics, metric, "median"));
}

static json_t *to_json(const struct compare *c, const struct judge_comparison *j, double p_beyond)
{
	static const char *const keys[] = {
		"workload",
		"metric",
		"n",
		"outcome",
		"word",
		"effect_percent",
		"ci_low_percent",
		"ci_high_percent",
		"p",
		"p_holm",
		"visible_percent",
		"noise_percent",
	};
	json_t *all = judge_to_json(j), *out = json_object();
	bool whole = j->kind == JUDGE_PARAMETER;
	const char *cell = j->pairs[0].base;

	json_object_set_new(out, "cell", whole ? json_null() : json_string(cell));
	json_object_set_new(out, "cells", json_integer((json_int_t)j->nr_pairs));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(all, keys[i]))
			json_object_set(out, keys[i], json_object_get(all, keys[i]));
	if (!whole) {
		json_object_set_new(out, "a", json_real(median_of(c, 0, cell, j->metric)));
		json_object_set_new(out, "b", json_real(median_of(c, 1, cell, j->metric)));
	}
	json_object_set_new(out, "p_beyond", json_real(p_beyond));
	json_object_set_new(out, "regression", json_boolean(is_beyond(c, j, p_beyond)));
	json_decref(all);
	return out;
}

static int judge_all(struct compare *c)
{
	double *p = calloc(c->list.nr + 1, sizeof(*p));
	json_t *list = json_array();
	json_int_t regressions = 0;
	long comparisons;
	int err = p ? 0 : -ENOMEM;

	for (size_t i = 0; i < c->list.nr && !err; i++)
		err = judge_evaluate(&c->list.list[i], c->cells[0], c->cells[1], c->paired);
	comparisons = err ? err : judge_correct(c->list.list, c->list.nr);
	if (comparisons < 0 || beyond(c, p)) {
		free(p);
		json_decref(list);
		return no_memory(c);
	}
	for (size_t i = 0; i < c->list.nr; i++) {
		regressions += is_beyond(c, &c->list.list[i], p[i]);
		json_array_append_new(list, to_json(c, &c->list.list[i], p[i]));
	}
	free(p);
	json_object_set_new(c->out, "regressions", json_integer(regressions));
	json_object_set_new(c->out, "statistics",
			    json_pack("{s:f, s:i, s:i, s:f, s:f, s:i, s:s}", "confidence",
				      STATS_CONFIDENCE, "resamples", (int)stats_resamples, "seed",
				      STATS_SEED, "alpha", STATS_ALPHA, "power", STATS_POWER,
				      "comparisons", (int)comparisons, "correction", "Holm"));
	json_object_set_new(c->out, "comparisons", list);
	return 0;
}

/* ---- which cells ---- */

static json_t *only_in(const struct compare *c, int side)
{
	json_t *list = json_array(), *cell;
	const char *name;

	json_object_foreach(c->cells[side], name, cell)
		if (!json_object_get(c->cells[!side], name))
			json_array_append_new(list, json_string(name));
	return list;
}

/* The names of the cells to compare; new reference, or NULL with a sentence. */
static json_t *find_common(struct compare *c)
{
	json_t *common = json_array(), *different = json_array(), *cell;
	const char *name, *first = NULL, *first_why = NULL;

	json_object_foreach(c->cells[0], name, cell) {
		json_t *other = json_object_get(c->cells[1], name);
		const char *why;

		if (!other || json_is_true(json_object_get(cell, "control")))
			continue;
		why = facts_cells_differ(cell, other);
		if (why) {
			first = first ? first : name;
			first_why = first_why ? first_why : why;
			json_array_append_new(different,
					      json_pack("{s:s, s:s}", "cell", name, "why", why));
		} else {
			json_array_append_new(common, json_string(name));
		}
	}
	json_object_set_new(c->out, "different", different);
	if (json_array_size(common))
		return common;
	if (first)
		ct_user_error(c->e,
			      "'%.250s' and '%.250s' have no cell with the same parameters: "
			      "'%.200s' has another %s; measure both with the same workloads",
			      c->run[0]->path, c->run[1]->path, first, first_why);
	else
		ct_user_error(c->e,
			      "'%.350s' and '%.350s' have no cell in common; measure both with the "
			      "same workloads",
			      c->run[0]->path, c->run[1]->path);
	json_decref(common);
	return NULL;
}

static int split_metrics(struct compare *c, const char *names)
{
	char *rest = c->metric_names, *name;
	const struct figure *f = NULL;

	c->asked = names != NULL;
	while (!names && (f = figure_next(f, FIGURE_METRIC)))
		if ((f->judged || f->compared) && c->nr_metrics < METRICS_MAX)
			c->metrics[c->nr_metrics++] = f->name;
	if (!names)
		return 0;
	if ((size_t)snprintf(c->metric_names, sizeof(c->metric_names), "%s", names) >=
	    sizeof(c->metric_names))
		return ct_user_error(c->e, "--metric has too many names");
	while ((name = strsep(&rest, ","))) {
		size_t i = 0;

		while (i < c->nr_metrics && strcmp(c->metrics[i], name))
			i++;
		/* A metric that is named twice is compared once. */
		if (!*name || i < c->nr_metrics)
			continue;
		if (c->nr_metrics == METRICS_MAX)
			return ct_user_error(c->e, "--metric has too many names: %d at most",
					     METRICS_MAX);
		c->metrics[c->nr_metrics++] = name;
	}
	return 0;
}

static int compare_cells(struct compare *c, const json_t *common)
{
	const json_t *metrics = json_object_get(
		json_object_get(c->cells[0], json_string_value(json_array_get(common, 0))),
		"metrics");
	char known[512] = "";
	size_t before, at = 0;
	const char *key;
	json_t *value;
	int err = 0;

	for (size_t m = 0; m < c->nr_metrics && !err; m++) {
		before = c->list.nr;
		err = compare_metric(c, common, c->metrics[m]);
		if (err || !c->asked || c->list.nr > before)
			continue;
		json_object_foreach((json_t *)metrics, key, value)
			if (at < sizeof(known) - 64)
				at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%.48s",
						       at ? ", " : "", key);
		err = ct_user_error(
			c->e, "no common cell of the two runs has the metric '%.64s'; they have %s",
			c->metrics[m], known);
	}
	if (!err && !c->list.nr)
		err = ct_user_error(
			c->e, "no cell has figures in both runs, so there is nothing to compare");
	drop_doubles(c);
	return err;
}

json_t *judge_compare(const struct compare_run *a, const struct compare_run *b, const char *metrics,
		      double bound, bool paired, struct ct_error *e)
{
	struct compare c = { .run = { a, b }, .bound = log1p(bound), .e = e, .out = json_object() };
	json_t *common = NULL;
	int err = split_metrics(&c, metrics);

	c.paired = paired;
	for (int side = 0; side < 2 && !err; side++)
		err = check_report(&c, side);
	if (!err)
		err = check_builds(&c);
	if (!err) {
		common = find_common(&c);
		err = common ? compare_cells(&c, common) : -EINVAL;
	}
	if (!err) {
		json_object_set_new(c.out, "a", about_run(&c, 0));
		json_object_set_new(c.out, "b", about_run(&c, 1));
		json_object_set_new(c.out, "bound_percent", json_real(100 * bound));
		json_object_set_new(c.out, "only_a", only_in(&c, 0));
		json_object_set_new(c.out, "only_b", only_in(&c, 1));
		json_object_set_new(c.out, "environment",
				    facts_differences(json_object_get(c.report[0], "environment"),
						      json_object_get(c.report[1], "environment")));
		err = judge_all(&c);
	}
	judge_free(&c.list);
	json_decref(common);
	if (!err)
		return c.out;
	json_decref(c.out);
	return NULL;
}
