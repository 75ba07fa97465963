/* SPDX-License-Identifier: MIT */
/*
 * Creation and removal of entries, over every variant: the gc worker with both strategies,
 * caps of chains, lists of connections outside the table, the counters' text.
 */
#include <pthread.h>
#include <stdio.h>

#include "core/nf_conntrack_filter.h"
#include "tests/fixture/flow_fixture.h"

#define SECOND NF_CT_HZ

static void put_for(struct fixture *fx, uint32_t key, uint32_t timeout)
{
	struct nf_conntrack_tuple t = fixture_tuple(key);

	assert_int_equal(fixture_insert(fx, fx->net, &nf_ct_zone_dflt, &t, timeout), 0);
}

static uint32_t run_gc(struct fixture *fx)
{
	return nf_conntrack_gc_worker(fx->core, NF_CT_GC_NO_LIMIT);
}

static uint32_t entries(const struct fixture *fx)
{
	return nf_conntrack_count(fx->net);
}

/* Runs until the round is over; when the next one begins. */
static uint32_t gc_round(struct fixture *fx)
{
	uint32_t next;

	do {
		next = run_gc(fx);
	} while (next <= 1);
	return next;
}

/* --- The gc worker by the mean --- */

static void gc_mean(struct fixture *fx)
{
	nf_ct_gc_init(&fx->core->gc, NF_CT_GC_MEAN);
	/* nothing to do: a round a minute */
	assert_int_equal(gc_round(fx), 60 * SECOND - 1);
	for (uint32_t i = 0; i < 20; i++)
		put_for(fx, i, i < 10 ? 5 * SECOND : HOUR);
	gc_round(fx);
	assert_int_equal(entries(fx), 20);
	atomic_store(&fx->core->now, 5 * SECOND - 1);
	gc_round(fx);
	assert_int_equal(entries(fx), 20);
	atomic_store(&fx->core->now, 5 * SECOND);
	gc_round(fx);
	assert_int_equal(entries(fx), 10);
	assert_int_equal(fx->core->gc.evicted, 10);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(fixture_has(fx, i), i >= 10);
	atomic_store(&fx->core->now, 0);
}

/* Entries that expire soon make it run sooner; a few of them do not. */
static void gc_interval(struct fixture *fx)
{
	uint32_t few, many;

	nf_ct_gc_init(&fx->core->gc, NF_CT_GC_MEAN);
	for (uint32_t i = 0; i < 3; i++)
		put_for(fx, i, 2 * SECOND);
	few = gc_round(fx);
	assert_in_range(few, 50 * SECOND, 60 * SECOND);
	for (uint32_t i = 3; i < 400; i++)
		put_for(fx, i, 2 * SECOND);
	many = gc_round(fx);
	/* 100 at 60 s and 800 nodes at 2 s: about 8.4 s */
	assert_in_range(many, 8 * SECOND, 9 * SECOND);
	assert_true(fixture_kill(fx, 0));
	/* days count as five minutes, and a round is never later than in one */
	nf_ct_flush_net(fx->net, NULL, 0, false);
	for (uint32_t i = 0; i < 400; i++)
		put_for(fx, i, 432000 * SECOND);
	assert_int_equal(gc_round(fx), 60 * SECOND - 1);
}

/* A run evicts 65 and pauses for a tick; a table of one position is done in one. */
static void gc_bounded(struct fixture *fx)
{
	unsigned int runs = 0;
	uint32_t left, next;
	uint64_t at = 0;

	nf_ct_gc_init(&fx->core->gc, NF_CT_GC_MEAN);
	for (uint32_t i = 0; i < 500; i++)
		put_for(fx, i, SECOND);
	atomic_store(&fx->core->now, 10 * SECOND);
	do {
		left = entries(fx);
		next = run_gc(fx);
		if (fx->core->ops->scan_size(fx->core) > 1)
			assert_in_range(left - entries(fx), 0, 65);
		/* It continues where it stopped. */
		if (fx->core->gc.next_bucket > at)
			at = fx->core->gc.next_bucket;
		runs++;
	} while (next == 1);
	assert_int_equal(entries(fx), 0);
	if (fx->core->ops->scan_size(fx->core) > 64)
		assert_true(runs > 7);
	if (fx->core->ops->scan_size(fx->core) > 1 && runs > 1)
		assert_true(at > 0);
	atomic_store(&fx->core->now, 0);
}

