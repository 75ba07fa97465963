/* SPDX-License-Identifier: MIT */
/* Measures the machine's bounds, in a separate process: see bounds_measure.h. */
#include "harness/measure/bounds_measure.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/bounds_internal.h"
#include "harness/machine/distance.h"
#include "harness/machine/pages.h"
#include "harness/machine/pool.h"
#include "harness/numbers/random.h"
#include "harness/machine/topology.h"
#include "harness/machine/tsc.h"
#include "variants/mem.h"

_Static_assert(sizeof(struct bounds_line) == CT_CACHE_LINE, "a line is a line");

/* --- Walks --- */

/*
 * k walks in parallel, one step of each in turn: k lines are requested before the
 * first is needed again.  k is a constant, so that up to about a dozen positions stay
 * in registers; more are in the first-level cache.
 */
static __always_inline void walk(struct bounds_work *w, const unsigned int k)
{
	struct bounds_line *p[BOUNDS_MAX_IN_FLIGHT];

#pragma GCC unroll 32
	for (unsigned int i = 0; i < k; i++)
		p[i] = w->at[i];
	for (unsigned int n = BOUNDS_BATCH / k; n; n--) {
#pragma GCC unroll 32
		for (unsigned int i = 0; i < k; i++)
			p[i] = p[i]->next;
	}
#pragma GCC unroll 32
	for (unsigned int i = 0; i < k; i++)
		w->at[i] = p[i];
	w->ops += BOUNDS_BATCH;
}

#define DISTANCE_CPUS 32 /* if a machine has more, only pairs of the first ones */
#define WALK(k) \
	static void walk_##k(struct bounds_work *w) \
	{ \
		walk(w, k); \
	}
WALK(1)
WALK(2)
WALK(4)
WALK(8)
WALK(16)
WALK(32)

static const struct {
	unsigned int in_flight;
	bounds_fn *fn;
} walks[] = { { 1, walk_1 }, { 2, walk_2 },   { 4, walk_4 },
	      { 8, walk_8 }, { 16, walk_16 }, { 32, walk_32 } };

/*
 * Links lines into one ring in random order, so that no prefetcher guesses the next
 * one: a permutation (Fisher and Yates, by Knuth), linked in its order.  order
 * has room for n, and for BOUNDS_MAX_AHEAD more.
 */
static void link_lines(struct bounds_line *lines, uint32_t *order, uint32_t n)
{
	uint64_t state = 20231;

	if (!n)
		return;
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n - 1; i; i--) {
		uint32_t k = (uint32_t)((unsigned __int128)splitmix64(&state) * (i + 1) >> 64);
		uint32_t t = order[i];

		order[i] = order[k];
		order[k] = t;
	}
	for (uint32_t i = 0; i < n; i++)
		lines[order[i]].next = &lines[order[i + 1 == n ? 0 : i + 1]];
	/* Prefetching ahead wraps at the end. */
	for (uint32_t i = 0; i < BOUNDS_MAX_AHEAD; i++)
		order[n + i] = order[i % n];
}

/* --- Atomics --- */

static void add(struct bounds_work *w)
{
	_Atomic uint64_t *counter = w->counter;

	for (unsigned int i = 0; i < BOUNDS_BATCH; i++)
		atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
	w->ops += BOUNDS_BATCH;
}

/* --- One figure --- */

struct measuring {
	const struct bounds_request *q;
	struct pool *pool;
	struct bounds_work *work; /* [threads] */
	bounds_fn *fn;
	unsigned int threads;
	json_t *out;
};

static void worker(void *arg, struct pool_worker *p)
{
	struct measuring *m = arg;
	struct bounds_work *w = &m->work[p->index];
	uint64_t end = tsc_now() + tsc_from_seconds(m->q->window / 4);

	do
		m->fn(w);
	while (tsc_now() < end);
	pool_start(p);
	w->ops = 0;
	end = p->start_tsc + tsc_from_seconds(m->q->window);
	do
		m->fn(w);
	while (tsc_now() < end);
	pool_stop(p);
}

/* ns per operation and thread; NAN if unknown. */
static double measure(struct measuring *m, bounds_fn *fn)
{
	struct pool_sum sum;
	double ns = 0;

	m->fn = fn;
	pool_run(m->pool, worker, m);
	pool_sum(m->pool, &sum);
	if (sum.migrated_cpu >= 0)
		return NAN;
	for (unsigned int i = 0; i < m->threads; i++) {
		const struct pool_worker *p = pool_worker(m->pool, i);

		ns += 1e9 * tsc_to_seconds(p->ended_tsc - p->began_tsc) / (double)m->work[i].ops;
	}
	return ns / m->threads;
}

