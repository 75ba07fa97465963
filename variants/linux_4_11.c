/* SPDX-License-Identifier: MIT */
/*
 * netfilter as of Linux 4.11 on every axis: not only its table
 * (nulls_rcu_jhash2_scale_seqcount) but also the code around it.
 */
#define CT_VARIANT linux_4_11
#define CT_SUMMARY \
	"netfilter as of Linux 4.11 on all axes: also per-CPU lists, l4 by pointer, gc by slices"
#define CT_FLAGS 0

#include "variants/hash/jhash2.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/cap/none.h"
#include "variants/chained_table.inc.h"
#include "variants/lists/percpu.h"
#include "variants/l4/pointer.h"
#define CT_GC_STYLE NF_CT_GC_SLICES
#include "variants/variant.inc.h"
