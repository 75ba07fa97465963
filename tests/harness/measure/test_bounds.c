/* SPDX-License-Identifier: MIT */
/* The machine's bounds: the figures, how they are merged, and how a run keeps
 * them. */
#include "harness/measure/bounds_internal.h"
#include "harness/measure/bounds_measure.h"
#include "harness/measure/measure.h"
#include "harness/results/bounds.h"
#include "harness/run/run.h"
#include "harness/show/table/table.h"
#include "harness/base/grid.h"
#include "harness/machine/topology.h"
#include "tests/fixture/cmocka.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Merging and lookup --- */

static json_t *figure(const char *bound, int threads, int bytes, double ns)
{
	json_t *one =
		json_pack("{s:s, s:i, s:i}", "bound", bound, "threads", threads, "bytes", bytes);

	json_object_set_new(one, "ns", ns > 0 ? json_real(ns) : json_null());
	return one;
}

static double number(const json_t *one, const char *key)
{
	return json_number_value(json_object_get(one, key));
}

static void merged(void **state)
{
	json_t *all = json_array(), *m, *one;

	(void)state;
	for (int i = 0; i < 3; i++) {
		json_t *list = json_array();

		json_array_append_new(list, figure("dependent", 1, 1024, 1 + i));
		json_array_append_new(list, figure("dependent", 1, 16384, 5));
		/* one time of three a thread had moved */
		json_array_append_new(list, figure("dependent", 2, 1024, i == 1 ? 0 : 7));
		if (i == 2)
			json_array_append_new(list, figure("null", 1, 1, 3));
		json_array_append_new(all, list);
	}
	m = bounds_merge(all);
	assert_int_equal(json_array_size(m), 4);
	one = json_array_get(m, 0);
	assert_true(number(one, "median") == 2);
	assert_true(number(one, "n") == 3);
	assert_true(number(one, "ci_low") <= 2 && number(one, "ci_high") >= 2);
	assert_null(json_object_get(one, "ns"));
	assert_true(number(json_array_get(m, 2), "n") == 2);
	assert_true(number(json_array_get(m, 2), "median") == 7);
	assert_string_equal(json_string_value(json_object_get(json_array_get(m, 3), "bound")),
			    "null");

	/* at the points, between them by the logarithm, beyond them the last one */
	assert_true(bounds_dependent_ns(m, 1, 1024) == 2);
	assert_true(bounds_dependent_ns(m, 1, 16384) == 5);
	assert_true(fabs(bounds_dependent_ns(m, 1, 4096) - 3.5) < 1e-9);
	assert_true(bounds_dependent_ns(m, 1, 16) == 2);
	assert_true(bounds_dependent_ns(m, 1, 20000) == 5);
	/* ... as far as it is comparable: a bound from a cache is not used for memory */
	assert_true(isnan(bounds_dependent_ns(m, 1, 1 << 30)));
	assert_true(bounds_dependent_ns(m, 1, 0) == 2);
	assert_true(bounds_dependent_ns(m, 2, 1200) == 7);
	assert_true(isnan(bounds_dependent_ns(m, 3, 1024)));
	assert_true(isnan(bounds_dependent_ns(NULL, 1, 1024)));
	json_decref(m);
	json_decref(all);
}

/* Medians of fewer than five have no interval; of two it was the lesser and the greater. */
static void printed(void **state)
{
	(void)state;
	for (int n = 2; n <= 5; n++) {
		json_t *list =
			json_pack("[{s:s, s:i, s:f, s:f, s:f, s:i}]", "bound", "atomic", "threads",
				  1, "median", 7.5, "ci_low", 6.25, "ci_high", 8.75, "n", n);
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		assert_int_equal(table_bounds(out, list, GRID_TEXT), 0);
		fclose(out);
		assert_non_null(strstr(text, "7.50"));
		assert_int_equal(strstr(text, "6.25") != NULL, n == 5);
		assert_int_equal(strstr(text, "from") != NULL, n == 5);
		free(text);
		json_decref(list);
	}
}

/* --- Effect of stolen CPU time on arrivals --- */

