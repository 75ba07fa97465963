/* SPDX-License-Identifier: MIT */
/*
 * The length of a captured packet according to its IP header, read as Linux reads it
 * on arrival (ip_rcv_core(), ip6_rcv_core(), iph_totlen(), ipv6_hop_jumbo()).
 *
 * The link may have added padding or a frame check sequence, and segmentation
 * offload leaves the length field 0.  Replay and the packets of benchmarks
 * both cut a packet to the length found here.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_IP_LENGTH_H
#define CTBENCH_HARNESS_TRAFFIC_IP_LENGTH_H

#include <stdint.h>

enum ip_length {
	IP_LENGTH_OK,
	/* IPv4 total length 0 in TCP with data: an effect of segmentation offload (GSO, TSO). */
	IP_LENGTH_OFFLOAD,
	/* IPv6 payload length 0 before TCP data: Linux up to 6.18 sees only the header. */
	IP_LENGTH_ZERO_IPV6,
	IP_LENGTH_JUMBO, /* IPv6: the jumbo payload option has it (RFC 2675) */

	/* The capture lacks part of the fixed IP header: the length is unknown. */
	IP_LENGTH_CUT,

	/* A router drops these before any hook. */
	IP_LENGTH_ZERO,	  /* IPv4 total length 0 in all other packets */
	IP_LENGTH_BEYOND, /* the packet is shorter than its IP length */
	IP_LENGTH_BROKEN, /* impossible version, header length, or jumbo payload option */
};

/* Would a router pass it to the first hook? */
static inline int ip_length_passes(enum ip_length kind)
{
	return kind < IP_LENGTH_CUT;
}

/*
 * l3 has caplen bytes of a packet that had len on the wire; l3proto is LINK_PROTO_IPV4 or
 * LINK_PROTO_IPV6.  *bytes: the length if a router passes the packet, else len.  Header bytes
 * that the capture lacks are assumed to be right.
 */
enum ip_length
ip_length(const uint8_t *l3, uint32_t caplen, uint32_t len, uint16_t l3proto, uint32_t *bytes);

#endif
