/* SPDX-License-Identifier: MIT */
#define CT_VARIANT flowline_typesafe
#define CT_SUMMARY "flowline_qsbr that reuses a connection's memory at once"
#define CT_FLAGS   0

#define CT_LIVES (CT_INCARNATION_ONE * 0x7ffu) /* and a bit for flowline.inc.h */

#include "variants/hash/symmetric.h"
#include "variants/rcu/qsbr.h"
#include "variants/recheck/incarnation.h"
#include "variants/node/typesafe.h"
#include "variants/frontier/flowline.inc.h"
