/* SPDX-License-Identifier: MIT */
/*
 * Statistics of a measurement: the test of chain lengths accepts random ones and
 * rejects others; waits for a lock are counted, and only these;
 * grace periods are timed; pages and hardware counters are reported as they are.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/measure/void.h"
#include "harness/numbers/chains.h"
#include "harness/machine/pages.h"
#include "harness/machine/perf.h"
#include "harness/machine/tsc.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/measured.h"
#include "tests/fixture/variant_fixture.h"

/* ---- chains ---- */

static void fill(struct fixture *fx, const char *variant, uint64_t buckets, uint32_t keys)
{
	const struct ct_variant *v = ct_variant_find(variant);

	assert_non_null(v);
	fixture_open(fx, v, buckets, 1);
	for (uint32_t i = 0; i < keys; i++)
		assert_int_equal(fixture_put_key(fx, i), 0);
}

static struct chains_test
judged(const char *variant, uint64_t buckets, uint32_t keys, uint64_t limit)
{
	struct ct_chains chains = { .limit = limit };
	struct chains_test test;
	struct fixture fx;
	uint64_t sum = 0;

	fill(&fx, variant, buckets, keys);
	assert_int_equal(fx.v->ops->chains(fx.core, &chains), 0);
	assert_int_equal(chains.buckets, limit && limit < buckets ? limit : buckets);
	if (!limit) /* each connection is two entries */
		assert_int_equal(chains.entries, 2 * keys);
	for (unsigned int n = 0; n < CT_CHAIN_LENGTHS; n++)
		sum += chains.length[n];
	assert_int_equal(sum, chains.buckets);
	chains_judge(&chains, 2.0 * keys / (double)buckets, &test);
	fixture_close(&fx);
	return test;
}

static void test_good_hashes_are_accepted(void **state)
{
	static const char *const good[] = {
		"nulls_rcu_jhash2_scale_seqcount",
		"nulls_rcu_jhash2_mask_seqcount",
		"nulls_rcu_siphash",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct chains_test all = judged(good[i], 4096, 4000, 0);
		struct chains_test some = judged(good[i], 4096, 4000, 1000);

		/* the keys are always the same, so this is not random */
		assert_true(all.p > CHAINS_P_LIMIT && some.p > CHAINS_P_LIMIT);
		assert_true(all.freedom >= 4);
		assert_true(fabs(all.variance / all.mean - 1) < 0.1);
		/* in Poisson's chains mean / 2 entries are before one */
		assert_true(fabs(all.walk / (all.mean / 2) - 1) < 0.1);
	}
}

static void test_bad_ones_are_not(void **state)
{
	struct ct_chains even = { .kind = CT_BUCKET_CHAIN,
				  .buckets = 1000,
				  .entries = 2000,
				  .squares = 4000,
				  .longest = 2 };
	struct chains_test test = judged("nulls_rcu_constant", 256, 300, 0);

	(void)state;
	assert_true(test.p < 1e-9);
	assert_true(test.variance > 10 * test.mean);
	/* Neither is a hash that spreads better than chance: it is none. */
	even.length[2] = 1000;
	chains_judge(&even, 0, &test);
	assert_true(test.p < 1e-9 && test.variance == 0);
	/* Buckets with slots are more even than random by design: no verdict. */
	even.kind = CT_BUCKET_SLOTS;
	chains_judge(&even, 0, &test);
	assert_true(isnan(test.p) && test.variance == 0 && test.mean == 2);
	/* An empty table gives no result. */
	even = (struct ct_chains){ .kind = CT_BUCKET_CHAIN, .buckets = 1000 };
	even.length[0] = 1000;
	chains_judge(&even, 0, &test);
	assert_true(isnan(test.p));
}

static void test_what_has_no_buckets(void **state)
{
	struct ct_chains chains = { .limit = 0 };
	struct fixture fx;

	(void)state;
	fill(&fx, "cds_lfht", 64, 10);
	assert_int_equal(fx.v->ops->chains(fx.core, &chains), -EOPNOTSUPP);
	fixture_close(&fx);
}

