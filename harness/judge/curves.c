/* SPDX-License-Identifier: MIT */
/*
 * The value of a parameter from which two choices differ; see judge.h.
 *
 * A verdict is the mean over all values of a parameter. It hides a difference that exists only at
 * some values, for example beyond the caches.
 */
#include "harness/judge/judge.h"

#include "harness/base/json_read.h"
#include "harness/base/text.h"
#include "harness/workload/quantity.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_LEAST 3
#define POINTS_MOST  64

/* ---- which parameter ---- */

static size_t count_values(const json_t *report, const char *workload, const char *key)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	double seen[POINTS_MOST];
	const char *name;
	size_t nr = 0;

	json_object_foreach(cells, name, cell) {
		double value = number_of(json_object_get(cell, "parameters"), key);
		size_t i = 0;

		if (strcmp(text_of(cell, "workload"), workload) || !isfinite(value))
			continue;
		while (i < nr && seen[i] != value)
			i++;
		if (i == nr && nr < POINTS_MOST)
			seen[nr++] = value;
	}
	return nr;
}

/*
 * The only varying parameter besides the variant, if it is a number; buckets are derived from it.
 */
static const char *swept_by(const json_t *report, const json_t *workload)
{
	const char *found = NULL;
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(workload, "varying"), i, name) {
		const char *key = json_string_value(name);

		if (!key || !strcmp(key, "variant") || !strcmp(key, "buckets"))
			continue;
		if (found)
			return NULL;
		found = key;
	}
	return found && count_values(report, text_of(workload, "name"), found) >= POINTS_LEAST
		       ? found
		       : NULL;
}

/* ---- one curve ---- */

struct point {
	json_t *row;
	double value, p;
};

static int by_point(const void *a, const void *b)
{
	double x = ((const struct point *)a)->value, y = ((const struct point *)b)->value;

	return (x > y) - (x < y);
}

static bool same_choice(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "factor"), json_object_get(b, "factor")) &&
	       json_equal(json_object_get(a, "choice"), json_object_get(b, "choice")) &&
	       json_equal(json_object_get(a, "base"), json_object_get(b, "base"));
}

/* The judged rows of one choice, by value. */
static size_t collect(struct point *points, const json_t *rows, const json_t *like)
{
	json_t *row;
	size_t nr = 0, i;

	json_array_foreach(rows, i, row) {
		double p = number_of(row, "p");

		if (same_choice(row, like) && isfinite(p) && nr < POINTS_MOST)
			points[nr++] = (struct point){ row, number_of(row, "value"), p };
	}
	qsort(points, nr, sizeof(*points), by_point);
	return nr;
}

/* Corrected over the points of the curve. */
static int mark_seen(struct point *points, size_t nr)
{
	double p[POINTS_MOST];

	for (size_t i = 0; i < nr; i++)
		p[i] = points[i].p;
	if (stats_holm(p, nr))
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		double low = number_of(points[i].row, "ci_low_percent");
		double high = number_of(points[i].row, "ci_high_percent");

		json_object_set_new(points[i].row, "p_holm", json_real(p[i]));
		json_object_set_new(points[i].row, "seen",
				    json_boolean(p[i] <= STATS_ALPHA && (low > 0 || high < 0)));
	}
	return 0;
}

/* The direction of a difference that is seen; 0: none is. */
static int direction(const struct point *p)
{
	if (!json_is_true(json_object_get(p->row, "seen")))
		return 0;
	return number_of(p->row, "effect_percent") > 0 ? 1 : -1;
}

static int add_curve(json_t *curves, const json_t *rows, const json_t *like, const char *swept)
{
	struct point points[POINTS_MOST];
	size_t nr = collect(points, rows, like), same = 0, parts = nr;
	json_t *curve, *list;

	if (nr < POINTS_LEAST)
		return 0;
	if (mark_seen(points, nr))
		return -ENOMEM;
	while (same < nr && !direction(&points[same]))
		same++;
	while (parts && direction(&points[parts - 1]) &&
	       direction(&points[parts - 1]) == direction(&points[nr - 1]))
		parts--;
	list = json_array();
	curve = json_pack("{s:O, s:s, s:O, s:O, s:O, s:o}", "workload",
			  json_object_get(like, "workload"), "swept", swept, "factor",
			  json_object_get(like, "factor"), "choice",
			  json_object_get(like, "choice"), "base", json_object_get(like, "base"),
			  "points", list);
	for (size_t i = 0; i < nr; i++)
		json_array_append(list, points[i].row);
	if (parts < nr)
		json_object_set_new(curve, "parts_at", json_real(points[parts].value));
	if (same)
		json_object_set_new(curve, "same_to", json_real(points[same - 1].value));
	return json_array_append_new(curves, curve) ? -ENOMEM : 0;
}

