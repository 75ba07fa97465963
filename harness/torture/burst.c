/* SPDX-License-Identifier: MIT */
/* Packets in bursts; see torture.h. */
#include "harness/torture/internal.h"

#include "core/netfilter.h"
#include "core/nf_conntrack_find.h"
#include "harness/traffic/frames.h"

void torture_burst(struct actor *a)
{
	struct scene *s = a->scene;
	_Alignas(8) uint8_t data[CT_BURST][FRAME_BYTES];
	struct sk_buff skb[CT_BURST];
	uint16_t in[CT_BURST], out[CT_BURST];
	unsigned int verdict[CT_BURST];
	enum key_kind kind[CT_BURST];
	const unsigned int nr = 1 + (unsigned int)rng_below(&a->rng, CT_BURST);

	for (unsigned int n = 0; n < nr; n++) {
		const uint64_t r = rng_next(&a->rng);
		/* A reply without a connection would create one with the directions swapped. */
		const bool reply = r & 1 && r & 2;
		struct nf_conntrack_tuple t, other;
		struct ct_frame f;

		kind[n] = r & 1 ? FIXED : SHORT;
		t = torture_tuple(kind[n], (uint32_t)(r >> 32) % s->keys[kind[n]]);
		nf_ct_invert_tuple(&other, &t);
		frame_make(&f, data[n], reply ? &other : &t, FRAME_ACK, !reply);
		skb[n] = (struct sk_buff){
			.data = data[n],
			.len = f.len,
			.headlen = f.headlen,
			.protocol = f.protocol,
			.ip_summed = CHECKSUM_UNNECESSARY,
		};
		in[n] = reply;
		out[n] = !reply;
	}
	s->variant->ops->forward_burst(s->net, skb, nr, in, out, verdict);
	for (unsigned int n = 0; n < nr; n++)
		/* A packet of an existing connection is never dropped. */
		if (kind[n] == FIXED && verdict[n] != NF_ACCEPT && !s->resizes)
			torture_fault(s, "a packet of a fixed key was dropped");
}
