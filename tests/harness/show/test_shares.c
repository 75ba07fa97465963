/* SPDX-License-Identifier: MIT */
/*
 * Figures as shares of the machine's bounds: the bounds are made up, so that each share is known.
 */
#include "harness/show/shares.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/grid.h"
#include "harness/show/table/table.h"
#include "tests/fixture/cmocka.h"

/* One thread: a line takes 10 ns in 1 MiB and 100 ns in 64 MiB; two threads: twice that. */
static const char bounds[] =
	"[{'bound':'dependent','threads':1,'bytes':1048576,'median':10},"
	" {'bound':'dependent','threads':1,'bytes':67108864,'median':100},"
	" {'bound':'dependent','threads':2,'bytes':1048576,'median':20},"
	" {'bound':'independent','threads':1,'bytes':67108864,'in_flight':2,'median':50},"
	" {'bound':'independent','threads':1,'bytes':67108864,'in_flight':32,'median':8},"
	" {'bound':'hash_latency','threads':1,'hash':'jhash2','median':11},"
	" {'bound':'hash_throughput','threads':1,'hash':'jhash2','median':5},"
	" {'bound':'hash_throughput','threads':1,'hash':'siphash','median':15},"
	" {'bound':'prefetched','threads':1,'bytes':67108864,'hint':'t0','ahead':16,'median':6},"
	" {'bound':'prefetched','threads':1,'bytes':67108864,'hint':'t1','ahead':96,'median':4},"
	" {'bound':'in_cache','threads':1,'variant':'v','burst':8,'median':3},"
	" {'bound':'in_cache','threads':1,'variant':'v','burst':1,'median':7},"
	" {'bound':'null','threads':1,'median':2}]";

/* 50 ns an operation: 20 millions a second with one thread, 40 with two. */
static json_t *cell(int threads, double bytes, const char *hash, const char *level)
{
	double mops = 20.0 * threads;

	return json_pack(
		"{s:s, s:{s:s}, s:{s:i, s:s}, s:s, s:f, s:i, s:s, s:{s:f, s:f, s:f, s:f, s:f},"
		" s:{s:f, s:f, s:f, s:f, s:f}, s:{s:{s:f, s:f, s:[f, n]}}}",
		"workload", "w", "axes", "hash", hash, "parameters", "threads", threads, "level",
		level, "variant", "v", "footprint_bytes", bytes, "n", 2, "unit", "Mops/s", "mops",
		"min", mops / 2, "q1", mops, "median", mops, "q3", mops, "max", 2 * mops,
		"ns_per_op", "min", 25.0, "q1", 50.0, "median", 50.0, "q3", 50.0, "max", 100.0,
		"metrics", "mops", "median", mops, "ci_low", mops / 2, "values", mops);
}

static json_t *make(void)
{
	json_t *report = json_pack(
		"{s:s, s:{s:o, s:o, s:o, s:o}, s:[{s:s, s:[]}]}", "name", "r", "cells", "one",
		cell(1, 1048576, "jhash2", "ops"), "two", cell(2, 1048576, "jhash2", "ops"),
		"large", cell(1, 67108864, "siphash", "ops"), "packets",
		cell(1, 1048576, "jhash2", "packets"), "workloads", "name", "w", "varying");
	char text[sizeof(bounds)];

	assert_non_null(report);
	strcpy(text, bounds);
	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json_object_set_new(report, "bounds", json_loads(text, 0, NULL));
	return report;
}

