/* SPDX-License-Identifier: MIT */
/*
 * A liburcu flavour as the read side of a table (Desnoyers, McKenney et al.,
 * "User-Level Implementations of Read-Copy Update", IEEE TPDS 2012).
 *
 * The flavour's header has defined _LGPL_SOURCE, so that read_lock and
 * read_unlock are inlined, and CT_URCU(f), which names the flavour's f.
 *
 * TSan does not see liburcu's ordering (liburcu is built without TSan).  So the one fact
 * that everything depends on is declared to it: everything inside a read-side section
 * happens before everything after a grace period.
 */
#include "core/lock_order.h"

#if CT_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
static char ct_rcu_order;
#define ct_tsan_release() __tsan_release(&ct_rcu_order)
#define ct_tsan_acquire() __tsan_acquire(&ct_rcu_order)
#else
#define ct_tsan_release() ((void)0)
#define ct_tsan_acquire() ((void)0)
#endif

#define CT_RCU_IS_NONE 0

/*
 * A read-side section: may nest; must not block.  Memory that was reachable in it stays
 * allocated until it ends.
 */
static __always_inline void ct_read_lock(void)
{
	CT_URCU(read_lock)();
}

static __always_inline void ct_read_unlock(void)
{
	ct_tsan_release();
	CT_URCU(read_unlock)();
}

/* Waits until all read-side sections that are open now have ended.  Not inside one. */
static inline void ct_synchronize(void)
{
	/* Nobody in a section may wait for a lock that is held here. */
	lock_order_wait(CT_LOCK_RESIZE, "waits for a grace period");
	CT_URCU(synchronize_rcu)();
	ct_tsan_acquire();
}

/*
 * Calls fn(head) when all read-side sections that are open now have ended, to free memory that
 * readers may still see.  From a registered thread, also inside a section.  fn runs in a thread of
 * liburcu, which is not a "CPU", and begins with ct_deferred(); ct_rcu_barrier() waits for it.
 */
static inline void ct_defer(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	ct_tsan_release();
	CT_URCU(call_rcu)(head, fn);
}

static inline void ct_deferred(void)
{
	ct_tsan_acquire();
}

static inline void ct_rcu_register(void)
{
	CT_URCU(register_thread)();
}

static inline void ct_rcu_unregister(void)
{
	CT_URCU(unregister_thread)();
}

static inline void ct_rcu_barrier(void)
{
	lock_order_wait(CT_LOCK_RESIZE, "waits for what is deferred");
	CT_URCU(barrier)();
	ct_tsan_acquire();
}
