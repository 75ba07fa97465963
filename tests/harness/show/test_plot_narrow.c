/* SPDX-License-Identifier: MIT */
/* Pictures for phones: narrow, no small text, labels above or below rows instead of beside them. */
#include "harness/show/plot/plot.h"

#include "harness/cli/cmd.h"
#include "harness/results/results.h"
#include "harness/workload/workload.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/plot_fixture.h"

/* Of the narrow picture with this name, which stays in svg[]. */
static void check_narrow(const char *name)
{
	char path[512];
	unsigned int width, height;
	const char *p;
	double size;

	snprintf(path, sizeof(path), "out/%s.png", name);
	assert_int_not_equal(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "out/%s.svg", name);
	assert_true(read_text(path, svg, sizeof(svg)) > 2000);
	p = strstr(svg, "viewBox=\"0 0 ");
	assert_non_null(p);
	assert_int_equal(sscanf(p, "viewBox=\"0 0 %u %u", &width, &height), 2);
	assert_int_equal(width, 380);
	for (p = svg; (p = strstr(p, "font-size=\"")); p++)
		assert_true(sscanf(p, "font-size=\"%lf", &size) == 1 && size >= 11);
	/* The page has both once. */
	assert_null(strstr(svg, "What about phones"));
	assert_null(strstr(svg, "Some CPU"));
}

/* Every kind has a layout for phones that stays within the picture. */
static void narrow_pictures(void **state)
{
	static const char long_name[] = "a_variant_with_a_rather_long_name_of_44_chars";
	json_t *b = new_benchmark("w", "What about phones?", "variant threads"), *workload;
	struct ct_error e = { 0 };
	char colour[32];

	(void)state;
	for (int threads = 1; threads <= 4; threads *= 2) {
		add_cell(b, long_name, NULLS, threads, 65536, 1, threads * 10);
		add_cell(b, "b", "jhash2 mask nulls_rcu striped seqcount memb typesafe", threads,
			 65536, 1, threads * 11);
	}
	workload = json_array_get(json_object_get(json_object_get(b, "ctbench"), "workloads"), 0);
	json_object_set_new(
		workload, "plots",
		json_pack("[s, s, s, s, s]", "threads", "axes", "bars", "size", "load"));
	json_object_set_new(workload, "name", json_string("w"));
	add_verdict(b, "mops", "axis", "mask", 12, "better");
	json_object_set_new(
		json_array_get(json_object_get(json_object_get(b, "ctbench"), "verdicts"), 0),
		"workload", json_string("w"));
	json_object_set_new(
		json_array_get(json_object_get(json_object_get(b, "ctbench"), "verdicts"), 0),
		"base", json_string("something whose name is so long that it takes a second line"));
	assert_int_equal(results_make_dir("out", &e), 0);
	assert_int_equal(plot_page(b, "out", ~0U, true, NULL, NULL, &e), 0);

	/* A legend below the graph, in the order of the ends. */
	check_narrow("w-threads");
	assert_true(left_of(long_name) < 60);
	assert_true(height_of(">b<", colour) < height_of(long_name, colour));
	assert_true(height_of(">b<", colour) > height_of(">threads<", colour));
	check_narrow("w-size-threads2");
	assert_true(left_of(long_name) < 60);
	check_narrow("w-load-threads2");
	assert_true(left_of(long_name) < 60);
	/* Labels are above their rows, not beside them. */
	check_narrow("w-bars");
	assert_true(left_of(long_name) < 20);
	assert_int_equal(occurrences(svg, long_name), 3);
	check_narrow("w-axes-threads2");
	assert_true(left_of("reciprocal_scale") < 20);
	check_narrow("w-effects");
	assert_true(left_of("mask instead of") < 40);
	/* The label takes two lines, then the figure follows. */
	assert_null(strstr(svg, "mask instead of something whose name is so long that it"));
	expect(svg, "second line: +12 %");
	json_decref(b);
}

/* Two rates of a variant with percentiles, and the result of a search for the highest rate. */
static void add_latencies(json_t *benchmark, const char *variant, double us)
{
	json_t *cells = json_object_get(json_object_get(benchmark, "ctbench"), "cells");

	for (int rate = 1; rate <= 2; rate++) {
		char name[128];
		json_t *cell;

		add_cell(benchmark, variant, NULLS, 1, rate, 1, 1);
		snprintf(name, sizeof(name), "w/%s/1/%d/1", variant, rate);
		cell = json_object_get(cells, name);
		json_object_set_new(json_object_get(cell, "parameters"), "rate",
				    json_integer(rate * 1000000));
		json_object_set_new(cell, "latency",
				    json_pack("{s:s, s:f, s:i, s:{s:[f, f, f], s:[f, f, f], s:[f, "
					      "f, f], s:[f, f, f]}}",
					      "kind", "response", "rate_per_s", rate * 1e6,
					      "unfinished", rate - 1, "curve", "nines", 0.0, 1.0,
					      3.0, "median_ns", 100.0, us * 300, us * 1e3 * rate,
					      "low_ns", 90.0, us * 200, us * 900, "high_ns", 110.0,
					      us * 400, us * 3e3));
		json_object_set_new(json_object_get(cell, "metrics"), "p99_ns",
				    json_pack("{s:f, s:f, s:f}", "median", us * 1e3 * rate,
					      "ci_low", us * 900, "ci_high", us * 3e3));
		json_object_set_new(json_object_get(cell, "metrics"), "saturation_per_s",
				    json_pack("{s:f, s:f, s:f, s:[f, f]}", "median", 1e6 * us,
					      "ci_low", 0.9e6 * us, "ci_high", 1.2e6 * us, "values",
					      0.9e6 * us, 1.2e6 * us));
		json_object_set_new(cell, "saturation",
				    json_pack("{s:f, s:s, s:f}", "from_per_s", 1e4, "percentile",
					      "p99", "bound_ns", 2e4));
	}
}

