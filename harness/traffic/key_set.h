/* SPDX-License-Identifier: MIT */
/*
 * Recorded connections as flows of a workload (`flows: table.ct`).
 *
 * Flow i < nr is connection i of the file: its original tuple, and the inverse of it.  Zones and
 * NAT are not kept, because operations on tuples have neither; so all connections of a key set
 * differ without them, in both directions.  Other flows (those that come and go, floods, lookups
 * that miss) are synthetic; none of them may be in the file.
 *
 * Thread-safety: only one thread adds; all other functions only read.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_KEY_SET_H
#define CTBENCH_HARNESS_TRAFFIC_KEY_SET_H

#include "core/nf_conntrack_tuple.h"
#include "harness/base/error.h"

struct key_set {
	union ct_tuple_words (*flow)[2]; /* original, inverse */
	uint64_t nr;
	bool ipv6;		/* has any */
	uint64_t without_ports; /* neither TCP nor UDP: no packets can be made */
	/* private: a table of 2 x flow + direction, plus 1; 0 is an empty place */
	uint64_t room, *index, mask;
};

enum key_set_verdict {
	KEY_SET_ADDED,
	KEY_SET_NO_ANSWER, /* its tuple has no inverse, as some types of ICMP */
	KEY_SET_DOUBLE,	   /* without zones it is there already, in one direction or the other */
	KEY_SET_SYNTHETIC, /* it is one of traffic/flows.h */
	KEY_SET_NO_MEMORY,
};

enum key_set_verdict key_set_add(struct key_set *k, const union ct_tuple_words *orig);
/* The flow of that tuple, and the direction. */
bool key_set_find(const struct key_set *k, const struct nf_conntrack_tuple *t, uint64_t *flow,
		  bool *reply);
void key_set_free(struct key_set *k);

/*
 * The key set in a file: read once by a process, and kept until it ends.  NULL with a sentence in
 * e if the file is not what ctbench import wrote.
 */
const struct key_set *key_set_load(const char *path, struct ct_error *e);

#endif
