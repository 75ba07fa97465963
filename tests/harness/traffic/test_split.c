/* SPDX-License-Identifier: MIT */
/* Which thread gets which connection's packets: synthetic flows and captures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/traffic/capture.h"
#include "harness/traffic/frames.h"
#include "harness/traffic/keys.h"
#include "tests/fixture/cmocka.h"

#define THREADS 3
#define FLOWS	10007

/* ---- synthetic flows ---- */

/* How often each thread's stream has each flow, in each direction. */
struct seen {
	uint32_t nr[2][THREADS][FLOWS];
	struct key_stream s[THREADS];
	struct key_plan plan;
};

static struct seen *see(enum split_policy split, enum popularity popularity)
{
	const struct cell cell = {
		.threads = THREADS,
		.flows = FLOWS,
		.hit_share = 1,
		.reply_share = 0.5,
		.lookup = 1,
		.seed = 7,
		.split = split,
		.popularity = popularity,
		.zipf_s = 10,
		.hot_flows = 2,
		.hot_share = 0.5,
	};
	struct seen *seen = calloc(1, sizeof(*seen));
	struct ct_error e = { 0 };

	assert_non_null(seen);
	if (key_plan_init(&seen->plan, &cell, &e))
		fail_msg("%s", e.text);
	for (unsigned int t = 0; t < THREADS; t++) {
		struct key_stream *s = &seen->s[t];

		if (key_stream_make(s, &seen->plan, t, &e))
			fail_msg("%s", e.text);
		for (size_t i = 0; i < s->nr_keys; i++) {
			const struct ct_key4 *k = (const struct ct_key4 *)s->keys + i;
			union ct_tuple_words tuple;
			uint64_t flow;
			bool reply;

			ct_tuple_set_ipv4(&tuple, k->saddr, k->daddr, k->sport, k->dport,
					  k->protonum);
			assert_true(flow_find(&seen->plan.flows, &tuple.tuple, &flow, &reply));
			assert_true(flow < FLOWS);
			seen->nr[reply][t][flow]++;
		}
	}
	return seen;
}

static void forget(struct seen *seen)
{
	for (unsigned int t = 0; t < THREADS; t++)
		key_stream_free(&seen->s[t]);
	free(seen);
}

/* The one thread that has the flow in this direction, THREADS for none; it fails if several have.
 */
static unsigned int owner(const struct seen *seen, bool reply, uint64_t flow)
{
	unsigned int one = THREADS;

	for (unsigned int t = 0; t < THREADS; t++) {
		if (!seen->nr[reply][t][flow])
			continue;
		assert_int_equal(one, THREADS);
		one = t;
	}
	return one;
}

static void any_meets_all(void **state)
{
	struct seen *seen = see(SPLIT_ANY, POP_UNIFORM);

	(void)state;
	for (unsigned int t = 0; t < THREADS; t++)
		for (uint64_t flow = 0; flow < FLOWS; flow++)
			assert_true(seen->nr[0][t][flow] + seen->nr[1][t][flow] > 0);
	forget(seen);
}

static void flows_stay_on_a_thread(void **state)
{
	struct seen *seen = see(SPLIT_FLOW, POP_UNIFORM);
	uint64_t flows[THREADS] = { 0 };
	uint64_t owners[FLOWS];

	(void)state;
	for (uint64_t flow = 0; flow < FLOWS; flow++) {
		unsigned int one = owner(seen, false, flow);

		assert_true(one < THREADS);
		assert_int_equal(owner(seen, true, flow), one);
		owners[flow] = one;
		flows[one]++;
	}
	/* in equal numbers, and not in the order in which they are put into the table */
	for (unsigned int t = 0; t < THREADS; t++)
		assert_in_range(flows[t], FLOWS / THREADS, FLOWS / THREADS + 1);
	for (size_t lag = 1; lag <= THREADS; lag++)
		assert_true(fabs(serial_correlation(owners, FLOWS, lag)) < 5 / sqrt(FLOWS));
	forget(seen);
}

static void replies_are_on_the_next_thread(void **state)
{
	struct seen *seen = see(SPLIT_DIRECTION, POP_UNIFORM);

	(void)state;
	for (uint64_t flow = 0; flow < FLOWS; flow++) {
		unsigned int one = owner(seen, false, flow);

		assert_true(one < THREADS);
		assert_int_equal(owner(seen, true, flow), (one + 1) % THREADS);
	}
	forget(seen);
}

/* In one pass over the flows the threads together have each once. */
static void round_robin_takes_turns(void **state)
{
	struct seen *seen = see(SPLIT_ROUND_ROBIN, POP_UNIFORM);
	uint64_t passes = 0;

	(void)state;
	for (unsigned int t = 0; t < THREADS; t++)
		passes += seen->s[t].nr_keys;
	passes /= FLOWS;
	for (uint64_t flow = 0; flow < FLOWS; flow++) {
		uint64_t nr = 0;

		for (unsigned int t = 0; t < THREADS; t++)
			nr += seen->nr[0][t][flow] + seen->nr[1][t][flow];
		assert_in_range(nr, passes, passes + 1);
	}
	forget(seen);
}

