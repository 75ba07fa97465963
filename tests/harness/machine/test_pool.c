/* SPDX-License-Identifier: MIT */
/* The worker pool: all at once, each on its CPU, and its figures of a section; the clock; memory
 * figures. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/machine/memstat.h"
#include "harness/machine/pool.h"
#include "harness/machine/topology.h"
#include "harness/machine/tsc.h"
#include "tests/fixture/cmocka.h"

#define MAX 64

static struct pool *open_pool(unsigned int threads)
{
	unsigned int cpus[MAX];
	struct ct_error e = { 0 };
	struct pool *pool;

	assert_true(threads <= MAX);
	assert_int_equal(topology_plan(PIN_COMPACT, NULL, threads, true, cpus, &e), 0);
	assert_int_equal(pool_create(&pool, cpus, threads, &e), 0);
	assert_int_equal(pool_threads(pool), threads);
	return pool;
}

static unsigned int some_cpus(void)
{
	return topology_nr_cpus() < MAX ? topology_nr_cpus() : MAX;
}

static uint64_t thread_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void burn(uint64_t ns)
{
	uint64_t start = thread_ns();

	while (thread_ns() - start < ns)
		;
}

struct notes {
	unsigned int runs[MAX];
	int cpu[MAX];
	_Atomic unsigned int inside;
};

static void note(void *arg, struct pool_worker *w)
{
	struct notes *notes = arg;

	notes->runs[w->index]++;
	notes->cpu[w->index] = sched_getcpu();
}

static void every_worker_on_its_cpu(void **state)
{
	unsigned int threads = some_cpus();
	struct pool *pool = open_pool(threads);
	struct notes notes = { 0 };
	struct pool_sum sum;

	(void)state;
	for (unsigned int run = 1; run <= 200; run++) {
		pool_run(pool, note, &notes);
		for (unsigned int i = 0; i < threads; i++) {
			const struct pool_worker *w = pool_worker(pool, i);

			assert_int_equal(w->index, i);
			assert_int_equal(notes.runs[i], run);
			assert_int_equal(notes.cpu[i], w->cpu);
			assert_true(w->pin_held);
			assert_int_equal(w->start_tsc, pool_worker(pool, 0)->start_tsc);
			assert_true(w->began_tsc >= w->start_tsc);
			assert_true(w->ended_tsc > w->began_tsc);
		}
	}
	pool_sum(pool, &sum);
	assert_int_equal(sum.migrated_cpu, -1);
	pool_destroy(pool);
}

/* Work whose length differs by worker. */
static void uneven(void *arg, struct pool_worker *w)
{
	(void)arg;
	burn(1000000u * (1 + w->index % 3));
}

static void check_sum(const struct pool *pool)
{
	uint64_t lb = 0, fb = UINT64_MAX, le = 0, fe = UINT64_MAX, cpu_ns = 0;
	struct pool_sum s;

	pool_sum(pool, &s);
	for (unsigned int i = 0; i < pool_threads(pool); i++) {
		const struct pool_worker *w = pool_worker(pool, i);

		lb = w->began_tsc > lb ? w->began_tsc : lb;
		fb = w->began_tsc < fb ? w->began_tsc : fb;
		le = w->ended_tsc > le ? w->ended_tsc : le;
		fe = w->ended_tsc < fe ? w->ended_tsc : fe;
		assert_true(w->cpu_ns >= 1000000u * (1 + i % 3));
		cpu_ns += w->cpu_ns;
	}
	assert_int_equal(s.last_begin, lb);
	assert_int_equal(s.first_begin, fb);
	assert_int_equal(s.last_end, le);
	assert_int_equal(s.first_end, fe);
	assert_true(s.span * tsc_per_second() > (double)(le - fb) - 1);
	assert_true(s.skew * tsc_per_second() < (double)(lb - fb) + 1);
	assert_true(s.window <= s.span);
	if (fe > lb)
		assert_true(s.window > 0);
	assert_true(s.cpu_seconds > (double)cpu_ns / 1e9 - 1e-9 &&
		    s.cpu_seconds < (double)cpu_ns / 1e9 + 1e-9);
}

