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
	uint32_t how; /* in the table: PEER_NODE */

	explicit Key(const peer_key *k) : what(k->what), hash(k->hash), how(k->how)
	{
	}
};

/* 64 bits, of which both ends are good: these tables use different ends for different things. */
inline size_t spread(const Key &k)
{
	const uint64_t x = k.hash * UINT64_C(0x9e3779b97f4a7c15);

	return static_cast<size_t>(x ^ x >> 32);
}

/* in: lies in the table; asked: the question, or a node that is about to go in. */
inline bool matches(const Key &in, const Key &asked)
{
	const peer_key key = { asked.what, asked.hash, asked.how };

	return in.hash == asked.hash && peer_match(in.what, &key);
}

/* For tables that do not say which of the two lies in them; two nodes are the same to both. */
inline bool equal(const Key &a, const Key &b)
{
	return b.how == PEER_NODE ? matches(b, a) : matches(a, b);
}

} /* namespace ctbench */

#endif
