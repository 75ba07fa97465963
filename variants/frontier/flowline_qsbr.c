/* SPDX-License-Identifier: MIT */
#define CT_VARIANT flowline_qsbr
#define CT_SUMMARY "one line per bucket, tags, one entry per connection, quiescent-state RCU"
#define CT_FLAGS   0

#include "variants/hash/symmetric.h"
#include "variants/rcu/qsbr.h"
#include "variants/node/deferred.h"
#include "variants/frontier/flowline.inc.h"
