/* SPDX-License-Identifier: MIT */
/*
 * Spin locks: test-and-test-and-set (Anderson 1990), and a reader-writer lock
 * in which a waiting writer keeps new readers out.
 *
 * They are unfair on purpose.  The kernel's queued locks hand over in order; in user
 * space a waiter can be descheduled, and then all later waiters would wait for it.  A
 * waiter yields after CT_SPINS rounds, so that more threads than CPUs make progress
 * too.
 *
 * A thread that has to wait counts that, and for how long (struct ct_waits), out of
 * line, so that taking a free lock costs no more.
 */
#ifndef CTBENCH_CORE_SPINLOCK_H
#define CTBENCH_CORE_SPINLOCK_H

#include <sched.h>

#include "core/compiler.h"
#include "core/lock_order.h"

#define CT_SPINS 2048

/* One round of waiting; n is the number of rounds so far. */
static inline void spin_wait(unsigned int *n)
{
	if (++*n % CT_SPINS)
		cpu_relax();
	else
		sched_yield();
}

/*
 * The waits of a thread since it started; ticks are those of core/ticks.h.  Only the
 * thread itself accesses it.
 */
struct ct_waits {
	uint64_t locks, lock_ticks; /* waits for locks that were taken: spin locks, readers */
	uint64_t resizes,
		resize_ticks; /* waits to read (table, size) while it was being replaced */
};
extern _Thread_local struct ct_waits ct_waits;

typedef struct {
	_Atomic uint32_t locked;
} spinlock_t;

static inline bool spin_trylock(spinlock_t *l)
{
	/* acquire: pairs with the release in spin_unlock() of the last holder */
	return !load_relaxed(&l->locked) &&
	       !atomic_exchange_explicit(&l->locked, 1, memory_order_acquire);
}

/* Waits for the lock and counts the wait. */
void spin_lock_slowly(spinlock_t *l) __cold;

/* The caller holds no lock of a higher rank (core/lock_order.h). */
static inline void spin_lock(spinlock_t *l, enum ct_lock_rank rank)
{
	lock_order_take(l, rank);
	if (unlikely(!spin_trylock(l)))
		spin_lock_slowly(l);
}

static inline void spin_unlock(spinlock_t *l)
{
	lock_order_drop(l);
	store_release(&l->locked, 0);
}

/*
 * Readers count in steps of RW_READER.  A writer first claims RW_PENDING, which stops
 * new readers, then waits until the readers inside have left (the scheme of the
 * kernel's qrwlock, without its queue).  Each is a table's (CT_LOCK_TABLE).
 */
#define RW_PENDING 1u
#define RW_READER  2u

typedef struct {
	_Atomic uint32_t count;
} rwlock_t;

/* Adds a reader and returns true, unless a writer waits or writes: then it removes it again. */
static inline bool read_trylock(rwlock_t *l)
{
	/* acquire: pairs with the release in write_unlock() */
	if (likely(!(atomic_fetch_add_explicit(&l->count, RW_READER, memory_order_acquire) &
		     RW_PENDING)))
		return true;
	sub_relaxed(&l->count, RW_READER);
	return false;
}

void read_lock_slowly(rwlock_t *l) __cold;

static inline void read_lock(rwlock_t *l)
{
	lock_order_take(l, CT_LOCK_TABLE);
	if (unlikely(!read_trylock(l)))
		read_lock_slowly(l);
}

static inline void read_unlock(rwlock_t *l)
{
	lock_order_drop(l);
	/* release: reads under the lock stay before write_lock()'s acquire */
	atomic_fetch_sub_explicit(&l->count, RW_READER, memory_order_release);
}

static inline void write_lock(rwlock_t *l)
{
	unsigned int n = 0;

	lock_order_take(l, CT_LOCK_TABLE);
	while (atomic_fetch_or_explicit(&l->count, RW_PENDING, memory_order_relaxed) & RW_PENDING)
		spin_wait(&n);
	/* acquire: pairs with read_unlock() of each reader that was inside */
	while (load_acquire(&l->count) != RW_PENDING)
		spin_wait(&n);
}

static inline void write_unlock(rwlock_t *l)
{
	lock_order_drop(l);
	atomic_fetch_and_explicit(&l->count, ~RW_PENDING, memory_order_release);
}

#endif
