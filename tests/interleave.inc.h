/* SPDX-License-Identifier: MIT */
/*
 * The interleavings themselves: see interleave.h.  Behind the axes; includes
 * the templates.  Tables with the seqcount, for under the rwlock nothing of
 * this can meet.
 */
#define CT_VARIANT race
#define CT_SUMMARY "a table with hooks in it"
#define CT_FLAGS 0

#include "variants/chained_table.inc.h"
#include "variants/variant.inc.h"

/* Readers that hold no lock, so that all the rest may happen while they walk. */
#define LOCKLESS (!CT_CHAIN_READERS_LOCK)

static const struct ct_variant *const v = &ct_variant_race;
static struct fixture fx;

/* --- Keys in chosen buckets --- */

#define BUCKETS 4u

static uint32_t key_bucket(uint32_t key, bool reply, uint32_t buckets)
{
	struct nf_conntrack_tuple t = fixture_tuple(key), r = fixture_reply(&t);
	union ct_tuple_words w = { .tuple = reply ? r : t };

	return ct_bucket(hash_conntrack_raw(&w, NF_CT_DEFAULT_ZONE_ID, fx.net), buckets);
}

/* The first key from on whose nodes lie in these buckets of BUCKETS. */
static uint32_t key_in(uint32_t orig, uint32_t reply, uint32_t from)
{
	while (key_bucket(from, false, BUCKETS) != orig || key_bucket(from, true, BUCKETS) != reply)
		from++;
	return from;
}

static struct nf_conn *find(uint32_t key)
{
	struct nf_conntrack_tuple t = fixture_tuple(key);
	struct nf_conntrack_tuple_hash *h = v->ops->find_get(fx.net, &nf_ct_zone_dflt, &t);

	return h ? nf_ct_tuplehash_to_ctrack(h) : NULL;
}

static bool find_and_put(uint32_t key)
{
	struct nf_conn *ct = find(key);

	if (ct)
		v->ops->put(ct);
	return ct;
}

static uint64_t restarts(void)
{
	struct nf_ct_stat_sum sum;

	nf_ct_stat_sum(fx.net, &sum);
	return sum.search_restart;
}

/*
 * The target; one that lies before it in its chain (bucket 0); one for bucket
 * 1 that takes the memory of whoever dies.
 */
static uint32_t target, before, other;
static struct nf_conn *before_ct, *target_ct;

static int open_table(void **state)
{
	(void)state;
	fixture_open(&fx, v, BUCKETS, 2);
	target = key_in(0, 2, 0);
	before = key_in(0, 3, target + 1);
	other = key_in(1, 3, before + 1);
	assert_int_equal(fixture_put_key(&fx, target), 0);
	assert_int_equal(fixture_put_key(&fx, before), 0);
	target_ct = find(target);
	before_ct = find(before);
	v->ops->put(target_ct);
	v->ops->put(before_ct);
	return 0;
}

static int close_table(void **state)
{
	(void)state;
	race_over();
	fixture_close(&fx);
	return 0;
}

/* Where is the other connection now?  In the memory of the dead where that is used again at once. */
static void check_memory_of(const struct nf_conn *dead)
{
	struct nf_conn *ct = find(other);

	assert_non_null(ct);
	assert_int_equal(ct == dead, !CT_NODE_DEFERRED);
	v->ops->put(ct);
}

static void kill_target(void)
{
	assert_true(fixture_kill(&fx, target));
}

static void target_becomes_other(void)
{
	kill_target();
	assert_int_equal(fixture_put_key(&fx, other), 0);
	check_memory_of(target_ct);
}

static void before_becomes_other(void)
{
	assert_true(fixture_kill(&fx, before));
	assert_int_equal(fixture_put_key(&fx, other), 0);
	check_memory_of(before_ct);
}

/* --- Lookups --- */

