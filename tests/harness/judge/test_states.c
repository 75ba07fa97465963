/* SPDX-License-Identifier: MIT */
/*
 * Effects with near and with far CPUs. Made-up runs in slices: the machine flips between two
 * distances; shared data cost more in one of them, and a lock costs another share there.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "harness/numbers/random.h"
#include "harness/results/metric.h"
#include "tests/fixture/cmocka.h"

#define REPEATS 9
#define ROUNDS	20

struct machine {
	double near_ns, far_ns, share_far; /* distances, and how often the far one */
	double near, far;		   /* the other cell's time over the base's */
	int near_repeats;		   /* the first ones, in which it never was far */
};

struct point {
	double distance, base;
};

static double jitter(struct rng *rng, double by)
{
	return exp(by * (2 * rng_double(rng) - 1));
}

/* The state of the machine in each round, the same for all cells. */
static void plan(struct point *points, const struct machine *m, struct rng *rng)
{
	for (int i = 0; i < REPEATS * ROUNDS; i++) {
		bool far = i >= ROUNDS * m->near_repeats && rng_double(rng) < m->share_far;

		points[i].distance = (far ? m->far_ns : m->near_ns) * jitter(rng, 0.1);
		points[i].base = (far ? 140 : 45) * jitter(rng, 0.02);
	}
}

static json_t *cell_of(const char *variant, bool control, const struct point *points,
		       const struct machine *m, bool other, struct rng *rng)
{
	json_t *slices = json_array(), *metrics = json_object();
	double mops[REPEATS];

	for (int r = 0; r < REPEATS; r++) {
		json_t *round = json_array(), *ns = json_array(), *distance = json_array();
		double sum = 0;

		for (int i = 0; i < ROUNDS; i++) {
			const struct point *p = &points[r * ROUNDS + i];
			bool far = p->distance > sqrt(m->near_ns * m->far_ns);
			double t = p->base * (!other ? 1 : far ? m->far : m->near);

			t *= jitter(rng, 0.01);
			sum += t;
			json_array_append_new(round, json_integer(i));
			json_array_append_new(ns, json_real(t));
			json_array_append_new(distance, json_real(p->distance));
		}
		mops[r] = 2e3 * ROUNDS / sum;
		json_array_append_new(slices, json_pack("{s:i, s:i, s:o, s:o, s:o}", "repeat", r,
							"session", 10 * r + 1, "round", round, "ns",
							ns, "distance_ns", distance));
	}
	metric_put(metrics, "mops", mops, REPEATS);
	return json_pack("{s:s, s:s, s:b, s:{s:s}, s:o, s:o, s:{s:s, s:i}}", "workload", "w",
			 "variant", variant, "control", control, "axes", "resize",
			 other ? "rwlock" : "seqcount", "metrics", metrics, "slices", slices,
			 "parameters", "variant", variant, "threads", 2);
}

static json_t *judged(const struct machine *m, uint64_t seed)
{
	struct point points[REPEATS * ROUNDS];
	json_t *report;
	struct rng rng;

	rng_seed(&rng, seed);
	plan(points, m, &rng);
	report = json_pack("{s:i, s:b, s:[{s:s, s:[s]}], s:{s:o, s:o, s:o}}", "format", 1,
			   "interleaved", 1, "workloads", "name", "w", "varying", "variant",
			   "cells", "w/a", cell_of("a", false, points, m, false, &rng), "w/b",
			   cell_of("b", false, points, m, true, &rng), "w/a/control",
			   cell_of("a", true, points, m, false, &rng));
	assert_int_equal(judge_run(report), 0);
	return report;
}

static const json_t *verdict_of(const json_t *report)
{
	const json_t *verdict = json_array_get(json_object_get(report, "verdicts"), 0);

	assert_non_null(verdict);
	return verdict;
}

static double at(const json_t *verdict, const char *state, const char *key)
{
	return json_number_value(
		json_object_get(json_object_get(json_object_get(verdict, "cpus"), state), key));
}

static bool holds(const json_t *verdict, const char *state, double percent)
{
	return at(verdict, state, "ci_low_percent") <= percent &&
	       percent <= at(verdict, state, "ci_high_percent");
}

static void both_states_are_told(void **state)
{
	const struct machine m = { 90, 370, 0.4, 1 / 0.70, 1 / 0.76, 0 };
	json_t *report = judged(&m, 1);
	const json_t *v = verdict_of(report);

	(void)state;
	assert_true(fabs(at(v, "near", "ns") - 90) < 5 && fabs(at(v, "far", "ns") - 370) < 20);
	assert_true(holds(v, "near", -30) && holds(v, "far", -24));
	assert_true(at(v, "near", "ci_high_percent") < at(v, "far", "ci_low_percent"));
	assert_non_null(strstr(json_string_value(json_object_get(v, "text")), "near"));
	/* And the cell's own figure is given for each state. */
	v = json_object_get(json_object_get(report, "cells"), "w/a");
	assert_true(fabs(at(v, "near", "ns_per_op") - 45) < 2);
	assert_true(fabs(at(v, "far", "ns_per_op") - 140) < 5);
	assert_true(fabs(at(v, "far", "share") - 0.4) < 0.12);
	json_decref(report);
}

