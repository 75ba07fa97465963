/* SPDX-License-Identifier: MIT */
/*
 * Which cells of a workload are compared.
 *
 *	axis		two choices on one axis, all other axes and parameters equal
 *	parameter	two values of a parameter that is a choice (pages: thp, 4k; burst: 1, 64),
 *			everything else equal, the variant included
 *	variant		a table that is compared on no axis, with the first variant
 *			A run of two programs compares only their parameter `program`.
 *	interaction	one of these at two levels of something else: another axis, or a parameter
 *			(its smallest and largest value if it is a number)
 *
 * The base is the choice that comes first in the workload. Workloads follow the register, which
 * begins with the baseline.
 */
#include "harness/judge/judge.h"

#include "harness/base/array.h"
#include "harness/base/json_read.h"
#include "harness/judge/axes.h"
#include "harness/workload/parameters.h"
#include "harness/workload/quantity.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHOICES_MAX 32

/* The difference of two cells: an axis or a parameter; without a name, the variant as a whole. */
struct factor {
	const char *name;
	bool axis;
};

struct point {
	const char *name;
	const json_t *cell, *parameters;
};

struct finder {
	struct judge_list *out;
	const char *workload, *metric;
	const json_t *varying;
	struct axes axes;
	struct point *points; /* cells with that figure or without any, no controls */
	size_t nr;
	bool main_only;	       /* no interactions */
	const char **compared; /* variants that were compared on an axis */
	size_t nr_compared;
};

/* ---- parameters ---- */

static void value_text(char *buf, size_t size, const json_t *value)
{
	if (json_is_string(value))
		snprintf(buf, size, "%s", json_string_value(value));
	else if (json_is_boolean(value))
		snprintf(buf, size, "%s", json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value) && json_integer_value(value) >= 0)
		print_count(buf, size, (uint64_t)json_integer_value(value));
	else if (json_is_number(value))
		snprintf(buf, size, "%.10g", json_number_value(value));
	else
		snprintf(buf, size, "-");
}

/*
 * Variants that take only powers of two get the nearest number of buckets. So equal load factors of
 * a workload may become ones that differ by up to the square root of two.
 */
static bool same_load(const json_t *a, const json_t *b)
{
	double x = json_number_value(json_object_get(a, "load_factor"));
	double y = json_number_value(json_object_get(b, "load_factor"));

	return x <= 0 || y <= 0 ? x == y : fabs(log(x / y)) < log(1.5);
}

/* Are all parameters equal, except the variant and one more (or NULL)? */
static bool same_parameters(const struct point *a, const struct point *b, const char *but)
{
	bool rounded = json_is_true(json_object_get(a->parameters, "buckets_rounded")) ||
		       json_is_true(json_object_get(b->parameters, "buckets_rounded"));
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)a->parameters, key, value) {
		if (!strcmp(key, "variant") || !strcmp(key, "name") ||
		    !strcmp(key, "buckets_rounded") || (but && !strcmp(key, but)))
			continue;
		if (rounded && !strcmp(key, "buckets"))
			continue;
		if (rounded && !strcmp(key, "load_factor")) {
			if (!same_load(a->parameters, b->parameters))
				return false;
			continue;
		}
		if (!json_equal(value, json_object_get(b->parameters, key)))
			return false;
	}
	return true;
}

bool judge_same_point(const json_t *a, const json_t *b)
{
	const struct point x = { NULL, a, json_object_get(a, "parameters") };
	const struct point y = { NULL, b, json_object_get(b, "parameters") };

	return same_parameters(&x, &y, NULL);
}

/* ---- the list ---- */

static struct judge_comparison *add(struct finder *f, enum judge_kind kind)
{
	struct judge_list *l = f->out;

	if (!array_room(l->list, l->nr)) {
		l->failed = true;
		return NULL;
	}
	l->list[l->nr] = (struct judge_comparison){
		.workload = f->workload,
		.metric = f->metric,
		.kind = kind,
		.noise = NAN,
	};
	return &l->list[l->nr++];
}

