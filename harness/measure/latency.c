/* SPDX-License-Identifier: MIT */
/* Latencies of a window: see latency.h. */
#include "harness/measure/latency.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/numbers/random.h"
#include "harness/machine/tsc.h"

/* Longer waits for an arrival happen in the harness, so that grace periods can end. */
#define PATIENCE_SECONDS 20e-6
/* Operations may start this long after the window (a share of it). */
#define DRAIN_SHARE    0.1
#define TIMER_READINGS 20000
#define SEED_ARRIVALS  0x617272697661ull

/* Of ct_latency_class, at a level: "lookup_hit", ..., "established", ... */
static const char *bench_latency_class_name(enum cell_level level, unsigned int class)
{
	static const char *const names[][CT_NR_LATENCY_CLASSES] = {
		[LEVEL_OPS] = {
			[CT_LATENCY_HIT] = "lookup_hit",
			[CT_LATENCY_MISS] = "lookup_miss",
			[CT_LATENCY_INSERT] = "insert",
			[CT_LATENCY_DELETE] = "delete",
		},
		[LEVEL_PACKETS] = {
			[CT_LATENCY_ESTABLISHED] = "established",
			[CT_LATENCY_REPLY] = "reply",
			[CT_LATENCY_NEW] = "new",
			[CT_LATENCY_OTHER] = "other",
		},
	};

	return names[level][class];
}

int bench_latency_start(struct bench *b)
{
	if (cell_latency(b->cell) == LATENCY_NONE)
		return 0;
	b->latency = calloc(1, sizeof(*b->latency));
	if (b->latency)
		b->latency->worker = calloc(b->cell->threads, sizeof(*b->latency->worker));
	if (b->latency && b->latency->worker)
		return 0;
	return ct_fail(b->e, -ENOMEM, CT_EXIT_USER, "no memory for latencies");
}

void bench_latency_free(struct bench *b)
{
	struct bench_latency *l = b->latency;

	for (uint32_t i = 0; l && l->worker && i < b->cell->threads; i++) {
		free(l->worker[i].l);
		free(l->worker[i].unfinished);
		arrivals_free(&l->worker[i].arrivals);
	}
	if (l)
		free(l->worker);
	free(l);
	b->latency = NULL;
}

/* ---- before the window ---- */

/* The cost of reading the clock, which every measured time contains. */
static void measure_timer(struct bench_latency_worker *w)
{
	struct ct_histogram *h = w->unfinished;

	w->timer_min = UINT64_MAX;
	for (unsigned int i = 0; i < TIMER_READINGS; i++) {
		uint64_t begin = tsc_now_ordered(), ticks = tsc_now_ordered() - begin;

		ct_histogram_record(h, ticks);
		if (ticks < w->timer_min)
			w->timer_min = ticks;
		/* Some counters advance in steps: all readings are multiples of the step. */
		for (uint64_t rest; ticks; ticks = rest) {
			rest = w->timer_step % ticks;
			w->timer_step = ticks;
		}
	}
	w->timer_median = histogram_at(h, 0.5);
	memset(h, 0, sizeof(*h));
}

static int make_arrivals(const struct bench *b, const struct pool_worker *w,
			 const struct bench_recorded *recorded, struct arrivals *a)
{
	const struct cell *c = b->cell;
	double ticks = tsc_per_second() / (double)c->rate; /* between two arrivals of all workers */

	if (c->arrivals == ARRIVALS_CAPTURE && recorded)
		return arrivals_recorded(a, recorded->time_ns, recorded->nr, recorded->whole_ns,
					 ticks * (double)recorded->whole_nr);
	return arrivals_make(a, c->arrivals, ticks * c->threads, w->index, c->threads,
			     seed_derive(c->seed ^ c->repeat, SEED_ARRIVALS, w->index));
}

int bench_latency_worker(struct bench *b, const struct pool_worker *w,
			 const struct bench_recorded *recorded, struct ct_latency **out,
			 struct ct_error *e)
{
	struct bench_latency_worker *mine;
	int err = 0;

