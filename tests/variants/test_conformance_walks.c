/* SPDX-License-Identifier: MIT */
/*
 * Walks over a table, for every registered variant: gc in pieces, early drop's search, and
 * whole walks during a resize.
 */
#include <pthread.h>
#include <time.h>

#include "tests/fixture/conformance_fixture.h"

#define KEYS 150u

static uint32_t fill(struct fixture *fx, uint64_t buckets)
{
	uint32_t nr = that_fit(buckets, KEYS);

	fixture_open(fx, variant, buckets, 2);
	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(fixture_put_key(fx, i), 0);
	return nr;
}

static const uint64_t bucket_counts[] = { 1, 5, 8, 64, 1000 };

/* One round of gc visits every bucket, including the first and the last. */
static void test_gc_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bucket_counts); i++) {
		struct fixture fx;
		uint32_t nr;

		if (variant->bucket_rule(bucket_counts[i]))
			continue;
		nr = fill(&fx, bucket_counts[i]);
		store_relaxed(&fx.core->now, HOUR + 1);
		assert_int_equal(variant->ops->gc(fx.core, variant->ops->scan_size(fx.core)), nr);
		assert_int_equal(nf_conntrack_count(fx.net), 0);
		fixture_close(&fx);
	}
}

/* So do many small pieces: each continues where the last one ended. */
static void test_gc_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bucket_counts); i++) {
		unsigned long killed = 0;
		struct fixture fx;
		uint64_t size;
		uint32_t nr;

		if (variant->bucket_rule(bucket_counts[i]))
			continue;
		nr = fill(&fx, bucket_counts[i]);
		size = variant->ops->scan_size(fx.core);
		/* not from the beginning, so that the walk wraps at the end */
		variant->ops->gc(fx.core, size / 2);
		store_relaxed(&fx.core->now, HOUR + 1);
		for (uint64_t at = 0; at < size; at++)
			killed += variant->ops->gc(fx.core, 1);
		assert_int_equal(killed, nr);
		fixture_close(&fx);
	}
}

/*
 * Early drop searches eight buckets from the new one's on, so in a table of eight all,
 * whichever it begins at.
 */
static void test_early_drop_reaches(void **state)
{
	struct fixture fx;

	(void)state;
	fixture_open(&fx, variant, 8, 1);
	atomic_store(&fx.core->max, 1);
	for (uint32_t i = 0; i < 300; i++) {
		assert_int_equal(fixture_put_key(&fx, i), 0);
		assert_true(fixture_has(&fx, i));
		assert_int_equal(nf_conntrack_count(fx.net), 1);
	}
	fixture_close(&fx);
}

struct walk {
	struct fixture *fx;
	pthread_t resizer;
	uint64_t to;
	_Atomic bool started, resized;
	unsigned int seen;
};

static void *resize(void *arg)
{
	struct walk *w = arg;

	variant->thread_begin(w->fx->core, 1);
	store_release(&w->started, true);
	assert_int_equal(variant->ops->resize(w->fx->core, w->to), 0);
	store_release(&w->resized, true);
	variant->thread_end(w->fx->core);
	return NULL;
}

static int resize_at_first(struct nf_conn *ct, void *arg)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	struct walk *w = arg;

	(void)ct;
	if (w->seen++)
		return 0;
	assert_int_equal(pthread_create(&w->resizer, NULL, resize, w), 0);
	/* A resize that need not wait for us would be over by then. */
	while (!load_acquire(&w->started))
		nanosleep(&nap, NULL);
	variant->thread_offline(w->fx->core);
	nanosleep(&nap, NULL);
	variant->thread_online(w->fx->core);
	assert_false(load_acquire(&w->resized));
	return 0;
}

/* A walk over everything sees each connection once: no resize meanwhile. */
static void test_walk_keeps_resize_out(void **state)
{
	struct fixture fx;
	struct walk w = { .fx = &fx, .to = 512 };
	uint32_t nr;

	(void)state;
	if (!(variant->flags & CT_V_RESIZE))
		skip();
	nr = fill(&fx, 64);
	assert_int_equal(variant->ops->iterate(fx.core, resize_at_first, &w), 0);
	assert_int_equal(w.seen, nr);
	variant->thread_offline(fx.core);
	pthread_join(w.resizer, NULL);
	variant->thread_online(fx.core);
	assert_int_equal(variant->ops->buckets(fx.core), 512);
	for (uint32_t i = 0; i < nr; i++)
		assert_true(fixture_has(&fx, i));
	fixture_close(&fx);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gc_round),
		cmocka_unit_test(test_gc_pieces),
		cmocka_unit_test(test_early_drop_reaches),
		cmocka_unit_test(test_walk_keeps_resize_out),
	};
	int status = conformance_begin_kept(argc, argv);

	if (status)
		return status;
	return cmocka_run_group_tests_name("conformance_walks", tests, NULL, NULL);
}
