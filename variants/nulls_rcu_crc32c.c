/* SPDX-License-Identifier: MIT */
/* The baseline with the CPU's CRC-32C instruction as the hash. */
#define CT_VARIANT nulls_rcu_crc32c
#define CT_SUMMARY "baseline with hardware CRC-32C as the hash"
#define CT_FLAGS   0

#include "variants/hash/crc32c.h"
#include "variants/bucket/reciprocal_scale.h"
#include "variants/rcu/memb.h"
#include "variants/node/typesafe.h"
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "variants/resize/seqcount.h"
#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"
