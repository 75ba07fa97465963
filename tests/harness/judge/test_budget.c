/* SPDX-License-Identifier: MIT */
/* Where the time of a lookup goes: figures are made up, so that each part is known. */
#include "harness/judge/budget.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/json_read.h"
#include "harness/show/table/table.h"

/* Ends of intervals are 3 or 4 from the median: two of them together are 5. */
static const char text[] =
	"{'bounds':["
	" {'bound':'null','threads':1,'median':2,'ci_low':2,'ci_high':2,'n':5},"
	" {'bound':'hash_throughput','threads':1,'hash':'jhash2','median':7,'n':3},"
	" {'bound':'hash_throughput','threads':1,'hash':'siphash','median':17,'n':3},"
	" {'bound':'atomic','threads':1,'median':5,'ci_low':4,'ci_high':6,'n':5},"
	" {'bound':'dependent','threads':1,'bytes':1048576,'median':100,'n':5},"
	" {'bound':'in_cache','threads':1,'variant':'nulls','burst':1,'references':1,'hit_share':1,"
	"  'load':1,'median':40,'ci_low':37,'ci_high':44,'n':5},"
	" {'bound':'in_cache','threads':1,'variant':'nulls','burst':1,'references':1,'hit_share':1,"
	"  'load':4,'median':60,'ci_low':57,'ci_high':64,'n':5},"
	" {'bound':'in_cache','threads':1,'variant':'nulls','burst':1,'references':0,'hit_share':1,"
	"  'load':1,'median':25,'ci_low':22,'ci_high':29,'n':5},"
	" {'bound':'in_cache','threads':1,'variant':'locked','burst':1,'references':1,"
	"  'hit_share':1,'load':1,'median':35,'ci_low':32,'ci_high':39,'n':5}],"
	" 'workloads':[{'name':'w','varying':['variant','threads']}],"
	" 'cells':{}}";

static json_t *from(const char *with_quotes)
{
	char *copy = strdup(with_quotes);
	json_t *json;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json = json_loads(copy, 0, NULL);
	free(copy);
	assert_non_null(json);
	return json;
}

/* ns with an interval of -4 and +3, which waited for locks for that many percent. */
static json_t *
add(json_t *report, const char *name, const char *variant, int threads, double ns, double waited)
{
	json_t *cell = json_pack(
		"{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:f, "
		"s:b, "
		"s:i, "
		"s:f},"
		" s:{s:s}, s:f, s:{s:{s:f, s:f, s:f, s:i}, s:{s:f}, s:{s:f}}}",
		"workload", "w", "variant", variant, "parameters", "variant", variant, "level",
		"ops", "kind", "steady", "mix", "lookup=100", "events", "none", "resize", "none",
		"latency", "none", "rate", "none", "capture", "none", "timeline", "none", "threads",
		threads, "split", threads > 1 ? "flow" : "any", "load_factor", 1.0, "refcount", 1,
		"burst", 1, "hit_share", 1.0, "axes", "hash", "jhash2", "footprint_bytes",
		1048576.0, "metrics", "ns_per_op", "median", ns, "ci_low", ns - 4, "ci_high",
		ns + 3, "n", 5, "measured_hit_share", "median", 1.0, "lock_wait_percent", "median",
		waited);

	assert_non_null(cell);
	json_object_set_new(json_object_get(report, "cells"), name, cell);
	return cell;
}

static void expect(const json_t *cell, enum budget_term term, double ns, double low, double high)
{
	const json_t *one = within(cell, "budget", budget_words[term].key);

	if (isnan(ns)) {
		assert_null(one);
		return;
	}
	assert_float_equal(number_of(one, "ns"), ns, 1e-9);
	if (isnan(low)) {
		assert_null(json_object_get(one, "ci_low"));
		return;
	}
	assert_float_equal(number_of(one, "ci_low"), low, 1e-9);
	assert_float_equal(number_of(one, "ci_high"), high, 1e-9);
}

/* All parts together are the cell's time. */
static void expect_sum(const json_t *cell)
{
	double sum = 0;

	for (int i = 0; i < NR_BUDGET_TERMS; i++) {
		double ns = number_of(within(cell, "budget", budget_words[i].key), "ns");

		sum += isfinite(ns) ? ns : 0;
	}
	assert_float_equal(sum, number_of(json_object_get(cell, "budget"), "ns"), 1e-9);
}

