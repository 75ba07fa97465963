/* SPDX-License-Identifier: MIT */
/*
 * locked_jhash2_scale_seqcount inside RCU sections, which its readers do not need.
 * locked_per_bucket needs them, so it differs from this variant only in its locks.
 */
#define CT_VARIANT locked_memb
#define CT_SUMMARY "locked chains, striped locks, inside RCU sections"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/locked.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
