/* SPDX-License-Identifier: MIT */
/*
 * Arrivals, and the loop that keeps to them, on a clock that the test sets:
 * the effect of a stall on response times, which a closed loop hides.
 */
#include "core/ticks.h"

/* The loop's clock: an operation moves it, and so does each reading. */
static uint64_t virtual_now;
static uint64_t virtual_ticks(void);
#define ct_ticks_ordered virtual_ticks
#include "variants/latency.h"
#undef ct_ticks_ordered

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/traffic/arrivals.h"
#include "harness/numbers/histogram.h"
#include "tests/fixture/cmocka.h"

static uint64_t virtual_ticks(void)
{
	return virtual_now++;
}

/* ---- arrivals ---- */

static uint64_t round_of(const struct arrivals *a)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < a->nr; i++)
		sum += a->gaps[i];
	return sum;
}

static void constant_arrivals(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct arrivals a;

		/* A gap that is not a whole number of ticks: the rate is still right. */
		assert_int_equal(arrivals_make(&a, ARRIVALS_CONSTANT, 1000.3, i, 4, 1), 0);
		assert_int_equal(round_of(&a), llround(1000.3 * ARRIVALS_RING));
		for (size_t k = 0; k < a.nr; k++)
			assert_true(a.gaps[k] == 1000 || a.gaps[k] == 1001);
		assert_int_equal(a.first, (uint64_t)(1000.3 * i / 4));
		arrivals_free(&a);
	}
}

/* Exponential gaps: mean and variance, the share beyond a few lengths, and no correlation. */
static void poisson_arrivals(void **state)
{
	struct arrivals a, again, other;
	double mean = 5000, squares = 0, beyond = 0, product = 0;

	(void)state;
	assert_int_equal(arrivals_make(&a, ARRIVALS_POISSON, mean, 0, 2, 7), 0);
	assert_int_equal(arrivals_make(&again, ARRIVALS_POISSON, mean, 0, 2, 7), 0);
	assert_int_equal(arrivals_make(&other, ARRIVALS_POISSON, mean, 1, 2, 8), 0);
	assert_int_equal(round_of(&a), (uint64_t)(mean * ARRIVALS_RING));
	assert_memory_equal(a.gaps, again.gaps, a.nr * sizeof(*a.gaps));
	assert_memory_not_equal(a.gaps, other.gaps, a.nr * sizeof(*a.gaps));
	for (size_t i = 0; i < a.nr; i++) {
		double d = (double)a.gaps[i] - mean, next = (double)a.gaps[(i + 1) % a.nr] - mean;

		squares += d * d;
		product += d * next;
		beyond += (double)a.gaps[i] > 3 * mean;
	}
	/* Five standard errors: sqrt(8 / n) for the variance, sqrt(p / n) for the share. */
	assert_true(fabs(squares / (double)a.nr / (mean * mean) - 1) <
		    5 * sqrt(8.0 / (double)a.nr));
	assert_true(fabs(product / squares) < 5 / sqrt((double)a.nr));
	assert_true(fabs(beyond / (double)a.nr - exp(-3)) < 5 * sqrt(exp(-3) / (double)a.nr));
	arrivals_free(&a);
	arrivals_free(&again);
	arrivals_free(&other);
	assert_int_equal(arrivals_make(&a, ARRIVALS_POISSON, 0.5, 0, 1, 1), -EINVAL);
}

/* As recorded, at another speed; two packets share a time (captures never go back). */
static void recorded_arrivals(void **state)
{
	static const uint64_t times[] = { 100, 300, 300, 900 };
	static const uint64_t gaps[] = { 400, 0, 1200, 2000 - 1800 + 200 };
	struct arrivals a;

	(void)state;
	assert_int_equal(arrivals_recorded(&a, times, 4, 1000, 2000), 0);
	assert_int_equal(a.first, 200);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(a.gaps[i], gaps[i]);
	assert_int_equal(round_of(&a), 2000);
	arrivals_free(&a);
}

/* ---- the loop ---- */

