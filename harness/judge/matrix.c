/* SPDX-License-Identifier: MIT */
#include "harness/judge/matrix.h"

#include "harness/base/array.h"
#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/base/nearest.h"
#include "harness/judge/axes.h"
#include "harness/judge/judge.h"
#include "harness/results/figures.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct matrix {
	const json_t *report;
	json_t *all; /* cells of the report */
	json_t *designs, *questions, *cells;
	struct judge_list list; /* one for each of cells */
};

/* A cell of a variant that can be compared, of a workload (NULL: any). */
static bool takes_part(const json_t *cell, const char *workload)
{
	return (!workload || !strcmp(text_of(cell, "workload"), workload)) &&
	       !json_is_true(json_object_get(cell, "control")) && !axes_incomparable(cell);
}

/* The first variant with a cell in the workload, or `wanted` if it has one; NULL: none. */
static const char *variant_in(const json_t *report, const char *workload, const char *wanted)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	const char *name;

	json_object_foreach(cells, name, cell) {
		if (takes_part(cell, workload) &&
		    (!wanted || !strcmp(text_of(cell, "variant"), wanted)))
			return text_of(cell, "variant");
	}
	return NULL;
}

static size_t design(struct matrix *m, const char *variant)
{
	size_t nr = json_array_size(m->designs), i = 0;

	while (i < nr && strcmp(json_string_value(json_array_get(m->designs, i)), variant))
		i++;
	if (i == nr)
		json_array_append_new(m->designs, json_string(variant));
	return i;
}

static json_t *median_of(const json_t *cell, const char *metric)
{
	return json_object_get(within(cell, "metrics", metric), "median");
}

/* The varying parameters of the workload, without derived ones. */
static json_t *point_of(const json_t *workload, const json_t *cell)
{
	json_t *point = json_object(), *name;
	size_t i;

	json_array_foreach(json_object_get(workload, "varying"), i, name) {
		const char *key = json_is_string(name) ? json_string_value(name) : "variant";

		if (strcmp(key, "variant") && strcmp(key, "buckets"))
			json_object_set(point, key, within(cell, "parameters", key));
	}
	return point;
}

static void count(json_t *question, const json_t *cell)
{
	static const char *const from[] = { "n", "void" }, *const to[] = { "good", "void" };

	for (size_t i = 0; i < 2; i++)
		json_object_set_new(
			question, to[i],
			json_integer(json_integer_value(json_object_get(question, to[i])) +
				     json_integer_value(json_object_get(cell, from[i]))));
}

/* Append the comparison of two cells; false without memory. */
static bool
compare(struct matrix *m, const json_t *question, const char *base, const char *other, double noise)
{
	const json_t *cell = json_object_get(m->all, other);
	const char *metric = text_of(question, "metric");
	json_t *value = median_of(cell, metric);
	struct judge_comparison *c;

	if (!array_room(m->list.list, m->list.nr))
		return false;
	c = &m->list.list[m->list.nr++];
	*c = (struct judge_comparison){ .workload = text_of(question, "workload"),
					.metric = metric,
					.kind = JUDGE_VARIANT,
					.noise = noise,
					.pairs = memory_array(1, sizeof(*c->pairs)),
					.nr_pairs = 1 };
	c->pairs[0] = (struct judge_pair){ base, other, 1 };
	json_array_append_new(m->cells, json_pack("{s:i, s:i, s:s, s:O, s:O?}", "question",
						  (int)json_array_size(m->questions) - 1, "design",
						  (int)design(m, text_of(cell, "variant")), "cell",
						  other, "value", value ? value : json_null(), "n",
						  json_object_get(cell, "n")));
	return true;
}

/* A workload that fills tables is also a question about their memory. */
#define MATRIX_MEMORY "bucket_bytes_per_connection"

static bool asks_memory(const json_t *cell)
{
	return !strcmp(text_of(json_object_get(cell, "parameters"), "kind"), "fill") &&
	       json_is_number(median_of(cell, MATRIX_MEMORY));
}

/* The question at the point of a cell of the base, with the other cells there. */
static int
ask(struct matrix *m, const json_t *workload, size_t section, const char *metric, const char *at)
{
	const json_t *base = json_object_get(m->all, at);
	const char *variant = text_of(base, "variant"), *name, *workload_name;
	json_t *value = median_of(base, metric), *cell;
	json_t *question = json_pack(
		"{s:s, s:i, s:s, s:s, s:s, s:O, s:o}", "workload", text_of(workload, "name"),
		"section", (int)section, "metric", metric, "base", variant, "cell", at, "value",
		value ? value : json_null(), "point", point_of(workload, base));
	double noise;

	if (!question || json_array_append_new(m->questions, question))
		return -ENOMEM;
	workload_name = text_of(question, "workload");
	/* The noise of times does not apply to memory. */
	noise = !strcmp(metric, MATRIX_MEMORY)
			? 0
			: judge_noise(judge_noise_pair(m->report, workload_name));
	design(m, variant);
	json_object_foreach(m->all, name, cell) {
		if (!takes_part(cell, workload_name) || !judge_same_point(base, cell))
			continue;
		count(question, cell);
		if (strcmp(text_of(cell, "variant"), variant) &&
		    !compare(m, question, at, name, noise))
			return -ENOMEM;
	}
	return 0;
}

