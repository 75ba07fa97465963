/* SPDX-License-Identifier: MIT */
/* The baseline with RCU flavour bp. */
#define CT_VARIANT nulls_rcu_bp
#define CT_SUMMARY "baseline with RCU flavour bp: no registration needed"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/bp.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
