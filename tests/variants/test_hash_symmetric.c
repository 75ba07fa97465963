/* SPDX-License-Identifier: MIT */
/*
 * The hashes that both directions of a connection share: exchanging the ends changes nothing,
 * everything else does.
 */
#include <string.h>

#include "harness/numbers/random.h"
#include "tests/variants/hash_units.h"

/* One unit has one ct_hash(); this test needs both. */
#define ct_hash symmetric_hash
#include "variants/hash/symmetric.h"
#undef ct_hash
#undef CT_HASH_NAME
#define ct_hash ends_xor_hash
#include "variants/hash/ends_xor.h"
#undef ct_hash
#undef CT_HASH_NAME

#include "tests/fixture/cmocka.h"

#define TUPLES 200

HASH_UNIT(symmetric)
HASH_UNIT(ends_xor)

static const struct hash {
	hash_fn *fn;
	bool second_key; /* hashed as well */
	bool equal_ends; /* tuples with equal ends are told apart */
} hashes[] = { { symmetric, true, true }, { ends_xor, false, false } };

static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

static void random_tuple(struct rng *r, union ct_tuple_words *t)
{
	for (unsigned int i = 0; i < CT_TUPLE_WORDS; i++)
		t->w[i] = rng_next(r);
}

static union ct_tuple_words swapped(const union ct_tuple_words *t)
{
	union ct_tuple_words s = *t;

	s.tuple.src.u3 = t->tuple.dst.u3;
	s.tuple.src.u.all = t->tuple.dst.u.all;
	s.tuple.dst.u3 = t->tuple.src.u3;
	s.tuple.dst.u.all = t->tuple.src.u.all;
	return s;
}

static void ends_are_exchanged(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (unsigned int n = 0; n < TUPLES; n++) {
		union ct_tuple_words t, s, other;

		random_tuple(&r, &t);
		s = swapped(&t);
		ct_tuple_swap(&other, &t);
		assert_memory_equal(&other.tuple.src, &s.tuple.src, sizeof(s.tuple.src));
		assert_true(nf_ct_tuple_equal(&other.tuple, &s.tuple));
		for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
			assert_int_equal(hashes[i].fn(&t, key, 1, 2), hashes[i].fn(&s, key, 1, 2));
	}
}

/* Two of these 32-bit numbers are equal once in four billion times. */
static void everything_else_matters(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 2);
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		const struct hash *h = &hashes[i];

		for (unsigned int n = 0; n < TUPLES; n++) {
			const uint64_t first[2] = { key[0] + 1, key[1] },
				       second[2] = { key[0], key[1] + 1 };
			union ct_tuple_words t, u;
			uint32_t is;

			random_tuple(&r, &t);
			is = h->fn(&t, key, 1, 2);
			assert_int_not_equal(h->fn(&t, key, 2, 2), is);
			assert_int_not_equal(h->fn(&t, key, 1, 3), is);
			assert_int_not_equal(h->fn(&t, first, 1, 2), is);
			assert_int_equal(h->fn(&t, second, 1, 2) != is, h->second_key);
			u = t;
			u.tuple.dst.dir = !u.tuple.dst.dir;
			assert_int_equal(h->fn(&u, key, 1, 2), is);
			/* each bit of the rest, of which the direction is the last byte */
			for (unsigned int bit = 0; bit < 8 * CT_TUPLE_KEY_BYTES; bit++) {
				u = t;
				((uint8_t *)&u)[bit / 8] ^= (uint8_t)(1u << bit % 8);
				assert_int_not_equal(h->fn(&u, key, 1, 2), is);
			}
		}
	}
}

/* As in a land attack: one hash takes all such tuples for one. */
static void equal_ends(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 3);
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		union ct_tuple_words a, b;

		random_tuple(&r, &a);
		a.tuple.dst.u3 = a.tuple.src.u3;
		a.tuple.dst.u.all = a.tuple.src.u.all;
		b = a;
		b.tuple.src.u3.all[0]++;
		b.tuple.dst.u3.all[0]++;
		assert_int_equal(hashes[i].fn(&a, key, 0, 0) != hashes[i].fn(&b, key, 0, 0),
				 hashes[i].equal_ends);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ends_are_exchanged),
	cmocka_unit_test(everything_else_matters),
	cmocka_unit_test(equal_ends),
};
CT_TEST_MAIN(tests, NULL, NULL)
