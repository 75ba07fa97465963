/* SPDX-License-Identifier: MIT */
/*
 * Abseil's flat_hash_set (a "Swiss table": open addressing, 16 control bytes compared at once) as
 * the table of conntrack: 256 sets, each under a mutex.  It shows what an ordinary hash table with
 * locks achieves.  absl_map.cc has the C++.
 */
#define CT_VARIANT absl_map
#define CT_SUMMARY "Abseil's flat_hash_set: 256 sets, each under a mutex"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE)

#define PEER(f)		 absl_map_##f
#define CXX_BUCKET_BYTES 0u
#define CXX_ENTRY_BYTES	 40u /* a slot and its control byte, at most 7/8 full, a power of two */
#define CXX_AXES	 .bucket = "mask", .chain = "open", .lock = "sharded", .resize = "copying"
#include "variants/peers/cxx_table.inc.h"
