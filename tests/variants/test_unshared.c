/* SPDX-License-Identifier: MIT */
/*
 * Threads that share no connection (CT_V_UNSHARED): each finds only connections that it inserted,
 * and packets that reach the wrong thread pass the hooks of the right one, once and in order.
 */
#include <pthread.h>

#include "tests/fixture/packets.h"
#include "tests/fixture/variant_fixture.h"
#include "harness/base/error.h"
#include "harness/traffic/frames.h"
#include "variants/work.h"

#define WORKERS 2u
#define KEYS	400u

static const struct ct_variant *variant;

struct shared {
	struct fixture fx;
	pthread_barrier_t meet;
	unsigned int burst;
	_Atomic unsigned int ended;
	_Atomic uint64_t dropped, lost;
};

struct thread {
	struct shared *s;
	unsigned int cpu;
	uint64_t passed, sent;
	pthread_t thread;
};

static void open_shared(struct shared *s)
{
	const struct ct_config config = {
		.buckets = 256, .connections = 1024, .threads = WORKERS + 1, .workers = WORKERS
	};

	s->fx.v = variant;
	assert_int_equal(variant->create(&s->fx.core, &config), 0);
	variant->thread_begin(s->fx.core, 0);
	assert_int_equal(net_create(&s->fx.net, s->fx.core), 0);
	assert_int_equal(pthread_barrier_init(&s->meet, NULL, WORKERS), 0);
}

static void run_threads(struct shared *s, struct thread *t, void *(*fn)(void *))
{
	for (unsigned int i = 0; i < WORKERS; i++) {
		t[i] = (struct thread){ .s = s, .cpu = i + 1 };
		assert_int_equal(pthread_create(&t[i].thread, NULL, fn, &t[i]), 0);
	}
	for (unsigned int i = 0; i < WORKERS; i++)
		pthread_join(t[i].thread, NULL);
	pthread_barrier_destroy(&s->meet);
}

/* --- Each thread finds only its own --- */

static void *own_keys(void *arg)
{
	struct thread *t = arg;
	struct shared *s = t->s;
	const uint32_t mine = t->cpu * KEYS, other = (WORKERS + 1 - t->cpu) * KEYS;
	unsigned int bad = 0;

	variant->thread_begin(s->fx.core, t->cpu);
	for (uint32_t i = 0; i < KEYS; i++)
		bad += fixture_put_key(&s->fx, mine + i) != 0;
	pthread_barrier_wait(&s->meet);
	for (uint32_t i = 0; i < KEYS; i++) {
		bad += !fixture_has(&s->fx, mine + i);
		bad += fixture_has(&s->fx, other + i);
	}
	for (uint32_t i = 0; i < KEYS; i += 2)
		bad += !fixture_kill(&s->fx, mine + i);
	atomic_fetch_add(&s->lost, bad);
	variant->thread_end(s->fx.core);
	return NULL;
}

static int count_one(struct nf_conn *ct, void *arg)
{
	(void)ct;
	++*(unsigned int *)arg;
	return 0;
}

static void test_own_connections(void **state)
{
	unsigned int walked = 0;
	struct ct_memory memory;
	struct thread t[WORKERS];
	struct shared s = { 0 };

	(void)state;
	open_shared(&s);
	run_threads(&s, t, own_keys);
	assert_int_equal(s.lost, 0);
	assert_int_equal(nf_conntrack_count(s.fx.net), WORKERS * KEYS / 2);
	/* A walk sees the tables of all threads; so do the figures. */
	assert_int_equal(s.fx.core->ops->iterate(s.fx.core, count_one, &walked), 0);
	assert_int_equal(walked, WORKERS * KEYS / 2);
	assert_int_equal(s.fx.core->ops->buckets(s.fx.core), 256);
	s.fx.core->ops->memory(s.fx.core, &memory);
	assert_int_equal(memory.bucket_bytes, 256 * sizeof(uintptr_t));
	fixture_close(&s.fx);
}

