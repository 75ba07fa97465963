/* SPDX-License-Identifier: MIT */
/*
 * libcuckoo's cuckoohash_map (Li, Andersen, Kaminsky, Freedman, "Algorithmic Improvements for Fast
 * Concurrent Cuckoo Hashing", EuroSys 2014) as the table of conntrack: two buckets of four slots
 * for each entry, under striped spinlocks, which lookups take as well; doubling takes all of them.
 * cuckoo_map.cc has the C++.
 *
 * Eight entries with one hash fill both their buckets, so attackers must not know the hash; and
 * insertion can fail (-ENOSPC) if the library refuses to double.
 */
#define CT_VARIANT cuckoo_map
#define CT_SUMMARY "libcuckoo: two buckets of four slots for each entry, lookups lock"
#define CT_FLAGS   (CT_V_PEER | CT_V_OWN_SIZE | CT_V_FULL)

#define PEER(f)		 cuckoo_map_##f
#define CXX_BUCKET_BYTES 0u
#define CXX_ENTRY_BYTES	 40u /* up to twice 4 x (16 + 1 + 1) bytes for 4 entries, half full */
/* clang-format off */
#define CXX_AXES \
	.bucket = "cuckoo", .chain = "slots", .lock = "striped", .resize = "stopping"
/* clang-format on */
#define CT_TABLE_LIMITS "at most eight entries with the same hash fit"
#include "variants/peers/cxx_table.inc.h"
