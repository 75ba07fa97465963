/* SPDX-License-Identifier: MIT */
/*
 * Addresses that are others, with prefixes kept: two addresses that share their first n bits, and
 * no more, have images that share exactly their first n bits.  So networks stay networks, and a
 * hash that is bad for neighbours stays bad for them; and it is a permutation, so that different
 * connections stay different.
 *
 * The construction is that of Crypto-PAn (Xu, Fan, Ammar and Moon, "Prefix-Preserving IP Address
 * Anonymization", 2002): bit i is flipped or not by a pseudorandom bit of the i bits before it,
 * under a secret key.  They take the bit from AES; this takes it from SipHash-2-4, which is a
 * pseudorandom function as well, with a key of 128 bits.  IPv4 and IPv6 are separate.
 *
 * What it does not hide: ports, protocols, how many connections a network or a host has, and so,
 * from somebody who knows some of the addresses or sent packets of their own, the prefixes of
 * those.  The paper and its successors say how far that goes; do not publish what must stay
 * secret.
 *
 * Any thread; the key is only read.
 */
#ifndef CTBENCH_HARNESS_CLI_ANONYMISE_H
#define CTBENCH_HARNESS_CLI_ANONYMISE_H

#include "core/nf_conntrack_tuple.h"

/* family: NFPROTO_IPV4 or NFPROTO_IPV6. */
void anonymise_address(union nf_inet_addr *address, uint16_t family, const uint64_t key[2]);
/* Both addresses of a tuple. */
void anonymise_tuple(struct nf_conntrack_tuple *tuple, const uint64_t key[2]);

#endif
