/* SPDX-License-Identifier: MIT */
/* Slices whose halves differ too much are refused; enough of them make a repeat void. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/slices.h"
#include "tests/fixture/cmocka.h"

#define MANY 40

/* A slice as the child judges it, with these halves. */
static void add(struct slice_list *l, double halves)
{
	struct slice *s = slices_add(l);

	assert_non_null(s);
	s->round = (uint32_t)l->nr;
	s->attempt = 1;
	s->told = (struct slice_told){ .seconds = 0.01, .ops = 1e5, .halves = halves };
	slice_judge(&s->told);
}

/* Halves that scatter evenly around a middle: half of the slices above it, half below. */
static void add_many(struct slice_list *l, double middle, double spread)
{
	for (int i = 0; i < MANY; i++)
		add(l, middle * exp(spread * (2.0 * i / (MANY - 1) - 1)));
}

static void is_void(struct slice_list *l, bool expected)
{
	const struct cell cell = { .threads = 1, .seconds = 0.4 };
	struct cell_result r = { 0 };

	slices_judge_halves(l);
	slices_sum(l, &cell, &r);
	assert_int_equal(r.void_reason[0] != '\0', expected);
	assert_true(expected || r.ops > 0);
}

/* Among even slices, one that began cold is refused. */
static void one_cold_slice_among_even_ones(void **state)
{
	struct slice_list l = { 0 };

	(void)state;
	add_many(&l, 1, 0.01);
	add(&l, 1.15);
	assert_true(slices_uneven(&l, l.nr - 1));
	assert_false(slices_uneven(&l, 0));
	slices_judge_halves(&l);
	assert_true(l.list[l.nr - 1].told.why[0]);
	is_void(&l, false);
	free(l.list);
}

/* Among slices that neighbours make uneven, the same one is not refused. */
static void noise_is_no_reason(void **state)
{
	struct slice_list l = { 0 };
	size_t refused = 0;

	(void)state;
	add_many(&l, 1, 0.15);
	add(&l, 1.15);
	for (size_t i = 0; i < l.nr; i++)
		refused += l.list[i].told.unsteady;
	assert_true(refused > MANY / 2); /* judged without the others */
	assert_false(slices_uneven(&l, l.nr - 1));
	add(&l, 2);
	assert_true(slices_uneven(&l, l.nr - 1));
	slices_judge_halves(&l);
	for (size_t i = 0; i < l.nr; i++)
		assert_int_equal(l.list[i].told.why[0] != '\0', i + 1 == l.nr);
	is_void(&l, false);
	free(l.list);
}

/* Too few slices to know the usual difference. */
static void the_first_slices(void **state)
{
	struct slice_list l = { 0 };

	(void)state;
	add(&l, 1.15);
	assert_true(slices_uneven(&l, 0));
	add(&l, 0.9);
	add(&l, 1.01);
	assert_true(slices_uneven(&l, 0) && slices_uneven(&l, 1) && !slices_uneven(&l, 2));
	free(l.list);
}

/* Other reasons to refuse a slice stay. */
static void other_reasons_stay(void **state)
{
	struct slice_list l = { 0 };
	struct slice_told *told;

	(void)state;
	add_many(&l, 1, 0.15);
	add(&l, 1.1);
	told = &l.list[l.nr - 1].told;
	told->lost = told->seconds / 2;
	told->involuntary = 1;
	slice_judge(told);
	slices_judge_halves(&l);
	assert_true(told->why[0]);
	free(l.list);
}

/* All begin cold: with little noise each is refused; with much noise their median shows it. */
static void cold_throughout(void **state)
{
	struct slice_list quiet = { 0 }, noisy = { 0 }, noise = { 0 };

	(void)state;
	add_many(&quiet, 1.1, 0.01);
	is_void(&quiet, true);
	add_many(&noisy, 1.15, 0.15);
	is_void(&noisy, true);
	add_many(&noise, 1.02, 0.15);
	is_void(&noise, false);
	free(quiet.list);
	free(noisy.list);
	free(noise.list);
}

/* Slices that began cold are refused; those of the new length are judged by themselves. */
static void longer_ones(void **state)
{
	struct slice_list l = { 0 }, few = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		add(&l, 1.2 + 0.01 * i);
	assert_true(slices_drift(&l));
	slices_refuse_drift(&l);
	assert_false(slices_drift(&l));
	for (int i = 0; i < 5; i++)
		assert_true(l.list[i].told.why[0]);
	for (int i = 0; i < 5; i++)
		add(&l, 1 + 0.01 * i);
	assert_false(slices_drift(&l));
	is_void(&l, false);
	for (int i = 0; i < 10; i++)
		assert_int_equal(l.list[i].used, i >= 5);
	free(l.list);
	/* Too few slices are left, so the repeat is void. */
	for (int i = 0; i < 9; i++)
		add(&few, 1.2 + 0.01 * i);
	slices_refuse_drift(&few);
	add(&few, 1);
	is_void(&few, true);
	free(few.list);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(one_cold_slice_among_even_ones),
	cmocka_unit_test(noise_is_no_reason),
	cmocka_unit_test(the_first_slices),
	cmocka_unit_test(other_reasons_stay),
	cmocka_unit_test(cold_throughout),
	cmocka_unit_test(longer_ones),
};
CT_TEST_MAIN(tests, NULL, NULL)
