/* SPDX-License-Identifier: MIT */
/*
 * Whole measurements, each in a separate process as in a run: every
 * registered variant at both levels gives a sane result, or the reason why it cannot be measured.
 * The windows are tiny, and no test checks speed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/measured.h"
#include "variants/variant.h"

#define CAPTURE CTBENCH_SOURCE_DIR "/workloads/captures/office.pcap.zst"

/* Two threads, also with one CPU, or with none free. */
static const struct cell plain = {
	.suite = "test",
	.threads = 2,
	.oversubscribe = true,
	.flows = 600,
	.buckets = 256,
	.hit_share = 1,
	.reply_share = 0.5,
	.lookup = 1,
	.refcount = true,
	.seconds = 0.004,
	.repeats = 1,
	.seed = 7,
};

static bool keeps_nothing(const struct ct_variant *v)
{
	return v->flags & CT_V_NULL;
}

/* --- What every result has --- */

/* A nulls walk during a resize may miss an entry (chain/nulls_rcu.h); no other walk may.
 */
static bool may_miss(const struct cell *c, const struct ct_variant *v)
{
	return c->nr_events && !strcmp(v->axes.chain, "nulls_rcu") &&
	       !strcmp(v->axes.resize, "seqcount");
}

static void
check_memory(const struct cell *c, const struct ct_variant *v, const struct cell_result *r)
{
	uint64_t buckets = c->nr_events ? c->events[c->nr_events - 1].count : c->buckets;

	if (keeps_nothing(v)) {
		assert_int_equal(r->connections, 0);
		assert_int_equal(r->node_bytes, 0);
		return;
	}
	/* If nodes wait for a grace period, there are more of them than connections. */
	if (!strcmp(v->axes.node, "deferred") && (c->insert > 0 || c->capture[0]))
		assert_true(r->node_bytes >= 256 * r->connections);
	else
		assert_int_equal(r->node_bytes, 256 * r->connections);
	/* A thread that shares nothing has its buckets from its first insertion on. */
	if (v->flags & CT_V_UNSHARED)
		buckets /= c->threads;
	assert_true(r->bucket_bytes >= 8 * buckets);
	assert_true(r->rss_bytes > r->node_bytes + r->bucket_bytes);
}

static void
check_operations(const struct cell *c, const struct ct_variant *v, const struct cell_result *r)
{
	assert_true(r->hits <= r->lookups);
	if (keeps_nothing(v)) {
		/* Without hooks packets pass; lookups find nothing. */
		assert_int_equal(r->hits, c->level == LEVEL_PACKETS ? r->lookups : 0);
		return;
	}
	if (c->capture[0]) {
		assert_true(r->hits > 0 && r->connections > 0);
		return;
	}
	if (may_miss(c, v))
		assert_true(r->hits <= r->expected_hits);
	else
		assert_int_equal(r->hits, r->expected_hits);
	if (c->level == LEVEL_OPS && c->kind == KIND_STEADY && c->hit_share < 1)
		assert_true(r->hits < r->lookups);
	if (may_miss(c, v))
		return;
	assert_int_equal(r->insert_failed, 0);
	if (c->insert > 0) {
		assert_true(r->inserts > 0 && r->deletes > 0);
		assert_in_range(r->connections, c->flows - c->threads, c->flows + c->threads);
	} else {
		assert_int_equal(r->connections, c->flows);
		assert_int_equal(r->deletes, 0);
	}
}

static void check(const struct cell *c, const struct ct_variant *v, const struct cell_result *r)
{
	assert_true(r->ops > 0);
	assert_true(r->window > 0);
	assert_true(r->ns_per_op > 0);
	assert_true(r->cpu_ns_per_op > 0);
	/* On a busy machine a thread may be too late for such a short window. */
	assert_true(r->max_thread_ops > 0 && r->min_thread_ops <= r->max_thread_ops);
	assert_true(r->skew >= 0);
	if (c->kind == KIND_STEADY)
		assert_true(r->window <= 2 * c->seconds + 1 && r->checksum);
	else /* all of it, and nothing else; the sum is rounded */
		assert_in_range(r->ops, c->flows - 1, c->flows + 1);
	if (c->level == LEVEL_OPS && c->kind == KIND_STEADY)
		assert_true(r->build_seconds > 0);
	if (c->level == LEVEL_OPS && c->insert <= 0 && c->kind == KIND_STEADY)
		assert_int_equal(r->window_allocs, 0);
	assert_true(*r->cpus && *r->allocator);
	assert_int_equal(r->resizes_done, c->nr_events);
	assert_int_equal(r->resize_seconds > 0, c->nr_events > 0);
	check_memory(c, v, r);
	check_operations(c, v, r);
}

