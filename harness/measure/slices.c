/* SPDX-License-Identifier: MIT */
/*
 * The child's side of slices; see slices.h.
 *
 * Between slices every worker sleeps: the first in read(), each other one on its own semaphore.
 * A worker that polled or yielded would take time from the cell that measures, and from all cells
 * alike, so no comparison between cells would show it.
 */
#include "harness/measure/slices.h"

#include <errno.h>
#include <math.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/seconds.h"
#include "harness/machine/distance.h"
#include "harness/machine/pages.h"
#include "harness/machine/topology.h"
#include "harness/machine/tsc.h"
#include "harness/measure/bench.h"
#include "harness/measure/void.h"

#define CHUNK_SHARE 0.1	 /* of a slice: between two checks of the rate while warming up */
#define CHUNK_LEAST 1e-4 /* seconds */
#define CHUNKS	    4	 /* the last two are compared with the two before */
#define RISING	    1.01 /* factor from one pair of chunks to the next */
#define TOUCH_LLCS  2	 /* touching a table larger than this many last-level caches is useless */
#define TOUCH_MOST  (128u << 20) /* bytes: some 13 ms; the warm-up ends by itself anyway */
#define CHASE_LOADS 256
#define PAGE	    4096

struct slice_worker {
	sem_t turn;
	_Atomic uint64_t warming; /* operations so far: for the first worker, in the warm-up */
	uint64_t half_tsc, half_done, done; /* of the slice; read by the first after meeting */
	uint64_t speed;
} __cacheline_aligned;

struct bench_slices {
	/* --- By the first worker, before the others wake or between meetings. --- */
	struct slice_order order;
	struct slice_told told;
	struct pages_ranges ranges; /* the table's memory at the start of the slice */
	uint64_t bytes;		    /* of them */
	double window;		    /* seconds of all slices */
	uint64_t llc;

	struct distance *distance;
	struct slice_worker *worker;	       /* [threads] */
	_Atomic bool warm __cacheline_aligned; /* the first worker ends the warm-up of all */
};

int bench_slices_start(struct bench *b)
{
	uint32_t threads = b->cell->threads;
	struct bench_slices *s = aligned_alloc(CT_CACHE_LINE, sizeof(*s));

	b->slices = s;
	if (!s)
		goto no_memory;
	memset((void *)s, 0, sizeof(*s));
	s->llc = topology_llc_bytes();
	s->distance = distance_create();
	s->worker = aligned_alloc(CT_CACHE_LINE, threads * sizeof(*s->worker));
	if (!s->distance || !s->worker)
		goto no_memory;
	memset((void *)s->worker, 0, threads * sizeof(*s->worker));
	for (uint32_t i = 0; i < threads; i++)
		sem_init(&s->worker[i].turn, 0, 0);
	return 0;
no_memory:
	return ct_fail(b->e, -ENOMEM, CT_EXIT_USER, "no memory for slices");
}

void bench_slices_free(struct bench *b)
{
	struct bench_slices *s = b->slices;

	if (!s)
		return;
	distance_free(s->distance);
	free(s->worker);
	free(s->ranges.list);
	free(s);
}

double bench_slices_seconds(const struct bench *b)
{
	return b->slices->window;
}

/* ---- messages ---- */

