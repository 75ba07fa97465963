/* SPDX-License-Identifier: MIT */
/* The plain replica finds exactly the existing entries, and refuses other cells. */
#include <string.h>

#include "core/compiler.h"
#include "harness/base/error.h"
#include "harness/measure/replica.h"
#include "tests/fixture/cmocka.h"

static const struct cell plain = {
	.variant = REPLICA_NAME,
	.threads = 1,
	.flows = 5000,
	.buckets = 4096,
	.hit_share = 1,
	.lookup = 1,
	.refcount = true,
	.seconds = 0.02,
	.warmup = 0.005,
	.seed = 3,
};

static void run(const struct cell *cell)
{
	struct cell_result r;

	if (replica_run(cell, &r))
		fail_msg("%s", r.error);
	assert_int_equal(r.status, CT_EXIT_OK);
	assert_true(r.ops > 0 && r.ops == r.lookups);
	assert_int_equal(r.hits, r.expected_hits);
	assert_true(r.hits <= r.lookups);
	if (cell->hit_share >= 1)
		assert_int_equal(r.hits, r.lookups);
	else if (cell->hit_share <= 0)
		assert_int_equal(r.hits, 0);
	else
		assert_true(r.hits > 0 && r.hits < r.lookups);
	assert_true(r.window >= cell->seconds);
	assert_int_equal(r.connections, cell->flows);
	assert_int_equal(r.node_bytes, cell->flows * 256);
	assert_int_equal(r.bucket_bytes, cell->buckets * 8);
}

static void finds_what_is_there(void **state)
{
	static const double shares[] = { 0, 0.5, 1 };

	(void)state;
	for (size_t h = 0; h < ARRAY_SIZE(shares); h++) {
		for (size_t k = 0; k < ARRAY_SIZE(shares); k++) {
			struct cell cell = plain;

			cell.hit_share = shares[h];
			cell.reply_share = shares[k];
			cell.ipv6_share = shares[(h + k) % 3];
			cell.refcount = h % 2;
			run(&cell);
		}
	}
}

/* Long chains, a number of buckets that is not a power of two, one connection. */
static void odd_sizes(void **state)
{
	struct cell cell = plain;

	(void)state;
	cell.reply_share = 0.5;
	cell.hit_share = 0.5;
	cell.buckets = 1;
	cell.flows = 50;
	run(&cell);
	cell.buckets = 1021;
	cell.flows = 1;
	run(&cell);
	cell.popularity = POP_ZIPF;
	cell.zipf_s = 1;
	cell.flows = 100000;
	run(&cell);
}

static void refused(const struct cell *cell, const char *part)
{
	struct cell_result r;

	assert_int_equal(replica_run(cell, &r), -EINVAL);
	assert_int_equal(r.status, CT_EXIT_USER);
	if (!strstr(r.error, part))
		fail_msg("'%s' does not say '%s'", r.error, part);
}

static void refuses_the_rest(void **state)
{
	struct cell cell = plain;

	(void)state;
	cell.threads = 2;
	refused(&cell, "1 thread");
	cell = plain;
	cell.lookup = 0.8;
	cell.insert = cell.del = 0.1;
	refused(&cell, "lookups");
	cell = plain;
	cell.level = LEVEL_PACKETS;
	refused(&cell, "lookups");
	cell = plain;
	cell.kind = KIND_FILL;
	refused(&cell, "lookups");
	cell = plain;
	cell.buckets = 0;
	refused(&cell, "bucket");
	cell = plain;
	cell.flows = 0;
	refused(&cell, "flows");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(finds_what_is_there),
	cmocka_unit_test(odd_sizes),
	cmocka_unit_test(refuses_the_rest),
};
CT_TEST_MAIN(tests, NULL, NULL)
