/* SPDX-License-Identifier: MIT */
/*
 * A timeline: the counters of a measurement in each piece (for example 1 to 10 ms) of its
 * window.
 *
 * Between batches, where a worker reads the clock anyway, it copies its counters.
 * At the end of a piece it records the last two copies, into memory that was
 * allocated and touched before.  A batch takes some 10 to 100 us, and the pieces'
 * counts are interpolated between its two ends, so a stall of several pieces shows as
 * pieces without operations.
 *
 * The first worker's track also has the effects of floods and events on the table's
 * counters.
 *
 * Thread-safety: each worker writes its own track; everything else happens before the
 * workers begin or after they have ended.
 */
#ifndef CTBENCH_HARNESS_MEASURE_TIMELINE_H
#define CTBENCH_HARNESS_MEASURE_TIMELINE_H

#include <jansson.h>

#include "harness/measure/bench.h"
#include "variants/latency.h"

/*
 * What is counted, and the series that it becomes; harness/results/figures.def says what each
 * series means and how it is drawn.  A worker's own work counts the first (bench_count_fn):
 *
 *	ID, name of the series, whether it is per second or a number of events
 *
 * The others are counters of struct ip_conntrack_stat, so a new one needs only its row here:
 *
 *	ID, name of the series, field
 */
/* clang-format off */
#define TIMELINE_WORK(F) \
	F(OPS, "ops_per_s", PER_SECOND) \
	F(LOOKUPS, "lookups_per_s", PER_SECOND) \
	F(INSERTS, "inserts_per_s", PER_SECOND) \
	F(DELETES, "deletes_per_s", PER_SECOND) \
	F(HITS, "missed", COUNT) /* after the window: expected hits minus hits */ \
	F(INSERT_FAILED, "insert_failed", COUNT) \
	F(DROPPED, "dropped", COUNT)

#define TIMELINE_STATS(F) \
	F(RESTARTS, "search_restart", search_restart) \
	F(EARLY_DROP, "early_drop", early_drop) \
	F(REFUSED, "refused", drop)
/* clang-format on */

enum timeline_count {
#define TIMELINE_ID(id, ...) TL_##id,
	TIMELINE_WORK(TIMELINE_ID) NR_TL_WORK,
	TL_BEFORE_STATS = NR_TL_WORK - 1,
	TIMELINE_STATS(TIMELINE_ID) NR_TL
#undef TIMELINE_ID
};

struct timeline_point {
	uint64_t tsc;
	uint64_t count[NR_TL];
};

/* The end of a piece: before it and after it. */
struct timeline_slot {
	struct timeline_point before, after;
	uint64_t longest;     /* ticks: of the batches inside the piece */
	uint32_t connections; /* in the table, by the first worker */
};

/*
 * If latencies are measured: the times of operations that ended in a piece, in
 * the buckets of their histogram (variants/latency.h), eight of them merged, so a
 * percentile may be 6 % too high.  A worker computes a piece's part as the difference
 * from the histogram before, which takes some microseconds per piece.
 */
#define TL_TAIL_SHIFT	3
#define TL_TAIL_BUCKETS (CT_HIST_BUCKETS >> TL_TAIL_SHIFT)
#define NR_TL_TAILS \
	2 /* lookups that hit and inserts; packets of established connections and new ones */

struct timeline_tail {
	uint32_t bucket[TL_TAIL_BUCKETS];
};

struct timeline_track {
	struct timeline_tail *tail;	   /* [pieces * NR_TL_TAILS]; NULL: no latencies */
	uint64_t (*last)[CT_HIST_BUCKETS]; /* [NR_TL_TAILS]: as they were at the last piece's end */
	struct timeline_slot *slot;	   /* [pieces + 1]; the first is the window's opening */
	uint32_t nr;			   /* written */
};

struct bench_timeline {
	double seconds; /* a piece */
	uint32_t pieces;
	size_t size; /* of a worker's work */
	bench_count_fn *count;
	struct timeline_track *track; /* [threads] */
};

/* The smallest value that this share of a piece's operations does not exceed, in ticks; 0: none. */
uint64_t timeline_tail_at(const struct timeline_tail *tail, double share);

/*
 * {window_s, t0_s, series: {NAME: [a number for each piece]}, events}; new
 * reference, or NULL without memory.
 */
json_t *bench_timeline_json(const struct bench *b);

#endif
