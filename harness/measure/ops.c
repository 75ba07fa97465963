/* SPDX-License-Identifier: MIT */
/* Measuring table operations on tuples. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/latency.h"
#include "harness/measure/timeline.h"
#include "harness/measure/void.h"
#include "harness/traffic/keys.h"
#include "harness/measure/bench.h"
#include "harness/machine/memstat.h"
#include "harness/machine/tsc.h"
#include "variants/work.h"

/* Operations between two readings of the clock: some 10 to 100 microseconds. */
#define BATCH 256

/* In ticks; so long that nothing expires in a window. */
#define SETTLED (NF_CT_HZ * 3600u * 24u)

#define FILL_CHUNK 4096

struct ops_bench {
	struct bench *b;
	struct key_plan plan;
	struct key_stream *stream; /* [threads] */
	struct ct_ops_work *work;  /* [threads] */
	uint64_t *done;		   /* [threads] */
	uint64_t *expected;	   /* [threads] hits */
};

static const uint8_t insert_only = CT_OP_INSERT, lookup_only = CT_OP_LOOKUP;

/* From the worker's share of connections, from .. from + n - 1, as keys. */
static void make_keys(const struct ops_bench *o, const struct pool_worker *w, uint64_t from,
		      size_t n, void *keys)
{
	const struct key_plan *plan = &o->plan;

	for (size_t i = 0; i < n; i++) {
		const uint64_t flow = bench_share_flow(o->b, w, plan, from + i);

		if (plan->compact)
			flow_key4(&plan->flows, flow, false, (struct ct_key4 *)keys + i);
		else
			flow_tuple(&plan->flows, flow, false, (union ct_tuple_words *)keys + i);
	}
}

static size_t key_size(const struct key_plan *plan)
{
	return plan->compact ? sizeof(struct ct_key4) : sizeof(union ct_tuple_words);
}

/* A worker's work that fills the table. */
static struct ct_ops_work filling(const struct ops_bench *o)
{
	return (struct ct_ops_work){
		.net = o->b->net,
		.compact = o->plan.compact,
		.ops = &insert_only,
		.nr_ops = 1,
		.timeout = SETTLED,
	};
}

static void check_inserted(struct ops_bench *o, const struct ct_ops_work *work)
{
	struct ct_error e = { 0 };

	if (!work->insert_failed)
		return;
	ct_fail(&e, -ENOMEM, CT_EXIT_USER,
		"no memory to put %llu connections into %s: ask for fewer",
		(unsigned long long)o->plan.present, o->b->v->name);
	bench_worker_failed(o->b, -ENOMEM, &e);
}

/* Fill the table, all workers together; not measured. */
static void build(void *arg, struct pool_worker *w)
{
	struct ops_bench *o = arg;
	uint64_t from = 0, n = bench_share(o->b, w, &o->plan);
	struct ct_ops_work work = filling(o);
	void *keys = malloc(FILL_CHUNK * key_size(&o->plan));

	if (!keys) {
		work.insert_failed = 1;
		check_inserted(o, &work);
		return;
	}
	work.churn = keys;
	work.nr_churn = FILL_CHUNK;
	bench_worker_begin(o->b, w);
	while (n && !work.insert_failed) {
		size_t chunk = n < FILL_CHUNK ? (size_t)n : FILL_CHUNK;

		make_keys(o, w, from, chunk, keys);
		work.head = work.tail = 0;
		work.batch = chunk;
		o->b->v->run_ops(o->b->core, &work);
		from += chunk;
		n -= chunk;
	}
	check_inserted(o, &work);
	bench_worker_end(o->b);
	free(keys);
}

/* The same operations as in the window. */
static void fill(void *arg, struct pool_worker *w)
{
	struct ops_bench *o = arg;
	uint64_t n = bench_share(o->b, w, &o->plan);
	struct ct_ops_work work = filling(o);
	void *keys = malloc((size_t)n * key_size(&o->plan) + 1);

	if (keys)
		make_keys(o, w, 0, (size_t)n, keys);
	else
		work.insert_failed = 1;
	work.churn = keys;
	work.nr_churn = (size_t)n;
	bench_worker_begin(o->b, w);
	bench_tick(o->b, w);
	pool_start(w);
	while (work.done < n && !work.insert_failed) {
		work.batch = n - work.done < BATCH ? (size_t)(n - work.done) : BATCH;
		o->b->v->run_ops(o->b->core, &work);
	}
	pool_stop(w);
	bench_worker_end(o->b);
	check_inserted(o, &work);
	o->work[w->index] = work;
	o->done[w->index] = work.done;
	free(keys);
}