	*out = NULL;
	if (!b->latency)
		return 0;
	mine = &b->latency->worker[w->index];
	mine->l = aligned_alloc(_Alignof(struct ct_latency), sizeof(*mine->l));
	mine->unfinished = calloc(1, sizeof(*mine->unfinished));
	if (!mine->l || !mine->unfinished)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for latencies");
	memset(mine->l, 0, sizeof(*mine->l)); /* no page fault in the window */
	measure_timer(mine);
	if (cell_latency(b->cell) == LATENCY_RESPONSE)
		err = make_arrivals(b, w, recorded, &mine->arrivals);
	if (err == -EINVAL)
		return ct_user_error(
			e,
			"a rate of %llu per second is too high for the resolution of one "
			"worker's clock: ask for less, or for more threads",
			(unsigned long long)b->cell->rate);
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "no memory for arrivals");
	mine->l->gaps = mine->arrivals.gaps;
	mine->l->nr_gaps = mine->arrivals.nr;
	mine->l->patience = tsc_from_seconds(PATIENCE_SECONDS);
	*out = mine->l;
	return 0;
}

/* ---- around the window: called by bench_window() ---- */

void bench_latency_clear(struct bench *b, const struct pool_worker *w)
{
	struct ct_latency *l = b->latency->worker[w->index].l;

	memset(l->class, 0, sizeof(l->class));
	l->arrived = l->queued = l->lag = 0;
}

void bench_latency_opens(struct bench *b, const struct pool_worker *w, uint64_t start,
			 uint64_t until)
{
	struct bench_latency_worker *mine = &b->latency->worker[w->index];

	/* gap_pos stays: a capture's packets and their times go together. */
	mine->l->due = start + (b->cell->arrivals == ARRIVALS_CAPTURE ? 0 : mine->arrivals.first);
	mine->l->until = until;
}

void bench_latency_drain(struct bench *b, const struct pool_worker *w,
			 void (*run)(struct bench *b, void *work), void *work)
{
	struct bench_latency_worker *mine = &b->latency->worker[w->index];
	const struct ct_latency *l = mine->l;
	uint64_t limit = l->until + tsc_from_seconds(DRAIN_SHARE * b->cell->seconds);

	if (!l->gaps)
		return;
	while ((mine->drained = bench_tick(b, w)) < limit && l->due < l->until)
		run(b, work);
}

void bench_latency_unfinished(struct bench *b, const struct pool_worker *w)
{
	struct bench_latency_worker *mine = &b->latency->worker[w->index];
	struct ct_latency *l = mine->l;

	if (!l->gaps)
		return;
	for (uint64_t due = l->due; due < l->until;) {
		ct_histogram_record(mine->unfinished, mine->drained - due);
		due += l->gaps[l->gap_pos];
		if (++l->gap_pos == l->nr_gaps)
			l->gap_pos = 0;
	}
}

/* ---- after it ---- */

static double ns(uint64_t ticks)
{
	return tsc_to_seconds(ticks) * 1e9;
}

static json_t *class_to_json(const struct ct_histogram *h)
{
	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "n", (json_int_t)h->n,
			 "mean_ns", h->n ? ns(h->sum) / (double)h->n : 0, "p50_ns",
			 ns(histogram_at(h, 0.5)), "p90_ns", ns(histogram_at(h, 0.9)), "p99_ns",
			 ns(histogram_at(h, 0.99)), "p999_ns", ns(histogram_at(h, 0.999)), "max_ns",
			 ns(h->max), "buckets", histogram_to_json(h));
}

/* Up to the share beyond which all values are equal. */
static json_t *curve_to_json(const struct ct_histogram *h)
{
	json_t *curve = json_array();

	for (unsigned int k = 0; k < LATENCY_CURVE_POINTS && curve; k++) {
		double beyond = pow(10, -(double)k / 10);

		if (beyond * (double)h->n < 0.9999)
			break;
		json_array_append_new(curve, json_real(ns(histogram_at(h, 1 - beyond))));
	}
	return curve;
}

