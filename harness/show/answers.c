/* SPDX-License-Identifier: MIT */
#include "harness/show/answers.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/base/text.h"
#include "harness/judge/judge.h"
#include "harness/judge/scaling.h"
#include "harness/numbers/quartiles.h"
#include "harness/show/table/table.h"

#define VARIANTS_MAX 4	 /* variants in an answer: the workload's first ones */
#define POINTS_MAX   64	 /* of a curve */
#define NEAR	     1.1 /* within 10 % of the best */
#define LATE	     2	 /* times the p99 of the lowest rate */

/* The cells of one variant, in the order of the workload; `key` varies among them. */
struct curve {
	const char *variant;
	const json_t *cell[POINTS_MAX];
	size_t nr;
};

struct answer {
	const json_t *report, *workload;
	char *buf;
	size_t at;
};

#define SAY(a, ...) text_add((a)->buf, ANSWER_MAX, &(a)->at, __VA_ARGS__)

/* ---- what was measured ---- */

static bool varies(const struct answer *a, const char *key)
{
	return list_has(json_object_get(a->workload, "varying"), key);
}

static const json_t *parameter(const json_t *cell, const char *key)
{
	return within(cell, "parameters", key);
}

static const char *word(const json_t *cell, const char *key)
{
	return text_of(json_object_get(cell, "parameters"), key);
}

static double median(const json_t *cell, const char *metric)
{
	return number_of(within(cell, "metrics", metric), "median");
}

/* Is it a cell of the workload with this figure, or with a timeline? */
static bool is_measured(const struct answer *a, const json_t *cell, const char *metric)
{
	if (strcmp(text_of(cell, "workload"), text_of(a->workload, "name")) ||
	    json_is_true(json_object_get(cell, "control")))
		return false;
	if (!strcmp(metric, "timeline"))
		return json_is_object(json_object_get(cell, metric));
	/* That nothing was lost is an answer. */
	return !strcmp(metric, "fresh_lost_percent") ? isfinite(median(cell, metric))
						     : median(cell, metric) > 0;
}

/*
 * Are all varying parameters of two cells equal, except the variant and key? Buckets are derived
 * from both.
 */
static bool alike_but(const struct answer *a, const json_t *x, const json_t *y, const char *key)
{
	json_t *name;
	size_t i;

	if (judge_same_point(x, y)) /* load factors may be rounded */
		return true;
	json_array_foreach(json_object_get(a->workload, "varying"), i, name) {
		const char *other = json_string_value(name);

		if (other && strcmp(other, key) && strcmp(other, "variant") &&
		    strcmp(other, "buckets") &&
		    !json_equal(parameter(x, other), parameter(y, other)))
			return false;
	}
	return true;
}

/*
 * The curve of the i-th variant that has this figure, at the first point of the other parameters.
 */
static bool
find_curve(const struct answer *a, size_t i, const char *key, const char *metric, struct curve *c)
{
	json_t *cells = json_object_get(a->report, "cells"), *cell;
	const char *seen[VARIANTS_MAX + 1], *name;
	const json_t *first = NULL;
	size_t nr = 0;

	*c = (struct curve){ 0 };
	json_object_foreach(cells, name, cell) {
		const char *variant = text_of(cell, "variant");
		size_t k = 0;

		if (!is_measured(a, cell, metric))
			continue;
		first = first ? first : cell;
		while (k < nr && strcmp(seen[k], variant))
			k++;
		if (k == nr && nr <= i)
			seen[nr++] = variant;
		if (k != i || !alike_but(a, first, cell, key) || c->nr == POINTS_MAX)
			continue;
		c->variant = variant;
		c->cell[c->nr++] = cell;
	}
	return c->nr > 0;
}

/* ---- words ---- */

static void say_number(struct answer *a, double value)
{
	char text[32];

	table_number(text, sizeof(text), value);
	SAY(a, "%s", text);
}

static void say_value(struct answer *a, const json_t *cell, const char *key)
{
	char text[128];

	table_value(text, sizeof(text), parameter(cell, key));
	SAY(a, "%s", text);
}

/* "38 ns at 4Ki" */
static void say_point(struct answer *a, const json_t *cell, const char *key)
{
	say_number(a, median(cell, "ns_per_op"));
	SAY(a, " ns at ");
	say_value(a, cell, key);
}