static bool add_pair(struct judge_list *l, struct judge_comparison *c, const char *base,
		     const char *other, int level)
{
	if (!array_room(c->pairs, c->nr_pairs)) {
		l->failed = true;
		return false;
	}
	c->pairs[c->nr_pairs++] = (struct judge_pair){ base, other, level };
	return true;
}

void judge_free(struct judge_list *l)
{
	for (size_t i = 0; i < l->nr; i++)
		free(l->list[i].pairs);
	free(l->list);
	memset(l, 0, sizeof(*l));
}

/* ---- levels: other choices that a comparison's pairs differ in ---- */

static const struct point *point_of(const struct finder *f, const char *name)
{
	for (size_t i = 0; i < f->nr; i++)
		if (f->points[i].name == name)
			return &f->points[i];
	return NULL;
}

static void level_of(char *buf, size_t size, const struct point *p, struct factor of)
{
	if (of.axis)
		snprintf(buf, size, "%s", axis_choice(p->cell, of.name));
	else
		value_text(buf, size, json_object_get(p->parameters, of.name));
}

/* Does the list have the same pairs at the same levels under another name? */
static bool asked_before(const struct judge_list *l, size_t of, const struct judge_comparison *c)
{
	for (size_t i = of + 1; &l->list[i] < c; i++) {
		const struct judge_comparison *d = &l->list[i];

		size_t k = 0;

		while (k < c->nr_pairs && k < d->nr_pairs && d->pairs[k].base == c->pairs[k].base &&
		       d->pairs[k].other == c->pairs[k].other &&
		       d->pairs[k].level == c->pairs[k].level)
			k++;
		if (k == c->nr_pairs && k == d->nr_pairs)
			return true;
	}
	return false;
}

static void
interaction_at(struct finder *f, size_t of, struct factor by, const char *base, const char *choice)
{
	struct judge_comparison *c = add(f, JUDGE_INTERACTION), *main;
	char level[128];

	if (!c)
		return;
	main = &f->out->list[of]; /* add() may have moved it */
	c->what = main->what;
	snprintf(c->by.factor, sizeof(c->by.factor), "%s", by.name);
	snprintf(c->by.base, sizeof(c->by.base), "%s", base);
	snprintf(c->by.choice, sizeof(c->by.choice), "%s", choice);
	for (size_t i = 0; i < main->nr_pairs; i++) {
		const struct judge_pair *pair = &main->pairs[i];

		level_of(level, sizeof(level), point_of(f, pair->base), by);
		if (!strcmp(level, choice))
			add_pair(f->out, c, pair->base, pair->other, 1);
		else if (!strcmp(level, base))
			add_pair(f->out, c, pair->base, pair->other, -1);
	}
	if (asked_before(f->out, of, c))
		free(f->out->list[--f->out->nr].pairs);
}

static void interactions_with(struct finder *f, size_t of, struct factor by)
{
	char levels[CHOICES_MAX][128], level[128];
	size_t nr = 0, least = 0, most = 0;
	double numbers[CHOICES_MAX];
	bool number = !by.axis;

	for (size_t i = 0; i < f->out->list[of].nr_pairs; i++) {
		const struct point *p = point_of(f, f->out->list[of].pairs[i].base);
		size_t k = 0;

		level_of(level, sizeof(level), p, by);
		while (k < nr && strcmp(levels[k], level))
			k++;
		if (k < nr || nr == CHOICES_MAX || (by.axis && axis_absent(level)))
			continue;
		numbers[nr] = number ? number_of(p->parameters, by.name) : NAN;
		number &= isfinite(numbers[nr]);
		if (number && numbers[nr] < numbers[least])
			least = nr;
		if (number && numbers[nr] > numbers[most])
			most = nr;
		strcpy(levels[nr++], level);
	}
	if (number && least != most)
		interaction_at(f, of, by, levels[least], levels[most]);
	for (size_t k = 1; k < nr && !number; k++)
		interaction_at(f, of, by, levels[0], levels[k]);
}

