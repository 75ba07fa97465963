/* SPDX-License-Identifier: MIT */
/*
 * A flood: new connections at a set rate, never answered and never looked up, by a separate thread.
 *
 * At level packets they are SYNs and DNS queries sent through the hooks.  At level ops they are
 * inserted like any other connection, with a timeout as long as the flood, so that expired entries
 * remain after it.  They come in bursts, one every half millisecond: a thread cannot sleep for
 * less.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/events.h"
#include "harness/traffic/flows.h"
#include "harness/traffic/frames.h"

#define BURST	     64
#define TICK_SECONDS 0.0005

/* Flows that neither workers nor misses use: key_plan uses at most 2^31 from 0 on, and those from
 * FLOW_ABSENT. */
#define FLOOD_FIRST (FLOW_ABSENT / 2)

static const uint8_t insert_only = CT_OP_INSERT;

struct flood {
	struct bench *b;
	struct bench_event *event;
	uint64_t next; /* flow */
	union ct_tuple_words keys[BURST];
	struct ct_frame frames[BURST];
	_Alignas(8) uint8_t data[BURST * FRAME_BYTES];
};

static void insert(struct flood *f, size_t n)
{
	struct ct_ops_work work = {
		.net = f->b->net,
		.ops = &insert_only,
		.nr_ops = 1,
		.churn = f->keys,
		.nr_churn = n,
		.batch = n,
		.timeout = (uint32_t)(f->event->what.seconds * NF_CT_HZ) + 1,
	};

	f->b->v->run_ops(f->b->core, &work);
	f->event->made += work.inserts - work.insert_failed;
	f->event->refused += work.insert_failed;
}

static void send_syns(struct flood *f, size_t n)
{
	struct ct_packet_work work = {
		.net = f->b->net,
		.frames = f->frames,
		.nr_frames = n,
		.batch = n,
	};

	for (size_t i = 0; i < n; i++)
		frame_make(&f->frames[i], f->data + i * FRAME_BYTES, &f->keys[i].tuple, FRAME_SYN,
			   true);
	f->b->v->run_packets(f->b->core, &work);
	f->event->made += work.accepted;
	f->event->refused += work.done - work.accepted;
}

static void burst(struct flood *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		flow_tuple(f->b->flows, f->next++, false, &f->keys[i]);
	if (f->b->cell->level == LEVEL_PACKETS)
		send_syns(f, n);
	else
		insert(f, n);
}

/*
 * Connections that became due while the thread did not run are sent later, until the flood
 * ends.
 */
static void flood(struct flood *f, uint64_t from)
{
	const struct cell_event *what = &f->event->what;
	const struct ct_variant *v = f->b->v;
	uint64_t last = from + tsc_from_seconds(what->seconds), sent = 0, now;

	while ((now = tsc_now()) < last && !load_relaxed(&f->b->failed)) {
		uint64_t due = (uint64_t)((double)what->count * tsc_to_seconds(now - from));

		v->thread_online(f->b->core);
		while (sent < due && tsc_now() < last) {
			size_t n = due - sent < BURST ? (size_t)(due - sent) : BURST;

			burst(f, n);
			sent += n;
		}
		v->thread_offline(f->b->core);
		bench_sleep_until(now + tsc_from_seconds(TICK_SECONDS));
	}
}

void *bench_flood(void *arg)
{
	struct bench_events *events = arg;
	struct bench *b = events->b;
	struct flood *f = calloc(1, sizeof(*f));
	uint64_t opens;

	b->v->thread_begin(b->core, b->cell->threads + 2);
	b->v->thread_offline(b->core);
	opens = bench_wait_window(b);
	if (f) {
		f->b = b;
		f->next = FLOOD_FIRST;
	}
	for (uint32_t i = 0; f && i < events->nr && opens; i++) {
		struct bench_event *e = &events->list[i];

		if (e->what.kind != EVENT_FLOOD)
			continue;
		bench_sleep_until(opens + tsc_from_seconds(e->what.at));
		f->event = e;
		e->begin = tsc_now();
		flood(f, e->begin);
		e->end = tsc_now();
		e->done = true;
	}
	b->v->thread_online(b->core);
	b->v->thread_end(b->core);
	free(f);
	return NULL;
}