/* A figure, with those of "bytes", "in_flight" and "hash" that apply. */
static void tell(struct measuring *m, const char *bound, uint64_t bytes, unsigned int in_flight,
		 const char *hash, double ns)
{
	json_t *one = json_pack("{s:s, s:i}", "bound", bound, "threads", (int)m->threads);

	if (bytes)
		json_object_set_new(one, "bytes", json_integer((json_int_t)bytes));
	if (in_flight)
		json_object_set_new(one, "in_flight", json_integer((json_int_t)in_flight));
	if (hash)
		json_object_set_new(one, "hash", json_string(hash));
	json_object_set_new(one, "ns", isfinite(ns) ? json_real(ns) : json_null());
	json_array_append_new(m->out, one);
}

/* All walks, of all threads, begin at different places. */
static void
measure_walk(struct measuring *m, struct bounds_line *lines, uint64_t bytes, size_t which)
{
	const unsigned int k = walks[which].in_flight;
	const uint64_t n = bytes / sizeof(*lines);

	for (unsigned int i = 0; i < m->threads; i++)
		for (unsigned int j = 0; j < k; j++)
			m->work[i].at[j] =
				&lines[((uint64_t)i * k + j) * n / ((uint64_t)m->threads * k)];
	tell(m, k == 1 ? "dependent" : "independent", bytes, k, NULL, measure(m, walks[which].fn));
}

/* The last figure has one more word, or number. */
static void also(struct measuring *m, const char *key, json_t *value)
{
	json_object_set_new(json_array_get(m->out, json_array_size(m->out) - 1), key, value);
}

static void
measure_lines(struct measuring *m, struct bounds_line *lines, const uint32_t *order, uint64_t bytes)
{
	static const uint32_t distances[] = { 16, 48, BOUNDS_MAX_AHEAD };
	const uint32_t n = (uint32_t)(bytes / sizeof(*lines));

	for (size_t i = 0; i < nr_bounds_lines; i++) {
		const struct bounds_lines *b = &bounds_lines[i];

		for (size_t d = 0; d < (b->hint ? ARRAY_SIZE(distances) : 1); d++) {
			for (unsigned int t = 0; t < m->threads; t++) {
				m->work[t].lines = lines;
				m->work[t].order = order;
				m->work[t].nr_lines = n;
				m->work[t].pos = (uint32_t)((uint64_t)n * t / m->threads);
				m->work[t].ahead = b->hint ? distances[d] : 0;
			}
			tell(m, b->bound, bytes, 0, NULL, measure(m, b->fn));
			if (!b->hint)
				continue;
			also(m, "hint", json_string(b->hint));
			also(m, "ahead", json_integer(distances[d]));
		}
	}
}

static void measure_small(struct measuring *m)
{
	static const struct bounds_hash *const hashes[] = {
		&bounds_hash_jhash2,
		&bounds_hash_siphash,
		&bounds_hash_crc32c,
	};

	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		if (!hashes[i]->supported())
			continue;
		tell(m, "hash_latency", 0, 0, hashes[i]->name, measure(m, hashes[i]->latency));
		tell(m, "hash_throughput", 0, 0, hashes[i]->name,
		     measure(m, hashes[i]->throughput));
	}
	for (unsigned int i = 0; i < m->threads; i++)
		m->work[i].counter = &m->work[i].own;
	tell(m, "atomic", 0, 0, NULL, measure(m, add));
	if (m->threads < 2)
		return;
	for (unsigned int i = 0; i < m->threads; i++)
		m->work[i].counter = &m->work[0].own;
	tell(m, "atomic_shared", 0, 0, NULL, measure(m, add));
}

/* Gaps are rare, so this window is longer. */
#define AWAY_WINDOWS 5

static int measure_away(struct measuring *m, struct ct_error *e)
{
	static const struct {
		const char *name;
		double share;
	} percentiles[] = {
		{ "p99", 0.99 },
		{ "p999", 0.999 },
		{ "max", 1 },
	};
	static struct ct_histogram gaps;
	uint64_t ticks;
	int err = bounds_away(m->pool, m->threads, AWAY_WINDOWS * m->q->window, &gaps, &ticks);

	if (err == -ENOMEM)
		return ct_fail(e, err, CT_EXIT_USER, "no memory to watch %u CPUs", m->threads);
	for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++) {
		double ns =
			1e9 * tsc_to_seconds(bounds_away_at(&gaps, ticks, percentiles[i].share));

		tell(m, "away", 0, 0, NULL, err ? NAN : ns);
		also(m, "percentile", json_string(percentiles[i].name));
	}
	return 0;
}

/* --- All of them --- */

