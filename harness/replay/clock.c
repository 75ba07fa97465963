/* SPDX-License-Identifier: MIT */
/* The clock of a replay: see clock.h. */
#include "harness/replay/clock.h"

#include "core/nf_defrag.h"

/*
 * The clock starts five minutes before it wraps, as the kernel's jiffies do, to expose code that
 * does not handle wrapping.
 */
#define START_TICKS (0u - 300 * NF_CT_HZ)
/* How often timers of fragments and expectations are checked. */
#define TIMER_TICKS NF_CT_HZ
/* In gaps up to this the gc worker runs as usual; after a longer one the table is swept once. */
#define GC_SILENCE (UINT64_C(600) * NF_CT_HZ)
/*
 * The largest step of the clock: an expired entry must still look expired after it
 * (nf_ct_is_expired() works for spans below 2^31 ticks).
 */
#define STEP_TICKS (1u << 30)

/* Is there anything that can expire? */
static bool expirable(const struct replay *r)
{
	return replay_connections(r) || nf_defrag_memory(r->net, NFPROTO_IPV4) ||
	       nf_defrag_memory(r->net, NFPROTO_IPV6);
}

static void run_timers(struct replay *r)
{
	nf_defrag_expire(r->net);
	nf_ct_expect_count(r->net); /* expectations have timers too */
}

/* Remove everything that has expired, at once. */
static void sweep(struct replay *r)
{
	run_timers(r);
	if (replay_connections(r))
		r->expired += r->core->ops->gc(r->core, r->core->ops->buckets(r->core));
}

static void clock_set(struct replay *r, uint64_t elapsed)
{
	r->elapsed = elapsed;
	store_relaxed(&r->core->now, START_TICKS + (uint32_t)elapsed);
}

void replay_clock_start(struct replay *r)
{
	clock_set(r, 0);
}

/* Converts the packet's time to ticks since the first packet. */
static uint64_t time_of(struct replay *r, const struct capture_packet *p)
{
	const uint64_t tick_ns = 1000000000 / NF_CT_HZ;
	uint64_t gap = r->started && p->time_ns > r->last_ns ? p->time_ns - r->last_ns : 0;
	bool wait;

	r->started = true;
	r->last_ns = p->time_ns;
	if (!r->options.frozen)
		return p->clock_ns / tick_ns;
	/* the oracle waits where the gap is long enough to matter */
	wait = r->scenario && r->scenario->realtime && gap >= 500000000;
	return r->elapsed + (wait ? gap / tick_ns : 0);
}

/*
 * The gc worker's runs up to that time, each at its own (nf_conntrack_gc.h).
 * They are not bounded by real time, so that a replay is the same every time.
 */
static void run_gc(struct replay *r, uint64_t elapsed)
{
	if (elapsed - r->elapsed > GC_SILENCE || !replay_connections(r)) {
		clock_set(r, elapsed);
		sweep(r);
		r->gc_due = elapsed + NF_CT_HZ;
		return;
	}
	while (r->gc_due <= elapsed) {
		uint64_t before = r->core->gc.evicted;
		uint32_t next;

		if (r->gc_due > r->elapsed)
			clock_set(r, r->gc_due);
		next = nf_conntrack_gc_worker(r->core, NF_CT_GC_NO_LIMIT);
		r->expired += r->core->gc.evicted - before;
		r->gc_due += next ? next : 1;
	}
}

void replay_clock_follow(struct replay *r, const struct capture_packet *p)
{
	uint64_t elapsed = time_of(r, p);

	if (elapsed <= r->elapsed)
		return;
	/* A capture may have gaps of years: advance in steps while anything can expire. */
	while (elapsed - r->elapsed > STEP_TICKS && expirable(r)) {
		clock_set(r, r->elapsed + STEP_TICKS);
		sweep(r);
	}
	if (elapsed >= r->gc_due)
		run_gc(r, elapsed);
	clock_set(r, elapsed);
	if (elapsed - r->timers_ran >= TIMER_TICKS) {
		run_timers(r);
		r->timers_ran = elapsed;
	}
}

void replay_end(struct replay *r)
{
	sweep(r);
}
