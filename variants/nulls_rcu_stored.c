/* SPDX-License-Identifier: MIT */
/* The baseline with the hash in each node, as in IPVS. */
#define CT_VARIANT nulls_rcu_stored
#define CT_SUMMARY "baseline whose nodes store their hash, as in IPVS since 2026"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/stored/hash.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
