/* SPDX-License-Identifier: MIT */
/*
 * One conformance test for every registered variant: `test_conformance NAME`.
 *
 * All must do the same: behave like a simple model, on
 * ordinary and on degenerate tables (one bucket), create and remove connections,
 * handle full tables, and resize; at the end every node must be accounted for.
 */
#include "tests/fixture/conformance_fixture.h"

/* Bucket counts to test with: those of the list that the variant can have. */
static const uint64_t bucket_counts[] = { 1, 2, 3, 64, 1000, 1024 };

/* --- Semantics against a model --- */

#define MODEL_KEYS 120u

static void against_model(uint64_t buckets, uint64_t seed)
{
	struct {
		bool in;
		uint32_t expires;
	} model[MODEL_KEYS] = { 0 };
	struct nf_conn *held[16] = { 0 };
	uint32_t held_key[16] = { 0 };
	struct fixture fx;
	const uint32_t keys = that_fit(buckets, MODEL_KEYS);
	uint32_t now = UINT32_MAX - 5000; /* the clock wraps on the way */

	fixture_open(&fx, variant, buckets, 1);
	for (unsigned int step = 0; step < 4000; step++) {
		uint64_t r = fixture_random(&seed);
		uint32_t key = (uint32_t)(r >> 32) % keys, slot = r >> 8 & 15;
		struct nf_conntrack_tuple t = fixture_tuple(key);
		bool in;

		atomic_store(&fx.core->now, now);
		in = model[key].in && (int32_t)(model[key].expires - now) > 0;
		switch (r % 8) {
		case 0:
		case 1: {
			uint32_t timeout = 1 + (uint32_t)(r >> 16 & 2047);
			int ret = fixture_insert(&fx, fx.net, &nf_ct_zone_dflt, &t, timeout);

			/*
			 * Insertion looks for the key, not for its time, as in the
			 * kernel: an expired entry that nobody has met yet is in the way.
			 */
			if (in)
				assert_int_equal(ret, -EEXIST);
			else if (model[key].in)
				assert_true(!ret || ret == -EEXIST);
			else
				assert_int_equal(ret, 0);
			if (!ret) {
				model[key].in = true;
				model[key].expires = now + timeout;
			}
			break;
		}
		case 2:
			assert_int_equal(fixture_kill(&fx, key), in);
			model[key].in = false;
			break;
		case 3: { /* keep a reference for a while: the memory must not be reused */
			struct nf_conntrack_tuple_hash *h;

			if (held[slot]) {
				struct nf_conntrack_tuple old = fixture_tuple(held_key[slot]);

				assert_true(nf_ct_tuple_equal(
					nf_ct_tuple(held[slot], IP_CT_DIR_ORIGINAL), &old));
				variant->ops->put(held[slot]);
				held[slot] = NULL;
			}
			h = variant->ops->find_get(fx.net, &nf_ct_zone_dflt, &t);
			assert_int_equal(h != NULL, in);
			if (h) {
				held[slot] = nf_ct_tuplehash_to_ctrack(h);
				held_key[slot] = key;
			} else {
				model[key].in = false; /* found and removed by the walk */
			}
			break;
		}
		case 4:
			now += (uint32_t)(r >> 16 & 31);
			break;
		case 5:
			variant->ops->gc(fx.core, 1 + (r >> 20) % 64);
			break;
		default:
			assert_int_equal(fixture_has(&fx, key), in);
			if (!in)
				model[key].in = false;
			break;
		}
		/* Entries removed by gc or another key's walk no longer clash either. */
		if (step % 512 == 0) {
			variant->ops->gc(fx.core, (unsigned long)-1);
			for (unsigned int k = 0; k < MODEL_KEYS; k++)
				if (model[k].in && (int32_t)(model[k].expires - now) <= 0)
					model[k].in = false;
		}
	}
	for (unsigned int i = 0; i < 16; i++)
		if (held[i])
			variant->ops->put(held[i]);
	fixture_close(&fx);
}

static void test_model(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bucket_counts); i++) {
		if (variant->bucket_rule(bucket_counts[i]))
			continue;
		for (uint64_t seed = 1; seed <= 4; seed++)
			against_model(bucket_counts[i], seed * 7919);
	}
}

