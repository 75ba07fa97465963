/* SPDX-License-Identifier: MIT */
/*
 * Timelines: a stall of several pieces shows as pieces without operations,
 * on a made-up track, and planted into a real measurement; each
 * event of a workload is executed, with its times; repeats are merged by medians.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/timeline.h"
#include "harness/results/timeline_merge.h"
#include "harness/machine/tsc.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/measured.h"

#define PIECES 10

/* ---- a made-up track: a batch of 100 operations per tenth of a piece, and a stall ---- */

struct made_up {
	struct cell cell;
	struct bench b;
	struct bench_timeline timeline;
	struct timeline_track track;
	struct timeline_slot slots[PIECES + 1];
};

static void make(struct made_up *m, double stall_from, double stall_to)
{
	const uint64_t open = 1000000, piece = tsc_from_seconds(0.001);
	uint64_t now = open, next = open + piece,
		 ops = 5000; /* counted from before the window on */

	memset(m, 0, sizeof(*m));
	m->cell.threads = 1;
	m->timeline =
		(struct bench_timeline){ .seconds = 0.001, .pieces = PIECES, .track = &m->track };
	m->track.slot = m->slots;
	m->b.cell = &m->cell;
	m->b.timeline = &m->timeline;
	atomic_store(&m->b.window_opens, open);
	m->slots[m->track.nr++] = (struct timeline_slot){ .before = { open, { ops } },
							  .after = { open, { ops } },
							  .connections = 7 };
	while (m->track.nr <= PIECES) {
		uint64_t before = now;

		now += piece / 10;
		if ((double)(now - open) / (double)piece > stall_from)
			now = open + (uint64_t)(stall_to * (double)piece) > now
				      ? open + (uint64_t)(stall_to * (double)piece)
				      : now;
		ops += 100;
		for (; next <= now && m->track.nr <= PIECES; next += piece)
			m->slots[m->track.nr++] =
				(struct timeline_slot){ .before = { before, { ops - 100 } },
							.after = { now, { ops } },
							.longest = piece / 10,
							.connections = 7 };
	}
}

static json_t *series(const json_t *timeline, const char *name)
{
	json_t *found = json_object_get(json_object_get(timeline, "series"), name);

	if (!found)
		fail_msg("there is no series %s", name);
	return found;
}

static double piece_of(const json_t *timeline, const char *name, size_t k)
{
	return json_number_value(json_array_get(series(timeline, name), k));
}

/* end: "series_low" or "series_high" */
static double end_of(const json_t *timeline, const char *end, const char *name, size_t k)
{
	json_t *value = json_array_get(json_object_get(json_object_get(timeline, end), name), k);

	if (!json_is_number(value))
		fail_msg("%s has no piece %zu of %s", end, k, name);
	return json_number_value(value);
}

static void test_calm(void **state)
{
	struct made_up m;
	json_t *t;

	(void)state;
	make(&m, 1e9, 0);
	t = bench_timeline_json(&m.b);
	assert_int_equal(json_array_size(series(t, "ops_per_s")), PIECES);
	for (size_t k = 0; k < PIECES; k++) {
		assert_true(piece_of(t, "ops_per_s", k) > 990e3 &&
			    piece_of(t, "ops_per_s", k) < 1010e3);
		assert_true(piece_of(t, "longest_batch_us", k) > 90 &&
			    piece_of(t, "longest_batch_us", k) < 110);
		assert_true(piece_of(t, "connections", k) == 7);
	}
	/* Events that never happened have no series. */
	assert_null(json_object_get(json_object_get(t, "series"), "missed"));
	json_decref(t);
}

