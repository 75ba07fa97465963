/* SPDX-License-Identifier: MIT */
/*
 * Why ck_hs is among the tables and ck_ht is not: in Concurrency Kit 0.7.1 a put of a key that is
 * in the table sometimes succeeds, so the key is there twice.  This shows the fault where the
 * library has it, and that a lookup before each put, under the writer's lock, is enough against it.
 */
#include "tests/fixture/cmocka.h"

#ifdef CTBENCH_CK
#include <ck_ht.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/numbers/random.h"

#define KEYS  4096u
#define STEPS 400000u
#define BYTES 40u /* of a key, as a tuple */

static void *allocate(size_t size)
{
	return malloc(size);
}

static void *
reallocate(void *p, size_t before __maybe_unused, size_t size, bool defer __maybe_unused)
{
	return realloc(p, size);
}

static void release(void *p, size_t size __maybe_unused, bool defer __maybe_unused)
{
	free(p);
}

static struct ck_malloc memory = { .malloc = allocate, .realloc = reallocate, .free = release };

static void hash_of(ck_ht_hash_t *h, const void *key, size_t length __maybe_unused,
		    uint64_t seed __maybe_unused)
{
	uint64_t word;

	memcpy(&word, key, sizeof(word));
	h->value = splitmix64(&word);
}

/* The number of faults in that many random puts, removals and lookups by one thread. */
struct wrong {
	unsigned long puts, others;
};

static struct wrong churn(bool guarded)
{
	static uint64_t keys[KEYS][BYTES / 8];
	static bool in[KEYS];
	struct wrong wrong = { 0 };
	struct rng rng;
	ck_ht_t ht;

	rng_seed(&rng, 7);
	memset(in, 0, sizeof(in));
	for (unsigned int i = 0; i < KEYS; i++)
		for (unsigned int w = 0; w < BYTES / 8; w++)
			keys[i][w] = w ? 0 : i + 1;
	assert_true(ck_ht_init(&ht, CK_HT_MODE_BYTESTRING | CK_HT_WORKLOAD_DELETE, hash_of, &memory,
			       2 * KEYS, 1));
	for (unsigned int step = 0; step < STEPS; step++) {
		const unsigned int i = (unsigned int)rng_below(&rng, KEYS);
		ck_ht_entry_t e;
		ck_ht_hash_t h;

		ck_ht_hash(&h, &ht, keys[i], BYTES);
		ck_ht_entry_key_set(&e, keys[i], BYTES);
		switch (rng_below(&rng, 3)) {
		case 0: {
			const bool there = guarded && ck_ht_get_spmc(&ht, h, &e);
			bool done;

			ck_ht_entry_set(&e, h, keys[i], BYTES, keys[i]);
			done = !there && ck_ht_put_spmc(&ht, h, &e);
			wrong.puts += done == in[i];
			in[i] = true;
			break;
		}
		case 1:
			wrong.others += ck_ht_remove_spmc(&ht, h, &e) != in[i];
			in[i] = false;
			break;
		default:
			wrong.others += ck_ht_get_spmc(&ht, h, &e) != in[i];
		}
	}
	ck_ht_destroy(&ht);
	return wrong;
}

static void test_put(void **state)
{
	struct wrong as_it_is = churn(false), guarded = churn(true);

	(void)state;
	print_message("puts of a key that is there succeed %lu times, guarded %lu times\n",
		      as_it_is.puts, guarded.puts);
	assert_int_equal(guarded.puts, 0);
	assert_int_equal(guarded.others, 0);
}
#else
static void test_put(void **state)
{
	(void)state;
	print_message("built without Concurrency Kit (libck-dev)\n");
	skip();
}
#endif

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_put),
};
CT_TEST_MAIN(tests, NULL, NULL)
