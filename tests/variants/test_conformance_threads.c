/* SPDX-License-Identifier: MIT */
/*
 * Many threads at once, for every registered variant: they insert, find and
 * delete, also during resizes, and the counts of insertions and removals of each key
 * must balance.
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "tests/fixture/conformance_fixture.h"

#define THREADS	   4u
#define FIXED_KEYS 200u /* always in */
#define CHURN_KEYS 64u	/* few, so that threads collide */

struct storm {
	struct fixture fx;
	unsigned int steps;
	_Atomic bool stop;		/* for the resizer */
	_Atomic unsigned int resizes;	/* odd: one is under way */
	_Atomic int ledger[CHURN_KEYS]; /* successful inserts less successful kills */
	_Atomic unsigned int errors, running;
	char first_error[200];
};

struct storm_thread {
	struct storm *s;
	unsigned int cpu;
	pthread_t thread;
};

static void storm_error(struct storm *s, const char *what, uint32_t key)
{
	if (!atomic_fetch_add(&s->errors, 1))
		snprintf(s->first_error, sizeof(s->first_error), "%s (key %u)", what, key);
}

/*
 * A nulls walk that a resize overtakes may miss an entry, as in the kernel
 * (see chain/nulls_rcu.h).  Excused, but only while a resize ran.
 */
static bool excused(struct storm *s, unsigned int resizes_before)
{
	if (strcmp(variant->axes.chain, "nulls_rcu") || strcmp(variant->axes.resize, "seqcount"))
		return false;
	return resizes_before & 1 || atomic_load(&s->resizes) != resizes_before;
}

static void *storm_worker(void *arg)
{
	struct storm_thread *me = arg;
	struct storm *s = me->s;
	const struct nf_conntrack_ops *ops = variant->ops;
	uint64_t seed = me->cpu * 104729;

	variant->thread_begin(s->fx.core, me->cpu);
	for (unsigned int i = 0; i < s->steps; i++) {
		uint64_t r = fixture_random(&seed);
		uint32_t fixed = (uint32_t)(r >> 32) % FIXED_KEYS;
		uint32_t churn = (uint32_t)(r >> 16) % CHURN_KEYS, key = FIXED_KEYS + churn;
		unsigned int before = atomic_load(&s->resizes);
		struct nf_conntrack_tuple t = fixture_tuple(r & 8 ? key : fixed);
		struct nf_conntrack_tuple_hash *h;
		struct nf_conn *ct;

		switch (r % 4) {
		case 0: /* insert */
			t = fixture_tuple(key);
			if (!fixture_insert(&s->fx, s->fx.net, &nf_ct_zone_dflt, &t, HOUR))
				atomic_fetch_add(&s->ledger[churn], 1);
			break;
		case 1: /* kill */
			t = fixture_tuple(key);
			h = ops->find_get(s->fx.net, &nf_ct_zone_dflt, &t);
			if (!h)
				break;
			ct = nf_ct_tuplehash_to_ctrack(h);
			if (!nf_ct_tuple_equal(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), &t))
				storm_error(s, "a found entry has another key", key);
			if (ops->kill(ct))
				atomic_fetch_sub(&s->ledger[churn], 1);
			ops->put(ct);
			break;
		default: /* find, by either direction */
			if (r & 16)
				t = fixture_reply(&t);
			h = ops->find_get(s->fx.net, &nf_ct_zone_dflt, &t);
			if (h) {
				ct = nf_ct_tuplehash_to_ctrack(h);
				if (!nf_ct_tuple_equal(nf_ct_tuple(ct, NF_CT_DIRECTION(h)), &t))
					storm_error(s, "a found entry has another key", key);
				ops->put(ct);
			} else if (!(r & 8) && !excused(s, before)) {
				storm_error(s, "an entry was not found", fixed);
			}
			break;
		}
		if (i % 64 == 0) { /* between batches a worker may be idle for a while */
			variant->thread_offline(s->fx.core);
			variant->thread_online(s->fx.core);
		}
	}
	variant->thread_end(s->fx.core);
	atomic_fetch_sub(&s->running, 1);
	return NULL;
}

static void *storm_resizer(void *arg)
{
	static const uint64_t sizes[] = { 1, 256, 5, 1000, 64, 2 };
	struct storm_thread *me = arg;
	struct storm *s = me->s;
	unsigned int done = 0;

	variant->thread_begin(s->fx.core, me->cpu);
	for (unsigned int i = 0; atomic_load(&s->running) || !done; i++) {
		uint64_t size = sizes[i % ARRAY_SIZE(sizes)];

		if (variant->bucket_rule(size))
			continue;
		atomic_fetch_add(&s->resizes, 1);
		if (variant->ops->resize(s->fx.core, size))
			storm_error(s, "resize failed", (uint32_t)size);
		atomic_fetch_add(&s->resizes, 1);
		done++;
	}
	variant->thread_end(s->fx.core);
	return NULL;
}

