/* SPDX-License-Identifier: MIT */
/* The baseline with one word compared after the reference instead of the whole key. */
#define CT_VARIANT nulls_rcu_incarnation
#define CT_SUMMARY "baseline that compares a count of lives after the reference, not the key again"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/recheck/incarnation.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
