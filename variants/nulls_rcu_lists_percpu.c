/* SPDX-License-Identifier: MIT */
/* The baseline with per-CPU lists of unconfirmed and dying connections. */
#define CT_VARIANT nulls_rcu_lists_percpu
#define CT_SUMMARY "baseline with per-CPU lists of unconfirmed and dying connections"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/lists/percpu.h"
#include "variants/variant.inc.h"
