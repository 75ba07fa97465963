/* SPDX-License-Identifier: MIT */
/* Names of cells, workloads as JSON, dry runs, and the project's own workloads and suites. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/machine/topology.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/workload_fixture.h"

static void test_names(void **state)
{
	char name[512], other[512];
	struct workload_set set;
	const struct workload *w;
	struct cell control;

	(void)state;
	load_well(&set,
		  "name: names\n" QUESTION "variants: [" BASELINE
		  ", null]\nflows: [1Ki, 1000]\nload_factor: [1, 2]\n"
		  "popularity: [uniform, hot flows=1 share=50%]\nresize: none\n",
		  NULL);
	w = &set.list[0];
	assert_int_equal(w->nr_cells, 16);
	cell_name(w, &w->cells[1], name, sizeof(name));
	assert_string_equal(name, "names/" BASELINE
				  "/flows:1Ki/load_factor:1/popularity:hot,flows=1,share=0.5");
	for (size_t i = 0; i < w->nr_cells; i++) {
		cell_name(w, &w->cells[i], name, sizeof(name));
		assert_null(strpbrk(name, " \t"));
		for (size_t j = 0; j < i; j++) {
			cell_name(w, &w->cells[j], other, sizeof(other));
			assert_string_not_equal(name, other);
		}
	}
	control = w->cells[0];
	control.control = true;
	assert_int_equal(
		cell_name(w, &control, name, 12),
		strlen("names/" BASELINE "/flows:1Ki/load_factor:1/popularity:uniform/control"));
	assert_string_equal(name, "names/nulls");
	workload_set_free(&set);
}

static void test_json(void **state)
{
	struct workload_set set;
	json_t *root, *cells, *cell;
	json_error_t why;
	size_t i;
	char *text;

	(void)state;
	load_well(&set,
		  "name: json\n" QUESTION
		  "variants: '*_jhash2_mask_*'\nthreads: [1, all]\nload_factor: 0.75\nseed: 5\n"
		  "resize: [none, x2@50%]\nrefcount: false\nhit_share: 0.1\n",
		  NULL);
	text = workload_resolved_json(&set.list[0]);
	assert_non_null(text);
	root = json_loads(text, 0, &why);
	free(text);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "question")), "What is it?");
	cells = json_object_get(root, "cells");
	assert_int_equal(json_array_size(cells), set.list[0].nr_cells);
	json_array_foreach(cells, i, cell) {
		const struct cell *c = &set.list[0].cells[i];

		assert_string_equal(json_string_value(json_object_get(cell, "variant")),
				    c->variant);
		assert_int_equal(json_integer_value(json_object_get(cell, "threads")), c->threads);
		assert_int_equal(json_integer_value(json_object_get(cell, "buckets")), 65536);
		assert_true(json_real_value(json_object_get(cell, "load_factor")) == 1);
		assert_true(json_is_true(json_object_get(cell, "buckets_rounded")));
		assert_true(json_is_false(json_object_get(cell, "refcount")));
		assert_true(json_real_value(json_object_get(cell, "hit_share")) == 0.1);
		assert_true(json_real_value(json_object_get(cell, "duration")) == 0.2);
		assert_int_equal(json_integer_value(json_object_get(cell, "seed")), 5);
		assert_string_equal(json_string_value(json_object_get(cell, "workload")), "json");
	}
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(root, "parameters"), "variant")),
		4);
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(root, "parameters"), "resize")), 2);
	json_decref(root);
	workload_set_free(&set);
}

static void test_dry_run(void **state)
{
	struct workload_set set;
	char *text = NULL;
	size_t size = 0;
	double sum;
	FILE *out;

	(void)state;
	load_well(&set,
		  "name: dry\n" QUESTION "variants: [" BASELINE ", " MASKED
		  "]\nload_factor: 0.7\nflows: [1Ki, 64Ki]\n"
		  "duration: 1s\nwarmup: 500ms\nrepeats: 4\nprecision: 5%\n",
		  NULL);
	sum = workload_set_expected_seconds(&set);
	/*
	 * Four cells and the control take 1.5 s each, plus the time to fill the tables and to
	 * warm up each slice.
	 */
	assert_true(sum > 5 * 4 * 1.5 && sum < 5 * 4 * 3);
	out = open_memstream(&text, &size);
	workload_print_cells(out, &set, NULL, 0);
	fclose(out);
	expect(text, "dry: ");
	expect(text, "from ");
	expect(text, "precision 0.05, budget none, detect none, detect_several none, seed 1\n");
	expect(text, "4 cells");
	expect(text, "cell 1 again");
	expect(text, "4 repeats");
	expect(text, "1 workload, 20 measurements");
	expect(text, "power of two");
	expect(text, "estimate");
	free(text);
	workload_set_free(&set);
}

