/* SPDX-License-Identifier: MIT */
#define CT_VARIANT ovs_cmap
#define CT_SUMMARY "Open vSwitch's cmap under the hash of its conntrack"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE)

#include "variants/hash/ends_xor.h"
#include "variants/peers/ovs_cmap.inc.h"
