/* SPDX-License-Identifier: MIT */
#define CT_VARIANT     cds_lfht
#define CT_SUMMARY     "liburcu's lock-free table (split-ordered lists)"
#define CT_FLAGS       CT_V_PEER
#define CT_LFHT_FLAVOR urcu_memb_flavor

#include "variants/hash/jhash2.h"
#include "variants/rcu/memb.h"
#include "variants/node/deferred.h"
#include "variants/peers/cds_lfht.inc.h"
