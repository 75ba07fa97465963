/* SPDX-License-Identifier: MIT */
/* Effects, noise, and the correction for many comparisons; see judge.h. */
#include "harness/judge/judge.h"

#include "harness/base/array.h"
#include "harness/judge/budget.h"
#include "harness/judge/scaling.h"

#include "harness/base/json_read.h"
#include "harness/numbers/histogram.h"
#include "harness/results/figures.h"
#include "harness/results/metric.h"
#include "harness/numbers/random.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one comparison ---- */

struct samples {
	struct stats_sample *list;
	json_int_t *session; /* of each: the first that it was measured in; 0: not side by side */
	size_t nr;
	size_t most; /* the most values in a sample that was left out */
};

static void free_samples(struct samples *s)
{
	for (size_t i = 0; i < s->nr; i++)
		free(s->list[i].values);
	free(s->list);
	free(s->session);
}

/* Takes over values. False if there are too few to judge. */
static bool add_sample(struct samples *s, double *values, size_t n, double weight)
{
	s->session[s->nr] = 0;
	s->list[s->nr++] = (struct stats_sample){ .values = values, .n = n, .weight = weight };
	return n >= STATS_LEAST;
}

/*
 * Replace values by their logarithms and drop values of 0, which have no ratio.
 */
static size_t logarithms(double *values, size_t n)
{
	size_t nr = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i]) && values[i] > 0)
			values[nr++] = log(values[i]);
	return nr;
}

/* Did both run within the same block? Repeats that --resume measured later did not. */
static bool same_pass(const json_t *a, const json_t *b, size_t repeat)
{
	return json_integer_value(json_array_get(json_object_get(a, "passes"), repeat)) ==
	       json_integer_value(json_array_get(json_object_get(b, "passes"), repeat));
}

/* The range of CPU distances of a state.  False if the cell saw one state only. */
static bool limits(const json_t *cell, enum judge_cpus cpus, double *from, double *to)
{
	double near, far, limit = cpus == JUDGE_CPUS_ANY ? 0 : judge_cpu_states(cell, &near, &far);

	*from = cpus == JUDGE_CPUS_FAR ? limit : 0;
	*to = cpus == JUDGE_CPUS_NEAR ? limit : INFINITY;
	return cpus == JUDGE_CPUS_ANY || limit > 0;
}

/* Within rounds if both were measured side by side, else repeat by repeat. */
static bool
add_paired(struct samples *s, const struct judge_comparison *c, const json_t *base, double *a,
	   size_t na, const json_t *other, double *b, size_t nb, double weight)
{
	bool within = na == nb;
	double from, to;
	size_t nr = 0;

	if (!limits(base, c->cpus, &from, &to))
		na = 0;
	for (size_t i = 0; i < na && i < nb; i++) {
		if (judge_within_rounds(base, other, c->metric, i, from, to, &a[nr])) {
			nr++;
			continue;
		}
		if (c->cpus != JUDGE_CPUS_ANY)
			continue;
		within = false;
		if (isfinite(a[i]) && isfinite(b[i]) && a[i] > 0 && b[i] > 0 &&
		    same_pass(base, other, i))
			a[nr++] = log(b[i] / a[i]);
	}
	free(b);
	/* In one state instances are missing, and different ones in each pair. */
	within = add_sample(s, a, nr, weight) && (within || c->cpus != JUDGE_CPUS_ANY);
	s->session[s->nr - 1] = within ? judge_first_session(base) : 0;
	s->list[s->nr - 1].whole = within;
	return nr >= STATS_LEAST;
}

static bool
add_unpaired(struct samples *s, double *a, size_t na, double *b, size_t nb, double weight)
{
	bool good = add_sample(s, a, logarithms(a, na), -weight);

	return add_sample(s, b, logarithms(b, nb), weight) && good;
}

/*
 * Add the samples of a pair, with the sign of its level as weight. A pair with too few is left out.
 */
