/* SPDX-License-Identifier: MIT */
/* Shared by the files of torture/; not for other rooms. */
#ifndef CTBENCH_HARNESS_TORTURE_INTERNAL_H
#define CTBENCH_HARNESS_TORTURE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "harness/numbers/random.h"
#include "harness/torture/torture.h"

enum key_kind { FIXED, LEDGER, SHORT, NEVER, KINDS };
static const char *const kind_names[KINDS] = { "fixed", "ledger", "short", "absent" };

#define KEYS_MAX    2000u /* of a kind */
#define HELD	    8u	  /* entries that a reader holds; a power of two */
#define ACTORS_MAX  8u
#define SHORT_TICKS (2 * NF_CT_HZ)
#define LONG_TICKS  (1u << 30) /* beyond what time passes here */

struct scene_plan {
	const char *name;
	uint64_t buckets;
	uint32_t keys; /* of each kind */
	bool resizes, limited;
};

struct scene {
	const struct ct_variant *variant;
	struct ct_core *core;
	struct net *net;
	uint64_t seed, rounds;
	uint32_t keys[KINDS];
	bool resizes;
	_Atomic bool stop;
	_Atomic unsigned int resizing; /* odd: one is under way */
	_Atomic int ledger[KEYS_MAX];  /* inserts less deletes */
	_Atomic unsigned int faults;
	char fault[200]; /* the first */
};

struct actor {
	struct scene *scene;
	pthread_t thread;
	unsigned int cpu;
	void (*role)(struct actor *a);
	struct rng rng;
	struct torture_counts counts;
};

/* Any thread. */
__attribute__((format(printf, 2, 3))) void torture_fault(struct scene *s, const char *fmt, ...);

struct nf_conntrack_tuple torture_tuple(enum key_kind kind, uint32_t i);
/* 0 or the error of alloc or insert; keeps no reference but the table's. */
int torture_insert(struct scene *s, enum key_kind kind, uint32_t i, uint32_t ticks);

/* Up to CT_BURST packets of fixed and short keys, by either direction, through all hooks. */
void torture_burst(struct actor *a);

#endif
