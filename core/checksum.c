/* SPDX-License-Identifier: MIT */
/* Checksums as conntrack verifies them at PRE_ROUTING. */
#include "core/nf_conntrack_proto.h"

/*
 * Sum of 16-bit words in memory order.  The Internet checksum does not depend on
 * the byte order (RFC 1071), so wide words are added and folded at the end.
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

/* A pseudo header's length and protocol, added as 32-bit numbers in network byte order. */
static uint64_t sum_numbers(uint32_t length, uint8_t protonum)
{
	return (uint64_t)htonl(length) + htonl(protonum);
}

bool nf_checksum_ok_part(const struct sk_buff *skb, unsigned int dataoff, unsigned int covered,
			 uint8_t protonum)
{
	const uint8_t *data = skb_header_pointer(skb, dataoff, covered);
	/*
	 * The kernel sums from the IP header on, and a correct IP header sums to 0xffff.
 * This matters only for ICMP over IPv4, where otherwise only zeros would be right.
	 */
	uint64_t sum = 0xffff;

	if (!data)
		return true;
	if (skb->protocol == ETH_P_IPV6)
		sum = sum_bytes(sum_numbers(skb->len - dataoff, protonum),
				skb->data + offsetof(struct ipv6hdr_view, saddr), 32);
	else if (protonum != IPPROTO_ICMP) /* which has no pseudo header over IPv4 */
		sum = sum_bytes(sum_numbers(skb->len - dataoff, protonum),
				skb->data + offsetof(struct iphdr_view, saddr), 8);
	return fold(sum_bytes(sum, data, covered)) == 0xffff;
}

bool nf_checksum_ok(const struct sk_buff *skb, unsigned int dataoff, uint8_t protonum)
{
	/* dataoff may be after the end of the packet: then there is nothing to sum */
	return dataoff > skb->len ||
	       nf_checksum_ok_part(skb, dataoff, skb->len - dataoff, protonum);
}

/* CRC-32C of four bits; two steps per byte are enough, because sums are rare. */
static const uint32_t crc32c_nibble[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
	0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t crc32c(uint32_t crc, const uint8_t *p, size_t n)
{
	while (n--) {
		crc ^= *p++;
		crc = crc >> 4 ^ crc32c_nibble[crc & 15];
		crc = crc >> 4 ^ crc32c_nibble[crc & 15];
	}
	return crc;
}

/* The sum treats its own four bytes as 0 and is stored with the lowest byte first. */
bool nf_checksum_ok_sctp(const struct sk_buff *skb, unsigned int dataoff)
{
	static const uint8_t zero[4];
	const uint8_t *p = skb_header_pointer(skb, dataoff, skb->len - dataoff);
	unsigned int len = skb->len - dataoff;
	uint32_t crc, stored;

	if (!p || len < 12)
		return true;
	stored = p[8] | (uint32_t)p[9] << 8 | (uint32_t)p[10] << 16 | (uint32_t)p[11] << 24;
	crc = crc32c(~0u, p, 8);
	crc = crc32c(crc, zero, sizeof(zero));
	return ~crc32c(crc, p + 12, len - 12) == stored;
}
