/* SPDX-License-Identifier: MIT */
/*
 * RCU flavour memb: readers store to their own counter, without a barrier if the
 * kernel has membarrier(2); grace periods execute it instead.
 */
#define CT_RCU_NAME  "memb"
#define _LGPL_SOURCE 1
#include <urcu/urcu-memb.h>
#define CT_URCU(f) urcu_memb_##f
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
