/* SPDX-License-Identifier: MIT */
/* Nulls chains, and lists of connections outside them: interleavings. */
#define RACE_LISTS  "variants/lists/percpu.h"
#define RACE_RCU    "variants/rcu/memb.h"
#define RACE_NODE   "variants/node/typesafe.h"
#define RACE_CHAIN  "variants/chain/nulls_rcu.h"
#define RACE_LOCK   "variants/lock/striped.h"
#define RACE_RESIZE "variants/resize/seqcount.h"

#include "tests/fixture/interleave.inc.h"