/* Effects of noise on tiny windows only: these are measured again, with longer ones. */
static bool noise(const char *reason)
{
	return strstr(reason, "started") || strstr(reason, "at the same time") ||
	       strstr(reason, "no operation");
}

/* Effects of a busy machine on windows of any length: void, but otherwise right. */
static bool busy(const char *reason)
{
	return strstr(reason, "off its CPU") || strstr(reason, "frequency") ||
	       strstr(reason, "hypervisor") || strstr(reason, "were done in the window");
}

static void measure(const struct cell *cell, const struct ct_variant *v, const char *what)
{
	struct cell_result r;
	struct cell c = *cell;

	snprintf(c.variant, sizeof(c.variant), "%s", v->name);
	for (unsigned int attempt = 0;; attempt++) {
		struct ct_error e = { 0 };

		if (measure_cell(&c, &r, NULL, &e))
			fail_msg("%s of %s: %s", what, v->name, e.text);
		if (r.status == CT_EXIT_SKIP)
			return;
		if (r.status)
			fail_msg("%s of %s: status %d, %s", what, v->name, r.status, r.error);
		if (!r.void_reason[0] || busy(r.void_reason))
			break;
		if (!noise(r.void_reason) || attempt == 6)
			fail_msg("%s of %s is void: %s", what, v->name, r.void_reason);
		c.seconds *= 2;
	}
	check(&c, v, &r);
}

/* --- The cells --- */

static void add_resizes(struct cell *c)
{
	c->nr_events = 2;
	c->events[0] = (struct cell_event){ .at = 0.001, .count = 1024, .kind = EVENT_RESIZE };
	c->events[1] = (struct cell_event){ .at = 0.002, .count = 128, .kind = EVENT_RESIZE };
}

/*
 * Each cell combines several features, so that few processes cover all.  In
 * sanitizer builds, where each takes long, variants that do not differ in anything
 * relevant here take turns; tables from other projects always do.
 */
static void over_variants(const struct cell *cell, const char *what, bool resizes)
{
	static unsigned int turn;

	for (size_t i = 0; i < ct_nr_variants; i++) {
		const struct ct_variant *v = ct_variants[i];
		struct cell c = *cell;

		if (v->flags & CT_V_LOOKUPS)
			continue;
		if ((SANITIZED || v->flags & CT_V_PEER) && (i + turn) % (SANITIZED ? 8 : 4))
			continue;
		if (resizes && v->flags & CT_V_RESIZE)
			add_resizes(&c);
		if (v->flags & CT_V_UNSHARED) /* what another thread inserted is not found */
			c.split = SPLIT_FLOW;
		measure(&c, v, what);
	}
	turn++;
}

static void test_fill(void **state)
{
	struct cell c = plain;

	(void)state;
	c.kind = KIND_FILL;
	c.ipv6_share = 0.25;
	over_variants(&c, "filling", false);
	c.level = LEVEL_PACKETS;
	over_variants(&c, "filling by packets", false);
}

static void test_lookups(void **state)
{
	struct cell c = plain;

	(void)state;
	c.popularity = POP_HOT;
	c.hot_flows = 10;
	c.hot_share = 0.9;
	c.refcount = false;
	c.seconds = 0.006;
	over_variants(&c, "lookups in a hot set under resizes", true);
	if (SANITIZED)
		return;
	c = plain;
	c.hit_share = 0;
	c.warmup = 0.001;
	c.pages = PAGES_4K;
	over_variants(&c, "misses", false);
}

static void test_mix(void **state)
{
	struct cell c = plain;

	(void)state;
	c.popularity = POP_ZIPF;
	c.zipf_s = 1.1;
	c.hit_share = 0.7;
	c.ipv6_share = 0.5;
	c.lookup = 0.8;
	c.insert = c.del = 0.1;
	over_variants(&c, "a mix", false);
	if (SANITIZED)
		return;
	c.ipv6_share = 0;
	c.seconds = 0.006;
	over_variants(&c, "a mix under resizes", true);
}

