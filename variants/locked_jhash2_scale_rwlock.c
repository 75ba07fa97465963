/* SPDX-License-Identifier: MIT */
/* One of the eight: locked chains, reciprocal_scale, (table, size) under a rwlock. */
#define CT_VARIANT locked_jhash2_scale_rwlock
#define CT_SUMMARY "locked chains, reciprocal_scale, rwlock"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/none.h"
#include "variants/node/typesafe.h"
#include "variants/chain/locked.h"
#include "variants/lock/striped.h"
#include "variants/resize/rwlock.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
