/* SPDX-License-Identifier: MIT */
/* The check of the order of locks: see lock_order.h. */
#include "core/lock_order.h"

#include <stdio.h>
#include <stdlib.h>

/* What this thread holds.  A resize that takes every bucket's lock holds more: see more. */
#define HELD_MAX 16u

struct held {
	struct {
		const void *lock;
		enum ct_lock_rank rank;
	} lock[HELD_MAX];
	unsigned int nr;
	unsigned long more; /* bucket locks beyond those, all of higher addresses */
};
static _Thread_local struct held held;

static const char *const names[CT_LOCK_RANKS] = {
	[CT_LOCK_HOOKS] = "a lock of hooks",
	[CT_LOCK_RESIZE] = "a table's resize mutex",
	[CT_LOCK_TABLE] = "a table's rwlock",
	[CT_LOCK_ALL] = "the lock of all bucket locks",
	[CT_LOCK_BUCKET] = "a bucket's lock",
	[CT_LOCK_CONN] = "a connection's lock",
	[CT_LOCK_EXPECT] = "the lock of expectations",
	[CT_LOCK_POOL] = "a node pool's lock",
	[CT_LOCK_LEAF] = "an innermost lock",
};

static _Noreturn void end(const char *what, const void *lock, const char *why, const char *other)
{
	fprintf(stderr, "lock order: %s (%p) %s %s\n", what, lock, why, other);
	abort();
}

void ct_lock_order_take(const void *lock, enum ct_lock_rank rank)
{
	for (unsigned int i = 0; i < held.nr; i++) {
		const void *other = held.lock[i].lock;

		if (other == lock)
			end(names[rank], lock, "is taken by the thread that holds", "it");
		if (held.lock[i].rank > rank ||
		    (held.lock[i].rank == rank && (rank != CT_LOCK_BUCKET || other > lock)))
			end(names[rank], lock, "is taken under", names[held.lock[i].rank]);
	}
	if (held.nr == HELD_MAX) {
		held.more++;
		return;
	}
	held.lock[held.nr].lock = lock;
	held.lock[held.nr++].rank = rank;
}

void ct_lock_order_drop(const void *lock)
{
	for (unsigned int i = held.nr; i--;) {
		if (held.lock[i].lock != lock)
			continue;
		held.nr--;
		for (; i < held.nr; i++)
			held.lock[i] = held.lock[i + 1];
		return;
	}
	if (!held.more)
		end("a lock", lock, "is released by a thread that", "does not hold it");
	held.more--;
}

void ct_lock_order_wait(enum ct_lock_rank rank, const char *what)
{
	for (unsigned int i = 0; i < held.nr; i++)
		if (held.lock[i].rank > rank)
			end(names[held.lock[i].rank], held.lock[i].lock, "is held while a thread",
			    what);
}

void ct_lock_order_none(const char *what)
{
	if (held.nr)
		end(names[held.lock[0].rank], held.lock[0].lock, "is held while a thread", what);
}

void ct_lock_order_apart(void (*fn)(void))
{
	const struct held mine = held;

	held = (struct held){ 0 };
	fn();
	ct_lock_order_none("has acted for another");
	held = mine;
}
