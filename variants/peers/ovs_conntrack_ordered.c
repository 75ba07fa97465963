/* SPDX-License-Identifier: MIT */
#define CT_VARIANT ovs_conntrack_ordered
#define CT_SUMMARY "ovs_conntrack under a hash that orders the two ends instead of xoring them"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE)

#include "variants/hash/symmetric.h"
#include "variants/peers/ovs_conntrack.inc.h"
