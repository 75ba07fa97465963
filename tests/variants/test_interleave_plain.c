/* SPDX-License-Identifier: MIT */
/* Plain RCU chains, whose nodes wait for a grace period: interleavings. */
#define RACE_RCU    "variants/rcu/memb.h"
#define RACE_NODE   "variants/node/deferred.h"
#define RACE_CHAIN  "variants/chain/plain_rcu.h"
#define RACE_LOCK   "variants/lock/striped.h"
#define RACE_RESIZE "variants/resize/seqcount.h"

#include "tests/fixture/interleave.inc.h"
