/* SPDX-License-Identifier: MIT */
/* A chain may be as long as it likes, as in Linux 4.11. */
#define CT_CAP_NAME "none"
#define CT_CAP_ROOM 0 /* how many nodes a chain has room for at least; 0: any number */

/* Insertion refuses where it has passed more nodes than that, and one. */
static __always_inline uint32_t ct_chain_cap(void)
{
	return UINT32_MAX;
}
