/* SPDX-License-Identifier: MIT */
/*
 * The worker pool; see pool.h.
 *
 * Idle workers sleep on a condition variable, so that between runs the CPUs
 * are free.  Awake, they meet at a barrier made of one counter and one
 * generation: the last to arrive resets the counter, writes the common start
 * time, and increments the generation; the others spin until it changes.
 *
 * Lock order: pool.lock is the only one, and is never held while fn runs.
 */
#include "harness/machine/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/machine/memstat.h"
#include "harness/machine/topology.h"
#include "harness/machine/tsc.h"

/* Workers need little stack, and thousands may be asked for. */
#define STACK_BYTES ((size_t)1 << 20)

/* After that many pauses a waiter yields the CPU. */
#define SPINS_BEFORE_YIELD 2000

struct pool_thread {
	struct pool_worker w;
	pthread_t thread;
	struct ct_error error; /* of its pin */
	bool measuring;	       /* the section is open; this worker only */
	uint64_t cpu_ns0, involuntary0, voluntary0, allocated0;
};

struct pool {
	/* --- Set when made, then constant. --- */
	unsigned int nr;
	unsigned int nr_made; /* threads that exist; equal to nr but while making */
	bool crowded;	      /* several workers on one CPU */
	uint64_t lead;	      /* ticks from the last arrival to the start */
	struct pool_thread *threads;

	/* --- Under lock. --- */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* workers: run has changed, or quit */
	pthread_cond_t done; /* owner: busy has come to 0 */
	unsigned long run;   /* number of the run to do */
	unsigned int busy;   /* workers that have not finished it (or not started up) */
	bool quit;
	pool_fn *fn;
	void *arg;

	/* --- The barrier; spun upon, so in lines of their own. --- */
	_Atomic unsigned int arrived __cacheline_aligned;
	_Atomic unsigned int generation __cacheline_aligned;
	_Atomic uint64_t start; /* of this generation */
};

/* One step of waiting; *spins counts the steps.  Crowded workers yield the CPU at once. */
static void wait_a_little(const struct pool *pool, unsigned int *spins)
{
	if (pool->crowded || ++*spins >= SPINS_BEFORE_YIELD) {
		sched_yield();
		*spins = 0;
	} else {
		cpu_relax();
	}
}

/* Waits for all workers; returns the start time that the last one chose. */
static uint64_t meet(struct pool *pool)
{
	/*
	 * Relaxed: this worker took part in the last change of the generation, or
	 * the generation is still the first one.
	 */
	unsigned int generation = load_relaxed(&pool->generation), spins = 0;

	/*
	 * acq_rel: the last to arrive acquires what every earlier arrival
	 * released here, and passes it on through the generation.
	 */
	if (atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel) + 1 == pool->nr) {
		/* Relaxed: no worker arrives again before the generation has changed. */
		store_relaxed(&pool->arrived, 0);
		store_relaxed(&pool->start, tsc_now() + pool->lead);
		/* release: pairs with the acquire below */
		store_release(&pool->generation, generation + 1);
	} else {
		while (load_acquire(&pool->generation) == generation)
			wait_a_little(pool, &spins);
	}
	/*
	 * Relaxed: ordered after the generation by the acquire above.  It cannot
	 * belong to a later meeting, which would need this worker's arrival.
	 */
	return load_relaxed(&pool->start);
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void switches(uint64_t *involuntary, uint64_t *voluntary)
{
	struct rusage usage;

	memset(&usage, 0, sizeof(usage));
	getrusage(RUSAGE_THREAD, &usage);
	*involuntary = (uint64_t)usage.ru_nivcsw;
	*voluntary = (uint64_t)usage.ru_nvcsw;
}

void pool_meet(struct pool_worker *w)
{
	meet(w->pool);
}

/*
 * The counts are read after the start and not before the spin to it, since
 * spinning costs CPU time and yielding counts as an involuntary switch.  The
 * microsecond it takes is the same for every worker.
 */
