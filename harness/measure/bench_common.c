/* SPDX-License-Identifier: MIT */
/* Functions that every part of a measurement calls; see bench.h. */
#include "harness/measure/bench.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "harness/machine/tsc.h"
#include "harness/measure/measure.h"
#include "harness/traffic/keys.h"

/*
 * "CPU" 0 is this process's first thread, worker i is i + 1; two more are for the
 * threads of events and floods (events.c, flood.c).
 */
unsigned int bench_cpus(const struct cell *cell)
{
	return cell->threads + 3;
}

void bench_void(struct bench *b, const char *fmt, ...)
{
	va_list ap;

	if (b->r->void_reason[0])
		return; /* keep the first reason */
	va_start(ap, fmt);
	vsnprintf(b->r->void_reason, sizeof(b->r->void_reason), fmt, ap);
	va_end(ap);
}

void measure_metric(json_t *details, const char *name, double value)
{
	json_t *metrics = json_object_get(details, "metrics");

	if (!isfinite(value))
		return;
	if (!metrics) {
		json_object_set_new(details, "metrics", json_object());
		metrics = json_object_get(details, "metrics");
	}
	json_object_set_new(metrics, name, json_real(value));
}

void bench_metric(struct bench *b, const char *name, double value)
{
	measure_metric(b->details, name, value);
}

int bench_wrong(struct bench *b, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return ct_fail(b->e, -EIO, CT_EXIT_INTERNAL, "%s: %s; a fault of ctbench, and no figure",
		       b->v->name, what);
}

void bench_worker_begin(struct bench *b, const struct pool_worker *w)
{
	b->worker[w->index].thread = pthread_self();
	b->v->thread_begin(b->core, w->index + 1);
}

void bench_worker_end(struct bench *b)
{
	b->v->thread_end(b->core);
}

void bench_worker_failed(struct bench *b, int err, const struct ct_error *e)
{
	int none = 0;

	/* Keep the first sentence; the owner reads it after the workers have ended. */
	if (atomic_compare_exchange_strong(&b->failed, &none, err))
		*b->e = *e;
}

/* This worker's part of n flows, from *from on; returns how many. */
static uint64_t
bench_part(const struct bench *b, const struct pool_worker *w, uint64_t n, uint64_t *from)
{
	*from = n * w->index / b->cell->threads;
	return n * (w->index + 1) / b->cell->threads - *from;
}

uint64_t
bench_share(const struct bench *b, const struct pool_worker *w, const struct key_plan *plan)
{
	uint64_t from;

	if (b->v->flags & CT_V_UNSHARED)
		return key_plan_owned(plan, w->index);
	return bench_part(b, w, plan->present, &from);
}

uint64_t bench_share_flow(const struct bench *b, const struct pool_worker *w,
			  const struct key_plan *plan, uint64_t i)
{
	uint64_t from;

	if (b->v->flags & CT_V_UNSHARED)
		return key_plan_owned_flow(plan, w->index, i);
	bench_part(b, w, plan->present, &from);
	return from + i;
}

uint64_t bench_tick(struct bench *b, const struct pool_worker *w)
{
	uint64_t now = tsc_now();

	if (w->index == 0) {
		uint32_t tick =
			(uint32_t)((double)(now - b->clock_tsc) * (NF_CT_HZ / tsc_per_second()));

		if (load_relaxed(&b->core->now) != tick)
			store_relaxed(&b->core->now, tick);
	}
	return now;
}

void bench_meet(struct bench *b, struct pool_worker *w)
{
	b->v->thread_offline(b->core);
	pool_meet(w);
	b->v->thread_online(b->core);
}

void bench_sleep_until(uint64_t tsc)
{
	for (;;) {
		uint64_t now = tsc_now();
		double left = now < tsc ? tsc_to_seconds(tsc - now) : 0;
		struct timespec ts = { .tv_sec = (time_t)left,
				       .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };

		if (now >= tsc)
			return;
		nanosleep(&ts, NULL);
	}
}

uint64_t bench_wait_window(struct bench *b)
{
	const struct timespec nap = { .tv_nsec = 200000 };
	uint64_t opens;

	/* acquire: pairs with the worker that opens the window, in bench_window() */
	while (!(opens = load_acquire(&b->window_opens)) && !load_relaxed(&b->failed))
		nanosleep(&nap, NULL);
	return opens;
}