/* ---- the project's own files ---- */

static void test_own_files(void **state)
{
	struct ct_error e = { 0 };
	char **paths;
	size_t nr, with_question = 0;

	(void)state;
	assert_int_equal(chdir(CTBENCH_SOURCE_DIR), 0);
	assert_int_equal(workload_find_files(&paths, &nr, &e), 0);
	assert_true(nr > 10);
	for (size_t i = 0; i < nr; i++) {
		struct workload_info info = { 0 };
		struct workload_set set = { .nr = 0 };

		if (workload_info_read(&info, paths[i], &e) ||
		    workload_load(&set, paths[i], NULL, &e))
			fail_msg("%s", e.text);
		with_question += strchr(info.question, '?') != NULL;
		workload_info_free(&info);
		workload_set_free(&set);
		free(paths[i]);
	}
	free(paths);
	assert_int_equal(with_question, nr);
}

/* Windows and warm-ups: the time of a measurement without starting processes and filling tables. */
static double measuring_seconds(const struct workload *w, const struct cell *cell)
{
	(void)w;
	return cell->kind == KIND_FILL ? 0 : cell->warmup + cell->seconds;
}

/* The time of a suite is promised for two CPUs, and this machine may have more. */
static double
seconds_with_two_threads(const struct workload_set *set,
			 double (*seconds)(const struct workload *w, const struct cell *cell))
{
	double sum = 0;

	for (size_t i = 0; i < set->nr; i++) {
		const struct workload *w = &set->list[i];
		double repeats = workload_expected_repeats(w);

		for (size_t c = 0; c < w->nr_cells; c++)
			if (w->cells[c].threads <= 2 || w->cells[c].threads == topology_nr_cpus())
				sum += repeats * seconds(w, &w->cells[c]);
		sum += repeats * seconds(w, &w->cells[w->control]);
	}
	return sum;
}

static void test_own_suites(void **state)
{
	static const struct {
		const char *name;
		double seconds, measuring; /* in all, and measuring alone */
		uint32_t repeats;	   /* at least, in every workload */
	} suites[] = {
		/* Most of it fills tables of a million connections. */
		{ "default", 720, 240, 5 }, { "smoke", 45, 20, 1 },   { "self", 240, 100, 3 },
		{ "full", 3000, 900, 9 },   { "peers", 600, 180, 5 },
	};

	(void)state;
	assert_int_equal(chdir(CTBENCH_SOURCE_DIR), 0);
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };
		unsigned int plots = 0;

		if (workload_load(&set, suites[i].name, NULL, &e))
			fail_msg("%s", e.text);
		assert_string_equal(set.name, suites[i].name);
		assert_true(seconds_with_two_threads(&set, cell_expected_seconds) <
			    suites[i].seconds);
		assert_true(seconds_with_two_threads(&set, measuring_seconds) <
			    suites[i].measuring);
		for (size_t w = 0; w < set.nr; w++) {
			assert_true(workload_expected_repeats(&set.list[w]) >= suites[i].repeats);
			plots |= set.list[w].plots;
		}
		if (strcmp(suites[i].name, "self") && strcmp(suites[i].name, "peers"))
			assert_int_equal(plots & ~(unsigned int)PLOT_RATE,
					 PLOT_THREADS | PLOT_SIZE | PLOT_LOAD | PLOT_AXES |
						 PLOT_BARS | PLOT_TIMELINE | PLOT_LATENCY);
		workload_set_free(&set);
	}
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("workload-told");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_names),	   cmocka_unit_test(test_json),
	cmocka_unit_test(test_dry_run),	   cmocka_unit_test(test_own_files),
	cmocka_unit_test(test_own_suites),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
