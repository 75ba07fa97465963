/* SPDX-License-Identifier: MIT */
/*
 * A table written in C++, as cxx_table.inc.h makes a variant of it: a handle and functions, called
 * directly, once an operation.  Each PEER(f) stands for a function of the peer's own: tbb_map_find()
 * and so on.
 */
#ifndef CTBENCH_VARIANTS_PEERS_CXX_TABLE_H
#define CTBENCH_VARIANTS_PEERS_CXX_TABLE_H

#include <stddef.h>

#include "variants/peers/match.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * new		a table with at least so many buckets for so many entries, or NULL
 * delete_	only its own memory
 * find		the entry that matches, with a reference if get says so (peer_hold()), or NULL
 * add		0, -EEXIST with the entry in the way in *clash (a reference, or NULL: it was just
 *		going), -ENOMEM, -ENOSPC
 * del		the very node goes out: false if it was not in
 * memory	how many buckets there are and the bytes of them; an estimate while others write
 */
#define CXX_TABLE(peer) \
	void *peer##_new(size_t buckets, size_t entries); \
	void peer##_delete(void *t); \
	void *peer##_find(void *t, const struct peer_key *key, bool get); \
	int peer##_add(void *t, const struct peer_key *key, void **clash); \
	bool peer##_del(void *t, const struct peer_key *key); \
	void peer##_memory(void *t, size_t *buckets, size_t *bytes)

CXX_TABLE(tbb_map);
CXX_TABLE(cuckoo_map);
CXX_TABLE(absl_map);

#ifdef __cplusplus
}
#endif

#endif
