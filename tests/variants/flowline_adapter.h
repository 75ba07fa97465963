/* SPDX-License-Identifier: MIT */
/*
 * The smallest adapter for flowline: objects with an integer key and their hash, and
 * the liburcu flavour whose threads need not register.
 */
#ifndef CTBENCH_TESTS_VARIANTS_FLOWLINE_ADAPTER_H
#define CTBENCH_TESTS_VARIANTS_FLOWLINE_ADAPTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <urcu/urcu-bp.h>

struct thing {
	uint64_t key;
	uint32_t hash;
	bool out;
	unsigned int seen;
	_Atomic uintptr_t link;
};

typedef struct thing fl_object;
#define FL_OBJECT_SIZE sizeof(struct thing)

static inline _Atomic uintptr_t *fl_link(struct thing *o, uint32_t kind)
{
	(void)kind;
	return &o->link;
}

struct flowline;

static inline uint32_t fl_hash_of(const struct flowline *t, const struct thing *o, uint32_t kind)
{
	(void)t;
	(void)kind;
	return o->hash;
}

static inline void fl_grace(const struct flowline *t)
{
	(void)t;
	urcu_bp_synchronize_rcu();
}

#endif
