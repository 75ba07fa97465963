/* SPDX-License-Identifier: MIT */
/* Checksums as conntrack verifies them at PRE_ROUTING. */
#include "core/nf_conntrack_proto.h"

/*
 * Sum of 16-bit words as they lie in memory.  The Internet checksum does not
 * mind the byte order (RFC 1071), so wide words are added and folded at the end.
 */
static uint64_t sum_bytes(uint64_t sum, const uint8_t *p, size_t n)
{
	uint32_t w;

	for (; n >= 4; p += 4, n -= 4) {
		memcpy(&w, p, 4);
		sum += w;
	}
	if (n) {
		w = 0;
		memcpy(&w, p, n);
		sum += w;
	}
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* A pseudo header's length and protocol, which count as 32-bit numbers in network byte order. */
static uint64_t sum_numbers(uint32_t length, uint8_t protonum)
{
	return (uint64_t)htonl(length) + htonl(protonum);
}

bool nf_checksum_ok_part(const struct sk_buff *skb, unsigned int dataoff, unsigned int covered,
			 uint8_t protonum)
{
	const uint8_t *data = skb_header_pointer(skb, dataoff, covered);
	uint64_t sum = 0;

	if (!data)
		return true;
	if (skb->protocol == ETH_P_IPV6)
		sum = sum_bytes(sum_numbers(skb->len - dataoff, protonum),
				skb->data + offsetof(struct ipv6hdr_view, saddr), 32);
	else if (protonum != IPPROTO_ICMP)	/* which has no pseudo header over IPv4 */
		sum = sum_bytes(sum_numbers(skb->len - dataoff, protonum),
				skb->data + offsetof(struct iphdr_view, saddr), 8);
	return fold(sum_bytes(sum, data, covered)) == 0xffff;
}

bool nf_checksum_ok(const struct sk_buff *skb, unsigned int dataoff, uint8_t protonum)
{
	/* dataoff may lie behind the end of what came: there is nothing to sum then */
	return dataoff > skb->len ||
	       nf_checksum_ok_part(skb, dataoff, skb->len - dataoff, protonum);
}