static bool send_all(const void *data, size_t size)
{
	for (const char *p = data; size;) {
		ssize_t n = write(STDOUT_FILENO, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
	}
	return true;
}

static bool send_message(enum measure_message kind, const void *data, size_t size)
{
	uint32_t message = kind;

	return send_all(&message, sizeof(message)) && (!size || send_all(data, size));
}

/* The parent's next order; SLICE_CLOSE if the parent has ended. */
static void receive_order(struct slice_order *order)
{
	char *p = (char *)order;

	for (size_t at = 0; at < sizeof(*order);) {
		ssize_t n = read(STDIN_FILENO, p + at, sizeof(*order) - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			order->what = SLICE_CLOSE;
			return;
		}
		at += (size_t)n;
	}
}

/* ---- asleep ---- */

/* Executes deferred frees now, in the slice of the cell that caused them. */
static void drain(struct bench *b)
{
	struct slice_told *told = &b->slices->told;
	uint64_t begin = tsc_now();

	b->v->ops->barrier(b->core);
	told->drain = tsc_to_seconds(tsc_now() - begin);
	/* The warm-up left its part of them. */
	if (told->seconds > 0)
		told->charged = told->drain * told->seconds / (told->seconds + told->warmup);
}

/* The first worker: ask for work, sleep, wake the others. */
static void ask_for_order(struct bench *b, bool ready)
{
	struct bench_slices *s = b->slices;
	uint64_t asleep;
	bool told;

	if (ready) {
		told = send_message(MEASURE_READY, NULL, 0);
	} else {
		drain(b);
		told = send_message(MEASURE_SLICE, &s->told, sizeof(s->told));
	}
	asleep = tsc_now();
	if (told)
		receive_order(&s->order);
	else
		s->order.what = SLICE_CLOSE;
	/* The table's clock did not advance: nothing expires during slices of other cells. */
	b->clock_tsc += tsc_now() - asleep;
	for (uint32_t i = 1; i < b->cell->threads; i++)
		sem_post(&s->worker[i].turn);
}

/* Every worker.  sem_post() makes what the first one wrote visible to the one that it wakes. */
static void sleep_until_turn(struct bench *b, const struct pool_worker *w, bool ready)
{
	b->v->thread_offline(b->core);
	if (w->index == 0)
		ask_for_order(b, ready);
	else
		while (sem_wait(&b->slices->worker[w->index].turn) && errno == EINTR)
			;
	b->v->thread_online(b->core);
}

/* ---- the table's memory ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNCHECKED __attribute__((noinline, no_sanitize("address", "thread")))
#else
#define UNCHECKED
#endif

/* The part of a range that is this worker's, in whole pages. */
static void my_pages(const struct ct_range *r, unsigned int index, unsigned int threads,
		     uintptr_t *from, uintptr_t *to)
{
	uintptr_t first = r->start / PAGE, nr = (r->start + r->bytes + PAGE - 1) / PAGE - first;

	*from = (first + nr * index / threads) * PAGE;
	*to = (first + nr * (index + 1) / threads) * PAGE;
}

/* Touches every line that is in memory; must not create pages that were never written. */
static UNCHECKED uint64_t touch_pages(uintptr_t from, uintptr_t to)
{
	unsigned char in_memory[512];
	uint64_t touched = 0;

	while (from < to) {
		size_t pages = (to - from) / PAGE;

		pages = pages < sizeof(in_memory) ? pages : sizeof(in_memory);
		if (mincore((void *)from, pages * PAGE, in_memory))
			memset(in_memory, 0, pages);
		for (size_t i = 0; i < pages; i++, from += PAGE) {
			if (!(in_memory[i] & 1))
				continue;
			for (size_t at = 0; at < PAGE; at += 64)
				(void)*(const volatile char *)(from + at);
			touched += PAGE;
		}
	}
	return touched;
}

static void touch(struct bench *b, const struct pool_worker *w)
{
	struct bench_slices *s = b->slices;
	uint64_t touched = 0;

	if (s->bytes > TOUCH_LLCS * s->llc || s->bytes > TOUCH_MOST)
		return;
	for (size_t i = 0; i < s->ranges.nr; i++) {
		uintptr_t from, to;

		my_pages(&s->ranges.list[i], w->index, b->cell->threads, &from, &to);
		touched += touch_pages(from, to);
	}
	if (w->index == 0)
		s->told.touched = (double)touched * b->cell->threads;
}

static void flush_line(uintptr_t at)
{
#if defined(__x86_64__)
	__builtin_ia32_clflush((const void *)at);
#elif defined(__aarch64__)
	__asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
#else
	(void)at;
#endif
}

/* Removes the table from the caches, as slices of other cells do: for a test. */
static void make_cold(struct bench *b, const struct pool_worker *w)
{
	const struct bench_slices *s = b->slices;

	for (size_t i = 0; i < s->ranges.nr; i++) {
		uintptr_t from, to;

		my_pages(&s->ranges.list[i], w->index, b->cell->threads, &from, &to);
		for (; from < to; from += 64)
			flush_line(from);
	}
}

/*
 * Nanoseconds of a load at a random place of the table's memory whose address depends on the load
 * before: shows how much cache the neighbours leave, and how fast memory is now.
 */
static UNCHECKED double chase(const struct bench_slices *s)
{
	static volatile const uint64_t nothing; /* 0, but the compiler must not know */
	const uint64_t mask = nothing;
	uint64_t x = tsc_now(), begin = tsc_now_ordered();

	if (!s->ranges.nr)
		return 0;
	for (int i = 0; i < CHASE_LOADS; i++) {
		const struct ct_range *r =
			&s->ranges.list[((x >> 32) * (uint64_t)s->ranges.nr) >> 32];
		uint64_t line = (x & 0xffffffff) * (r->bytes / 64) >> 32;
		uint64_t v = *(const volatile unsigned char *)(r->start + 64 * line);

		x = x * 6364136223846793005u + 1442695040888963407u + (v & mask);
	}
	return 1e9 * tsc_to_seconds(tsc_now_ordered() - begin) / CHASE_LOADS;
}

static void find_memory(struct bench *b)
{
	struct bench_slices *s = b->slices;

	s->ranges.nr = 0;
	s->bytes = 0;
	b->v->ops->ranges(b->core, pages_add, &s->ranges);
	for (size_t i = 0; i < s->ranges.nr; i++)
		s->bytes += s->ranges.list[i].bytes;
}

/* ---- warming up ---- */

static uint64_t done_by_all(const struct bench *b)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < b->cell->threads; i++)
		sum += load_relaxed(&b->slices->worker[i].warming);
	return sum;
}

