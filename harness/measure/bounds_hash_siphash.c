/* SPDX-License-Identifier: MIT */
/* The hash siphash alone: see bounds_hash.inc.h. */
#include "variants/hash/siphash.h"

#define BOUNDS_HASH bounds_hash_siphash
#include "harness/measure/bounds_hash.inc.h"
