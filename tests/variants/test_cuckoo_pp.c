/* SPDX-License-Identifier: MIT */
/*
 * variants/peers/cuckoo_pp.c: entries move between their two buckets, also while a reader searches;
 * the filter shows which are in their second; and the table can be filled.
 */
#include "tests/fixture/interleave.h"

#define PEER_POINT(point) race_at(point)
#include "variants/peers/cuckoo_pp.c"

static const struct ct_variant *const v = &ct_variant_cuckoo_pp;

#define KEY 7u

static int open_table(void **state)
{
	(void)state;
	fixture_open(&fx, v, 16, 1);
	return 0;
}

static struct ct_table *table(void)
{
	return &container_of(fx.core, struct ct_instance, core)->table;
}

static uint32_t away(void)
{
	const struct ct_table *t = table();
	uint32_t nr = 0;

	for (uint32_t i = 0; i <= t->mask; i++) {
		const struct pp_bucket *b = &t->bucket[i];

		nr += load_relaxed(&b->away);
		assert_int_equal(!load_relaxed(&b->away), !load_relaxed(&b->filter));
		assert_int_equal(load_relaxed(&b->seq) & 1, 0);
	}
	return nr;
}

/* Both entries of the key, to their other buckets. */
static void move(uint32_t key)
{
	struct nf_conntrack_tuple tuple = fixture_tuple(key);
	struct nf_conntrack_tuple_hash *h = v->ops->find_get(fx.net, &nf_ct_zone_dflt, &tuple);
	struct ct_table *t = table();
	struct nf_conn *ct;

	assert_non_null(h);
	ct = nf_ct_tuplehash_to_ctrack(h);
	ct_read_lock();
	for (int dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		const uint32_t hash = nf_ct_dir_hash(ct, dir), first = pp_first(t, hash);
		const uint32_t ref = pp_ref(t, ct, dir);
		const bool is_first = pp_slot(&t->bucket[first], ref) >= 0;

		assert_true(pp_move(t, is_first ? first : pp_other(t, first, pp_tag(hash)), ref));
	}
	ct_read_unlock();
	v->ops->put(ct);
}

static void move_key(void)
{
	move(KEY);
}

/* In the second bucket it is found, clashes, and is removed; the filter empties. */
static void test_second_bucket(void **state)
{
	(void)state;
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	move(KEY);
	assert_int_equal(away(), 2);
	assert_true(fixture_has(&fx, KEY));
	assert_int_equal(fixture_put_key(&fx, KEY), -EEXIST);
	assert_true(fixture_kill(&fx, KEY));
	assert_false(fixture_has(&fx, KEY));
	assert_int_equal(away(), 0);
}

/* And back again. */
static void test_moves_back(void **state)
{
	(void)state;
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	move(KEY);
	move(KEY);
	assert_int_equal(away(), 0);
	assert_true(fixture_has(&fx, KEY));
}

/* The reader has seen the first bucket without the entry, which moves there. */
static void test_moves_back_under_reader(void **state)
{
	(void)state;
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	move(KEY);
	race_arm(READER_MOVES_ON, 0, move_key);
	assert_true(fixture_has(&fx, KEY));
	assert_true(race_over());
}

/* Or away from there, before it has looked. */
static void test_moves_under_reader(void **state)
{
	(void)state;
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	race_arm(READER_HAS_BUCKET, 0, move_key);
	assert_true(fixture_has(&fx, KEY));
	assert_true(race_over());
	assert_int_equal(away(), 2);
}

/* Until nothing more fits: 9 slots of 10 are in use, all is found, and all leaves again. */
static void test_fills(void **state)
{
	const uint32_t slots = (uint32_t)table_buckets(table()) * PP_SLOTS;
	uint32_t nr = 0;
	int err;

	(void)state;
	while (!(err = fixture_put_key(&fx, nr)))
		nr++;
	assert_int_equal(err, -ENOSPC);
	assert_true(2 * nr > slots / 10 * 9);
	assert_true(away() > slots / 10);
	assert_int_equal(fixture_live_nodes(&fx), nr);
	for (uint32_t i = 0; i < nr; i++)
		assert_true(fixture_has(&fx, i));
	assert_false(fixture_has(&fx, nr));
	for (uint32_t i = 0; i < nr; i += 2)
		assert_true(fixture_kill(&fx, i));
	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(fixture_has(&fx, i), i & 1);
	for (uint32_t i = 1; i < nr; i += 2)
		assert_true(fixture_kill(&fx, i));
	assert_int_equal(away(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
static const struct CMUnitTest tests[] = {
	TEST(test_second_bucket),      TEST(test_moves_back), TEST(test_moves_back_under_reader),
	TEST(test_moves_under_reader), TEST(test_fills),
};
CT_TEST_MAIN(tests, NULL, NULL)