/* Found, and gone before the reference was taken. */
static void test_dies_before_reference(void **state)
{
	(void)state;
	if (!LOCKLESS)
		skip();		/* they know that there is one */
	race_arm(BEFORE_REFERENCE, 0, kill_target);
	assert_false(find_and_put(target));
	assert_true(race_over());
	assert_int_equal(fixture_live_nodes(&fx), 1);
	/* Nobody has raised the dead: the memory is free once. */
	assert_int_equal(fixture_put_key(&fx, other), 0);
	assert_int_equal(fixture_put_key(&fx, target), 0);
	assert_int_equal(fixture_live_nodes(&fx), 3);
	assert_true(fixture_has(&fx, target) && fixture_has(&fx, before) && fixture_has(&fx, other));
}

/* Found, and another connection before the reference was taken. */
static void test_another_before_reference(void **state)
{
	(void)state;
	if (!LOCKLESS)
		skip();
	race_arm(BEFORE_REFERENCE, 0, target_becomes_other);
	assert_false(find_and_put(target));
	assert_true(race_over());
	/* And that one has the references that it should. */
	assert_true(fixture_has(&fx, other));
	assert_true(fixture_kill(&fx, other));
	assert_int_equal(fixture_live_nodes(&fx), 1);
}

/* Locked readers take their reference before they let go of the lock. */
static void test_dies_behind_unlock(void **state)
{
	struct nf_conn *ct;

	(void)state;
	if (LOCKLESS)
		skip();
	race_arm(BEHIND_UNLOCK, 0, kill_target);
	ct = find(target);
	assert_true(race_over());
	assert_ptr_equal(ct, target_ct);
	assert_true(nf_ct_is_dying(ct));
	assert_int_equal(load_relaxed(&ct->use.refs), 1);
	assert_int_equal(fixture_live_nodes(&fx), 2);
	v->ops->put(ct);
	assert_int_equal(fixture_live_nodes(&fx), 1);
}

/* The node that a walk stands on goes, and comes up in another chain. */
static void test_carried_away(void **state)
{
	uint64_t restarts_before = restarts();

	(void)state;
	if (!LOCKLESS)
		skip();
	race_arm(BEFORE_STEP, 1, before_becomes_other);
	assert_true(find_and_put(target));
	assert_true(race_over());
	assert_int_equal(restarts() - restarts_before, !CT_NODE_DEFERRED);
}

/* An expired node on the way becomes another connection before it is referenced: that one lives. */
static void expired_becomes_other(void)
{
	assert_true(v->ops->kill(before_ct));
	v->ops->put(before_ct);
	assert_int_equal(fixture_put_key(&fx, other), 0);
	check_memory_of(before_ct);
}

static void test_expired_becomes_another(void **state)
{
	(void)state;
	if (!LOCKLESS)
		skip();
	assert_ptr_equal(find(before), before_ct);	/* and its reference is for the hook */
	store_relaxed(&before_ct->timeout, 0);
	race_arm(BEFORE_REFERENCE, 0, expired_becomes_other);
	assert_true(find_and_put(target));
	assert_true(race_over());
	assert_true(fixture_has(&fx, other));
	assert_int_equal(fixture_live_nodes(&fx), 2);
}

/* --- Insertion and removal --- */

static void nobody_sees_other(void)
{
	struct nf_conntrack_tuple t = fixture_tuple(other), r = fixture_reply(&t);

	assert_null(v->ops->find_get(fx.net, &nf_ct_zone_dflt, &t));
	assert_null(v->ops->find_get(fx.net, &nf_ct_zone_dflt, &r));
	assert_true(fixture_has(&fx, target));
}

/* With one node in or out, a connection is in nobody's eyes. */
static void test_half_in(void **state)
{
	(void)state;
	if (!LOCKLESS)
		skip();
	for (unsigned int node = 0; node < 2; node++) {
		race_arm(BEFORE_LINK, node, nobody_sees_other);
		assert_int_equal(fixture_put_key(&fx, other), 0);
		assert_true(race_over());
		race_arm(BEFORE_UNLINK, node, nobody_sees_other);
		assert_true(fixture_kill(&fx, other));
		assert_true(race_over());
		assert_false(fixture_has(&fx, other));
	}
}

