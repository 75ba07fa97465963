/* SPDX-License-Identifier: MIT */
/*
 * Hand-made packets between a client and a server, and a core without a table
 * for tests of what does not need one.  Checksums are made the slow, obvious
 * way, on purpose not by the code under test.
 */
#ifndef CTBENCH_TESTS_PACKETS_H
#define CTBENCH_TESTS_PACKETS_H

#include <arpa/inet.h>
#include <string.h>

#include "core/conntrack.h"

/* --- Packets --- */

enum { CLIENT, SERVER };	/* as IP_CT_DIR_ORIGINAL and IP_CT_DIR_REPLY */

#define CLIENT_PORT	40000
#define SERVER_PORT	80

struct packet {
	bool ipv6;
	unsigned int l4;	/* where the transport header begins */
	unsigned int len;
	uint8_t b[8192];
};

static inline void put16(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static inline void put32(uint8_t *to, uint32_t v)
{
	put16(to, v >> 16);
	put16(to + 2, v);
}

static inline void packet_add(struct packet *p, const void *bytes, unsigned int n)
{
	if (bytes)
		memcpy(p->b + p->len, bytes, n);
	else
		memset(p->b + p->len, 'x', n);
	p->len += n;
}

/* An IP header from that side; what follows is added, then packet_end(). */
static inline void packet_begin(struct packet *p, bool ipv6, int side, uint8_t protonum)
{
	memset(p, 0, sizeof(*p));
	p->ipv6 = ipv6;
	p->l4 = p->len = ipv6 ? 40 : 20;
	if (ipv6) {
		p->b[0] = 0x60;
		p->b[6] = protonum;
		p->b[7] = 64;
		put32(p->b + 8, 0x20010db8);
		p->b[23] = (uint8_t)(1 + side);
		put32(p->b + 24, 0x20010db8);
		p->b[39] = (uint8_t)(2 - side);
	} else {
		p->b[0] = 0x45;
		p->b[8] = 64;
		p->b[9] = protonum;
		put32(p->b + 12, 0x0a000001u + (uint32_t)side);
		put32(p->b + 16, 0x0a000002u - (uint32_t)side);
	}
}

static inline uint32_t sum16(uint32_t sum, const uint8_t *b, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	return sum;
}

static inline uint16_t sum_end(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The transport checksum at offset at of the transport header, over the first covered bytes. */
static inline void
packet_sum(struct packet *p, unsigned int at, uint8_t protonum, unsigned int covered)
{
	uint32_t sum = 0;

	put16(p->b + p->l4 + at, 0);
	if (p->ipv6 || protonum != IPPROTO_ICMP)
		sum = sum16(p->len - p->l4 + protonum, p->b + (p->ipv6 ? 8 : 12), p->ipv6 ? 32 : 8);
	put16(p->b + p->l4 + at, sum_end(sum16(sum, p->b + p->l4, covered)));
}

static inline void packet_end(struct packet *p)
{
	if (p->ipv6) {
		put16(p->b + 4, p->len - 40);
		return;
	}
	put16(p->b + 2, p->len);
	put16(p->b + 10, 0);
	put16(p->b + 10, sum_end(sum16(0, p->b, (p->b[0] & 15) * 4u)));
}

static inline struct sk_buff packet_skb(const struct packet *p)
{
	return (struct sk_buff){
		.data = p->b,
		.len = p->len,
		.headlen = p->len,
		.protocol = p->ipv6 ? ETH_P_IPV6 : ETH_P_IP,
	};
}

static inline void packet_ports(struct packet *p, int side)
{
	uint8_t ports[4];

	put16(ports, side == CLIENT ? CLIENT_PORT : SERVER_PORT);
	put16(ports + 2, side == CLIENT ? SERVER_PORT : CLIENT_PORT);
	packet_add(p, ports, 4);
}

struct tcp_spec {
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t win;
	unsigned int len;	/* of data */
	const char *opt;
	unsigned int optlen;	/* a multiple of 4 */
};

static inline void packet_tcp(struct packet *p, bool ipv6, int side, const struct tcp_spec *s)
{
	uint8_t h[16] = { 0 };

	packet_begin(p, ipv6, side, IPPROTO_TCP);
	packet_ports(p, side);
	put32(h, s->seq);
	put32(h + 4, s->ack);
	h[8] = (uint8_t)((5 + s->optlen / 4) << 4);
	h[9] = s->flags;
	put16(h + 10, s->win);
	packet_add(p, h, sizeof(h));
	packet_add(p, s->opt, s->optlen);
	packet_add(p, NULL, s->len);
	packet_end(p);
	packet_sum(p, 16, IPPROTO_TCP, p->len - p->l4);
}

static inline void packet_udp(struct packet *p, bool ipv6, int side, unsigned int len)
{
	uint8_t h[4] = { 0 };

	packet_begin(p, ipv6, side, IPPROTO_UDP);
	packet_ports(p, side);
	put16(h, 8 + len);
	packet_add(p, h, sizeof(h));
	packet_add(p, NULL, len);
	packet_end(p);
	packet_sum(p, 6, IPPROTO_UDP, p->len - p->l4);
}

/* An ICMP message of either family with its body behind the first 8 bytes. */
static inline void packet_icmp(struct packet *p, bool ipv6, int side, uint8_t type, uint8_t code,
			       uint16_t id, const void *body, unsigned int n)
{
	uint8_t h[8] = { type, code };

	packet_begin(p, ipv6, side, ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	put16(h + 4, id);
	packet_add(p, h, sizeof(h));
	packet_add(p, body, n);
	packet_end(p);
	packet_sum(p, 2, ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, p->len - p->l4);
}

/* --- A core without a table: knows one connection at most --- */

struct fake {
	struct nf_conntrack_ops ops;
	struct ct_core core;
	struct net net;
	struct nf_conn ct;
	unsigned int kills, finds;
	bool kill_fails;	/* somebody else was first */
	struct nf_conntrack_zone zone;	/* of the last find */
};

static inline struct fake *fake_of(const struct net *net)
{
	return container_of(net, struct fake, net);
}

static inline struct nf_conntrack_tuple_hash *fake_find_get(struct net *net,
							    const struct nf_conntrack_zone *zone,
							    const struct nf_conntrack_tuple *tuple)
{
	struct fake *f = fake_of(net);

	f->finds++;
	f->zone = *zone;
	for (unsigned int dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		if (!nf_ct_is_confirmed(&f->ct) ||
		    !nf_ct_tuple_equal(nf_ct_tuple(&f->ct, dir), tuple))
			continue;
		refcount_inc(&f->ct.use);
		return &f->ct.tuplehash[dir];
	}
	return NULL;
}

static inline bool fake_kill(struct nf_conn *ct)
{
	struct fake *f = container_of(ct, struct fake, ct);

	if (f->kill_fails)
		return false;
	f->kills++;
	nf_ct_status_set(ct, IPS_DYING);
	return true;
}

static inline void fake_put(struct nf_conn *ct)
{
	sub_relaxed(&ct->use.refs, 1);
}

static inline void fake_open(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	f->ops.find_get = fake_find_get;
	f->ops.kill = fake_kill;
	f->ops.put = fake_put;
	f->core.ops = &f->ops;
	store_relaxed(&f->core.now, 5000);
	f->net.core = &f->core;
	nf_ct_sysctl_init(&f->net);
	f->ct.net = &f->net;
	store_relaxed(&f->ct.use.refs, 1);
}

/* Makes f's connection the one whose first packet this is. */
static inline bool fake_connect(struct fake *f, const struct packet *p)
{
	const uint8_t pf = p->ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	struct sk_buff skb = packet_skb(p);
	union ct_tuple_words w;
	unsigned int dataoff;
	uint8_t protonum;

	if (get_l4proto(&skb, 0, pf, &dataoff, &protonum) ||
	    !nf_ct_get_tuple(&skb, 0, dataoff, pf, protonum, &w))
		return false;
	f->ct.tuplehash[IP_CT_DIR_ORIGINAL].tuple = w.tuple;
	return nf_ct_invert_tuple(&f->ct.tuplehash[IP_CT_DIR_REPLY].tuple, &w.tuple);
}

/*
 * The packet through its protocol's tracker as a packet of f's connection, with
 * what the core does around that: ctinfo before, SEEN_REPLY and confirm after.
 */
static inline int fake_packet(struct fake *f, const struct sk_buff *packet, uint8_t hook, int side)
{
	const struct nf_hook_state state = {
		.hook = hook,
		.pf = packet->protocol == ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6,
		.net = &f->net,
	};
	struct sk_buff skb = *packet;
	enum ip_conntrack_info ctinfo = side == SERVER ? IP_CT_ESTABLISHED_REPLY
					: nf_ct_status(&f->ct) & IPS_SEEN_REPLY ? IP_CT_ESTABLISHED
										: IP_CT_NEW;
	unsigned int dataoff;
	uint8_t protonum;
	int verdict;

	if (get_l4proto(&skb, 0, state.pf, &dataoff, &protonum))
		return -100;
	verdict = nf_ct_l4proto_find(protonum)->packet(&f->ct, &skb, dataoff, ctinfo, &state);
	if (verdict != (int)NF_ACCEPT)
		return verdict;
	if (side == SERVER)
		nf_ct_status_set(&f->ct, IPS_SEEN_REPLY);
	if (!nf_ct_is_confirmed(&f->ct)) {
		store_relaxed(&f->ct.timeout,
			      load_relaxed(&f->ct.timeout) + nfct_time_stamp(&f->core));
		nf_ct_status_set(&f->ct, IPS_CONFIRMED);
	}
	return verdict;
}

static inline uint32_t fake_seconds_left(const struct fake *f)
{
	return nf_ct_expires(&f->ct, nfct_time_stamp(&f->core)) / NF_CT_HZ;
}

static inline void fake_later(struct fake *f, uint32_t seconds)
{
	store_relaxed(&f->core.now, nfct_time_stamp(&f->core) + seconds * NF_CT_HZ);
}

#endif
