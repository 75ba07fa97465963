/* SPDX-License-Identifier: MIT */
/* The hash jhash2 alone: see bounds_hash.inc.h. */
#include "variants/hash/jhash2.h"

#define BOUNDS_HASH bounds_hash_jhash2
#include "harness/measure/bounds_hash.inc.h"