static void away(void **state)
{
	static struct ct_histogram gaps;
	const uint64_t watched = 1000000;

	(void)state;
	/* No time was stolen: no arrival waits. */
	assert_int_equal(bounds_away_at(&gaps, watched, 0.99), 0);
	assert_int_equal(bounds_away_at(&gaps, watched, 1), 0);
	/*
	 * Ten gaps of 5000 ticks: one arrival in 20 falls into one and waits for the rest of it,
	 * evenly from 0 to 5000.  One in 100 waits longer than 4000, one in 1000 longer than 4900.
	 */
	for (int i = 0; i < 10; i++)
		ct_histogram_record(&gaps, 5000);
	assert_int_equal(bounds_away_at(&gaps, watched, 0.99), 4000);
	assert_int_equal(bounds_away_at(&gaps, watched, 0.999), 4900);
	assert_int_equal(bounds_away_at(&gaps, watched, 1), 5000);
	/* Of twice as long watched it is half as much. */
	assert_int_equal(bounds_away_at(&gaps, 2 * watched, 0.99), 3000);
	/* The median arrival does not wait, because gaps are rarer than that. */
	assert_int_equal(bounds_away_at(&gaps, watched, 0.5), 0);
	/* One more of 40000: the few longest waits are its. */
	ct_histogram_record(&gaps, 40000);
	assert_int_equal(bounds_away_at(&gaps, watched, 0.99), 30000);
	assert_int_equal(bounds_away_at(&gaps, watched, 0.999), 39000);
}

/* --- Measuring: every figure is there; their sizes depend on the machine --- */

static unsigned int count(const json_t *list, const char *bound)
{
	const json_t *one;
	unsigned int n = 0;
	size_t i;

	json_array_foreach(list, i, one)
		n += !strcmp(json_string_value(json_object_get(one, "bound")), bound);
	return n;
}

static void measured(void **state)
{
	const struct bounds_request q = {
		.threads = { 1 },
		.nr_threads = 1,
		.pages = PAGES_AUTO,
		.bytes = 3 << 20,
		.window = 0.001,
	};
	struct ct_error e = { 0 };
	json_t *list = bounds_measure(&q, &e), *one, *all, *merged;
	size_t i;

	(void)state;
	assert_non_null(list);
	/* 32 Ki, 256 Ki, and 2 Mi is too near to 3 Mi */
	assert_int_equal(count(list, "dependent"), 3);
	assert_int_equal(count(list, "independent"), 5);
	/* three hints, and the one for writing, at three distances each */
	assert_int_equal(count(list, "random"), 1);
	assert_int_equal(count(list, "prefetched"), 9);
	assert_int_equal(count(list, "random_update"), 1);
	assert_int_equal(count(list, "prefetched_update"), 3);
	assert_true(count(list, "hash_latency") >= 2);
	assert_int_equal(count(list, "hash_throughput"), count(list, "hash_latency"));
	assert_int_equal(count(list, "atomic"), 1);
	assert_int_equal(count(list, "atomic_shared"), 0); /* with whom? */
	assert_int_equal(count(list, "away"), 3);
	json_array_foreach(list, i, one) {
		double ns = number(one, "ns");

		/* On an idle machine no CPU time is stolen. */
		assert_true(json_is_null(json_object_get(one, "ns")) || ns > 0 ||
			    (!ns && json_object_get(one, "percentile")));
	}
	/* After merging each percentile is a separate figure, and none is less than the one before.
	 */
	all = json_pack("[o]", list);
	merged = bounds_merge(all);
	assert_int_equal(count(merged, "away"), 3);
	assert_int_equal(count(merged, "prefetched"), 9);
	if (isfinite(bounds_away_ns(merged, 1, "max"))) {
		assert_true(bounds_away_ns(merged, 1, "p99") <= bounds_away_ns(merged, 1, "p999"));
		assert_true(bounds_away_ns(merged, 1, "p999") <= bounds_away_ns(merged, 1, "max"));
	}
	assert_true(isnan(bounds_away_ns(merged, 2, "p99")));
	assert_true(isnan(bounds_away_ns(merged, 1, "p50")));
	json_decref(merged);
	json_decref(all);
}

/* --- The command, and a run's part --- */

static int shell(const char *command, char *said, size_t size)
{
	FILE *f = popen(command, "r");
	size_t len;
	int status;

	assert_non_null(f);
	len = fread(said, 1, size - 1, f);
	said[len] = '\0';
	while (fgetc(f) != EOF)
		;
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Each line once per round, also where the lines ahead wrap at the end. */
static void every_line_once(void **state)
{
	enum { LINES = 80 };
	static struct bounds_line line[LINES];
	static struct bounds_work work;
	uint32_t order[LINES + BOUNDS_MAX_AHEAD];
	uint64_t rounds = 0;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(order); i++)
		order[i] = i * 3 % LINES;
	for (size_t b = 0; b < nr_bounds_lines; b++) {
		const bool updates = strstr(bounds_lines[b].bound, "update");

		work = (struct bounds_work){ .lines = line,
					     .order = order,
					     .nr_lines = LINES,
					     .ahead = bounds_lines[b].hint ? BOUNDS_MAX_AHEAD : 0 };
		for (int i = 0; i < 5; i++) /* 2048 * 5 / 80: whole rounds */
			bounds_lines[b].fn(&work);
		assert_int_equal(work.ops, 5 * BOUNDS_BATCH);
		rounds += updates ? 5 * BOUNDS_BATCH / LINES : 0;
		for (size_t i = 0; i < LINES; i++)
			assert_int_equal(load_relaxed(&line[i].count), rounds);
	}
	assert_true(rounds > 0);
}