static void
add_samples(struct samples *s, const struct judge_comparison *c, const struct judge_pair *pair,
	    const json_t *a, const json_t *b, bool paired)
{
	size_t na = 0, nb = 0, before = s->nr;
	const json_t *base = json_object_get(a, pair->base);
	const json_t *other = json_object_get(b, pair->other);
	double *x = metric_values(base, c->metric, &na), *y = metric_values(other, c->metric, &nb);

	if (x && y &&
	    (paired ? add_paired(s, c, base, x, na, other, y, nb, pair->level)
		    : add_unpaired(s, x, na, y, nb, pair->level)))
		return;
	if (s->nr == before) {
		free(x);
		free(y);
		s->most = 0;
	}
	while (s->nr > before) {
		s->nr--;
		s->most = s->list[s->nr].n > s->most ? s->list[s->nr].n : s->most;
		free(s->list[s->nr].values);
	}
}

/* Give each pair of a level the same weight. False if a level has no pair. */
static bool set_weights(struct samples *s, bool paired, bool two_levels)
{
	size_t at[2] = { 0, 0 }, per_pair = paired ? 1 : 2;

	/* The last sample of a pair has the sign of its level. */
	for (size_t i = per_pair - 1; i < s->nr; i += per_pair)
		at[s->list[i].weight < 0]++;
	for (size_t i = per_pair - 1; i < s->nr; i += per_pair) {
		double count = (double)at[s->list[i].weight < 0];

		for (size_t k = 0; k < per_pair; k++)
			s->list[i - k].weight /= count;
	}
	return at[0] && (at[1] || !two_levels);
}

/*
 * Pairs that were measured in the same rounds saw the same states of the machine, so they are not
 * independent: their weighted sum, instance by instance, is one sample.
 */
static void merge_sessions(struct samples *s)
{
	size_t nr = 0;

	for (size_t i = 0; i < s->nr; i++) {
		struct stats_sample *one = &s->list[i];
		size_t k = 0;

		while (k < nr &&
		       (!s->session[i] || s->session[k] != s->session[i] || s->list[k].n != one->n))
			k++;
		for (size_t v = 0; v < one->n && s->session[i]; v++)
			one->values[v] =
				one->weight * one->values[v] + (k < nr ? s->list[k].values[v] : 0);
		if (s->session[i])
			one->weight = 1;
		if (k < nr)
			free(s->list[k].values);
		s->session[k] = s->session[i];
		s->list[k] = *one;
		nr += k == nr;
	}
	s->nr = nr;
}

int judge_evaluate(struct judge_comparison *c, const json_t *a, const json_t *b, bool paired)
{
	struct samples s = { .list = calloc(2 * c->nr_pairs + 1, sizeof(*s.list)),
			     .session = calloc(2 * c->nr_pairs + 1, sizeof(*s.session)) };
	int err = s.list && s.session ? 0 : -ENOMEM;

	c->left_out = 0;
	for (size_t i = 0; i < c->nr_pairs && !err; i++) {
		size_t before = s.nr;

		add_samples(&s, c, &c->pairs[i], a, b, paired);
		c->left_out += s.nr == before;
	}
	c->n = s.most;
	if (!err && set_weights(&s, paired, c->kind == JUDGE_INTERACTION)) {
		merge_sessions(&s);
		err = stats_contrast(&c->effect, s.list, s.nr, STATS_SEED);
		c->judged = !err;
		c->n = SIZE_MAX;
		for (size_t i = 0; i < s.nr; i++)
			c->n = s.list[i].n < c->n ? s.list[i].n : c->n;
	}
	free_samples(&s);
	return err == -ENOMEM ? err : 0;
}

double judge_resolution(const char *metric)
{
	const struct figure *f = figure_find(FIGURE_METRIC, metric);

	return f && f->of_classes ? -log1p(-HISTOGRAM_ERROR) : 0;
}

/* Counts that are equal in all repeats need no test, and are not counted for the correction. */
static bool is_test(const struct judge_comparison *c)
{
	return c->judged && (c->effect.se > 0 || c->effect.value != 0);
}

