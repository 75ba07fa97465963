/* SPDX-License-Identifier: MIT */
/* Locks inside the buckets, which are freed with the array: interleavings. */
#define RACE_RCU    "variants/rcu/memb.h"
#define RACE_NODE   "variants/node/typesafe.h"
#define RACE_CHAIN  "variants/chain/locked.h"
#define RACE_LOCK   "variants/lock/per_bucket.h"
#define RACE_RESIZE "variants/resize/seqcount.h"

#include "tests/fixture/interleave.inc.h"
