/* SPDX-License-Identifier: MIT */
#include "harness/judge/budget.h"

#include "harness/base/json_read.h"
#include "harness/judge/judge.h"
#include "harness/results/bounds.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

const struct budget_words budget_words[NR_BUDGET_TERMS] = {
	[BUDGET_HARNESS] = { "harness", "harness", "--variants null", "the harness alone" },
	[BUDGET_HASH] = { "hash", "hash", "--variants axis=hash", "other hashes" },
	[BUDGET_REFERENCES] = { "references", "references", "--refcount false",
				"lookups without references" },
	[BUDGET_REST_IN_CACHE] = { "rest_in_cache", "rest in cache", "--flows 128",
				   "every table in the cache" },
	[BUDGET_MEMORY] = { "memory", "memory", "--refcount false",
			    "whether waiting for the reference delays the load of the next line" },
	[BUDGET_LOCKS] = { "locks", "locks", "--variants axis=lock", "other locks" },
	[BUDGET_OTHER_THREADS] = { "other_threads", "other threads", "--split flow",
				   "threads that share no connection" },
};

const struct budget_words budget_through_chains = {
	"other_threads", "other threads", "--load-factor 0.0625",
	"chains with hardly any connections of other threads"
};

/* ---- figures with intervals ---- */

static const struct stats_interval unknown = { NAN, NAN, NAN };

/* {median, ci_low, ci_high, n}, as bounds and metrics have them. */
static struct stats_interval figure_of(const json_t *one)
{
	struct stats_interval f = { number_of(one, "median"), number_of(one, "ci_low"),
				    number_of(one, "ci_high") };

	if (!(number_of(one, "n") >= STATS_LEAST))
		f.low = f.high = NAN;
	return f;
}

/*
 * a + sign * b.  The two were measured independently, so the distances to the ends of their
 * intervals add as squares.
 */
static struct stats_interval plus(struct stats_interval a, double sign, struct stats_interval b)
{
	double below = sign > 0 ? b.value - b.low : b.high - b.value;
	double above = sign > 0 ? b.high - b.value : b.value - b.low;
	double value = a.value + sign * b.value;

	return (struct stats_interval){ value, value - hypot(a.value - a.low, below),
					value + hypot(a.high - a.value, above) };
}

static struct stats_interval times(struct stats_interval a, double by)
{
	return (struct stats_interval){ a.value * by, a.low * by, a.high * by };
}

/* ---- a cell ---- */

static struct stats_interval ns_of(const json_t *cell)
{
	return figure_of(within(cell, "metrics", "ns_per_op"));
}

static bool has_budget(const json_t *cell)
{
	const json_t *p = json_object_get(cell, "parameters");

	return !strcmp(text_of(p, "level"), "ops") && !strcmp(text_of(p, "kind"), "steady") &&
	       !strcmp(text_of(p, "mix"), "lookup=100") && !strcmp(text_of(p, "resize"), "none") &&
	       !strcmp(text_of(p, "events"), "none") && !strcmp(text_of(p, "latency"), "none") &&
	       !strcmp(text_of(p, "rate"), "none") && !strcmp(text_of(p, "capture"), "none") &&
	       !strcmp(text_of(p, "timeline"), "none") &&
	       strcmp(text_of(cell, "variant"), "null") != 0;
}

/*
 * The cell with one thread and otherwise equal parameters; `split` may differ, as it has no effect
 * there.
 */
static const json_t *with_one_thread(json_t *cells, const json_t *of)
{
	json_t *like = json_deep_copy(json_object_get(of, "parameters")), *cell;
	const json_t *found = NULL;
	const char *name;

	json_object_foreach(cells, name, cell) {
		json_t *parameters = json_object_get(cell, "parameters");

		if (number_of(parameters, "threads") != 1 || !has_budget(cell) ||
		    json_is_true(json_object_get(cell, "control")))
			continue;
		json_object_set(like, "threads", json_object_get(parameters, "threads"));
		json_object_set(like, "split", json_object_get(parameters, "split"));
		if (json_equal(like, parameters) && isfinite(ns_of(cell).value))
			found = cell;
	}
	json_decref(like);
	return found;
}

static void put(json_t *budget, enum budget_term term, struct stats_interval f)
{
	json_t *one;

	if (!isfinite(f.value))
		return;
	one = json_pack("{s:f}", "ns", f.value);
	if (isfinite(f.low) && isfinite(f.high)) {
		json_object_set_new(one, "ci_low", json_real(f.low));
		json_object_set_new(one, "ci_high", json_real(f.high));
	}
	json_object_set_new(budget, budget_words[term].key, one);
}

