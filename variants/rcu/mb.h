/* SPDX-License-Identifier: MIT */
/*
 * RCU flavour mb: readers store to their own counter with a full memory barrier, twice per
 * section.
 */
#define CT_RCU_NAME  "mb"
#define _LGPL_SOURCE 1
#include <urcu/urcu-mb.h>
#define CT_URCU(f) urcu_mb_##f
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