static void kill_again(void)
{
	assert_false(v->ops->kill(target_ct));
}

/* One has marked it and waits for the lock; the other one comes too late. */
static void test_two_killers(void **state)
{
	(void)state;
	assert_ptr_equal(find(target), target_ct);
	race_arm(BEFORE_LOCK, 0, kill_again);
	assert_true(v->ops->kill(target_ct));
	assert_true(race_over());
	v->ops->put(target_ct);
	assert_false(fixture_has(&fx, target));
	assert_int_equal(fixture_live_nodes(&fx), 1);
}

static struct nf_conn *unconfirmed;

static void kill_unconfirmed(void)
{
	assert_true(v->ops->kill(unconfirmed));
}

/* Killed on the way into the table. */
static void test_killed_before_lock(void **state)
{
	struct nf_conntrack_tuple t = fixture_tuple(other), r = fixture_reply(&t);
	int err;

	(void)state;
	unconfirmed = v->ops->alloc(fx.net, &nf_ct_zone_dflt, &t, &r, &err);
	assert_non_null(unconfirmed);
	race_arm(BEFORE_LOCK, 0, kill_unconfirmed);
	assert_int_equal(v->ops->insert(unconfirmed, HOUR), -ESTALE);
	assert_true(race_over());
	v->ops->put(unconfirmed);
	assert_false(fixture_has(&fx, other));
	assert_int_equal(fixture_live_nodes(&fx), 2);
	assert_int_equal(fixture_put_key(&fx, other), 0);
}

/* The same connection comes in while we wait for the lock. */
static void insert_other(void)
{
	assert_int_equal(fixture_put_key(&fx, other), 0);
}

static void test_clash_before_lock(void **state)
{
	(void)state;
	race_arm(BEFORE_LOCK, 0, insert_other);
	assert_int_equal(fixture_put_key(&fx, other), -EEXIST);
	assert_true(race_over());
	assert_true(fixture_has(&fx, other));
	assert_int_equal(fixture_live_nodes(&fx), 3);
}

/* --- Resize --- */

static pthread_t resizer;
static uint64_t resize_to;

static uint32_t generation(void)
{
	return load_acquire(&ct_instance_of(fx.core)->table.resize.generation);
}

static void *resize_thread(void *arg)
{
	(void)arg;
	v->thread_begin(fx.core, 1);
	assert_int_equal(v->ops->resize(fx.core, resize_to), 0);
	v->thread_end(fx.core);
	return NULL;
}

/* By another thread, which then waits until our read-side section ends. */
static void resize_now(void)
{
	const struct timespec nap = { .tv_nsec = 100000 };
	uint32_t now = generation();

	assert_int_equal(pthread_create(&resizer, NULL, resize_thread, NULL), 0);
	while (generation() != now + 2)
		nanosleep(&nap, NULL);
}

static void resize_is_over(uint64_t buckets)
{
	assert_true(race_over());
	assert_int_equal(pthread_join(resizer, NULL), 0);
	assert_int_equal(v->ops->buckets(fx.core), buckets);
}

/* The nodes before and behind the one that a walk stands on are moved. */
static void test_resize_under_walk(void **state)
{
	(void)state;
	if (!LOCKLESS)
		skip();
	/* To where the old bucket's number means something else. */
	for (resize_to = 64; !key_bucket(before, false, (uint32_t)resize_to); resize_to *= 2)
		;
	race_arm(BEFORE_STEP, 1, resize_now);
	assert_true(find_and_put(target));
	resize_is_over(resize_to);
	assert_true(restarts() > 0);
	assert_true(fixture_has(&fx, target) && fixture_has(&fx, before));
}

