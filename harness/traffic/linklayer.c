/* SPDX-License-Identifier: MIT */
/*
 * Decoders of the link layer, one per libpcap link type; see linklayer.h.
 */
#include "harness/traffic/linklayer.h"

#include <pcap/dlt.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	ETHERTYPE_LENGTH_MAX = 1500, /* below: 802.3, the field is a length */
	ETHERTYPE_8021Q = 0x8100,
	ETHERTYPE_8021AD = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100, /* and 0x9200, 0x9300: before 802.1ad */
	ETHERTYPE_QINQ_OLD2 = 0x9200,
	ETHERTYPE_QINQ_OLD3 = 0x9300,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_UPSTREAM = 0x8848,
	ETHERTYPE_PPPOE_SESSION = 0x8864,

	PPP_PROTO_IPV4 = 0x0021,
	PPP_PROTO_IPV6 = 0x0057,
	PPP_PROTO_MPLS = 0x0281,
	PPP_PROTO_MPLS_MULTICAST = 0x0283,
	PPP_ADDRESS_ALL = 0xff,
	PPP_CONTROL_UI = 0x03,
	CISCO_UNICAST = 0x0f,
	CISCO_MULTICAST = 0x8f,

	ETHERNET_HEADER = 14,
	SLL_HEADER = 16,
	SLL2_HEADER = 20,
	SNAP_HEADER = 8,
	VLAN_TAG = 4,
	MPLS_LABEL = 4,
	PPPOE_HEADER = 6,
	FAMILY_HEADER = 4,
};

const char linklayer_supported[] =
	"Ethernet, Linux cooked v1 and v2, raw IP, BSD loopback (NULL and LOOP), PPP, PPPoE "
	"and Cisco HDLC";

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* Are there want bytes at offset at?  Written so that no sum can overflow. */
static inline bool have(uint32_t caplen, uint32_t at, uint32_t want)
{
	return at <= caplen && caplen - at >= want;
}

static inline struct link_payload payload(uint32_t at, uint16_t l3proto, uint16_t vlan)
{
	return (struct link_payload){ .offset = at, .l3proto = l3proto, .vlan = vlan };
}

/* No link header names the protocol; the IP header's version does. */
static struct link_payload
by_version(const uint8_t *frame, uint32_t caplen, uint32_t at, uint16_t vlan)
{
	if (have(caplen, at, 1)) {
		if (frame[at] >> 4 == 4)
			return payload(at, LINK_PROTO_IPV4, vlan);
		if (frame[at] >> 4 == 6)
			return payload(at, LINK_PROTO_IPV6, vlan);
	}
	return payload(at, LINK_PROTO_NONE, vlan);
}

static struct link_payload mpls(const uint8_t *frame, uint32_t caplen, uint32_t at, uint16_t vlan)
{
	while (have(caplen, at, MPLS_LABEL)) {
		bool bottom = frame[at + 2] & 1;

		at += MPLS_LABEL;
		if (bottom)
			return by_version(frame, caplen, at, vlan);
	}
	return payload(at, LINK_PROTO_NONE, vlan);
}

/*
 * A PPP protocol number and its payload.  The number has one byte if the ends
 * negotiated compression.  All two-byte numbers begin with an even byte and end
 * with an odd one, so the first byte decides (RFC 1661, 6.5).
 */
static struct link_payload
ppp_protocol(const uint8_t *frame, uint32_t caplen, uint32_t at, uint16_t vlan)
{
	uint16_t protocol;

	if (have(caplen, at, 1) && frame[at] & 1) {
		protocol = frame[at];
		at += 1;
	} else if (have(caplen, at, 2)) {
		protocol = be16(frame + at);
		at += 2;
	} else {
		return payload(at, LINK_PROTO_NONE, vlan);
	}
	if (protocol == PPP_PROTO_IPV4)
		return payload(at, LINK_PROTO_IPV4, vlan);
	if (protocol == PPP_PROTO_IPV6)
		return payload(at, LINK_PROTO_IPV6, vlan);
	if (protocol == PPP_PROTO_MPLS || protocol == PPP_PROTO_MPLS_MULTICAST)
		return mpls(frame, caplen, at, vlan);
	return payload(at, LINK_PROTO_NONE, vlan);
}