static void mistakes(void **state)
{
	static const struct {
		const char *arguments, *says;
	} cases[] = {
		{ "--threads 0", "1,2 or 1,all" },
		{ "--threads 1,x", "1,2 or 1,all" },
		{ "--bytes 12", "4Ki" },
		{ "--bytes 4x", "4Ki" },
		{ "--bytes 99999999999Gi", "4Ki" },
		{ "--pages big", "hugetlb" },
		{ "--pinning nowhere", "compact" },
		{ "--window 0", "seconds" },
		{ "--repeats 0", "1 to" },
		{ "more", "'more'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char command[512], said[4096];

		snprintf(command, sizeof(command), "%s bounds %s 2>&1", CTBENCH_BINARY,
			 cases[i].arguments);
		assert_int_equal(shell(command, said, sizeof(said)), CT_EXIT_USER);
		if (!strstr(said, cases[i].says))
			fail_msg("%s: %s", cases[i].arguments, said);
	}
}

static unsigned long long free_huge_pages(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
	unsigned long long nr = 0;

	if (f && fscanf(f, "%llu", &nr) != 1)
		nr = 0;
	if (f)
		fclose(f);
	return nr;
}

/*
 * An error of the measuring process is reported once, with its status.  It was reported twice,
 * the second time as a fault of ours (1), and for huge pages without a remedy.
 */
static void more_than_the_machine_has(void **state)
{
	unsigned int nr = topology_nr_cpus();
	unsigned int missing = (unsigned int)sysconf(_SC_NPROCESSORS_CONF) + 7;
	char threads[32], pinning[32];
	struct {
		const char *arguments;
		int status;
		const char *says;
		bool applies;
	} cases[] = {
		{ threads, CT_EXIT_USER, "ask for fewer", nr < CT_MAX_THREADS },
		{ pinning, CT_EXIT_USER, "the CPU list '", true },
		{ "--pages hugetlb --bytes 64Mi", CT_EXIT_SKIP, "sysctl vm.nr_hugepages=32",
		  free_huge_pages() < 32 },
	};

	(void)state;
	snprintf(threads, sizeof(threads), "--threads %u", nr + 1);
	snprintf(pinning, sizeof(pinning), "--pinning %u --threads 1", missing);
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const char *json = i % 2 ? "--json " : "";
		char command[512], said[4096];
		int status;

		if (!cases[i / 2].applies)
			continue;
		snprintf(command, sizeof(command), "%s bounds %s%s 2>&1", CTBENCH_BINARY, json,
			 cases[i / 2].arguments);
		status = shell(command, said, sizeof(said));
		if (status != cases[i / 2].status || !strstr(said, cases[i / 2].says) ||
		    strchr(said, '\n') != said + strlen(said) - 1)
			fail_msg("%s%s: %d: %s", json, cases[i / 2].arguments, status, said);
	}
}

/* Of 256 bytes a connection, 60 ns an operation. */
static json_t *cell_of(const char *level, int flows, int connections)
{
	return json_pack("{s:{s:s, s:i, s:i}, s:{s:f}, s:i, s:f, s:f}", "parameters", "level",
			 level, "threads", 2, "flows", flows, "ns_per_op", "median", 60.0,
			 "connections", connections, "node_bytes_per_connection", 250.0,
			 "bucket_bytes_per_connection", 6.0);
}

