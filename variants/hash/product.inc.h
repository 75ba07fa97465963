/* SPDX-License-Identifier: MIT */
/*
 * Folding, as in wyhash and rapidhash: a product of 64 by 64 bits, upper half xor lower half.
 * It is fast and distributes evenly.  Unlike SipHash it is not a pseudo-random function, so an
 * attacker who learns the key can choose tuples that collide.
 */
#ifndef CTBENCH_VARIANTS_HASH_PRODUCT_INC_H
#define CTBENCH_VARIANTS_HASH_PRODUCT_INC_H

#include "core/compiler.h"

#include <stdint.h>

static __always_inline uint64_t ct_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

#endif