/* Also if nearly all lookups are of a few connections. */
static void popular_flows_are_split(void **state)
{
	static const enum popularity popularities[] = { POP_ZIPF, POP_HOT };
	static const enum split_policy splits[] = { SPLIT_FLOW, SPLIT_DIRECTION };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct seen *seen = see(splits[i / 2], popularities[i % 2]);

		for (uint64_t flow = 0; flow < FLOWS; flow++) {
			unsigned int one = owner(seen, false, flow);
			unsigned int other = owner(seen, true, flow);

			if (one < THREADS && other < THREADS)
				assert_int_equal(other, (one + i / 2) % THREADS);
		}
		forget(seen);
	}
}

static void too_few_flows(void **state)
{
	struct cell cell = { .threads = 4, .flows = 3, .hit_share = 1, .lookup = 1 };
	struct key_plan plan;
	struct ct_error e = { 0 };

	(void)state;
	assert_int_equal(key_plan_init(&plan, &cell, &e), 0);
	cell.split = SPLIT_FLOW;
	assert_int_equal(key_plan_init(&plan, &cell, &e), -EINVAL);
	assert_non_null(strstr(e.text, "3 flows"));
	assert_non_null(strstr(e.text, "4 threads"));
}

/* ---- a capture ---- */

/* Addresses, ports and protocol, the lower end first. */
struct ends {
	uint8_t bytes[13];
	unsigned int threads[2]; /* bit t: thread t got packets with the lower end as source */
};

static struct ends *ends_of(struct ends *list, size_t *nr, const struct ct_frame *f, bool *turned)
{
	const uint8_t *p = f->data;
	size_t l4 = (size_t)(p[0] & 15) * 4, i = 0;
	uint8_t a[6], b[6];
	struct ends ends = { 0 };

	memcpy(a, p + 12, 4);
	memcpy(a + 4, p + l4, 2);
	memcpy(b, p + 16, 4);
	memcpy(b + 4, p + l4 + 2, 2);
	*turned = memcmp(a, b, 6) > 0;
	memcpy(ends.bytes, *turned ? b : a, 6);
	memcpy(ends.bytes + 6, *turned ? a : b, 6);
	ends.bytes[12] = p[9];
	while (i < *nr && memcmp(list[i].bytes, ends.bytes, sizeof(ends.bytes)))
		i++;
	if (i == *nr)
		list[(*nr)++] = ends;
	return &list[i];
}

static void check_capture(const struct capture_set *set, enum split_policy split)
{
	struct ends *list = calloc(set->nr, sizeof(*list));
	size_t nr = 0, packets = 0, both = 0;
	uint64_t whole = 0;

	assert_non_null(list);
	for (unsigned int t = 0; t < THREADS; t++) {
		struct frame_set frames;
		struct ct_error e = { 0 };

		assert_int_equal(frames_from_capture(&frames, set, 1, split, t, THREADS, &e), 0);
		packets += frames.nr;
		whole = frames.whole_nr;
		for (size_t i = 0; i < frames.nr; i++) {
			const struct ct_frame *f = &frames.frames[i];
			bool turned;
			struct ends *ends;

			/* whole packets of TCP and UDP over IPv4 */
			if (f->data[0] >> 4 != 4 || (f->data[9] != 6 && f->data[9] != 17) ||
			    f->data[6] & 0x3f || f->data[7])
				continue;
			ends = ends_of(list, &nr, f, &turned);
			ends->threads[turned] |= 1u << t;
		}
		frame_set_free(&frames);
	}
	assert_int_equal(packets, whole);
	assert_true(nr > 20);
	for (size_t i = 0; i < nr; i++) {
		unsigned int a = list[i].threads[0], b = list[i].threads[1];

		if (split == SPLIT_ANY || !a || !b)
			continue;
		both++;
		assert_int_equal(__builtin_popcount(a), 1);
		assert_int_equal(__builtin_popcount(b), 1);
		if (split == SPLIT_FLOW)
			assert_int_equal(a, b);
		else
			assert_int_not_equal(a, b);
	}
	assert_true(both > 20 || split == SPLIT_ANY);
	free(list);
}

static void captures_are_split(void **state)
{
	struct capture_set set;
	struct ct_error e = { 0 };

	(void)state;
	if (capture_load(CTBENCH_SOURCE_DIR "/workloads/captures/office.pcap.zst", &set, &e))
		fail_msg("%s", e.text);
	check_capture(&set, SPLIT_ANY);
	check_capture(&set, SPLIT_FLOW);
	check_capture(&set, SPLIT_DIRECTION);
	capture_set_free(&set);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(any_meets_all),
	cmocka_unit_test(flows_stay_on_a_thread),
	cmocka_unit_test(replies_are_on_the_next_thread),
	cmocka_unit_test(round_robin_takes_turns),
	cmocka_unit_test(popular_flows_are_split),
	cmocka_unit_test(too_few_flows),
	cmocka_unit_test(captures_are_split),
};
CT_TEST_MAIN(tests, NULL, NULL)
