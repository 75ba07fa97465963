/* SPDX-License-Identifier: MIT */
/*
 * Latencies of real measurements: the books balance, each operation has its
 * class, a stall planted into the window shows in an open loop's percentiles
 * and not in a closed one's.  No absolute times but those planted.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/numbers/histogram.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/measured.h"

static const struct cell plain = {
	.suite = "latency",
	.variant = "nulls_rcu_qsbr",
	.level = LEVEL_OPS,
	.kind = KIND_STEADY,
	.threads = 1,
	.flows = 4096,
	.buckets = 4096,
	.load_factor = 1,
	.hit_share = 0.75,
	.reply_share = 0.5,
	.lookup = 0.8,
	.insert = 0.1,
	.del = 0.1,
	.refcount = true,
	.seconds = 0.05,
	.warmup = 0.005,
	.repeats = 1,
	.seed = 1,
	.copies = 1,
	.arrivals = ARRIVALS_POISSON,
};

/* Its "latency"; tries again if noise may have spoilt it. */
static json_t *measure(const struct cell *cell, struct cell_result *r)
{
	json_t *details, *latency;

	for (int attempt = 0;; attempt++) {
		struct ct_error e = { 0 };

		if (measure_cell(cell, r, &details, &e))
			fail_msg("%s: %s", cell->variant, e.text);
		if (r->status)
			fail_msg("%s: %s", cell->variant, r->error);
		if (!r->void_reason[0] || attempt == 6)
			break;
		json_decref(details);
	}
	latency = json_incref(json_object_get(details, "latency"));
	assert_non_null(latency);
	assert_non_null(json_object_get(json_object_get(details, "metrics"), "p99_ns"));
	json_decref(details);
	return latency;
}

static uint64_t n_of(const json_t *latency, const char *class)
{
	return (uint64_t)json_integer_value(
		json_object_get(json_object_get(json_object_get(latency, "classes"), class), "n"));
}

static double figure(const json_t *latency, const char *class, const char *name)
{
	return json_number_value(
		json_object_get(json_object_get(json_object_get(latency, "classes"), class), name));
}

static void check_order(const json_t *latency)
{
	json_t *curve = json_object_get(latency, "curve_ns"), *classes, *class;
	const char *name;
	double last = 0;

	classes = json_object_get(latency, "classes");
	json_object_foreach(classes, name, class) {
		assert_true(figure(latency, name, "p50_ns") > 0);
		assert_true(figure(latency, name, "p50_ns") <= figure(latency, name, "p90_ns"));
		assert_true(figure(latency, name, "p90_ns") <= figure(latency, name, "p99_ns"));
		assert_true(figure(latency, name, "p99_ns") <= figure(latency, name, "p999_ns"));
		assert_true(figure(latency, name, "p999_ns") <= figure(latency, name, "max_ns"));
	}
	assert_true(json_array_size(curve) > 10);
	for (size_t k = 0; k < json_array_size(curve); k++) {
		double at = json_number_value(json_array_get(curve, k));

		assert_true(at >= last);
		last = at;
	}
	assert_true(last <= figure(latency, "all", "max_ns"));
	assert_true(json_number_value(
			    json_object_get(json_object_get(latency, "timer_ns"), "median")) > 0);
	assert_true(json_number_value(json_object_get(latency, "error")) == 1.0 / 128);
}

/* Every operation of the window is in its class's histogram, once. */
static void service_times(void **state)
{
	struct cell_result r;
	struct cell c = plain;
	json_t *latency;

	(void)state;
	c.latency = LATENCY_SERVICE;
	for (c.threads = 1; c.threads <= 2; c.threads++) {
		c.oversubscribe = c.threads > 1; /* one CPU will do for counting */
		latency = measure(&c, &r);
		assert_string_equal(json_string_value(json_object_get(latency, "kind")), "service");
		assert_null(json_object_get(latency, "rate_per_s"));
		assert_int_equal(n_of(latency, "lookup_hit"), r.hits);
		assert_int_equal(n_of(latency, "lookup_miss"), r.lookups - r.hits);
		assert_int_equal(n_of(latency, "insert"), r.inserts);
		assert_int_equal(n_of(latency, "delete"), r.deletes);
		assert_int_equal(n_of(latency, "all"), r.lookups + r.inserts + r.deletes);
		assert_int_equal(r.hits, r.expected_hits);
		assert_true(r.hits > 0 && r.hits < r.lookups && r.inserts > 0 && r.deletes > 0);
		assert_true(fabs(r.latency_p99_ns - figure(latency, "all", "p99_ns")) < 1e-3);
		check_order(latency);
		json_decref(latency);
	}
	c = plain;
	c.latency = LATENCY_SERVICE;
	c.lookup = c.hit_share = 1;
	c.insert = c.del = 0;
	latency = measure(&c, &r);
	assert_int_equal(json_object_size(json_object_get(latency, "classes")), 2);
	assert_int_equal(n_of(latency, "lookup_hit"), n_of(latency, "all"));
	json_decref(latency);
}