static double get(json_t *report, const char *name, const char *figure, const char *key)
{
	json_t *of =
		json_object_get(json_object_get(json_object_get(report, "cells"), name), figure);
	json_t *value = json_object_get(of, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void expect_share(const char *of, const char *name, double percent)
{
	struct ct_error e = { 0 };
	json_t *report = make();

	assert_int_equal(shares_of(report, of, &e), 0);
	if (!(percent > 0)) {
		assert_true(isnan(get(report, name, "mops", "median")));
		assert_true(isnan(get(report, name, "ns_per_op", "median")));
	} else {
		assert_true(fabs(get(report, name, "mops", "median") - percent) < 1e-9);
		assert_true(fabs(get(report, name, "mops", "min") - percent / 2) < 1e-9);
		assert_true(fabs(get(report, name, "ns_per_op", "median") - 100 / percent) < 1e-9);
		assert_true(fabs(get(report, name, "ns_per_op", "max") - 200 / percent) < 1e-9);
	}
	json_decref(report);
}

static void each_bound(void **state)
{
	(void)state;
	expect_share("dependent", "one", 20);
	/* Twice the time with two threads, and twice the operations: the same share of twice as
	 * much. */
	expect_share("dependent", "two", 40);
	expect_share("dependent", "large", 200);
	expect_share("independent", "large", 16);
	/* Bounds of memory do not apply to a table that fits into the caches. */
	expect_share("independent", "one", 0);
	/* The best of hints and distances; and the CPU's part of lookups without bursts. */
	expect_share("prefetched", "large", 8);
	expect_share("prefetched", "one", 0);
	expect_share("in_cache", "one", 14);
	expect_share("hash", "one", 10);
	expect_share("hash", "large", 30);
	expect_share("null", "one", 4);
	/* Not measured with two threads; no operation of a table. */
	expect_share("null", "two", 0);
	expect_share("dependent", "packets", 0);
}

static void what_is_made_of_it(void **state)
{
	struct ct_error e = { 0 };
	json_t *report = make(), *metric, *cells;
	char remark[512], *text = NULL;
	struct grid g;
	size_t len;
	FILE *out;

	(void)state;
	assert_int_equal(shares_of(report, "dependent", &e), 0);
	cells = json_object_get(report, "cells");
	metric = json_object_get(json_object_get(json_object_get(cells, "one"), "metrics"), "mops");
	assert_true(json_number_value(json_object_get(metric, "ci_low")) == 10);
	assert_true(json_number_value(json_array_get(json_object_get(metric, "values"), 0)) == 20);
	assert_null(json_object_get(json_object_get(json_object_get(cells, "packets"), "metrics"),
				    "mops"));
	assert_int_equal(
		table_of(&g, report, json_array_get(json_object_get(report, "workloads"), 0)), 0);
	out = open_memstream(&text, &len);
	grid_print(out, &g, GRID_TEXT);
	fclose(out);
	assert_non_null(strstr(text, "% of dependent"));
	assert_non_null(strstr(text, "x dependent"));
	assert_null(strstr(text, "ns/op"));
	table_remark(remark, sizeof(remark), report,
		     json_array_get(json_object_get(report, "workloads"), 0));
	assert_non_null(strstr(remark, "dependent random line"));
	free(text);
	grid_free(&g);
	json_decref(report);
	report = make();
	table_remark(remark, sizeof(remark), report,
		     json_array_get(json_object_get(report, "workloads"), 0));
	assert_string_equal(remark, "");
	json_decref(report);
}

static void refused(void **state)
{
	struct ct_error e = { 0 };
	json_t *report = make();

	(void)state;
	assert_int_equal(shares_of(report, "luck", &e), -EINVAL);
	assert_non_null(strstr(e.text, "dependent, independent, "));
	assert_int_equal(e.status, CT_EXIT_USER);
	e = (struct ct_error){ 0 };
	assert_int_equal(shares_of(report, "atomic", &e), -EINVAL);
	assert_non_null(strstr(e.text, "bound 'atomic'"));
	json_decref(report);
	report = make();
	json_object_del(report, "bounds");
	e = (struct ct_error){ 0 };
	assert_int_equal(shares_of(report, "null", &e), -EINVAL);
	assert_non_null(strstr(e.text, "without --no-bounds"));
	json_decref(report);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_bound),
	cmocka_unit_test(what_is_made_of_it),
	cmocka_unit_test(refused),
};
CT_TEST_MAIN(tests, NULL, NULL)
