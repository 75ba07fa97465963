/* SPDX-License-Identifier: MIT */
#define CT_VARIANT rte_hash_lf
#define CT_SUMMARY "DPDK's rte_hash, readers without locks (RW_CONCURRENCY_LF), QSBR"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE | CT_V_OWN_KEYS | CT_V_FULL)

#define CT_RTE_FLAGS RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF
#define CT_RTE_RCU   1
#include "variants/hash/folded.h"
#include "variants/mem.h"
#include "variants/inside.h"
#include "variants/variant.h"
#include "variants/rcu/rte_qsbr.h"
#include "variants/peers/rte_hash.inc.h"
