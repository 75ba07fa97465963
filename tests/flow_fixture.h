/* SPDX-License-Identifier: MIT */
/* Packets of a fixture's keys, and a way through the hooks for them, over every variant. */
#ifndef CTBENCH_TESTS_FLOW_FIXTURE_H
#define CTBENCH_TESTS_FLOW_FIXTURE_H

#include "harness/traffic/frames.h"
#include "tests/variant_fixture.h"

/* One packet and where its bytes are. */
struct packet {
	struct sk_buff skb;
	_Alignas(8) uint8_t data[FRAME_BYTES];
};

static inline void packet_make(struct packet *p, const struct nf_conntrack_tuple *t,
			       enum frame_tcp flags, bool from_opener)
{
	struct ct_frame f;

	frame_make(&f, p->data, t, flags, from_opener);
	p->skb = (struct sk_buff){
		.data = p->data, .len = f.len, .headlen = f.headlen, .protocol = f.protocol,
		.ip_summed = CHECKSUM_UNNECESSARY,
	};
}

/* Key i's packet: UDP for odd keys, and IPv6 for every fourth from 3 on (fixture_tuple). */
static inline void key_packet(struct packet *p, uint32_t i, bool reply, enum frame_tcp flags)
{
	struct nf_conntrack_tuple t = fixture_tuple(i), r = fixture_reply(&t);

	packet_make(p, reply ? &r : &t, flags, !reply);
}

static inline unsigned int forward(struct fixture *fx, struct packet *p)
{
	return fx->v->ops->forward(fx->net, &p->skb, 0, 1);
}

#endif
