/* SPDX-License-Identifier: MIT */
/*
 * What happens to a packet in a router before and between conntrack's hooks:
 * the checks of the IP header on arrival (ip_rcv_core, ip6_rcv_core), and the
 * TTL before it is forwarded.
 *
 * A capture may have kept only the beginning of a packet.  What is not there
 * is taken to be right.
 */
#include <string.h>

#include "core/nf_conntrack_proto.h"
#include "harness/replay.h"

static bool header_sum_ok(const uint8_t *header, unsigned int len)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < len; i += 2)
		sum += (uint32_t)(header[i] << 8 | header[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static bool receive_ipv4(const struct capture_packet *p, bool checksums, struct sk_buff *skb)
{
	const struct iphdr_view *iph = (const struct iphdr_view *)p->l3;
	unsigned int ihl, tot_len;

	if (p->caplen < sizeof(*iph))
		return false;
	ihl = (iph->ver_ihl & 15) * 4u;
	tot_len = ntohs(iph->tot_len);
	if (iph->ver_ihl >> 4 != 4 || ihl < sizeof(*iph) || tot_len < ihl || p->len < tot_len)
		return false;
	if (checksums && p->caplen >= ihl && !header_sum_ok(p->l3, ihl))
		return false;
	skb->len = tot_len;	/* behind it: padding of the link */
	return true;
}

/* Addresses no packet from outside may have (RFC 4291); a capture of the loopback does. */
static bool ipv6_addresses_ok(const uint8_t *src, const uint8_t *dst)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (src[0] == 0xff || !memcmp(src, loopback, 16) || !memcmp(dst, loopback, 16))
		return false;
	/* multicast of the scopes "reserved" and "this interface" does not travel */
	return dst[0] != 0xff || (dst[1] & 15) > 1;
}

static bool receive_ipv6(const struct capture_packet *p, bool router, struct sk_buff *skb)
{
	const struct ipv6hdr_view *ip6h = (const struct ipv6hdr_view *)p->l3;
	unsigned int len;

	if (p->caplen < sizeof(*ip6h) || p->l3[0] >> 4 != 6)
		return false;
	if (router && !ipv6_addresses_ok(p->l3 + offsetof(struct ipv6hdr_view, saddr),
					 p->l3 + offsetof(struct ipv6hdr_view, daddr)))
		return false;
	len = ntohs(ip6h->payload_len);
	/* 0 before a hop-by-hop header: a jumbogram (RFC 2675), whose length an option tells */
	if (len || ip6h->nexthdr != IPPROTO_HOPOPTS) {
		len += sizeof(*ip6h);
		if (len > p->len)
			return false;
		skb->len = len;
	}
	return true;
}

bool replay_receive(const struct capture_packet *p, const struct replay_options *options,
		    struct sk_buff *skb)
{
	memset(skb, 0, sizeof(*skb));
	skb->data = p->l3;
	skb->len = p->len;
	skb->tstamp = p->time_ns;
	skb->protocol = p->l3proto;
	skb->ip_summed = options->checksums ? CHECKSUM_NONE : CHECKSUM_UNNECESSARY;
	if (p->l3proto == LINK_PROTO_IPV4 ? !receive_ipv4(p, options->checksums, skb) :
					    !receive_ipv6(p, options->router, skb))
		return false;
	skb->headlen = p->caplen < skb->len ? p->caplen : skb->len;
	return true;
}

bool replay_may_forward(const struct sk_buff *skb)
{
	const struct iphdr_view *iph = (const struct iphdr_view *)skb->data;
	const struct ipv6hdr_view *ip6h = (const struct ipv6hdr_view *)skb->data;

	return (skb->protocol == ETH_P_IP ? iph->ttl : ip6h->hop_limit) > 1;
}
