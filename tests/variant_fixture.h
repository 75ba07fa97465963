/* SPDX-License-Identifier: MIT */
/* A table of one variant with a namespace on it, and keys to put into it: for tests of variants. */
#ifndef CTBENCH_TESTS_VARIANT_FIXTURE_H
#define CTBENCH_TESTS_VARIANT_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "variants/variant.h"

#define HOUR (3600u * NF_CT_HZ)

struct fixture {
	const struct ct_variant *v;
	struct ct_core *core;
	struct net *net;
};

/* Threads 0 .. threads - 1 may register; thread 0 is the caller and is registered here. */
static inline void fixture_open(struct fixture *fx, const struct ct_variant *v, uint64_t buckets, unsigned int threads)
{
	const struct ct_config config = {
		.buckets = buckets, .connections = 1024, .hash_key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 },
		.threads = threads,
	};

	fx->v = v;
	assert_int_equal(v->create(&fx->core, &config), 0);
	v->thread_begin(fx->core, 0);
	assert_int_equal(net_create(&fx->net, fx->core), 0);
}

static inline uint64_t fixture_live_nodes(struct fixture *fx)
{
	struct ct_memory m;

	fx->v->ops->barrier(fx->core);
	fx->v->ops->memory(fx->core, &m);
	return m.node_bytes / sizeof(struct nf_conn);
}

static inline int fixture_every(struct nf_conn *ct, void *arg)
{
	(void)ct;
	(void)arg;
	return 1;
}

/* Empties the table; every node must have come back. */
static inline void fixture_close(struct fixture *fx)
{
	assert_true(fx->v->ops->iterate(fx->core, fixture_every, NULL) >= 0);
	assert_int_equal(fixture_live_nodes(fx), 0);
	assert_int_equal(atomic_load(&fx->net->count), 0);
	net_destroy(fx->net);
	fx->v->thread_end(fx->core);
	fx->v->destroy(fx->core);
}

/* Key number i: every fourth is IPv6; both directions distinct from all other keys'. */
static inline struct nf_conntrack_tuple fixture_tuple(uint32_t i)
{
	struct nf_conntrack_tuple t;

	memset(&t, 0, sizeof(t));
	if (i % 4 == 3) {
		t.src.l3num = NFPROTO_IPV6;
		t.src.u3.all[0] = htonl(0x20010db8);
		t.src.u3.all[3] = htonl(i);
		t.dst.u3.all[0] = htonl(0x20010db8);
		t.dst.u3.all[1] = htonl(1);
	} else {
		t.src.l3num = NFPROTO_IPV4;
		t.src.u3.ip = htonl(0x0a000000 + i);
		t.dst.u3.ip = htonl(0xc0a80001);
	}
	t.src.u.all = htons((uint16_t)(1024 + i % 1000));
	t.dst.u.all = htons(53);
	t.dst.protonum = i % 2 ? IPPROTO_UDP : IPPROTO_TCP;
	return t;
}

static inline struct nf_conntrack_tuple fixture_reply(const struct nf_conntrack_tuple *orig)
{
	struct nf_conntrack_tuple reply;

	assert_true(nf_ct_invert_tuple(&reply, orig));
	return reply;
}

/* 0 or the error of alloc or insert; keeps no reference but the table's. */
static inline int fixture_insert(struct fixture *fx, struct net *net, const struct nf_conntrack_zone *zone,
				 const struct nf_conntrack_tuple *orig, uint32_t timeout)
{
	const struct nf_conntrack_ops *ops = fx->v->ops;
	struct nf_conntrack_tuple reply = fixture_reply(orig);
	struct nf_conn *ct;
	int err;

	ct = ops->alloc(net, zone, orig, &reply, &err);
	if (!ct)
		return err;
	err = ops->insert(ct, timeout);
	ops->put(ct);
	return err;
}

static inline int fixture_put_key(struct fixture *fx, uint32_t i)
{
	struct nf_conntrack_tuple t = fixture_tuple(i);

	return fixture_insert(fx, fx->net, &nf_ct_zone_dflt, &t, HOUR);
}

/* Is key i there, by either direction?  Both must say the same, and mean the same connection. */
static inline bool fixture_has(struct fixture *fx, uint32_t i)
{
	const struct nf_conntrack_ops *ops = fx->v->ops;
	struct nf_conntrack_tuple t = fixture_tuple(i), r = fixture_reply(&t);
	struct nf_conntrack_tuple_hash *a = ops->find_get(fx->net, &nf_ct_zone_dflt, &t);
	struct nf_conntrack_tuple_hash *b = ops->find_get(fx->net, &nf_ct_zone_dflt, &r);

	assert_int_equal(!a, !b);
	if (!a)
		return false;
	assert_ptr_equal(nf_ct_tuplehash_to_ctrack(a), nf_ct_tuplehash_to_ctrack(b));
	assert_int_equal(NF_CT_DIRECTION(a), IP_CT_DIR_ORIGINAL);
	assert_int_equal(NF_CT_DIRECTION(b), IP_CT_DIR_REPLY);
	assert_true(nf_ct_tuple_equal(nf_ct_tuple(nf_ct_tuplehash_to_ctrack(a), IP_CT_DIR_ORIGINAL), &t));
	ops->put(nf_ct_tuplehash_to_ctrack(a));
	ops->put(nf_ct_tuplehash_to_ctrack(b));
	return true;
}

/* Takes key i out; false if it was not there or somebody else was first. */
static inline bool fixture_kill(struct fixture *fx, uint32_t i)
{
	const struct nf_conntrack_ops *ops = fx->v->ops;
	struct nf_conntrack_tuple t = fixture_tuple(i);
	struct nf_conntrack_tuple_hash *h = ops->find_get(fx->net, &nf_ct_zone_dflt, &t);
	bool killed;

	if (!h)
		return false;
	killed = ops->kill(nf_ct_tuplehash_to_ctrack(h));
	ops->put(nf_ct_tuplehash_to_ctrack(h));
	return killed;
}

/* splitmix64 (Steele, Lea & Flood, OOPSLA 2014) */
static inline uint64_t fixture_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/*
 * On every variant that keeps connections, with a table of 64 buckets, which must be empty again
 * afterwards (fixture_close), and room for so many threads.
 */
static inline void each_variant_with(unsigned int threads, void (*fn)(struct fixture *fx))
{
	for (size_t i = 0; i < ct_nr_variants; i++) {
		struct fixture fx;

		if (ct_variants[i]->flags & (CT_V_NULL | CT_V_LOOKUPS))
			continue;
		fixture_open(&fx, ct_variants[i], 64, threads);
		fn(&fx);
		fixture_close(&fx);
	}
}

/* The same as a test, test_FN. */
#define OVER_VARIANTS_WITH(threads, fn) \
	static void test_##fn(void **state) \
	{ \
		(void)state; \
		each_variant_with(threads, fn); \
	}
#define OVER_VARIANTS(fn) OVER_VARIANTS_WITH(1, fn)

#endif
