/* SPDX-License-Identifier: MIT */
/* Chains that readers lock: interleavings. */
#define RACE_RCU    "variants/rcu/none.h"
#define RACE_NODE   "variants/node/typesafe.h"
#define RACE_CHAIN  "variants/chain/locked.h"
#define RACE_LOCK   "variants/lock/striped.h"
#define RACE_RESIZE "variants/resize/seqcount.h"

#include "tests/fixture/interleave.inc.h"