static struct link_payload
pppoe_session(const uint8_t *frame, uint32_t caplen, uint32_t at, uint16_t vlan)
{
	/* version 1, type 1; code 0 is session data */
	if (!have(caplen, at, PPPOE_HEADER) || frame[at] != 0x11 || frame[at + 1])
		return payload(at, LINK_PROTO_NONE, vlan);
	return ppp_protocol(frame, caplen, at + PPPOE_HEADER, vlan);
}

/* The payload after an EtherType that has just been read; at is the byte after it. */
static inline struct link_payload
ethertype(const uint8_t *frame, uint32_t caplen, uint32_t at, uint16_t type)
{
	uint16_t vlan = 0;

	for (;;) {
		switch (type) {
		case LINK_PROTO_IPV4:
		case LINK_PROTO_IPV6:
			return payload(at, type, vlan);
		case ETHERTYPE_8021Q:
		case ETHERTYPE_8021AD:
		case ETHERTYPE_QINQ_OLD:
		case ETHERTYPE_QINQ_OLD2:
		case ETHERTYPE_QINQ_OLD3:
			if (!have(caplen, at, VLAN_TAG))
				return payload(at, LINK_PROTO_NONE, vlan);
			if (!vlan)
				vlan = be16(frame + at) & 0x0fff;
			type = be16(frame + at + 2);
			at += VLAN_TAG;
			continue;
		case ETHERTYPE_PPPOE_SESSION:
			return pppoe_session(frame, caplen, at, vlan);
		case ETHERTYPE_MPLS:
		case ETHERTYPE_MPLS_UPSTREAM:
			return mpls(frame, caplen, at, vlan);
		}
		/* SNAP with the organisation 0: another EtherType follows */
		if (type <= ETHERTYPE_LENGTH_MAX && have(caplen, at, SNAP_HEADER) &&
		    be32(frame + at) == 0xaaaa0300 && !be16(frame + at + 4)) {
			type = be16(frame + at + 6);
			at += SNAP_HEADER;
			continue;
		}
		return payload(at, LINK_PROTO_NONE, vlan);
	}
}

static struct link_payload ethernet(const uint8_t *frame, uint32_t caplen)
{
	if (!have(caplen, 0, ETHERNET_HEADER))
		return payload(0, LINK_PROTO_NONE, 0);
	return ethertype(frame, caplen, ETHERNET_HEADER, be16(frame + 12));
}

static struct link_payload cooked_v1(const uint8_t *frame, uint32_t caplen)
{
	if (!have(caplen, 0, SLL_HEADER))
		return payload(0, LINK_PROTO_NONE, 0);
	return ethertype(frame, caplen, SLL_HEADER, be16(frame + 14));
}

static struct link_payload cooked_v2(const uint8_t *frame, uint32_t caplen)
{
	if (!have(caplen, 0, SLL2_HEADER))
		return payload(0, LINK_PROTO_NONE, 0);
	return ethertype(frame, caplen, SLL2_HEADER, be16(frame));
}

static struct link_payload raw_ip(const uint8_t *frame, uint32_t caplen)
{
	return by_version(frame, caplen, 0, 0);
}

static struct link_payload raw_ipv4(const uint8_t *frame, uint32_t caplen)
{
	(void)frame;
	return payload(0, caplen ? LINK_PROTO_IPV4 : LINK_PROTO_NONE, 0);
}

static struct link_payload raw_ipv6(const uint8_t *frame, uint32_t caplen)
{
	(void)frame;
	return payload(0, caplen ? LINK_PROTO_IPV6 : LINK_PROTO_NONE, 0);
}

/*
 * Four bytes of address family.  NULL has them in the byte order of the
 * capturing machine, LOOP in network byte order.  Families are small numbers, so
 * the value shows the order.  AF_INET is 2 everywhere, but the number of IPv6
 * differs between systems.
 */
