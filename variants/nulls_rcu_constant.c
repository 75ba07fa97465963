/* SPDX-License-Identifier: MIT */
/* The baseline with a hash that is always the same: one chain, the worst case of any table. */
#define CT_VARIANT nulls_rcu_constant
#define CT_SUMMARY "baseline with a constant hash: everything in one chain, the worst case"
#define CT_FLAGS   CT_V_WORST

#include "variants/hash/constant.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
