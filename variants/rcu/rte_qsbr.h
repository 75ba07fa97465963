/* SPDX-License-Identifier: MIT */
/*
 * DPDK's RCU, rte_rcu_qsbr, for its rte_hash: the library keeps the slot of a deleted key until
 * all threads have reported a quiescent state.
 *
 * Nothing else waits for it: connections are type-stable, and a lookup checks its result again
 * after it took a reference.  So a thread is in a read-side section only inside a lookup, and may
 * report anywhere else: once a batch as with qsbr, and after it changed the table.
 */
#define CT_RCU_NAME    "rte_qsbr"
#define CT_RCU_IS_NONE 0

#include <rte_rcu_qsbr.h>

#include "variants/peers/rte_process.h"

static __always_inline void ct_read_lock(void)
{
}
static __always_inline void ct_read_unlock(void)
{
}
static inline void ct_synchronize(void)
{
}
static inline void ct_rcu_barrier(void)
{
}

static inline void ct_rcu_register(void)
{
	rte_rcu_qsbr_thread_register(rte_process_qsbr, ct_this_cpu);
	rte_rcu_qsbr_thread_online(rte_process_qsbr, ct_this_cpu);
}

static inline void ct_rcu_unregister(void)
{
	rte_rcu_qsbr_thread_offline(rte_process_qsbr, ct_this_cpu);
	rte_rcu_qsbr_thread_unregister(rte_process_qsbr, ct_this_cpu);
}

static inline void ct_rcu_quiescent(void)
{
	rte_rcu_qsbr_quiescent(rte_process_qsbr, ct_this_cpu);
}

static inline void ct_rcu_offline(void)
{
	rte_rcu_qsbr_thread_offline(rte_process_qsbr, ct_this_cpu);
}

static inline void ct_rcu_online(void)
{
	rte_rcu_qsbr_thread_online(rte_process_qsbr, ct_this_cpu);
}
