/* SPDX-License-Identifier: MIT */
/* The baseline with RCU flavour mb. */
#define CT_VARIANT nulls_rcu_mb
#define CT_SUMMARY "baseline with RCU flavour mb: readers with full barriers"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/mb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
