/* SPDX-License-Identifier: MIT */
/* The hash crc32c alone: see bounds_hash.inc.h. */
#include "variants/hash/crc32c.h"

#define BOUNDS_HASH bounds_hash_crc32c
#include "harness/measure/bounds_hash.inc.h"