long judge_correct(struct judge_comparison *list, size_t nr)
{
	double *p = calloc(nr + 1, sizeof(*p));
	size_t n = 0, at = 0;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		if (is_test(&list[i]))
			p[n++] = list[i].effect.p;
	if (stats_holm(p, n)) {
		free(p);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr; i++) {
		struct judge_comparison *c = &list[i];

		if (!c->judged)
			continue;
		c->p_holm = is_test(c) ? p[at++] : 1;
		c->visible = fmax(stats_visible(&c->effect, n),
				  fmax(judge_resolution(c->metric), c->noise));
		c->seen = c->p_holm <= STATS_ALPHA && (c->effect.low > 0 || c->effect.high < 0) &&
			  fabs(c->effect.value) > judge_resolution(c->metric) &&
			  !(fabs(c->effect.value) <= c->noise);
	}
	free(p);
	return (long)n;
}

/* ---- noise ---- */

/* The cell that was measured twice has the control's name without "/control". */
static int
find_control(struct judge_list *l, const json_t *report, const char *workload, const char *metric)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	const char *name, *base;
	json_t *other;

	json_object_foreach(cells, name, cell) {
		struct judge_comparison *c;
		char text[2048];

		if (!json_is_true(json_object_get(cell, "control")) ||
		    strcmp(text_of(cell, "workload"), workload) || !within(cell, "metrics", metric))
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)(strrchr(name, '/') - name), name);
		json_object_foreach(cells, base, other)
			if (!strcmp(base, text))
				break;
		if (!base || !within(other, "metrics", metric))
			continue;
		if (!array_room(l->list, l->nr))
			return -ENOMEM;
		c = &l->list[l->nr++];
		*c = (struct judge_comparison){ .metric = metric, .noise = NAN };
		c->workload = text_of(cell, "workload");
		c->pairs = calloc(1, sizeof(*c->pairs));
		if (!c->pairs)
			return -ENOMEM;
		c->nr_pairs = 1;
		c->pairs[0] = (struct judge_pair){ base, name, 1 };
	}
	return 0;
}

/* With too few repeats for a test, compare medians. */
static double plain_ratio(const json_t *cells, const struct judge_comparison *c)
{
	double a = 0, b = 0;

	if (json_unpack(json_object_get(cells, c->pairs[0].base), "{s:{s:{s:f}}}", "metrics",
			c->metric, "median", &a) ||
	    json_unpack(json_object_get(cells, c->pairs[0].other), "{s:{s:{s:f}}}", "metrics",
			c->metric, "median", &b) ||
	    a <= 0 || b <= 0)
		return NAN;
	return log(b / a);
}

static double percent(double log_ratio)
{
	return 100 * expm1(log_ratio);
}

/*
 * The end of the interval that is farther from 0, at least the metric's resolution; NAN without an
 * interval.
 */
static double far_end(const struct judge_comparison *c)
{
	return c->judged ? fmax(fmax(fabs(c->effect.low), fabs(c->effect.high)),
				judge_resolution(c->metric))
			 : NAN;
}

static json_t *
noise_to_json(const json_t *cells, const struct judge_list *pairs, size_t comparisons)
{
	json_t *list = json_array();
	double most = NAN;

	for (size_t i = 0; i < pairs->nr; i++) {
		const struct judge_comparison *c = &pairs->list[i];
		double effect = c->judged ? c->effect.value : plain_ratio(cells, c);
		json_t *pair;

		if (!isfinite(effect))
			continue;
		most = fmax(most, far_end(c));
		pair = json_pack(
			"{s:s, s:s, s:s, s:s, s:f, s:i, s:O*}", "workload", c->workload, "cell",
			c->pairs[0].base, "control", c->pairs[0].other, "metric", c->metric,
			"effect_percent", percent(effect), "n", (int)c->n, "program",
			within(json_object_get(cells, c->pairs[0].base), "parameters", "program"));
		if (c->judged) {
			double visible = fmax(stats_visible(&c->effect, comparisons), far_end(c));

			json_object_set_new(pair, "percent", json_real(percent(far_end(c))));
			json_object_set_new(pair, "ci_low_percent",
					    json_real(percent(c->effect.low)));
			json_object_set_new(pair, "ci_high_percent",
					    json_real(percent(c->effect.high)));
			json_object_set_new(pair, "visible_percent", json_real(percent(visible)));
			json_object_set_new(pair, "p", json_real(c->effect.p));
		}
		json_array_append_new(list, pair);
	}
	if (!json_array_size(list)) {
		json_decref(list);
		return json_null();
	}
	return json_pack("{s:o, s:o}", "percent",
			 isfinite(most) ? json_real(percent(most)) : json_null(), "pairs", list);
}

