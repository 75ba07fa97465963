/* SPDX-License-Identifier: MIT */
/* locked_jhash2_scale_seqcount with one lock for the whole table. */
#define CT_VARIANT locked_global
#define CT_SUMMARY "locked chains, one lock for the whole table"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/none.h"
#include "variants/node/typesafe.h"
#include "variants/chain/locked.h"
#include "variants/lock/global.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
