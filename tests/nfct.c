/* SPDX-License-Identifier: MIT */
/* libnetfilter_conntrack for tests: see nfct.h. */
#include "tests/nfct.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The attributes of one direction, or of the master. */
struct direction {
	enum nf_conntrack_attr v4_src, v4_dst, v6_src, v6_dst, sport, dport, l3, l4, zone;
};

static const struct direction directions[] = {
	{ ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_SRC, ATTR_ORIG_IPV6_DST,
	  ATTR_ORIG_PORT_SRC, ATTR_ORIG_PORT_DST, ATTR_ORIG_L3PROTO, ATTR_ORIG_L4PROTO, ATTR_ORIG_ZONE },
	{ ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV4_DST, ATTR_REPL_IPV6_SRC, ATTR_REPL_IPV6_DST,
	  ATTR_REPL_PORT_SRC, ATTR_REPL_PORT_DST, ATTR_REPL_L3PROTO, ATTR_REPL_L4PROTO, ATTR_REPL_ZONE },
	{ ATTR_MASTER_IPV4_SRC, ATTR_MASTER_IPV4_DST, ATTR_MASTER_IPV6_SRC, ATTR_MASTER_IPV6_DST,
	  ATTR_MASTER_PORT_SRC, ATTR_MASTER_PORT_DST, ATTR_MASTER_L3PROTO, ATTR_MASTER_L4PROTO, ATTR_MAX },
};

static bool is_icmp(uint8_t l4)
{
	return l4 == IPPROTO_ICMP || l4 == IPPROTO_ICMPV6;
}

static bool has_ports(uint8_t l4)
{
	return l4 == IPPROTO_TCP || l4 == IPPROTO_UDP || l4 == IPPROTO_UDPLITE ||
	       l4 == IPPROTO_SCTP || l4 == IPPROTO_GRE;
}

/* --- Reading --- */

static uint8_t get8(const struct nf_conntrack *ct, enum nf_conntrack_attr a)
{
	return nfct_attr_is_set(ct, a) > 0 ? nfct_get_attr_u8(ct, a) : 0;
}

static uint16_t get16(const struct nf_conntrack *ct, enum nf_conntrack_attr a)
{
	return nfct_attr_is_set(ct, a) > 0 ? nfct_get_attr_u16(ct, a) : 0;
}

static uint32_t get32(const struct nf_conntrack *ct, enum nf_conntrack_attr a)
{
	return nfct_attr_is_set(ct, a) > 0 ? nfct_get_attr_u32(ct, a) : 0;
}

static uint64_t get64(const struct nf_conntrack *ct, enum nf_conntrack_attr a)
{
	return nfct_attr_is_set(ct, a) > 0 ? nfct_get_attr_u64(ct, a) : 0;
}

static void get_tuple(const struct nf_conntrack *ct, const struct direction *d, uint8_t l3,
		      struct nfct_tuple *t)
{
	const bool v4 = l3 == AF_INET;
	const enum nf_conntrack_attr src = v4 ? d->v4_src : d->v6_src, dst = v4 ? d->v4_dst : d->v6_dst;

	if (nfct_attr_is_set(ct, src) > 0)
		memcpy(t->src, nfct_get_attr(ct, src), v4 ? 4 : 16);
	if (nfct_attr_is_set(ct, dst) > 0)
		memcpy(t->dst, nfct_get_attr(ct, dst), v4 ? 4 : 16);
	t->sport = ntohs(get16(ct, d->sport));
	t->dport = ntohs(get16(ct, d->dport));
	t->zone = d->zone == ATTR_MAX ? 0 : get16(ct, d->zone);
}

