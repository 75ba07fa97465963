/* SPDX-License-Identifier: MIT */
/* The rows of figures.def as tables; see figures.h. */
#include "harness/results/figures.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "harness/results/results.h"

#define SAME NULL

/* ---- the expressions of figures ---- */

/*
 * With latencies the loops read the clock or wait for arrivals, so their times and rates are no
 * throughput.
 */
#define IS_LATENCY(r) ((r)->latency_max_ns > 0)
#define PER_CONNECTION(r, field) \
	((r)->connections ? (double)(r)->field / (double)(r)->connections : NAN)

static const struct figure_change FASTER = { "faster", "slower" }, SLOWER = { "slower", "faster" },
				  LARGER = { "larger", "smaller" }, HIGHER = { "higher", "lower" };

#define COLUMN(...)
#define SLICE(...)
#define FACT(...)
#define FIGURE(name, expression, ...) \
	static double figure_##name(const struct cell_result *r) \
	{ \
		return expression; \
	}
#define DETAIL(...)
#define SERIES(...)
#include "harness/results/figures.def"
#undef COLUMN
#undef SLICE
#undef FACT
#undef FIGURE
#undef DETAIL
#undef SERIES

/* ---- the tables ---- */

/* clang-format off */
#define SLICE(...)
#define FACT(...)
#define FIGURE(...)
#define DETAIL(...)
#define SERIES(...)
#define COLUMN(id, column_type, member, its_unit, its_meaning, ...) \
	{ .name = #id, .type = COLUMN_##column_type, \
	  .offset = offsetof(struct measurement, member), \
	  .size = sizeof(((struct measurement *)0)->member), \
	  .unit = its_unit, .meaning = its_meaning, __VA_ARGS__ },
const struct result_column result_columns[] = {
#include "harness/results/figures.def"
};
const size_t nr_result_columns = sizeof(result_columns) / sizeof(result_columns[0]);
#undef FACT
#undef COLUMN

#define COLUMN(...)
#define FACT(name, meaning) { #name, "", meaning },
const struct result_fact result_facts[] = {
#include "harness/results/figures.def"
};
const size_t nr_result_facts = sizeof(result_facts) / sizeof(result_facts[0]);
#undef FACT
#undef SLICE

#define FACT(...)
#define SLICE(name, unit, meaning) { #name, unit, meaning },
const struct result_fact result_slices[] = {
#include "harness/results/figures.def"
};
const size_t nr_result_slices = sizeof(result_slices) / sizeof(result_slices[0]);
#undef SLICE
#define SLICE(...)
#undef FIGURE
#undef DETAIL
#undef SERIES

#define ROW(id, its_kind, its_unit, way, its_meaning, ...) \
	{ .name = #id, .kind = its_kind, .unit = its_unit, .better = way, \
	  .meaning = its_meaning, __VA_ARGS__ },
#define FIGURE(id, expression, ...) ROW(id, FIGURE_CELL, __VA_ARGS__, .of = figure_##id)
#define DETAIL(id, ...) ROW(id, FIGURE_DETAIL, __VA_ARGS__)
#define SERIES(id, ...) ROW(id, FIGURE_SERIES, __VA_ARGS__)
static const struct figure figures[] = {
#include "harness/results/figures.def"
};
#define NR_FIGURES (sizeof(figures) / sizeof(figures[0]))
/* clang-format on */

const struct figure_point figure_points[NR_POINTS] = {
	{ "median", "median" }, { "q1", "first quartile" }, { "q3", "third quartile" },
	{ "min", "least" },	{ "max", "greatest" },
};

double column_value(const struct result_column *c, const struct cell_result *r)
{
	const char *p = (const char *)r + (c->offset - offsetof(struct measurement, result));

	switch (c->type) {
	case COLUMN_U32:
		return *(const uint32_t *)p;
	case COLUMN_U64:
		return (double)*(const uint64_t *)p;
	case COLUMN_INT:
		return *(const int *)p;
	case COLUMN_DOUBLE:
		return *(const double *)p;
	case COLUMN_HEX:
	case COLUMN_TEXT:
		break;
	}
	return NAN;
}

const struct figure *figure_next(const struct figure *after, enum figure_kind kind)
{
	for (const struct figure *f = after ? after + 1 : figures; f < figures + NR_FIGURES; f++)
		if (f->kind & kind)
			return f;
	return NULL;
}

const struct figure *figure_find(enum figure_kind kind, const char *name)
{
	const struct figure *f = figure_next(NULL, kind);

	while (f && strcmp(f->name, name))
		f = figure_next(f, kind);
	return f;
}

double figure_scale(const struct figure *f)
{
	return f->scale ? f->scale : 1;
}

const char *figure_meaning(const char *name, const char *meaning)
{
	for (size_t i = 0; i < NR_FIGURES && !meaning; i++)
		if (!strcmp(figures[i].name, name))
			meaning = figures[i].meaning;
	return meaning ? meaning : "";
}

/* ---- metrics without a row ---- */

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && !strcmp(name + n - m, end);
}

struct metric_words metric_words(const char *name)
{
	static const struct {
		const char *end, *unit;
		int better;
		const struct figure_change *change;
	} ends[] = {
		{ "_per_s", "1/s", 1, &FASTER },
		{ "_ns", "ns", -1, &SLOWER },
		{ "_us", "us", -1, &SLOWER },
		{ "_ms", "ms", -1, &SLOWER },
		{ "_s", "s", -1, &SLOWER },
		{ "_bytes_per_connection", "bytes", -1, &LARGER },
		{ "_bytes", "bytes", -1, &LARGER },
	};
	static const struct figure_change AMOUNT = { "more", "less" };
	const struct figure *f = figure_find(FIGURE_METRIC, name);
	const struct figure_change *change = f && f->change ? f->change : &AMOUNT;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && !f; i++)
		if (ends_in(name, ends[i].end))
			return (struct metric_words){ ends[i].unit, ends[i].better, NULL,
						      ends[i].change->more, ends[i].change->less };
	return (struct metric_words){ f ? f->unit : "", f ? (int)f->better : 0, f ? f->what : NULL,
				      change->more, change->less };
}
