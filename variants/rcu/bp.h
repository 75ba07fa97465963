/* SPDX-License-Identifier: MIT */
/*
 * RCU flavour bp ("bullet-proof"): like mb or memb inside, but threads need not
 * register; their first read-side section does that, after a test in every section.
 * All our threads register beforehand, and the compiler knows that.  So the read path
 * has neither the test nor the call into the library, which is the best case for this
 * flavour.
 */
#define CT_RCU_NAME  "bp"
#define _LGPL_SOURCE 1
#include <urcu/urcu-bp.h>

#define CT_URCU(f) ct_bp_##f

static inline __attribute__((always_inline)) void ct_bp_read_lock(void)
{
	if (!URCU_TLS(urcu_bp_reader))
		__builtin_unreachable(); /* ct_rcu_register() was called before */
	urcu_bp_read_lock();
}

static inline __attribute__((always_inline)) void ct_bp_read_unlock(void)
{
	urcu_bp_read_unlock();
}

static inline void ct_bp_synchronize_rcu(void)
{
	urcu_bp_synchronize_rcu();
}

static inline void ct_bp_register_thread(void)
{
	urcu_bp_register_thread();
}

/* The library unregisters when the thread ends. */
static inline void ct_bp_unregister_thread(void)
{
}

static inline void ct_bp_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	urcu_bp_call_rcu(head, fn);
}

static inline void ct_bp_barrier(void)
{
	urcu_bp_barrier();
}

#include "variants/rcu/urcu.inc.h"

static inline void ct_rcu_quiescent(void)
{
}
static inline void ct_rcu_offline(void)
{
}
static inline void ct_rcu_online(void)
{
}