static void test_bucket_rule(void **state)
{
	struct ct_config config = { .buckets = 0, .threads = 1 };
	struct ct_core *core;

	(void)state;
	assert_non_null(variant->bucket_rule(0));
	assert_int_equal(variant->create(&core, &config), -EINVAL);
	assert_null(variant->bucket_rule(1024));
	variant->destroy(NULL);
}

/* A connection killed before it was confirmed never gets in. */
static void test_killed_unconfirmed(void **state)
{
	struct nf_conntrack_tuple t = fixture_tuple(6), r = fixture_reply(&t);
	struct nf_conn *ct;
	struct fixture fx;
	int err;

	(void)state;
	fixture_open(&fx, variant, 64, 1);
	ct = variant->ops->alloc(fx.net, &nf_ct_zone_dflt, &t, &r, &err);
	assert_non_null(ct);
	assert_true(variant->ops->kill(ct));
	assert_false(variant->ops->kill(ct));
	assert_int_equal(variant->ops->insert(ct, HOUR), -ESTALE);
	assert_false(fixture_has(&fx, 6));
	variant->ops->put(ct);
	fixture_close(&fx);
}

/* Reused memory has nothing of the connection before. */
static void test_new_in_old_memory(void **state)
{
	static const union nf_conntrack_proto no_proto;
	struct fixture fx;

	(void)state;
	fixture_open(&fx, variant, 64, 1);
	for (uint32_t i = 0; i < 300; i++) {
		struct nf_conntrack_tuple t = fixture_tuple(i), r = fixture_reply(&t);
		struct nf_conn *ct;
		int err;

		ct = variant->ops->alloc(fx.net, &nf_ct_zone_dflt, &t, &r, &err);
		assert_non_null(ct);
		assert_int_equal(nf_ct_status(ct) & ~CT_INCARNATION, 0);
		assert_int_equal(load_relaxed(&ct->mark), 0);
		assert_int_equal(load_relaxed(&ct->timeout), 0);
		assert_int_equal(nf_ct_zone(ct).id, 0);
		assert_null(ct->master);
		assert_null(ct->ext);
		assert_int_equal(memcmp(&ct->proto, &no_proto, sizeof(no_proto)), 0);
		assert_int_equal(load_relaxed(&ct->use.refs), 1);

		store_relaxed(&ct->mark, i + 1);
		memset(&ct->proto, 0xff, sizeof(ct->proto));
		store_relaxed(&ct->zone_id, 0);
		nf_ct_status_set(ct,
				 IPS_SEEN_REPLY | IPS_ASSURED | IPS_EXPECTED | IPS_FIXED_TIMEOUT);
		assert_non_null(nf_ct_ext_add(ct, NF_CT_EXT_ACCT));
		assert_int_equal(variant->ops->insert(ct, HOUR), 0);
		assert_true(variant->ops->kill(ct));
		variant->ops->put(ct);
		if (i % 100 == 99)
			variant->ops->barrier(fx.core); /* so that deferred ones are freed */
	}
	fixture_close(&fx);
}

/* An expected connection keeps its master until it is freed itself. */
static void test_master(void **state)
{
	struct nf_conntrack_tuple t = fixture_tuple(1), r = fixture_reply(&t);
	struct nf_conn *ct, *master;
	struct fixture fx;
	int err;

	(void)state;
	fixture_open(&fx, variant, 64, 1);
	master = variant->ops->alloc(fx.net, &nf_ct_zone_dflt, &t, &r, &err);
	assert_non_null(master);
	assert_int_equal(variant->ops->insert(master, HOUR), 0);
	t = fixture_tuple(2);
	r = fixture_reply(&t);
	ct = variant->ops->alloc(fx.net, &nf_ct_zone_dflt, &t, &r, &err);
	assert_non_null(ct);
	ct->master = master; /* with our reference */
	assert_int_equal(variant->ops->insert(ct, HOUR), 0);
	variant->ops->put(ct);
	assert_true(fixture_kill(&fx, 1));
	assert_int_equal(fixture_live_nodes(&fx), 2);
	assert_true(fixture_kill(&fx, 2));
	assert_int_equal(fixture_live_nodes(&fx), 0);
	fixture_close(&fx);
}

