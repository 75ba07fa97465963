/* SPDX-License-Identifier: MIT */
/* The check for linearizability, against histories with known answers and against all orders. */
#include <stdlib.h>
#include <string.h>

#include "harness/numbers/random.h"
#include "harness/torture/linear.h"
#include "tests/fixture/cmocka.h"

#define INSERT(b, e, id) \
	{ \
		b, e, LINEAR_INSERT, id, false \
	}
#define FIND(b, e, id) \
	{ \
		b, e, LINEAR_FIND, id, false \
	}
#define DELETE(b, e, id) \
	{ \
		b, e, LINEAR_DELETE, id, true \
	}
#define MISSED(b, e, id) \
	{ \
		b, e, LINEAR_DELETE, id, false \
	}
#define OPS 4

static const struct known {
	const char *name;
	struct linear_op ops[2][OPS]; /* of two threads; end 0: no more */
	uint32_t first;
	int linearizable;
} known[] = {
	{ "nothing", { { { 0 } } }, 0, 1 },
	{ "in order",
	  { { INSERT(1, 2, 7), FIND(3, 4, 7), DELETE(5, 6, 7), FIND(7, 8, 0) } },
	  0,
	  1 },
	{ "it was there before", { { FIND(1, 2, 5), INSERT(3, 4, 0) } }, 5, 1 },
	{ "it was there before and is missed", { { FIND(1, 2, 0) } }, 5, 0 },
	{ "missed after it was put in", { { INSERT(1, 2, 7) }, { FIND(3, 4, 0) } }, 0, 0 },
	{ "missed while it was put in", { { INSERT(1, 4, 7) }, { FIND(2, 3, 0) } }, 0, 1 },
	{ "found while it was put in", { { INSERT(1, 4, 7) }, { FIND(2, 3, 7) } }, 0, 1 },
	{ "found before it was put in", { { INSERT(3, 4, 7) }, { FIND(1, 2, 7) } }, 0, 0 },
	{ "found after it was taken out", { { DELETE(1, 2, 7) }, { FIND(3, 4, 7) } }, 7, 0 },
	{ "found, then missed, beside one insertion",
	  { { INSERT(1, 6, 7) }, { FIND(2, 3, 7), FIND(4, 5, 0) } },
	  0,
	  0 },
	{ "missed, then found, beside one insertion",
	  { { INSERT(1, 6, 7) }, { FIND(2, 3, 0), FIND(4, 5, 7) } },
	  0,
	  1 },
	{ "put in twice", { { INSERT(1, 3, 7) }, { INSERT(2, 4, 8) } }, 0, 0 },
	{ "put in once, refused once", { { INSERT(1, 3, 7) }, { INSERT(2, 4, 0) } }, 0, 1 },
	{ "refused where none was", { { INSERT(1, 2, 0) } }, 0, 0 },
	{ "refused before the other began", { { INSERT(3, 4, 7) }, { INSERT(1, 2, 0) } }, 0, 0 },
	{ "taken out twice", { { DELETE(1, 3, 7) }, { DELETE(2, 4, 7) } }, 7, 0 },
	{ "taken out once, missed once", { { DELETE(1, 3, 7) }, { MISSED(2, 4, 7) } }, 7, 1 },
	{ "not taken out, but missed", { { MISSED(1, 2, 7), FIND(3, 4, 7) } }, 7, 0 },
	{ "another is found", { { INSERT(1, 2, 7) }, { FIND(3, 4, 8) } }, 0, 0 },
	{ "replaced beside a lookup that misses",
	  { { DELETE(1, 2, 7), INSERT(3, 4, 8) }, { FIND(1, 5, 0) } },
	  7,
	  1 },
};

static struct linear_history
history_of(const struct linear_op (*ops)[OPS], unsigned int threads, uint32_t first)
{
	struct linear_history h = { .first = first };

	for (unsigned int i = 0; i < threads; i++) {
		h.ops[i] = ops[i];
		while (h.nr[i] < OPS && ops[i][h.nr[i]].end)
			h.nr[i]++;
	}
	return h;
}

static void known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct linear_history h = history_of(known[i].ops, 2, known[i].first);
		uint32_t stuck[LINEAR_THREADS];

		if (linear_check(&h, stuck) != known[i].linearizable)
			fail_msg("%s: not as it should be", known[i].name);
	}
}

