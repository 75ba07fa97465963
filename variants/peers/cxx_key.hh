/* SPDX-License-Identifier: MIT */
/*
 * What lies in a table written in C++: a node and its hash, and how two of them compare.  One of the
 * two always lies in the table; the other may be a question (enum peer_how).
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
	/* A table keeps a copy of what it was given to insert: that one is in the table. */
	Key(const Key &k)
	    : what(k.what), hash(k.hash),
	      how(k.how == PEER_NEW ? static_cast<uint32_t>(PEER_NODE) : k.how)
	{
	}
	Key &operator=(const Key &k) = default;
};

/* 64 bits, of which both ends are good: these tables use different ends for different things. */
inline size_t spread(const Key &k)
{
	const uint64_t x = k.hash * UINT64_C(0x9e3779b97f4a7c15);

	return static_cast<size_t>(x ^ x >> 32);
}

/*
 * For tables that do not say which of the two is in them.  The order matters: a dying node in the
 * table does not keep another one out, and zones for one direction are not symmetric.
 */
inline bool equal(const Key &a, const Key &b)
{
	const Key &in = a.how == PEER_NODE ? a : b, &asked = a.how == PEER_NODE ? b : a;
	const peer_key key = { asked.what, asked.hash, asked.how };

	return in.hash == asked.hash && peer_match(in.what, &key);
}

} /* namespace ctbench */

#endif