static void run_batch(struct bench *b, void *work)
{
	b->v->run_ops(b->core, work);
}

static void run_batch_burst(struct bench *b, void *work)
{
	b->v->run_ops_burst(b->core, work);
}

static void run_batch_timed(struct bench *b, void *work)
{
	b->v->run_ops_timed(b->core, work);
}

/* For a timeline: struct ct_ops_work's counters by their names there. */
static void count_work(const void *p, uint64_t *counts)
{
	const struct ct_ops_work *work = p;

	counts[TL_OPS] = work->done;
	counts[TL_LOOKUPS] = work->lookups;
	counts[TL_HITS] = work->hits;
	counts[TL_INSERTS] = work->inserts;
	counts[TL_INSERT_FAILED] = work->insert_failed;
	counts[TL_DELETES] = work->deletes;
	counts[TL_DROPPED] = 0;
}

/* In a timeline, hits become the missed hits. */
static void count_missed(const struct ops_bench *o, const struct pool_worker *w,
			 const struct key_stream *s, const struct ct_ops_work *before)
{
	struct timeline_track *t = &o->b->timeline->track[w->index];

	for (uint32_t i = 0; i < t->nr; i++) {
		struct timeline_point *points[] = { &t->slot[i].before, &t->slot[i].after };

		for (int k = 0; k < 2; k++) {
			uint64_t *count = points[k]->count;

			count[TL_HITS] = key_stream_hits(s, before->lookups,
							 count[TL_LOOKUPS] - before->lookups) -
					 (count[TL_HITS] - before->hits);
		}
	}
}

/* A window over a steady population. */
static void steady(void *arg, struct pool_worker *w)
{
	struct ops_bench *o = arg;
	struct bench *b = o->b;
	struct key_stream *s = &o->stream[w->index];
	struct ct_error e = { 0 };
	struct ct_ops_work work, before;
	struct ct_latency *latency = NULL;
	int err = key_stream_make(s, &o->plan, w->index, &e);

	if (!err)
		err = bench_latency_worker(b, w, NULL, &latency, &e);
	if (err)
		bench_worker_failed(b, err, &e);
	pool_meet(w);
	if (load_relaxed(&b->failed)) /* all see the same value after meeting */
		return;
	work = (struct ct_ops_work){
		.net = b->net,
		.keys = s->keys,
		.nr_keys = s->nr_keys,
		.compact = s->compact,
		.refcount = b->cell->refcount,
		.ops = s->ops,
		.nr_ops = s->nr_ops,
		.churn = s->churn,
		.nr_churn = s->nr_churn,
		.head = s->head,
		.timeout = SETTLED,
		.batch = BATCH,
		.latency = latency,
		.burst = b->cell->burst,
	};
	if (latency && !work.ops) {
		work.ops = &lookup_only;
		work.nr_ops = 1;
	}
	bench_worker_begin(b, w);
	bench_window(b, w,
		     latency	      ? run_batch_timed
		     : work.burst > 1 ? run_batch_burst
				      : run_batch,
		     &work, &work.done, &before, sizeof(work));
	bench_worker_end(b);

	if (b->timeline)
		count_missed(o, w, s, &before);
	o->expected[w->index] = key_stream_hits(s, before.lookups, work.lookups - before.lookups);
	work.done -= before.done;
	work.lookups -= before.lookups;
	work.hits -= before.hits;
	work.inserts -= before.inserts;
	work.insert_failed -= before.insert_failed;
	work.deletes -= before.deletes;
	work.delete_failed -= before.delete_failed;
	o->work[w->index] = work;
	o->done[w->index] = work.done;
}

/* If a kind of operation was done too rarely, the figure is not about the mix. */
static void few(struct ops_bench *o, const char *what, double share, uint64_t done)
{
	if (o->b->cell->kind == KIND_STEADY && share > 0 &&
	    done < (uint64_t)VOID_LEAST_OPS * o->b->cell->threads)
		bench_void(o->b, "only %llu %s were done in the window", (unsigned long long)done,
			   what);
}