static struct link_payload family(const uint8_t *frame, uint32_t caplen)
{
	uint32_t af;

	if (!have(caplen, 0, FAMILY_HEADER))
		return payload(0, LINK_PROTO_NONE, 0);
	af = be32(frame);
	if (af > 0xffff)
		af = __builtin_bswap32(af);
	switch (af) {
	case 2:
		return payload(FAMILY_HEADER, LINK_PROTO_IPV4, 0);
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD, BSD/OS, Npcap */
	case 28: /* FreeBSD, DragonFly */
	case 30: /* Darwin */
		return payload(FAMILY_HEADER, LINK_PROTO_IPV6, 0);
	}
	return payload(FAMILY_HEADER, LINK_PROTO_NONE, 0);
}

static inline struct link_payload ppp_at(const uint8_t *frame, uint32_t caplen, uint32_t at)
{
	if (have(caplen, at, 2)) {
		/* address and control are present unless the ends agreed to omit them */
		if (frame[at] == PPP_ADDRESS_ALL && frame[at + 1] == PPP_CONTROL_UI)
			return ppp_protocol(frame, caplen, at + 2, 0);
		/* Cisco's HDLC on the same kind of line: an EtherType instead */
		if (frame[at] == CISCO_UNICAST || frame[at] == CISCO_MULTICAST) {
			if (!have(caplen, at, 4))
				return payload(at, LINK_PROTO_NONE, 0);
			return ethertype(frame, caplen, at + 4, be16(frame + at + 2));
		}
	}
	return ppp_protocol(frame, caplen, at, 0);
}

static struct link_payload ppp(const uint8_t *frame, uint32_t caplen)
{
	return ppp_at(frame, caplen, 0);
}

/* A byte for the direction (0 in, else out), then a frame as in ppp(). */
static struct link_payload ppp_with_direction(const uint8_t *frame, uint32_t caplen)
{
	if (!have(caplen, 0, 1))
		return payload(0, LINK_PROTO_NONE, 0);
	return ppp_at(frame, caplen, 1);
}

/* Linux's pppd: the direction replaces the address byte, if there is one. */
static struct link_payload ppp_pppd(const uint8_t *frame, uint32_t caplen)
{
	if (have(caplen, 0, 2) && frame[0] <= 1 && frame[1] == PPP_CONTROL_UI)
		return ppp_protocol(frame, caplen, 2, 0);
	return ppp_at(frame, caplen, 0);
}

static struct link_payload pppoe(const uint8_t *frame, uint32_t caplen)
{
	return pppoe_session(frame, caplen, 0, 0);
}

static struct link_payload cisco_hdlc(const uint8_t *frame, uint32_t caplen)
{
	if (!have(caplen, 0, 4))
		return payload(0, LINK_PROTO_NONE, 0);
	return ethertype(frame, caplen, 4, be16(frame + 2));
}

linklayer_fn linklayer_find(int dlt)
{
	switch (dlt) {
	case DLT_EN10MB:
		return ethernet;
	case DLT_LINUX_SLL:
		return cooked_v1;
	case DLT_LINUX_SLL2:
		return cooked_v2;
	case 12:  /* DLT_RAW on most systems */
	case 14:  /* ... on OpenBSD */
	case 101: /* ... in files, if libpcap does not map it */
		return raw_ip;
	case DLT_IPV4:
		return raw_ipv4;
	case DLT_IPV6:
		return raw_ipv6;
	case DLT_NULL:
	case DLT_LOOP:
		return family;
	case DLT_PPP:
	case DLT_PPP_SERIAL:
		return ppp;
	case DLT_PPP_WITH_DIR:
		return ppp_with_direction;
	case DLT_PPP_PPPD:
		return ppp_pppd;
	case DLT_PPP_ETHER:
		return pppoe;
	case DLT_C_HDLC:
		return cisco_hdlc;
	}
	return NULL;
}
