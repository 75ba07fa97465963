/* SPDX-License-Identifier: MIT */
/* netfilter as of Linux 6.18 on every axis. */
#define CT_VARIANT linux_6_18
#define CT_SUMMARY "netfilter as of Linux 6.18 on all axes: siphash, chains of at most 50 to 79"
#define CT_FLAGS   0

#include "variants/hash/siphash.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/cap/random50.h"
#include "variants/chained_table.inc.h"
#include "variants/lists/none.h"
#include "variants/l4/switch.h"
#define CT_GC_STYLE NF_CT_GC_MEAN
#include "variants/variant.inc.h"
