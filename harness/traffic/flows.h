/* SPDX-License-Identifier: MIT */
/*
 * Synthetic connections by the billion, without a list of them: flow i is
 * computed from i and a seed.
 *
 * They look like what a gateway sees: clients of eight networks (4096 hosts
 * each) with ephemeral ports as Linux gives them, talking to some 300 servers, three
 * quarters TCP, mostly web, DNS and QUIC.  IPv6 flows have the same
 * structure.  No two flows are equal in either direction.
 *
 * Flow i is number permutation(i) of all combinations, so flows with neighbouring
 * numbers have nothing in common, and filling a table in the order of i follows no
 * order of the tuples.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_FLOWS_H
#define CTBENCH_HARNESS_TRAFFIC_FLOWS_H

#include "core/nf_conntrack_tuple.h"
#include "harness/numbers/random.h"
#include "variants/work.h"

#define FLOW_BITS 38 /* 2^38 combinations of client, port and server */
/*
 * Flows from here to 2^FLOW_BITS are like the others, but are never put into a
 * table: keys for lookups that must miss.
 */
#define FLOW_ABSENT (1ull << (FLOW_BITS - 1))

struct key_set;

struct flow_set {
	struct permutation order;
	uint64_t ipv6; /* share of IPv6, of 2^32 */
	uint64_t land; /* share of flows whose ends are equal, of 2^32 */
	/* Flows 0 .. recorded->nr - 1 are these (key_set.h); NULL: all are synthetic. */
	const struct key_set *recorded;
};

/* ipv6_share from 0 to 1; exact to one flow over every range of flows. */
void flow_set_init(struct flow_set *fs, double ipv6_share, uint64_t seed);

/*
 * So many flows have one address and port at both ends, as packets of land attacks have: TCP over
 * IPv4, and their answers have the tuple of the first packet.  0 after flow_set_init().
 */
void flow_set_land(struct flow_set *fs, double land_share);

bool flow_is_ipv6(const struct flow_set *fs, uint64_t i);

/* Flow i's tuple (i < 2^FLOW_BITS), or the tuple of its answers. */
void flow_tuple(const struct flow_set *fs, uint64_t i, bool reply, union ct_tuple_words *t);

/* The same as a compact key; the flow is not IPv6 (ipv6_share is 0). */
void flow_key4(const struct flow_set *fs, uint64_t i, bool reply, struct ct_key4 *k);

/* The flow that has this tuple, and the direction; false: there is none. */
bool flow_find(const struct flow_set *fs, const struct nf_conntrack_tuple *t, uint64_t *i,
	       bool *reply);

#endif