/* Often and crowded, so that the first and the last are now one worker, now another. */
static void sums(void **state)
{
	struct pool *pool = open_pool(4 * topology_nr_cpus() > MAX ? MAX : 4 * topology_nr_cpus());

	(void)state;
	for (int i = 0; i < 10; i++) {
		pool_run(pool, uneven, NULL);
		check_sum(pool);
	}
	pool_destroy(pool);
}

#define ROUNDS 30

struct relay {
	uint64_t said[MAX]; /* plain memory on purpose: meeting must order it */
	unsigned int threads;
	_Atomic unsigned int wrong;
};

/* In each round every worker writes its word, meets, and reads all words. */
static void relay(void *arg, struct pool_worker *w)
{
	struct relay *r = arg;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		r->said[w->index] = round;
		pool_meet(w);
		for (unsigned int i = 0; i < r->threads; i++)
			if (r->said[i] != round)
				add_relaxed(&r->wrong, 1);
		if (round % 2)
			pool_meet(w);
		else
			pool_start(w);
	}
}

static void meeting_orders_memory(void **state)
{
	struct relay r = { .threads = some_cpus() };
	struct pool *pool = open_pool(r.threads);

	(void)state;
	for (int i = 0; i < 20; i++)
		pool_run(pool, relay, &r);
	assert_int_equal(load_relaxed(&r.wrong), 0);
	pool_destroy(pool);
}

static void crowded_pools_get_on(void **state)
{
	struct relay r = { .threads = 4 * topology_nr_cpus() > MAX ? MAX : 4 * topology_nr_cpus() };
	struct pool *pool = open_pool(r.threads);
	struct notes notes = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		pool_run(pool, relay, &r);
	assert_int_equal(load_relaxed(&r.wrong), 0);
	pool_run(pool, note, &notes);
	for (unsigned int i = 0; i < r.threads; i++)
		assert_int_equal(notes.runs[i], 1);
	pool_destroy(pool);
}

#define BURN_NS 20000000u

static void burn_around_section(void *arg, struct pool_worker *w)
{
	uint64_t *starts = arg;

	burn(BURN_NS);
	starts[w->index] = w->start_tsc;
	pool_start(w);
	burn(1000);
	pool_stop(w);
	burn(BURN_NS);
}

static void section_is_what_is_measured(void **state)
{
	unsigned int threads = some_cpus();
	struct pool *pool = open_pool(threads);
	uint64_t starts[MAX];
	struct pool_sum sum;

	(void)state;
	pool_run(pool, burn_around_section, starts);
	for (unsigned int i = 0; i < threads; i++) {
		const struct pool_worker *w = pool_worker(pool, i);

		assert_true(w->cpu_ns >= 1000);
		assert_true(w->cpu_ns < BURN_NS / 2);
		assert_true(w->start_tsc > starts[i]);
	}
	pool_sum(pool, &sum);
	assert_true(sum.cpu_seconds < threads * (BURN_NS / 2) / 1e9);
	pool_destroy(pool);
}

static void *_Atomic kept;

static void allocate(void *arg, struct pool_worker *w)
{
	unsigned int *who = arg;

	if (w->index == *who) {
		kept = malloc(100000);
		free(kept);
	}
}

static void allocations_are_seen(void **state)
{
	unsigned int threads = some_cpus(), nobody = MAX, last = threads - 1;
	struct pool *pool = open_pool(threads);
	struct pool_sum sum;
	uint64_t bytes;

	(void)state;
	pool_run(pool, allocate, &nobody);
	pool_sum(pool, &sum);
	assert_int_equal(sum.allocated_known, memstat_thread_allocated(&bytes));
	assert_int_equal(sum.allocated, 0);
	pool_run(pool, allocate, &last);
	pool_sum(pool, &sum);
	if (sum.allocated_known)
		assert_true(sum.allocated >= 100000);
	pool_destroy(pool);
}

static void wander(void *arg, struct pool_worker *w)
{
	cpu_set_t *everywhere = arg;

	if (w->index == 1)
		sched_setaffinity(0, sizeof(*everywhere), everywhere);
}

