/* SPDX-License-Identifier: MIT */
/*
 * RCU flavour qsbr: readers do nothing, but every registered thread must regularly
 * report that it is outside of read-side sections; here once per batch.
 */
#define CT_RCU_NAME  "qsbr"
#define _LGPL_SOURCE 1
#include <urcu/urcu-qsbr.h>
#define CT_URCU(f) urcu_qsbr_##f
#include "variants/rcu/urcu.inc.h"

static inline void ct_rcu_quiescent(void)
{
	ct_tsan_release();
	urcu_qsbr_quiescent_state();
}

/* A thread that waits or sleeps delays no grace period. */
static inline void ct_rcu_offline(void)
{
	ct_tsan_release();
	urcu_qsbr_thread_offline();
}

static inline void ct_rcu_online(void)
{
	urcu_qsbr_thread_online();
}
