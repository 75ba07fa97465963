/* SPDX-License-Identifier: MIT */
#include "harness/cli/anonymise.h"

#include <arpa/inet.h>

#include "variants/hash/siphash.h"

/*
 * 32 bits of an address, after the bits before them; flips: the bits in which address and image
 * differ.
 */
static uint32_t word(struct ct_siphash before, uint32_t in)
{
	uint32_t flips = 0;

	for (unsigned int bit = 0; bit < 32; bit++) {
		struct ct_siphash s = before;
		uint32_t prefix = bit ? in & ~(UINT32_MAX >> bit) : 0;

		/* The length distinguishes prefix 0 of one bit from prefix 00 of two. */
		ct_siphash_word(&s, (uint64_t)(bit + 1) << 32 | prefix);
		flips |= (uint32_t)(ct_siphash_final(&s) & 1) << (31 - bit);
	}
	return in ^ flips;
}

void anonymise_address(union nf_inet_addr *address, uint16_t family, const uint64_t key[2])
{
	unsigned int words = family == NFPROTO_IPV6 ? 4 : 1;
	struct ct_siphash before;

	ct_siphash_init(&before, key[0], key[1]);
	ct_siphash_word(&before, family);
	for (unsigned int i = 0; i < words; i++) {
		uint32_t in = ntohl(address->all[i]);

		address->all[i] = htonl(word(before, in));
		ct_siphash_word(&before, in);
	}
}

void anonymise_tuple(struct nf_conntrack_tuple *tuple, const uint64_t key[2])
{
	anonymise_address(&tuple->src.u3, tuple->src.l3num, key);
	anonymise_address(&tuple->dst.u3, tuple->src.l3num, key);
}
