/* SPDX-License-Identifier: MIT */
/*
 * Insertion fails if a chain is longer than 64 (netfilter's first cap, Linux 5.15).
 * So an attacker who can make long chains cannot slow down all lookups.  But a failed
 * insertion shows when a chain is full, which reveals something about the hash.
 */
#define CT_CAP_NAME "64"
#define CT_CAP_ROOM 65

static __always_inline uint32_t ct_chain_cap(void)
{
	return 64;
}
