/* SPDX-License-Identifier: MIT */
/* liburcu's table, whose steps cannot be locked: what may happen between two of them.  See
 * interleave.h. */
#include "tests/fixture/interleave.h"

#include <urcu/urcu-memb.h>
#include <urcu/rculfhash.h>

static inline struct cds_lfht_node *
race_add_unique(struct cds_lfht *ht, unsigned long hash, cds_lfht_match_fct match, const void *key,
		struct cds_lfht_node *node)
{
	struct cds_lfht_node *there;

	race_at(BEFORE_LINK);
	there = cds_lfht_add_unique(ht, hash, match, key, node);
	race_at(BEHIND_LINK);
	return there;
}

static inline int race_del(struct cds_lfht *ht, struct cds_lfht_node *node)
{
	race_at(BEFORE_UNLINK);
	return cds_lfht_del(ht, node);
}

#define cds_lfht_add_unique race_add_unique
#define cds_lfht_del	    race_del
#include "variants/peers/cds_lfht.c"

static const struct ct_variant *const v = &ct_variant_cds_lfht;
static struct fixture fx;
static struct nf_conn *ct;

#define KEY 7u

static int open_table(void **state)
{
	(void)state;
	fixture_open(&fx, v, 16, 2);
	return 0;
}

static int close_table(void **state)
{
	(void)state;
	race_over();
	fixture_close(&fx);
	return 0;
}

static void kill_ct(void)
{
	assert_true(v->ops->kill(ct));
}

/* Killed with one node in, with both in: it does not stay. */
static void test_killed_amid_insertion(void **state)
{
	(void)state;
	for (unsigned int nodes = 0; nodes < 2; nodes++) {
		struct nf_conntrack_tuple t = fixture_tuple(KEY), r = fixture_reply(&t);
		int err;

		ct = v->ops->alloc(fx.net, &nf_ct_zone_dflt, &t, &r, &err);
		assert_non_null(ct);
		race_arm(BEHIND_LINK, nodes, kill_ct);
		assert_int_equal(v->ops->insert(ct, HOUR), -ESTALE);
		assert_true(race_over());
		v->ops->put(ct);
		assert_false(fixture_has(&fx, KEY));
		assert_int_equal(fixture_live_nodes(&fx), 0);
		/* And does not clash. */
		assert_int_equal(fixture_put_key(&fx, KEY), 0);
		assert_true(fixture_kill(&fx, KEY));
	}
}

static void insert_again(void)
{
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
}

/* One that is dying, but not removed yet, does not clash. */
static void test_dying_is_not_in_the_way(void **state)
{
	(void)state;
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	race_arm(BEFORE_UNLINK, 0, insert_again);
	assert_true(fixture_kill(&fx, KEY));
	assert_true(race_over());
	assert_true(fixture_has(&fx, KEY));
	assert_int_equal(fixture_live_nodes(&fx), 1);
}

/* The same connection is inserted between the two nodes of another one. */
static void insert_same(void)
{
	assert_int_equal(fixture_put_key(&fx, KEY), -EEXIST);
}

static void test_clash_amid_insertion(void **state)
{
	(void)state;
	race_arm(BEHIND_LINK, 0, insert_same);
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	assert_true(race_over());
	assert_true(fixture_has(&fx, KEY));
	assert_int_equal(fixture_live_nodes(&fx), 1);
}

/* With only one of its nodes in, it is found by neither tuple. */
static void nobody_sees_it(void)
{
	struct nf_conntrack_tuple t = fixture_tuple(KEY), r = fixture_reply(&t);

	assert_null(v->ops->find_get(fx.net, &nf_ct_zone_dflt, &t));
	assert_null(v->ops->find_get(fx.net, &nf_ct_zone_dflt, &r));
}

static void test_half_in(void **state)
{
	(void)state;
	for (unsigned int node = 0; node < 2; node++) {
		race_arm(BEFORE_LINK, node, nobody_sees_it);
		assert_int_equal(fixture_put_key(&fx, KEY), 0);
		assert_true(race_over());
		race_arm(BEFORE_UNLINK, node, nobody_sees_it);
		assert_true(fixture_kill(&fx, KEY));
		assert_true(race_over());
	}
}

/* Found, and freed before the reference was taken. */
static void kill_key(void)
{
	assert_true(fixture_kill(&fx, KEY));
}

static void test_dies_before_reference(void **state)
{
	struct nf_conntrack_tuple t = fixture_tuple(KEY);

	(void)state;
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	race_arm(BEFORE_REFERENCE, 0, kill_key);
	assert_null(v->ops->find_get(fx.net, &nf_ct_zone_dflt, &t));
	assert_true(race_over());
	assert_int_equal(fixture_live_nodes(&fx), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
	static const struct CMUnitTest tests[] = {
		TEST(test_killed_amid_insertion), TEST(test_dying_is_not_in_the_way),
		TEST(test_clash_amid_insertion),  TEST(test_half_in),
		TEST(test_dies_before_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
