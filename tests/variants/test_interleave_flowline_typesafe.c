/* SPDX-License-Identifier: MIT */
/*
 * flowline as conntrack's table, where a connection's memory is reused at once: interleavings
 * between the steps of a lookup.  See interleave.h.
 */
#include "tests/fixture/interleave.h"

#define FL_POINT(name) race_at(name)
#include "variants/frontier/flowline_typesafe.c"

static const struct ct_variant *const v = &ct_variant_flowline_typesafe;
static struct nf_conn *ct; /* the memory that is reused */

#define KEY   7u
#define OTHER 8u

static const struct nf_conntrack_zone zone = { .id = 5, .dir = NF_CT_DEFAULT_ZONE_DIR };

static int open_table(void **state)
{
	(void)state;
	fixture_open(&fx, v, 1, 2); /* one line */
	return 0;
}

static struct nf_conn *find(const struct nf_conntrack_zone *z, uint32_t key, bool reply)
{
	struct nf_conntrack_tuple t = fixture_tuple(key), r = fixture_reply(&t);
	struct nf_conntrack_tuple_hash *h = v->ops->find_get(fx.net, z, reply ? &r : &t);

	return h ? nf_ct_tuplehash_to_ctrack(h) : NULL;
}

static void put_in_zone(const struct nf_conntrack_zone *z, uint32_t key)
{
	struct nf_conntrack_tuple t = fixture_tuple(key);

	assert_int_equal(fixture_insert(&fx, fx.net, z, &t, HOUR), 0);
}

/* Of a connection in zone 5. */
static struct nf_conn *memory_of(uint32_t key)
{
	struct nf_conn *c = find(&zone, key, false);

	assert_non_null(c);
	v->ops->put(c);
	return c;
}

static void becomes_another(void)
{
	assert_true(v->ops->kill(ct));
	put_in_zone(&zone, OTHER);
	assert_ptr_equal(memory_of(OTHER), ct);
}

/* Compared, and another connection before the reference is taken. */
static void test_reused_before_reference(void **state)
{
	(void)state;
	put_in_zone(&zone, KEY);
	ct = memory_of(KEY);
	race_arm(BEFORE_REFERENCE, 0, becomes_another);
	assert_null(find(&zone, KEY, false));
	assert_true(race_over());
	assert_int_equal(load_relaxed(&ct->use.refs), 1); /* the table's */
	assert_int_equal(fixture_live_nodes(&fx), 1);
}

/*
 * A reader knows the slot of a connection that one reference stands for.  The memory becomes a
 * connection with the same ORIGINAL, whose zone holds in that direction alone: its REPLY is in zone
 * 0, and it is in the table by two references, in other slots.  What the reader looks for is no
 * more.
 */
static void becomes_one_of_two(void)
{
	const struct nf_conntrack_zone one_way = { .id = zone.id, .dir = NF_CT_ZONE_DIR_ORIG };

	/* Their slots are the first, and will be used next. */
	for (uint32_t key = OTHER; key < OTHER + 2; key++)
		assert_true(v->ops->kill(memory_of(key)));
	assert_true(v->ops->kill(ct));
	put_in_zone(&one_way, KEY);
}

static void test_reused_as_two_entries(void **state)
{
	(void)state;
	put_in_zone(&zone, OTHER);
	put_in_zone(&zone, OTHER + 1);
	put_in_zone(&zone, KEY);
	ct = memory_of(KEY);
	race_arm(FL_TAGS_READ, 0, becomes_one_of_two);
	assert_null(find(&zone, KEY, true));
	assert_true(race_over());
	assert_ptr_equal(memory_of(KEY), ct); /* by its ORIGINAL */
	assert_int_equal(fixture_live_nodes(&fx), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
	static const struct CMUnitTest tests[] = {
		TEST(test_reused_before_reference),
		TEST(test_reused_as_two_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
