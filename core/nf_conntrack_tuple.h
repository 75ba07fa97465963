/* SPDX-License-Identifier: MIT */
/*
 * A tuple: what identifies one direction of a connection.  40 bytes, of which
 * the first 39 are hashed and compared; the last is the direction.
 * Layout as the kernel's struct nf_conntrack_tuple.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_TUPLE_H
#define CTBENCH_CORE_NF_CONNTRACK_TUPLE_H

#include <stdio.h>
#include <string.h>

#include "core/compiler.h"
#include "core/nf_conntrack_common.h"

union nf_inet_addr {
	uint32_t all[4];
	uint32_t ip; /* IPv4, network byte order; the other words are 0 */
	uint32_t ip6[4];
};

/* The protocol's part of one side, network byte order. */
union nf_conntrack_man_proto {
	uint16_t all;
	struct {
		uint16_t port;
	} tcp, udp, sctp, dccp;
	struct {
		uint16_t id;
	} icmp;
	struct {
		uint16_t key;
	} gre;
};

struct nf_conntrack_man {
	union nf_inet_addr u3;
	union nf_conntrack_man_proto u;
	uint16_t l3num; /* NFPROTO_IPV4 or NFPROTO_IPV6 */
};

struct nf_conntrack_tuple {
	struct nf_conntrack_man src;
	struct {
		union nf_inet_addr u3;
		union {
			uint16_t all;
			struct {
				uint16_t port;
			} tcp, udp, sctp, dccp;
			struct {
				uint8_t type, code;
			} icmp;
			struct {
				uint16_t key;
			} gre;
		} u;
		uint8_t protonum;
		uint8_t dir; /* enum ip_conntrack_dir; not part of the key */
	} dst;
};

#define CT_TUPLE_KEY_BYTES offsetof(struct nf_conntrack_tuple, dst.dir)
#define CT_TUPLE_WORDS	   5

/* Hashing and comparing by words is right only without padding. */
_Static_assert(sizeof(struct nf_conntrack_man) == 16 + 2 + 2, "padding in the source");
_Static_assert(offsetof(struct nf_conntrack_tuple, dst.u3) == 20, "padding before the destination");
_Static_assert(offsetof(struct nf_conntrack_tuple, dst.u) == 36, "padding in the destination");
_Static_assert(CT_TUPLE_KEY_BYTES == 39, "padding before the direction");
_Static_assert(sizeof(struct nf_conntrack_tuple) == CT_TUPLE_WORDS * sizeof(uint64_t),
	       "padding at the end");

/* A tuple as five words, for comparing and copying. */
union ct_tuple_words {
	struct nf_conntrack_tuple tuple;
	uint64_t w[CT_TUPLE_WORDS];
};

/* All bits of the last word except the direction's byte, in any byte order. */
static __always_inline uint64_t ct_tuple_last_mask(void)
{
	const union ct_tuple_words m = {
		.tuple.dst = { .u3.all = { 0, 0, 0, ~0u }, .u.all = 0xffff, .protonum = 0xff }
	};

	return m.w[CT_TUPLE_WORDS - 1];
}

/*
 * An IPv4 tuple with ports (network byte order), direction ORIGINAL.  Written by
 * whole words, because it is then hashed and compared by words, and a load that spans
 * several narrower stores would wait until all of them have left the store buffer.
 */
static __always_inline void
ct_tuple_set_ipv4(union ct_tuple_words *t, uint32_t saddr, uint32_t daddr, uint16_t sport,
		  uint16_t dport, uint8_t protonum)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	t->w[0] = saddr;
	t->w[1] = 0;
	t->w[2] = sport | (uint64_t)NFPROTO_IPV4 << 16 | (uint64_t)daddr << 32;
	t->w[3] = 0;
	t->w[4] = (uint64_t)dport << 32 | (uint64_t)protonum << 48;
#else
	memset(t, 0, sizeof(*t));
	t->tuple.src.u3.ip = saddr;
	t->tuple.src.u.all = sport;
	t->tuple.src.l3num = NFPROTO_IPV4;
	t->tuple.dst.u3.ip = daddr;
	t->tuple.dst.u.all = dport;
	t->tuple.dst.protonum = protonum;
#endif
}

/* Equality of everything except the direction (nf_ct_tuple_equal). */
static inline bool
nf_ct_tuple_equal(const struct nf_conntrack_tuple *a, const struct nf_conntrack_tuple *b)
{
	return !memcmp(a, b, CT_TUPLE_KEY_BYTES);
}

/*
 * The tuple of the answer to orig (nf_ct_invert_tuple); false if there is none, such
 * as for an ICMP type without an answer.
 */
bool nf_ct_invert_tuple(struct nf_conntrack_tuple *inverse, const struct nf_conntrack_tuple *orig);

/*
 * "src=.. dst=.. sport=.. dport=.. " as in /proc/net/nf_conntrack; returns the
 * number of characters as snprintf does.
 */
int nf_ct_tuple_snprint(char *buf, size_t size, const struct nf_conntrack_tuple *t);

#endif
