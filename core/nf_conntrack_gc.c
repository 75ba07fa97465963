/* SPDX-License-Identifier: MIT */
/* The gc worker: see nf_conntrack_gc.h. */
#include <stdlib.h>
#include <time.h>

#include "core/nf_conntrack_find.h"
#include "core/nf_conntrack_proto.h"

/* mean */
#define INTERVAL_MIN   (1 * NF_CT_HZ)
#define INTERVAL_MAX   (60 * NF_CT_HZ)
#define INTERVAL_CLAMP (300 * NF_CT_HZ) /* the maximum for one entry: TCP's are days */
#define INITIAL_COUNT  100		/* see run_mean() */
#define EXPIRED_MAX    (64000 / NF_CT_HZ)

/* slices */
#define BUCKETS_DIV 128u
#define SCAN_TICKS  (16 * NF_CT_HZ) /* the maximum duration of a round */
#define EVICT_RATIO 50u		    /* percent */

void nf_ct_gc_init(struct conntrack_gc_work *gc, enum nf_ct_gc_style style)
{
	*gc = (struct conntrack_gc_work){ .style = style, .next_run = NF_CT_HZ };
}

/* The walk of one run, and its counts. */
struct gc_run {
	struct ct_collect c;
	struct ct_core *core;
	struct conntrack_gc_work *gc;
	uint32_t max95; /* 0: no early drop requested */
	uint32_t mean;
	int64_t count;
	unsigned int scanned, expired;
	bool bounded; /* `mean`, and the table can be walked in parts */
	bool enough;  /* the limit of evictions per run is reached */
};

static bool closing(const struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));

	return l4->can_early_drop && l4->can_early_drop(ct);
}

static bool skip(const struct nf_conn *ct)
{
	return !nf_ct_is_confirmed(ct) || nf_ct_is_dying(ct);
}

static uint32_t clamp(uint32_t v, uint32_t min, uint32_t max)
{
	return v < min ? min : v > max ? max : v;
}

/* Adds the remaining time of an unexpired entry to the running mean. */
static void count_in(struct gc_run *r, const struct nf_conn *ct)
{
	int64_t left = clamp(nf_ct_expires(ct, r->c.now), INTERVAL_MIN, INTERVAL_CLAMP);

	r->count++;
	r->mean = (uint32_t)(r->mean + (left - (int64_t)r->mean) / r->count);
}

/* Called for each node of a bucket; true: examine it again with a reference. */
static bool
want(const struct nf_conntrack_tuple_hash *h, struct nf_conn *ct, const struct ct_collect *c)
{
	struct gc_run *r = container_of(c, struct gc_run, c);

	r->scanned++;
	if (r->bounded && r->expired > EXPIRED_MAX) {
		r->enough = true;
		return false;
	}
	if (nf_ct_is_expired(ct, c->now)) {
		r->expired++;
		return !skip(ct);
	}
	if (r->gc->style == NF_CT_GC_MEAN)
		count_in(r, ct);
	/* Only once: a second reference would keep it in the namespace's count. */
	return r->max95 && NF_CT_DIRECTION(h) == IP_CT_DIR_ORIGINAL && !skip(ct);
}

static void evict(struct gc_run *r, struct nf_conn *ct)
{
	if (nf_ct_is_confirmed(ct) && nf_ct_is_expired(ct, r->c.now)) {
		r->gc->evicted += nf_ct_kill(ct);
		return;
	}
	if (!r->max95 || skip(ct) || nf_conntrack_count(ct->net) < r->max95)
		return;
	if (nf_ct_status(ct) & IPS_ASSURED && !closing(ct))
		return;
	r->gc->evicted += nf_ct_kill(ct);
	r->expired++;
}

static void bucket(struct gc_run *r, uint64_t i)
{
	const struct nf_conntrack_ops *ops = r->core->ops;

	r->c.nr = 0;
	ops->scan(r->core, i, &r->c);
	for (size_t k = 0; k < r->c.nr; k++) {
		evict(r, r->c.v[k]);
		nf_ct_put(r->c.v[k]);
	}
}

static uint64_t real_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/*
 * Ticks until the next run; *over: the round is complete, so early drop ends.  The mean starts as
 * if INITIAL_COUNT entries had the longest timeout, so that a few short ones barely change it.
 */
static uint32_t run_mean(struct gc_run *r, uint32_t max_ms, bool *over)
{
	struct conntrack_gc_work *gc = r->gc;
	uint64_t i = gc->next_bucket, size = r->core->ops->scan_size(r->core);
	uint64_t end = max_ms == NF_CT_GC_NO_LIMIT ? UINT64_MAX : real_ms() + max_ms;
	uint32_t next, passed;

	if (!i) {
		gc->avg_timeout = INTERVAL_MAX;
		gc->count = INITIAL_COUNT;
		gc->start_time = r->c.now;
	}
	r->bounded = size > 1;
	r->mean = gc->avg_timeout;
	r->count = gc->count;
	*over = true;
	for (; i < size; i++) {
		bucket(r, i);
		passed = r->c.now - gc->start_time;
		if (r->enough) {
			/* start again at this bucket, without a pause if the round is late */
			next = passed < INTERVAL_MAX;
			*over = next;
			goto pause;
		}
		/* reading the clock costs more than scanning a bucket */
		if (i % 16 == 15 && real_ms() > end && i + 1 < size) {
			i++;
			next = 0;
			*over = false;
			goto pause;
		}
	}
	gc->next_bucket = 0;
	next = clamp(r->mean, INTERVAL_MIN, INTERVAL_MAX);
	passed = r->c.now - gc->start_time;
	passed = passed ? passed : 1;
	return next > passed ? next - passed : 1;

pause:
	gc->next_bucket = i;
	gc->avg_timeout = r->mean;
	gc->count = r->count;
	return next;
}

static uint32_t run_slice(struct gc_run *r)
{
	const uint32_t least = NF_CT_HZ / BUCKETS_DIV, most = SCAN_TICKS / BUCKETS_DIV;
	struct conntrack_gc_work *gc = r->gc;
	uint64_t i = gc->next_bucket, size = r->core->ops->scan_size(r->core),
		 goal = size / BUCKETS_DIV;

	do {
		if (++i >= size)
			i = 0;
		bucket(r, i);
	} while (goal-- > 1);
	gc->next_bucket = i;
	if (r->scanned && r->expired * 100 / r->scanned > EVICT_RATIO)
		gc->next_run = least;
	else
		gc->next_run = gc->next_run + least < most ? gc->next_run + least : most;
	return gc->next_run;
}

uint32_t nf_conntrack_gc_worker(struct ct_core *core, uint32_t max_ms)
{
	struct conntrack_gc_work *gc = &core->gc;
	struct gc_run r = {
		.c = { .want = want, .now = nfct_time_stamp(core), .grow = true },
		.core = core,
		.gc = gc,
	};
	bool over = true;
	uint32_t next;

	if (load_relaxed(&gc->early_drop))
		r.max95 = load_relaxed(&core->max) / 100 * 95;
	next = gc->style == NF_CT_GC_MEAN ? run_mean(&r, max_ms, &over) : run_slice(&r);
	if (over)
		store_relaxed(&gc->early_drop, false);
	free(r.c.v);
	return next;
}
