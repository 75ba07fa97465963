/* SPDX-License-Identifier: MIT */
/* The timeline of a window: see timeline.h. */
#include "harness/measure/timeline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/events.h"
#include "harness/measure/latency.h"
#include "harness/numbers/histogram.h"
#include "harness/machine/tsc.h"

#define WORK_MAX 512

/* Also touches it: no page fault in the window. */
static void *room(size_t bytes)
{
	void *p = malloc(bytes);

	if (p)
		memset(p, 0, bytes);
	return p;
}

static int make_tails(struct bench_timeline *t, uint32_t threads)
{
	for (uint32_t i = 0; i < threads; i++) {
		t->track[i].tail =
			room((size_t)t->pieces * NR_TL_TAILS * sizeof(struct timeline_tail));
		t->track[i].last = room(NR_TL_TAILS * sizeof(*t->track[i].last));
		if (!t->track[i].tail || !t->track[i].last)
			return -ENOMEM;
	}
	return 0;
}

int bench_timeline_start(struct bench *b, bench_count_fn *count, size_t size)
{
	const struct cell *c = b->cell;
	struct bench_timeline *t;

	if (c->timeline <= 0)
		return 0;
	if (size > WORK_MAX)
		return bench_wrong(b, "a worker's counters do not fit into a timeline");
	t = b->timeline = calloc(1, sizeof(*t));
	if (!t)
		goto no_memory;
	t->seconds = c->timeline;
	t->pieces = (uint32_t)(c->seconds / c->timeline + 1e-6);
	t->size = size;
	t->count = count;
	t->track = calloc(c->threads, sizeof(*t->track));
	for (uint32_t i = 0; t->track && i < c->threads; i++) {
		size_t bytes = (t->pieces + 1) * sizeof(*t->track->slot);

		t->track[i].slot = malloc(bytes);
		if (!t->track[i].slot)
			goto no_memory;
		memset(t->track[i].slot, 0, bytes); /* no page fault in the window */
	}
	if (t->track && (cell_latency(c) == LATENCY_NONE || !make_tails(t, c->threads)))
		return 0;
no_memory:
	return ct_fail(b->e, -ENOMEM, CT_EXIT_USER, "no memory for the timeline: make it coarser");
}

void bench_timeline_free(struct bench *b)
{
	struct bench_timeline *t = b->timeline;

	for (uint32_t i = 0; t && t->track && i < b->cell->threads; i++) {
		free(t->track[i].slot);
		free(t->track[i].tail);
		free(t->track[i].last);
	}
	if (t)
		free(t->track);
	free(t);
	b->timeline = NULL;
}

/* ---- in the window ---- */

static void
count_all(const struct bench *b, const struct pool_worker *w, const void *work, uint64_t *counts)
{
	/* The first worker also records the threads of events and floods. */
	const unsigned int first = w->index + 1, others = w->index ? 0 : 2,
			   workers = b->cell->threads;

	b->timeline->count(work, counts);
	memset(&counts[NR_TL_WORK], 0, (NR_TL - NR_TL_WORK) * sizeof(*counts));
	for (unsigned int i = 0; i <= others; i++) {
		const struct ip_conntrack_stat *stat = &b->net->stat[i ? workers + i : first];

#define TIMELINE_ADD(id, name, field) counts[TL_##id] += load_relaxed(&stat->field);
		TIMELINE_STATS(TIMELINE_ADD)
#undef TIMELINE_ADD
	}
}

/* Classes of struct ct_latency that have percentiles in a timeline. */
static const enum ct_latency_class tail_class[NR_TL_TAILS] = { CT_LATENCY_HIT, CT_LATENCY_INSERT };

/* Adds what was recorded since the last call to a piece; piece < 0: discards it. */
static void tails_over(struct bench *b, const struct pool_worker *w, long piece)
{
	struct timeline_track *t = &b->timeline->track[w->index];

	for (int i = 0; i < NR_TL_TAILS; i++) {
		const struct ct_histogram *h =
			&b->latency->worker[w->index].l->class[tail_class[i]];
		unsigned int top = ct_histogram_bucket(h->max);
		uint64_t *last = t->last[i];

		for (unsigned int k = 0; k <= top; k++) {
			if (likely(h->bucket[k] == last[k]))
				continue;
			if (piece >= 0)
				t->tail[piece * NR_TL_TAILS + i].bucket[k >> TL_TAIL_SHIFT] +=
					(uint32_t)(h->bucket[k] - last[k]);
			last[k] = h->bucket[k];
		}
	}
}