static void get_entry(const struct nf_conntrack *ct, struct nfct_entry *e)
{
	memset(e, 0, sizeof(*e));
	e->l3 = get8(ct, ATTR_L3PROTO);
	e->l4 = get8(ct, ATTR_L4PROTO);
	get_tuple(ct, &directions[0], e->l3, &e->orig);
	get_tuple(ct, &directions[1], e->l3, &e->reply);
	if (is_icmp(e->l4)) {
		/* the library keeps an ICMP id where ports are */
		e->orig.sport = e->orig.dport = e->reply.sport = e->reply.dport = 0;
		e->icmp_type = get8(ct, ATTR_ICMP_TYPE);
		e->icmp_code = get8(ct, ATTR_ICMP_CODE);
		e->icmp_id = ntohs(get16(ct, ATTR_ICMP_ID));
	}
	e->master_l4 = get8(ct, ATTR_MASTER_L4PROTO);
	if (e->master_l4)
		get_tuple(ct, &directions[2], e->l3, &e->master);
	e->status = get32(ct, ATTR_STATUS);
	e->timeout = get32(ct, ATTR_TIMEOUT);
	e->mark = get32(ct, ATTR_MARK);
	e->use = get32(ct, ATTR_USE);
	e->id = get32(ct, ATTR_ID);
	e->zone = get16(ct, ATTR_ZONE);
	e->has_tcp = nfct_attr_is_set(ct, ATTR_TCP_STATE) > 0;
	e->tcp_state = get8(ct, ATTR_TCP_STATE);
	e->wscale[0] = get8(ct, ATTR_TCP_WSCALE_ORIG);
	e->wscale[1] = get8(ct, ATTR_TCP_WSCALE_REPL);
	e->tcp_flags[0] = get8(ct, ATTR_TCP_FLAGS_ORIG);
	e->tcp_flags[1] = get8(ct, ATTR_TCP_FLAGS_REPL);
	e->has_sctp = nfct_attr_is_set(ct, ATTR_SCTP_STATE) > 0;
	e->sctp_state = get8(ct, ATTR_SCTP_STATE);
	e->vtag[0] = get32(ct, ATTR_SCTP_VTAG_ORIG);
	e->vtag[1] = get32(ct, ATTR_SCTP_VTAG_REPL);
	e->has_counters = nfct_attr_is_set(ct, ATTR_ORIG_COUNTER_PACKETS) > 0;
	e->packets[0] = get64(ct, ATTR_ORIG_COUNTER_PACKETS);
	e->packets[1] = get64(ct, ATTR_REPL_COUNTER_PACKETS);
	e->bytes[0] = get64(ct, ATTR_ORIG_COUNTER_BYTES);
	e->bytes[1] = get64(ct, ATTR_REPL_COUNTER_BYTES);
	e->start = get64(ct, ATTR_TIMESTAMP_START);
	e->stop = get64(ct, ATTR_TIMESTAMP_STOP);
	if (nfct_attr_is_set(ct, ATTR_HELPER_NAME) > 0)
		snprintf(e->helper, sizeof(e->helper), "%s",
			 (const char *)nfct_get_attr(ct, ATTR_HELPER_NAME));
	e->has_labels = nfct_attr_is_set(ct, ATTR_CONNLABELS) > 0;
	if (e->has_labels) {
		const struct nfct_bitmask *b = nfct_get_attr(ct, ATTR_CONNLABELS);

		for (unsigned int bit = 0; bit < 8 * sizeof(e->labels); bit++)
			if (nfct_bitmask_test_bit(b, bit))
				e->labels[bit / 8] |= (uint8_t)(1 << bit % 8);
	}
}

bool nfct_read(const void *msg, size_t len, struct nfct_entry *out, char *line, size_t size)
{
	struct nlmsghdr *nlh = aligned_alloc(NLMSG_ALIGNTO, NLMSG_ALIGN(len));
	struct nf_conntrack *ct = nfct_new();
	bool ok = false;
	int n;

	memcpy(nlh, msg, len);
	if (mnl_nlmsg_ok(nlh, (int)len) && nfct_nlmsg_parse(nlh, ct) == 0) {
		ok = true;
		get_entry(ct, out);
		n = nfct_snprintf(line, (unsigned int)size - 1, ct, 0, NFCT_O_DEFAULT,
				  NFCT_OF_SHOW_LAYER3);
		if (n < 0)
			n = 0;
		strcpy(line + n, "\n");
	}
	nfct_destroy(ct);
	free(nlh);
	return ok;
}

