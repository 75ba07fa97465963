/* SPDX-License-Identifier: MIT */
/*
 * How long a captured packet is by its own IP header, read as Linux reads it
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
	/* IPv4 total length 0 in TCP with data: left so by segmentation offload (GSO, TSO). */
	IP_LENGTH_OFFLOAD,
	/* IPv6 payload length 0, and TCP data follows: Linux up to 6.18 sees the header alone. */
	IP_LENGTH_ZERO_IPV6,
	IP_LENGTH_JUMBO, /* IPv6: the jumbo payload option has it (RFC 2675) */

	/* The capture lacks part of the fixed IP header: nothing is known. */
	IP_LENGTH_CUT,

	/* A router drops these before any hook. */
	IP_LENGTH_ZERO,	  /* IPv4 total length 0, and not that */
	IP_LENGTH_BEYOND, /* the packet ends before the length that IP says */
	IP_LENGTH_BROKEN, /* impossible version, header length, or jumbo payload option */
};

/* Would a router have passed it to the first hook? */
static inline int ip_length_passes(enum ip_length kind)
{
	return kind < IP_LENGTH_CUT;
}

/*
 * caplen bytes of a packet lie at l3, and len there were on the wire; l3proto
 * is LINK_PROTO_IPV4 or LINK_PROTO_IPV6.  *bytes: the length if it passes; else len.
 * Header bytes that the capture lacks are taken to be right.
 */
enum ip_length
ip_length(const uint8_t *l3, uint32_t caplen, uint32_t len, uint16_t l3proto, uint32_t *bytes);

#endif