/* A round that paused leaves nothing of its mean timeout to the next one. */
static void gc_forgets(struct fixture *fx)
{
	nf_ct_gc_init(&fx->core->gc, NF_CT_GC_MEAN);
	for (uint32_t i = 0; i < 500; i++)
		put_for(fx, i, i % 2 ? 2 * SECOND : SECOND);
	atomic_store(&fx->core->now, SECOND + 1);
	gc_round(fx);
	assert_int_equal(entries(fx), 250);
	atomic_store(&fx->core->now, 10 * SECOND);
	gc_round(fx);
	assert_int_equal(entries(fx), 0);
	assert_int_equal(gc_round(fx), 60 * SECOND - 1);
	atomic_store(&fx->core->now, 0);
}

/* A run that reaches its time limit goes on behind the bucket that it has scanned last. */
static void test_gc_goes_on(void **state)
{
	const struct ct_variant *v = ct_variant_find("nulls_rcu_jhash2_scale_seqcount");
	unsigned int pauses = 0;
	struct fixture fx;

	(void)state;
	fixture_open(&fx, v, 1024, 1);
	nf_ct_gc_init(&fx.core->gc, NF_CT_GC_MEAN);
	/* The limit is less than a millisecond away: some runs reach it. */
	for (unsigned int i = 0; i < 200000 && pauses < 3; i++) {
		if (nf_conntrack_gc_worker(fx.core, 0))
			continue;
		assert_int_equal(fx.core->gc.next_bucket % 16, 0);
		pauses += fx.core->gc.next_bucket > 0;
	}
	assert_int_equal(pauses, 3);
	fixture_close(&fx);
}

static int assure_odd(struct nf_conn *ct, void *arg)
{
	(void)arg;
	if (nf_ct_protonum(ct) == IPPROTO_UDP)
		nf_ct_status_set(ct, IPS_ASSURED);
	return 0;
}

/* After the table was found full it removes unassured and closing entries. */
static void gc_makes_room(struct fixture *fx)
{
	struct nf_conntrack_tuple t = fixture_tuple(1000);
	struct nf_conntrack_tuple_hash *h;
	uint32_t odd = 0;

	nf_ct_gc_init(&fx->core->gc, NF_CT_GC_MEAN);
	for (uint32_t i = 0; i < 100; i++)
		put_for(fx, i, HOUR);
	odd = 50;
	assert_int_equal(fx->v->ops->iterate(fx->core, assure_odd, NULL), 0);
	atomic_store(&fx->core->max, 200);
	gc_round(fx);
	assert_int_equal(entries(fx), 100);
	/* not full although requested: below 95 % none is removed */
	atomic_store(&fx->core->gc.early_drop, true);
	gc_round(fx);
	assert_int_equal(entries(fx), 100);
	assert_false(atomic_load(&fx->core->gc.early_drop));
	/* full of entries that early drop may not remove */
	nf_ct_flush_net(fx->net, &(struct nf_ct_filter){ .status_mask = IPS_ASSURED }, 0, false);
	assert_int_equal(entries(fx), odd);
	atomic_store(&fx->core->max, odd);
	assert_int_equal(fixture_insert(fx, fx->net, &nf_ct_zone_dflt, &t, HOUR), -ENFILE);
	assert_true(atomic_load(&fx->core->gc.early_drop));
	atomic_store(&fx->core->max, 0);
	for (uint32_t i = 0; i < 100; i += 2)
		put_for(fx, i, HOUR);
	/* an assured one that is closing */
	t = fixture_tuple(0);
	h = fx->v->ops->find_get(fx->net, &nf_ct_zone_dflt, &t);
	nf_ct_status_set(nf_ct_tuplehash_to_ctrack(h), IPS_ASSURED);
	store_relaxed(&nf_ct_tuplehash_to_ctrack(h)->proto.tcp.state, TCP_CONNTRACK_TIME_WAIT);
	fx->v->ops->put(nf_ct_tuplehash_to_ctrack(h));
	atomic_store(&fx->core->max, 100);
	gc_round(fx);
	assert_int_equal(entries(fx), 94); /* down to below 95 % */
	assert_false(atomic_load(&fx->core->gc.early_drop));
	for (uint32_t i = 1; i < 100; i += 2)
		assert_true(fixture_has(fx, i));
	atomic_store(&fx->core->max, 0);
}