void pool_start(struct pool_worker *w)
{
	struct pool_thread *t = container_of(w, struct pool_thread, w);
	unsigned int spins = 0;

	w->start_tsc = meet(w->pool);
	while (tsc_now() < w->start_tsc)
		wait_a_little(w->pool, &spins);
	w->began_tsc = tsc_now_ordered();
	switches(&t->involuntary0, &t->voluntary0);
	w->allocated_known = memstat_thread_allocated(&t->allocated0);
	t->measuring = true;
	t->cpu_ns0 = thread_cpu_ns();
}

void pool_stop(struct pool_worker *w)
{
	struct pool_thread *t = container_of(w, struct pool_thread, w);
	uint64_t involuntary, voluntary, allocated;

	if (!t->measuring)
		return;
	w->ended_tsc = tsc_now_ordered();
	w->cpu_ns = thread_cpu_ns() - t->cpu_ns0;
	switches(&involuntary, &voluntary);
	memstat_thread_allocated(&allocated);
	w->involuntary = involuntary - t->involuntary0;
	w->voluntary = voluntary - t->voluntary0;
	w->allocated = allocated - t->allocated0;
	w->pin_held = topology_pin_holds(w->cpu);
	t->measuring = false;
}

/* One worker is done with starting up or with a run.  Called with lock held. */
static void not_busy(struct pool *pool)
{
	if (!--pool->busy)
		pthread_cond_signal(&pool->done);
}

