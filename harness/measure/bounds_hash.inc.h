/* SPDX-License-Identifier: MIT */
/*
 * Measures a hash function alone.  One file for each hash includes this, after the
 * hash's header and after defining BOUNDS_HASH, the name of the result.
 */
#include "harness/measure/bounds_internal.h"

/* Empty assembler that pretends to change its argument, so the compiler cannot assume its value. */
#define opaque(x) __asm__ volatile("" : "+r"(x))

/* A tuple that is unknown to the compiler. */
static __always_inline union ct_tuple_words some_tuple(void)
{
	union ct_tuple_words t;

	for (unsigned int i = 0; i < CT_TUPLE_WORDS; i++) {
		uint64_t word = i + 1;

		opaque(word);
		t.w[i] = word;
	}
	return t;
}

static void latency(struct bounds_work *w)
{
	union ct_tuple_words t = some_tuple();
	const uint64_t key[2] = { w->key[0], w->key[1] };
	uint64_t h = w->sum;

	for (unsigned int i = 0; i < BOUNDS_BATCH; i++) {
		t.w[0] = h;
		h = ct_hash(&t, key, 0, 0);
	}
	w->sum = h;
	w->ops += BOUNDS_BATCH;
}

static void throughput(struct bounds_work *w)
{
	union ct_tuple_words t = some_tuple();
	const uint64_t key[2] = { w->key[0], w->key[1] };
	uint64_t sum = 0;

	for (uint64_t i = 0; i < BOUNDS_BATCH; i++) {
		uint64_t word = i;

		opaque(word);
		t.w[0] = word;
		sum += ct_hash(&t, key, 0, 0);
	}
	w->sum += sum;
	w->ops += BOUNDS_BATCH;
}

static bool supported(void)
{
#ifdef CT_HASH_CHECK_CPU
	return ct_hash_supported();
#else
	return true;
#endif
}

const struct bounds_hash BOUNDS_HASH = { CT_HASH_NAME, supported, latency, throughput };
