/* SPDX-License-Identifier: MIT */
/* The length of a chain is not limited, as in Linux 4.11. */
#define CT_CAP_NAME "none"
#define CT_CAP_ROOM 0 /* minimum number of nodes that fit into a chain; 0: no limit */

/* Insertion fails if it has passed more than this number of nodes plus one. */
static __always_inline uint32_t ct_chain_cap(void)
{
	return UINT32_MAX;
}
