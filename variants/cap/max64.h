/* SPDX-License-Identifier: MIT */
/*
 * Insertion gives up where a chain is longer than 64 (netfilter's first cap,
 * Linux 5.15): who can make long chains cannot make everyone walk them.  But
 * then he can tell when a chain is full, and learn about the hash.
 */
#define CT_CAP_NAME "64"
#define CT_CAP_ROOM 65

static __always_inline uint32_t ct_chain_cap(void)
{
	return 64;
}
