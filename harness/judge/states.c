/* SPDX-License-Identifier: MIT */
/* Effects with near and with far CPUs; see judge.h. */
#include "harness/judge/judge.h"

#include "harness/base/json_read.h"
#include "harness/numbers/quartiles.h"

#include <errno.h>
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define APART	    1.5 /* factor between the two states, as for one slice (distance.h) */
#define SHARE_LEAST 0.1 /* of the slices, in each state */
#define CLEAR	    3.0 /* the states differ by that many of their own deviations */

/* ---- the states of a cell ---- */

/*
 * The values of key in the slices whose CPUs were from ... to ns apart, sorted; NULL without any
 * slice. all: the number of slices.
 */
static double *
slices_between(const json_t *cell, const char *key, double from, double to, size_t *nr, size_t *all)
{
	json_t *list = json_object_get(cell, "slices"), *one;
	double *values = NULL;
	size_t i;

	*nr = *all = 0;
	json_array_foreach(list, i, one) {
		const json_t *distance = json_object_get(one, "distance_ns");
		size_t n = json_array_size(distance);
		double *more = realloc(values, (*nr + n + 1) * sizeof(*values));

		if (!more)
			break;
		values = more;
		for (size_t k = 0; k < n; k++, ++*all)
			if (number_at(distance, k) >= from && number_at(distance, k) <= to)
				values[(*nr)++] = number_at(json_object_get(one, key), k);
	}
	if (*nr)
		qsort(values, *nr, sizeof(*values), by_value);
	return values;
}

/* Logarithms of the distances in all slices that were used, sorted; NULL without any. */
static double *distances(const json_t *cell, size_t *nr)
{
	size_t all;
	double *values = slices_between(cell, "distance_ns", DBL_MIN, INFINITY, nr, &all);

	for (size_t i = 0; i < *nr; i++)
		values[i] = log(values[i]);
	return values;
}

struct part {
	double mean, squares; /* squares: of deviations, summed */
};

static struct part part_of(const double *v, size_t from, size_t to)
{
	struct part p = { 0 };

	for (size_t i = from; i < to; i++)
		p.mean += v[i] / (double)(to - from);
	for (size_t i = from; i < to; i++)
		p.squares += (v[i] - p.mean) * (v[i] - p.mean);
	return p;
}

/*
 * The split with the least scatter within both groups (Fisher 1958, Otsu 1979): the second's start.
 */
static size_t split(const double *v, size_t nr)
{
	size_t least = (size_t)fmax(1, SHARE_LEAST * (double)nr), best = 0;
	double sum = 0, before = 0, most = -1;

	for (size_t i = 0; i < nr; i++)
		sum += v[i];
	for (size_t i = 1; i < nr; i++) {
		double left, right, between;

		before += v[i - 1];
		left = before / (double)i;
		right = (sum - before) / (double)(nr - i);
		between = (double)i * (double)(nr - i) * (right - left) * (right - left);
		if (i >= least && nr - i >= least && between > most) {
			most = between;
			best = i;
		}
	}
	return best;
}

static bool are_two(const double *v, size_t at, size_t nr)
{
	struct part near = part_of(v, 0, at), far = part_of(v, at, nr);
	double deviation = sqrt((near.squares + far.squares) / (double)nr);

	return far.mean - near.mean > log(APART) && far.mean - near.mean > CLEAR * deviation;
}

double judge_cpu_states(const json_t *cell, double *near, double *far)
{
	size_t nr, at;
	double *v = distances(cell, &nr), limit = 0;

	at = v ? split(v, nr) : 0;
	if (at && are_two(v, at, nr)) {
		*near = exp(v[at / 2]);
		*far = exp(v[at + (nr - at) / 2]);
		limit = exp((v[at - 1] + v[at]) / 2);
	}
	free(v);
	return limit;
}

/*
 * The median ns of an operation in slices with such distances of CPUs, and the share of these
 * slices.
 */
static json_t *cell_in_state(const json_t *cell, double apart, double from, double to)
{
	size_t nr, all;
	double *values = slices_between(cell, "ns", from, to, &nr, &all);
	json_t *json =
		json_pack("{s:f, s:f, s:f}", "ns", apart, "ns_per_op", nr ? values[nr / 2] : 0.0,
			  "share", all ? (double)nr / (double)all : 0.0);

	free(values);
	return json;
}