/* The first worker: until the rate no longer rises. */
static void lead_warm_up(struct bench *b, const struct pool_worker *w,
			 void (*run)(struct bench *, void *), void *work, const uint64_t *done)
{
	struct bench_slices *s = b->slices;
	uint64_t chunk = tsc_from_seconds(fmax(CHUNK_SHARE * s->order.seconds, CHUNK_LEAST));
	uint64_t begin = tsc_now(), last = begin, last_done = done_by_all(b), now;
	double rate[CHUNKS] = { 0 }, seconds;
	unsigned int chunks = 0;

	do {
		while ((now = bench_tick(b, w)) < last + chunk) {
			run(b, work);
			store_relaxed(&s->worker[0].warming, *done);
		}
		memmove(rate, rate + 1, sizeof(rate) - sizeof(rate[0]));
		rate[CHUNKS - 1] = (double)(done_by_all(b) - last_done) / (double)(now - last);
		last_done = done_by_all(b);
		last = now;
		chunks++;
		seconds = tsc_to_seconds(now - begin);
	} while (seconds < s->order.warmup_least ||
		 (seconds < s->order.warmup_most &&
		  (chunks < CHUNKS || rate[2] + rate[3] > RISING * (rate[0] + rate[1]))));
	s->told.warmup = seconds;
	store_relaxed(&s->warm, true);
}

static void warm_up(struct bench *b, struct pool_worker *w, void (*run)(struct bench *, void *),
		    void *work, const uint64_t *done)
{
	struct bench_slices *s = b->slices;
	struct slice_worker *mine = &s->worker[w->index];

	store_relaxed(&mine->warming, *done);
	if (w->index == 0)
		store_relaxed(&s->warm, false);
	bench_meet(b, w);
	if (w->index == 0)
		lead_warm_up(b, w, run, work, done);
	else
		while (!load_relaxed(&s->warm)) {
			run(b, work);
			store_relaxed(&mine->warming, *done);
		}
}

/* ---- a slice ---- */

