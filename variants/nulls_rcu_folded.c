/* SPDX-License-Identifier: MIT */
/* The baseline with the fast hash of the tables by others: shows the gain of the hash alone. */
#define CT_VARIANT nulls_rcu_folded
#define CT_SUMMARY "baseline with 64-bit products as the hash"
#define CT_FLAGS   0

#include "variants/hash/folded.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
