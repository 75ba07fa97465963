/* SPDX-License-Identifier: MIT */
/* Locks inside the buckets, which go with the array: what may come between two steps.  See
 * interleave.h. */
#include "tests/fixture/interleave.h"

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/locked.h"
RACE_CHAIN_HOOKS
#define chain_load race_load
#define chain_add  race_add
#define chain_del  race_del
#include "variants/lock/per_bucket.h"
#undef load_acquire
#define load_acquire race_load_acquire
#include "variants/resize/seqcount.h"
#undef load_acquire
#define load_acquire(p) atomic_load_explicit((p), memory_order_acquire)

#include "tests/fixture/interleave.inc.h"
