/* SPDX-License-Identifier: MIT */
#define CT_VARIANT     cds_lfht_qsbr
#define CT_SUMMARY     "cds_lfht with RCU flavour qsbr: readers do nothing"
#define CT_FLAGS       CT_V_PEER
#define CT_LFHT_FLAVOR urcu_qsbr_flavor

#include "variants/hash/jhash2.h"
#include "variants/rcu/qsbr.h"
#include "variants/node/deferred.h"
#include "variants/peers/cds_lfht.inc.h"