/* Threads get the same number of buckets each, at least one, and none before they insert. */
static void test_shares_of_buckets(void **state)
{
	static const struct {
		uint64_t asked, each;
	} cases[] = { { 1, 1 }, { 2, 1 }, { 3, 2 }, { 256, 128 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct ct_config config = { .buckets = cases[i].asked,
						  .connections = 16,
						  .threads = WORKERS + 1,
						  .workers = WORKERS };
		struct fixture fx = { .v = variant };
		struct ct_memory memory;

		assert_int_equal(variant->create(&fx.core, &config), 0);
		variant->thread_begin(fx.core, 0);
		assert_int_equal(net_create(&fx.net, fx.core), 0);
		fx.core->ops->memory(fx.core, &memory);
		assert_int_equal(memory.bucket_bytes, 0);
		for (unsigned int cpu = 0; cpu <= WORKERS; cpu++) {
			variant->thread_end(fx.core);
			variant->thread_begin(fx.core, cpu);
			assert_int_equal(fixture_put_key(&fx, cpu), 0);
			assert_true(fixture_has(&fx, cpu));
			assert_int_equal(fx.core->ops->buckets(fx.core), (cpu + 1) * cases[i].each);
		}
		fixture_close(&fx);
	}
}

/* --- Handed over --- */

#define FLOWS	32u    /* of each thread */
#define PACKETS 20000u /* by each thread */

struct sender {
	struct ct_frame frame[WORKERS * FLOWS];
	uint8_t data[WORKERS * FLOWS][FRAME_BYTES] __attribute__((aligned(8)));
};

/* A SYN of that key; of every thread's keys, in turn. */
static void fill_sender(struct sender *s, unsigned int cpu)
{
	for (unsigned int i = 0; i < WORKERS * FLOWS; i++) {
		struct nf_conntrack_tuple t = fixture_tuple(4 * i); /* IPv4 and TCP */

		frame_make(&s->frame[i], s->data[i], &t, FRAME_SYN, true);
		s->frame[i].owner = (uint16_t)(1 + i % WORKERS);
		if (s->frame[i].owner == cpu && i % 4 < 2)
			s->frame[i].owner = 0; /* "mine" */
	}
}

static void *packets(void *arg)
{
	struct thread *t = arg;
	struct shared *s = t->s;
	struct sender *sender = calloc(1, sizeof(*sender));
	struct ct_packet_work w = { .net = s->fx.net,
				    .frames = sender->frame,
				    .nr_frames = WORKERS * FLOWS,
				    .batch = 50, /* less than a round: so `sent` is known */
				    .burst = s->burst };
	size_t last = 0;

	fill_sender(sender, t->cpu);
	variant->thread_begin(s->fx.core, t->cpu);
	while (t->sent < PACKETS) {
		s->burst > 1 ? variant->run_packets_burst(s->fx.core, &w)
			     : variant->run_packets(s->fx.core, &w);
		t->sent += (w.pos + w.nr_frames - last) % w.nr_frames;
		last = w.pos;
	}
	/* One of its own, to have a batch at all, until it has taken what the others sent. */
	w.frames = &sender->frame[t->cpu - 1];
	w.nr_frames = w.batch = 1;
	w.pos = 0;
	atomic_fetch_add(&s->ended, 1);
	for (unsigned int more = 64; more; t->sent++) {
		s->burst > 1 ? variant->run_packets_burst(s->fx.core, &w)
			     : variant->run_packets(s->fx.core, &w);
		more -= atomic_load(&s->ended) == WORKERS;
	}
	t->passed = w.done;
	atomic_fetch_add(&s->dropped, w.dropped);
	pthread_barrier_wait(&s->meet); /* the frames are this thread's */
	variant->thread_end(s->fx.core);
	free(sender);
	return NULL;
}

static void hand_over(unsigned int burst)
{
	struct shared s = { .burst = burst };
	struct thread t[WORKERS];
	uint64_t sent = 0, passed = 0;

	open_shared(&s);
	run_threads(&s, t, packets);
	for (unsigned int i = 0; i < WORKERS; i++) {
		sent += t[i].sent;
		passed += t[i].passed;
	}
	assert_int_equal(passed, sent);
	assert_int_equal(s.dropped, 0);
	/* Each flow is one connection, although two threads saw its packets. */
	assert_int_equal(nf_conntrack_count(s.fx.net), WORKERS * FLOWS);
	fixture_close(&s.fx);
}

static void test_handed_over(void **state)
{
	(void)state;
	hand_over(1);
	hand_over(16);
}

/* A full ring does not block the sending thread for ever, and no packet is lost. */
static void test_full_ring(void **state)
{
	struct sender *sender = calloc(1, sizeof(*sender));
	struct ct_packet_work w = { .frames = sender->frame, .nr_frames = 1, .batch = 10000 };
	struct shared s = { 0 };
	size_t done;

	(void)state;
	open_shared(&s);
	pthread_barrier_destroy(&s.meet);
	variant->thread_end(s.fx.core);
	fill_sender(sender, 0);
	sender->frame[0].owner = 2;
	w.net = s.fx.net;
	variant->thread_begin(s.fx.core, 1);
	variant->run_packets(s.fx.core, &w);
	assert_int_equal(w.done, 0);
	variant->thread_end(s.fx.core);
	variant->thread_begin(s.fx.core, 2); /* takes what is in the ring, beside one of its own */
	w.batch = 1;
	for (unsigned int i = 0; i < 100; i++)
		variant->run_packets(s.fx.core, &w);
	done = w.done - 100;
	assert_true(done > 100 && done < 10000);
	assert_int_equal(w.dropped, 0);
	assert_int_equal(nf_conntrack_count(s.fx.net), 1);
	variant->thread_end(s.fx.core);
	variant->thread_begin(s.fx.core, 0);
	fixture_close(&s.fx);
	free(sender);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_connections),
		cmocka_unit_test(test_shares_of_buckets),
		cmocka_unit_test(test_handed_over),
		cmocka_unit_test(test_full_ring),
	};

	variant = ct_variant_find("share_nothing");
	if (!variant)
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("unshared", tests, NULL, NULL);
}
