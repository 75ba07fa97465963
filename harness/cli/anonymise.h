/* SPDX-License-Identifier: MIT */
/*
 * Replaces addresses and keeps prefixes: two addresses that share exactly their first n bits have
 * images that share exactly their first n bits. So networks stay networks, and a hash that is bad
 * for neighbouring addresses stays bad. It is a permutation, so different connections stay
 * different.
 *
 * The construction is that of Crypto-PAn (Xu, Fan, Ammar and Moon, "Prefix-Preserving IP Address
 * Anonymization", 2002): bit i is flipped or not by a pseudorandom bit of the i bits before it,
 * under a secret key. They take the bit from AES; here it is from SipHash-2-4, also a pseudorandom
 * function, with a key of 128 bits. IPv4 and IPv6 are separate.
 *
 * It does not hide ports, protocols, and the number of connections of a network or a host. So
 * somebody who knows some of the addresses, or sent packets, can find out prefixes. The paper and
 * its successors say how far that goes; do not publish what must stay secret.
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
