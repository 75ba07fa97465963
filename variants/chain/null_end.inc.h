/* SPDX-License-Identifier: MIT */
/* Chains that end with NULL. */
static __always_inline uintptr_t chain_end(uint32_t bucket __maybe_unused)
{
	return 0;
}

static __always_inline bool chain_is_end(uintptr_t p)
{
	return !p;
}

static __always_inline bool
chain_end_is_ours(uintptr_t p __maybe_unused, uint32_t bucket __maybe_unused)
{
	return true;
}

static inline uint64_t chain_end_names(uintptr_t p __maybe_unused)
{
	return UINT64_MAX;
}

#include "variants/chain/links.inc.h"