/* No difference is claimed if there is none. */
static void the_same_in_both(void **state)
{
	const struct machine m = { 90, 370, 0.4, 1 / 0.8, 1 / 0.8, 0 };
	unsigned int differ = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		json_t *report = judged(&m, seed);
		const json_t *v = verdict_of(report);

		assert_non_null(json_object_get(v, "cpus"));
		differ += json_number_value(json_object_get(json_object_get(v, "cpus"), "same_p")) <
			  STATS_ALPHA;
		json_decref(report);
	}
	assert_true(differ <= 6); /* 2 of 40 are due; more than 6 come once in 300 times */
}

static void one_state_only(void **state)
{
	const struct machine never = { 90, 370, 0, 1.4, 1.3, 0 };
	const struct machine seldom = { 90, 370, 0.03, 1.4, 1.3, 0 };
	const struct machine alike = { 90, 110, 0.5, 1.4, 1.4, 0 };
	json_t *report;

	(void)state;
	report = judged(&never, 1);
	assert_null(json_object_get(verdict_of(report), "cpus"));
	json_decref(report);
	report = judged(&seldom, 1);
	assert_null(json_object_get(verdict_of(report), "cpus"));
	json_decref(report);
	report = judged(&alike, 1);
	assert_null(json_object_get(verdict_of(report), "cpus"));
	json_decref(report);
}

/* Repeats in which the CPUs never were far are not in that state's effect. */
static void a_state_that_some_repeats_saw(void **state)
{
	const struct machine m = { 90, 370, 0.4, 1 / 0.70, 1 / 0.76, .near_repeats = 3 };
	json_t *report = judged(&m, 3);
	const json_t *v = verdict_of(report);

	(void)state;
	assert_int_equal(at(v, "near", "n"), REPEATS);
	assert_int_equal(at(v, "far", "n"), REPEATS - 3);
	assert_true(holds(v, "near", -30) && holds(v, "far", -24));
	json_decref(report);
}

/* --- Which slices are compared --- */

/* A cell of two repeats; the rounds 2 and 3 of the first were refused, or those in `rounds`. */
static json_t *rounds_of(int session, const char *rounds, const char *ns, const char *distance)
{
	char text[512];
	json_t *cell;

	snprintf(text, sizeof(text),
		 "{\"slices\": [{\"repeat\": 0, \"session\": %d, \"round\": [9], \"ns\": [7], "
		 "\"distance_ns\": [100]},"
		 "{\"repeat\": 1, \"session\": %d, \"round\": [%s], \"ns\": [%s], \"distance_ns\": "
		 "[%s]}]}",
		 session, session + 1, rounds, ns, distance);
	cell = json_loads(text, 0, NULL);
	assert_non_null(cell);
	return cell;
}

static void rounds_are_compared(void **state)
{
	json_t *a = rounds_of(4, "1, 2, 4, 5, 6", "10, 900, 10, 10, 10", "80, 80, 300, 80, 80");
	json_t *b = rounds_of(4, "1, 3, 4, 5, 7", "20, 1, 40, 20, 1", "90, 90, 310, 90, 90");
	json_t *later = rounds_of(5, "1, 3, 4, 5, 7", "20, 1, 40, 20, 1", "90, 90, 310, 90, 90");
	const double all = (log(2) + log(4) + log(2)) / 3;
	double effect = 0;

	(void)state;
	/* The rounds that both have, wherever they stand in the lists. */
	assert_true(judge_within_rounds(a, b, "ns_per_op", 1, 0, INFINITY, &effect));
	assert_true(fabs(effect - all) < 1e-9);
	assert_true(judge_within_rounds(a, b, "mops", 1, 0, INFINITY, &effect));
	assert_true(fabs(effect + all) < 1e-9);
	assert_true(judge_within_rounds(b, a, "ns_per_op", 1, 0, INFINITY, &effect));
	assert_true(fabs(effect + all) < 1e-9);
	/* Of one state of the CPUs. */
	assert_true(judge_within_rounds(a, b, "ns_per_op", 1, 0, 200, &effect));
	assert_true(fabs(effect - log(2)) < 1e-9);
	assert_true(judge_within_rounds(a, b, "ns_per_op", 1, 200, INFINITY, &effect));
	assert_true(fabs(effect - log(4)) < 1e-9);
	/* Each repeat has its own slices; those of different sessions were not side by side. */
	assert_true(judge_within_rounds(a, b, "ns_per_op", 0, 0, INFINITY, &effect));
	assert_true(fabs(effect) < 1e-9);
	assert_false(judge_within_rounds(a, b, "ns_per_op", 2, 0, INFINITY, &effect));
	assert_false(judge_within_rounds(a, later, "ns_per_op", 1, 0, INFINITY, &effect));
	assert_false(judge_within_rounds(a, b, "p99_ns", 1, 0, INFINITY, &effect));
	assert_int_equal(judge_first_session(a), 4);
	json_decref(a);
	json_decref(b);
	json_decref(later);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(both_states_are_told), cmocka_unit_test(the_same_in_both),
	cmocka_unit_test(one_state_only),	cmocka_unit_test(a_state_that_some_repeats_saw),
	cmocka_unit_test(rounds_are_compared),
};
CT_TEST_MAIN(tests, NULL, NULL)
