/* SPDX-License-Identifier: MIT */
/*
 * What a table that others wrote asks of a connection while it looks for one, so that "equal",
 * "expired" and "taken" mean the same in all of them.  C++ may include it: a node is a void * here
 * (struct nf_conntrack_tuple_hash), for C11's atomics are none of C++'s.
 */
#ifndef CTBENCH_VARIANTS_PEERS_MATCH_H
#define CTBENCH_VARIANTS_PEERS_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum peer_how {
	PEER_NODE, /* a node, in the table or about to be: taken if another has its key */
	PEER_LIVE, /* what a lookup looks for: a struct ct_find */
	PEER_SAME, /* that very node */
};

struct peer_key {
	void *what; /* what `how` says */
	uint32_t hash;
	uint32_t how;
};

/*
 * Is the node, which lies in the table, what is looked for?  Where the table keeps nodes alive: under
 * its lock, or in a read-side section.
 */
bool peer_match(void *node, const struct peer_key *key);

/* A reference on the node's connection: the node, or NULL if the connection was just going. */
void *peer_hold(void *node);

#ifdef __cplusplus
}
#endif

#endif
