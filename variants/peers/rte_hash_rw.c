/* SPDX-License-Identifier: MIT */
#define CT_VARIANT rte_hash_rw
#define CT_SUMMARY "DPDK's rte_hash under its reader-writer lock (RW_CONCURRENCY)"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE | CT_V_OWN_KEYS | CT_V_FULL)

#define CT_RTE_FLAGS RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY
#define CT_RTE_RCU   0
#include "variants/hash/folded.h"
#include "variants/rcu/none.h"
#include "variants/peers/rte_hash.inc.h"
