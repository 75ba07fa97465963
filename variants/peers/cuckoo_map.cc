/* SPDX-License-Identifier: MIT */
/* cuckoo_map.c's table: libcuckoo::cuckoohash_map, keyed by pointers to nodes. */
#include "variants/peers/cxx_key.hh"

#include <cerrno>
#include <new>

#include <libcuckoo/cuckoohash_map.hh>

namespace
{

using ctbench::Key;

struct Hash {
	size_t operator()(const Key &k) const
	{
		return ctbench::spread(k);
	}
};

struct Equal {
	bool operator()(const Key &a, const Key &b) const
	{
		return ctbench::equal(a, b);
	}
};

/* The value contains the key too, because lookups return only values. */
using Map = libcuckoo::cuckoohash_map<Key, void *, Hash, Equal>;

Map &map(void *t)
{
	return *static_cast<Map *>(t);
}

} /* namespace */

void *cuckoo_map_new(size_t buckets, size_t entries)
{
	try {
		return new Map(entries > buckets ? entries : buckets);
	} catch (const std::bad_alloc &) {
		return nullptr;
	}
}

void cuckoo_map_delete(void *t)
{
	delete static_cast<Map *>(t);
}

/* Takes the reference under the locks of both buckets; after that the entry may be removed. */
void *cuckoo_map_find(void *t, const peer_key *key, bool get)
{
	void *found = nullptr;

	map(t).find_fn(Key(key), [&](void *node) { found = get ? peer_hold(node) : node; });
	return found;
}

int cuckoo_map_add(void *t, const peer_key *key, void **clash)
{
	try {
		const bool added = map(t).uprase_fn(
			Key(key),
			[&](void *&node) {
				*clash = peer_hold(node);
				return false;
			},
			key->what);

		return added ? 0 : -EEXIST;
	} catch (const std::bad_alloc &) {
		return -ENOMEM;
	} catch (const libcuckoo::load_factor_too_low &) {
		return -ENOSPC;
	} catch (const libcuckoo::maximum_hashpower_exceeded &) {
		return -ENOSPC;
	}
}

bool cuckoo_map_del(void *t, const peer_key *key)
{
	return map(t).erase(Key(key));
}

void cuckoo_map_memory(void *t, size_t *buckets, size_t *bytes)
{
	/* Four slots of key, value, a part of the hash and a flag. */
	*buckets = map(t).bucket_count();
	*bytes = *buckets * 4 * (sizeof(Map::value_type) + 2);
}