/* A cell's time in lines of its footprint; only for operations of a table. */
static void misses(void **state)
{
	char dir[] = "/tmp/ctbench-bounds-XXXXXX", path[64];
	json_t *report, *cells;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/" BOUNDS_FILE, dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("[{\"bound\":\"dependent\",\"threads\":2,\"bytes\":1024,\"ns\":10},"
	      "{\"bound\":\"dependent\",\"threads\":2,\"bytes\":4096,\"ns\":30}]\n[{\"cut off",
	      f);
	fclose(f);
	report = json_pack("{s:{}}", "cells");
	cells = json_object_get(report, "cells");
	json_object_set_new(cells, "ops", cell_of("ops", 8, 8));
	json_object_set_new(cells, "packets", cell_of("packets", 8, 8));
	json_object_set_new(cells, "flushed", cell_of("ops", 32, 8));
	json_object_set_new(cells, "4k", cell_of("ops", 8, 8));
	json_object_set_new(json_object_get(json_object_get(cells, "4k"), "parameters"), "pages",
			    json_string("4k"));
	json_object_set_new(cells, "scattered", cell_of("ops", 8, 8));
	json_object_set_new(json_object_get(json_object_get(cells, "scattered"), "parameters"),
			    "pinning", json_string("scatter"));
	json_object_set_new(cells, "unknown", cell_of("ops", 0, 8));
	assert_non_null(report);
	run_bounds_report(report, dir);
	assert_int_equal(json_array_size(json_object_get(report, "bounds")), 2);
	/* 2 KiB is half way between, by the logarithm: 20 ns. */
	assert_true(number(json_object_get(cells, "ops"), "footprint_bytes") == 2048);
	assert_true(fabs(number(json_object_get(cells, "ops"), "misses") - 3) < 1e-9);
	assert_null(json_object_get(json_object_get(cells, "packets"), "misses"));
	/* If a table changed during the window, it has no single footprint. */
	assert_null(json_object_get(json_object_get(cells, "flushed"), "misses"));
	assert_null(json_object_get(json_object_get(cells, "unknown"), "misses"));
	/* Nor are lines of other pages, or those of other CPUs, its lines. */
	assert_null(json_object_get(json_object_get(cells, "4k"), "misses"));
	assert_null(json_object_get(json_object_get(cells, "scattered"), "misses"));
	json_decref(report);
	unlink(path);
	rmdir(dir);
}

static void in_a_run(void **state)
{
	static const char workload[] = "name: little\nquestion: Is it kept?\nvariants: [null, "
				       "nulls_rcu_jhash2_scale_seqcount]\n"
				       "threads: 1\nflows: 1Ki\nload_factor: 1\nduration: "
				       "5ms\nwarmup: 1ms\nrepeats: 5\nplots: [bars]\n";
	char dir[] = "/tmp/ctbench-bounds-XXXXXX", path[64], command[1024], said[4096];
	struct ct_error e = { 0 };
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/w.yaml", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(workload, f);
	fclose(f);
	for (int without = 0; without < 2; without++) {
		json_t *json, *bounds, *cell;
		const char *name;
		unsigned int nr;
		void *iter;

		snprintf(command, sizeof(command), "%s run %s --results %s --name r%d %s 2>&1",
			 CTBENCH_BINARY, path, dir, without, without ? "--no-bounds" : "");
		shell(command, said, sizeof(said)); /* on a busy machine all may be void */
		snprintf(path, sizeof(path), "%s/r%d/benchmark.json", dir, without);
		json = json_load_file(path, 0, NULL);
		snprintf(path, sizeof(path), "%s/w.yaml", dir);
		if (!json)
			fail_msg("%s", said);
		bounds = json_object_get(json_object_get(json, "ctbench"), "bounds");
		iter = json_object_iter(json_object_get(json_object_get(json, "ctbench"), "cells"));
		name = json_object_iter_key(iter);
		cell = json_object_iter_value(iter);
		assert_non_null(name);
		if (without) {
			assert_null(bounds);
			assert_null(json_object_get(cell, "misses"));
			json_decref(json);
			continue;
		}
		assert_true(count(bounds, "dependent") >= 3);
		assert_true(number(json_array_get(bounds, 0), "n") >= 1);
		assert_int_equal(run_bounds_count(dir, &nr, &e), 0);
		assert_int_equal(nr, 0);
		snprintf(command, sizeof(command), "%s/r0", dir);
		assert_int_equal(run_bounds_count(command, &nr, &e), 0);
		assert_int_equal(nr, BOUNDS_TIMES);
		json_decref(json);
	}
	(void)e;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

/* A process that measures and does not answer is an error, and not a wait. */
static void child_that_fails(void **state)
{
	const struct bounds_request q = {
		.threads = { 1 }, .nr_threads = 1, .bytes = 4096, .window = 0.001
	};
	static const char *const programs[] = { "/bin/false", "/bin/true", "/nowhere/ctbench" };
	const char *ours = measure_program;
	json_t *list;

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct ct_error e = { 0 };

		measure_program = programs[i];
		assert_null(bounds_child(&q, &e));
		assert_int_equal(e.status, CT_EXIT_INTERNAL);
	}
	measure_program = CTBENCH_BINARY;
	list = bounds_child(&q, NULL);
	assert_true(json_array_size(list) > 5);
	json_decref(list);
	measure_program = ours;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(merged),
	cmocka_unit_test(printed),
	cmocka_unit_test(away),
	cmocka_unit_test(measured),
	cmocka_unit_test(every_line_once),
	cmocka_unit_test(mistakes),
	cmocka_unit_test(more_than_the_machine_has),
	cmocka_unit_test(misses),
	cmocka_unit_test(in_a_run),
	cmocka_unit_test(child_that_fails),
};
CT_TEST_MAIN(tests, NULL, NULL)
