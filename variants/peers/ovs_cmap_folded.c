/* SPDX-License-Identifier: MIT */
#define CT_VARIANT ovs_cmap_folded
#define CT_SUMMARY "ovs_cmap under the hash of the other peers"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE)

#include "variants/hash/folded.h"
#include "variants/peers/ovs_cmap.inc.h"
