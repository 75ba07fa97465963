/* SPDX-License-Identifier: MIT */
/*
 * Each kind of question is answered with its cells' own figures, above the table and in the report.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "harness/show/answers.h"
#include "tests/fixture/cmocka.h"

static json_t *report;
static char answer[ANSWER_MAX];

static int begin(void **state)
{
	(void)state;
	report = json_pack("{s:[{s:s, s:[s]}], s:{}}", "workloads", "name", "w", "varying",
			   "variant", "cells");
	return 0;
}

static int end(void **state)
{
	(void)state;
	json_decref(report);
	return 0;
}

static json_t *workload(void)
{
	return json_array_get(json_object_get(report, "workloads"), 0);
}

static void varies(const char *key)
{
	json_array_append_new(json_object_get(workload(), "varying"), json_string(key));
}

/* A cell with a median of a metric; takes parameters. */
static json_t *add(const char *variant, const char *metric, double median, json_t *parameters)
{
	json_t *cells = json_object_get(report, "cells");
	char name[64];

	snprintf(name, sizeof(name), "w/%s/%zu", variant, json_object_size(cells));
	json_object_set_new(parameters, "variant", json_string(variant));
	json_object_set_new(cells, name,
			    json_pack("{s:s, s:s, s:b, s:o, s:{s:{s:f}}}", "workload", "w",
				      "variant", variant, "control", 0, "parameters", parameters,
				      "metrics", metric, "median", median));
	return json_object_get(cells, name);
}

static void also(json_t *cell, const char *metric, double median)
{
	json_object_set_new(json_object_get(cell, "metrics"), metric,
			    json_pack("{s:f}", "median", median));
}

/* All of these texts, in this order. */
static void says(const char *const *parts)
{
	const char *at = answer;

	answer_of(answer, report, workload());
	for (; *parts; parts++) {
		const char *found = strstr(at, *parts);

		if (!found)
			fail_msg("'%s' is not said, or not there, in: %s", *parts, answer);
		at = found + strlen(*parts);
	}
}
#define SAYS(...) says((const char *const[]){ __VA_ARGS__, NULL })

static void size_and_load(void **state)
{
	static const double ns[] = { 38, 41, 160, 358 }, load[] = { 0.5, 1, 2, 8 };

	(void)state;
	varies("flows");
	for (int i = 0; i < 4; i++)
		add("base", "ns_per_op", ns[i], json_pack("{s:i}", "flows", 4096 << 2 * i));
	add("other", "ns_per_op", 50, json_pack("{s:i}", "flows", 4096));
	/* The step from 16Ki to 64Ki is the largest. */
	SAYS("base", "38.0 ns", "4Ki", "358 ns", "256Ki", "x3.9", "16Ki", "64Ki", "other",
	     "50.0 ns");
	end(state);

	begin(state);
	varies("load_factor");
	for (int i = 0; i < 4; i++)
		add("base", "ns_per_op", (const double[]){ 43, 40, 44, 90 }[i],
		    json_pack("{s:f}", "load_factor", load[i]));
	/* 44 is just within 10 % of 40. */
	SAYS("base", "factor of 2 ", "40.0 ns", "90.0 ns", "8");
	also(add("base", "ns_per_op", 44.1, json_pack("{s:f}", "load_factor", 4.0)), "x", 1);
	SAYS("factor of 2 ");
}

static void latencies(void **state)
{
	(void)state;
	also(add("base", "p99_ns", 1150, json_object()), "p50_ns", 460);
	SAYS("base", "p50 0.460 us", "p99 1.15 us");
	end(state);

	begin(state);
	varies("rate");
	for (int i = 0; i < 4; i++)
		add("base", "p99_ns", (const double[]){ 1000, 1500, 2001, 1800 }[i],
		    json_pack("{s:s}", "rate",
			      (const char *const[]){ "250k", "500k", "1M", "2M" }[i]));
	/* Rates above the first late one do not count. */
	SAYS("1.00 us at 250k/s", "1.80 us at 2M/s", "up to 500k/s");
	end(state);

	begin(state);
	json_object_set_new(add("base", "saturation_per_s", 2.5e6, json_object()), "saturation",
			    json_pack("{s:s, s:f}", "percentile", "p99", "bound_ns", 20e3));
	SAYS("2.50 M/s", "p99", "20.0 us");
}