/* ---- the run ---- */

static bool has_metric(const json_t *report, const char *workload, const char *metric)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	const char *name;

	json_object_foreach(cells, name, cell)
		if (!strcmp(text_of(cell, "workload"), workload) && within(cell, "metrics", metric))
			return true;
	return false;
}

const char *judge_metric(const json_t *report, const char *workload)
{
	const struct figure *f = NULL, *best = NULL;

	while ((f = figure_next(f, FIGURE_METRIC)))
		if (f->judged > (best ? best->judged : 0) && has_metric(report, workload, f->name))
			best = f;
	return best ? best->name : NULL;
}

static int judge_workload(struct judge_list *l, struct judge_list *controls, const json_t *report,
			  const json_t *workload, const char *metric, bool paired)
{
	const json_t *cells = json_object_get(report, "cells");
	size_t first = l->nr, control = controls->nr;
	double noise = NAN;
	int err = find_control(controls, report, text_of(workload, "name"), metric);

	for (; control < controls->nr && !err; control++) {
		struct judge_comparison *c = &controls->list[control];

		err = judge_evaluate(c, cells, cells, paired);
		noise = fmax(noise, far_end(c));
	}
	judge_find(l, report, workload, metric);
	if (l->failed)
		err = -ENOMEM;
	for (size_t i = first; i < l->nr && !err; i++) {
		l->list[i].noise = noise;
		err = judge_evaluate(&l->list[i], cells, cells, paired);
		if (!err && paired)
			err = judge_in_states(&l->list[i], cells);
	}
	return err;
}

int judge_run(json_t *report)
{
	struct judge_list all = { 0 }, controls = { 0 };
	bool paired = json_is_true(json_object_get(report, "interleaved"));
	json_t *workload, *verdicts = json_array();
	long comparisons = 0;
	int err = 0;
	size_t i;

	json_array_foreach(json_object_get(report, "workloads"), i, workload) {
		const char *metric = judge_metric(report, text_of(workload, "name"));

		if (metric && !err)
			err = judge_workload(&all, &controls, report, workload, metric, paired);
	}
	if (!err)
		comparisons = judge_correct(all.list, all.nr);
	if (comparisons < 0)
		err = -ENOMEM;
	if (err)
		goto out;
	judge_cells_in_states(report);
	for (i = 0; i < all.nr; i++)
		json_array_append_new(verdicts, judge_to_json(&all.list[i]));
	json_object_set_new(report, "statistics",
			    json_pack("{s:f, s:i, s:i, s:f, s:f, s:i, s:s}", "confidence",
				      STATS_CONFIDENCE, "resamples", (int)stats_resamples, "seed",
				      STATS_SEED, "alpha", STATS_ALPHA, "power", STATS_POWER,
				      "comparisons", (int)comparisons, "correction", "Holm"));
	json_object_set_new(
		report, "noise",
		noise_to_json(json_object_get(report, "cells"), &controls, (size_t)comparisons));
	json_object_set(report, "verdicts", verdicts);
	err = judge_power(report);
	if (!err)
		err = judge_curves(report);
	if (!err)
		err = judge_scaling(report);
	judge_budgets(report);
out:
	json_decref(verdicts);
	judge_free(&all);
	judge_free(&controls);
	return err;
}
