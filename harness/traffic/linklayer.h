/* SPDX-License-Identifier: MIT */
/*
 * From a captured frame to its network layer: where the IP header starts,
 * which IP version it is, and its VLAN.
 *
 * There is one decoder per link type, chosen once when a capture is opened, so
 * that the loop over packets does not check the type again.  A decoder reads
 * link headers only.  It trusts no length in the frame: it never reads beyond
 * caplen, and returns "not IP" if the headers end early or have unknown values.
 *
 * Formats: the link-type list of tcpdump.org, IEEE 802.1Q and 802.1ad (VLAN
 * tags), RFC 1042 (SNAP), RFC 1661 and 1662 (PPP and its HDLC framing),
 * RFC 2516 (PPPoE), RFC 3032 (MPLS).
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_LINKLAYER_H
#define CTBENCH_HARNESS_TRAFFIC_LINKLAYER_H

#include <stdint.h>

/* EtherTypes, which name the layer above for every link. */
#define LINK_PROTO_NONE 0x0000 /* not IP, or cut off before that is known */
#define LINK_PROTO_IPV4 0x0800
#define LINK_PROTO_IPV6 0x86dd

struct link_payload {
	uint32_t offset;  /* of the network header in the frame; never above caplen */
	uint16_t l3proto; /* LINK_PROTO_*, host byte order */
	uint16_t vlan;	  /* outermost VLAN id but 0, which only marks a priority; 0: none */
};

/* caplen: bytes of the frame that may be read. */
typedef struct link_payload (*linklayer_fn)(const uint8_t *frame, uint32_t caplen);

/*
 * The decoder for a link type in libpcap's numbers (what pcap_datalink()
 * returns), or NULL if there is none.  Any thread may call it, and the decoder,
 * at any time: both are stateless.
 *
 * Inside Ethernet (and wherever an EtherType follows): any depth of VLAN tags,
 * 802.3 frames with SNAP, PPPoE sessions, and MPLS (in PPP too).  MPLS does not name its
 * payload; the first four bits after the last label decide, as in routers that
 * balance load by them: 4 and 6 are IP, everything else (pseudowires start with
 * 0) is not.
 */
linklayer_fn linklayer_find(int dlt);

/* The link types that have decoders, as a phrase for error messages. */
extern const char linklayer_supported[];

#endif
