/* SPDX-License-Identifier: MIT */
/*
 * Key streams.  Every key is converted back to its flow, so that
 * the plan's promises can be checked by counting.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/traffic/keys.h"
#include "tests/fixture/cmocka.h"

static const struct cell plain = {
	.threads = 1,
	.flows = 10000,
	.hit_share = 1,
	.lookup = 1,
	.seed = 7,
};

/* The flow and direction of a key. */
struct what {
	uint64_t flow;
	bool reply;
};

static struct what key_what(const struct key_plan *plan, const void *keys, size_t i)
{
	union ct_tuple_words t;
	struct what w;

	if (plan->compact) {
		const struct ct_key4 *k = (const struct ct_key4 *)keys + i;

		ct_tuple_set_ipv4(&t, k->saddr, k->daddr, k->sport, k->dport, k->protonum);
	} else {
		t = ((const union ct_tuple_words *)keys)[i];
	}
	assert_true(flow_find(&plan->flows, &t.tuple, &w.flow, &w.reply));
	return w;
}

static void
make(struct key_plan *plan, struct key_stream *s, const struct cell *cell, unsigned int thread)
{
	struct ct_error e = { 0 };

	if (key_plan_init(plan, cell, &e) || key_stream_make(s, plan, thread, &e))
		fail_msg("%s", e.text);
	assert_int_equal(s->nr_keys % KEY_BLOCK, 0);
	assert_int_equal(s->nr_ops % KEY_BLOCK, 0);
}

/* Each flow once before any repeats, in an order that is unrelated to its number. */
static void uniform_streams_permute(void **state)
{
	struct cell cell = plain;
	struct key_stream s;
	struct key_plan plan;
	uint64_t *flows;
	uint8_t *seen;

	(void)state;
	make(&plan, &s, &cell, 0);
	assert_true(plan.compact);
	assert_int_equal(plan.stable, cell.flows);
	assert_true(s.nr_keys >= 2 * cell.flows);
	seen = calloc(cell.flows, 1);
	flows = malloc(s.nr_keys * sizeof(*flows));
	assert_non_null(seen);
	assert_non_null(flows);
	for (size_t i = 0; i < s.nr_keys; i++) {
		struct what w = key_what(&plan, s.keys, i);

		assert_true(w.flow < cell.flows && !w.reply);
		assert_int_equal(seen[w.flow], i / cell.flows % 256);
		seen[w.flow]++;
		flows[i] = w.flow;
	}
	for (size_t lag = 1; lag <= 4; lag++)
		assert_true(fabs(serial_correlation(flows, s.nr_keys, lag)) <
			    5 / sqrt((double)s.nr_keys));
	/* the second time in another order */
	assert_memory_not_equal(flows, flows + cell.flows, cell.flows * sizeof(*flows));
	assert_int_equal(s.hits, s.nr_keys);
	assert_null(s.ops);
	assert_null(s.churn);
	free(flows);
	free(seen);
	key_stream_free(&s);
}

static void check_repeatable(struct cell cell)
{
	struct key_stream s[4];
	struct key_plan plan[4];

	make(&plan[0], &s[0], &cell, 0);
	make(&plan[1], &s[1], &cell, 0);
	make(&plan[2], &s[2], &cell, 1);
	cell.seed++;
	make(&plan[3], &s[3], &cell, 0);
	assert_memory_equal(s[0].keys, s[1].keys, s[0].nr_keys * sizeof(struct ct_key4));
	for (int i = 2; i < 4; i++) {
		size_t same = 0;

		for (size_t k = 0; k < 1000; k++)
			same += key_what(&plan[0], s[0].keys, k).flow ==
				key_what(&plan[i], s[i].keys, k).flow;
		assert_true(same < 200);
	}
	for (int i = 0; i < 4; i++)
		key_stream_free(&s[i]);
}

/* The same seed makes the same stream; another thread or seed makes another. */
static void streams_are_repeatable(void **state)
{
	struct cell cell = plain;

	(void)state;
	cell.threads = 2;
	cell.zipf_s = 1;
	cell.hot_flows = 100;
	cell.hot_share = 0.9;
	for (cell.popularity = POP_UNIFORM; cell.popularity <= POP_HOT; cell.popularity++)
		check_repeatable(cell);
}

