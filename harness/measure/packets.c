/* SPDX-License-Identifier: MIT */
/*
 * Measuring packets through the whole hook pipeline: synthetic packets of
 * established connections, packets that open connections (fill), or a
 * capture's packets in loops; and the decoding of a capture alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/latency.h"
#include "harness/measure/timeline.h"
#include "harness/traffic/frames.h"
#include "harness/traffic/keys.h"
#include "harness/measure/bench.h"
#include "harness/machine/memstat.h"
#include "harness/machine/tsc.h"

#define BATCH 128

struct packet_bench {
	struct bench *b;
	struct key_plan plan;	     /* synthetic flows */
	struct capture_set capture;  /* or packets of a capture */
	struct frame_set *set;	     /* [threads] */
	uint64_t *done;		     /* [threads] */
	struct ct_packet_work *work; /* [threads], after the window */
};

static bool from_capture(const struct packet_bench *p)
{
	return p->b->cell->capture[0];
}

/* The tuple behind a stream's key. */
static void
key_tuple(const struct key_stream *s, const void *keys, size_t i, union ct_tuple_words *t)
{
	if (s->compact) {
		const struct ct_key4 *k = (const struct ct_key4 *)keys + i;

		ct_tuple_set_ipv4(t, k->saddr, k->daddr, k->sport, k->dport, k->protonum);
	} else {
		*t = ((const union ct_tuple_words *)keys)[i];
	}
}

/* Sends one packet now, outside of any measurement. */
static void send_one(struct packet_bench *p, const struct ct_frame *frame)
{
	struct ct_packet_work work = {
		.net = p->b->net, .frames = frame, .nr_frames = 1, .batch = 1
	};

	p->b->v->run_packets(p->b->core, &work);
}

/* Open this worker's part of the connections, and have each answered. */
static void establish(struct packet_bench *p, const struct pool_worker *w)
{
	const uint64_t n = bench_share(p->b, w, &p->plan);
	_Alignas(8) uint8_t data[FRAME_BYTES];
	union ct_tuple_words orig, reply;
	struct ct_frame frame;

	for (uint64_t i = 0; i < n; i++) {
		const uint64_t flow = bench_share_flow(p->b, w, &p->plan, i);

		flow_tuple(&p->plan.flows, flow, false, &orig);
		flow_tuple(&p->plan.flows, flow, true, &reply);
		frame_make(&frame, data, &orig.tuple, FRAME_SYN, true);
		send_one(p, &frame);
		frame_make(&frame, data, &reply.tuple, FRAME_SYN_ACK, false);
		send_one(p, &frame);
		frame_make(&frame, data, &orig.tuple, FRAME_ACK, true);
		send_one(p, &frame);
	}
}

/*
 * The "CPU" that each flow belongs to, for threads that share none.  NULL: all packets of this
 * stream belong to the worker that has it, or there is no memory (*e).
 */
static uint16_t *flow_owners(const struct packet_bench *p, struct ct_error *e)
{
	const struct cell *c = p->b->cell;
	uint16_t *owner;

	if (!(p->b->v->flags & CT_V_UNSHARED) || c->split == SPLIT_FLOW || c->threads == 1)
		return NULL;
	owner = calloc((size_t)p->plan.present, sizeof(*owner));
	for (unsigned int w = 0; owner && w < c->threads; w++)
		for (uint64_t i = key_plan_owned(&p->plan, w); i-- > 0;)
			owner[key_plan_owned_flow(&p->plan, w, i)] = (uint16_t)(w + 1);
	if (!owner)
		ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the owners of flows");
	return owner;
}

/* The packets of the window, one for each key of the worker's stream. */
static int make_stream(struct packet_bench *p, struct pool_worker *w, struct ct_error *e)
{
	struct frame_set *set = &p->set[w->index];
	struct key_stream s;
	union ct_tuple_words t;
	int err = key_stream_make(&s, &p->plan, w->index, e);
	uint16_t *owner = err ? NULL : flow_owners(p, e);

	if (err || e->status)
		goto out;
	if (!frame_set_alloc(set, s.nr_keys, s.nr_keys * FRAME_BYTES)) {
		err = ct_fail(e, -ENOMEM, CT_EXIT_USER,
			      "no memory for the packets: ask for fewer flows");
		goto out;
	}
	for (size_t i = 0; i < s.nr_keys; i++) {
		uint64_t flow;
		bool reply = false;

		key_tuple(&s, s.keys, i, &t);
		flow_find(&p->plan.flows, &t.tuple, &flow, &reply);
		frame_make(&set->frames[i], set->data + i * FRAME_BYTES, &t.tuple, FRAME_ACK,
			   !reply);
		if (owner)
			set->frames[i].owner = owner[flow];
	}
	set->nr = s.nr_keys;
out:
	free(owner);
	key_stream_free(&s);
	return err ? err : e->status ? -ENOMEM : 0;
}

