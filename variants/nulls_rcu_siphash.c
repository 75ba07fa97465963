/* SPDX-License-Identifier: MIT */
/* The baseline with siphash, zone and namespace inside the hash: netfilter since Linux 5.15. */
#define CT_VARIANT nulls_rcu_siphash
#define CT_SUMMARY "netfilter since Linux 5.15: siphash"
#define CT_FLAGS   0

#include "variants/hash/siphash.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
