/* SPDX-License-Identifier: MIT */
/*
 * A keyed hash that both directions of a connection share: each end is folded separately
 * (product.inc.h), then the two are ordered and folded together.  Ordering them instead of xoring
 * gives flows with equal ends different hashes.  Open vSwitch's conntrack xors, so all of those
 * have one hash.
 */
#ifndef CTBENCH_VARIANTS_HASH_SYMMETRIC_H
#define CTBENCH_VARIANTS_HASH_SYMMETRIC_H

#include "core/nf_conntrack_tuple.h"
#include "variants/hash/product.inc.h"

#define CT_HASH_NAME "symmetric"

/*
 * The tuple with its ends exchanged, which is the tuple of the reply for TCP and UDP without NAT.
 * By words, because every lookup does it.
 */
static __always_inline void ct_tuple_swap(union ct_tuple_words *to, const union ct_tuple_words *t)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const uint64_t *w = t->w;

	to->w[0] = w[2] >> 32 | w[3] << 32;
	to->w[1] = w[3] >> 32 | w[4] << 32;
	to->w[2] = (w[4] >> 32 & 0xffff) | (w[2] & 0xffff0000u) | w[0] << 32;
	to->w[3] = w[0] >> 32 | w[1] << 32;
	to->w[4] = w[1] >> 32 | (w[2] & 0xffff) << 32 | (w[4] & 0xffff000000000000u);
#else
	const struct nf_conntrack_tuple *from = &t->tuple;

	to->tuple = *from;
	to->tuple.src.u3 = from->dst.u3;
	to->tuple.src.u.all = from->dst.u.all;
	to->tuple.dst.u3 = from->src.u3;
	to->tuple.dst.u.all = from->src.u.all;
#endif
}

/* One end: its address in two words, and its port. */
static __always_inline uint64_t ct_fold_end(uint64_t upper, uint64_t lower, uint64_t port,
					    const uint64_t key[2])
{
	return ct_fold(upper ^ key[0], lower ^ key[1] ^ port << 24);
}

static __always_inline uint32_t ct_hash(const union ct_tuple_words *t, const uint64_t key[2],
					uint32_t zone_id, uint32_t net_mix)
{
	union ct_tuple_words other;
	uint64_t one, two, low, high, h;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const uint64_t port = t->w[2] & 0xffff,
		       protocol = (t->w[2] & 0xffff0000u) | t->w[4] >> 48 << 56;
	const uint64_t other_port = t->w[4] >> 32 & 0xffff;
#else
	const uint64_t port = t->tuple.src.u.all, other_port = t->tuple.dst.u.all;
	const uint64_t protocol =
		(uint64_t)t->tuple.src.l3num << 16 | (uint64_t)t->tuple.dst.protonum << 56;
#endif

	ct_tuple_swap(&other, t);
	one = ct_fold_end(t->w[0], t->w[1], port, key);
	two = ct_fold_end(other.w[0], other.w[1], other_port, key);
	low = one < two ? one : two;
	high = one < two ? two : one;
	h = ct_fold(low ^ key[1], high ^ ~key[0] ^ protocol ^ net_mix ^ (uint64_t)zone_id << 32);
	return (uint32_t)(h >> 32) ^ (uint32_t)h;
}

#endif
