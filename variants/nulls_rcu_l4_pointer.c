/* SPDX-License-Identifier: MIT */
/* The baseline with calls of the protocols through pointers. */
#define CT_VARIANT nulls_rcu_l4_pointer
#define CT_SUMMARY "baseline with calls of the protocols through pointers"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/l4/pointer.h"
#include "variants/variant.inc.h"
