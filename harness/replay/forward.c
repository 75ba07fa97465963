/* SPDX-License-Identifier: MIT */
/*
 * The reasons for which a router drops a packet between PRE_ROUTING and FORWARD:
 * IPv4 options that are wrong or request a source route (ip_rcv_options),
 * addresses that cannot be routed (ip_route_input, ip6_forward), and the TTL.
 */
#include <string.h>

#include "core/nf_conntrack_proto.h"
#include "harness/replay/replay.h"

enum {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_RECORD_ROUTE = 7,
	OPT_TIMESTAMP = 68,
	OPT_LOOSE_ROUTE = 131,
	OPT_CIPSO = 134,
	OPT_STRICT_ROUTE = 137,
	OPT_ROUTER_ALERT = 148,
};

/* Has the option room for size bytes at its pointer, or is it full? */
static bool pointer_ok(const uint8_t *o, unsigned int n, unsigned int first, unsigned int size)
{
	return o[2] >= first && (o[2] > n || o[2] + size - 1 <= n);
}

static bool timestamp_ok(const uint8_t *o, unsigned int n)
{
	const unsigned int flag = o[3] & 15, overflow = o[3] >> 4;

	if (!pointer_ok(o, n, 5, flag == 1 || flag == 3 ? 8 : 4))
		return false;
	/* full: the option counts routers that found no room, up to 15 */
	return o[2] <= n || flag == 3 || overflow < 15;
}

/* One option of n bytes. */
static bool option_ok(const uint8_t *o, unsigned int n)
{
	switch (o[0]) {
	case OPT_LOOSE_ROUTE:
	case OPT_STRICT_ROUTE: /* not accepted, as is the default */
	case OPT_CIPSO:
		return false;
	case OPT_RECORD_ROUTE:
		return n >= 3 && pointer_ok(o, n, 4, 4);
	case OPT_TIMESTAMP:
		return n >= 4 && timestamp_ok(o, n);
	case OPT_ROUTER_ALERT:
		return n >= 4;
	default:
		return true;
	}
}

static bool options_ok(const uint8_t *o, unsigned int left)
{
	bool route = false, timestamp = false;
	unsigned int n;

	for (; left && *o != OPT_END; o += n, left -= n) {
		n = 1;
		if (*o == OPT_NOP)
			continue;
		if (left < 2)
			return false;
		n = o[1];
		if (n < 2 || n > left || !option_ok(o, n))
			return false;
		/* each at most once */
		if ((*o == OPT_RECORD_ROUTE && route) || (*o == OPT_TIMESTAMP && timestamp))
			return false;
		route |= *o == OPT_RECORD_ROUTE;
		timestamp |= *o == OPT_TIMESTAMP;
	}
	return true;
}

/* Addresses that may not occur in forwarded packets (RFC 1812, 5.3.7). */
static bool ipv4_martian(uint32_t addr)
{
	return !addr || addr == 0xffffffff || addr >> 24 == 127 || addr >> 28 == 14;
}

static enum replay_route route_ipv4(const struct sk_buff *skb)
{
	const struct iphdr_view *iph = (const struct iphdr_view *)skb->data;
	const uint32_t src = ntohl(iph->saddr), dst = ntohl(iph->daddr);
	unsigned int ihl = (iph->ver_ihl & 15) * 4u;

	if (ihl > sizeof(*iph) && skb->headlen >= ihl &&
	    !options_ok(skb->data + sizeof(*iph), ihl - sizeof(*iph)))
		return REPLAY_LOST;
	/* the broadcast address of this link, and the all-hosts group */
	if ((dst == 0xffffffff || dst == 0xe0000001) && (!src || !ipv4_martian(src)))
		return REPLAY_LOCAL;
	return ipv4_martian(src) || ipv4_martian(dst) || iph->ttl <= 1 ? REPLAY_LOST
								       : REPLAY_FORWARD;
}

static bool link_local(const uint8_t *addr)
{
	return addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;
}

/* The multicast groups of a router's device: all nodes of a link, all routers of link and site. */
static bool own_group(const uint8_t *addr)
{
	static const uint8_t zeros[13];

	return addr[0] == 0xff && !memcmp(addr + 2, zeros, sizeof(zeros)) &&
	       ((addr[1] == 2 && (addr[15] == 1 || addr[15] == 2)) ||
		(addr[1] == 5 && addr[15] == 2));
}

static enum replay_route route_ipv6(const struct sk_buff *skb)
{
	static const uint8_t unspecified[16];
	const struct ipv6hdr_view *ip6h = (const struct ipv6hdr_view *)skb->data;
	const uint8_t *src = skb->data + offsetof(struct ipv6hdr_view, saddr);
	const uint8_t *dst = skb->data + offsetof(struct ipv6hdr_view, daddr);

	if (own_group(dst))
		return REPLAY_LOCAL;
	if (link_local(src) || link_local(dst) || dst[0] == 0xff || !memcmp(src, unspecified, 16))
		return REPLAY_LOST;
	return ip6h->hop_limit > 1 ? REPLAY_FORWARD : REPLAY_LOST;
}

enum replay_route replay_route(const struct sk_buff *skb)
{
	return skb->protocol == ETH_P_IP ? route_ipv4(skb) : route_ipv6(skb);
}