/* Separates variants; a single variant needs no name. */
static void say_variant(struct answer *a, const struct curve *c)
{
	SAY(a, "%s%s: ", a->at ? "; " : "", c->variant);
}

/* ---- answers ---- */

/* Where does a step to the next size cost most? */
static void by_size(struct answer *a, const struct curve *c)
{
	size_t step = 0;
	double most = 0;

	for (size_t i = 1; i < c->nr; i++) {
		double ratio =
			median(c->cell[i], "ns_per_op") / median(c->cell[i - 1], "ns_per_op");

		if (ratio > most) {
			most = ratio;
			step = i;
		}
	}
	say_variant(a, c);
	say_point(a, c->cell[0], "flows");
	SAY(a, ", ");
	say_point(a, c->cell[c->nr - 1], "flows");
	if (most < NEAR)
		return;
	SAY(a, ", and the largest step (x%.2g) between ", most);
	say_value(a, c->cell[step - 1], "flows");
	SAY(a, " and ");
	say_value(a, c->cell[step], "flows");
}

/* Up to which load is it within 10 % of the best? */
static void by_load(struct answer *a, const struct curve *c)
{
	const json_t *best = c->cell[0], *last = NULL;

	for (size_t i = 1; i < c->nr; i++)
		if (median(c->cell[i], "ns_per_op") < median(best, "ns_per_op"))
			best = c->cell[i];
	for (size_t i = 0; i < c->nr; i++)
		if (median(c->cell[i], "ns_per_op") <= NEAR * median(best, "ns_per_op"))
			last = c->cell[i];
	say_variant(a, c);
	SAY(a, "up to a load factor of ");
	say_value(a, last, "load_factor");
	SAY(a, " within 10 %% of its best (");
	say_number(a, median(best, "ns_per_op"));
	SAY(a, " ns), ");
	say_point(a, c->cell[c->nr - 1], "load_factor");
}

static void say_us(struct answer *a, double ns)
{
	say_number(a, ns / 1e3);
	SAY(a, " us");
}

static void by_latency(struct answer *a, const struct curve *c)
{
	say_variant(a, c);
	SAY(a, "p50 ");
	say_us(a, median(c->cell[0], "p50_ns"));
	SAY(a, ", p99 ");
	say_us(a, median(c->cell[0], "p99_ns"));
}

/* Up to which rate does p99 stay within twice that of the lowest? */
static void by_rate(struct answer *a, const struct curve *c)
{
	double first = median(c->cell[0], "p99_ns");
	size_t last = 0;

	while (last + 1 < c->nr && median(c->cell[last + 1], "p99_ns") <= LATE * first)
		last++;
	say_variant(a, c);
	SAY(a, "p99 ");
	say_us(a, first);
	SAY(a, " at ");
	say_value(a, c->cell[0], "rate");
	SAY(a, "/s, ");
	say_us(a, median(c->cell[c->nr - 1], "p99_ns"));
	SAY(a, " at ");
	say_value(a, c->cell[c->nr - 1], "rate");
	SAY(a, "/s; at most twice the first up to ");
	say_value(a, c->cell[last], "rate");
	SAY(a, "/s");
}

static void by_saturation(struct answer *a, const struct curve *c)
{
	const json_t *asked = json_object_get(c->cell[0], "saturation");

	say_variant(a, c);
	say_number(a, median(c->cell[0], "saturation_per_s") / 1e6);
	SAY(a, " M/s keep %s within ", text_of(asked, "percentile"));
	say_us(a, number_of(asked, "bound_ns"));
}

/* The first value has no resize, or the fewest. */
static void by_resize(struct answer *a, const struct curve *c)
{
	double idle = median(c->cell[0], "ns_per_op");
	double busy = median(c->cell[c->nr - 1], "ns_per_op");

	say_variant(a, c);
	say_number(a, idle);
	SAY(a, " ns without a resize, ");
	say_number(a, busy);
	SAY(a, " ns with (x%.2g)", busy / idle);
}

static void by_zones(struct answer *a, const struct curve *c)
{
	say_variant(a, c);
	say_number(a, median(c->cell[0], "zone_insert_ns"));
	SAY(a, " ns to insert the tuple in another zone, ");
	say_number(a, median(c->cell[0], "zone_lookup_ns"));
	SAY(a, " ns to find it, refused in %.0f zones", median(c->cell[0], "zone_refused"));
}