/* One or several pieces ended during the last batch. */
static void piece_over(struct bench *b, const struct pool_worker *w, const void *last,
		       uint64_t last_tsc, const void *work, uint64_t now, uint64_t longest)
{
	struct timeline_track *t = &b->timeline->track[w->index];
	struct timeline_slot *slot = &t->slot[t->nr++];

	slot->before.tsc = last_tsc;
	slot->after.tsc = now;
	count_all(b, w, last, slot->before.count);
	count_all(b, w, work, slot->after.count);
	slot->longest = longest;
	slot->connections = nf_conntrack_count(b->net);
}

void bench_timeline_run(struct bench *b, struct pool_worker *w,
			void (*run)(struct bench *b, void *work), void *work, uint64_t end)
{
	struct bench_timeline *t = b->timeline;
	struct timeline_track *track = &t->track[w->index];
	uint64_t piece = tsc_from_seconds(t->seconds), next = w->start_tsc + piece;
	uint64_t now = tsc_now(), before, longest = 0;
	_Alignas(CT_CACHE_LINE) char last[WORK_MAX];

	memcpy(last, work, t->size);
	track->nr = 0;
	piece_over(b, w, last, now, work, now, 0);
	if (track->tail)
		tails_over(b, w, -1);
	while (now < end) {
		memcpy(last, work, t->size);
		run(b, work);
		before = now;
		now = bench_tick(b, w);
		if (likely(now < next)) {
			if (now - before > longest)
				longest = now - before;
			continue;
		}
		/* Adds all of a batch to the piece in which it began: a stall begins there. */
		if (track->tail && track->nr <= t->pieces)
			tails_over(b, w, (long)track->nr - 1);
		for (; next <= now && track->nr <= t->pieces; next += piece)
			piece_over(b, w, last, before, work, now, longest);
		longest = 0;
	}
}

/* ---- after it ---- */

/* Counters of a worker's track at the end of piece k - 1 (0: at the opening). */
static double
timeline_at(const struct timeline_track *t, uint32_t k, uint64_t tsc, enum timeline_count c)
{
	const struct timeline_slot *slot = &t->slot[k < t->nr ? k : t->nr - 1];
	double a = (double)slot->before.count[c], b = (double)slot->after.count[c];
	double length = (double)(slot->after.tsc - slot->before.tsc), part;

	if (length <= 0 || tsc >= slot->after.tsc)
		return b;
	if (tsc <= slot->before.tsc)
		return a;
	part = (double)(tsc - slot->before.tsc) / length;
	return a + part * (b - a);
}

enum unit { PER_SECOND, COUNT };

/* The series of the JSON, in this order; a series of zeros is left out, except the first. */
static const struct {
	const char *name;
	enum timeline_count count;
	enum unit unit;
} series[] = {
#define TIMELINE_WORK_SERIES(id, name, unit)  { name, TL_##id, unit },
#define TIMELINE_STAT_SERIES(id, name, field) { name, TL_##id, COUNT },
	TIMELINE_WORK(TIMELINE_WORK_SERIES) TIMELINE_STATS(TIMELINE_STAT_SERIES)
#undef TIMELINE_WORK_SERIES
#undef TIMELINE_STAT_SERIES
};

uint64_t timeline_tail_at(const struct timeline_tail *tail, double share)
{
	uint64_t n = 0, rank, seen = 0;

	for (unsigned int k = 0; k < TL_TAIL_BUCKETS; k++)
		n += tail->bucket[k];
	rank = (uint64_t)ceil(share * (double)n);
	for (unsigned int k = 0; k < TL_TAIL_BUCKETS && n; k++) {
		seen += tail->bucket[k];
		if (seen && seen >= rank)
			return histogram_high(((k + 1) << TL_TAIL_SHIFT) - 1);
	}
	return 0;
}