static void report_open_loop(const struct bench *b, json_t *json)
{
	static const char *const names[] = { "constant", "poisson", "capture" };
	uint64_t arrived = 0, queued = 0, lag = 0, unfinished = 0;

	for (uint32_t i = 0; i < b->cell->threads; i++) {
		const struct bench_latency_worker *w = &b->latency->worker[i];

		arrived += w->l->arrived;
		queued += w->l->queued;
		unfinished += w->unfinished->n;
		if (w->l->lag > lag)
			lag = w->l->lag;
		if (w->unfinished->max > lag)
			lag = w->unfinished->max;
	}
	json_object_set_new(json, "rate_per_s", json_integer((json_int_t)b->cell->rate));
	json_object_set_new(json, "arrivals", json_string(names[b->cell->arrivals]));
	json_object_set_new(json, "arrived", json_integer((json_int_t)arrived));
	json_object_set_new(json, "queued_share",
			    json_real(arrived ? (double)queued / (double)arrived : 0));
	json_object_set_new(json, "lag_us", json_real(ns(lag) / 1e3));
	json_object_set_new(json, "unfinished", json_integer((json_int_t)unfinished));
	b->r->unfinished = unfinished;
}

static json_t *timer_to_json(const struct bench *b)
{
	uint64_t median = 0, min = UINT64_MAX;

	/* The slowest worker's: an upper bound of the timer's part in any figure. */
	for (uint32_t i = 0; i < b->cell->threads; i++) {
		const struct bench_latency_worker *w = &b->latency->worker[i];

		median = w->timer_median > median ? w->timer_median : median;
		min = w->timer_min < min ? w->timer_min : min;
	}
	return json_pack("{s:f, s:f, s:f}", "median", ns(median), "min", ns(min), "resolution",
			 ns(b->latency->worker[0].timer_step));
}

/* p50_ns, ... of all operations; of a class with its name as a prefix. */
static void report_metrics(struct bench *b, const char *class, const struct ct_histogram *h)
{
	static const struct {
		const char *name;
		double share;
	} percentiles[] = {
		{ "p50_ns", 0.5 },    { "p90_ns", 0.9 }, { "p99_ns", 0.99 },
		{ "p999_ns", 0.999 }, { "max_ns", 1 },
	};
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++) {
		snprintf(name, sizeof(name), "%s%s%s", class, *class ? "_" : "",
			 percentiles[i].name);
		bench_metric(b, name, ns(histogram_at(h, percentiles[i].share)));
	}
}

void bench_latency_report(struct bench *b)
{
	struct ct_histogram *sum, *all;
	json_t *json, *classes;

	if (!b->latency)
		return;
	sum = calloc(CT_NR_LATENCY_CLASSES + 1, sizeof(*sum));
	json = json_object();
	classes = json_object();
	if (!sum || !json || !classes)
		goto out;
	all = &sum[CT_NR_LATENCY_CLASSES];
	for (uint32_t i = 0; i < b->cell->threads; i++) {
		const struct bench_latency_worker *w = &b->latency->worker[i];

		for (unsigned int k = 0; k < CT_NR_LATENCY_CLASSES; k++)
			histogram_add(&sum[k], &w->l->class[k]);
		histogram_add(all, w->unfinished);
	}
	for (unsigned int k = 0; k < CT_NR_LATENCY_CLASSES; k++)
		histogram_add(all, &sum[k]);
	json_object_set_new(classes, "all", class_to_json(all));
	for (unsigned int k = 0; k < CT_NR_LATENCY_CLASSES; k++)
		if (sum[k].n)
			json_object_set_new(classes, bench_latency_class_name(b->cell->level, k),
					    class_to_json(&sum[k]));
	json_object_set_new(json, "kind", json_string(b->cell->rate ? "response" : "service"));
	json_object_set_new(json, "error", json_real(HISTOGRAM_ERROR));
	json_object_set_new(json, "ticks_per_us", json_real(tsc_per_second() / 1e6));
	json_object_set_new(json, "timer_ns", timer_to_json(b));
	json_object_set(json, "classes", classes);
	json_object_set_new(json, "curve_ns", curve_to_json(all));
	if (b->cell->rate)
		report_open_loop(b, json);
	json_object_set(b->details, "latency", json);
	report_metrics(b, "", all);
	for (unsigned int k = 0; k < CT_NR_LATENCY_CLASSES; k++)
		if (sum[k].n && sum[k].n < all->n)
			report_metrics(b, bench_latency_class_name(b->cell->level, k), &sum[k]);
	b->r->latency_p50_ns = ns(histogram_at(all, 0.5));
	b->r->latency_p99_ns = ns(histogram_at(all, 0.99));
	b->r->latency_p999_ns = ns(histogram_at(all, 0.999));
	b->r->latency_max_ns = ns(all->max);
out:
	json_decref(classes);
	json_decref(json);
	free(sum);
}