/* Footprints from one that fits into the first cache to the largest, each eight times the last. */
static uint64_t next_bytes(uint64_t bytes, uint64_t largest)
{
	if (bytes >= largest)
		return 0;
	/* avoid two that are almost equal */
	return bytes * 12 >= largest ? largest : bytes * 8;
}

static int open_threads(struct measuring *m, const struct bounds_request *q, unsigned int threads,
			struct ct_error *e)
{
	unsigned int *cpus = calloc(threads, sizeof(*cpus));
	int err;

	m->threads = threads;
	m->work = aligned_alloc(_Alignof(struct bounds_work), threads * sizeof(*m->work));
	if (!cpus || !m->work) {
		free(cpus);
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for %u threads", threads);
	}
	memset((void *)m->work, 0, threads * sizeof(*m->work));
	err = topology_plan(q->pin, q->cpus, threads, false, cpus, e);
	if (!err)
		err = pool_create(&m->pool, cpus, threads, e);
	free(cpus);
	return err;
}

static void close_threads(struct measuring *m)
{
	pool_destroy(m->pool);
	free(m->work);
	m->pool = NULL;
	m->work = NULL;
}

/* All pairs of CPUs; of a large machine those of the first. */
static int
measure_distances(struct measuring *m, const struct bounds_request *q, struct ct_error *e)
{
	unsigned int cpus[DISTANCE_CPUS], nr = topology_nr_cpus();
	int err;

	nr = nr < DISTANCE_CPUS ? nr : DISTANCE_CPUS;
	err = topology_plan(PIN_COMPACT, q->cpus, nr, false, cpus, e);
	for (unsigned int i = 0; i < nr && !err; i++)
		for (unsigned int k = i + 1; k < nr && !err; k++) {
			double ns;

			err = distance_between(cpus[i], cpus[k], &ns, e);
			json_array_append_new(
				m->out, json_pack("{s:s, s:i, s:[i, i], s:o}", "bound", "distance",
						  "threads", 2, "cpus", (int)cpus[i], (int)cpus[k],
						  "ns", ns > 0 ? json_real(ns) : json_null()));
		}
	return err;
}

json_t *bounds_measure(const struct bounds_request *q, struct ct_error *e)
{
	const enum ct_pages pages = q->pages == PAGES_4K	? CT_PAGES_4K
				    : q->pages == PAGES_HUGETLB ? CT_PAGES_HUGETLB
								: CT_PAGES_THP;
	const uint64_t largest = q->bytes / CT_CACHE_LINE * CT_CACHE_LINE;
	struct measuring m = { .q = q };
	struct bounds_line *lines;
	uint32_t *order;
	char what[64];
	int err = 0;

	snprintf(what, sizeof(what), "%llu MiB (--bytes)", (unsigned long long)largest >> 20);
	if (pages == CT_PAGES_HUGETLB &&
	    pages_check_pool(ct_mem_size(largest, pages) / CT_HUGE_PAGE, what, e))
		return NULL;
	lines = ct_mem_alloc(largest, pages);
	order = malloc((largest / CT_CACHE_LINE + BOUNDS_MAX_AHEAD) * sizeof(*order));
	m.out = json_array();
	if (!lines || !order || !m.out) {
		err = ct_fail(e, -ENOMEM, CT_EXIT_USER,
			      "no memory for a footprint of %llu MiB%s: ask for less (--bytes)",
			      (unsigned long long)largest >> 20,
			      pages == CT_PAGES_HUGETLB ? " in huge pages" : "");
		goto out;
	}
	/* One ring serves all threads, so footprints are the outer loop. */
	for (uint64_t bytes = largest < 32768 ? largest : 32768; bytes && !err;
	     bytes = next_bytes(bytes, largest)) {
		link_lines(lines, order, (uint32_t)(bytes / sizeof(*lines)));
		for (unsigned int t = 0; t < q->nr_threads && !err; t++) {
			err = open_threads(&m, q, q->threads[t], e);
			for (size_t i = 0; i < ARRAY_SIZE(walks) && !err; i++)
				if (!i || bytes == largest)
					measure_walk(&m, lines, bytes, i);
			if (!err && bytes == largest)
				measure_lines(&m, lines, order, bytes);
			close_threads(&m);
		}
	}
	for (unsigned int t = 0; t < q->nr_threads && !err; t++) {
		err = open_threads(&m, q, q->threads[t], e);
		if (!err)
			measure_small(&m);
		if (!err)
			err = measure_away(&m, e);
		close_threads(&m);
	}
	if (!err)
		err = measure_distances(&m, q, e);
out:
	ct_mem_free(lines, largest, pages);
	free(order);
	if (err) {
		json_decref(m.out);
		return NULL;
	}
	return m.out;
}