/* The number of arrivals matches the rate, whether they were started or not. */
static void arrivals_are_as_asked(void **state)
{
	struct cell_result r;
	struct cell c = plain;
	json_t *latency;

	(void)state;
	c.rate = 20000;
	c.seconds = 0.2;
	for (unsigned int p = ARRIVALS_CONSTANT; p <= ARRIVALS_POISSON; p++) {
		uint64_t arrived, unfinished;
		double expected = (double)c.rate * c.seconds;

		c.arrivals = p;
		latency = measure(&c, &r);
		assert_string_equal(json_string_value(json_object_get(latency, "kind")),
				    "response");
		arrived = (uint64_t)json_integer_value(json_object_get(latency, "arrived"));
		unfinished = (uint64_t)json_integer_value(json_object_get(latency, "unfinished"));
		assert_int_equal(unfinished, r.unfinished);
		assert_int_equal(n_of(latency, "all"), arrived + unfinished);
		assert_int_equal(arrived, r.lookups + r.inserts + r.deletes);
		/* Five standard deviations of a Poisson process; a constant one is exact to one. */
		assert_true(fabs((double)(arrived + unfinished) - expected) <=
			    (p == ARRIVALS_POISSON ? 5 * sqrt(expected) : 1));
		check_order(latency);
		json_decref(latency);
	}
}

/* Too high a rate: operations that were never started are counted, and their waits are included. */
static void a_rate_too_high(void **state)
{
	struct cell_result r;
	struct cell c = plain;
	json_t *latency;

	(void)state;
	c.rate = 1000000000;
	c.arrivals = ARRIVALS_CONSTANT;
	c.seconds = 0.02;
	latency = measure(&c, &r);
	assert_true(r.unfinished > 0);
	assert_true(n_of(latency, "all") >= (uint64_t)(0.99 * (double)c.rate * c.seconds));
	assert_true(figure(latency, "all", "p99_ns") > 1e6);
	json_decref(latency);
}

static void packets(void **state)
{
	struct cell_result r;
	struct cell c = plain;
	json_t *latency;

	(void)state;
	c.level = LEVEL_PACKETS;
	c.lookup = c.hit_share = 1;
	c.insert = c.del = 0;
	c.latency = LATENCY_SERVICE;
	latency = measure(&c, &r);
	assert_int_equal(n_of(latency, "established") + n_of(latency, "reply"), r.lookups);
	assert_int_equal(n_of(latency, "all"), r.lookups);
	assert_true(n_of(latency, "established") > 0 && n_of(latency, "reply") > 0);
	json_decref(latency);

	/* At the capture's own times; it opens connections and ends them. */
	snprintf(c.capture, sizeof(c.capture), "%s/workloads/captures/http.pcap.zst",
		 CTBENCH_SOURCE_DIR);
	c.latency = LATENCY_NONE;
	c.flows = 0;
	c.rate = 50000;
	c.arrivals = ARRIVALS_CAPTURE;
	latency = measure(&c, &r);
	assert_string_equal(json_string_value(json_object_get(latency, "arrivals")), "capture");
	assert_true(n_of(latency, "new") > 0 && n_of(latency, "reply") > 0);
	assert_true(n_of(latency, "all") > 0);
	json_decref(latency);
}

/*
 * Every worker stops for 20 ms, in 200 ms at 50000 a second: one
 * arrival in ten comes meanwhile, and waits 10 ms on average.  In a closed loop this
 * affects one operation of all.
 */
static bool stall_shows(bool last)
{
	struct cell_result r;
	struct cell c = plain;
	json_t *open, *closed;
	double p99, p999, most, hidden, most_closed;
	bool shows;

	c.seconds = 0.2;
	c.nr_events = 1;
	c.events[0] = (struct cell_event){ .at = 0.08, .seconds = 0.02, .kind = EVENT_STALL };
	c.rate = 50000;
	c.arrivals = ARRIVALS_CONSTANT;
	open = measure(&c, &r);
	c.rate = 0;
	c.latency = LATENCY_SERVICE;
	closed = measure(&c, &r);
	p99 = figure(open, "all", "p99_ns");
	p999 = figure(open, "all", "p999_ns");
	most = figure(open, "all", "max_ns");
	hidden = figure(closed, "all", "p99_ns");
	most_closed = figure(closed, "all", "max_ns");
	json_decref(open);
	json_decref(closed);
	/* The worst of a hundred came in the stall's first tenth, and waited nine at least. */
	shows = p99 >= 17e6 && p999 >= 19e6 && most >= 19.9e6 && most_closed >= 19.9e6 &&
		hidden <= p99 / 10;
	if (!shows && last)
		fail_msg("open loop: p99 %g, p99.9 %g, max %g ns; closed loop: p99 %g, max %g ns",
			 p99, p999, most, hidden, most_closed);
	return shows;
}

/* A machine that has other work may hide it once; not every time. */
static void a_planted_stall(void **state)
{
	int attempt = 0;

	(void)state;
	while (!stall_shows(attempt == 3))
		attempt++;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(service_times),   cmocka_unit_test(arrivals_are_as_asked),
	cmocka_unit_test(a_rate_too_high), cmocka_unit_test(packets),
	cmocka_unit_test(a_planted_stall),
};
CT_TEST_MAIN(tests, measured_setup, NULL)