static void lost_pins_are_seen(void **state)
{
	cpu_set_t everywhere;
	struct pool_sum sum;
	struct pool *pool;

	(void)state;
	if (topology_nr_cpus() < 2)
		skip();
	pool = open_pool(2);
	assert_int_equal(sched_getaffinity(0, sizeof(everywhere), &everywhere), 0);
	pool_run(pool, wander, &everywhere);
	assert_true(pool_worker(pool, 0)->pin_held);
	assert_false(pool_worker(pool, 1)->pin_held);
	pool_sum(pool, &sum);
	assert_int_equal(sum.migrated_cpu, pool_worker(pool, 1)->cpu);
	pool_destroy(pool);
}

static unsigned int nr_threads_now(void)
{
	unsigned int n = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && sscanf(line, "Threads: %u", &n) != 1)
		;
	fclose(f);
	return n;
}

static void pools_that_cannot_be(void **state)
{
	unsigned int cpus[2] = { (unsigned int)sched_getcpu(), 16000 }, before = nr_threads_now(),
		     after;
	struct ct_error e = { 0 };
	struct pool *pool;

	(void)state;
	pool_destroy(NULL);
	assert_int_equal(pool_create(&pool, cpus, 0, &e), -EINVAL);
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_null(pool);
	e.status = 0;
	assert_int_equal(pool_create(&pool, cpus, CT_MAX_THREADS + 1, &e), -EINVAL);
	e.status = 0;
	assert_true(pool_create(&pool, cpus, 2, &e) < 0);
	assert_null(pool);
	assert_non_null(strstr(e.text, "CPU 16000"));
	/* The kernel counts a thread for a moment after it was joined. */
	for (int i = 0; (after = nr_threads_now()) > before && i < 1000; i++)
		usleep(1000);
	assert_true(after <= before);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Each clock once encloses the other, so that being interrupted cannot make it fail. */
static void clock_counts_time(void **state)
{
	double outer0 = seconds(), inner0, inner1, outer1, by_tsc;
	uint64_t t0 = tsc_now_ordered(), t1;

	(void)state;
	inner0 = seconds();
	do
		inner1 = seconds();
	while (inner1 - inner0 < 0.05);
	t1 = tsc_now_ordered();
	outer1 = seconds();
	by_tsc = tsc_to_seconds(t1 - t0);
	assert_true(by_tsc > (inner1 - inner0) * 0.999);
	assert_true(by_tsc < (outer1 - outer0) * 1.001);
	assert_true(tsc_now() >= t1);
	assert_true(tsc_from_seconds(1) > 1000000);
	assert_true(strlen(tsc_name()) > 0);
}

static void memory_figures(void **state)
{
	uint64_t before = memstat_allocated(), during, rss = memstat_rss();
	char name[96];
	char *p = malloc(8 << 20);

	(void)state;
	assert_non_null(p);
	memset(p, 1, 8 << 20);
	kept = p;
	during = memstat_allocated();
	assert_true(during >= before + (8 << 20));
	assert_true(during < before + (16 << 20));
	assert_true(memstat_rss() >= rss + (4 << 20));
	assert_true(memstat_rss_peak() >= 8 << 20);
	free(kept);
	assert_true(memstat_allocated() < before + (1 << 20));
	assert_ptr_equal(memstat_allocator(name, sizeof(name)), name);
	assert_true(strchr(name, ' ') || *name);
}

/* A clock that another process calibrated is used without calibrating again. */
static void a_clock_that_was_told(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
#if !defined(__x86_64__)
	skip();
#endif
	if (!child) {
		execl("/proc/self/exe", "test_pool", "--told", (char *)NULL);
		_exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int told(void)
{
	tsc_set_per_second(12345678);
	return tsc_per_second() != 12345678;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_worker_on_its_cpu),
		cmocka_unit_test(sums),
		cmocka_unit_test(meeting_orders_memory),
		cmocka_unit_test(crowded_pools_get_on),
		cmocka_unit_test(section_is_what_is_measured),
		cmocka_unit_test(allocations_are_seen),
		cmocka_unit_test(lost_pins_are_seen),
		cmocka_unit_test(pools_that_cannot_be),
		cmocka_unit_test(clock_counts_time),
		cmocka_unit_test(a_clock_that_was_told),
		cmocka_unit_test(memory_figures),
	};

	if (argc > 1 && !strcmp(argv[1], "--told"))
		return told();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
