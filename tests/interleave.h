/* SPDX-License-Identifier: MIT */
/*
 * Races, one interleaving at a time.  Two instructions that threads must meet
 * between are found by a storm of threads once in a million steps, or never;
 * here they are found always: a table is compiled with a hook before its
 * critical steps, and what another thread would do there the hook does.
 *
 * A test includes this, then the headers of its axes with what stands in the
 * comment of each hook around them, then the templates; its variant is
 * ct_variant_race.
 */
#ifndef CTBENCH_TESTS_INTERLEAVE_H
#define CTBENCH_TESTS_INTERLEAVE_H

#include <string.h>
#include <time.h>

#include "core/refcount.h"
#include "core/spinlock.h"

enum race_point {
	RACE_NONE,
	BEFORE_REFERENCE,	/* refcount_inc_not_zero() */
	BEFORE_LOCK,		/* spin_lock() */
	BEHIND_UNLOCK,		/* spin_unlock() */
	BEFORE_STEP,		/* chain_load(): a walk's next pointer */
	BEFORE_LINK,		/* chain_add() */
	BEFORE_UNLINK,		/* chain_del() */
	INSIDE_VIEW,		/* resize/seqcount.h: size is read, buckets are not */
};

/* Each thread's own: only the one that arms it ever comes to its point. */
static _Thread_local struct {
	enum race_point point;
	unsigned int skip;	/* that often it is passed by */
	void (*fn)(void);
	bool met;
} race;

/* The next time but skip that this thread comes to point: fn(), once. */
static void race_arm(enum race_point point, unsigned int skip, void (*fn)(void))
{
	race.point = point;
	race.skip = skip;
	race.fn = fn;
	race.met = false;
}

/* True if it came there. */
static bool race_over(void)
{
	race.point = RACE_NONE;
	return race.met;
}

static void race_at(enum race_point point)
{
	if (point == RACE_NONE || race.point != point || race.skip--)
		return;
	race.point = RACE_NONE;
	race.met = true;
	race.fn();
}

/* --- The hooks --- */

static inline bool race_inc_not_zero(refcount_t *r)
{
	race_at(BEFORE_REFERENCE);
	return refcount_inc_not_zero(r);
}

static inline void race_lock(spinlock_t *l)
{
	race_at(BEFORE_LOCK);
	spin_lock(l);
}

static inline void race_unlock(spinlock_t *l)
{
	spin_unlock(l);
	race_at(BEHIND_UNLOCK);
}

#define refcount_inc_not_zero	race_inc_not_zero
#define spin_lock		race_lock
#define spin_unlock		race_unlock

#include "core/nf_conntrack_find.h"
#include "tests/variant_fixture.h"

/* Behind the chain's header: chain_load, chain_add and chain_del by these names. */
#define RACE_CHAIN_HOOKS \
	static inline uintptr_t race_load(const _Atomic uintptr_t *p) \
	{ \
		race_at(BEFORE_STEP); \
		return chain_load(p); \
	} \
	static inline void race_add(_Atomic uintptr_t *head, struct nf_conntrack_tuple_hash *h) \
	{ \
		race_at(BEFORE_LINK); \
		chain_add(head, h); \
	} \
	static inline void race_del(struct nf_conntrack_tuple_hash *h) \
	{ \
		race_at(BEFORE_UNLINK); \
		chain_del(h); \
	}

/* While resize/seqcount.h is included: load_acquire by this name. */
#define race_load_acquire(p) \
	(race_at(!strcmp(#p, "&r->buckets") ? INSIDE_VIEW : RACE_NONE), \
	 atomic_load_explicit((p), memory_order_acquire))

#endif