static void test_stalled(void **state)
{
	struct made_up m;
	double sum = 0;
	json_t *t;

	(void)state;
	make(&m, 2.55, 7.5); /* in the middle of a piece, to the middle of another */
	t = bench_timeline_json(&m.b);
	for (size_t k = 0; k < PIECES; k++) {
		double rate = piece_of(t, "ops_per_s", k);

		sum += rate * 0.001;
		if (k < 2 || k > 7)
			assert_true(rate > 990e3 && rate < 1010e3);
		else if (k == 2 || k == 7)
			assert_true(rate > 400e3 && rate < 700e3);
		else /* the one batch that stalled */
			assert_true(rate < 25e3);
		if (k >= 2 && k <= 7)
			assert_true(piece_of(t, "longest_batch_us", k) > 4900);
		else
			assert_true(piece_of(t, "longest_batch_us", k) < 110);
	}
	/* Nothing is lost: 5.05 pieces of work and the stalled batch. */
	assert_true(sum > 5000 && sum < 5200);
	json_decref(t);
}

/* ---- merging ---- */

static void test_merge(void **state)
{
	json_t *three = json_loads(
		"[{\"window_s\": 0.002, \"t0_s\": 0, \"series\": {\"ops_per_s\": [1, 20, 3], "
		"\"missed\": [9, 0, 4]},"
		"  \"events\": [{\"name\": \"flush\", \"begin_s\": 1.0, \"end_s\": 2.0}]},"
		" {\"window_s\": 0.002, \"t0_s\": 0, \"series\": {\"ops_per_s\": [2, 10, 5]},"
		"  \"events\": [{\"name\": \"flush\", \"begin_s\": 1.5, \"end_s\": 2.5}]},"
		" {\"window_s\": 0.002, \"t0_s\": 0, \"series\": {\"ops_per_s\": [3, 30, 4], "
		"\"missed\": [7, 0, 8]},"
		"  \"events\": [{\"name\": \"flush\", \"begin_s\": 9.0, \"end_s\": 9.0}]}]",
		0, NULL);
	json_t *merged = timeline_merge(three), *event;

	(void)state;
	assert_non_null(merged);
	assert_true(piece_of(merged, "ops_per_s", 0) == 2 &&
		    piece_of(merged, "ops_per_s", 1) == 20 &&
		    piece_of(merged, "ops_per_s", 2) == 4);
	/* the second had none: zeros, not a gap */
	assert_true(piece_of(merged, "missed", 0) == 7 && piece_of(merged, "missed", 1) == 0 &&
		    piece_of(merged, "missed", 2) == 4);
	event = json_array_get(json_object_get(merged, "events"), 0);
	assert_string_equal(json_string_value(json_object_get(event, "name")), "flush");
	assert_true(json_number_value(json_object_get(event, "begin_s")) == 1.5);
	assert_true(json_number_value(json_object_get(event, "end_s")) == 2.5);
	assert_int_equal(json_integer_value(json_object_get(merged, "n")), 3);
	json_decref(merged);

	/* of other lengths: not a repeat of the same */
	json_array_append_new(series(json_array_get(three, 1), "ops_per_s"), json_integer(1));
	assert_null(timeline_merge(three));
	json_array_clear(three);
	assert_null(timeline_merge(three));
	json_decref(three);
}

/* n timelines of two pieces: 10, 20, ... n0 in the first; in the second 7 in the last alone. */
static json_t *merged_of(int n)
{
	json_t *all = json_array(), *merged;

	for (int i = 0; i < n; i++)
		json_array_append_new(
			all,
			json_pack("{s:f, s:f, s:{s:[i, i], s:[i, i], s:[i, i]}, s:[]}", "window_s",
				  0.002, "t0_s", 0.0, "series", "ops_per_s", 10 * (i * 4 % n + 1),
				  5, "missed", 0, i ? 0 : 7, "refused", 0, 0, "events"));
	merged = timeline_merge(all);
	assert_non_null(merged);
	json_decref(all);
	return merged;
}