/* own: the factor of the pairs. */
static void interactions(struct finder *f, size_t of, struct factor own)
{
	json_t *name;
	size_t i;

	for (size_t a = 0; a < f->axes.nr && own.axis; a++) {
		const struct factor by = { f->axes.name[a], true };

		if (strcmp(by.name, own.name) && !axis_follows(own.name, by.name))
			interactions_with(f, of, by);
	}
	json_array_foreach(f->varying, i, name) {
		const char *key = json_string_value(name);

		/* Buckets and load factor follow from each other. */
		if (!key || !strcmp(key, "variant") || !strcmp(key, "buckets") ||
		    (own.name && !own.axis && !strcmp(key, own.name)))
			continue;
		interactions_with(f, of, (struct factor){ key, false });
	}
}

/* ---- main effects ---- */

static void mark_compared(struct finder *f, const struct point *p)
{
	const char *variant = text_of(p->cell, "variant");

	for (size_t i = 0; i < f->nr_compared; i++)
		if (!strcmp(f->compared[i], variant))
			return;
	f->compared[f->nr_compared++] = variant;
}

/* "no instead of yes", "64 instead of 1" and "1Mi instead of 4Ki" need the parameter's name. */
static bool needs_name(const char *choice)
{
	const char *unit = choice + strspn(choice, "0123456789.");

	return !strcmp(choice, "yes") || !strcmp(choice, "no") || !*unit ||
	       (unit > choice && unit[1] == 'i' && !unit[2]);
}

/* Do a and b differ in this factor alone? */
static bool one_choice(const struct point *a, const struct point *b, struct factor of)
{
	if (of.axis)
		return axis_takes_part(a->cell, of.name) &&
		       axis_beside(a->cell, b->cell, of.name) && same_parameters(a, b, NULL);
	return !strcmp(text_of(a->cell, "variant"), text_of(b->cell, "variant")) &&
	       same_parameters(a, b, of.name);
}

/* Find the pairs (base, choice) of a factor; each cell is used once. */
static void find_choice(struct finder *f, struct factor of, const char *base, const char *choice)
{
	size_t at = f->out->nr;
	struct judge_comparison *c = add(f, of.axis ? JUDGE_AXIS : JUDGE_PARAMETER);
	bool *used = calloc(f->nr, sizeof(*used));
	char level[128];

	if (!c || !used) {
		f->out->failed = true;
		free(used);
		return;
	}
	snprintf(c->what.factor, sizeof(c->what.factor), "%s", of.name);
	snprintf(c->what.base, sizeof(c->what.base), "%s", base);
	snprintf(c->what.choice, sizeof(c->what.choice), "%s%s%s",
		 needs_name(choice) ? c->what.factor : "", needs_name(choice) ? " " : "", choice);
	for (size_t i = 0; i < f->nr; i++) {
		const struct point *b = &f->points[i], *a;
		size_t k = 0;

		level_of(level, sizeof(level), b, of);
		if (strcmp(level, choice) || (of.axis && !axis_takes_part(b->cell, of.name)))
			continue;
		for (; k < f->nr; k++) {
			a = &f->points[k];
			level_of(level, sizeof(level), a, of);
			if (!used[k] && !strcmp(level, base) && one_choice(a, b, of))
				break;
		}
		if (k == f->nr || !add_pair(f->out, c, f->points[k].name, b->name, 1))
			continue;
		used[k] = true;
		if (of.axis) {
			mark_compared(f, b);
			mark_compared(f, &f->points[k]);
		}
	}
	free(used);
	if (!c->nr_pairs)
		f->out->nr--;
	else if (!f->main_only)
		interactions(f, at, of);
}

static void find_choices(struct finder *f, struct factor of)
{
	char choices[CHOICES_MAX][128], level[128];
	size_t nr = 0;

	for (size_t i = 0; i < f->nr; i++) {
		size_t k = 0;

		if (of.axis && !axis_takes_part(f->points[i].cell, of.name))
			continue;
		level_of(level, sizeof(level), &f->points[i], of);
		while (k < nr && strcmp(choices[k], level))
			k++;
		if (k == nr && nr < CHOICES_MAX)
			strcpy(choices[nr++], level);
	}
	for (size_t k = 1; k < nr; k++)
		find_choice(f, of, choices[0], choices[k]);
}

