/* SPDX-License-Identifier: MIT */
/*
 * One conformance test for every registered variant: `test_conformance NAME`.
 *
 * What is asked of all of them is the same: the semantics of a plain model, on
 * ordinary and on degenerate tables (one bucket), through resizes, and with
 * many threads at once, where a ledger of who put in and took out which key
 * must balance; and at the end every node is accounted for.
 */
#include <pthread.h>
#include <stdio.h>

#include "tests/variant_fixture.h"

static const struct ct_variant *variant;

/* Bucket counts to test with: those of the list that the variant can have. */
static const uint64_t bucket_counts[] = { 1, 2, 3, 64, 1000, 1024 };

/* --- Semantics against a model --- */

#define MODEL_KEYS 120u

/*
 * How many of nr keys a table surely takes: where chains are capped and there
 * are hardly any buckets, all nodes may be in one chain.
 */
static uint32_t that_fit(uint64_t buckets, uint32_t nr)
{
	uint32_t room = variant->chain_room / IP_CT_DIR_MAX;

	return room && buckets < 16 && nr > room ? room : nr;
}

static void against_model(uint64_t buckets, uint64_t seed)
{
	struct { bool in; uint32_t expires; } model[MODEL_KEYS] = { 0 };
	struct nf_conn *held[16] = { 0 };
	uint32_t held_key[16] = { 0 };
	struct fixture fx;
	const uint32_t keys = that_fit(buckets, MODEL_KEYS);
	uint32_t now = UINT32_MAX - 5000;	/* the clock wraps on the way */

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
		case 3: {	/* keep a reference for a while: the memory must stay what it is */
			struct nf_conntrack_tuple_hash *h;

			if (held[slot]) {
				struct nf_conntrack_tuple old = fixture_tuple(held_key[slot]);

				assert_true(nf_ct_tuple_equal(nf_ct_tuple(held[slot], IP_CT_DIR_ORIGINAL), &old));
				variant->ops->put(held[slot]);
				held[slot] = NULL;
			}
			h = variant->ops->find_get(fx.net, &nf_ct_zone_dflt, &t);
			assert_int_equal(h != NULL, in);
			if (h) {
				held[slot] = nf_ct_tuplehash_to_ctrack(h);
				held_key[slot] = key;
			} else {
				model[key].in = false;	/* met and removed on the way */
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
		/* What gc or another key's walk removed is no longer in the way either. */
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

/* --- The rest of the key: zones, namespaces, directions --- */

/*
 * A table of one bucket too, where the hash tells nothing apart: whatever it
 * mixes in, comparing must not leave it out.
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

	/* A zone for the original direction only: answers are looked for in the default zone. */
	assert_int_equal(fixture_insert(&fx, fx.net, &orig, &t, HOUR), 0);
	assert_null(ops->find_get(fx.net, &nf_ct_zone_dflt, &t));
	h = ops->find_get(fx.net, &nf_ct_zone_dflt, &r);
	assert_non_null(h);
	assert_int_equal(NF_CT_DIRECTION(h), IP_CT_DIR_REPLY);
	ops->put(nf_ct_tuplehash_to_ctrack(h));
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
	net_destroy(other);	/* takes its own connections with it, and no others */
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

/* alloc and insert with a reply of one's own choice, as address translation would have it. */
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

static bool has_tuple(struct fixture *fx, const struct nf_conntrack_tuple *t, enum ip_conntrack_dir dir)
{
	struct nf_conntrack_tuple_hash *h = variant->ops->find_get(fx->net, &nf_ct_zone_dflt, t);

	if (!h)
		return false;
	assert_int_equal(NF_CT_DIRECTION(h), dir);
	assert_true(nf_ct_tuple_equal(nf_ct_tuple(nf_ct_tuplehash_to_ctrack(h), dir), t));
	variant->ops->put(nf_ct_tuplehash_to_ctrack(h));
	return true;
}

/* A tuple that one of two connections has is taken, whichever direction it is of. */
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
	/* And what was refused has left nothing behind. */
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

/* Memory that was a connection before tells nothing of it to the next one. */
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
		assert_int_equal(nf_ct_status(ct), 0);
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
		nf_ct_status_set(ct, IPS_SEEN_REPLY | IPS_ASSURED | IPS_EXPECTED | IPS_FIXED_TIMEOUT);
		assert_non_null(nf_ct_ext_add(ct, NF_CT_EXT_ACCT));
		assert_int_equal(variant->ops->insert(ct, HOUR), 0);
		assert_true(variant->ops->kill(ct));
		variant->ops->put(ct);
		if (i % 100 == 99)
			variant->ops->barrier(fx.core);		/* so that deferred ones come back */
	}
	fixture_close(&fx);
}

/* An expected connection keeps its master, until it goes itself. */
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
	ct->master = master;		/* with our reference */
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
		assert_true(atomic_load(&fx.net->count) <= 100);
	}
	nf_ct_stat_sum(fx.net, &stat);
	/* With 16 buckets the eight to look at hold victims nearly always. */
	assert_true(stat.early_drop > 0);
	assert_int_equal(in - stat.early_drop, atomic_load(&fx.net->count));
	assert_int_equal(in + refused, 1000);
	fixture_close(&fx);
}