static void narrow_latencies(void **state)
{
	static const char *const names[] = { "w-rate", "w-latency-rate1M", "w-saturation-rate1M" };
	json_t *b = new_benchmark("w", "What about phones?", "variant rate");
	struct ct_error e = { 0 };
	char colour[32];

	(void)state;
	add_latencies(b, "first_variant", 3);
	add_latencies(b, "second_variant", 7);
	/* Wide: names at the ends, the slower one above. */
	assert_int_equal(draw(b, PLOT_RATE | PLOT_LATENCY | PLOT_SATURATION), 5);
	for (int i = 0; i < 2; i++) {
		check_picture(names[i]);
		assert_true(left_of(">first_variant<") > 700 && left_of(">second_variant<") > 700);
		assert_true(height_of(">second_variant<", colour) <
			    height_of(">first_variant<", colour));
		expect(svg, i ? "<title>second_variant: 7 [6.3, 21] at 99.9 %</title>"
			      : "<title>second_variant: 7 [6.3, 21] at 1000000</title>");
	}
	check_picture(names[2]);
	expect(svg, "7 M/s");
	/* Rates from 2.7 to 8.4 M/s contain no power of ten, yet the axis has labels. */
	expect(svg, ">4M<");
	expect(svg, ">8M<");
	check_picture(names[0]);
	assert_null(strstr(svg, "the machine alone"));
	/* With the machine's own p99: 4 of 3 to 14 us. */
	json_object_set_new(json_object_get(b, "ctbench"), "bounds",
			    json_pack("[{s:s, s:i, s:s, s:f, s:i}]", "bound", "away", "threads", 1,
				      "percentile", "p99", "median", 4000.0, "n", 3));
	assert_int_equal(draw(b, PLOT_RATE), 1);
	check_picture(names[0]);
	expect(svg, "CPU stolen");

	assert_int_equal(plot_folder_empty(NULL), 0);
	json_object_set_new(
		json_array_get(json_object_get(json_object_get(b, "ctbench"), "workloads"), 0),
		"plots", json_pack("[s, s]", "rate", "latency"));
	assert_int_equal(results_make_dir("out", &e), 0);
	assert_int_equal(plot_page(b, "out", ~0U, true, NULL, NULL, &e), 0);
	for (int i = 0; i < 2; i++) {
		check_narrow(names[i]);
		assert_true(left_of(">first_variant<") < 60);
		assert_true(height_of(">second_variant<", colour) <
			    height_of(">first_variant<", colour));
	}
	check_narrow(names[2]);
	expect(svg, ">second_variant: 7 M/s<");
	assert_true(left_of(">second_variant: 7 M/s<") < 40);
	json_decref(b);
}

/* The variants are below each other, each with its name above. */
static void narrow_timelines(void **state)
{
	json_t *b = new_benchmark("w", "What about phones?", "variant");
	struct ct_error e = { 0 };
	char colour[32];

	(void)state;
	add_timeline(b, "first_variant", 9, true);
	add_timeline(b, "second_variant", 9, true);
	json_object_set_new(
		json_array_get(json_object_get(json_object_get(b, "ctbench"), "workloads"), 0),
		"plots", json_pack("[s]", "timeline"));
	assert_int_equal(results_make_dir("out", &e), 0);
	assert_int_equal(plot_page(b, "out", ~0U, true, NULL, NULL, &e), 0);
	check_narrow("w-timeline");
	assert_int_equal(occurrences(svg, ">first_variant<"), 3);
	assert_true(height_of(">second_variant<", colour) >
		    height_of(">first_variant<", colour) + 80);
	assert_true(left_of(">second_variant<") == left_of(">first_variant<"));
	assert_true(occurrences(svg, "fill-opacity") >= 6);
	check_narrow("w-timeline-second_variant");
	json_decref(b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, plot_folder_empty)
		TEST(narrow_pictures),
		TEST(narrow_latencies),
		TEST(narrow_timelines),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("plot_narrow", tests, plot_folder_enter,
					   own_folder_leave);
}