static bool is_choice(const struct finder *f, const char *key)
{
	const int id = parameter_find(key, strlen(key));

	if (id >= 0 && parameters[id].choice)
		return true;
	/* Captures are different questions; mixes and rates are quantities. */
	if (!strcmp(key, "variant") || !strcmp(key, "capture") || !strcmp(key, "mix") ||
	    !strcmp(key, "rate") || !strcmp(key, "name"))
		return false;
	for (size_t i = 0; i < f->nr; i++) {
		const json_t *value = json_object_get(f->points[i].parameters, key);

		if (!json_is_string(value) && !json_is_boolean(value))
			return false;
	}
	return true;
}

/* Compare each variant that was compared on no axis with the first one. */
static void find_variants(struct finder *f)
{
	const char *base = f->nr ? text_of(f->points[0].cell, "variant") : "";

	for (size_t i = 0; i < f->nr; i++) {
		const char *variant = text_of(f->points[i].cell, "variant");
		struct judge_comparison *c;
		size_t k = 0, at = f->out->nr;

		while (k < f->nr_compared && strcmp(f->compared[k], variant))
			k++;
		if (k < f->nr_compared || !strcmp(variant, base))
			continue;
		mark_compared(f, &f->points[i]);
		if (axes_incomparable(f->points[i].cell))
			continue;
		c = add(f, JUDGE_VARIANT);
		if (!c)
			return;
		snprintf(c->what.factor, sizeof(c->what.factor), "variant");
		snprintf(c->what.base, sizeof(c->what.base), "%s", base);
		snprintf(c->what.choice, sizeof(c->what.choice), "%s", variant);
		for (size_t b = 0; b < f->nr; b++)
			for (size_t a = 0; a < f->nr; a++)
				if (!strcmp(text_of(f->points[b].cell, "variant"), variant) &&
				    !strcmp(text_of(f->points[a].cell, "variant"), base) &&
				    same_parameters(&f->points[a], &f->points[b], NULL)) {
					add_pair(f->out, c, f->points[a].name, f->points[b].name,
						 1);
					break;
				}
		if (!c->nr_pairs)
			f->out->nr--;
		else
			interactions(f, at, (struct factor){ NULL, false });
	}
}

void judge_find(struct judge_list *l, const json_t *report, const json_t *workload,
		const char *metric)
{
	struct finder f = {
		.out = l,
		.workload = text_of(workload, "name"),
		.metric = metric,
		.varying = json_object_get(workload, "varying"),
	};
	json_t *cells = json_object_get(report, "cells"), *cell, *name;
	const char *key;
	size_t i;

	f.points = calloc(json_object_size(cells) + 1, sizeof(*f.points));
	f.compared = calloc(json_object_size(cells) + 1, sizeof(*f.compared));
	if (!f.points || !f.compared) {
		l->failed = true;
		goto out;
	}
	json_object_foreach(cells, key, cell) {
		const json_t *metrics = json_object_get(cell, "metrics");

		/* A cell without any good measurement stays, so that a verdict reports it. */
		if (strcmp(text_of(cell, "workload"), f.workload) ||
		    json_is_true(json_object_get(cell, "control")) ||
		    (!json_object_get(metrics, metric) && json_object_size(metrics)))
			continue;
		f.points[f.nr++] = (struct point){ key, cell, json_object_get(cell, "parameters") };
	}
	if (json_object_get(report, "other_program")) {
		/* Each further comparison would cost power by the correction. */
		f.main_only = true;
		find_choices(&f, (struct factor){ "program", false });
		goto out;
	}
	axes_of(&f.axes, cells);
	for (size_t a = 0; a < f.axes.nr; a++)
		find_choices(&f, (struct factor){ f.axes.name[a], true });
	json_array_foreach(f.varying, i, name)
		if (json_is_string(name) && is_choice(&f, json_string_value(name)))
			find_choices(&f, (struct factor){ json_string_value(name), false });
	find_variants(&f);
out:
	free(f.points);
	free(f.compared);
}