static int assure(struct nf_conn *ct, void *arg)
{
	(void)arg;
	nf_ct_status_set(ct, IPS_ASSURED);
	return 0;
}

/* Assured entries are nobody's victims. */
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

static int count_one(struct nf_conn *ct, void *arg)
{
	(void)ct;
	++*(unsigned int *)arg;
	return 0;
}

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

/* --- Many threads --- */

#define THREADS 4u
#define FIXED_KEYS 200u		/* always in */
#define CHURN_KEYS 64u		/* few, so that threads meet */

struct storm {
	struct fixture fx;
	unsigned int steps;
	_Atomic bool stop;		/* for the resizer */
	_Atomic unsigned int resizes;	/* odd: one is under way */
	_Atomic int ledger[CHURN_KEYS];	/* successful inserts less successful kills */
	_Atomic unsigned int errors, running;
	char first_error[200];
};

struct storm_thread {
	struct storm *s;
	unsigned int cpu;
	pthread_t thread;
};

static void storm_error(struct storm *s, const char *what, uint32_t key)
{
	if (!atomic_fetch_add(&s->errors, 1))
		snprintf(s->first_error, sizeof(s->first_error), "%s (key %u)", what, key);
}

/*
 * A nulls walk that a resize overtakes may miss (see chain/nulls_rcu.h); that
 * is the kernel's bargain and excused, but only while a resize ran.
 */
static bool excused(struct storm *s, unsigned int resizes_before)
{
	if (strcmp(variant->axes.chain, "nulls_rcu") || strcmp(variant->axes.resize, "seqcount"))
		return false;
	return resizes_before & 1 || atomic_load(&s->resizes) != resizes_before;
}

static void *storm_worker(void *arg)
{
	struct storm_thread *me = arg;
	struct storm *s = me->s;
	const struct nf_conntrack_ops *ops = variant->ops;
	uint64_t seed = me->cpu * 104729;

	variant->thread_begin(s->fx.core, me->cpu);
	for (unsigned int i = 0; i < s->steps; i++) {
		uint64_t r = fixture_random(&seed);
		uint32_t fixed = (uint32_t)(r >> 32) % FIXED_KEYS;
		uint32_t churn = (uint32_t)(r >> 16) % CHURN_KEYS, key = FIXED_KEYS + churn;
		unsigned int before = atomic_load(&s->resizes);
		struct nf_conntrack_tuple t = fixture_tuple(r & 8 ? key : fixed);
		struct nf_conntrack_tuple_hash *h;
		struct nf_conn *ct;

		switch (r % 4) {
		case 0:		/* insert */
			t = fixture_tuple(key);
			if (!fixture_insert(&s->fx, s->fx.net, &nf_ct_zone_dflt, &t, HOUR))
				atomic_fetch_add(&s->ledger[churn], 1);
			break;
		case 1:		/* kill */
			t = fixture_tuple(key);
			h = ops->find_get(s->fx.net, &nf_ct_zone_dflt, &t);
			if (!h)
				break;
			ct = nf_ct_tuplehash_to_ctrack(h);
			if (!nf_ct_tuple_equal(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), &t))
				storm_error(s, "a found entry has another key", key);
			if (ops->kill(ct))
				atomic_fetch_sub(&s->ledger[churn], 1);
			ops->put(ct);
			break;
		default:	/* find, by either direction */
			if (r & 16)
				t = fixture_reply(&t);
			h = ops->find_get(s->fx.net, &nf_ct_zone_dflt, &t);
			if (h) {
				ct = nf_ct_tuplehash_to_ctrack(h);
				if (!nf_ct_tuple_equal(nf_ct_tuple(ct, NF_CT_DIRECTION(h)), &t))
					storm_error(s, "a found entry has another key", key);
				ops->put(ct);
			} else if (!(r & 8) && !excused(s, before)) {
				storm_error(s, "an entry that was always in was not found", fixed);
			}
			break;
		}
		if (i % 64 == 0) {	/* between batches a worker may be idle for a while */
			variant->thread_offline(s->fx.core);
			variant->thread_online(s->fx.core);
		}
	}
	variant->thread_end(s->fx.core);
	atomic_fetch_sub(&s->running, 1);
	return NULL;
}

