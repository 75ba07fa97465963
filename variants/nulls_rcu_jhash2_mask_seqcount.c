/* SPDX-License-Identifier: MIT */
/* One of the eight: hlist_nulls under RCU, mask, (table, size) under a seqcount. */
#define CT_VARIANT nulls_rcu_jhash2_mask_seqcount
#define CT_SUMMARY "hlist_nulls under RCU, mask, seqcount"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/mask.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