/* Packets that open connections, each flow's first: what a fill sends. */
static int make_openers(struct packet_bench *p, struct pool_worker *w, struct ct_error *e)
{
	const uint64_t n = bench_share(p->b, w, &p->plan);
	struct frame_set *set = &p->set[w->index];
	union ct_tuple_words t;

	set->nr = (size_t)n;
	if (!frame_set_alloc(set, set->nr, set->nr * FRAME_BYTES))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER,
			       "no memory for the packets: ask for fewer flows");
	for (size_t i = 0; i < set->nr; i++) {
		flow_tuple(&p->plan.flows, bench_share_flow(p->b, w, &p->plan, i), false, &t);
		frame_make(&set->frames[i], set->data + i * FRAME_BYTES, &t.tuple, FRAME_SYN, true);
	}
	return 0;
}

static int prepare(struct packet_bench *p, struct pool_worker *w, struct ct_error *e)
{
	const struct cell *c = p->b->cell;

	if (from_capture(p))
		return frames_from_capture(&p->set[w->index], &p->capture,
					   c->copies ? c->copies : 1, c->split, w->index,
					   c->threads, e);
	return c->kind == KIND_FILL ? make_openers(p, w, e) : make_stream(p, w, e);
}

static void run_batch(struct bench *b, void *work)
{
	b->v->run_packets(b->core, work);
}

static void run_batch_burst(struct bench *b, void *work)
{
	b->v->run_packets_burst(b->core, work);
}

static void run_batch_timed(struct bench *b, void *work)
{
	b->v->run_packets_timed(b->core, work);
}

/* For a timeline. */
static void count_work(const void *p, uint64_t *counts)
{
	const struct ct_packet_work *work = p;

	memset(counts, 0, NR_TL_WORK * sizeof(*counts));
	counts[TL_OPS] = work->done;
	counts[TL_DROPPED] = work->dropped;
}

static void worker(void *arg, struct pool_worker *w)
{
	struct packet_bench *p = arg;
	struct bench *b = p->b;
	struct ct_error e = { 0 };
	struct ct_packet_work work, before;
	struct frame_set *set = &p->set[w->index];
	struct ct_latency *latency = NULL;
	void (*run)(struct bench * b, void *work) =
		b->cell->burst > 1 ? run_batch_burst : run_batch;
	int err = prepare(p, w, &e);

	if (!err && !set->nr)
		err = ct_user_error(&e,
				    "worker %u of %u gets no packet of '%s': use fewer threads, or "
				    "`split: round_robin`",
				    w->index + 1, b->cell->threads, b->cell->capture);
	if (!err) {
		struct bench_recorded recorded = { set->time_ns, set->nr, set->whole_ns,
						   set->whole_nr };

		err = bench_latency_worker(b, w, set->time_ns ? &recorded : NULL, &latency, &e);
	}
	if (err)
		bench_worker_failed(b, err, &e);
	pool_meet(w);
	if (load_relaxed(&b->failed))
		return;
	work = (struct ct_packet_work){
		.net = b->net,
		.frames = set->frames,
		.nr_frames = set->nr,
		.batch = BATCH,
		.latency = latency,
		.burst = b->cell->burst,
	};
	bench_worker_begin(b, w);
	if (b->cell->kind == KIND_FILL) {
		before = work;
		bench_tick(b, w);
		bench_meet(b, w);
		pool_start(w);
		while (work.done < set->nr) {
			work.batch = set->nr - work.done < BATCH ? set->nr - work.done : BATCH;
			run(b, &work);
		}
		pool_stop(w);
	} else {
		if (!from_capture(p))
			establish(p, w);
		bench_meet(b, w); /* a warm-up needs the connections of all workers */
		bench_window(b, w, latency ? run_batch_timed : run, &work, &work.done, &before,
			     sizeof(work));
	}
	bench_worker_end(b);
	work.done -= before.done;
	work.accepted -= before.accepted;
	work.dropped -= before.dropped;
	p->work[w->index] = work;
	p->done[w->index] = work.done;
}

