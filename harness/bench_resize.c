/* SPDX-License-Identifier: MIT */
/*
 * Resize events: a thread beside the workers sleeps to each event's time and
 * resizes the table under them.  It is not pinned; on a machine that is full
 * it takes its time from a worker, as a real one would.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/measure.h"
#include "harness/tsc.h"

struct bench_resizer {
	struct bench *b;
	pthread_t thread;
	double seconds;
	uint32_t done;
	int err;
};

static void sleep_until(uint64_t tsc)
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

static void *resize_all(void *arg)
{
	struct bench_resizer *r = arg;
	struct bench *b = r->b;
	const struct timespec nap = { .tv_nsec = 200000 };
	uint64_t opens;

	b->v->thread_begin(b->core, b->cell->threads + 1);
	b->v->thread_offline(b->core);
	/* acquire: pairs with the worker that opens the window */
	while (!(opens = load_acquire(&b->window_opens)) && !load_relaxed(&b->failed))
		nanosleep(&nap, NULL);
	for (uint32_t i = 0; i < b->cell->nr_resizes && opens; i++) {
		uint64_t begin;

		sleep_until(opens + tsc_from_seconds(b->cell->resizes[i].at));
		b->v->thread_online(b->core);
		begin = tsc_now();
		r->err = b->v->ops->resize(b->core, b->cell->resizes[i].buckets);
		r->seconds += tsc_to_seconds(tsc_now() - begin);
		b->v->thread_offline(b->core);
		if (r->err)
			break;
		r->done++;
	}
	b->v->thread_online(b->core);
	b->v->thread_end(b->core);
	return NULL;
}

int bench_resizer_start(struct bench *b, struct bench_resizer **out)
{
	struct bench_resizer *r;
	int err;

	*out = NULL;
	if (!b->cell->nr_resizes)
		return 0;
	if (!(b->v->flags & CT_V_RESIZE))
		return ct_user_error(
			b->e, "%s cannot be resized: take it out of a workload with resize events",
			b->v->name);
	r = calloc(1, sizeof(*r));
	if (!r)
		return ct_fail(b->e, -ENOMEM, CT_EXIT_USER, "no memory");
	r->b = b;
	err = pthread_create(&r->thread, NULL, resize_all, r);
	if (err) {
		free(r);
		return ct_fail(b->e, -err, CT_EXIT_USER, "cannot start a thread for resizing: %s",
			       strerror(err));
	}
	*out = r;
	return 0;
}

int bench_resizer_finish(struct bench *b, struct bench_resizer *r)
{
	int err;

	if (!r)
		return 0;
	pthread_join(r->thread, NULL);
	b->r->resize_seconds = r->seconds;
	b->r->resizes_done = r->done;
	err = r->err;
	free(r);
	if (err == -ENOMEM)
		return ct_fail(b->e, err, CT_EXIT_USER,
			       "no memory to resize the table while both sizes exist: ask for "
			       "fewer buckets");
	if (err)
		return ct_user_error(b->e, "%s cannot be resized to that many buckets", b->v->name);
	return 0;
}