/* Sums up, and checks that the results are possible. */
static int sum_up(void *arg)
{
	struct ops_bench *o = arg;
	struct cell_result *r = o->b->r;
	const struct cell *c = o->b->cell;
	uint64_t delete_failed = 0, drift;

	for (uint32_t i = 0; i < c->threads; i++) {
		const struct ct_ops_work *w = &o->work[i];

		r->lookups += w->lookups;
		r->hits += w->hits;
		r->expected_hits += o->expected[i];
		r->inserts += w->inserts;
		r->insert_failed += w->insert_failed;
		r->deletes += w->deletes;
		r->checksum += w->checksum;
		delete_failed += w->delete_failed;
	}
	if (o->b->v->flags & CT_V_NULL)
		return 0; /* finds and stores nothing */
	/*
	 * During a resize a lookup may miss an existing entry, as in the kernel: that is not an
	 * error.
	 */
	if (r->hits > r->expected_hits || (r->hits < r->expected_hits && !cell_disturbed(c)))
		return bench_wrong(o->b, "%llu of %llu lookups hit, %llu should have",
				   (unsigned long long)r->hits, (unsigned long long)r->lookups,
				   (unsigned long long)r->expected_hits);
	if ((r->insert_failed || delete_failed) && !cell_disturbed(c))
		return bench_wrong(o->b, "%llu inserts and %llu deletes failed",
				   (unsigned long long)r->insert_failed,
				   (unsigned long long)delete_failed);
	drift = r->connections > o->plan.present ? r->connections - o->plan.present
						 : o->plan.present - r->connections;
	if (drift > c->threads && !cell_disturbed(c))
		return bench_wrong(o->b, "the population drifted from %llu to %llu",
				   (unsigned long long)o->plan.present,
				   (unsigned long long)r->connections);
	few(o, "lookups", c->lookup, r->lookups);
	few(o, "inserts", c->insert, r->inserts);
	few(o, "deletes", c->del, r->deletes);
	if (c->kind == KIND_STEADY && !r->inserts && r->window_allocs)
		return bench_wrong(o->b, "%llu bytes were allocated inside the window",
				   (unsigned long long)r->window_allocs);
	return 0;
}

int bench_ops(struct bench *b)
{
	const struct cell *c = b->cell;
	struct ops_bench o = { .b = b };
	uint64_t begin, keys;
	int err;

	err = key_plan_init(&o.plan, c, b->e);
	if (err)
		return err;
	keys = c->kind == KIND_FILL ? o.plan.present * key_size(&o.plan)
				    : key_plan_bytes(&o.plan) * c->threads;
	err = bench_open(b, o.plan.present, keys);
	if (err)
		return err;
	o.stream = calloc(c->threads, sizeof(*o.stream));
	o.work = aligned_alloc(_Alignof(struct ct_ops_work), c->threads * sizeof(*o.work));
	o.done = calloc(c->threads, sizeof(*o.done));
	o.expected = calloc(c->threads, sizeof(*o.expected));
	if (!o.stream || !o.work || !o.done || !o.expected) {
		err = ct_fail(b->e, -ENOMEM, CT_EXIT_USER, "no memory");
		goto out;
	}
	memset(o.work, 0, c->threads * sizeof(*o.work));
	if (c->kind == KIND_FILL) {
		pool_run(b->pool, fill, &o);
		err = load_relaxed(&b->failed);
		b->r->allocated_bytes = memstat_allocated() - b->r->allocated_bytes;
	} else {
		begin = tsc_now();
		pool_run(b->pool, build, &o);
		b->r->build_seconds += tsc_to_seconds(tsc_now() - begin);
		b->r->allocated_bytes = memstat_allocated() - b->r->allocated_bytes;
		err = load_relaxed(&b->failed);
		b->flows = &o.plan.flows;
		if (!err)
			err = bench_run(b, steady, &o, count_work, sizeof(struct ct_ops_work));
	}
	if (!err)
		err = bench_finish(b, o.done, sum_up, &o);
out:
	for (uint32_t i = 0; o.stream && i < c->threads; i++)
		key_stream_free(&o.stream[i]);
	free(o.stream);
	free(o.work);
	free(o.done);
	free(o.expected);
	return err;
}
