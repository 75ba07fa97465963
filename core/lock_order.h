/* SPDX-License-Identifier: MIT */
/*
 * The order in which locks are taken, and its check.
 *
 * Each lock is taken with its rank.  A thread that holds one may take only those of a higher rank.
 * Builds with CT_LOCK_ORDER (debug builds and those with sanitizers) check that, and that a thread
 * releases what it has taken and holds no spinning lock while it waits for a grace period.  The
 * first violation ends the process, even if it caused no deadlock.  Other builds contain no code
 * for this check.
 */
#ifndef CTBENCH_CORE_LOCK_ORDER_H
#define CTBENCH_CORE_LOCK_ORDER_H

#ifndef CT_LOCK_ORDER
#define CT_LOCK_ORDER 0
#endif

/* Outermost first. */
enum ct_lock_rank {
	/* net.hook_lock: registration of hooks */
	CT_LOCK_HOOKS,
	/* a table's resize mutex: resizes and whole walks; may be held during a grace period */
	CT_LOCK_RESIZE,
	/* its rwlock (resize/rwlock.h) */
	CT_LOCK_TABLE,
	/* the lock that lock_all() holds (lock/striped.h); not taken while a bucket lock is held */
	CT_LOCK_ALL,
	/*
	 * its bucket locks, line locks or writer lock; several in ascending order of addresses.
	 * Under them connections are linked, compared and referenced, and nothing else is locked.
	 */
	CT_LOCK_BUCKET,
	/* nf_conn.lock: its protocol's state, its helper's data, its missed events */
	CT_LOCK_CONN,
	/*
	 * net.expect.lock: the namespace's expectations, their links with their masters, and their
	 * timeouts; a helper takes it under its master's lock.  Expectations are freed under it,
	 * connections are not: their references are dropped after unlocking.
	 */
	CT_LOCK_EXPECT,
	/* a node pool's lock */
	CT_LOCK_POOL,
	/*
	 * No lock is taken under these: a namespace's reassembly lock of a family (nf_defrag;
	 * packets are freed and passed on after unlocking), a CPU's list lock (lists/percpu.h),
	 * net.ecache.lock, net.new_ext_lock, and those of the registers of extensions and of
	 * namespaces' ids.
	 */
	CT_LOCK_LEAF,
	CT_LOCK_RANKS
};

/* Before a lock is taken: the process ends unless this thread may take it now. */
void ct_lock_order_take(const void *lock, enum ct_lock_rank rank);
void ct_lock_order_drop(const void *lock); /* ends the process if the thread does not hold it */
/* Before a long wait: the process ends if the thread holds a lock of a higher rank than this. */
void ct_lock_order_wait(enum ct_lock_rank rank, const char *what);
/* The same, for a lock of any rank. */
void ct_lock_order_none(const char *what);
/* For tests: calls fn as if another thread, which holds no lock, called it. */
void ct_lock_order_apart(void (*fn)(void));

#if CT_LOCK_ORDER
#define lock_order_take(lock, rank) ct_lock_order_take(lock, rank)
#define lock_order_drop(lock)	    ct_lock_order_drop(lock)
#define lock_order_wait(rank, what) ct_lock_order_wait(rank, what)
#define lock_order_none(what)	    ct_lock_order_none(what)
#else
#define lock_order_take(lock, rank) ((void)(rank))
#define lock_order_drop(lock)	    ((void)0)
#define lock_order_wait(rank, what) ((void)0)
#define lock_order_none(what)	    ((void)0)
#endif

#endif