/* The n most popular flows, and their share of all lookups. */
static double
top_share(const struct key_plan *plan, const struct key_stream *s, size_t n, uint64_t *top)
{
	uint32_t *count = calloc(plan->present, sizeof(*count));
	double sum = 0;

	assert_non_null(count);
	for (size_t i = 0; i < s->nr_keys; i++)
		count[key_what(plan, s->keys, i).flow]++;
	for (size_t k = 0; k < n; k++) {
		uint64_t most = 0;

		for (uint64_t i = 0; i < plan->present; i++)
			if (count[i] > count[most])
				most = i;
		sum += count[most];
		count[most] = 0;
		top[k] = most;
	}
	free(count);
	return sum / (double)s->nr_keys;
}

static void zipf_streams(void **state)
{
	struct cell cell = plain;
	uint64_t top[2][10];
	double share = 0, all = 0;

	(void)state;
	cell.threads = 2;
	cell.popularity = POP_ZIPF;
	cell.zipf_s = 1.1;
	for (int i = 1; i <= 10000; i++) {
		all += pow(i, -1.1);
		if (i == 10)
			share = all;
	}
	share /= all;
	for (unsigned int thread = 0; thread < 2; thread++) {
		struct key_stream s;
		struct key_plan plan;

		make(&plan, &s, &cell, thread);
		assert_true(fabs(top_share(&plan, &s, 10, top[thread]) - share) <
			    5 * sqrt(share * (1 - share) / (double)s.nr_keys) + 1e-4);
		key_stream_free(&s);
	}
	/* everybody's most popular flow is the same, and not simply the first one put in */
	assert_true(top[0][0] == top[1][0]);
	assert_true(top[0][1] == top[1][1]);
	assert_true(top[0][0] + 1 != top[0][1] || top[0][1] + 1 != top[0][2]);
}

static void hot_streams(void **state)
{
	struct cell cell = plain;
	struct key_stream s;
	struct key_plan plan;
	uint64_t top[16], near = 0;

	(void)state;
	cell.popularity = POP_HOT;
	cell.hot_flows = 16;
	cell.hot_share = 0.8;
	make(&plan, &s, &cell, 0);
	assert_true(fabs(top_share(&plan, &s, 16, top) - 0.8) <
		    5 * sqrt(0.8 * 0.2 / (double)s.nr_keys));
	for (int i = 0; i < 16; i++)
		for (int k = 0; k < i; k++)
			near += top[i] + 1 == top[k] || top[k] + 1 == top[i];
	assert_true(near < 4);
	key_stream_free(&s);

	/* all of them hot */
	cell.hot_flows = cell.flows;
	cell.hot_share = 0.5;
	make(&plan, &s, &cell, 0);
	for (size_t i = 0; i < s.nr_keys; i++)
		assert_true(key_what(&plan, s.keys, i).flow < cell.flows);
	key_stream_free(&s);
}

/* Hits and replies: exact in every block, known at every position. */
static void check_shares(const struct cell *cell)
{
	struct key_stream s;
	struct key_plan plan;
	uint64_t *upto, hits = 0, replies = 0;
	struct rng r;

	make(&plan, &s, cell, 0);
	assert_int_equal(plan.compact, cell->ipv6_share == 0);
	upto = malloc((s.nr_keys + 1) * sizeof(*upto));
	assert_non_null(upto);
	for (size_t i = 0; i < s.nr_keys; i++) {
		struct what w = key_what(&plan, s.keys, i);

		assert_true(w.flow < cell->flows || w.flow >= FLOW_ABSENT);
		upto[i] = hits;
		hits += w.flow < cell->flows;
		replies += w.reply;
		if ((i + 1) % KEY_BLOCK == 0) {
			assert_true(fabs((double)hits - cell->hit_share * (double)(i + 1)) <= 1);
			assert_true(fabs((double)replies - cell->reply_share * (double)(i + 1)) <=
				    2);
		}
	}
	upto[s.nr_keys] = hits;
	assert_int_equal(hits, s.hits);
	rng_seed(&r, 9);
	for (int k = 0; k < 10000; k++) {
		uint64_t from = rng_below(&r, 3 * s.nr_keys);
		uint64_t to = from + rng_below(&r, 3 * s.nr_keys);

		if (k % 4 == 0)
			to = to / s.nr_keys * s.nr_keys + s.nr_keys;
		assert_true(key_stream_hits(&s, from, to - from) ==
			    to / s.nr_keys * hits + upto[to % s.nr_keys] - from / s.nr_keys * hits -
				    upto[from % s.nr_keys]);
	}
	free(upto);
	key_stream_free(&s);
}