/* Of nine the second and the eighth, as for cells' medians; of five, all of them. */
static void test_intervals(void **state)
{
	json_t *nine = merged_of(9), *five = merged_of(5), *one = merged_of(1);

	(void)state;
	assert_true(piece_of(nine, "ops_per_s", 0) == 50);
	assert_true(end_of(nine, "series_low", "ops_per_s", 0) == 20);
	assert_true(end_of(nine, "series_high", "ops_per_s", 0) == 80);
	assert_true(end_of(nine, "series_low", "ops_per_s", 1) == 5);
	assert_true(end_of(nine, "series_high", "ops_per_s", 1) == 5);
	/* one of nine is outside of it, so these are zeros throughout, and are left out */
	assert_null(json_object_get(json_object_get(nine, "series_high"), "missed"));
	assert_null(json_object_get(json_object_get(nine, "series_low"), "missed"));
	assert_int_equal(json_object_size(json_object_get(nine, "series_high")), 1);

	assert_true(end_of(five, "series_low", "ops_per_s", 0) == 10);
	assert_true(end_of(five, "series_high", "ops_per_s", 0) == 50);
	assert_true(end_of(five, "series_low", "missed", 1) == 0);
	assert_true(end_of(five, "series_high", "missed", 1) == 7);
	assert_null(json_object_get(json_object_get(five, "series_high"), "refused"));

	/* a single one has none */
	assert_null(json_object_get(one, "series_low"));
	assert_null(json_object_get(one, "series_high"));
	json_decref(nine);
	json_decref(five);
	json_decref(one);
}

/* ---- whole measurements ---- */

static const struct cell plain = {
	SMALL_CELL,	   .variant = "nulls_rcu_jhash2_scale_seqcount",
	.seconds = 0.15,   .warmup = 0.002,
	.timeline = 0.001,
};

static json_t *event_at(const json_t *details, size_t i)
{
	return json_array_get(json_object_get(json_object_get(details, "timeline"), "events"), i);
}

static double when(const json_t *event, const char *key)
{
	assert_true(json_is_number(json_object_get(event, key)));
	return json_number_value(json_object_get(event, key));
}

/*
 * During the planted stall nothing is done, and a batch takes that long.  On a
 * busy machine the signal may come after the window: try again.
 */
static void test_planted_stall(void **state)
{
	struct cell c = plain;

	(void)state;
	c.nr_events = 1;
	c.events[0] = (struct cell_event){ .kind = EVENT_STALL, .at = 0.03, .seconds = 0.005 };
	for (int attempt = 0;; attempt++) {
		json_t *details = measured(&c), *t = json_object_get(details, "timeline");
		double begin = when(event_at(details, 0), "begin_s");
		double end = when(event_at(details, 0), "end_s");
		size_t first = (size_t)(begin / 0.001) + 1, last = (size_t)(end / 0.001);

		/* up to the rounding of differences; the clock of sleeping is not the one
		 * reported */
		assert_true(end - begin >= 0.005 * 0.999 && begin >= 0.03 * 0.999);
		if (last >= json_array_size(series(t, "ops_per_s"))) {
			json_decref(details);
			if (attempt == 4)
				skip();
			continue;
		}
		assert_true(last - first >= 3);
		for (size_t k = first; k < last; k++) {
			/* one batch of 256, spread over all of it */
			assert_true(piece_of(t, "ops_per_s", k) * 0.001 <= 256);
			assert_true(piece_of(t, "longest_batch_us", k) >= 5000);
		}
		json_decref(details);
		return;
	}
}

static double metric(const json_t *details, const char *name)
{
	return when(json_object_get(details, "metrics"), name);
}

/*
 * One tuple in many zones: all are in the table, unless chains are limited and the hash puts all
 * into one.  One zone is deleted, and it has one of them.  Without a limit nothing fresh is lost.
 */