/* ---- locks ---- */

struct contention {
	spinlock_t lock;
	rwlock_t rwlock;
	_Atomic bool ready;
	struct ct_waits first, second;
};

/* Finds both locks held: waits, and counts it. */
static void *contender(void *arg)
{
	struct contention *c = arg;

	assert_int_equal(ct_waits.locks, 0);
	store_release(&c->ready, true);
	spin_lock(&c->lock, CT_LOCK_LEAF);
	spin_unlock(&c->lock);
	c->first = ct_waits;
	store_release(&c->ready, false);
	while (!load_acquire(&c->ready))
		sched_yield();
	read_lock(&c->rwlock);
	read_unlock(&c->rwlock);
	c->second = ct_waits;
	/* Free locks cause no waits. */
	for (int i = 0; i < 100; i++) {
		spin_lock(&c->lock, CT_LOCK_LEAF);
		spin_unlock(&c->lock);
		read_lock(&c->rwlock);
		read_unlock(&c->rwlock);
	}
	assert_int_equal(ct_waits.locks, c->second.locks);
	return NULL;
}

static void test_forced_contention(void **state)
{
	struct contention c = { .ready = false };
	pthread_t thread;

	(void)state;
	spin_lock(&c.lock, CT_LOCK_LEAF);
	assert_int_equal(pthread_create(&thread, NULL, contender, &c), 0);
	while (!load_acquire(&c.ready))
		sched_yield();
	usleep(20000); /* by then it waits for the lock, on any machine that runs it at all */
	spin_unlock(&c.lock);
	while (load_acquire(&c.ready))
		sched_yield();
	write_lock(&c.rwlock);
	store_release(&c.ready, true);
	usleep(20000);
	write_unlock(&c.rwlock);
	pthread_join(thread, NULL);
	assert_int_equal(c.first.locks, 1);
	assert_true(c.first.lock_ticks > 0);
	assert_int_equal(c.second.locks, 2);
	assert_true(c.second.lock_ticks > c.first.lock_ticks);
	assert_int_equal(ct_waits.locks, 0); /* the holder did not wait */
}

static const struct cell plain = {
	SMALL_CELL,
	.variant = "locked_global",
	.seconds = 0.01,
};

static double number(const json_t *details, const char *part, const char *key)
{
	const json_t *n = json_object_get(json_object_get(details, part), key);

	if (!json_is_number(n))
		fail_msg("there is no %s.%s", part, key);
	return json_number_value(n);
}

static void test_alone_nobody_waits(void **state)
{
	json_t *details = measured(&plain);
	double pace;

	(void)state;
	assert_true(number(details, "locks", "waits") == 0);
	assert_true(number(details, "locks", "wait_s") == 0);
	assert_true(number(details, "metrics", "lock_waits_per_million_ops") == 0);
	assert_true(number(details, "locks", "threads_s") > 0);
	/* The other statistics of the same measurement. */
	assert_true(number(details, "chains", "buckets") == 1024);
	assert_true(number(details, "chains", "p") > 1e-6);
	assert_true(number(details, "pages", "resident_bytes") > 0);
	assert_non_null(json_object_get(details, "perf"));
	/* The same work here and there, whatever the frequencies of the two cores. */
	pace = number(details, "metrics", "pace_ns") /
	       (1e9 * tsc_to_seconds(window_speed()) / WINDOW_SPEED_STEPS);
	assert_true(pace > 0.1 && pace < 10);
	json_decref(details);
}

/* ---- grace periods ---- */

static void test_deferred_nodes_wait(void **state)
{
	struct ct_memory m;
	struct fixture fx;

	(void)state;
	fill(&fx, "plain_rcu_deferred", 256, 500);
	fx.v->ops->memory(fx.core, &m);
	assert_int_equal(m.grace_periods, 0);
	assert_int_equal(m.waiting_bytes, 0);
	assert_int_equal(fx.v->ops->iterate(fx.core, fixture_every, NULL), 500);
	fx.v->ops->barrier(fx.core);
	fx.v->ops->memory(fx.core, &m);
	/* every 64th is timed, the first with it */
	assert_int_equal(m.grace_periods, (500 + 63) / 64);
	assert_true(m.grace_longest > 0 && m.grace_ticks >= m.grace_longest);
	assert_int_equal(m.waiting_bytes, 0);
	assert_true(m.waiting_peak_bytes >= sizeof(struct nf_conn) &&
		    m.waiting_peak_bytes <= 500 * sizeof(struct nf_conn));
	fixture_close(&fx);
}