/* The cost that several threads add: measured waiting for locks, and the rest. */
static void
put_threads(json_t *budget, const json_t *cell, struct stats_interval all, const json_t *single)
{
	double waited = number_of(within(cell, "metrics", "lock_wait_percent"), "median") / 100;
	struct stats_interval rest = plus(all, -1, ns_of(single));

	if (waited > 0) {
		put(budget, BUDGET_LOCKS, times(all, waited));
		rest = plus(
			rest, -1,
			times((struct stats_interval){ all.value, all.value, all.value }, waited));
	}
	put(budget, BUDGET_OTHER_THREADS, rest);
}

static json_t *budget_of(const json_t *report, const json_t *cell)
{
	const json_t *bounds = json_object_get(report, "bounds"), *single = NULL;
	const json_t *parameters = json_object_get(cell, "parameters");
	const struct stats_interval all = ns_of(cell);
	struct stats_interval in_cache = figure_of(bounds_in_cache(bounds, cell)), rest = in_cache;
	struct stats_interval parts[BUDGET_REST_IN_CACHE], memory;
	double hits = number_of(within(cell, "metrics", "measured_hit_share"), "median");
	const bool several = number_of(parameters, "threads") > 1;
	double line = bounds_dependent_ns(bounds, 1,
					  (uint64_t)fmax(0, number_of(cell, "footprint_bytes")));
	json_t *budget;

	if (!isfinite(all.value) || !isfinite(in_cache.value))
		return NULL;
	budget = json_pack("{s:f}", "ns", all.value);
	parts[BUDGET_HARNESS] = figure_of(bounds_find(bounds, "null", 1, NULL));
	parts[BUDGET_HASH] = figure_of(bounds_find(bounds, "hash_throughput", 1,
						   text_of(json_object_get(cell, "axes"), "hash")));
	parts[BUDGET_REFERENCES] =
		json_is_false(json_object_get(parameters, "refcount"))
			? unknown
			: times(figure_of(bounds_find(bounds, "atomic", 1, NULL)), 2 * hits);
	for (int i = 0; i < BUDGET_REST_IN_CACHE; i++) {
		put(budget, (enum budget_term)i, parts[i]);
		if (isfinite(parts[i].value))
			rest = plus(rest, -1, parts[i]);
	}
	put(budget, BUDGET_REST_IN_CACHE, rest);
	if (several)
		single = with_one_thread(json_object_get(report, "cells"), cell);
	if (single)
		put_threads(budget, cell, all, single);
	else if (several)
		json_object_set_new(budget, "together", json_true());
	memory = plus(single ? ns_of(single) : all, -1, in_cache);
	put(budget, BUDGET_MEMORY, memory);
	if (line > 0 && isfinite(number_of(cell, "footprint_bytes")))
		json_object_set_new(budget, "lines", json_real(memory.value / line));
	return budget;
}

void judge_budgets(json_t *report)
{
	json_t *cell;
	const char *name;

	/* Bounds were measured by this program only. */
	if (json_object_get(report, "other_program"))
		return;
	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		json_t *budget = has_budget(cell) ? budget_of(report, cell) : NULL;

		if (budget)
			json_object_set_new(cell, "budget", budget);
	}
}

/* ---- the largest difference ---- */

static double total(const json_t *cell)
{
	return number_of(json_object_get(cell, "budget"), "ns");
}

/* Do the intervals of two cells not overlap? */
static bool differ(const json_t *a, const json_t *b)
{
	const json_t *x = within(a, "metrics", "ns_per_op"), *y = within(b, "metrics", "ns_per_op");

	return number_of(x, "n") >= STATS_LEAST && number_of(y, "n") >= STATS_LEAST &&
	       (number_of(x, "ci_high") < number_of(y, "ci_low") ||
		number_of(y, "ci_high") < number_of(x, "ci_low"));
}

/* The workload's first cell at each point is the base of the others. */
static const json_t *base_of(json_t *cells, const char *workload, const json_t *cell)
{
	const char *name;
	json_t *one;

	json_object_foreach(cells, name, one)
		if (!strcmp(text_of(one, "workload"), workload) && json_object_get(one, "budget") &&
		    judge_same_point(one, cell))
			return one;
	return NULL;
}

bool judge_budget_difference(const json_t *report, const json_t *workload, const json_t **base,
			     const json_t **other)
{
	const char *workload_name = text_of(workload, "name"), *name;
	json_t *cells = json_object_get(report, "cells"), *cell;
	double most = 0;

	json_object_foreach(cells, name, cell) {
		const json_t *b;

		if (strcmp(text_of(cell, "workload"), workload_name) ||
		    !json_object_get(cell, "budget") ||
		    json_is_true(json_object_get(cell, "control")))
			continue;
		b = base_of(cells, workload_name, cell);
		if (b && b != cell && differ(b, cell) && fabs(log(total(cell) / total(b))) > most) {
			most = fabs(log(total(cell) / total(b)));
			*other = cell;
			*base = b;
		}
	}
	return most > 0;
}