void judge_cells_in_states(json_t *report)
{
	const char *name;
	json_t *cell;

	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		double near = 0, far = 0, limit = judge_cpu_states(cell, &near, &far);

		if (limit > 0)
			json_object_set_new(cell, "cpus",
					    json_pack("{s:o, s:o}", "near",
						      cell_in_state(cell, near, 0, limit), "far",
						      cell_in_state(cell, far, limit, INFINITY)));
	}
}

/* ---- a comparison in them ---- */

static int in_state(struct judge_state *state, const struct judge_comparison *c,
		    const json_t *cells, enum judge_cpus cpus)
{
	struct judge_comparison copy = *c;
	int err;

	copy.cpus = cpus;
	copy.judged = false;
	err = judge_evaluate(&copy, cells, cells, true);
	state->judged = copy.judged;
	state->effect = copy.effect;
	state->n = copy.n;
	return err;
}

int judge_in_states(struct judge_comparison *c, const json_t *cells)
{
	double near = 0, far = 0;
	bool both = false;
	int err;

	for (size_t i = 0; i < c->nr_pairs && !both && c->judged; i++)
		both = judge_cpu_states(json_object_get(cells, c->pairs[i].base), &near, &far) > 0;
	if (!both || c->kind == JUDGE_INTERACTION)
		return 0;
	c->near.ns = near;
	c->far.ns = far;
	err = in_state(&c->near, c, cells, JUDGE_CPUS_NEAR);
	return err ? err : in_state(&c->far, c, cells, JUDGE_CPUS_FAR);
}

/* ---- in words ---- */

static json_t *state_to_json(const struct judge_state *s)
{
	json_t *json = json_pack("{s:f, s:i}", "ns", s->ns, "n", (int)s->n);

	if (s->judged)
		judge_put_figures(json, &s->effect);
	return json;
}

/* Two-sided p that the effect is the same in both. */
static double same_p(const struct stats_contrast *a, const struct stats_contrast *b)
{
	double by = fabs(a->value - b->value), se = hypot(a->se, b->se);

	return se > 0 ? fmin(1, 2 * stats_t_above(by / se, fmin(a->df, b->df))) : by > 0 ? 0 : 1;
}

json_t *judge_states_json(const struct judge_comparison *c)
{
	json_t *json;

	if (c->near.ns <= 0)
		return NULL;
	json = json_pack("{s:o, s:o}", "near", state_to_json(&c->near), "far",
			 state_to_json(&c->far));
	if (c->near.judged && c->far.judged)
		json_object_set_new(json, "same_p",
				    json_real(same_p(&c->near.effect, &c->far.effect)));
	return json;
}

/* "-30 % [-31, -30] with CPUs near (87 ns)" */
static void state_text(char *buf, size_t size, const json_t *state, const char *name)
{
	double value = judge_logarithm(state, "effect_percent");
	double low = judge_logarithm(state, "ci_low_percent");
	double high = judge_logarithm(state, "ci_high_percent"), ns = number_of(state, "ns");
	bool ratio = judge_in_ratios(value, low, high);
	char effect[64], interval[96];

	if (!isfinite(value)) {
		snprintf(buf, size, "too few repeats with CPUs %s (%.0f ns)", name, ns);
		return;
	}
	judge_effect(effect, sizeof(effect), value, ratio);
	judge_interval(interval, sizeof(interval), low, high, ratio);
	snprintf(buf, size, "%s %s with CPUs %s (%.0f ns)", effect, interval, name, ns);
}

void judge_states_text(char *buf, size_t size, const json_t *verdict)
{
	const json_t *cpus = json_object_get(verdict, "cpus");
	const json_t *near = json_object_get(cpus, "near"), *far = json_object_get(cpus, "far");
	char with_near[192], with_far[192];

	buf[0] = '\0';
	if (!near || !far)
		return;
	if (number_of(cpus, "same_p") > STATS_ALPHA) {
		snprintf(buf, size,
			 "; no difference seen between CPUs near (%.0f ns) and far (%.0f ns)",
			 number_of(near, "ns"), number_of(far, "ns"));
		return;
	}
	state_text(with_near, sizeof(with_near), near, "near");
	state_text(with_far, sizeof(with_far), far, "far");
	snprintf(buf, size, "; %s, %s", with_near, with_far);
}
