/* SPDX-License-Identifier: MIT */
/*
 * What happens to a packet in a router before conntrack's first hook: the
 * checks of the IP header on arrival (ip_rcv_core, ip6_rcv_core).
 *
 * A capture may have only the beginning of a packet.  Missing bytes are assumed to
 * be right.
 */
#include <string.h>

#include "core/nf_conntrack_proto.h"
#include "harness/replay/replay.h"
#include "harness/traffic/ip_length.h"

static bool header_sum_ok(const uint8_t *header, unsigned int len)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < len; i += 2)
		sum += (uint32_t)(header[i] << 8 | header[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* Addresses that packets from outside may not have (RFC 4291); captures of loopback have them. */
static bool ipv6_addresses_ok(const uint8_t *src, const uint8_t *dst)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (src[0] == 0xff || !memcmp(src, loopback, 16) || !memcmp(dst, loopback, 16))
		return false;
	/* multicast of the scopes "reserved" and "this interface" is never sent on a link */
	return dst[0] != 0xff || (dst[1] & 15) > 1;
}

/* The action in the upper two bits of an unknown option's type (RFC 8200, 4.2); 0: skip it. */
#define OPT_SKIP(type)	(!((type)&0xc0))
#define OPT_JUMBO	0xc2 /* ip_length() reads it */
#define HBH_MAX_OPTIONS 8    /* net.ipv6.max_hbh_opts_number */
#define HBH_MAX_PADDING 7    /* more could be a covert channel */

/* Checks a padding option of n bytes at o; false: it is too long, or has data other than zeros. */
static bool padding_ok(const uint8_t *o, unsigned int n, unsigned int *padding)
{
	*padding += n;
	for (unsigned int i = 2; i < n; i++)
		if (o[i])
			return false;
	return *padding <= HBH_MAX_PADDING;
}

/*
 * The hop-by-hop options, which every router reads (ipv6_parse_hopopts).
 * IOAM and CALIPSO are refused: they are not enabled by default.
 */
static bool hop_options_ok(const struct capture_packet *p, unsigned int len, enum ip_length kind)
{
	const uint8_t *o = p->l3 + sizeof(struct ipv6hdr_view);
	unsigned int left, n, padding = 0, options = 0;

	if (len < sizeof(struct ipv6hdr_view) + 8)
		return false;
	left = (o[1] + 1u) * 8;
	if (len < sizeof(struct ipv6hdr_view) + left)
		return false;
	if (p->caplen < sizeof(struct ipv6hdr_view) + left)
		return true; /* missing bytes are assumed to be right */
	for (o += 2, left -= 2; left; o += n, left -= n) {
		n = *o && left > 1 ? o[1] + 2u : 1;
		if (n > left || (*o && left == 1))
			return false;
		if (*o <= 1) {
			if (!padding_ok(o, n, &padding))
				return false;
			continue;
		}
		padding = 0;
		if (++options > HBH_MAX_OPTIONS)
			return false;
		if (*o == OPT_JUMBO && kind == IP_LENGTH_JUMBO)
			continue;
		if (*o == 5 ? n != 4 : *o == 7 || *o == 0x31 || !OPT_SKIP(*o))
			return false;
	}
	return true;
}

static bool ipv6_ok(const struct capture_packet *p, unsigned int len, enum ip_length kind)
{
	const struct ipv6hdr_view *ip6h = (const struct ipv6hdr_view *)p->l3;

	return ipv6_addresses_ok(p->l3 + offsetof(struct ipv6hdr_view, saddr),
				 p->l3 + offsetof(struct ipv6hdr_view, daddr)) &&
	       (ip6h->nexthdr != IPPROTO_HOPOPTS || hop_options_ok(p, len, kind));
}

bool replay_receive(const struct capture_packet *p, const struct replay_options *options,
		    struct sk_buff *skb)
{
	const bool ipv4 = p->l3proto == LINK_PROTO_IPV4;
	enum ip_length kind;
	unsigned int ihl;

	memset(skb, 0, sizeof(*skb));
	kind = ip_length(p->l3, p->caplen, p->len, p->l3proto, &skb->len);
	if (!ip_length_passes(kind))
		return false;
	ihl = (p->l3[0] & 15) * 4u;
	if (ipv4 && options->checksums && p->caplen >= ihl && !header_sum_ok(p->l3, ihl))
		return false;
	if (!ipv4 && options->router && !ipv6_ok(p, skb->len, kind))
		return false;
	skb->data = p->l3;
	skb->headlen = p->caplen < skb->len ? p->caplen : skb->len;
	skb->tstamp = p->time_ns;
	skb->protocol = p->l3proto;
	/* the network card will compute the checksums of the segments: none exists yet */
	skb->ip_summed = options->checksums && kind != IP_LENGTH_OFFLOAD ? CHECKSUM_NONE
									 : CHECKSUM_UNNECESSARY;
	return true;
}
