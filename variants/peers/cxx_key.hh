/* SPDX-License-Identifier: MIT */
/*
 * The key in a table written in C++: a node and its hash, and the comparison of two keys.  One of
 * the two is always in the table; the other may be a lookup's (enum peer_how).
 */
#ifndef CTBENCH_VARIANTS_PEERS_CXX_KEY_HH
#define CTBENCH_VARIANTS_PEERS_CXX_KEY_HH

#include <cstddef>
#include <cstdint>

#include "variants/peers/cxx_table.h"

namespace ctbench
{

struct Key {
	void *what;
	uint32_t hash;
	uint32_t how;

	explicit Key(const peer_key *k) : what(k->what), hash(k->hash), how(k->how)
	{
	}
	/* A table keeps a copy of the key it inserts; the copy is marked as being in the table. */
	Key(const Key &k)
	    : what(k.what), hash(k.hash),
	      how(k.how == PEER_NEW ? static_cast<uint32_t>(PEER_NODE) : k.how)
	{
	}
	Key &operator=(const Key &k) = default;
};

/* 64 bits, well mixed at both ends: these tables use the two ends for different purposes. */
inline size_t spread(const Key &k)
{
	const uint64_t x = k.hash * UINT64_C(0x9e3779b97f4a7c15);

	return static_cast<size_t>(x ^ x >> 32);
}

/*
 * For tables that do not say which of the two they contain.  The order matters: a dying node in the
 * table does not prevent an insertion, and zones for one direction are not symmetric.
 */
inline bool equal(const Key &a, const Key &b)
{
	const Key &in = a.how == PEER_NODE ? a : b, &asked = a.how == PEER_NODE ? b : a;
	const peer_key key = { asked.what, asked.hash, asked.how };

	return in.hash == asked.hash && peer_match(in.what, &key);
}

} /* namespace ctbench */

#endif
