/* SPDX-License-Identifier: MIT */
/*
 * The baseline with plain RCU chains: NULL at the end, and a grace period before a node is used
 * again.
 */
#define CT_VARIANT plain_rcu_deferred
#define CT_SUMMARY "plain RCU chains, nodes freed after a grace period"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/deferred.h"
#include "variants/chain/plain_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