static void test_probes(void **state)
{
	static const struct {
		const char *variant;
		bool refuses;
	} cases[] = {
		{ "nulls_rcu_siphash", false }, { "nulls_rcu_jhash2_scale_seqcount", false },
		{ "nulls_rcu_cap64", true },	{ "flowline_qsbr", false },
		{ "locked_global", false },
	};
	static const struct cell_event events[] = {
		{ .kind = EVENT_ZONES, .count = 200, .at = 0.002 },
		{ .kind = EVENT_FLUSH_ZONE, .at = 0.003 },
		{ .kind = EVENT_FRESH, .count = 50, .seconds = 0.002, .at = 0.004 },
	};

	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(cases); v++) {
		struct cell c = plain;
		json_t *details;

		strcpy(c.variant, cases[v].variant);
		c.seconds = 0.03;
		memcpy(c.events, events, sizeof(events));
		c.nr_events = ARRAY_SIZE(events);
		details = measured(&c);
		assert_true(metric(details, "zone_refused") ==
			    200 - when(event_at(details, 0), "connections"));
		assert_int_equal(metric(details, "zone_refused") > 0, cases[v].refuses);
		assert_true(metric(details, "zone_insert_ns") > 0);
		assert_true(metric(details, "zone_lookup_ns") > 0);
		assert_true(metric(details, "zone_flush_s") > 0);
		assert_true(when(event_at(details, 1), "connections") == 1);
		assert_true(metric(details, "fresh_lost_percent") == 0);
		json_decref(details);
	}
	/* A table that is full drops some of them for a flood. */
	for (int attempt = 0; attempt < 5; attempt++) {
		static const struct cell_event full[] = {
			{ .kind = EVENT_LIMIT, .count = 2048, .at = 0.001 },
			{ .kind = EVENT_FRESH, .count = 500, .seconds = 0.03, .at = 0.002 },
			{ .kind = EVENT_FLOOD, .count = 1000000, .seconds = 0.02, .at = 0.005 },
		};
		struct cell c = plain;
		json_t *details;
		double lost;

		c.seconds = 0.05;
		memcpy(c.events, full, sizeof(full));
		c.nr_events = ARRAY_SIZE(full);
		details = measured(&c);
		lost = metric(details, "fresh_lost_percent");
		json_decref(details);
		assert_true(lost >= 0 && lost <= 100);
		if (lost > 0)
			return;
	}
	fail_msg("nothing fresh was lost");
}

static void test_every_event(void **state)
{
	static const char *const variants[] = {
		"nulls_rcu_jhash2_scale_seqcount",
		"nulls_rcu_qsbr",
		"plain_rcu_deferred",
		"locked_per_bucket",
		"cds_lfht",
	};
	static const struct cell_event events[] = {
		{ .kind = EVENT_RESIZE, .count = 2048, .at = 0.002 },
		{ .kind = EVENT_DUMP, .at = 0.004 },
		{ .kind = EVENT_FLOOD, .count = 50000, .seconds = 0.01, .at = 0.005 },
		{ .kind = EVENT_LIMIT, .count = 2001, .at = 0.010 },
		{ .kind = EVENT_GC, .at = 0.020 },
		{ .kind = EVENT_STALL, .seconds = 0.001, .at = 0.022 },
		{ .kind = EVENT_FLUSH, .at = 0.024 },
	};

	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(variants); v++)
		for (int packets = 0; packets < 2; packets++) {
			struct cell c = plain;
			json_t *details;

			strcpy(c.variant, variants[v]);
			c.threads = 2;
			c.seconds = 0.03;
			if (packets) {
				c.level = LEVEL_PACKETS;
				c.lookup = 1;
				c.insert = c.del = 0;
			}
			memcpy(c.events, events, sizeof(events));
			c.nr_events = ARRAY_SIZE(events);
			details = measured(&c);
			assert_int_equal(json_array_size(json_object_get(
						 json_object_get(details, "timeline"), "events")),
					 ARRAY_SIZE(events));
			for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
				const json_t *e = event_at(details, i);

				assert_true(when(e, "begin_s") >= events[i].at * 0.999);
				assert_true(when(e, "end_s") >=
					    when(e, "begin_s") + events[i].seconds * 0.99);
			}
			assert_string_equal(
				json_string_value(json_object_get(event_at(details, 0), "name")),
				"resize=2Ki");
			json_decref(details);
		}
}

