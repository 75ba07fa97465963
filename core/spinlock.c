/* SPDX-License-Identifier: MIT */
/* Waiting for a lock that another thread holds: see spinlock.h. */
#include "core/spinlock.h"

#include "core/ticks.h"

_Thread_local struct ct_waits ct_waits;

void spin_lock_slowly(spinlock_t *l)
{
	uint64_t begin = ct_ticks();
	unsigned int n = 0;

	do
		spin_wait(&n);
	while (!spin_trylock(l));
	ct_waits.locks++;
	ct_waits.lock_ticks += ct_ticks() - begin;
}

void read_lock_slowly(rwlock_t *l)
{
	uint64_t begin = ct_ticks();
	unsigned int n = 0;

	do {
		while (load_relaxed(&l->count) & RW_PENDING)
			spin_wait(&n);
	} while (!read_trylock(l));
	ct_waits.locks++;
	ct_waits.lock_ticks += ct_ticks() - begin;
}