static void run_storm(uint64_t buckets, bool resize)
{
	struct storm_thread thread[THREADS + 1];
	struct storm s;
	unsigned int nr = THREADS, in = 0, seen = 0;

	memset(&s, 0, sizeof(s));
	/* The constant hash makes every step walk everything. */
	s.steps = (variant->flags & CT_V_WORST ? 2000 : 20000) / (CT_TSAN ? 4 : 1);
	atomic_store(&s.running, THREADS);
	fixture_open(&s.fx, variant, buckets, THREADS + 2);
	for (uint32_t i = 0; i < FIXED_KEYS; i++)
		assert_int_equal(fixture_put_key(&s.fx, i), 0);
	variant->thread_offline(s.fx.core);
	for (unsigned int i = 0; i < THREADS; i++) {
		thread[i] = (struct storm_thread){ .s = &s, .cpu = i + 1 };
		assert_int_equal(pthread_create(&thread[i].thread, NULL, storm_worker, &thread[i]),
				 0);
	}
	if (resize) {
		thread[nr] = (struct storm_thread){ .s = &s, .cpu = nr + 1 };
		assert_int_equal(
			pthread_create(&thread[nr].thread, NULL, storm_resizer, &thread[nr]), 0);
		nr++;
	}
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(thread[i].thread, NULL);
	variant->thread_online(s.fx.core);

	if (atomic_load(&s.errors))
		fail_msg("%u errors, the first: %s", atomic_load(&s.errors), s.first_error);
	for (uint32_t i = 0; i < FIXED_KEYS; i++)
		assert_true(fixture_has(&s.fx, i));
	for (uint32_t i = 0; i < CHURN_KEYS; i++) {
		int balance = atomic_load(&s.ledger[i]);

		assert_true(balance == 0 || balance == 1);
		assert_int_equal(fixture_has(&s.fx, FIXED_KEYS + i), balance);
		in += (unsigned int)balance;
	}
	assert_int_equal(variant->ops->iterate(s.fx.core, count_one, &seen), 0);
	assert_int_equal(seen, FIXED_KEYS + in);
	assert_int_equal(fixture_live_nodes(&s.fx), seen);
	assert_int_equal(nf_conntrack_count(s.fx.net), seen);
	fixture_close(&s.fx);
}

static void test_threads(void **state)
{
	(void)state;
	run_storm(256, false);
}

static void test_threads_one_bucket(void **state)
{
	(void)state;
	if (that_fit(1, FIXED_KEYS) < FIXED_KEYS)
		skip(); /* a capped chain does not hold that many */
	run_storm(1, false);
}

static void test_threads_with_resize(void **state)
{
	(void)state;
	if (!(variant->flags & CT_V_RESIZE))
		skip();
	run_storm(64, true);
}

#define SLOW_PAIRS (CT_TSAN ? 8000u : 20000u)

/* A thread that sleeps inside a read-side section, so that no grace period ends. */
static void *slow_reader(void *arg)
{
	const struct timespec nap = { .tv_nsec = 50000000 };
	struct storm *s = arg;

	variant->thread_begin(s->fx.core, 1);
	atomic_store(&s->running, 1);
	nanosleep(&nap, NULL);
	variant->thread_end(s->fx.core);
	return NULL;
}

/* Memory that waits for such a thread must not fill a table that has two connections. */
static void test_slow_reader(void **state)
{
	struct nf_conntrack_tuple t = fixture_tuple(1);
	struct nf_conntrack_tuple_hash *h;
	pthread_t thread;
	struct storm s;

	(void)state;
	memset(&s, 0, sizeof(s));
	fixture_open(&s.fx, variant, 256, 3);
	assert_int_equal(fixture_put_key(&s.fx, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, slow_reader, &s), 0);
	while (!atomic_load(&s.running))
		sched_yield();
	for (unsigned int i = 0; i < SLOW_PAIRS; i++) {
		assert_int_equal(fixture_insert(&s.fx, s.fx.net, &nf_ct_zone_dflt, &t, HOUR), 0);
		h = variant->ops->find_get(s.fx.net, &nf_ct_zone_dflt, &t);
		assert_non_null(h);
		assert_true(variant->ops->kill(nf_ct_tuplehash_to_ctrack(h)));
		variant->ops->put(nf_ct_tuplehash_to_ctrack(h));
	}
	variant->thread_offline(s.fx.core);
	pthread_join(thread, NULL);
	variant->thread_online(s.fx.core);
	assert_true(fixture_has(&s.fx, 0));
	fixture_close(&s.fx);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_threads_one_bucket),
		cmocka_unit_test(test_threads_with_resize),
		cmocka_unit_test(test_slow_reader),
	};
	int status = conformance_begin_kept(argc, argv);

	if (status)
		return status;
	if (variant->flags & CT_V_UNSHARED) {
		printf("threads of %s share no connection (test_unshared)\n", variant->name);
		return CT_EXIT_SKIP;
	}
	return cmocka_run_group_tests_name("conformance_threads", tests, NULL, NULL);
}
