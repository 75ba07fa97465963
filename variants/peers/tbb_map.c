/* SPDX-License-Identifier: MIT */
/*
 * oneTBB's concurrent_hash_map as the table of conntrack: chains, with a reader-writer lock for
 * each bucket and each entry.  Buckets are added in segments and filled when they are first used.
 * Every lookup writes to two locks.  tbb_map.cc has the C++.
 */
#define CT_VARIANT tbb_map
#define CT_SUMMARY "oneTBB's concurrent_hash_map: chains, a lock for each bucket and entry"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE)

#define PEER(f)		 tbb_map_##f
#define CXX_BUCKET_BYTES 16u
#define CXX_ENTRY_BYTES	 48u /* link, lock and entry, as its allocator rounds them up */
#define CXX_AXES	 .bucket = "mask", .chain = "locked", .lock = "per_entry", .resize = "lazy"
#include "variants/peers/cxx_table.inc.h"
