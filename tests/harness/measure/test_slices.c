/* SPDX-License-Identifier: MIT */
/*
 * Slices: which are refused, that a cold one is detected, that waiting cells sleep, and that errors
 * of a child are reported.
 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/machine/distance.h"
#include "harness/machine/topology.h"
#include "harness/measure/measure.h"
#include "tests/fixture/cmocka.h"

/* Large enough to be cold for a while, small enough for any cache. */
static const struct cell plain = {
	.suite = "test",
	.variant = "nulls_rcu_jhash2_scale_seqcount",
	.threads = 1,
	.flows = 16384,
	.buckets = 16384,
	.hit_share = 1,
	.reply_share = 0.5,
	.lookup = 1,
	.refcount = true,
	.seconds = 0.1,
	.warmup = 0.01,
	.repeats = 1,
	.seed = 7,
	.sliced = true,
};

static const struct slice_order ten_ms = {
	.what = SLICE_TAKE,
	.seconds = 0.01,
	.warmup_least = 0.002,
	.warmup_most = 0.2,
};

/* ---- which slices are refused ---- */

static const struct slice_told good = {
	.seconds = 0.01,
	.ops = 1e5,
	.halves = 1.01,
	.distance_before = 100,
	.distance_after = 120,
};

static void a_slice_is_judged(void **state)
{
	struct slice_told s = good;

	(void)state;
	slice_judge(&s);
	assert_string_equal(s.why, "");
	s.halves = 1 + 2 * SLICE_HALVES; /* warmer and warmer */
	slice_judge(&s);
	assert_true(s.why[0] && s.unsteady);
	s.halves = 1 / (1 + 2 * SLICE_HALVES);
	slice_judge(&s);
	assert_true(s.why[0] && s.unsteady);
	s = good;
	s.distance_after = 400; /* in another state */
	slice_judge(&s);
	assert_true(s.why[0] && !s.unsteady);
	s.distance_before = s.distance_after; /* it was so throughout */
	slice_judge(&s);
	assert_string_equal(s.why, "");
	s.distance_before = 0; /* unknown */
	slice_judge(&s);
	assert_string_equal(s.why, "");
	s.lost = 2 * SLICE_LOST * s.seconds;
	slice_judge(&s);
	assert_string_equal(s.why, ""); /* it was not interrupted: it waited itself */
	s.involuntary = 1;
	slice_judge(&s);
	assert_true(s.why[0]);
	s = good;
	s.skew = 2 * SLICE_SKEW * s.seconds;
	slice_judge(&s);
	assert_true(s.why[0]);
	s = good;
	s.seconds = s.ops = 0;
	slice_judge(&s);
	assert_true(s.why[0]);
}

/* ---- a child ---- */

static void open_child(struct measure_child *c, const struct cell *cell)
{
	struct ct_error e = { 0 };

	if (measure_open(c, cell, &e) || c->over)
		fail_msg("%s%s", e.text, c->result.error);
}

static void take(struct measure_child *c, const struct slice_order *order, struct slice_told *told)
{
	struct ct_error e = { 0 };

	if (measure_slice(c, order, told, &e) || c->over)
		fail_msg("%s%s", e.text, c->result.error);
}

static void slices_and_a_result(void **state)
{
	struct measure_child c;
	struct slice_told told;
	struct ct_error e = { 0 };
	double ops = 0;

	(void)state;
	open_child(&c, &plain);
	for (int i = 0; i < 3; i++) {
		take(&c, &ten_ms, &told);
		assert_true(told.ops > 0 && told.seconds > 0.009);
		assert_true(told.warmup >= ten_ms.warmup_least && told.touched > 0);
		assert_true(told.chase > 0);
		ops += told.ops;
	}
	assert_int_equal(measure_close(&c, &e), 0);
	assert_true(c.over);
	assert_int_equal(c.result.status, 0);
	/* The child counts all its slices; the parent decides which are used. */
	assert_true(c.result.ops > 0.99 * ops && c.result.ops < 1.01 * ops);
	assert_int_equal(c.result.hits, c.result.expected_hits);
	assert_true(c.result.lookups > c.result.ops); /* warm-ups included */
	assert_int_equal(c.result.window_allocs, 0);
	assert_non_null(json_object_get(c.details, "locks"));
	measure_end(&c);
}

/* The planted fault: the table is removed from the caches after the warm-up. */
static void a_cold_slice_is_refused(void **state)
{
	struct slice_order cold = ten_ms;
	struct measure_child c;
	struct slice_told told;
	unsigned int seen = 0, whole = 0;

	(void)state;
#if !defined(__x86_64__) && !defined(__aarch64__)
	skip();
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
	skip(); /* a sanitizer's work at each access hides the cost of a cold cache */
#endif
	cold.plant_cold = true;
	open_child(&c, &plain);
	take(&c, &ten_ms, &told);
	/* Disturbed slices do not count here: take as many as needed for ten that are
	 * good. */
	for (int i = 0; whole < 10 && i < 200; i++) {
		take(&c, &cold, &told);
		if (told.lost > SLICE_LOST * told.seconds)
			continue;
		whole++;
		seen += told.unsteady && told.halves > 1;
	}
	measure_end(&c);
	if (whole < 10)
		skip(); /* the machine is too busy to measure anything */
	assert_true(seen >= 9);
}