static void *worker_main(void *arg)
{
	struct pool_thread *t = arg;
	struct pool *pool = t->w.pool;
	unsigned long done = 0;
	uint64_t unused;

	/* If the pin failed, t->error says so, and pool_create() ends this thread. */
	if (!topology_pin(t->w.cpu, &t->error))
		t->w.memory_local = topology_memory_is_local();
	memstat_thread_allocated(&unused); /* the first call may allocate */

	pthread_mutex_lock(&pool->lock);
	not_busy(pool);
	for (;;) {
		pool_fn *fn;
		void *fn_arg;

		while (pool->run == done && !pool->quit)
			pthread_cond_wait(&pool->wake, &pool->lock);
		if (pool->quit)
			break;
		done = pool->run;
		fn = pool->fn;
		fn_arg = pool->arg;
		pthread_mutex_unlock(&pool->lock);

		pool_start(&t->w);
		fn(fn_arg, &t->w);
		pool_stop(&t->w);

		pthread_mutex_lock(&pool->lock);
		not_busy(pool);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void wait_until_idle(struct pool *pool)
{
	while (pool->busy)
		pthread_cond_wait(&pool->done, &pool->lock);
}

void pool_run(struct pool *pool, pool_fn *fn, void *arg)
{
	pthread_mutex_lock(&pool->lock);
	pool->fn = fn;
	pool->arg = arg;
	pool->busy = pool->nr;
	pool->run++;
	pthread_cond_broadcast(&pool->wake);
	wait_until_idle(pool);
	pthread_mutex_unlock(&pool->lock);
}

void pool_destroy(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->quit = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->nr_made; i++)
		pthread_join(pool->threads[i].thread, NULL);
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
}

static bool any_twice(const unsigned int *cpus, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		for (unsigned int j = 0; j < i; j++)
			if (cpus[i] == cpus[j])
				return true;
	return false;
}

static int make_threads(struct pool *pool, struct ct_error *e)
{
	pthread_attr_t attr;
	int err = pthread_attr_init(&attr);

	if (err)
		return ct_fail(e, -err, CT_EXIT_USER, "cannot start worker threads: %s",
			       strerror(err));
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (pool->nr_made < pool->nr && !err) {
		struct pool_thread *t = &pool->threads[pool->nr_made];

		pthread_mutex_lock(&pool->lock);
		pool->busy++;
		err = pthread_create(&t->thread, &attr, worker_main, t);
		if (err)
			pool->busy--;
		else
			pool->nr_made++;
		pthread_mutex_unlock(&pool->lock);
	}
	pthread_attr_destroy(&attr);
	pthread_mutex_lock(&pool->lock);
	wait_until_idle(pool);
	pthread_mutex_unlock(&pool->lock);
	if (err)
		return ct_fail(e, -err, CT_EXIT_USER,
			       "cannot start worker thread %u of %u: %s; ask for fewer threads, or "
			       "raise the limit (ulimit -u)",
			       pool->nr_made + 1, pool->nr, strerror(err));
	for (unsigned int i = 0; i < pool->nr; i++)
		if (pool->threads[i].error.status)
			return ct_fail(e, -EIO, pool->threads[i].error.status, "%s",
				       pool->threads[i].error.text);
	return 0;
}

int pool_create(struct pool **out, const unsigned int *cpus, unsigned int threads,
		struct ct_error *e)
{
	struct pool *pool;
	int err;

	*out = NULL;
	if (!threads || threads > CT_MAX_THREADS)
		return ct_user_error(e, "%u threads: ask for 1 to %u", threads, CT_MAX_THREADS);
	pool = aligned_alloc(_Alignof(struct pool), sizeof(*pool));
	if (!pool)
		goto no_memory;
	memset(pool, 0, sizeof(*pool));
	pool->threads =
		aligned_alloc(_Alignof(struct pool_thread), threads * sizeof(*pool->threads));
	if (!pool->threads)
		goto free_pool;
	memset(pool->threads, 0, threads * sizeof(*pool->threads));
	pool->nr = threads;
	pool->crowded = any_twice(cpus, threads);
	/*
	 * Time for every waiter to see the new generation: a cache miss each, or a turn on the CPU
	 * where they share one.
	 */
	pool->lead = tsc_from_seconds(pool->crowded ? 1e-3 : 20e-6 + 1e-6 * threads);
	for (unsigned int i = 0; i < threads; i++)
		pool->threads[i].w =
			(struct pool_worker){ .index = i, .cpu = cpus[i], .pool = pool };
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pthread_cond_init(&pool->done, NULL);
	err = make_threads(pool, e);
	if (err) {
		pool_destroy(pool);
		return err;
	}
	*out = pool;
	return 0;
free_pool:
	free(pool);
no_memory:
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for %u worker threads", threads);
}

unsigned int pool_threads(const struct pool *pool)
{
	return pool->nr;
}

const struct pool_worker *pool_worker(const struct pool *pool, unsigned int i)
{
	return &pool->threads[i].w;
}

void pool_sum(const struct pool *pool, struct pool_sum *sum)
{
	const struct pool_worker *w = &pool->threads[0].w;

	*sum = (struct pool_sum){
		.first_begin = w->began_tsc,
		.last_begin = w->began_tsc,
		.first_end = w->ended_tsc,
		.last_end = w->ended_tsc,
		.allocated_known = true,
		.memory_local = true,
		.migrated_cpu = -1,
	};
	for (unsigned int i = 0; i < pool->nr; i++) {
		w = &pool->threads[i].w;
		if (w->began_tsc < sum->first_begin)
			sum->first_begin = w->began_tsc;
		if (w->began_tsc > sum->last_begin)
			sum->last_begin = w->began_tsc;
		if (w->ended_tsc < sum->first_end)
			sum->first_end = w->ended_tsc;
		if (w->ended_tsc > sum->last_end)
			sum->last_end = w->ended_tsc;
		sum->cpu_seconds += (double)w->cpu_ns / 1e9;
		sum->involuntary += w->involuntary;
		sum->voluntary += w->voluntary;
		sum->allocated += w->allocated;
		sum->allocated_known &= w->allocated_known;
		sum->memory_local &= w->memory_local;
		if (!w->pin_held && sum->migrated_cpu < 0)
			sum->migrated_cpu = (int)w->cpu;
	}
	sum->skew = tsc_to_seconds(sum->last_begin - sum->first_begin);
	sum->span = tsc_to_seconds(sum->last_end - sum->first_begin);
	if (sum->first_end > sum->last_begin)
		sum->window = tsc_to_seconds(sum->first_end - sum->last_begin);
}
