/* SPDX-License-Identifier: MIT */
/* Round trips of cache lines between CPUs; see distance.h. */
#include "harness/machine/distance.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/compiler.h"
#include "harness/machine/tsc.h"

#define LINES	       1024 /* before the first is used again */
#define SAMPLES	       4    /* lines a measurement */
#define TRIPS	       32   /* on each line, after one that fetches it */
#define PATIENCE       2e-3 /* seconds: after that the other CPU counts as stolen */
#define LOOKS_A_SECOND 10   /* of distance_watch() */
#define MOVED	       1.5  /* a larger ratio of two distances means that the CPUs moved */

/* The thread that may write the line next. */
enum turn { ASKER, ANSWERER, GIVEN_UP };

struct line {
	_Atomic uint32_t turn;
	char pad[124]; /* some prefetchers fetch two lines at once */
};

struct distance {
	struct line line[LINES];
	double result; /* of the measurement under way: by the first worker, between meetings */
};

struct distance *distance_create(void)
{
	struct distance *d = aligned_alloc(128, (sizeof(*d) + 127) / 128 * 128);

	if (d)
		memset(d, 0, sizeof(*d));
	return d;
}

void distance_free(struct distance *d)
{
	free(d);
}

/* One round trip; false when the other did not answer in time. */
static bool trip(struct line *l, uint64_t deadline)
{
	unsigned int spins = 0;

	/* release and acquire here pair with those in answer(). */
	store_release(&l->turn, ANSWERER);
	while (load_acquire(&l->turn) == ANSWERER)
		if (!(++spins & 1023) && tsc_now() > deadline) {
			store_release(&l->turn, GIVEN_UP);
			return false;
		}
	return true;
}

/* The least mean round trip of several lines, in ns; NAN: the other CPU did not answer in time. */
static double ask(struct distance *d, uint64_t first)
{
	uint64_t deadline = tsc_now() + tsc_from_seconds(PATIENCE);
	double least = INFINITY;

	for (unsigned int i = 0; i < SAMPLES; i++) {
		struct line *l = &d->line[(first + i) % LINES];
		bool answered = trip(l, deadline);
		uint64_t begin = tsc_now();
		double ns;

		for (unsigned int k = 0; k < TRIPS && answered; k++)
			answered = trip(l, deadline);
		if (!answered)
			return NAN;
		ns = 1e9 * tsc_to_seconds(tsc_now() - begin) / TRIPS;
		least = ns < least ? ns : least;
	}
	return least;
}

static void answer(struct distance *d, uint64_t first)
{
	for (unsigned int i = 0; i < SAMPLES; i++) {
		struct line *l = &d->line[(first + i) % LINES];

		for (unsigned int k = 0; k <= TRIPS; k++) {
			uint32_t turn;

			/* acquire and release pair with those in trip(). */
			while ((turn = load_acquire(&l->turn)) == ASKER)
				;
			if (turn == GIVEN_UP)
				return;
			/* A failed exchange: the asker gave up meanwhile. */
			if (!atomic_compare_exchange_strong_explicit(&l->turn, &turn, ASKER,
								     memory_order_release,
								     memory_order_relaxed))
				return;
		}
	}
}

double
distance_measure(struct distance *d, struct pool_worker *w, unsigned int workers, uint64_t serial)
{
	double sum = 0;

	for (unsigned int other = 1; other < workers; other++) {
		uint64_t first = (serial * (workers - 1) + other - 1) * SAMPLES;

		/* An earlier measurement that gave up may have left the lines in any state. */
		if (w->index == 0)
			for (unsigned int i = 0; i < SAMPLES; i++)
				store_relaxed(&d->line[(first + i) % LINES].turn, ASKER);
		pool_meet(w);
		if (w->index == 0)
			sum += ask(d, first);
		else if (w->index == other)
			answer(d, first);
	}
	if (w->index == 0)
		d->result = workers > 1 && isfinite(sum) ? sum / (workers - 1) : 0;
	pool_meet(w);
	sum = d->result;
	pool_meet(w); /* before the next measurement writes it */
	return sum;
}

bool distance_moved(double a, double b)
{
	return a > 0 && b > 0 && (a > MOVED * b || b > MOVED * a);
}

struct pair {
	struct distance *d;
	double ns;
};

static void measure_pair(void *arg, struct pool_worker *w)
{
	struct pair *p = arg;
	double best = 0;

	/* Threads that have just woken may be slow to meet: try a few times, take the least. */
	for (uint64_t i = 0; i < 3; i++) {
		double ns = distance_measure(p->d, w, 2, i);

		if (ns > 0 && (best <= 0 || ns < best))
			best = ns;
	}
	if (w->index == 0)
		p->ns = best;
}

static int
open_pair(struct pair *p, struct pool **pool, unsigned int a, unsigned int b, struct ct_error *e)
{
	const unsigned int cpus[2] = { a, b };
	int err;

	p->ns = 0;
	p->d = distance_create();
	err = p->d ? pool_create(pool, cpus, 2, e)
		   : ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to measure distances in");
	if (err)
		distance_free(p->d);
	return err;
}

int distance_between(unsigned int a, unsigned int b, double *ns, struct ct_error *e)
{
	struct pool *pool;
	struct pair p;
	int err = open_pair(&p, &pool, a, b, e);

	*ns = 0;
	if (err)
		return err;
	pool_run(pool, measure_pair, &p);
	pool_destroy(pool);
	distance_free(p.d);
	*ns = p.ns;
	return 0;
}

int distance_watch(unsigned int a, unsigned int b, double seconds, struct distance_seen *seen,
		   struct ct_error *e)
{
	unsigned int looks =
		seconds * LOOKS_A_SECOND > 1 ? (unsigned int)(seconds * LOOKS_A_SECOND) : 1;
	double *ns = calloc(looks, sizeof(*ns));
	struct pool *pool;
	struct pair p;
	int err;

	memset(seen, 0, sizeof(*seen));
	if (!ns)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to measure distances in");
	err = open_pair(&p, &pool, a, b, e);
	for (unsigned int i = 0; i < looks && !err; i++) {
		pool_run(pool, measure_pair, &p);
		if (p.ns > 0)
			ns[seen->looks++] = p.ns;
		if (i + 1 < looks)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000000 / LOOKS_A_SECOND },
				  NULL);
	}
	for (unsigned int i = 0; i < seen->looks; i++) {
		seen->least = !i || ns[i] < seen->least ? ns[i] : seen->least;
		seen->most = ns[i] > seen->most ? ns[i] : seen->most;
		seen->moves += i && distance_moved(ns[i - 1], ns[i]);
	}
	for (unsigned int i = 0; i < seen->looks; i++)
		seen->near += !distance_moved(seen->least, ns[i]) / (double)seen->looks;
	if (!err) {
		pool_destroy(pool);
		distance_free(p.d);
	}
	free(ns);
	return err;
}