static void test_parts(void **state)
{
	json_t *report = from(text), *one, *two, *plain, *loaded, *alone;
	unsigned int together = 0;
	struct grid g;

	(void)state;
	one = add(report, "one", "nulls", 1, 140, 0);
	two = add(report, "two", "nulls", 2, 200, 10);
	plain = add(report, "plain", "nulls", 1, 100, 0);
	json_object_set_new(json_object_get(plain, "parameters"), "refcount", json_false());
	loaded = add(report, "loaded", "nulls", 1, 160, 0);
	json_object_set_new(json_object_get(loaded, "parameters"), "load_factor", json_real(3.9));
	alone = add(report, "alone", "locked", 2, 135, 0);
	judge_budgets(report);

	expect(one, BUDGET_HARNESS, 2, 2, 2);
	expect(one, BUDGET_HASH, 7, NAN, NAN); /* three measurements have no interval */
	expect(one, BUDGET_REFERENCES, 10, 8, 12);
	expect(one, BUDGET_REST_IN_CACHE, 40 - 2 - 7 - 10, NAN, NAN);
	/* 140 [136, 143] - 40 [37, 44] */
	expect(one, BUDGET_MEMORY, 100, 100 - sqrt(32), 100 + sqrt(18));
	expect(one, BUDGET_LOCKS, NAN, 0, 0);
	expect(one, BUDGET_OTHER_THREADS, NAN, 0, 0);
	assert_float_equal(number_of(json_object_get(one, "budget"), "lines"), 1, 1e-9);
	expect_sum(one);

	/* Compared with the cell with one thread, whose split has no effect. */
	expect(two, BUDGET_MEMORY, 100, 100 - sqrt(32), 100 + sqrt(18));
	expect(two, BUDGET_LOCKS, 20, 19.6, 20.3);
	expect(two, BUDGET_OTHER_THREADS, 40, 40 - 5, 40 + 5);
	expect_sum(two);
	assert_null(json_object_get(json_object_get(two, "budget"), "together"));

	expect(plain, BUDGET_REFERENCES, NAN, 0, 0);
	expect(plain, BUDGET_MEMORY, 75, 75 - sqrt(32), 75 + sqrt(18));
	expect(loaded, BUDGET_MEMORY, 100, 100 - sqrt(32), 100 + sqrt(18));
	expect_sum(loaded);

	/* Without a cell with one thread. */
	expect(alone, BUDGET_MEMORY, 100, 100 - sqrt(32), 100 + sqrt(18));
	expect(alone, BUDGET_OTHER_THREADS, NAN, 0, 0);
	assert_true(json_is_true(json_object_get(json_object_get(alone, "budget"), "together")));
	expect_sum(alone);
	assert_int_equal(
		table_budget(&g, report, json_array_get(json_object_get(report, "workloads"), 0)),
		0);
	for (size_t i = 0; i < g.rows * g.columns; i++)
		together += g.text[i] && strstr(g.text[i], "with other threads");
	assert_int_equal(together, 1);
	grid_free(&g);
	json_decref(report);
}

/* Cells that cannot be divided into these parts have no budget. */
static void test_without(void **state)
{
	json_t *report = from(text), *mixed, *unknown, *null, *resized;

	(void)state;
	mixed = add(report, "mixed", "nulls", 1, 140, 0);
	json_object_set_new(json_object_get(mixed, "parameters"), "mix", json_string("lookup=90"));
	resized = add(report, "resized", "nulls", 1, 140, 0);
	json_object_set_new(json_object_get(resized, "parameters"), "resize", json_string("8@1ms"));
	unknown = add(report, "unknown", "never in the cache", 1, 140, 0);
	null = add(report, "null", "null", 1, 2, 0);
	judge_budgets(report);
	assert_null(json_object_get(mixed, "budget"));
	assert_null(json_object_get(resized, "budget"));
	assert_null(json_object_get(unknown, "budget"));
	assert_null(json_object_get(null, "budget"));

	/* Another program's cells are not this program's bounds. */
	json_object_set_new(report, "other_program", json_object());
	mixed = add(report, "one", "nulls", 1, 140, 0);
	judge_budgets(report);
	assert_null(json_object_get(mixed, "budget"));
	json_decref(report);
}

static void test_sentence(void **state)
{
	json_t *report = from(text), *workload, *locked;
	char said[1024];
	struct grid g;

	(void)state;
	workload = json_array_get(json_object_get(report, "workloads"), 0);
	add(report, "a", "nulls", 1, 140, 0);
	add(report, "b", "locked", 1, 134, 0); /* their intervals overlap */
	judge_budgets(report);
	table_budget_text(said, sizeof(said), report, workload);
	assert_string_equal(said, "");

	/* 95 ns more, all in the part "other threads". */
	add(report, "c", "nulls", 2, 140, 0);
	locked = add(report, "d", "locked", 2, 229, 0);
	judge_budgets(report);
	table_budget_text(said, sizeof(said), report, workload);
	assert_non_null(strstr(said, "locked takes 229 ns"));
	assert_non_null(strstr(said, "other threads +95"));
	assert_null(strstr(said, "hash")); /* less than a twentieth is left out */
	/* Connections are split already: the remaining cause is the chains. */
	assert_non_null(strstr(said, "ctbench run w --load-factor"));
	json_object_set_new(json_object_get(locked, "parameters"), "split", json_string("any"));
	json_object_set_new(json_object_get(json_object_get(json_object_get(report, "cells"), "c"),
					    "parameters"),
			    "split", json_string("any"));
	table_budget_text(said, sizeof(said), report, workload);
	assert_non_null(strstr(said, "ctbench run w --split flow"));

	assert_int_equal(table_budget(&g, report, workload), 0);
	assert_int_equal(g.rows, 5);
	grid_free(&g);
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_without),
		cmocka_unit_test(test_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