static void test_packets(void **state)
{
	struct cell c = plain;

	(void)state;
	c.level = LEVEL_PACKETS;
	c.ipv6_share = 0.5;
	c.popularity = POP_ZIPF;
	c.zipf_s = 0.9;
	c.seconds = 0.006;
	over_variants(&c, "packets", false);
}

/*
 * Operations and packets in bursts; 12 leaves a rest of each batch.  One
 * variant for each way to look up a burst: chains, guesses, one after the other.
 */
static void test_bursts(void **state)
{
	static const char *const names[] = { "nulls_rcu_jhash2_scale_seqcount", "flowline_qsbr",
					     "cds_lfht", "null" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct ct_variant *v = ct_variant_find(names[i]);
		struct cell c = plain;

		c.burst = 12;
		c.hit_share = 0.7;
		c.lookup = 0.8;
		c.insert = c.del = 0.1;
		measure(&c, v, "a mix in bursts");
		c = plain;
		c.burst = 64;
		c.level = LEVEL_PACKETS;
		measure(&c, v, "packets in bursts");
		c.kind = KIND_FILL;
		measure(&c, v, "filling by packets in bursts");
	}
}

static void test_capture(void **state)
{
	struct cell c = plain;

	(void)state;
	c.level = LEVEL_PACKETS;
	c.flows = 0;
	c.copies = 2;
	snprintf(c.capture, sizeof(c.capture), "%s", CAPTURE);
	over_variants(&c, "a capture under resizes", true);
	c.split = SPLIT_ROUND_ROBIN;
	if (!SANITIZED)
		over_variants(&c, "a capture round robin", false);
}

/* The decoder, and the replica, which are measured without workers. */
static void test_others(void **state)
{
	struct cell c = plain;
	struct cell_result r;
	struct ct_error e = { 0 };

	(void)state;
	c.kind = KIND_DECODE;
	c.threads = 1;
	snprintf(c.capture, sizeof(c.capture), "%s", CAPTURE);
	assert_int_equal(measure_cell(&c, &r, NULL, &e), 0);
	assert_string_equal(r.error, "");
	assert_true(r.ops > 0 && r.ns_per_op > 0 && r.window > 0);

	c = plain;
	c.threads = 1;
	snprintf(c.variant, sizeof(c.variant), "replica");
	assert_int_equal(measure_cell(&c, &r, NULL, &e), 0);
	assert_string_equal(r.error, "");
	assert_true(r.ops > 0 && r.hits == r.lookups);
}

/* --- What cannot be measured --- */

static void refuse(const struct cell *c, const char *says)
{
	struct cell_result r;
	struct ct_error e = { 0 };

	assert_int_equal(measure_cell(c, &r, NULL, &e), 0);
	assert_int_equal(r.status, CT_EXIT_USER);
	if (!strstr(r.error, says))
		fail_msg("'%s' does not say '%s'", r.error, says);
}

static void test_refusals(void **state)
{
	struct cell base = plain, c;

	(void)state;
	snprintf(base.variant, sizeof(base.variant), "nulls_rcu_jhash2_mask_seqcount");
	c = base;
	snprintf(c.variant, sizeof(c.variant), "nope");
	refuse(&c, "'nope'");
	c = base;
	c.buckets = 100;
	refuse(&c, "power of two");
	c = base;
	c.threads = 1000;
	c.oversubscribe = false;
	refuse(&c, "CPU");
	c = base;
	c.flows = 1ull << 40;
	refuse(&c, "flows");
	c = base;
	c.level = LEVEL_PACKETS;
	c.flows = 0;
	snprintf(c.capture, sizeof(c.capture), "%s", CTBENCH_SOURCE_DIR "/LICENSE");
	refuse(&c, "LICENSE");
	c = base;
	snprintf(c.variant, sizeof(c.variant), "null");
	add_resizes(&c);
	refuse(&c, "resize");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),   cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_mix),    cmocka_unit_test(test_packets),
		cmocka_unit_test(test_bursts), cmocka_unit_test(test_capture),
		cmocka_unit_test(test_others), cmocka_unit_test(test_refusals),
	};

	/* Like ctbench: a child may end before it has read the request. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("measure", tests, measured_setup, NULL);
}
