/* SPDX-License-Identifier: MIT */
#define CT_VARIANT flowline_memb
#define CT_SUMMARY "flowline_qsbr with the baseline's RCU flavour"
#define CT_FLAGS   0

#include "variants/hash/symmetric.h"
#include "variants/rcu/memb.h"
#include "variants/node/deferred.h"
#include "variants/frontier/flowline.inc.h"