static void resizes(void **state)
{
	json_t *cell;

	(void)state;
	varies("resize");
	add("base", "ns_per_op", 100, json_pack("{s:s}", "resize", "none"));
	add("base", "ns_per_op", 150, json_pack("{s:s}", "resize", "128Ki@50ms"));
	SAYS("base", "100 ns", "150 ns", "x1.5");
	end(state);

	begin(state);
	cell = add("base", "mops", 4, json_object());
	json_object_set_new(cell, "timeline",
			    json_pack("{s:f, s:{s:[f, f, f]}}", "window_s", 0.002, "series",
				      "lookups_per_s", 4e6, 1e5, 5e6));
	SAYS("base", "4.00 M", "2 ms", "0.100");
}

static void figure(json_t *cell, const char *metric, double value)
{
	json_object_set_new(json_object_get(cell, "metrics"), metric,
			    json_pack("{s:f}", "median", value));
}

/* Cells with such events answer with the event's figures, not with their lookups. */
static void operators(void **state)
{
	json_t *cell;

	(void)state;
	cell = add("base", "zone_insert_ns", 8000, json_object());
	figure(cell, "zone_lookup_ns", 1400);
	figure(cell, "zone_refused", 3);
	SAYS("base", "8000 ns", "1400 ns", "3 zones");
	end(state);

	begin(state);
	varies("flows");
	figure(add("base", "zone_flush_s", 0.25e-3, json_pack("{s:i}", "flows", 1024)), "p99_ns",
	       77);
	add("base", "zone_flush_s", 1.5, json_pack("{s:i}", "flows", 1 << 20));
	SAYS("base", "0.250 ms", "1Ki", "1500 ms", "1Mi");
	assert_null(strstr(answer, "p99"));
	end(state);

	begin(state);
	figure(add("base", "fresh_lost_percent", 0, json_object()), "fresh_refused", 12);
	SAYS("base", " % of fresh", "12 refused");
}

static void packets(void **state)
{
	(void)state;
	add("base", "ns_per_op", 92, json_pack("{s:s}", "level", "packets"));
	add("null", "ns_per_op", 58, json_pack("{s:s}", "level", "packets"));
	SAYS("base", "34.0 of 92.0 ns");
	assert_null(strstr(answer, "null"));
}

static void choices(void **state)
{
	(void)state;
	varies("threads");
	varies("split");
	for (int i = 0; i < 3; i++) {
		const char *split = i == 2 ? "flow" : "any";

		add("base", "ns_per_op", (const double[]){ 40, 84, 29 }[i],
		    json_pack("{s:i, s:s, s:i}", "threads", i ? 2 : 1, "split", split, "flows",
			      4096));
		add("slow", "ns_per_op", 85 + 5 * i,
		    json_pack("{s:i, s:s, s:i}", "threads", i ? 2 : 1, "split", split, "flows",
			      4096));
	}
	SAYS("threads 1", "base 40.0 ns, the lowest median", "threads 2", "flow", "29.0 ns",
	     "base with 2 threads", "84.0 ns", "any", "29.0 ns", "flow", "difference");
}

/* A variant with a power of two of buckets is compared at the load next to that of the others. */
static void rounded(void **state)
{
	(void)state;
	varies("load_factor");
	add("base", "ns_per_op", 40, json_pack("{s:f, s:b}", "load_factor", 1.0, "x", 0));
	add("mask", "ns_per_op", 60,
	    json_pack("{s:f, s:b, s:b}", "load_factor", 0.75, "x", 0, "buckets_rounded", 1));
	SAYS("base 40.0 ns, the lowest median");
	assert_null(strchr(answer, ';'));
	assert_null(strstr(answer, "mask"));
}

static void no_answer(void **state)
{
	(void)state;
	answer_of(answer, report, workload());
	assert_string_equal(answer, "");
	json_object_set_new(add("base", "ns_per_op", 92, json_object()), "control", json_true());
	add("base", "ns_per_op", 0, json_object());
	answer_of(answer, report, workload());
	assert_string_equal(answer, "");
	add("base", "ns_per_op", 92, json_object());
	SAYS("base", "92.0 ns");
	/* Shares of a bound are no times. */
	json_object_set_new(report, "shares", json_object());
	answer_of(answer, report, workload());
	assert_string_equal(answer, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		TEST(size_and_load), TEST(latencies), TEST(resizes), TEST(operators),
		TEST(packets),	     TEST(choices),   TEST(rounded), TEST(no_answer),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