/* Nanoseconds of CPU that the threads of a process have used. */
static uint64_t cpu_of(pid_t pid)
{
	char path[64];
	uint64_t sum = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		unsigned long long ns = 0;
		char file[512];
		FILE *in;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s/schedstat", path, entry->d_name);
		in = fopen(file, "re");
		if (in && fscanf(in, "%llu", &ns) == 1)
			sum += ns;
		if (in)
			fclose(in);
	}
	closedir(dir);
	return sum;
}

static void who_waits_sleeps(void **state)
{
	struct measure_child c;
	struct slice_told told;
	struct cell cell = plain;
	uint64_t before, after;

	(void)state;
	cell.threads = topology_nr_cpus() > 1 ? 2 : 1;
	open_child(&c, &cell);
	take(&c, &ten_ms, &told);
	usleep(20000); /* the last thread has fallen asleep */
	before = cpu_of(c.pid);
	usleep(200000);
	after = cpu_of(c.pid);
	measure_end(&c);
	if (!before)
		skip(); /* a kernel without these figures */
	/* Some housekeeping is allowed; a thread that polls would use a hundred ms. */
	assert_true(after - before < 2000000);
}

/* Frees that wait for a grace period are done in the slice's turn, and charged to it. */
static void what_waits_is_drained(void **state)
{
	struct measure_child c;
	struct slice_told told;
	struct cell cell = plain;

	(void)state;
	strcpy(cell.variant, "plain_rcu_deferred");
	cell.lookup = 0.5;
	cell.insert = cell.del = 0.25;
	open_child(&c, &cell);
	take(&c, &ten_ms, &told);
	measure_end(&c);
	assert_true(told.drain > 1e-5);
	assert_true(told.charged > 0 && told.charged < told.drain);
}

static void a_child_that_cannot(void **state)
{
	struct measure_child c;
	struct ct_error e = { 0 };
	struct cell cell = plain;

	(void)state;
	strcpy(cell.variant, "no_such_variant");
	assert_int_equal(measure_open(&c, &cell, &e), 0);
	assert_true(c.over && c.result.status == CT_EXIT_USER && c.result.error[0]);
	measure_end(&c);

	measure_program = "/bin/false";
	assert_true(measure_open(&c, &plain, &e) < 0);
	assert_int_equal(e.status, CT_EXIT_INTERNAL);
	measure_end(&c);
	measure_program = CTBENCH_BINARY;
}

static void a_child_that_dies(void **state)
{
	struct measure_child c;
	struct slice_told told;
	struct ct_error e = { 0 };

	(void)state;
	open_child(&c, &plain);
	assert_int_equal(kill(c.pid, SIGKILL), 0);
	assert_true(measure_slice(&c, &ten_ms, &told, &e) < 0);
	assert_true(e.status);
	assert_int_equal(c.pid, 0);
	measure_end(&c);
}

/* ---- distances ---- */

static void distances(void **state)
{
	struct ct_error e = { 0 };
	unsigned int cpus[2];
	struct distance_seen seen;
	double ns = 0;

	(void)state;
	assert_true(distance_moved(100, 300) && distance_moved(300, 100));
	assert_false(distance_moved(100, 120) || distance_moved(0, 300) || distance_moved(300, 0));
	if (topology_nr_cpus() < 2)
		skip();
	assert_int_equal(topology_plan(PIN_COMPACT, "", 2, false, cpus, &e), 0);
	/* 0: one of the CPUs was away, which a busy machine may do to us now and then. */
	for (int i = 0; i < 20 && ns <= 0; i++)
		assert_int_equal(distance_between(cpus[0], cpus[1], &ns, &e), 0);
	assert_true(ns > 5 && ns < 100000);
	assert_int_equal(distance_watch(cpus[0], cpus[1], 0.5, &seen, &e), 0);
	assert_in_range(seen.looks, 0, 5);
	assert_true(!seen.looks || (seen.least > 5 && seen.least <= seen.most));
	assert_true(seen.moves < 5 && seen.near >= 0 && seen.near <= 1.001);
	assert_true(seen.near > 0.999 || distance_moved(seen.least, seen.most) || !seen.looks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slice_is_judged),	   cmocka_unit_test(slices_and_a_result),
		cmocka_unit_test(a_cold_slice_is_refused), cmocka_unit_test(who_waits_sleeps),
		cmocka_unit_test(what_waits_is_drained),   cmocka_unit_test(a_child_that_cannot),
		cmocka_unit_test(a_child_that_dies),	   cmocka_unit_test(distances),
	};

	measure_program = CTBENCH_BINARY;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