/* The sizes of the table: that of all zones, and that of one. */
static void by_zone_flush(struct answer *a, const struct curve *c)
{
	say_variant(a, c);
	for (size_t i = 0; i < c->nr; i++) {
		SAY(a, i ? ", " : "");
		say_number(a, 1e3 * median(c->cell[i], "zone_flush_s"));
		SAY(a, " ms to flush a zone in a table of ");
		say_value(a, c->cell[i], "flows");
	}
}

static void by_fresh(struct answer *a, const struct curve *c)
{
	say_variant(a, c);
	say_number(a, median(c->cell[0], "fresh_lost_percent"));
	SAY(a, " %% of fresh connections lost, %.0f refused", median(c->cell[0], "fresh_refused"));
}

/* The median piece of the window, and the slowest piece. */
static void by_timeline(struct answer *a, const struct curve *c)
{
	const json_t *timeline = json_object_get(c->cell[0], "timeline");
	const json_t *series = within(timeline, "series", "lookups_per_s");
	size_t nr = json_array_size(series);
	double *values = memory_array(nr ? nr : 1, sizeof(*values));

	for (size_t i = 0; i < nr; i++)
		values[i] = number_at(series, i);
	if (nr) {
		struct quartiles q = quartiles_of(values, nr);

		say_variant(a, c);
		say_number(a, q.median / 1e6);
		SAY(a, " M lookups/s in the median piece of %g ms, ",
		    1e3 * number_of(timeline, "window_s"));
		say_number(a, q.min / 1e6);
		SAY(a, " in the slowest");
	}
	free(values);
}

/* The hooks without conntrack are subtracted. */
static void by_packets(struct answer *a, const struct curve *c, double way)
{
	double ns = median(c->cell[0], "ns_per_op");

	say_variant(a, c);
	say_number(a, ns - way);
	SAY(a, " of ");
	say_number(a, ns);
	SAY(a, " ns are conntrack with its table");
}

static double null_ns(const struct answer *a)
{
	json_t *cells = json_object_get(a->report, "cells"), *cell;
	const char *name;

	json_object_foreach(cells, name, cell) {
		if (is_measured(a, cell, "ns_per_op") &&
		    !strcmp(text_of(cell, "variant"), "null") &&
		    !strcmp(word(cell, "level"), "packets"))
			return median(cell, "ns_per_op");
	}
	return NAN;
}

/* ---- any other question: the first variant and the lowest median, at first and last point ---- */

/* Only medians: the verdicts say whether their difference is more than noise. */
static void say_lowest_median(struct answer *a, const json_t *point)
{
	json_t *cells = json_object_get(a->report, "cells"), *cell, *best = NULL, *first = NULL;
	const char *name;
	size_t nr = 0;

	json_object_foreach(cells, name, cell) {
		if (!is_measured(a, cell, "ns_per_op") || !alike_but(a, point, cell, "") ||
		    !strcmp(text_of(cell, "variant"), "null"))
			continue;
		nr++;
		first = first ? first : cell;
		if (!best || median(cell, "ns_per_op") < median(best, "ns_per_op"))
			best = cell;
	}
	if (!first)
		return;
	SAY(a, "%s ", text_of(first, "variant"));
	say_number(a, median(first, "ns_per_op"));
	SAY(a, " ns");
	if (best == first) {
		SAY(a, "%s", nr > 1 ? ", the lowest median" : "");
		return;
	}
	SAY(a, "; lowest median: %s ", text_of(best, "variant"));
	say_number(a, median(best, "ns_per_op"));
	SAY(a, " ns");
}

static void say_where(struct answer *a, const json_t *cell)
{
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(a->workload, "varying"), i, name) {
		const char *key = json_string_value(name);

		if (!key || !strcmp(key, "variant") || !strcmp(key, "buckets"))
			continue;
		SAY(a, "%s ", key);
		say_value(a, cell, key);
		SAY(a, ", ");
	}
	if (a->at > 2 && a->buf[a->at - 2] == ',') {
		a->at -= 2;
		SAY(a, ": ");
	}
}

static void by_variant(struct answer *a)
{
	json_t *cells = json_object_get(a->report, "cells"), *cell, *first = NULL, *last = NULL;
	const char *name;

	json_object_foreach(cells, name, cell) {
		if (!is_measured(a, cell, "ns_per_op"))
			continue;
		first = first ? first : cell;
		last = cell;
	}
	if (!first)
		return;
	say_where(a, first);
	say_lowest_median(a, first);
	if (alike_but(a, first, last, ""))
		return;
	SAY(a, "; ");
	say_where(a, last);
	say_lowest_median(a, last);
}