/* NAME_p50_ns, _p99_ns and _max_ns of a class, over all workers; nothing if it never occurred. */
static void put_tails(const struct bench *b, json_t *all, int class, const char *name)
{
	static const struct {
		const char *name;
		double share;
	} points[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "max", 1 } };
	struct timeline_tail sum;
	json_t *values[3] = { json_array(), json_array(), json_array() };
	bool any = false;
	char key[64];

	for (uint32_t k = 0; k < b->timeline->pieces; k++) {
		memset(&sum, 0, sizeof(sum));
		for (uint32_t i = 0; i < b->cell->threads; i++) {
			const struct timeline_tail *tail =
				&b->timeline->track[i].tail[k * NR_TL_TAILS + (uint32_t) class];

			for (unsigned int j = 0; j < TL_TAIL_BUCKETS; j++)
				sum.bucket[j] += tail->bucket[j];
		}
		for (int p = 0; p < 3; p++) {
			double ns = 1e9 * tsc_to_seconds(timeline_tail_at(&sum, points[p].share));

			any |= ns > 0;
			json_array_append_new(values[p], json_integer((json_int_t)round(ns)));
		}
	}
	for (int p = 0; p < 3; p++) {
		snprintf(key, sizeof(key), "%s_%s_ns", name, points[p].name);
		if (any)
			json_object_set(all, key, values[p]);
		json_decref(values[p]);
	}
}

static uint64_t boundary(const struct bench *b, uint32_t k)
{
	return load_relaxed(&b->window_opens) +
	       (uint64_t)((double)tsc_from_seconds(b->timeline->seconds) * k);
}

/* In piece k, by all workers. */
static double in_piece(const struct bench *b, uint32_t k, enum timeline_count c)
{
	double sum = 0;

	for (uint32_t i = 0; i < b->cell->threads; i++) {
		const struct timeline_track *t = &b->timeline->track[i];

		if (t->nr)
			sum += timeline_at(t, k + 1, boundary(b, k + 1), c) -
			       timeline_at(t, k, boundary(b, k), c);
	}
	return sum > 0 ? sum : 0;
}

static json_t *one_series(const struct bench *b, enum timeline_count c, enum unit unit, bool *zero)
{
	json_t *values = json_array();

	*zero = true;
	for (uint32_t k = 0; k < b->timeline->pieces; k++) {
		double n = in_piece(b, k, c);

		n = round(unit == PER_SECOND ? n / b->timeline->seconds : n);
		*zero &= n <= 0;
		json_array_append_new(values, json_integer((json_int_t)n));
	}
	return values;
}

/* The longest batch that touches piece k, of any worker: microseconds, to a tenth. */
static double longest_us(const struct bench *b, uint32_t k)
{
	uint64_t from = boundary(b, k), to = boundary(b, k + 1), most = 0;

	for (uint32_t i = 0; i < b->cell->threads; i++) {
		const struct timeline_track *t = &b->timeline->track[i];

		for (uint32_t j = k; j <= k + 1 && j < t->nr; j++) {
			const struct timeline_slot *s = &t->slot[j];
			uint64_t length = s->after.tsc - s->before.tsc;

			if (s->before.tsc < to && s->after.tsc > from && length > most)
				most = length;
		}
		if (k + 1 < t->nr && t->slot[k + 1].longest > most)
			most = t->slot[k + 1].longest;
	}
	return round(tsc_to_seconds(most) * 1e7) / 10;
}

json_t *bench_timeline_json(const struct bench *b)
{
	const struct bench_timeline *t = b->timeline;
	json_t *root, *all = json_object(), *longest = json_array(), *connections = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(series); i++) {
		bool zero;
		json_t *values = one_series(b, series[i].count, series[i].unit, &zero);

		if (zero && i)
			json_decref(values);
		else
			json_object_set_new(all, series[i].name, values);
	}
	for (uint32_t k = 0; k < t->pieces; k++) {
		uint32_t at = k + 1 < t->track[0].nr ? k + 1 : t->track[0].nr - 1;

		json_array_append_new(longest, json_real(longest_us(b, k)));
		json_array_append_new(connections, json_integer(t->track[0].slot[at].connections));
	}
	for (int i = 0; i < NR_TL_TAILS && t->track[0].tail; i++)
		put_tails(b, all, i,
			  b->cell->level == LEVEL_PACKETS ? (i ? "new" : "established")
							  : (i ? "insert" : "lookup"));
	json_object_set_new(all, "longest_batch_us", longest);
	json_object_set_new(all, "connections", connections);
	root = json_pack("{s:f, s:f, s:o, s:o}", "window_s", t->seconds, "t0_s", 0.0, "series", all,
			 "events", bench_events_json(b));
	return root;
}