static void hits_and_replies(void **state)
{
	static const double shares[] = { 0, 0.001, 1 / 3.0, 0.9, 1 };

	(void)state;
	for (size_t h = 0; h < ARRAY_SIZE(shares); h++) {
		/* not each with each: two of the others are enough */
		for (size_t k = h % 2; k < ARRAY_SIZE(shares); k += 3) {
			struct cell cell = plain;

			cell.hit_share = shares[h];
			cell.reply_share = shares[k];
			cell.ipv6_share = k % 2 ? 0.4 : 0;
			cell.popularity = (h + k) % 2 ? POP_UNIFORM : POP_ZIPF;
			cell.zipf_s = 0.9;
			check_shares(&cell);
		}
	}
}

/* Positions of misses are unpredictable: their distances are those of a random order. */
static void misses_are_scattered(void **state)
{
	struct cell cell = plain;
	struct key_stream s;
	struct key_plan plan;
	uint64_t *bits;

	(void)state;
	cell.hit_share = 0.5;
	make(&plan, &s, &cell, 0);
	bits = malloc(s.nr_keys * sizeof(*bits));
	assert_non_null(bits);
	for (size_t i = 0; i < s.nr_keys; i++)
		bits[i] = s.hit_bits[i / 64] >> i % 64 & 1;
	/* a block has exactly half, which pulls neighbours apart by 1 in KEY_BLOCK */
	for (size_t lag = 1; lag <= 8; lag++)
		assert_true(fabs(serial_correlation(bits, s.nr_keys, lag)) <
			    1.5 / KEY_BLOCK + 5 / sqrt((double)s.nr_keys));
	free(bits);
	key_stream_free(&s);
}

/* --- Coming and going --- */

/*
 * All threads' streams against a simple model of a table, in turn and
 * repeatedly: inserted flows are not in it, deleted ones are, a lookup hits
 * exactly when the stream says so, and the population keeps its size.
 */
static void check_churn(const struct cell *cell)
{
	struct worker {
		struct key_stream s;
		size_t key, op, head, tail;
		uint64_t lookups, hits;
	} *workers = calloc(cell->threads, sizeof(*workers));
	struct key_plan plan;
	uint8_t *in;
	uint64_t population;

	assert_non_null(workers);
	for (unsigned int t = 0; t < cell->threads; t++) {
		make(&plan, &workers[t].s, cell, t);
		workers[t].head = workers[t].s.head;
	}
	population = plan.present;
	in = calloc(plan.present + plan.threads * plan.churn, 1);
	assert_non_null(in);
	memset(in, 1, plan.present);

	for (size_t step = 0; step < 2 * workers->s.nr_ops + 17; step++) {
		for (unsigned int t = 0; t < cell->threads; t++) {
			struct worker *w = &workers[t];
			uint8_t op = w->s.ops[w->op++ % w->s.nr_ops];
			struct what what;

			if (op == CT_OP_LOOKUP) {
				what = key_what(&plan, w->s.keys, w->key++ % w->s.nr_keys);
				w->lookups++;
				w->hits += what.flow < FLOW_ABSENT && in[what.flow];
			} else if (op == CT_OP_INSERT) {
				assert_true(w->head - w->tail < w->s.nr_churn);
				what = key_what(&plan, w->s.churn, w->head++ % w->s.nr_churn);
				assert_false(what.reply || in[what.flow]);
				in[what.flow] = 1;
				population++;
			} else {
				assert_int_equal(op, CT_OP_DELETE);
				assert_true(w->head > w->tail);
				what = key_what(&plan, w->s.churn, w->tail++ % w->s.nr_churn);
				assert_false(what.reply || !in[what.flow]);
				in[what.flow] = 0;
				population--;
			}
			assert_true(population <= plan.present);
			assert_true(population + plan.threads >= plan.present);
		}
	}
	for (unsigned int t = 0; t < cell->threads; t++) {
		struct worker *w = &workers[t];

		assert_int_equal(w->hits, key_stream_hits(&w->s, 0, w->lookups));
		assert_int_equal(w->s.inserts, w->s.deletes);
		assert_int_equal(w->s.lookups + w->s.inserts + w->s.deletes, w->s.nr_ops);
		assert_true(fabs((double)w->s.inserts - cell->insert * (double)w->s.nr_ops) <= 1);
		key_stream_free(&w->s);
	}
	free(in);
	free(workers);
}