/* --- And by slices --- */

static void gc_slices(struct fixture *fx)
{
	uint32_t next = 0;
	uint64_t size;

	nf_ct_gc_init(&fx->core->gc, NF_CT_GC_SLICES);
	/* idle: later and later, to 125 ms */
	for (unsigned int i = 0; i < 300; i++)
		next = run_gc(fx);
	assert_int_equal(next, 125);
	for (uint32_t i = 0; i < 40; i++)
		put_for(fx, i, i < 30 ? SECOND : HOUR);
	atomic_store(&fx->core->now, 2 * SECOND);
	size = fx->core->ops->scan_size(fx->core); /* some tables grow with what is put in */
	for (uint64_t i = 0; i < 128 && i < size; i++)
		run_gc(fx);
	assert_int_equal(entries(fx), 10);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(fixture_has(fx, i), i >= 30);
	/* most scanned entries had expired: run again at once */
	nf_ct_flush_net(fx->net, NULL, 0, false);
	put_for(fx, 1, SECOND);
	atomic_store(&fx->core->now, 4 * SECOND);
	while (entries(fx))
		next = run_gc(fx);
	assert_int_equal(next, SECOND / 128);
	assert_in_range(run_gc(fx), SECOND / 128 + 1, 2 * (SECOND / 128));
	atomic_store(&fx->core->now, 0);
}

/* --- Chains that refuse --- */

static unsigned int fill_up(struct fixture *fx, unsigned int nr)
{
	unsigned int in = 0;

	for (uint32_t i = 0; i < nr; i++)
		in += !fixture_put_key(fx, i);
	return in;
}

static void test_cap(void **state)
{
	unsigned int capped = 0;

	(void)state;
	for (size_t i = 0; i < ct_nr_variants; i++) {
		const struct ct_variant *v = ct_variants[i];
		struct nf_ct_stat_sum stat;
		struct fixture fx;
		struct packet p;
		unsigned int in;

		if (v->flags & (CT_V_NULL | CT_V_LOOKUPS) || v->bucket_rule(1))
			continue;
		fixture_open(&fx, v, 1, 1);
		in = fill_up(&fx, 200);
		nf_ct_stat_sum(fx.net, &stat);
		if (!v->chain_room) {
			assert_int_equal(in, 200);
			assert_int_equal(stat.chaintoolong, 0);
		} else {
			/* each connection is two nodes of the only chain */
			capped++;
			assert_in_range(2 * in, v->chain_room, 82);
			assert_int_equal(stat.chaintoolong, 200 - in);
			assert_int_equal(stat.insert, in);
			/* a packet's connection that does not get in: the packet is dropped */
			key_packet(&p, 201, false, 0);
			assert_int_equal(forward(&fx, &p), NF_DROP);
			nf_ct_stat_sum(fx.net, &stat);
			assert_int_equal(stat.chaintoolong, 201 - in);
			assert_int_equal(stat.insert_failed, 1);
			assert_int_equal(stat.drop, 0);
			assert_int_equal(entries(&fx), in);
			/* there is room again after one is removed */
			for (uint32_t k = 0; k < 20; k++)
				fixture_kill(&fx, k);
			assert_int_equal(fixture_put_key(&fx, 300), 0);
		}
		fixture_close(&fx);
	}
	assert_true(capped >= 2);
}

