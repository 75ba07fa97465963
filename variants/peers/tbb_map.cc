/* SPDX-License-Identifier: MIT */
/* tbb_map.c's table: oneapi::tbb::concurrent_hash_map, keyed by pointers to nodes. */
#include "variants/peers/cxx_key.hh"

#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include <oneapi/tbb/concurrent_hash_map.h>

namespace
{

using ctbench::Key;

struct Compare {
	size_t hash(const Key &k) const
	{
		return ctbench::spread(k);
	}
	bool equal(const Key &a, const Key &b) const
	{
		return ctbench::equal(a, b);
	}
};

struct Nothing {
};

/*
 * From the process's allocator, as all other tables: its memory is counted, and TSan sees how it
 * passes from thread to thread.
 */
using Map = oneapi::tbb::concurrent_hash_map<Key, Nothing, Compare,
					     std::allocator<std::pair<const Key, Nothing>>>;

Map &map(void *t)
{
	return *static_cast<Map *>(t);
}

} /* namespace */

void *tbb_map_new(size_t buckets, size_t)
{
	try {
		return new Map(buckets);
	} catch (const std::bad_alloc &) {
		return nullptr;
	}
}

void tbb_map_delete(void *t)
{
	delete static_cast<Map *>(t);
}

/* Takes the reference while the entry is locked; after that the entry may be removed. */
void *tbb_map_find(void *t, const peer_key *key, bool get)
{
	Map::const_accessor entry;

	if (!map(t).find(entry, Key(key)))
		return nullptr;
	return get ? peer_hold(entry->first.what) : entry->first.what;
}

int tbb_map_add(void *t, const peer_key *key, void **clash)
{
	try {
		Map::const_accessor entry;

		if (map(t).insert(entry, Key(key)))
			return 0;
		*clash = peer_hold(entry->first.what);
		return -EEXIST;
	} catch (const std::bad_alloc &) {
		return -ENOMEM;
	}
}

bool tbb_map_del(void *t, const peer_key *key)
{
	return map(t).erase(Key(key));
}

void tbb_map_memory(void *t, size_t *buckets, size_t *bytes)
{
	*buckets = map(t).bucket_count();
	*bytes = *buckets * 16 + map(t).size() * 48;
}