static int ask_all(struct matrix *m, const char *base)
{
	json_t *workload, *cell;
	size_t i;
	int err = 0;

	json_array_foreach(json_object_get(m->report, "workloads"), i, workload) {
		const char *name = text_of(workload, "name"), *at;
		const char *metric = judge_metric(m->report, name);
		const char *first = variant_in(m->report, name, base);

		if (!first)
			first = variant_in(m->report, name, NULL);
		if (!metric || !first)
			continue;
		json_object_foreach(m->all, at, cell) {
			if (err || !takes_part(cell, name) ||
			    strcmp(text_of(cell, "variant"), first) != 0)
				continue;
			err = ask(m, workload, i, metric, at);
			if (!err && asks_memory(cell))
				err = ask(m, workload, i, MATRIX_MEMORY, at);
		}
	}
	return err;
}

static void tell(json_t *cell, const json_t *question, const struct judge_comparison *c)
{
	int better = metric_words(c->metric).better, sign = better ? better : 1;
	double from = number_of(question, "value"), to = number_of(cell, "value");
	double ratio = c->judged ? exp(sign * c->effect.value) : pow(to / from, sign);

	if (from > 0 && to > 0 && isfinite(ratio))
		json_object_set_new(cell, "ratio", json_real(ratio));
	if (c->judged) {
		double low = exp(sign * c->effect.low), high = exp(sign * c->effect.high);
		bool apart = (c->effect.low > 0 || c->effect.high < 0) &&
			     !(fabs(c->effect.value) <= c->noise);

		json_object_set_new(cell, "low", json_real(fmin(low, high)));
		json_object_set_new(cell, "high", json_real(fmax(low, high)));
		json_object_set_new(cell, "apart", json_boolean(apart));
	}
	json_object_set_new(cell, "outcome", json_string(judge_outcome(c)));
}

static int evaluate(struct matrix *m, long *comparisons)
{
	bool paired = json_is_true(json_object_get(m->report, "interleaved"));
	int err = 0;

	for (size_t i = 0; i < m->list.nr && !err; i++)
		err = judge_evaluate(&m->list.list[i], m->all, m->all, paired);
	if (err)
		return err;
	*comparisons = judge_correct(m->list.list, m->list.nr);
	for (size_t i = 0; i < m->list.nr && *comparisons >= 0; i++) {
		json_t *cell = json_array_get(m->cells, i);
		size_t at = (size_t)json_integer_value(json_object_get(cell, "question"));

		tell(cell, json_array_get(m->questions, at), &m->list.list[i]);
	}
	return *comparisons < 0 ? -ENOMEM : 0;
}

/* An unknown variant: -EINVAL with a sentence that suggests the nearest name. */
static int unknown(const json_t *report, const char *base, struct ct_error *e)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	const char **names = memory_array(json_object_size(cells) + 1, sizeof(*names)), *name,
		   *near;
	size_t nr = 0;

	json_object_foreach(cells, name, cell) {
		if (takes_part(cell, NULL))
			names[nr++] = text_of(cell, "variant");
	}
	near = nr ? nearest_name(base, names, nr) : NULL;
	ct_user_error(e, "the run has no variant '%.200s' to compare with%s%s%s", base,
		      near ? " (did you mean '"
		      : nr ? "; it has '"
			   : "",
		      near ? near
		      : nr ? names[0]
			   : "",
		      near ? "'?)"
		      : nr ? "', for example"
			   : "");
	free(names);
	return -EINVAL;
}

json_t *judge_matrix(const json_t *report, const char *base, struct ct_error *e)
{
	struct matrix m = { .report = report,
			    .all = json_object_get(report, "cells"),
			    .designs = json_array(),
			    .questions = json_array(),
			    .cells = json_array() };
	const char *first = variant_in(report, NULL, base);
	json_t *out = NULL;
	long comparisons = 0;
	int err = 0;

	if (base && !first) {
		err = unknown(report, base, e);
		goto out;
	}
	/* Two programs are compared cell by cell (compare.h). */
	if (first && !json_object_get(report, "other_program")) {
		design(&m, first);
		err = ask_all(&m, first);
	}
	if (!err)
		err = evaluate(&m, &comparisons);
	if (!err)
		out = json_pack("{s:s?, s:i, s:O, s:O, s:O}", "base", first, "comparisons",
				(int)comparisons, "designs", m.designs, "questions", m.questions,
				"cells", m.cells);
	if (!out)
		ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the matrix of the run");
out:
	judge_free(&m.list);
	json_decref(m.designs);
	json_decref(m.questions);
	json_decref(m.cells);
	return out;
}
