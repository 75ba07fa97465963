/* SPDX-License-Identifier: MIT */
/*
 * Tables of others, whose steps cannot be locked: what may happen between two steps of
 * peers/two_nodes.inc.h.  See interleave.h.  Once for each of those tables, PEER_FILE and
 * PEER_VARIANT (test_interleave_peers.cmake).
 */
#include "tests/fixture/interleave.h"

#define PEER_POINT(point) race_at(point)

/* Behind the table's peer_add() and peer_del(). */
#define RACE_PEER_HOOKS \
	static int race_peer_add(struct ct_table *t, struct nf_conn *ct, \
				 enum ip_conntrack_dir dir, uint32_t hash, struct ct_insert *ins) \
	{ \
		int ret; \
\
		race_at(BEFORE_LINK); \
		ret = peer_add(t, ct, dir, hash, ins); \
		race_at(BEHIND_LINK); \
		return ret; \
	} \
	static bool race_peer_del(struct ct_table *t, struct nf_conn *ct, \
				  enum ip_conntrack_dir dir, uint32_t hash) \
	{ \
		race_at(BEFORE_UNLINK); \
		return peer_del(t, ct, dir, hash); \
	}

#include PEER_FILE

static const struct ct_variant *const v = &PEER_VARIANT;
static struct nf_conn *ct;

#define KEY   7u
#define OTHER 8u

static int open_table(void **state)
{
	(void)state;
	fixture_open(&fx, v, 16, 2);
	return 0;
}