static int add_workload(json_t *curves, const json_t *report, const json_t *workload)
{
	const char *swept = swept_by(report, workload);
	json_t *rows, *row, *before;
	size_t i, k;
	int err;

	if (!swept)
		return 0;
	rows = json_array();
	err = judge_points(rows, report, workload, swept);
	json_array_foreach(rows, i, row) {
		bool first = true;

		json_array_foreach(rows, k, before) {
			first &= k >= i || !same_choice(before, row);
		}
		if (first && !err)
			err = add_curve(curves, rows, row, swept);
	}
	json_decref(rows);
	return err;
}

int judge_curves(json_t *report)
{
	return judge_each_workload(report, "curves", add_workload);
}

/* ---- in words ---- */

static void value_text(char *buf, size_t size, double value)
{
	if (value >= 1024 && value == floor(value))
		print_count(buf, size, (uint64_t)value);
	else
		snprintf(buf, size, "%.4g", value);
}

/* "+6.5 % [+5.9, +7.1] at 32Ki" */
static void say_at(char *buf, size_t size, size_t *at, const json_t *point)
{
	double value = judge_logarithm(point, "effect_percent");
	double low = judge_logarithm(point, "ci_low_percent");
	double high = judge_logarithm(point, "ci_high_percent");
	bool ratio = judge_in_ratios(value, low, high);
	char effect[64], interval[96], where[32];

	judge_effect(effect, sizeof(effect), value, ratio);
	judge_interval(interval, sizeof(interval), low, high, ratio);
	value_text(where, sizeof(where), number_of(point, "value"));
	text_add(buf, size, at, "%s %s at %s", effect, interval, where);
}

static const json_t *point_at(const json_t *curve, double value)
{
	json_t *points = json_object_get(curve, "points"), *point;
	size_t i;

	json_array_foreach(points, i, point) {
		if (number_of(point, "value") == value)
			return point;
	}
	return NULL;
}

/* If there is no single point of change, list all values: "4Ki +12 %, 16Ki not seen, ..." */
static void say_all(char *buf, size_t size, size_t *at, const json_t *points)
{
	json_t *point;
	size_t i;

	json_array_foreach(points, i, point) {
		double value = judge_logarithm(point, "effect_percent");
		char effect[64] = "not seen", where[32];

		if (json_is_true(json_object_get(point, "seen")))
			judge_effect(effect, sizeof(effect), value,
				     judge_in_ratios(value, value, value));
		value_text(where, sizeof(where), number_of(point, "value"));
		text_add(buf, size, at, "%s%s %s", i ? ", " : "", where, effect);
	}
}

/* The number of leading points without a difference. */
static size_t alike_upto(const json_t *points)
{
	size_t n = 0;

	while (n < json_array_size(points) &&
	       !json_is_true(json_object_get(json_array_get(points, n), "seen")))
		n++;
	return n;
}

static void say_curve(char *buf, size_t size, size_t *at, const json_t *curve)
{
	const json_t *points = json_object_get(curve, "points");
	const json_t *last = json_array_get(points, json_array_size(points) - 1), *part;
	double parts = number_of(curve, "parts_at"), same = number_of(curve, "same_to");
	const char *swept = text_of(curve, "swept");
	char where[32];

	text_add(buf, size, at, "%s%s instead of %s, by %s: ", *at ? "; " : "",
		 text_of(curve, "choice"), text_of(curve, "base"), swept);
	part = point_at(curve, parts);
	value_text(where, sizeof(where), same);
	if (same == number_of(last, "value")) {
		text_add(buf, size, at, "no difference seen up to %s", where);
		return;
	}
	if (!part || json_array_get(points, alike_upto(points)) != part) {
		say_all(buf, size, at, points);
		return;
	}
	if (isfinite(same))
		text_add(buf, size, at, "no difference seen up to %s, then ", where);
	say_at(buf, size, at, part);
	if (part == last)
		return;
	text_add(buf, size, at, ", ");
	say_at(buf, size, at, last);
}

void judge_curves_text(char *buf, size_t size, const json_t *report, const char *workload)
{
	json_t *curve;
	size_t i, at = 0;

	buf[0] = '\0';
	json_array_foreach(json_object_get(report, "curves"), i, curve) {
		if (!strcmp(text_of(curve, "workload"), workload))
			say_curve(buf, size, &at, curve);
	}
}