static void test_resizes_wait(void **state)
{
	struct ct_memory m;
	struct fixture fx;

	(void)state;
	fill(&fx, "nulls_rcu_jhash2_scale_seqcount", 256, 100);
	assert_int_equal(fx.v->ops->iterate(fx.core, fixture_every, NULL), 100);
	fx.v->ops->memory(fx.core, &m);
	assert_int_equal(m.grace_periods, 0); /* nodes are used again at once */
	assert_int_equal(fx.v->ops->resize(fx.core, 1024), 0);
	fx.v->ops->memory(fx.core, &m);
	assert_int_equal(m.grace_periods, 1);
	assert_int_equal(m.waiting_peak_bytes, 256 * 8);
	fixture_close(&fx);
}

/* ---- pages ---- */

static const char smaps[] =
	"55d000000000-55d000100000 r-xp 00000000 08:01 123 /usr/bin/ctbench\n"
	"Size:               1024 kB\n"
	"KernelPageSize:        4 kB\n"
	"Rss:                1024 kB\n"
	"AnonHugePages:         0 kB\n"
	"7f0000000000-7f0000800000 rw-p 00000000 00:00 0 \n" /* 8 MiB, half of it huge */
	"Size:               8192 kB\n"
	"KernelPageSize:        4 kB\n"
	"MMUPageSize:           4 kB\n"
	"Rss:                6144 kB\n"
	"AnonHugePages:      4096 kB\n"
	"VmFlags: rd wr mr mw me ac hg\n"
	"7f1000000000-7f1000400000 rw-p 00000000 00:00 0 /anon_hugepage (deleted)\n"
	"Size:               4096 kB\n"
	"KernelPageSize:     2048 kB\n"
	"Rss:                   0 kB\n"
	"AnonHugePages:         0 kB\n"
	"Private_Hugetlb:    4096 kB\n";

static struct pages_seen scan(const struct ct_range *list, size_t nr, size_t min_bytes)
{
	struct pages_ranges ranges = { 0 };
	struct pages_seen seen;
	FILE *f = fmemopen((void *)smaps, sizeof(smaps) - 1, "r");

	for (size_t i = 0; i < nr; i++)
		pages_add(&list[i], &ranges);
	assert_int_equal(pages_scan(f, &ranges, min_bytes, &seen), 0);
	fclose(f);
	free(ranges.list);
	return seen;
}

static void test_smaps(void **state)
{
	const struct ct_range whole = { "nodes", 0x7f0000000000, 8 << 20 };
	const struct ct_range half[] = {
		{ "nodes", 0x7f0000000000, 4 << 20 },
		{ "buckets", 0x7f1000000000, 4 << 20 },
		{ "nodes", 0x7f0000400000, 4096 },
		{ "nodes", 0x600000000000, 1 << 20 },
	};
	struct pages_seen seen = scan(&whole, 1, 0);
	FILE *f = fmemopen((void *)"nonsense\n", 9, "r");
	struct pages_ranges none = { 0 };

	(void)state;
	assert_int_equal(seen.bytes, 8 << 20);
	assert_int_equal(seen.resident, 6 << 20);
	assert_int_equal(seen.thp, 4 << 20);
	assert_int_equal(seen.hugetlb, 0);
	seen = scan(half, 4, CT_HUGE_PAGE); /* the small one is left out, the last is nowhere */
	assert_int_equal(seen.bytes, 8 << 20);
	assert_int_equal(seen.resident, (3 << 20) + (4 << 20));
	assert_int_equal(seen.thp, 2 << 20);
	assert_int_equal(seen.hugetlb, 4 << 20);
	assert_int_equal(pages_scan(f, &none, 0, &seen), -EIO);
	fclose(f);
}