/* The first worker, after all have met. */
static void sum_up(struct bench *b)
{
	struct bench_slices *s = b->slices;
	struct slice_told *told = &s->told;
	double rate = 0, first = 0, second = 0, own = b->process_cpu;
	struct pool_sum sum;

	pool_sum(b->pool, &sum);
	for (uint32_t i = 0; i < b->cell->threads; i++) {
		const struct pool_worker *w = pool_worker(b->pool, i);
		const struct slice_worker *x = &s->worker[i];
		double seconds = tsc_to_seconds(w->ended_tsc - w->began_tsc);
		double half = tsc_to_seconds(x->half_tsc - w->began_tsc);
		double mine = seconds > 0 ? (double)x->done / seconds : 0;

		rate += mine;
		first += half > 0 ? (double)x->half_done / half : 0;
		second += seconds > half ? (double)(x->done - x->half_done) / (seconds - half) : 0;
		told->slowest = !i || mine < told->slowest ? mine : told->slowest;
		told->fastest = fmax(told->fastest, mine);
		told->lost = fmax(told->lost, seconds - (double)w->cpu_ns * 1e-9);
		own -= (double)w->cpu_ns * 1e-9;
	}
	/* The CPU time of the table's own threads (call_rcu) is part of its cost. */
	told->lost = fmax(0, told->lost - fmax(0, own));
	told->seconds = sum.window;
	told->ops = rate * sum.window;
	told->halves = first > 0 ? second / first : 0;
	told->cpu = sum.cpu_seconds;
	told->skew = sum.skew;
	told->involuntary = sum.involuntary;
	told->allocated = sum.allocated_known ? sum.allocated : 0;
	slice_judge(told);
	s->window += sum.window;
	if (sum.migrated_cpu >= 0)
		bench_void(b, "a thread did not stay on CPU %d", sum.migrated_cpu);
}

static void add_section(struct bench *b, const struct pool_worker *w, uint64_t done)
{
	struct bench_section *all = &b->worker[w->index].all;

	all->seconds += tsc_to_seconds(w->ended_tsc - w->began_tsc);
	all->done += done;
	all->cpu_ns += w->cpu_ns;
	all->involuntary += w->involuntary;
	all->allocated += w->allocated_known ? w->allocated : 0;
}

static void one_slice(struct bench *b, struct pool_worker *w, void (*run)(struct bench *, void *),
		      void *work, const uint64_t *done, uint64_t serial)
{
	struct bench_slices *s = b->slices;
	struct slice_worker *mine = &s->worker[w->index];
	uint32_t threads = b->cell->threads;
	uint64_t begun, length = tsc_from_seconds(s->order.seconds);
	double before, after;

	if (w->index == 0) {
		memset(&s->told, 0, sizeof(s->told));
		find_memory(b);
	}
	before = distance_measure(s->distance, w, threads, 2 * serial);
	if (s->order.nearest > 0 && distance_moved(before, s->order.nearest) &&
	    before > s->order.nearest) {
		if (w->index == 0) {
			s->told.distance_before = before;
			s->told.far = true;
		}
		return; /* all workers got the same distance */
	}
	pool_meet(w); /* with one worker there was no meeting before; find_memory() has ended */
	touch(b, w);
	warm_up(b, w, run, work, done);
	if (s->order.plant_cold)
		make_cold(b, w);
	if (w->index == 0)
		bench_throttled(b, &b->throttled);
	bench_meet(b, w);
	pool_start(w);
	if (w->index == 0)
		b->process_cpu = seconds_by(CLOCK_PROCESS_CPUTIME_ID);
	inside_opens(b, w);
	begun = *done;
	bench_run_until(b, w, run, work, w->start_tsc + length / 2);
	mine->half_tsc = tsc_now();
	mine->half_done = *done - begun;
	bench_run_until(b, w, run, work, w->start_tsc + length);
	mine->done = *done - begun;
	inside_closes(b, w);
	pool_stop(w);
	if (w->index == 0)
		b->process_cpu = seconds_by(CLOCK_PROCESS_CPUTIME_ID) - b->process_cpu;
	add_section(b, w, mine->done);
	if (threads == 1)
		s->told.chase = chase(s);
	b->worker[w->index].speed_after = window_speed();
	after = distance_measure(s->distance, w, threads, 2 * serial + 1);
	pool_meet(w);
	if (w->index == 0) {
		s->told.distance_before = before;
		s->told.distance_after = after;
		s->told.throttled = bench_throttled(b, &b->throttled).times;
		sum_up(b);
	}
}

void bench_slices_run(struct bench *b, struct pool_worker *w,
		      void (*run)(struct bench *b, void *work), void *work, const uint64_t *done)
{
	inside_prepare(b, w);
	bench_meet(b, w);
	sleep_until_turn(b, w, true);
	for (uint64_t serial = 0; b->slices->order.what == SLICE_TAKE; serial++) {
		one_slice(b, w, run, work, done, serial);
		sleep_until_turn(b, w, false);
	}
	inside_ends(b, w);
}