static void population_is_stationary(void **state)
{
	static const double shares[] = { 0.00005, 0.01, 0.1, 0.5 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(shares); k++) {
		struct cell cell = plain;

		cell.threads = 1 + (uint32_t)k;
		cell.flows = k == 1 ? 8 : 5000;
		cell.insert = cell.del = shares[k];
		cell.lookup = 1 - 2 * shares[k];
		cell.hit_share = 0.7;
		cell.reply_share = 0.5;
		cell.ipv6_share = k % 2 ? 0.5 : 0;
		check_churn(&cell);
	}
}

/* The mix holds in each block, not only over all. */
static void mix_is_exact(void **state)
{
	struct cell cell = plain;
	struct key_stream s;
	struct key_plan plan;
	uint64_t changes = 0;

	(void)state;
	cell.lookup = 0.9;
	cell.insert = cell.del = 0.05;
	make(&plan, &s, &cell, 0);
	for (size_t i = 0; i < s.nr_ops; i++) {
		if (s.ops[i] != CT_OP_LOOKUP)
			assert_int_equal(s.ops[i], changes++ % 2 ? CT_OP_INSERT : CT_OP_DELETE);
		if ((i + 1) % KEY_BLOCK == 0)
			assert_true(fabs((double)changes - 0.1 * (double)(i + 1)) <= 2);
	}
	assert_int_equal(changes % 2, 0);
	key_stream_free(&s);
}

/* Streams of many threads stay within bounds, and say how large they are. */
static void memory_is_bounded(void **state)
{
	struct cell cell = plain;
	struct ct_error e = { 0 };
	struct key_plan plan;

	(void)state;
	cell.flows = 100 << 20;
	cell.threads = 256;
	assert_int_equal(key_plan_init(&plan, &cell, &e), 0);
	assert_true(key_plan_bytes(&plan) * cell.threads <= 3ull << 30);
	assert_true(plan.stream_keys >= 1 << 16);
	cell.threads = 1;
	assert_int_equal(key_plan_init(&plan, &cell, &e), 0);
	assert_int_equal(key_plan_bytes(&plan), (16ull << 20) * sizeof(struct ct_key4));
}

static void refused(const struct cell *cell, const char *part)
{
	struct ct_error e = { 0 };
	struct key_plan plan;

	assert_int_equal(key_plan_init(&plan, cell, &e), -EINVAL);
	assert_int_equal(e.status, CT_EXIT_USER);
	if (!strstr(e.text, part))
		fail_msg("'%s' does not say '%s'", e.text, part);
}

static void what_cannot_be_is_said(void **state)
{
	struct cell cell = plain;

	(void)state;
	cell.threads = 0;
	refused(&cell, "threads");
	cell = plain;
	cell.flows = 0;
	refused(&cell, "flows");
	cell.flows = UINT64_MAX;
	refused(&cell, "flows");
	cell = plain;
	cell.popularity = POP_HOT;
	cell.hot_flows = cell.flows + 1;
	refused(&cell, "hot_flows");
	cell.hot_flows = 0;
	refused(&cell, "hot_flows");
	cell = plain;
	cell.insert = 0.2;
	cell.del = 0.1;
	cell.lookup = 0.7;
	refused(&cell, "same share");
	cell.insert = cell.del = 0.1;
	cell.threads = 8;
	cell.flows = 31;
	refused(&cell, "too few");
	cell.flows = 10000;
	cell.insert = cell.del = 1e-9;
	refused(&cell, "share");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(uniform_streams_permute),
	cmocka_unit_test(streams_are_repeatable),
	cmocka_unit_test(zipf_streams),
	cmocka_unit_test(hot_streams),
	cmocka_unit_test(hits_and_replies),
	cmocka_unit_test(misses_are_scattered),
	cmocka_unit_test(population_is_stationary),
	cmocka_unit_test(mix_is_exact),
	cmocka_unit_test(memory_is_bounded),
	cmocka_unit_test(what_cannot_be_is_said),
};
CT_TEST_MAIN(tests, NULL, NULL)