static void *storm_resizer(void *arg)
{
	static const uint64_t sizes[] = { 1, 256, 5, 1000, 64, 2 };
	struct storm_thread *me = arg;
	struct storm *s = me->s;
	unsigned int done = 0;

	variant->thread_begin(s->fx.core, me->cpu);
	for (unsigned int i = 0; atomic_load(&s->running) || !done; i++) {
		uint64_t size = sizes[i % ARRAY_SIZE(sizes)];

		if (variant->bucket_rule(size))
			continue;
		atomic_fetch_add(&s->resizes, 1);
		if (variant->ops->resize(s->fx.core, size))
			storm_error(s, "resize failed", (uint32_t)size);
		atomic_fetch_add(&s->resizes, 1);
		done++;
	}
	variant->thread_end(s->fx.core);
	return NULL;
}

static void run_storm(uint64_t buckets, bool resize)
{
	struct storm_thread thread[THREADS + 1];
	struct storm s;
	unsigned int nr = THREADS, in = 0, seen = 0;

	memset(&s, 0, sizeof(s));
	/* The constant hash makes every step walk everything. */
	s.steps = (variant->flags & CT_V_WORST ? 2000 : 20000) / (CT_TSAN ? 4 : 1);
	atomic_store(&s.running, THREADS);
	fixture_open(&s.fx, variant, buckets, THREADS + 2);
	for (uint32_t i = 0; i < FIXED_KEYS; i++)
		assert_int_equal(fixture_put_key(&s.fx, i), 0);
	variant->thread_offline(s.fx.core);
	for (unsigned int i = 0; i < THREADS; i++) {
		thread[i] = (struct storm_thread){ .s = &s, .cpu = i + 1 };
		assert_int_equal(pthread_create(&thread[i].thread, NULL, storm_worker, &thread[i]), 0);
	}
	if (resize) {
		thread[nr] = (struct storm_thread){ .s = &s, .cpu = nr + 1 };
		assert_int_equal(pthread_create(&thread[nr].thread, NULL, storm_resizer, &thread[nr]), 0);
		nr++;
	}
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(thread[i].thread, NULL);
	variant->thread_online(s.fx.core);

	if (atomic_load(&s.errors))
		fail_msg("%u errors, the first: %s", atomic_load(&s.errors), s.first_error);
	for (uint32_t i = 0; i < FIXED_KEYS; i++)
		assert_true(fixture_has(&s.fx, i));
	for (uint32_t i = 0; i < CHURN_KEYS; i++) {
		int balance = atomic_load(&s.ledger[i]);

		assert_true(balance == 0 || balance == 1);
		assert_int_equal(fixture_has(&s.fx, FIXED_KEYS + i), balance);
		in += (unsigned int)balance;
	}
	assert_int_equal(variant->ops->iterate(s.fx.core, count_one, &seen), 0);
	assert_int_equal(seen, FIXED_KEYS + in);
	assert_int_equal(fixture_live_nodes(&s.fx), seen);
	assert_int_equal(atomic_load(&s.fx.net->count), seen);
	fixture_close(&s.fx);
}

static void test_threads(void **state)
{
	(void)state;
	run_storm(256, false);
}

static void test_threads_one_bucket(void **state)
{
	(void)state;
	if (that_fit(1, FIXED_KEYS) < FIXED_KEYS)
		skip();		/* a capped chain does not hold that many */
	run_storm(1, false);
}

static void test_threads_with_resize(void **state)
{
	(void)state;
	if (!(variant->flags & CT_V_RESIZE))
		skip();
	run_storm(64, true);
}

/* The null variant keeps nothing; that is all there is to know of it. */
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
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_reverse_clash),
		cmocka_unit_test(test_one_direction),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_killed_unconfirmed),
		cmocka_unit_test(test_new_in_old_memory),
		cmocka_unit_test(test_master),
		cmocka_unit_test(test_table_full),
		cmocka_unit_test(test_table_full_of_assured),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_threads_one_bucket),
		cmocka_unit_test(test_threads_with_resize),
	};

	variant = argc == 2 ? ct_variant_find(argv[1]) : NULL;
	if (!variant) {
		fprintf(stderr, "usage: %s VARIANT (a name from variants.def)\n", argv[0]);
		return 2;
	}
	if (variant->flags & CT_V_LOOKUPS) {
		printf("%s has no table that could be tested\n", variant->name);
		return 77;
	}
	if (variant->flags & CT_V_NULL)
		return cmocka_run_group_tests(null_tests, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