static void test_table_full(void **state)
{
	struct nf_ct_stat_sum stat;
	struct fixture fx;
	unsigned int in = 0, refused = 0;

	(void)state;
	fixture_open(&fx, variant, 16, 1);
	atomic_store(&fx.core->max, 100);
	for (uint32_t i = 0; i < 1000; i++) {
		int ret = fixture_put_key(&fx, i);

		if (ret == -ENFILE)
			refused++;
		else if (!ret)
			in++;
		assert_true(!ret || ret == -ENFILE);
		assert_true(nf_conntrack_count(fx.net) <= 100);
	}
	nf_ct_stat_sum(fx.net, &stat);
	/* With 16 buckets the eight that are searched nearly always have victims. */
	assert_true(stat.early_drop > 0);
	assert_int_equal(in - stat.early_drop, nf_conntrack_count(fx.net));
	assert_int_equal(in + refused, 1000);
	fixture_close(&fx);
}

static int assure(struct nf_conn *ct, void *arg)
{
	(void)arg;
	nf_ct_status_set(ct, IPS_ASSURED);
	return 0;
}

/* Assured entries are never victims. */
static void test_table_full_of_assured(void **state)
{
	struct fixture fx;

	(void)state;
	fixture_open(&fx, variant, 16, 1);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(fixture_put_key(&fx, i), 0);
	assert_int_equal(variant->ops->iterate(fx.core, assure, NULL), 0);
	atomic_store(&fx.core->max, 100);
	for (uint32_t i = 100; i < 200; i++)
		assert_int_equal(fixture_put_key(&fx, i), -ENFILE);
	for (uint32_t i = 0; i < 100; i++)
		assert_true(fixture_has(&fx, i));
	fixture_close(&fx);
}

/* --- Resize --- */

static void test_resize(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 7, 1000, 4096, 33, 64 };
	unsigned int seen;
	struct fixture fx;

	(void)state;
	fixture_open(&fx, variant, 64, 1);
	if (!(variant->flags & CT_V_RESIZE)) {
		assert_int_equal(variant->ops->resize(fx.core, 128), -EOPNOTSUPP);
		fixture_close(&fx);
		skip();
	}
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(fixture_put_key(&fx, i), 0);
	assert_int_equal(variant->ops->resize(fx.core, 0), -EINVAL);
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		if (variant->bucket_rule(sizes[s])) {
			assert_int_equal(variant->ops->resize(fx.core, sizes[s]), -EINVAL);
			continue;
		}
		assert_int_equal(variant->ops->resize(fx.core, sizes[s]), 0);
		assert_int_equal(variant->ops->buckets(fx.core), sizes[s]);
		for (uint32_t i = 0; i < 510; i++)
			assert_int_equal(fixture_has(&fx, i), i < 500);
		seen = 0;
		assert_int_equal(variant->ops->iterate(fx.core, count_one, &seen), 0);
		assert_int_equal(seen, 500);
	}
	fixture_close(&fx);
}

/* The null variant stores nothing; there is nothing else to test. */
static void test_null(void **state)
{
	struct fixture fx;

	(void)state;
	fixture_open(&fx, variant, 64, 1);
	assert_int_equal(fixture_put_key(&fx, 1), 0);
	assert_false(fixture_has(&fx, 1));
	fixture_close(&fx);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest null_tests[] = {
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_bucket_rule),
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bucket_rule),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_killed_unconfirmed),
		cmocka_unit_test(test_new_in_old_memory),
		cmocka_unit_test(test_master),
		cmocka_unit_test(test_table_full),
		cmocka_unit_test(test_table_full_of_assured),
		cmocka_unit_test(test_resize),
	};
	int status = conformance_begin(argc, argv);

	if (status)
		return status;
	if (variant->flags & CT_V_NULL)
		return cmocka_run_group_tests_name("conformance", null_tests, NULL, NULL);
	return cmocka_run_group_tests_name("conformance", tests, NULL, NULL);
}
