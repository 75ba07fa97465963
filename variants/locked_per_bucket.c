/* SPDX-License-Identifier: MIT */
/*
 * locked_jhash2_scale_seqcount with a lock in every bucket.  RCU only keeps a replaced bucket
 * array, with its locks, alive.
 */
#define CT_VARIANT locked_per_bucket
#define CT_SUMMARY "locked chains, a lock in every bucket"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/locked.h"
#include "variants/lock/per_bucket.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
