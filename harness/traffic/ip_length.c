/* SPDX-License-Identifier: MIT */
#include "harness/traffic/ip_length.h"

#include <netinet/in.h>
#include <stddef.h>

#include "harness/traffic/linklayer.h"

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	OPTION_PAD1 = 0,
	OPTION_JUMBO = 0xc2,
	IPV6_MAX_PAYLOAD = 65535,
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)(p[0] << 8 | p[1]);
}

static enum ip_length ipv4(const uint8_t *l3, uint32_t len, uint32_t *bytes)
{
	uint32_t header = (l3[0] & 15) * 4u, total = be16(l3 + 2);

	if (l3[0] >> 4 != 4 || header < IPV4_HEADER || header > len)
		return IP_LENGTH_BROKEN;
	/* data that is cut into segments has at least two bytes */
	if (!total)
		return l3[9] == IPPROTO_TCP && len > header + TCP_HEADER + 1 ? IP_LENGTH_OFFLOAD
									     : IP_LENGTH_ZERO;
	if (total > len)
		return IP_LENGTH_BEYOND;
	if (total < header)
		return IP_LENGTH_BROKEN;
	*bytes = total;
	return IP_LENGTH_OK;
}

/* The option of the hop-by-hop header that has the length; NULL: none, or it is cut off. */
static const uint8_t *jumbo_option(const uint8_t *l3, uint32_t caplen)
{
	uint32_t at = IPV6_HEADER + 2, end;

	if (l3[6] != IPPROTO_HOPOPTS || caplen < at)
		return NULL;
	end = IPV6_HEADER + (l3[IPV6_HEADER + 1] + 1u) * 8;
	if (end > caplen)
		end = caplen;
	while (at + 2 <= end && l3[at] != OPTION_JUMBO)
		at += l3[at] == OPTION_PAD1 ? 1 : l3[at + 1] + 2u;
	return at + 6 <= end && l3[at] == OPTION_JUMBO ? l3 + at : NULL;
}

/* Linux (ipv6_hop_jumbo()) takes the option only beside a payload length of 0. */
static enum ip_length jumbo(const uint8_t *l3, const uint8_t *option, uint32_t len, uint32_t *bytes)
{
	const uint32_t payload = be16(option + 2) << 16 | be16(option + 4);

	if (be16(l3 + 4) || option[1] != 4 || ((option - l3) & 3) != 2 ||
	    payload <= IPV6_MAX_PAYLOAD)
		return IP_LENGTH_BROKEN;
	if (payload > len - IPV6_HEADER)
		return IP_LENGTH_BEYOND;
	*bytes = payload + IPV6_HEADER;
	return IP_LENGTH_JUMBO;
}

static enum ip_length ipv6(const uint8_t *l3, uint32_t caplen, uint32_t len, uint32_t *bytes)
{
	const uint8_t *option = jumbo_option(l3, caplen);
	uint32_t payload = be16(l3 + 4);

	if (l3[0] >> 4 != 6)
		return IP_LENGTH_BROKEN;
	if (option)
		return jumbo(l3, option, len, bytes);
	/* Without the option Linux keeps the received length. */
	if (!payload && l3[6] == IPPROTO_HOPOPTS)
		return IP_LENGTH_OK;
	if (payload + IPV6_HEADER > len)
		return IP_LENGTH_BEYOND;
	*bytes = payload + IPV6_HEADER;
	if (!payload && l3[6] == IPPROTO_TCP && len >= IPV6_HEADER + TCP_HEADER)
		return IP_LENGTH_ZERO_IPV6;
	return IP_LENGTH_OK;
}

enum ip_length
ip_length(const uint8_t *l3, uint32_t caplen, uint32_t len, uint16_t l3proto, uint32_t *bytes)
{
	const uint32_t header = l3proto == LINK_PROTO_IPV4 ? IPV4_HEADER : IPV6_HEADER;

	*bytes = len;
	if (len < header)
		return IP_LENGTH_BROKEN;
	if (caplen < header)
		return IP_LENGTH_CUT;
	return l3proto == LINK_PROTO_IPV4 ? ipv4(l3, len, bytes) : ipv6(l3, caplen, len, bytes);
}
