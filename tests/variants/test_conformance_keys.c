/* SPDX-License-Identifier: MIT */
/*
 * What distinguishes connections, for every registered variant: zones,
 * namespaces, directions, every byte of a tuple.
 */
#include "tests/fixture/conformance_fixture.h"

/*
 * Also with a table of one bucket, where the hash does not matter: whatever it
 * includes must be compared.
 */
static void in_small_tables(void (*fn)(uint64_t buckets))
{
	fn(64);
	if (!variant->bucket_rule(1))
		fn(1);
}

static void zones(uint64_t buckets)
{
	const struct nf_conntrack_zone one = { .id = 1, .dir = NF_CT_DEFAULT_ZONE_DIR };
	const struct nf_conntrack_zone orig = { .id = 2, .dir = NF_CT_ZONE_DIR_ORIG };
	const struct nf_conntrack_ops *ops = variant->ops;
	struct nf_conntrack_tuple t = fixture_tuple(1), r = fixture_reply(&t);
	struct nf_conntrack_tuple_hash *h;
	struct fixture fx;

	fixture_open(&fx, variant, buckets, 1);
	assert_int_equal(fixture_insert(&fx, fx.net, &one, &t, HOUR), 0);
	assert_null(ops->find_get(fx.net, &nf_ct_zone_dflt, &t));
	assert_int_equal(fixture_insert(&fx, fx.net, &nf_ct_zone_dflt, &t, HOUR), 0);
	assert_int_equal(fixture_insert(&fx, fx.net, &one, &t, HOUR), -EEXIST);
	h = ops->find_get(fx.net, &one, &r);
	assert_non_null(h);
	assert_int_equal(nf_ct_zone(nf_ct_tuplehash_to_ctrack(h)).id, 1);
	ops->put(nf_ct_tuplehash_to_ctrack(h));
	variant->ops->iterate(fx.core, fixture_every, NULL);

	/* A zone for the original direction only: answers are looked up in the default zone. */
	assert_int_equal(fixture_insert(&fx, fx.net, &orig, &t, HOUR), 0);
	assert_null(ops->find_get(fx.net, &nf_ct_zone_dflt, &t));
	h = ops->find_get(fx.net, &nf_ct_zone_dflt, &r);
	assert_non_null(h);
	assert_int_equal(NF_CT_DIRECTION(h), IP_CT_DIR_REPLY);
	ops->put(nf_ct_tuplehash_to_ctrack(h));
	fixture_close(&fx);
}

/*
 * In all other zones there is no such connection, not even where the hash, or what a table keeps of
 * it (16 bits), happens to be the same.
 */
static void test_many_zones(void **state)
{
	const struct nf_conntrack_ops *ops = variant->ops;
	struct nf_conntrack_zone zone = { .id = 1, .dir = NF_CT_DEFAULT_ZONE_DIR };
	struct fixture fx;

	(void)state;
	fixture_open(&fx, variant, variant->bucket_rule(1) ? 64 : 1, 1);
	for (uint32_t i = 0; i < 4; i++) {
		struct nf_conntrack_tuple t = fixture_tuple(i);

		zone.id = 1;
		assert_int_equal(fixture_insert(&fx, fx.net, &zone, &t, HOUR), 0);
		for (zone.id = 2; zone.id; zone.id++)
			assert_null(ops->find_get(fx.net, &zone, &t));
	}
	fixture_close(&fx);
}

static void test_zones(void **state)
{
	(void)state;
	in_small_tables(zones);
}

static void namespaces(uint64_t buckets)
{
	struct nf_conntrack_tuple t = fixture_tuple(2);
	struct nf_conntrack_tuple_hash *h;
	struct fixture fx;
	struct net *other;

	fixture_open(&fx, variant, buckets, 1);
	assert_int_equal(net_create(&other, fx.core), 0);
	assert_int_equal(fixture_insert(&fx, fx.net, &nf_ct_zone_dflt, &t, HOUR), 0);
	assert_null(variant->ops->find_get(other, &nf_ct_zone_dflt, &t));
	assert_int_equal(fixture_insert(&fx, other, &nf_ct_zone_dflt, &t, HOUR), 0);
	h = variant->ops->find_get(other, &nf_ct_zone_dflt, &t);
	assert_non_null(h);
	assert_ptr_equal(nf_ct_tuplehash_to_ctrack(h)->net, other);
	variant->ops->put(nf_ct_tuplehash_to_ctrack(h));
	net_destroy(other); /* removes its own connections and no others */
	assert_true(fixture_has(&fx, 2));
	fixture_close(&fx);
}

static void test_namespaces(void **state)
{
	(void)state;
	in_small_tables(namespaces);
}

static void test_reverse_clash(void **state)
{
	struct nf_conntrack_tuple t = fixture_tuple(5), r = fixture_reply(&t);
	struct fixture fx;

	(void)state;
	fixture_open(&fx, variant, 64, 1);
	assert_int_equal(fixture_insert(&fx, fx.net, &nf_ct_zone_dflt, &t, HOUR), 0);
	r.dst.dir = IP_CT_DIR_ORIGINAL;
	assert_int_equal(fixture_insert(&fx, fx.net, &nf_ct_zone_dflt, &r, HOUR), -EEXIST);
	assert_true(fixture_has(&fx, 5));
	fixture_close(&fx);
}

