/* SPDX-License-Identifier: MIT */
/*
 * Times of single operations: what the timed copies of the worker loops record
 * (timed.inc.h), and the histogram for them.
 *
 * There are two kinds of times:
 *
 *   service time	a closed loop: the next operation begins when the last one
 *			has ended, and the duration of each is recorded.  During a
 *			stall nothing arrives, so a stall of any length is one late
 *			operation among millions.
 *   response time	an open loop: operations arrive at scheduled times, and
 *			the time from that intended start to the end is recorded, so
 *			every operation that should have begun during a stall includes
 *			its part of it (Tene, "How NOT to measure latency", 2013;
 *			Schroeder, Wierman and Harchol-Balter, "Open versus closed: a
 *			cautionary tale", 2006).
 *
 * Times are ticks of the time-stamp counter, read between two fences on both
 * sides of the operation.  The cost of reading it is part of every figure and is not
 * subtracted; harness/measure/latency.h measures and reports it.
 *
 * Thread-safety: one struct ct_latency per worker, on separate cache lines, written
 * only by that worker.
 */
#ifndef CTBENCH_VARIANTS_LATENCY_H
#define CTBENCH_VARIANTS_LATENCY_H

#include "core/compiler.h"
#include "core/nf_conntrack_common.h"
#include "core/ticks.h"

/*
 * A log-linear histogram (as HdrHistogram has it: Tene 2012): each power of two
 * is divided into 2^CT_HIST_BITS buckets of equal width, and below 2^(CT_HIST_BITS
 * + 1) every value has its own bucket.  A bucket is no wider than 2^-CT_HIST_BITS
 * (0.8 %) of any value in it.  Values of 2^CT_HIST_TOP_BITS ticks (20 minutes at
 * 3 GHz) and more share the last bucket; max is exact.
 */
#define CT_HIST_BITS	 7
#define CT_HIST_TOP_BITS 42
#define CT_HIST_BUCKETS	 ((CT_HIST_TOP_BITS - CT_HIST_BITS + 1) << CT_HIST_BITS)

struct ct_histogram {
	uint64_t n, sum, max;
	uint64_t bucket[CT_HIST_BUCKETS];
};

/* The bucket of a value: no division, no loop. */
static inline unsigned int ct_histogram_bucket(uint64_t value)
{
	unsigned int shift =
		63 - CT_HIST_BITS - (unsigned int)__builtin_clzll(value | 1u << CT_HIST_BITS);

	if (unlikely(value >> CT_HIST_TOP_BITS))
		return CT_HIST_BUCKETS - 1;
	return (shift << CT_HIST_BITS) + (unsigned int)(value >> shift);
}

static inline void ct_histogram_record(struct ct_histogram *h, uint64_t value)
{
	h->n++;
	h->sum += value;
	if (unlikely(value > h->max))
		h->max = value;
	h->bucket[ct_histogram_bucket(value)]++;
}

/* The kind of an operation; packets by their relation to the connection. */
enum ct_latency_class {
	CT_LATENCY_HIT = 0, /* lookups */
	CT_LATENCY_MISS,
	CT_LATENCY_INSERT,
	CT_LATENCY_DELETE,
	CT_LATENCY_ESTABLISHED = 0, /* packets, original direction */
	CT_LATENCY_REPLY,
	CT_LATENCY_NEW,
	CT_LATENCY_OTHER, /* related, untracked, invalid, fragments */
	CT_NR_LATENCY_CLASSES = 4,
};

struct ct_latency {
	/*
	 * Open loop: ticks from each arrival to the next, repeated in a circle; NULL: a closed
	 * loop.
	 */
	const uint64_t *gaps;
	size_t nr_gaps, gap_pos;
	uint64_t due;	   /* TSC: the intended start of the next operation */
	uint64_t until;	   /* TSC: later arrivals do not belong to this window */
	uint64_t patience; /* ticks to wait before returning to the harness instead */

	uint64_t arrived; /* started operations */
	uint64_t queued;  /* of these, those that were due before the last one ended */
	uint64_t lag;	  /* ticks: the longest delay of a start */

	struct ct_histogram class[CT_NR_LATENCY_CLASSES] __cacheline_aligned;
} __cacheline_aligned;

/*
 * The start from which an operation's time counts.  In an open loop waits for it, without
 * the `pause` instruction, which takes as long as an operation.  A worker that is behind does
 * not wait, and its schedule does not change.  0 if the next one is not due for a while, or
 * never.
 */
static __always_inline uint64_t ct_latency_begin(struct ct_latency *l)
{
	uint64_t due = l->due, now;

	if (!l->gaps)
		return ct_ticks_ordered();
	if (unlikely(due >= l->until))
		return 0;
	now = ct_ticks_ordered();
	if (now >= due) {
		l->queued++;
		if (now - due > l->lag)
			l->lag = now - due;
	} else {
		if (due - now > l->patience)
			return 0;
		while (ct_ticks_ordered() < due)
			;
	}
	l->arrived++;
	l->due = due + l->gaps[l->gap_pos];
	if (unlikely(++l->gap_pos == l->nr_gaps))
		l->gap_pos = 0;
	return due;
}

static __always_inline void
ct_latency_end(struct ct_latency *l, enum ct_latency_class class, uint64_t begin)
{
	ct_histogram_record(&l->class[class], ct_ticks_ordered() - begin);
}

/* The kind of a packet; connection: false if it had none. */
static inline enum ct_latency_class
ct_latency_class_of(enum ip_conntrack_info info, bool connection)
{
	if (!connection)
		return CT_LATENCY_OTHER;
	switch (info) {
	case IP_CT_ESTABLISHED:
		return CT_LATENCY_ESTABLISHED;
	case IP_CT_ESTABLISHED_REPLY:
		return CT_LATENCY_REPLY;
	case IP_CT_NEW:
		return CT_LATENCY_NEW;
	default:
		return CT_LATENCY_OTHER;
	}
}

#endif
