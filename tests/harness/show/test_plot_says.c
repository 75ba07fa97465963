/* SPDX-License-Identifier: MIT */
/* The texts of pictures, and the pictures that are drawn by default. */
#include "harness/workload/workload.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/plot_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Gives every cell ns per operation, and as many repeats of it, from 100 up. */
static void add_times(json_t *benchmark, int repeats)
{
	json_t *cells = json_object_get(json_object_get(benchmark, "ctbench"), "cells"), *cell;
	const char *name;

	json_object_foreach(cells, name, cell) {
		json_t *values = json_array();

		for (int i = 0; i < repeats; i++)
			json_array_append_new(values, json_real(100 + i));
		json_object_set_new(json_object_get(cell, "metrics"), "ns_per_op",
				    json_pack("{s:f, s:f, s:f, s:o}", "median", 104.0, "ci_low",
					      101.0, "ci_high", 107.0, "values", values));
	}
}

/* Lines of the data behind the heading of the repeats. */
static unsigned int dots(const char *path)
{
	static char text[1 << 16];
	unsigned int nr = 0;
	char *p;

	read_text(path, text, sizeof(text));
	p = strstr(text, "# repeats");
	assert_non_null(p);
	while ((p = strstr(p, "\t10"))) {
		p++;
		nr++;
	}
	return nr;
}

static void a_cost_is_a_time(void **state)
{
	json_t *b = new_benchmark("w", "What does a lookup cost?", "variant");

	(void)state;
	add_cell(b, "first", NULLS, 1, 4096, 1, 10);
	add_cell(b, "second", NULLS, 1, 4096, 1, 11);
	/* Without times it is drawn from the other figures. */
	assert_int_equal(draw(b, PLOT_BARS), 1);
	check_picture("w-bars");
	expect(svg, "million operations per second");
	add_times(b, 9);
	assert_int_equal(draw(b, PLOT_BARS), 1);
	check_picture("w-bars");
	expect(svg, "time per operation, ns");
	expect(svg, ">104<");
	expect(svg, "dots: each");
	assert_int_equal(dots("out/w-bars.tsv"), 18);
	json_decref(b);
}

static void many_repeats_have_no_dots(void **state)
{
	json_t *b = new_benchmark("w", "What does a lookup cost?", "variant");

	(void)state;
	add_cell(b, "first", NULLS, 1, 4096, 1, 10);
	add_times(b, 30);
	assert_int_equal(draw(b, PLOT_BARS), 1);
	check_picture("w-bars");
	assert_null(strstr(svg, "dots"));
	assert_int_equal(dots("out/w-bars.tsv"), 0);
	json_decref(b);
}

/* Not as a workload file writes it. */
static void parameters_in_words(void **state)
{
	static const char *const mixes[] = { "lookup=95,insert=2.5,delete=2.5", "lookup=100" };
	json_t *b = new_benchmark("w", "And now?", "variant mix resize"), *cell;
	const char *name;
	int i = 0;

	(void)state;
	add_cell(b, "first", NULLS, 1, 4096, 1, 10);
	add_cell(b, "second", NULLS, 1, 4096, 1, 10);
	json_object_foreach(json_object_get(json_object_get(b, "ctbench"), "cells"), name, cell) {
		json_t *parameters = json_object_get(cell, "parameters");

		json_object_set_new(parameters, "mix", json_string(mixes[i++]));
		json_object_set_new(parameters, "resize", json_string("128Ki@50ms,64Ki@150ms"));
	}
	assert_int_equal(draw(b, PLOT_BARS), 1);
	check_picture("w-bars");
	expect(svg, "95 % lookup, 2.5 % insert, 2.5 % delete");
	expect(svg, "resize to 128Ki at 50ms, to 64Ki at 150ms");
	assert_null(strstr(svg, "lookup="));
	assert_null(strstr(svg, "@50ms"));
	json_decref(b);
}

/* A curve of two points is as plain in the table, and so are the points in the middle. */
static void what_is_worth_a_picture(void **state)
{
	json_t *b = new_benchmark("w", "And now?", "variant threads flows");
	json_t *workload =
		json_array_get(json_object_get(json_object_get(b, "ctbench"), "workloads"), 0);

	(void)state;
	json_object_set_new(workload, "plots", json_pack("[s, s]", "threads", "size"));
	for (int threads = 1; threads <= 2; threads++)
		for (int flows = 1024; flows <= 4096; flows *= 2)
			add_cell(b, "first", NULLS, threads, flows, 1, 10);
	assert_int_equal(draw(b, 0), 2);
	check_picture("w-size-threads1");
	check_picture("w-size-threads2");
	assert_int_equal(draw(b, PLOT_THREADS), 3);
	json_decref(b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_cost_is_a_time, plot_folder_empty),
		cmocka_unit_test_setup(many_repeats_have_no_dots, plot_folder_empty),
		cmocka_unit_test_setup(parameters_in_words, plot_folder_empty),
		cmocka_unit_test_setup(what_is_worth_a_picture, plot_folder_empty),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("plot_says", tests, plot_folder_enter, own_folder_leave);
}