/* --- Writing --- */

static void set_tuple(struct nf_conntrack *ct, const struct direction *d, const struct nfct_entry *e,
		      const struct nfct_tuple *t, uint8_t l4)
{
	const bool v4 = e->l3 == AF_INET;

	nfct_set_attr_u8(ct, d->l3, e->l3);
	nfct_set_attr_u8(ct, d->l4, l4);
	nfct_set_attr(ct, v4 ? d->v4_src : d->v6_src, t->src);
	nfct_set_attr(ct, v4 ? d->v4_dst : d->v6_dst, t->dst);
	if (has_ports(l4)) {
		nfct_set_attr_u16(ct, d->sport, htons(t->sport));
		nfct_set_attr_u16(ct, d->dport, htons(t->dport));
	}
	if (t->zone)
		nfct_set_attr_u16(ct, d->zone, t->zone);
}

static void set_state(struct nf_conntrack *ct, const struct nfct_entry *e)
{
	if (e->has_tcp) {
		nfct_set_attr_u8(ct, ATTR_TCP_STATE, e->tcp_state);
		nfct_set_attr_u8(ct, ATTR_TCP_WSCALE_ORIG, e->wscale[0]);
		nfct_set_attr_u8(ct, ATTR_TCP_WSCALE_REPL, e->wscale[1]);
		nfct_set_attr_u8(ct, ATTR_TCP_FLAGS_ORIG, e->tcp_flags[0]);
		nfct_set_attr_u8(ct, ATTR_TCP_FLAGS_REPL, e->tcp_flags[1]);
		nfct_set_attr_u8(ct, ATTR_TCP_MASK_ORIG, 0xff);
		nfct_set_attr_u8(ct, ATTR_TCP_MASK_REPL, 0xff);
	}
	if (e->has_sctp) {
		nfct_set_attr_u8(ct, ATTR_SCTP_STATE, e->sctp_state);
		nfct_set_attr_u32(ct, ATTR_SCTP_VTAG_ORIG, e->vtag[0]);
		nfct_set_attr_u32(ct, ATTR_SCTP_VTAG_REPL, e->vtag[1]);
	}
	if (e->has_labels) {
		struct nfct_bitmask *b = nfct_bitmask_new(8 * sizeof(e->labels) - 1);

		for (unsigned int bit = 0; bit < 8 * sizeof(e->labels); bit++)
			if (e->labels[bit / 8] >> bit % 8 & 1)
				nfct_bitmask_set_bit(b, bit);
		nfct_set_attr(ct, ATTR_CONNLABELS, b);
	}
}

size_t nfct_write(const struct nfct_entry *e, void *buf, size_t size, uint16_t flags, uint32_t seq)
{
	struct nf_conntrack *ct = nfct_new();
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfh;
	size_t len;

	memset(buf, 0, size);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = seq;
	nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = e->l3;
	nfh->version = NFNETLINK_V0;

	set_tuple(ct, &directions[0], e, &e->orig, e->l4);
	set_tuple(ct, &directions[1], e, &e->reply, e->l4);
	if (e->master_l4)
		set_tuple(ct, &directions[2], e, &e->master, e->master_l4);
	if (is_icmp(e->l4)) {
		nfct_set_attr_u8(ct, ATTR_ICMP_TYPE, e->icmp_type);
		nfct_set_attr_u8(ct, ATTR_ICMP_CODE, e->icmp_code);
		nfct_set_attr_u16(ct, ATTR_ICMP_ID, htons(e->icmp_id));
	}
	nfct_set_attr_u32(ct, ATTR_STATUS, e->status);
	nfct_set_attr_u32(ct, ATTR_TIMEOUT, e->timeout);
	nfct_set_attr_u32(ct, ATTR_MARK, e->mark);
	if (e->zone)
		nfct_set_attr_u16(ct, ATTR_ZONE, e->zone);
	if (e->helper[0])
		nfct_set_attr(ct, ATTR_HELPER_NAME, e->helper);
	set_state(ct, e);
	nfct_nlmsg_build(nlh, ct);
	len = nlh->nlmsg_len;
	nfct_destroy(ct);
	return len;
}