static void test_pages_asked_for(void **state)
{
	struct cell c = plain;
	struct ct_error e = { 0 };
	struct cell_result r;
	unsigned int nr_free = 0;
	json_t *details;
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");

	(void)state;
	c.flows = 20000;
	c.pages = PAGES_4K;
	details = measured(&c);
	assert_true(number(details, "pages", "thp_bytes") == 0);
	assert_true(number(details, "pages", "resident_bytes") >= 20000 * 256);
	json_decref(details);

	if (f && fscanf(f, "%u", &nr_free) != 1)
		nr_free = 0;
	if (f)
		fclose(f);
	c.pages = PAGES_HUGETLB;
	assert_int_equal(measure_cell(&c, &r, &details, &e), 0);
	if (nr_free < 8) {
		assert_int_equal(r.status, CT_EXIT_SKIP);
		assert_non_null(strstr(r.error, "sysctl vm.nr_hugepages="));
	} else {
		assert_int_equal(r.status, 0);
		assert_true(number(details, "pages", "hugetlb_bytes") >= 20000 * 256);
		json_decref(details);
	}
}

/* ---- hardware counters ---- */

/* The kernel's counter of page faults exists on every machine and shows that counting works. */
static void test_counters_count(void **state)
{
	const size_t bytes = 200 * 4096;
	struct perf_values before, after;
	struct perf_set set;
	char *p;

	(void)state;
	perf_open(&set);
	perf_read(&set, &before);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	madvise(p, bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < bytes; i += 4096)
		((volatile char *)p)[i] = 1;
	perf_read(&set, &after);
	perf_close(&set);
	munmap(p, bytes);
	if (!before.known[PERF_PAGE_FAULTS]) {
		/* A container may forbid even that. */
		assert_true(set.error[PERF_PAGE_FAULTS] != 0);
		skip();
	}
	assert_true(after.count[PERF_PAGE_FAULTS] - before.count[PERF_PAGE_FAULTS] >= 200);
	for (int c = 0; c < NR_PERF; c++)
		assert_int_equal(after.known[c], set.fd[c] >= 0);
}

static int refuse(struct perf_event_attr *attr)
{
	(void)attr;
	errno = EACCES;
	return -1;
}

static int lack(struct perf_event_attr *attr)
{
	(void)attr;
	errno = ENOENT;
	return -1;
}

static void test_counters_absent(void **state)
{
	int (*real)(struct perf_event_attr *) = perf_event_open_fn;
	int (*const without[])(struct perf_event_attr *) = { refuse, lack };
	static const char *const say[] = { "perf", "no such counter" };
	struct perf_values values;
	struct perf_set set;
	char why[160];

	(void)state;
	for (int i = 0; i < 2; i++) {
		perf_event_open_fn = without[i];
		perf_open(&set);
		perf_event_open_fn = real;
		perf_read(&set, &values);
		for (int c = 0; c < NR_PERF; c++) {
			assert_false(values.known[c]);
			assert_non_null(
				strstr(perf_reason(set.error[c], why, sizeof(why)), say[i]));
		}
		perf_close(&set);
	}
}

static int of_this_build(void **state)
{
	(void)state;
	measure_program = CTBENCH_BINARY;
	return 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_good_hashes_are_accepted),
	cmocka_unit_test(test_bad_ones_are_not),
	cmocka_unit_test(test_what_has_no_buckets),
	cmocka_unit_test(test_forced_contention),
	cmocka_unit_test(test_alone_nobody_waits),
	cmocka_unit_test(test_deferred_nodes_wait),
	cmocka_unit_test(test_resizes_wait),
	cmocka_unit_test(test_smaps),
	cmocka_unit_test(test_pages_asked_for),
	cmocka_unit_test(test_counters_count),
	cmocka_unit_test(test_counters_absent),
};
CT_TEST_MAIN(tests, of_this_build, NULL)
