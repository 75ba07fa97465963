/* SPDX-License-Identifier: MIT */
/*
 * The comparison of connections in tables by others, so that "equal", "expired" and "taken" mean
 * the same in all of them.  Usable from C++: a node (struct nf_conntrack_tuple_hash) is a void *
 * here, because C++ does not have C11's atomics.
 */
#ifndef CTBENCH_VARIANTS_PEERS_MATCH_H
#define CTBENCH_VARIANTS_PEERS_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum peer_how {
	PEER_NODE, /* a node that is in the table */
	PEER_NEW,  /* a node to insert: the place is taken if another has its key */
	PEER_LIVE, /* the key of a lookup: a struct ct_find */
	PEER_SAME, /* exactly this node */
};

struct peer_key {
	void *what; /* of the type that `how` says */
	uint32_t hash;
	uint32_t how;
};

/*
 * Does the node, which is in the table, match?  Call it where nodes stay valid: under the table's
 * lock, or in a read-side section.
 */
bool peer_match(void *node, const struct peer_key *key);

/* Takes a reference to the node's connection; returns NULL if that was being removed. */
void *peer_hold(void *node);

#ifdef __cplusplus
}
#endif

#endif