/* The fixed cap is exact: 65 nodes in the way are the most. */
static void test_cap64(void **state)
{
	const struct ct_variant *v = ct_variant_find("nulls_rcu_cap64");
	struct fixture fx;

	(void)state;
	fixture_open(&fx, v, 1, 1);
	assert_int_equal(fill_up(&fx, 33), 33);		    /* the last one passed 64 */
	assert_int_equal(fixture_put_key(&fx, 40), -E2BIG); /* 66 */
	/* an existing entry is found before the chain is too long, or after */
	assert_int_equal(fixture_put_key(&fx, 32), -EEXIST);
	fixture_close(&fx);
}

/* --- Outside the table --- */

static int count(struct nf_conn *ct, void *arg)
{
	(void)ct;
	++*(unsigned int *)arg;
	return 0;
}

static unsigned int outside(struct fixture *fx, bool dying)
{
	unsigned int seen = 0;
	long ret = fx->v->ops->outside(fx->core, dying, count, &seen);

	assert_int_equal(ret, seen);
	return seen;
}

static void lists(struct fixture *fx)
{
	bool has = !strcmp(fx->v->axes.lists, "percpu");
	struct nf_conntrack_tuple t = fixture_tuple(1);
	struct nf_conntrack_tuple_hash *h;
	struct packet a, b;

	if (!has) {
		assert_int_equal(fx->v->ops->outside(fx->core, false, count, NULL), -EOPNOTSUPP);
		return;
	}
	key_packet(&a, 1, false, 0);
	key_packet(&b, 1, false, 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &a.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &b.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(outside(fx, false), 2);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &a.skb, 0, 1), NF_ACCEPT);
	assert_int_equal(outside(fx, false), 1);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &b.skb, 0, 1), NF_ACCEPT);
	assert_int_equal(outside(fx, false), 0); /* lost the race: gone */
	assert_int_equal(outside(fx, true), 0);
	fx->v->ops->release(&a.skb);
	fx->v->ops->release(&b.skb);
	/* dropped on its way */
	key_packet(&a, 5, false, 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &a.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(outside(fx, false), 1);
	fx->v->ops->release(&a.skb);
	assert_int_equal(outside(fx, false), 0);
	/* deleted while there is a reference */
	h = fx->v->ops->find_get(fx->net, &nf_ct_zone_dflt, &t);
	assert_int_equal(nf_ct_flush_net(fx->net, NULL, 0, false), 1);
	assert_int_equal(outside(fx, true), 1);
	fx->v->ops->put(nf_ct_tuplehash_to_ctrack(h));
	assert_int_equal(outside(fx, true), 0);
}

#define THREADS 3u

struct worker {
	struct fixture *fx;
	unsigned int cpu;
	pthread_t thread;
};

/* Packets of few flows by many threads; each flow is created and killed repeatedly. */
static void *flows(void *arg)
{
	struct worker *w = arg;
	struct fixture *fx = w->fx;
	uint64_t seed = w->cpu;

	fx->v->thread_begin(fx->core, w->cpu);
	for (unsigned int i = 0; i < (CT_TSAN ? 3000u : 10000u); i++) {
		uint64_t r = fixture_random(&seed);
		struct packet p;

		key_packet(&p, (uint32_t)(r >> 32) % 16, r & 1, FRAME_SYN);
		forward(fx, &p);
		if (r % 8 == 7)
			fixture_kill(fx, (uint32_t)(r >> 40) % 16);
		if (r % 512 == 9)
			fx->v->ops->outside(fx->core, r & 1024, count, &(unsigned int){ 0 });
	}
	fx->v->thread_end(fx->core);
	return NULL;
}