static int sum_up(void *arg)
{
	struct packet_bench *p = arg;
	struct cell_result *r = p->b->r;
	uint64_t dropped = 0;

	for (uint32_t i = 0; i < p->b->cell->threads; i++) {
		r->lookups += p->work[i].done;
		r->hits += p->work[i].accepted;
		dropped += p->work[i].dropped;
		r->checksum += p->work[i].checksum;
	}
	if (p->b->v->flags & CT_V_NULL || from_capture(p))
		return 0;
	/* Every packet of these flows belongs to an existing connection or opens one. */
	r->expected_hits = r->lookups;
	if (dropped && !cell_disturbed(p->b->cell))
		return bench_wrong(p->b, "%llu of %llu packets were dropped",
				   (unsigned long long)dropped, (unsigned long long)r->lookups);
	if (r->connections != p->plan.present && !cell_disturbed(p->b->cell))
		return bench_wrong(p->b, "there were %llu connections instead of %llu at the end",
				   (unsigned long long)r->connections,
				   (unsigned long long)p->plan.present);
	return 0;
}

static int plan(struct packet_bench *p, uint64_t *connections, uint64_t *bytes)
{
	const struct cell *c = p->b->cell;
	uint32_t copies = c->copies ? c->copies : 1;
	int err;

	if (from_capture(p)) {
		err = capture_load(c->capture, &p->capture, p->b->e);
		if (err)
			return err;
		*connections = p->capture.nr / 8 * copies;
		*bytes = (p->capture.data_bytes + p->capture.nr * sizeof(struct ct_frame)) * copies;
		return 0;
	}
	if (c->kind == KIND_STEADY && (c->hit_share < 1 || c->insert > 0))
		return ct_user_error(
			p->b->e,
			"workload '%s': packets of synthetic flows all belong to existing "
			"connections: leave out hit_share and mix, or use a capture",
			c->suite);
	err = key_plan_init(&p->plan, c, p->b->e);
	*connections = p->plan.present;
	*bytes = (c->kind == KIND_FILL ? p->plan.present : p->plan.stream_keys * c->threads) *
		 (FRAME_BYTES + sizeof(struct ct_frame));
	return err;
}

int bench_packets(struct bench *b)
{
	const struct cell *c = b->cell;
	struct packet_bench p = { .b = b };
	uint64_t connections = 0, bytes = 0;
	int err;

	err = plan(&p, &connections, &bytes);
	if (!err)
		err = bench_open(b, connections, bytes);
	if (err)
		goto out;
	p.set = calloc(c->threads, sizeof(*p.set));
	p.done = calloc(c->threads, sizeof(*p.done));
	p.work = aligned_alloc(_Alignof(struct ct_packet_work), c->threads * sizeof(*p.work));
	if (!p.set || !p.done || !p.work) {
		err = ct_fail(b->e, -ENOMEM, CT_EXIT_USER, "no memory");
		goto out;
	}
	memset(p.work, 0, c->threads * sizeof(*p.work));
	b->flows = &p.plan.flows;
	err = bench_run(b, worker, &p, count_work, sizeof(struct ct_packet_work));
	b->r->allocated_bytes = 0; /* packets and table cannot be distinguished here */
	if (!err)
		err = bench_finish(b, p.done, sum_up, &p);
out:
	for (uint32_t i = 0; p.set && i < c->threads; i++)
		frame_set_free(&p.set[i]);
	free(p.set);
	free(p.done);
	free(p.work);
	capture_set_free(&p.capture);
	return err;
}

int bench_decode(const struct cell *cell, struct cell_result *r, struct ct_error *e)
{
	uint64_t decoded = 0;
	uint64_t begin = tsc_now();
	double rate = capture_decode_rate(cell->capture, cell->seconds, &decoded, e);

	if (rate < 0)
		return (int)rate;
	r->window = tsc_to_seconds(tsc_now() - begin);
	r->ops = decoded;
	r->ns_per_op = r->cpu_ns_per_op = rate > 0 ? 1e9 / rate : 0;
	r->min_thread_ops = r->max_thread_ops = rate;
	r->rss_bytes = memstat_rss();
	memstat_allocator(r->allocator, sizeof(r->allocator));
	return 0;
}
