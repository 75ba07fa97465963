/* SPDX-License-Identifier: MIT */
/*
 * RCU flavour qsbr: readers do nothing at all, but every registered thread must
 * say now and then that it is outside of read-side sections: once a batch here.
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

/* A thread that waits or sleeps holds up nobody. */
static inline void ct_rcu_offline(void)
{
	ct_tsan_release();
	urcu_qsbr_thread_offline();
}

static inline void ct_rcu_online(void)
{
	urcu_qsbr_thread_online();
}
