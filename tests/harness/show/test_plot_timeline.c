/* SPDX-License-Identifier: MIT */
/* Pictures of timelines: bands only with intervals, panels only for events that occurred. */
#include "harness/show/plot/plot.h"

#include "harness/cli/cmd.h"
#include "harness/workload/workload.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/plot_fixture.h"

/* The leftmost point of the bands, in pixels: a gap must not make a wedge to the graph's corner. */
static double leftmost_of_bands(void)
{
	double least = 1e9, x, y;
	const char *p = svg;
	int len;

	while ((p = strstr(p, "fill-opacity"))) {
		p = strstr(p, "points = '");
		assert_non_null(p);
		for (p += strlen("points = '"); sscanf(p, "%lf,%lf%n", &x, &y, &len) == 2; p += len)
			least = x < least ? x : least;
	}
	return least;
}

/* A light band behind each line: in the data, the picture and its description. */
static void timelines_have_bands(void **state)
{
	json_t *b = new_benchmark("w", "What happens?", "variant");

	(void)state;
	add_timeline(b, "a", 9, true);
	add_timeline(b, "b", 9, true);
	assert_int_equal(draw(b, PLOT_TIMELINE), 3);
	assert_int_equal(rows_of("out/w-timeline.tsv", "1\t8\t7\t9.5\t0.15\t0\t0.3\t0\t0\t0"), 2);
	/* a logarithmic axis has a gap where no operation was done */
	assert_int_equal(rows_of("out/w-timeline.tsv", "3\t7\t6.5\t7.5\tNaN\t0\t0\t3\t1\t9"), 2);
	check_picture("w-timeline");
	expect(svg, " of 9 repeats");
	expect(svg, "resize 2Ki");
	assert_true(occurrences(svg, "fill-opacity") >= 6);
	/* Values under the mouse; where the curve has a gap there is none. */
	expect(svg, "<title>lookups, million/s: 8 [7, 9.5] at 1 ms</title>");
	expect(svg, "<title>lookups, million/s: 7 [6.5, 7.5] at 3 ms</title>");
	assert_null(strstr(svg, "nan"));
	check_picture("w-timeline-b");
	assert_true(occurrences(svg, "fill-opacity") >= 3);
	/* The first piece's middle is at a 14th of the graph, which begins at 84 pixels. */
	assert_true(leftmost_of_bands() > 84 + 910 / 14 - 2);
	assert_int_equal(system("grep -q 'lookups_per_s (x 1e-06), its low, its high, longest' "
				"out/w-timeline.tsv"),
			 0);
	json_decref(b);

	/* The range of few repeats is not a 95 % interval. */
	b = new_benchmark("w", "What happens?", "variant");
	add_timeline(b, "a", 5, true);
	assert_int_equal(draw(b, PLOT_TIMELINE), 1);
	check_picture("w-timeline");
	expect(svg, "median and range (shaded) of 9");
	json_decref(b);
}

/* A panel for each event that occurred in any cell, even in some repeats only; none for others. */
static void panels_for_what_happened(void **state)
{
	json_t *b = new_benchmark("w", "What happens?", "variant"), *timeline;

	(void)state;
	add_timeline(b, "a", 9, true);
	add_timeline(b, "b", 9, true);
	timeline = json_object_get(
		json_object_get(json_object_get(json_object_get(b, "ctbench"), "cells"),
				"w/b/2/65536/1"),
		"timeline");
	assert_int_equal(draw(b, PLOT_TIMELINE), 3);
	check_picture("w-timeline");
	expect(svg, "lookups, million/s");
	expect(svg, "lookups that missed");
	/* a series of zeros, and series that are not there */
	assert_null(strstr(svg, "packets dropped"));
	assert_null(strstr(svg, "search restarts"));
	assert_null(strstr(svg, "table full"));

	json_object_set_new(json_object_get(timeline, "series"), "dropped",
			    json_pack("[i, i, i]", 0, 0, 5));
	json_object_set_new(json_object_get(timeline, "series"), "refused",
			    json_pack("[i, i, i]", 0, 6, 0));
	json_object_set_new(json_object_get(timeline, "series"), "search_restart",
			    json_pack("[i, i, i]", 0, 0, 0));
	json_object_set_new(json_object_get(timeline, "series_high"), "search_restart",
			    json_pack("[i, i, i]", 4, 0, 0));
	assert_int_equal(draw(b, PLOT_TIMELINE), 3);
	check_picture("w-timeline");
	expect(svg, "search restarts");
	expect(svg, "table full");
	expect(svg, "packets dropped");
	check_picture("w-timeline-a");
	assert_null(strstr(svg, "search restarts"));
	json_decref(b);
}

/* A run of an older version has no bands, and the words do not claim any. */
static void older_timelines(void **state)
{
	json_t *b = new_benchmark("w", "What happens?", "variant");

	(void)state;
	add_timeline(b, "a", 9, false);
	assert_int_equal(draw(b, PLOT_TIMELINE), 1);
	assert_int_equal(rows_of("out/w-timeline.tsv", "1\t8\t0.15\t0\n"), 1);
	check_picture("w-timeline");
	expect(svg, "; median of 9 repeats");
	assert_null(strstr(svg, "interval"));
	assert_int_equal(occurrences(svg, "fill-opacity"), 0);
	json_decref(b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, plot_folder_empty)
		TEST(timelines_have_bands),
		TEST(panels_for_what_happened),
		TEST(older_timelines),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("plot_timeline", tests, plot_folder_enter,
					   own_folder_leave);
}