/* --- Samples --- */

static uint32_t next(uint32_t *state)
{
	/* a multiplicative generator: any number does here */
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

void nfct_sample(struct nfct_entry *e, uint32_t number)
{
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP, IPPROTO_GRE, IPPROTO_ICMP, 33, 50,
	};
	static const uint8_t requests[][2] = { { 8, 0 }, { 13, 14 }, { 15, 16 }, { 17, 18 } };
	uint32_t r = number * 2654435761u + 1;

	memset(e, 0, sizeof(*e));
	e->l3 = number / 8 % 2 ? AF_INET6 : AF_INET;
	e->l4 = protocols[number % 8];
	for (unsigned int i = 0; i < (e->l3 == AF_INET ? 4u : 16u); i++) {
		e->orig.src[i] = (uint8_t)next(&r);
		e->orig.dst[i] = (uint8_t)next(&r);
	}
	/* numbers differ in their addresses whatever else */
	memcpy(e->orig.src, (uint8_t[]){ 10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number }, 4);
	memcpy(e->reply.src, e->orig.dst, 16);
	memcpy(e->reply.dst, e->orig.src, 16);
	if (has_ports(e->l4)) {
		e->orig.sport = e->reply.dport = (uint16_t)next(&r);
		e->orig.dport = e->reply.sport = (uint16_t)next(&r);
	}
	if (e->l4 == IPPROTO_ICMP) {
		e->icmp_type = requests[next(&r) % 4][0];
		e->icmp_code = (uint8_t)next(&r);
		e->icmp_id = (uint16_t)next(&r);
		if (e->l3 == AF_INET6) {
			e->l4 = IPPROTO_ICMPV6;
			e->icmp_type = number / 16 % 2 ? 128 : 139;
		}
	}
	switch (number / 16 % 4) {
	case 1:
		e->zone = (uint16_t)(1 + next(&r) % 65535);
		break;
	case 2:
		e->orig.zone = (uint16_t)(1 + next(&r) % 65535);
		break;
	case 3:
		e->reply.zone = (uint16_t)(1 + next(&r) % 65535);
		break;
	}
	e->status = 1u << 3 | (number / 64 % 2 ? 1u << 1 : 0) | (number / 128 % 2 ? 1u << 1 | 1u << 2 : 0);
	e->timeout = 30 + next(&r) % 400000;
	e->mark = next(&r) % 2 ? next(&r) << 8 ^ next(&r) : 0;
	if (e->l4 == IPPROTO_TCP) {
		e->has_tcp = true;
		e->tcp_state = (uint8_t)(1 + next(&r) % 9);
		e->tcp_flags[0] = (uint8_t)next(&r);
		e->tcp_flags[1] = (uint8_t)next(&r);
		/* scales count where both ends scale */
		if (e->tcp_flags[0] & e->tcp_flags[1] & IP_CT_TCP_FLAG_WINDOW_SCALE) {
			e->wscale[0] = (uint8_t)(next(&r) % 15);
			e->wscale[1] = (uint8_t)(next(&r) % 15);
		}
		if (next(&r) % 2)
			strcpy(e->helper, "ftp");
	}
	if (e->l4 == IPPROTO_SCTP) {
		e->has_sctp = true;
		e->sctp_state = (uint8_t)(1 + next(&r) % 8);
		e->vtag[0] = next(&r) << 8;
		e->vtag[1] = next(&r) << 8;
	}
}