#define GAP   1000u /* ticks between arrivals, and per operation */
#define TAKES 498u
#define STALL 5000000u

/* n operations as variants/timed.inc.h does them; number `stalled` takes STALL longer. */
static void run(struct ct_latency *l, uint64_t n, uint64_t stalled)
{
	for (uint64_t i = 0; i < n;) {
		uint64_t begin = ct_latency_begin(l);

		if (!begin)
			continue; /* harness: not due yet, ask again */
		virtual_now += TAKES + (i++ == stalled ? STALL : 0);
		ct_latency_end(l, CT_LATENCY_HIT, begin);
	}
}

static struct ct_latency *make_loop(const uint64_t *gaps)
{
	struct ct_latency *l = aligned_alloc(_Alignof(struct ct_latency), sizeof(*l));

	assert_non_null(l);
	memset(l, 0, sizeof(*l));
	virtual_now = 1;
	l->gaps = gaps;
	l->nr_gaps = gaps != NULL;
	l->due = GAP;
	l->until = UINT64_MAX;
	l->patience = 100;
	return l;
}

/*
 * During the stall 5000 operations arrive; each later one has waited 500 ticks
 * less (a gap minus the time of one), so 10000 are late: one in a hundred.
 */
static void a_stall_in_an_open_loop(void **state)
{
	static const uint64_t gap = GAP;
	struct ct_latency *l = make_loop(&gap);
	const struct ct_histogram *h = &l->class[CT_LATENCY_HIT];
	double p999;

	(void)state;
	run(l, 1000000, 500000);
	assert_int_equal(h->n, 1000000);
	assert_int_equal(l->arrived, 1000000);
	assert_true(h->max >= STALL && h->max < STALL + GAP);
	/* The thousandth from the top: 999 times 500 ticks less than the longest. */
	p999 = STALL - 999 * 500.0;
	assert_true(fabs((double)histogram_at(h, 0.999) - p999) < 0.01 * p999);
	assert_true(fabs(histogram_above(h, STALL / 2) - 0.005) < 0.0001);
	assert_true(fabs((double)l->queued - 10000) < 50);
	assert_true(l->lag > STALL - 2 * GAP && l->lag < STALL);
	assert_true(histogram_at(h, 0.5) < TAKES + 10);
	/* The schedule does not change: the last operation was due at its original time. */
	assert_int_equal(l->due, GAP + 1000000 * (uint64_t)GAP);
	free(l);
}

static void and_a_closed_one_hides_it(void **state)
{
	struct ct_latency *l = make_loop(NULL);
	const struct ct_histogram *h = &l->class[CT_LATENCY_HIT];

	(void)state;
	run(l, 1000000, 500000);
	assert_true(h->max >= STALL);
	assert_true(histogram_at(h, 0.99999) < TAKES + 10);
	assert_true(histogram_above(h, STALL / 2) < 1e-5);
	free(l);
}

/* Nothing of the next window, and no waiting inside for distant arrivals. */
static void what_is_not_due(void **state)
{
	static const uint64_t gap = GAP;
	struct ct_latency *l = make_loop(&gap);

	(void)state;
	l->until = 5 * GAP;
	for (unsigned int i = 1; i < 5; i++) {
		virtual_now = i * GAP - 101;
		assert_int_equal(ct_latency_begin(l), 0);
		assert_int_equal(ct_latency_begin(l), i * GAP);
		assert_true(virtual_now > i * GAP);
	}
	virtual_now = 100 * GAP;
	assert_int_equal(ct_latency_begin(l), 0);
	assert_int_equal(l->arrived, 4);
	assert_int_equal(l->queued, 0);
	free(l);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(constant_arrivals),	     cmocka_unit_test(poisson_arrivals),
	cmocka_unit_test(recorded_arrivals),	     cmocka_unit_test(a_stall_in_an_open_loop),
	cmocka_unit_test(and_a_closed_one_hides_it), cmocka_unit_test(what_is_not_due),
};
CT_TEST_MAIN(tests, NULL, NULL)