/* alloc and insert with any reply tuple, as with address translation. */
static int insert_both(struct fixture *fx, const struct nf_conntrack_tuple *orig,
		       const struct nf_conntrack_tuple *reply)
{
	struct nf_conn *ct;
	int err;

	ct = variant->ops->alloc(fx->net, &nf_ct_zone_dflt, orig, reply, &err);
	assert_non_null(ct);
	err = variant->ops->insert(ct, HOUR);
	variant->ops->put(ct);
	return err;
}

static bool
has_tuple(struct fixture *fx, const struct nf_conntrack_tuple *t, enum ip_conntrack_dir dir)
{
	struct nf_conntrack_tuple_hash *h = variant->ops->find_get(fx->net, &nf_ct_zone_dflt, t);

	if (!h)
		return false;
	assert_int_equal(NF_CT_DIRECTION(h), dir);
	assert_true(nf_ct_tuple_equal(nf_ct_tuple(nf_ct_tuplehash_to_ctrack(h), dir), t));
	variant->ops->put(nf_ct_tuplehash_to_ctrack(h));
	return true;
}

/* A tuple of another connection clashes, in either direction. */
static void one_direction(uint64_t buckets)
{
	struct nf_conntrack_tuple a = fixture_tuple(1), r = fixture_reply(&a);
	struct nf_conntrack_tuple b = fixture_tuple(5), s = fixture_reply(&b);
	struct fixture fx;

	fixture_open(&fx, variant, buckets, 1);
	assert_int_equal(insert_both(&fx, &a, &r), 0);
	assert_int_equal(insert_both(&fx, &b, &r), -EEXIST);
	assert_int_equal(insert_both(&fx, &a, &s), -EEXIST);
	assert_int_equal(insert_both(&fx, &r, &s), -EEXIST);
	assert_int_equal(insert_both(&fx, &b, &a), -EEXIST);
	/* A refused insertion leaves nothing. */
	assert_false(has_tuple(&fx, &b, IP_CT_DIR_ORIGINAL));
	assert_false(has_tuple(&fx, &s, IP_CT_DIR_REPLY));
	assert_true(has_tuple(&fx, &a, IP_CT_DIR_ORIGINAL) && has_tuple(&fx, &r, IP_CT_DIR_REPLY));
	assert_int_equal(insert_both(&fx, &b, &s), 0);
	assert_true(has_tuple(&fx, &b, IP_CT_DIR_ORIGINAL) && has_tuple(&fx, &s, IP_CT_DIR_REPLY));
	assert_int_equal(fixture_live_nodes(&fx), 2);
	fixture_close(&fx);
}

static void test_one_direction(void **state)
{
	(void)state;
	in_small_tables(one_direction);
}

/* Connections that differ in one byte of their tuples are different, whichever byte it is. */
static void every_byte(uint64_t buckets)
{
	struct nf_conntrack_tuple t[CT_TUPLE_KEY_BYTES], r[CT_TUPLE_KEY_BYTES];
	struct fixture fx;

	fixture_open(&fx, variant, buckets, 1);
	assert_int_equal(fixture_put_key(&fx, 3), 0);
	for (unsigned int i = 0; i < that_fit(buckets, CT_TUPLE_KEY_BYTES + 1) - 1; i++) {
		t[i] = fixture_tuple(3);
		r[i] = fixture_reply(&t[i]);
		((uint8_t *)&t[i])[i] ^= 0x80;
		((uint8_t *)&r[i])[i] ^= 0x80;
		assert_false(has_tuple(&fx, &t[i], IP_CT_DIR_ORIGINAL));
		assert_false(has_tuple(&fx, &r[i], IP_CT_DIR_REPLY));
		assert_int_equal(insert_both(&fx, &t[i], &r[i]), 0);
	}
	for (unsigned int i = 0; i < that_fit(buckets, CT_TUPLE_KEY_BYTES + 1) - 1; i++) {
		assert_true(has_tuple(&fx, &t[i], IP_CT_DIR_ORIGINAL));
		assert_true(has_tuple(&fx, &r[i], IP_CT_DIR_REPLY));
	}
	assert_true(fixture_has(&fx, 3));
	fixture_close(&fx);
}

static void test_every_byte(void **state)
{
	(void)state;
	in_small_tables(every_byte);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_zones),    cmocka_unit_test(test_zones),
		cmocka_unit_test(test_namespaces),    cmocka_unit_test(test_reverse_clash),
		cmocka_unit_test(test_one_direction), cmocka_unit_test(test_every_byte),
	};
	int status = conformance_begin_kept(argc, argv);

	if (status)
		return status;
	return cmocka_run_group_tests_name("conformance_keys", tests, NULL, NULL);
}
