/* SPDX-License-Identifier: MIT */
/* Shared by the files that measure bounds; not for others. */
#ifndef CTBENCH_HARNESS_MEASURE_BOUNDS_INTERNAL_H
#define CTBENCH_HARNESS_MEASURE_BOUNDS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "variants/latency.h"

struct pool;

/* Operations between two readings of the clock. */
#define BOUNDS_BATCH	     2048u
#define BOUNDS_MAX_IN_FLIGHT 32u
#define BOUNDS_MAX_AHEAD     96u

struct bounds_line {
	struct bounds_line *next;
	_Atomic uint64_t count;
	char pad[CT_CACHE_LINE - sizeof(void *) - sizeof(uint64_t)];
};

/* The data of one thread while it works. */
struct bounds_work {
	uint64_t ops, sum;
	uint64_t key[2];
	struct bounds_line *at[BOUNDS_MAX_IN_FLIGHT]; /* the position of each walk */
	/* Lines in the order in which bounds_lines[] take them, and BOUNDS_MAX_AHEAD more. */
	struct bounds_line *lines;
	const uint32_t *order;
	uint32_t nr_lines, pos, ahead;
	_Atomic uint64_t *counter; /* for the atomics */
	_Atomic uint64_t own __cacheline_aligned;
} __cacheline_aligned;

/* Does BOUNDS_BATCH operations (of a walk: lines). */
typedef void bounds_fn(struct bounds_work *w);

struct bounds_hash {
	const char *name;
	bool (*supported)(void);
	bounds_fn *latency, *throughput;
};

/* Ways to touch random lines (bounds_lines.c); where there is a hint, w->ahead lines before. */
struct bounds_lines {
	const char *bound, *hint;
	bounds_fn *fn;
};
extern const struct bounds_lines bounds_lines[];
extern const size_t nr_bounds_lines;

/*
 * All of the pool's threads read the clock for this time (bounds_away.c): returns the gaps, in
 * ticks, and the time watched, of all together.  0, -ENOMEM, or -EAGAIN if a thread did not stay
 * on its CPU.
 */
int bounds_away(struct pool *pool, unsigned int threads, double seconds, struct ct_histogram *gaps,
		uint64_t *ticks);
/* The wait in ticks that this share of evenly spread arrivals does not exceed; 1: the longest. */
uint64_t bounds_away_at(const struct ct_histogram *gaps, uint64_t ticks, double share);

extern const struct bounds_hash bounds_hash_jhash2, bounds_hash_siphash, bounds_hash_crc32c;

#endif