/* Of one bucket, where the table has the size that it is asked for. */
static int open_one(void **state)
{
	(void)state;
	fixture_open(&fx, v, 1, 2);
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

/*
 * Killed with one node in, and its key inserted by another before the second: its killer leaves the
 * table's reference to the insertion, which clashes and drops it.
 */
static void kill_and_insert_again(void)
{
	kill_ct();
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
}

static void test_killed_and_replaced_amid_insertion(void **state)
{
	struct nf_conntrack_tuple t = fixture_tuple(KEY), r = fixture_reply(&t);
	int err;

	(void)state;
	ct = v->ops->alloc(fx.net, &nf_ct_zone_dflt, &t, &r, &err);
	assert_non_null(ct);
	race_arm(BEHIND_LINK, 0, kill_and_insert_again);
	assert_int_not_equal(v->ops->insert(ct, HOUR), 0);
	assert_true(race_over());
	assert_int_equal(load_relaxed(&ct->use.refs), 1);
	v->ops->put(ct);
	assert_int_equal(fixture_live_nodes(&fx), 1);
	assert_true(fixture_has(&fx, KEY));
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

/* With one node in or out it is found by neither. */
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

/* One thread has marked it and is about to remove it; the other is too late. */
static void kill_again(void)
{
	assert_false(v->ops->kill(ct));
}

static struct nf_conn *get_key(void)
{
	struct nf_conntrack_tuple t = fixture_tuple(KEY);
	struct nf_conntrack_tuple_hash *h = v->ops->find_get(fx.net, &nf_ct_zone_dflt, &t);

	assert_non_null(h);
	return nf_ct_tuplehash_to_ctrack(h);
}

static void test_two_killers(void **state)
{
	(void)state;
	for (unsigned int node = 0; node < 2; node++) {
		assert_int_equal(fixture_put_key(&fx, KEY), 0);
		ct = get_key();
		race_arm(BEFORE_UNLINK, node, kill_again);
		assert_true(v->ops->kill(ct));
		assert_true(race_over());
		v->ops->put(ct);
		assert_int_equal(fixture_live_nodes(&fx), 0);
	}
}

/* One whose REPLY is our ORIGINAL comes and fails between our two nodes: nothing of it stays. */
static void insert_turned(void)
{
	struct nf_conntrack_tuple t = fixture_tuple(KEY), r = fixture_reply(&t);

	assert_int_equal(fixture_insert(&fx, fx.net, &nf_ct_zone_dflt, &r, HOUR), -EEXIST);
}

static void test_turned_amid_insertion(void **state)
{
	(void)state;
	race_arm(BEHIND_LINK, 0, insert_turned);
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	assert_true(race_over());
	assert_true(fixture_has(&fx, KEY));
	assert_int_equal(fixture_live_nodes(&fx), 1);
	assert_true(fixture_kill(&fx, KEY));
	assert_int_equal(fixture_live_nodes(&fx), 0);
}

/* A walk sees no connection of which one node is missing. */
static int count_one(struct nf_conn *seen, void *arg)
{
	(void)seen;
	++*(unsigned int *)arg;
	return 0;
}

static void walk_meets_none(void)
{
	unsigned int nr = 0;

	assert_int_equal(v->ops->iterate(fx.core, count_one, &nr), 0);
	assert_int_equal(nr, 0);
}

static void test_walk_amid_insertion(void **state)
{
	(void)state;
	for (unsigned int node = 0; node < 2; node++) {
		race_arm(BEHIND_LINK, node, walk_meets_none);
		assert_int_equal(fixture_put_key(&fx, KEY), 0);
		assert_true(race_over());
		assert_true(fixture_kill(&fx, KEY));
	}
}

/*
 * A walk is about to take a reference on an expired connection, which becomes another one that is
 * not: that one survives.
 */
static void expired_becomes_other(void)
{
	assert_true(v->ops->kill(ct));
	v->ops->put(ct);
	assert_int_equal(fixture_put_key(&fx, OTHER), 0);
}

static void test_expired_becomes_another(void **state)
{
	(void)state;
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	ct = get_key();
	store_relaxed(&ct->timeout, 0);
	race_arm(BEFORE_REFERENCE, 0, expired_becomes_other);
	v->ops->gc(fx.core, 16);
	if (!race_over()) {
		v->ops->put(ct);
		skip(); /* the walk collects in a function of the core's */
	}
	assert_false(fixture_has(&fx, KEY));
	assert_true(fixture_has(&fx, OTHER));
	assert_int_equal(fixture_live_nodes(&fx), 1);
}

/* Found, and freed before the reference was taken. */
static void kill_key(void)
{
	assert_true(fixture_kill(&fx, KEY));
}

/* Memory that is reused at once is now that of a connection which is in no table. */
static void memory_of_unconfirmed(void)
{
	struct nf_conntrack_tuple t = fixture_tuple(OTHER), r = fixture_reply(&t);
	int err;

	kill_key();
	ct = v->ops->alloc(fx.net, &nf_ct_zone_dflt, &t, &r, &err);
	assert_non_null(ct);
}

static void test_walk_meets_unconfirmed(void **state)
{
	unsigned int nr = 0;

	(void)state;
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	race_arm(BEFORE_REFERENCE, 0, memory_of_unconfirmed);
	assert_int_equal(v->ops->iterate(fx.core, count_one, &nr), 0);
	if (!race_over())
		skip(); /* the walk collects in a function of the core's */
	assert_int_equal(nr, 0);
	v->ops->put(ct);
	assert_int_equal(fixture_live_nodes(&fx), 0);
}

static void test_dies_before_reference(void **state)
{
	struct nf_conntrack_tuple t = fixture_tuple(KEY);

	(void)state;
	if (CT_RCU_IS_NONE)
		skip(); /* readers take it under the library's lock */
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	race_arm(BEFORE_REFERENCE, 0, kill_key);
	assert_null(v->ops->find_get(fx.net, &nf_ct_zone_dflt, &t));
	assert_true(race_over());
	assert_int_equal(fixture_live_nodes(&fx), 0);
}

/*
 * Entries move under a reader, which has read where they are: it still finds what was there all
 * the time.  In one bucket, so that each insertion may move all of them.
 */
static void fill_up(void)
{
	for (unsigned int key = OTHER; key < OTHER + 64; key++)
		assert_int_equal(fixture_put_key(&fx, key), 0);
}

static void moved_under_reader(enum race_point point)
{
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	race_arm(point, 0, fill_up);
	assert_true(fixture_has(&fx, KEY));
	if (!race_over())
		skip(); /* this table has no such step */
}

static void test_moved_under_reader(void **state)
{
	(void)state;
	moved_under_reader(READER_HAS_BUCKET);
}

/* An entry becomes another's between its key and its node: the reader does not believe it. */
static void becomes_other(void)
{
	assert_true(fixture_kill(&fx, KEY));
	assert_int_equal(fixture_put_key(&fx, OTHER), 0);
}

static void test_becomes_another(void **state)
{
	(void)state;
	assert_int_equal(fixture_put_key(&fx, KEY), 0);
	race_arm(READER_HAS_KEY, 0, becomes_other);
	if (fixture_has(&fx, KEY)) {
		assert_false(race_over());
		skip(); /* no such step */
	}
	assert_true(race_over());
	assert_true(fixture_has(&fx, OTHER));
}

/* Of two connections with the same hash, each is removed by itself. */
#define KEYS (1u << 18) /* among which some pairs have the same 32 bits */

static uint32_t hash_of(uint32_t key)
{
	union ct_tuple_words w = { .tuple = fixture_tuple(key) };

	return hash_conntrack_raw(&w, NF_CT_DEFAULT_ZONE_ID, fx.net);
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void test_same_hash(void **state)
{
	uint64_t *keys = malloc(KEYS * sizeof(*keys));
	uint32_t one, two, i = 1;

	(void)state;
	assert_non_null(keys);
	for (uint32_t key = 0; key < KEYS; key++)
		keys[key] = (uint64_t)hash_of(key) << 32 | key;
	qsort(keys, KEYS, sizeof(*keys), by_number);
	while (i + 1 < KEYS && keys[i] >> 32 != keys[i - 1] >> 32)
		i++;
	one = (uint32_t)keys[i - 1];
	two = (uint32_t)keys[i];
	free(keys);
	assert_int_equal(hash_of(one), hash_of(two));
	for (int turn = 0; turn < 2; turn++) {
		assert_int_equal(fixture_put_key(&fx, one), 0);
		assert_int_equal(fixture_put_key(&fx, two), 0);
		assert_true(fixture_has(&fx, one) && fixture_has(&fx, two));
		assert_true(fixture_kill(&fx, turn ? one : two));
		assert_true(fixture_has(&fx, turn ? two : one));
		assert_false(fixture_has(&fx, turn ? one : two));
		assert_true(fixture_kill(&fx, turn ? two : one));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
	static const struct CMUnitTest tests[] = {
		TEST(test_killed_amid_insertion),
		TEST(test_killed_and_replaced_amid_insertion),
		TEST(test_dying_is_not_in_the_way),
		TEST(test_clash_amid_insertion),
		TEST(test_half_in),
		TEST(test_dies_before_reference),
		TEST(test_two_killers),
		TEST(test_turned_amid_insertion),
		TEST(test_walk_amid_insertion),
		TEST(test_expired_becomes_another),
		TEST(test_walk_meets_unconfirmed),
		TEST(test_same_hash),
		cmocka_unit_test_setup_teardown(test_moved_under_reader, open_one, close_table),
		cmocka_unit_test_setup_teardown(test_becomes_another, open_one, close_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
