/* SPDX-License-Identifier: MIT */
/* The baseline: netfilter's own choices as of Linux 4.11. */
#define CT_VARIANT nulls_rcu_jhash2_scale_seqcount
#define CT_SUMMARY "netfilter as of Linux 4.11: the baseline"
#define CT_FLAGS   0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
