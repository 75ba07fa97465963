/* SPDX-License-Identifier: MIT */
/*
 * The cap is 50 plus a random 0 to 29, drawn for each insertion, as in Linux now.  So
 * a failed insertion reveals less about the length of the chain.
 */
#define CT_CAP_NAME "50+0..29"
#define CT_CAP_ROOM 51

static __always_inline uint32_t ct_chain_cap(void)
{
	/* xorshift32 (Marsaglia 2003); the kernel uses its own generator. */
	static _Thread_local uint32_t state;
	uint32_t x = state;

	if (unlikely(!x))
		x = 0x9e3779b9u * (ct_this_cpu + 1);
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	state = x;
	return 50 + (uint32_t)((uint64_t)x * 30 >> 32);
}
