/* SPDX-License-Identifier: MIT */
/*
 * The interface of a table written in C++, from which cxx_table.inc.h makes a variant: a handle and
 * functions, called directly, once per operation.  PEER(f) is the name of the peer's function, such
 * as tbb_map_find().
 */
#ifndef CTBENCH_VARIANTS_PEERS_CXX_TABLE_H
#define CTBENCH_VARIANTS_PEERS_CXX_TABLE_H

#include <stddef.h>

#include "variants/peers/match.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * new		creates a table with at least this number of buckets and entries, or NULL
 * delete_	frees only the table's own memory
 * find		the matching entry, with a reference if `get` is set (peer_hold()), or NULL
 * add		0, -EEXIST with the existing entry in *clash (with a reference, or NULL: it was
 *		being removed), -ENOMEM, -ENOSPC
 * del		removes exactly this node; false if it was not in the table
 * memory	the number of buckets and their bytes; an estimate while others write
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