/* The size of the old table, the buckets of the new one. */
static void test_resize_inside_view(void **state)
{
	(void)state;
	assert_int_equal(v->ops->resize(fx.core, 1), 0);
	for (resize_to = 64; !key_bucket(target, false, (uint32_t)resize_to); resize_to *= 2)
		;
	race_arm(INSIDE_VIEW, 0, resize_now);
	assert_true(find_and_put(target));
	resize_is_over(resize_to);
}

/* The table is another one when the lock is had: of readers with locks, insertion, removal. */
static void test_resize_before_lock(void **state)
{
	(void)state;
	resize_to = 64;
	if (!LOCKLESS) {
		race_arm(BEFORE_LOCK, 0, resize_now);
		assert_true(find_and_put(target));
		resize_is_over(64);
		resize_to = 32;
	}
	race_arm(BEFORE_LOCK, 0, resize_now);
	assert_int_equal(fixture_put_key(&fx, other), 0);
	resize_is_over(resize_to);
	assert_true(fixture_has(&fx, other));

	assert_ptr_equal(find(target), target_ct);
	resize_to = 16;
	race_arm(BEFORE_LOCK, 0, resize_now);
	assert_true(v->ops->kill(target_ct));
	resize_is_over(16);
	v->ops->put(target_ct);
	assert_false(fixture_has(&fx, target));
	assert_true(fixture_has(&fx, before) && fixture_has(&fx, other));

	/* A piece of gc may miss a bucket, but must not look into what is no longer the table. */
	resize_to = 8;
	race_arm(BEFORE_LOCK, 0, resize_now);
	assert_int_equal(v->ops->gc(fx.core, 16), 0);
	resize_is_over(8);
	assert_true(fixture_has(&fx, before) && fixture_has(&fx, other));
}

static _Atomic bool in_the_middle, looked;

/* A resize has a node in its hands, in neither table, and takes its time. */
static void let_them_look(void)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	store_release(&in_the_middle, true);
	for (unsigned int i = 0; i < 30 && !load_acquire(&looked); i++)
		nanosleep(&nap, NULL);
}

static void *slow_resize_thread(void *arg)
{
	race_arm(BEFORE_LINK, *(unsigned int *)arg, let_them_look);
	return resize_thread(NULL);
}

/* Lookups while nodes are on the move wait, and find. */
static void test_lookup_amid_resize(void **state)
{
	const struct timespec nap = { .tv_nsec = 100000 };

	(void)state;
	assert_true(fixture_kill(&fx, before));		/* then each step moves a node of target */
	for (unsigned int node = 0; node < 2; node++) {
		struct nf_conntrack_tuple t = fixture_tuple(target), r = fixture_reply(&t);
		struct nf_conntrack_tuple_hash *a, *b;

		resize_to = node ? 8 : 64;
		store_relaxed(&in_the_middle, false);
		store_relaxed(&looked, false);
		assert_int_equal(pthread_create(&resizer, NULL, slow_resize_thread, &node), 0);
		while (!load_acquire(&in_the_middle))
			nanosleep(&nap, NULL);
		a = v->ops->find_get(fx.net, &nf_ct_zone_dflt, &t);
		b = v->ops->find_get(fx.net, &nf_ct_zone_dflt, &r);
		store_release(&looked, true);
		resize_is_over(resize_to);
		assert_true(a && b);
		v->ops->put(nf_ct_tuplehash_to_ctrack(a));
		v->ops->put(nf_ct_tuplehash_to_ctrack(b));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
	static const struct CMUnitTest tests[] = {
		TEST(test_dies_before_reference),
		TEST(test_another_before_reference),
		TEST(test_dies_behind_unlock),
		TEST(test_carried_away),
		TEST(test_expired_becomes_another),
		TEST(test_half_in),
		TEST(test_two_killers),
		TEST(test_killed_before_lock),
		TEST(test_clash_before_lock),
		TEST(test_resize_under_walk),
		TEST(test_resize_inside_view),
		TEST(test_resize_before_lock),
		TEST(test_lookup_amid_resize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
