/* SPDX-License-Identifier: MIT */
/* absl_map.c's table: absl::flat_hash_set of pointers to nodes, in pieces under a mutex each. */
#include "variants/peers/cxx_key.hh"

#include <cerrno>
#include <mutex>
#include <new>

#include <absl/container/flat_hash_set.h>

namespace
{

using ctbench::Key;

constexpr size_t shards = 256;

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

struct alignas(64) Shard {
	std::mutex lock;
	absl::flat_hash_set<Key, Hash, Equal> set;
};

struct Map {
	Shard shard[shards];
};

/* By the upper bits; the set uses the lower ones. */
Shard &shard_of(void *t, const peer_key *key)
{
	return static_cast<Map *>(t)->shard[key->hash >> 24];
}

} /* namespace */

void *absl_map_new(size_t buckets, size_t entries)
{
	Map *m = nullptr;

	try {
		m = new Map;
		for (Shard &s : m->shard)
			s.set.reserve((entries > buckets ? entries : buckets) / shards);
	} catch (const std::bad_alloc &) {
		delete m;
		return nullptr;
	}
	return m;
}

void absl_map_delete(void *t)
{
	delete static_cast<Map *>(t);
}

void *absl_map_find(void *t, const peer_key *key, bool get)
{
	Shard &s = shard_of(t, key);
	std::lock_guard<std::mutex> guard(s.lock);
	auto entry = s.set.find(Key(key));

	if (entry == s.set.end())
		return nullptr;
	return get ? peer_hold(entry->what) : entry->what;
}

int absl_map_add(void *t, const peer_key *key, void **clash)
{
	try {
		Shard &s = shard_of(t, key);
		std::lock_guard<std::mutex> guard(s.lock);
		auto added = s.set.insert(Key(key));

		if (added.second)
			return 0;
		*clash = peer_hold(added.first->what);
		return -EEXIST;
	} catch (const std::bad_alloc &) {
		return -ENOMEM;
	}
}

bool absl_map_del(void *t, const peer_key *key)
{
	Shard &s = shard_of(t, key);
	std::lock_guard<std::mutex> guard(s.lock);

	return s.set.erase(Key(key));
}

void absl_map_memory(void *t, size_t *buckets, size_t *bytes)
{
	*buckets = 0;
	for (Shard &s : static_cast<Map *>(t)->shard) {
		std::lock_guard<std::mutex> guard(s.lock);

		*buckets += s.set.capacity();
	}
	*bytes = *buckets * (sizeof(Key) + 1);
}
