/* SPDX-License-Identifier: MIT */
/*
 * A sentence for each choice.  Whoever adds a choice to an axis adds its line
 * here; a test asks for one of every value in the register.
 */
#include "harness/workload/axis_text.h"

#include <stddef.h>
#include <string.h>

static const struct text {
	const char *axis;
	const char *value; /* NULL: about the axis itself */
	const char *text;
} texts[] = {
	{ "hash", NULL, "from a tuple to 32 bits" },
	{ "hash", "jhash2",
	  "Jenkins's lookup3 over words, the kernel's until 5.14; keyed, but not against "
	  "attackers" },
	{ "hash", "siphash",
	  "keyed so that nobody outside can find collisions; the kernel's since 5.15" },
	{ "hash", "crc32c",
	  "an instruction of the CPU; fast and spreads well, but anyone can find collisions" },
	{ "hash", "symmetric",
	  "64-bit products of the two ends in order: one hash for both directions; keyed, but not "
	  "against attackers" },
	{ "hash", "constant", "every key into one bucket: the worst that a hash can do" },

	{ "bucket", NULL, "from a hash to a bucket" },
	{ "bucket", "reciprocal_scale",
	  "the hash's upper bits by a multiplication; any number of buckets" },
	{ "bucket", "mask", "the hash's lower bits; powers of two only" },
	{ "bucket", "split_order",
	  "lower bits, reversed in the list's order, so that doubling moves nothing" },

	{ "chain", NULL, "what hangs from a bucket, and who may walk it" },
	{ "chain", "nulls_rcu",
	  "readers without locks; the end marker tells one who was carried into another chain" },
	{ "chain", "plain_rcu",
	  "readers without locks; chains end in NULL, so nodes must outlive their readers" },
	{ "chain", "plain", "one reader and nothing that changes; chains end in NULL" },
	{ "chain", "locked", "readers take the bucket's lock like everyone else" },
	{ "chain", "lock_free", "one list in all, changed by compare and swap" },
	{ "chain", "tagged_line",
	  "a cache line of nine tags and references; what does not fit is chained behind it" },

	{ "lock", NULL, "who excludes whom when a chain changes" },
	{ "lock", "striped", "1024 locks shared by all buckets, as the kernel has them" },
	{ "lock", "per_bucket", "a lock beside each bucket's head" },
	{ "lock", "per_line", "a bit in each line" },
	{ "lock", "global", "one lock for the whole table" },

	{ "resize", NULL, "how (table, size) is read while it may be replaced" },
	{ "resize", "seqcount", "read, check a counter, again if it moved; readers write nothing" },
	{ "resize", "rwlock",
	  "readers take a reader-writer lock: two writes to one shared line per operation" },
	{ "resize", "incremental",
	  "the list stays; new entries into it are made as they are needed" },
	{ "resize", "splitting",
	  "a line at a time is split in two; lines not split yet are found through their parents" },

	{ "rcu", NULL, "how readers without locks are waited for" },
	{ "rcu", "memb",
	  "readers store to a counter of their own; membarrier(2) pays for the order" },
	{ "rcu", "mb", "as memb, but each reader pays a full barrier at both ends" },
	{ "rcu", "bp", "as memb, and a thread need not register" },
	{ "rcu", "qsbr",
	  "readers do nothing; every thread says now and then that it holds nothing" },
	{ "rcu", "none", "nobody reads without a lock" },

	{ "node", NULL, "where a connection lives, and when its memory may become another" },
	{ "node", "typesafe", "at once, but only ever another connection (SLAB_TYPESAFE_BY_RCU)" },
	{ "node", "deferred", "after a grace period (call_rcu)" },

	{ "cap", NULL, "how long a chain may become before insertion refuses a connection" },
	{ "cap", "none", "any length, as in Linux 4.11" },
	{ "cap", "64", "64, the kernel's first cap (5.15)" },
	{ "cap", "50+0..29", "50 and a random 0 to 29 for each insertion, the kernel's now" },

	{ "lists", NULL, "where connections are that are not in the table" },
	{ "lists", "none",
	  "nowhere, as since Linux 5.19: unconfirmed and dying ones are who refers to them" },
	{ "lists", "percpu",
	  "in an unconfirmed and a dying list of each CPU, as up to 5.18: two more locks a life" },

	{ "l4", NULL, "how a packet's protocols are found" },
	{ "l4", "switch", "by a switch, the usual ones inlined, the kernel's since 5.x" },
	{ "l4", "pointer", "by calls through registered operations, four a packet, as in 4.11" },

	{ "gc", NULL, "when the gc worker runs, and over how much of the table" },
	{ "gc", "mean",
	  "a round in runs of 10 ms, every 1 to 60 s by what its entries have left; the kernel's "
	  "now" },
	{ "gc", "slices",
	  "1/128 of the buckets every 125 ms, faster when more than half had expired; 4.10 to "
	  "5.13" },
};

static const char *find(const char *axis, const char *value)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(texts[i].axis, axis) &&
		    (value ? texts[i].value && !strcmp(texts[i].value, value) : !texts[i].value))
			return texts[i].text;
	return NULL;
}

const char *axis_text(const char *axis)
{
	return find(axis, NULL);
}

const char *axis_value_text(const char *axis, const char *value)
{
	return find(axis, value);
}
