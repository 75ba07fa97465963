/* SPDX-License-Identifier: MIT */
#define CT_VARIANT ovs_conntrack
#define CT_SUMMARY \
	"Open vSwitch's own conntrack: a cmap per zone, one entry a connection, one writer"
#define CT_FLAGS (CT_V_PEER | CT_V_OWN_SIZE)

#include "variants/hash/ends_xor.h"
#include "variants/peers/ovs_conntrack.inc.h"