static void test_lists_threads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ct_nr_variants; i++) {
		struct worker w[THREADS];
		struct fixture fx;

		if (strcmp(ct_variants[i]->axes.lists, "percpu"))
			continue;
		fixture_open(&fx, ct_variants[i], 2, THREADS + 1);
		ct_variants[i]->thread_offline(fx.core);
		for (unsigned int k = 0; k < THREADS; k++) {
			w[k] = (struct worker){ .fx = &fx, .cpu = k + 1 };
			assert_int_equal(pthread_create(&w[k].thread, NULL, flows, &w[k]), 0);
		}
		for (unsigned int k = 0; k < THREADS; k++)
			pthread_join(w[k].thread, NULL);
		ct_variants[i]->thread_online(fx.core);
		assert_int_equal(outside(&fx, false), 0);
		assert_int_equal(outside(&fx, true), 0);
		fixture_close(&fx);
	}
}

/* --- Counters --- */

/*
 * As Linux 6.18 prints them: its own words, of a namespace where ctnetlink has inserted
 * one entry.
 */
static const char linux_says[] =
	"entries  clashres found new invalid ignore delete chainlength insert insert_failed drop "
	"early_drop "
	"icmp_error  expect_new expect_create expect_delete search_restart\n"
	"00000001  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001 "
	"00000000 00000000 "
	"00000000 00000000  00000000 00000000 00000000 00000000\n";

static void stat_text(struct fixture *fx)
{
	char text[2000] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");
	const char *line;
	unsigned int column[17];

	assert_non_null(f);
	put_for(fx, 1, HOUR);
	assert_int_equal(nf_ct_stat_dump(fx->net, f), 0);
	fclose(f);
	assert_string_equal(text, linux_says);

#define CT_STAT_FIELD(name) store_relaxed(&fx->net->stat[0].name, n++);
	{
		uint32_t n = 0x10;

		CT_STAT_FIELDS(CT_STAT_FIELD)
	}
#undef CT_STAT_FIELD
	f = fmemopen(text, sizeof(text), "w");
	assert_int_equal(nf_ct_stat_dump(fx->net, f), 0);
	fclose(f);
	line = strchr(text, '\n') + 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(column); i++) {
		int length;

		assert_int_equal(sscanf(line, "%x%n", &column[i], &length), 1);
		line += length;
	}
	/*
	 * clashres found - invalid - - chainlength insert insert_failed drop early_drop
	 * icmp_error
	 */
	assert_int_equal(column[1], 0x1b);
	assert_int_equal(column[2], 0x10);
	assert_int_equal(column[4], 0x11);
	assert_int_equal(column[7], 0x1c);
	/* insert .. search_restart, in the structure's order */
	for (unsigned int i = 8; i < 17; i++)
		assert_int_equal(column[i], 0x12 + i - 8);
}

OVER_VARIANTS(gc_mean)
OVER_VARIANTS(gc_interval)
OVER_VARIANTS(gc_forgets)
OVER_VARIANTS(gc_bounded)
OVER_VARIANTS(gc_makes_room)
OVER_VARIANTS(gc_slices)
OVER_VARIANTS(lists)
OVER_VARIANTS(stat_text)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gc_mean),	      cmocka_unit_test(test_gc_interval),
		cmocka_unit_test(test_gc_bounded),    cmocka_unit_test(test_gc_forgets),
		cmocka_unit_test(test_gc_goes_on),    cmocka_unit_test(test_gc_makes_room),
		cmocka_unit_test(test_gc_slices),     cmocka_unit_test(test_cap),
		cmocka_unit_test(test_cap64),	      cmocka_unit_test(test_lists),
		cmocka_unit_test(test_lists_threads), cmocka_unit_test(test_stat_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
