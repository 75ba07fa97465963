/* SPDX-License-Identifier: MIT */
/* Sizes of tables that depend on the machine's caches: `flows: [cache, 8xLLC]`. */
#ifndef CTBENCH_HARNESS_WORKLOAD_SIZE_H
#define CTBENCH_HARNESS_WORKLOAD_SIZE_H

#include <stdint.h>

#define SIZE_ALLOWED \
	"cache (as many as fit into a core's own cache) or 8xLLC (a table of at least " \
	"eight " \
	"times the last-level cache; 8xLLC<=1Mi: but no more)"
#define SIZE_PATTERN "cache|[0-9]+xLLC(<=[0-9]+(k|M|G|Ki|Mi|Gi)?)?"

/*
 * Bytes of a connection and its bucket in the baseline; other tables differ by less than a factor
 * of two.  A lookup reads only the first two of a connection's four lines, but these map to only
 * half of the cache's sets, so a connection takes as much cache as its whole size.
 */
#define SIZE_BYTES 264

/* The share of a core's own cache; the rest is for the streams of keys. */
#define SIZE_SHARE (2.0 / 3)

/* Connections: a power of two, or the word's limit; 0: it is not such a word. */
uint64_t size_resolve(const char *text);

/*
 * The same for caches of that size, in bytes (0: unknown).  Tables that fill a core's own cache are
 * avoided: different lines are evicted in each instance, so effects vary by 5 % instead of 1 %
 * between instances.
 */
uint64_t size_in_cache(uint64_t own_cache);
uint64_t size_beyond(double times, uint64_t last_level_cache);

#endif