/* Every order of all operations, one by one: for a few only. */
static int any_order(const struct linear_history *h, uint32_t *at, uint32_t present)
{
	bool left = false;

	for (unsigned int i = 0; i < LINEAR_THREADS; i++) {
		const struct linear_op *op = &h->ops[i][at[i]];
		uint32_t after = present;
		bool ok = true;

		if (at[i] == h->nr[i])
			continue;
		left = true;
		for (unsigned int k = 0; k < LINEAR_THREADS; k++)
			ok &= at[k] == h->nr[k] || h->ops[k][at[k]].end >= op->begin;
		if (op->kind == LINEAR_INSERT)
			ok &= op->id ? !present : present != 0;
		else if (op->kind == LINEAR_FIND)
			ok &= op->id == present;
		else
			ok &= op->done == (op->id == present);
		if (op->kind == LINEAR_INSERT && op->id)
			after = op->id;
		if (op->kind == LINEAR_DELETE && op->done)
			after = 0;
		if (!ok)
			continue;
		at[i]++;
		if (any_order(h, at, after))
			return 1;
		at[i]--;
	}
	return !left;
}

/* Random histories of three threads with two operations each. */
static void all_orders(void **state)
{
	unsigned int yes = 0, no = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (unsigned int n = 0; n < 20000; n++) {
		struct linear_op ops[3][OPS] = { 0 };
		uint32_t stuck[LINEAR_THREADS], at[LINEAR_THREADS] = { 0 }, next[3] = { 0 };
		struct linear_history h;
		int want;

		/* Begins and ends in a random order. */
		for (uint64_t time = 1; time <= 12;) {
			unsigned int i = (unsigned int)rng_below(&rng, 3);
			struct linear_op *op = &ops[i][next[i] / 2];

			if (next[i] == 4)
				continue;
			if (next[i]++ & 1) {
				op->end = time++;
				continue;
			}
			op->begin = time++;
			op->kind = (enum linear_kind)rng_below(&rng, 3);
			op->id = (uint32_t)rng_below(&rng, 2);
			op->done = rng_below(&rng, 2);
			if (op->kind == LINEAR_DELETE)
				op->id += !op->id;
		}
		h = history_of(ops, 3, (uint32_t)rng_below(&rng, 3));
		want = any_order(&h, at, h.first);
		assert_int_equal(linear_check(&h, stuck), want);
		yes += (unsigned int)want;
		no += !want;
	}
	assert_true(yes > 100 && no > 100);
}

/* Long histories that a table did serve are accepted, and one false answer is found. */
static void long_histories(void **state)
{
	enum { LONG = 500 };
	static struct linear_op ops[LINEAR_THREADS][LONG];
	struct linear_history h = { 0 };
	uint64_t time[LINEAR_THREADS] = { 0 }, served = 0;
	uint32_t present = 0, id = 0, stuck[LINEAR_THREADS];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 2);
	for (unsigned int n = 0; n < LINEAR_THREADS * LONG; n++) {
		unsigned int i = n % LINEAR_THREADS;
		struct linear_op *op = &ops[i][h.nr[i]++];

		/* Served at 100 * n, begun and ended up to 400 around that; all moments differ. */
		served = 1000 + 100 * (uint64_t)n;
		op->begin = served - rng_below(&rng, 180) - 1;
		op->begin = op->begin <= time[i] ? time[i] + 1 : op->begin;
		op->end = time[i] = served + rng_below(&rng, 180);
		op->kind = (enum linear_kind)rng_below(&rng, 3);
		if (op->kind == LINEAR_INSERT && !present)
			op->id = present = ++id;
		else if (op->kind == LINEAR_FIND)
			op->id = present;
		else if (op->kind == LINEAR_DELETE) {
			op->id = present ? present : id + 1000;
			op->done = present != 0;
			present = 0;
		}
		h.ops[i] = ops[i];
	}
	assert_int_equal(linear_check(&h, stuck), 1);
	for (unsigned int n = 100; n < LONG; n++)
		if (ops[0][n].kind == LINEAR_FIND && ops[0][n].id) {
			ops[0][n].id = id + 2000;
			break;
		}
	assert_int_equal(linear_check(&h, stuck), 0);
	assert_true(stuck[0] >= 100);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(known_answers),
	cmocka_unit_test(all_orders),
	cmocka_unit_test(long_histories),
};
CT_TEST_MAIN(tests, NULL, NULL)