/*
 * Threads that use the same connections write the same cache lines. If each flow stays on one
 * thread, as with RSS of a network card, they do not.
 */
static void by_split(struct answer *a)
{
	json_t *cells = json_object_get(a->report, "cells"), *x, *y;
	const char *name, *other;

	json_object_foreach(cells, name, x)
		json_object_foreach(cells, other, y) {
			double any = median(x, "ns_per_op"), flow = median(y, "ns_per_op");

			if (!is_measured(a, x, "ns_per_op") || !is_measured(a, y, "ns_per_op") ||
			    strcmp(text_of(x, "variant"), text_of(y, "variant")) ||
			    !alike_but(a, x, y, "split") || strcmp(word(x, "split"), "any") ||
			    strcmp(word(y, "split"), "flow"))
				continue;
			SAY(a, "; %s with ", text_of(x, "variant"));
			say_value(a, x, "threads");
			SAY(a, " threads and ");
			say_value(a, x, "flows");
			SAY(a, " connections: ");
			say_number(a, any);
			SAY(a, " ns if threads share all connections (split any), ");
			say_number(a, flow);
			SAY(a,
			    " ns if each connection stays on one thread (split flow, as with RSS)");
			if (any > flow)
				SAY(a, ": the difference is the cost of sharing connections "
				       "between CPUs");
			return;
		}
}

/* The first matching kind of question is answered. */
static const struct {
	const char *varies; /* "": any parameter */
	const char *metric; /* a metric that its cells must have, or "timeline" */
	size_t least; /* points of a curve; with fewer, the question is which table to choose */
	void (*say)(struct answer *a, const struct curve *c);
} questions[] = {
	{ "", "saturation_per_s", 1, by_saturation },
	{ "flows", "zone_flush_s", 1, by_zone_flush },
	{ "", "zone_flush_s", 1, by_zone_flush },
	{ "", "zone_insert_ns", 1, by_zones },
	{ "", "fresh_lost_percent", 1, by_fresh },
	{ "rate", "p99_ns", 2, by_rate },
	{ "", "p99_ns", 1, by_latency },
	{ "", "timeline", 1, by_timeline },
	{ "resize", "ns_per_op", 2, by_resize },
	{ "load_factor", "ns_per_op", 3, by_load },
	{ "flows", "ns_per_op", 3, by_size },
};

static void say_curves(struct answer *a)
{
	struct curve c;

	for (size_t q = 0; q < sizeof(questions) / sizeof(questions[0]) && !a->at; q++) {
		const char *key = questions[q].varies, *metric = questions[q].metric;

		if ((*key && !varies(a, key)) || !find_curve(a, 0, key, metric, &c) ||
		    c.nr < questions[q].least)
			continue;
		for (size_t i = 0; i < VARIANTS_MAX && find_curve(a, i, key, metric, &c); i++)
			questions[q].say(a, &c);
	}
}

static void say_packets(struct answer *a, double way)
{
	struct curve c;

	for (size_t i = 0; i < VARIANTS_MAX && find_curve(a, i, "", "ns_per_op", &c); i++)
		if (strcmp(c.variant, "null"))
			by_packets(a, &c, way);
}

static void say_where_curves_part(struct answer *a)
{
	char text[ANSWER_MAX];

	judge_curves_text(text, sizeof(text), a->report, text_of(a->workload, "name"));
	if (text[0])
		SAY(a, "%s%s", a->at ? "; " : "", text);
	judge_scaling_text(text, sizeof(text), a->report, text_of(a->workload, "name"));
	if (text[0])
		SAY(a, "%s%s", a->at ? "; " : "", text);
}

void answer_of(char buf[ANSWER_MAX], const json_t *report, const json_t *workload)
{
	struct answer a = { report, workload, buf, 0 };
	double way;

	buf[0] = '\0';
	/* A run of two programs answers another question. */
	if (json_object_get(report, "shares") || json_object_get(report, "other_program"))
		return;
	say_curves(&a);
	way = a.at ? NAN : null_ns(&a);
	if (isfinite(way))
		say_packets(&a, way);
	if (!a.at)
		by_variant(&a);
	if (varies(&a, "split"))
		by_split(&a);
	say_where_curves_part(&a);
}
