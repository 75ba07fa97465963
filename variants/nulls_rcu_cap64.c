/* SPDX-License-Identifier: MIT */
/* The baseline with chains of at most 64 nodes, as in Linux 5.15. */
#define CT_VARIANT nulls_rcu_cap64
#define CT_SUMMARY "baseline with chains of at most 64 nodes, as in Linux 5.15"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/cap/max64.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