/* A flood into a full table evicts other connections: its early drops are in the pieces too. */
static void test_all_early_drops(void **state)
{
	struct cell c = plain;
	double sum = 0, all;
	json_t *details, *t;

	(void)state;
	c.seconds = 0.05;
	c.lookup = 1; /* the workers put nothing in */
	c.insert = c.del = 0;
	c.nr_events = 2;
	c.events[0] = (struct cell_event){ .kind = EVENT_LIMIT, .count = 2000, .at = 0.002 };
	c.events[1] = (struct cell_event){
		.kind = EVENT_FLOOD, .count = 100000, .seconds = 0.02, .at = 0.005
	};
	details = measured(&c);
	t = json_object_get(details, "timeline");
	all = json_number_value(json_object_get(json_object_get(details, "stat"), "early_drop"));
	assert_true(all > 0);
	for (size_t k = 0; k < 50; k++)
		sum += piece_of(t, "early_drop", k);
	/* up to the rounding of each piece, and a late flood after the window */
	assert_true(sum <= all + 50 && sum >= 0.5 * all);
	json_decref(details);
}

/* With latencies each piece has percentiles, but none of a class that never occurred. */
static void test_percentiles(void **state)
{
	struct timeline_tail tail = { .bucket = { 0 } };
	struct cell c = plain;
	json_t *details, *t;
	size_t with = 0;

	(void)state;
	assert_int_equal(timeline_tail_at(&tail, 0.5), 0);
	tail.bucket[ct_histogram_bucket(1000) >> TL_TAIL_SHIFT] = 99;
	tail.bucket[ct_histogram_bucket(50000) >> TL_TAIL_SHIFT] = 1;
	/* never below the truth, and 6 % above it at most */
	assert_in_range(timeline_tail_at(&tail, 0.5), 1000, 1063);
	assert_in_range(timeline_tail_at(&tail, 0.99), 1000, 1063);
	assert_in_range(timeline_tail_at(&tail, 1), 50000, 53125);

	c.seconds = 0.03;
	c.latency = LATENCY_SERVICE;
	details = measured(&c);
	t = json_object_get(details, "timeline");
	for (size_t k = 0; k < 30; k++) {
		assert_true(piece_of(t, "lookup_p50_ns", k) <= piece_of(t, "lookup_p99_ns", k));
		assert_true(piece_of(t, "insert_p99_ns", k) <= piece_of(t, "insert_max_ns", k));
		with += piece_of(t, "lookup_p50_ns", k) > 0;
	}
	assert_true(with > 0);
	json_decref(details);

	c.latency = LATENCY_NONE;
	details = measured(&c);
	t = json_object_get(details, "timeline");
	assert_null(json_object_get(json_object_get(t, "series"), "lookup_p50_ns"));
	json_decref(details);
}

/* The older key works too, and its times are kept. */
static void test_resizes(void **state)
{
	struct cell c = plain;
	json_t *details;

	(void)state;
	c.seconds = 0.02;
	c.nr_events = 1;
	c.events[0] = (struct cell_event){ .kind = EVENT_RESIZE, .at = 0.005, .count = 4096 };
	details = measured(&c);
	assert_true(when(event_at(details, 0), "begin_s") >= 0.005 * 0.999);
	assert_true(when(event_at(details, 0), "end_s") > when(event_at(details, 0), "begin_s"));
	json_decref(details);

	c.timeline = 0; /* without a timeline the events' times are kept too */
	details = measured(&c);
	assert_null(json_object_get(details, "timeline"));
	assert_int_equal(json_array_size(json_object_get(details, "events")), 1);
	json_decref(details);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_calm),	      cmocka_unit_test(test_stalled),
	cmocka_unit_test(test_merge),	      cmocka_unit_test(test_intervals),
	cmocka_unit_test(test_planted_stall), cmocka_unit_test(test_probes),
	cmocka_unit_test(test_every_event),   cmocka_unit_test(test_resizes),
	cmocka_unit_test(test_percentiles),   cmocka_unit_test(test_all_early_drops),
};
CT_TEST_MAIN(tests, measured_setup, NULL)
