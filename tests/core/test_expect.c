/* SPDX-License-Identifier: MIT */
/*
 * Expectations over every registered variant: which match, which clash, which
 * are replaced, how they end, and many threads at once.
 */
#include <pthread.h>

#include "harness/traffic/frames.h"
#include "tests/fixture/variant_fixture.h"

struct packet {
	struct sk_buff skb;
	_Alignas(8) uint8_t data[FRAME_BYTES];
};

static unsigned int
help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	(void)skb;
	(void)protoff;
	(void)ct;
	(void)ctinfo;
	return NF_ACCEPT;
}

/* Two classes: three expectations for a minute, and any number for an hour. */
static const struct nf_conntrack_expect_policy policies[] = { { 3, 60 }, { 0, 3600 } };
static const struct nf_conntrack_helper helper = {
	.name = "test",
	.protonum = IPPROTO_UDP,
	.expect_class_max = 1,
	.expect_policy = policies,
	.help = help,
};

static struct nf_conntrack_tuple
tuple_of(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport)
{
	struct nf_conntrack_tuple t;

	memset(&t, 0, sizeof(t));
	t.src.l3num = NFPROTO_IPV4;
	t.src.u3.ip = htonl(src);
	t.src.u.all = htons(sport);
	t.dst.u3.ip = htonl(dst);
	t.dst.u.all = htons(dport);
	t.dst.protonum = IPPROTO_UDP;
	return t;
}

/* The first packet of t goes through; its connection stays, with a reference for the caller. */
static struct nf_conn *
arrive(struct fixture *fx, const struct nf_conntrack_tuple *t, bool with_helper)
{
	enum ip_conntrack_info info;
	struct ct_frame f;
	struct packet p;
	struct nf_conn *ct;

	frame_make(&f, p.data, t, 0, true);
	p.skb = (struct sk_buff){
		.data = p.data,
		.len = f.len,
		.headlen = f.headlen,
		.protocol = f.protocol,
		.ip_summed = CHECKSUM_UNNECESSARY,
	};
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	ct = nf_ct_get(&p.skb, &info);
	assert_non_null(ct);
	assert_int_equal(info, nf_ct_status(ct) & IPS_EXPECTED ? IP_CT_RELATED : IP_CT_NEW);
	if (with_helper && !nf_ct_is_confirmed(ct))
		assert_int_equal(nf_ct_helper_assign(ct, &helper), 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &p.skb, 0, 1), NF_ACCEPT);
	return ct;
}

static struct nf_conn *make_master(struct fixture *fx, uint32_t i)
{
	struct nf_conntrack_tuple t = tuple_of(0x0a000000 + i, 1000, 0x0a800001, 21);

	return arrive(fx, &t, true);
}

/* To 10.128.0.1 and that port, from any port of 10.0.0.src (0: of any address). */
static int
expect_flags(struct nf_conn *master, uint32_t src, uint16_t port, unsigned int class, uint8_t flags)
{
	union nf_inet_addr saddr = { .ip = htonl(0x0a000000 + src) },
			   daddr = { .ip = htonl(0x0a800001) };
	struct nf_conntrack_expect *exp = nf_ct_expect_alloc(master);
	uint16_t dport = htons(port);
	int err;

	assert_non_null(exp);
	nf_ct_expect_init(exp, class, NFPROTO_IPV4, src ? &saddr : NULL, &daddr, IPPROTO_UDP, NULL,
			  &dport);
	exp->flags = flags;
	err = nf_ct_expect_related(exp);
	nf_ct_expect_put(exp);
	return err;
}

static int expect(struct nf_conn *master, uint32_t src, uint16_t port)
{
	return expect_flags(master, src, port, 0, 0);
}

/* A new connection from 10.0.0.src to that port: returns its master, and ends it. */
static struct nf_conn *master_of(struct fixture *fx, uint32_t src, uint16_t port)
{
	struct nf_conntrack_tuple t = tuple_of(0x0a000000 + src, 7000, 0x0a800001, port);
	struct nf_conn *ct = arrive(fx, &t, false), *master = ct->master;

	assert_int_equal(!master, !(nf_ct_status(ct) & IPS_EXPECTED));
	if (master)
		assert_int_equal(load_relaxed(&ct->mark), load_relaxed(&master->mark));
	assert_true(fx->v->ops->kill(ct));
	fx->v->ops->put(ct);
	return master;
}

static struct nf_ct_stat_sum stats(struct fixture *fx)
{
	struct nf_ct_stat_sum s;

	nf_ct_stat_sum(fx->net, &s);
	return s;
}

static void fits(struct fixture *fx)
{
	struct nf_conn *m = make_master(fx, 1);
	struct nf_ct_stat_sum s;

	store_relaxed(&m->mark, 77);
	assert_int_equal(expect(m, 2, 500), 0);
	assert_int_equal(expect(m, 0, 501), 0);
	assert_int_equal(nf_ct_expect_count(fx->net), 2);
	assert_null(master_of(fx, 3, 500));
	assert_null(master_of(fx, 2, 502));
	assert_ptr_equal(master_of(fx, 2, 500), m);
	assert_null(master_of(fx, 2, 500)); /* used up */
	assert_ptr_equal(master_of(fx, 3, 501), m);
	assert_int_equal(nf_ct_expect_count(fx->net), 0);
	assert_int_equal(expect_flags(m, 2, 500, 0, NF_CT_EXPECT_PERMANENT), 0);
	assert_int_equal(expect_flags(m, 2, 501, 0, NF_CT_EXPECT_INACTIVE), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_ptr_equal(master_of(fx, 2, 500), m);
	assert_null(master_of(fx, 2, 501));
	s = stats(fx);
	assert_int_equal(s.expect_create, 4);
	assert_int_equal(s.expect_new, 5);
	assert_int_equal(s.expect_delete, 2);
	fx->v->ops->put(m);
}

static void limits(struct fixture *fx)
{
	struct nf_conn *m = make_master(fx, 1), *n = make_master(fx, 2), *plain;
	struct nf_conntrack_tuple t = tuple_of(0x0a000009, 1, 0x0a800001, 9);

	assert_int_equal(expect(m, 2, 500), 0);
	assert_int_equal(expect(m, 2, 500), 0); /* replaces itself */
	assert_int_equal(nf_ct_expect_count(fx->net), 1);
	assert_int_equal(expect(n, 2, 500), -EBUSY); /* two would match */
	assert_int_equal(expect(n, 0, 500), -EBUSY);
	assert_int_equal(expect(n, 3, 500), 0);
	assert_int_equal(expect(m, 2, 501), 0);
	assert_int_equal(expect(m, 2, 502), 0);
	assert_int_equal(expect(m, 2, 503), 0); /* the fourth: the first is removed */
	assert_int_equal(nf_ct_expect_count(fx->net), 4);
	assert_null(master_of(fx, 2, 500));
	assert_ptr_equal(master_of(fx, 3, 500), n);
	assert_ptr_equal(master_of(fx, 2, 501), m);
	for (uint16_t i = 0; i < 20; i++) /* no limit for this class */
		assert_int_equal(expect_flags(m, 2, 600 + i, 1, 0), 0);
	assert_int_equal(nf_ct_expect_count(fx->net), 22);
	assert_int_equal(expect_flags(m, 2, 700, 2, 0), -EINVAL);
	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_expect_max", 22), 0);
	assert_int_equal(expect(n, 3, 501), -EMFILE);
	assert_int_equal(expect(m, 2, 503), 0); /* one for one */
	plain = arrive(fx, &t, false);
	assert_int_equal(expect(plain, 3, 502), -ESHUTDOWN);
	fx->v->ops->put(plain);
	fx->v->ops->put(m);
	fx->v->ops->put(n);
}

static void ends(struct fixture *fx)
{
	struct nf_conn *m = make_master(fx, 1), *n = make_master(fx, 2), *ct;
	struct nf_conntrack_tuple t = tuple_of(0x0a000003, 7000, 0x0a800001, 500);
	uint32_t now = nfct_time_stamp(fx->core);

	assert_int_equal(expect_flags(m, 3, 500, 0, NF_CT_EXPECT_PERMANENT), 0);
	assert_int_equal(expect(n, 3, 501), 0);
	ct = arrive(fx, &t, false);
	assert_ptr_equal(ct->master, m);
	assert_true(fx->v->ops->kill(m));
	fx->v->ops->put(m);
	assert_null(master_of(fx, 4, 500));
	assert_int_equal(nf_ct_expect_count(fx->net), 1); /* n's */
	/* The expected connection exists, so the master's memory does. */
	assert_int_equal(nf_ct_tuple(ct->master, IP_CT_DIR_ORIGINAL)->dst.u.all, htons(21));
	fx->v->ops->put(ct);
	/* Their own timeout; the master's would expire before. */
	store_relaxed(&n->timeout, now + 2 * HOUR);
	assert_int_equal(expect_flags(n, 3, 502, 1, 0), 0);
	store_relaxed(&fx->core->now, now + 59 * NF_CT_HZ);
	assert_int_equal(nf_ct_expect_count(fx->net), 2);
	store_relaxed(&fx->core->now, now + 60 * NF_CT_HZ);
	assert_null(master_of(fx, 3, 501));
	assert_int_equal(nf_ct_expect_count(fx->net), 1);
	store_relaxed(&fx->core->now, now + 3600 * NF_CT_HZ);
	assert_int_equal(nf_ct_expect_count(fx->net), 0);
	/* One of a minute ends before one of an hour that was there first. */
	now += 3600 * NF_CT_HZ;
	assert_int_equal(expect_flags(n, 3, 503, 1, 0), 0);
	assert_int_equal(expect(n, 3, 504), 0);
	store_relaxed(&fx->core->now, now + 60 * NF_CT_HZ);
	assert_null(master_of(fx, 3, 504));
	assert_int_equal(nf_ct_expect_count(fx->net), 1);
	fx->v->ops->put(n);
}

/* With more expectations than buckets: a port that shares a bucket with another is not the other.
 */
static void full_buckets(struct fixture *fx)
{
	struct nf_conn *m = make_master(fx, 1);

	for (uint16_t port = 2000; port < 5000; port += 2)
		assert_int_equal(expect_flags(m, 2, port, 1, NF_CT_EXPECT_PERMANENT), 0);
	for (uint16_t port = 2000; port < 5000; port++)
		assert_ptr_equal(master_of(fx, 2, port), port % 2 ? NULL : m);
	fx->v->ops->put(m);
}

/* What else must match besides the destination: zone, class, source port, the master's
 * state. */
static void told_apart(struct fixture *fx)
{
	struct nf_conn *m = make_master(fx, 1), *n = make_master(fx, 2), *ct;
	const union nf_inet_addr daddr = { .ip = htonl(0x0a800001) };
	const uint16_t sport = htons(7001), dport = htons(520);
	struct nf_conntrack_tuple t = tuple_of(0x0a000002, 7001, 0x0a800001, 520);
	struct nf_conntrack_expect *exp;

	assert_int_equal(expect(m, 2, 500), 0);
	store_relaxed(&n->zone_id, 5);
	assert_int_equal(expect(n, 2, 500), 0); /* no clash in another zone */
	assert_ptr_equal(master_of(fx, 2, 500), m);
	assert_null(master_of(fx, 2, 500)); /* and n's is not this zone's */
	store_relaxed(&n->zone_id, NF_CT_DEFAULT_ZONE_ID);
	assert_ptr_equal(master_of(fx, 2, 500), n);

	assert_int_equal(expect(m, 3, 510), 0);
	assert_int_equal(expect_flags(m, 3, 510, 1, 0), -EALREADY);

	exp = nf_ct_expect_alloc(m);
	assert_non_null(exp);
	nf_ct_expect_init(exp, 0, NFPROTO_IPV4, NULL, &daddr, IPPROTO_UDP, &sport, &dport);
	exp->helper = &helper;
	assert_int_equal(nf_ct_expect_related(exp), 0);
	nf_ct_expect_put(exp);
	assert_null(master_of(fx, 2, 520)); /* from 7000 */
	ct = arrive(fx, &t, false);
	assert_ptr_equal(ct->master, m);
	assert_ptr_equal(nf_ct_helper_of(ct), &helper);
	fx->v->ops->put(ct);

	assert_int_equal(expect(m, 3, 530), 0);
	nf_ct_status_set(m, IPS_DYING);
	assert_null(master_of(fx, 3, 530));
	atomic_fetch_and(&m->status, ~(uint32_t)IPS_DYING);
	assert_ptr_equal(master_of(fx, 3, 530), m);
	fx->v->ops->put(m);
	fx->v->ops->put(n);
}

static void made_early(struct fixture *fx)
{
	struct nf_conntrack_tuple t = tuple_of(0x0a000001, 1000, 0x0a800001, 21),
				  r = fixture_reply(&t);
	struct nf_conntrack_expect *exp;
	int err;
	struct nf_conn *m = fx->v->ops->alloc(fx->net, &nf_ct_zone_dflt, &t, &r, &err);
	const uint16_t port = htons(500);
	const union nf_inet_addr daddr = { .ip = htonl(0x0a800001) };

	assert_non_null(m);
	assert_int_equal(nf_ct_helper_assign(m, &nf_conntrack_helper_ftp), -EPROTONOSUPPORT);
	assert_int_equal(nf_ct_helper_assign(m, &helper), 0);
	assert_int_equal(nf_ct_helper_assign(m, &helper), -EBUSY);
	assert_int_equal(nf_ct_helper_assign(m, &nf_conntrack_helper_ftp), -EBUSY);
	assert_int_equal(expect(m, 0, 501), 0);
	assert_null(master_of(fx, 2, 501)); /* not in the table: not announced either */
	exp = nf_ct_expect_alloc(m);
	assert_non_null(exp);
	nf_ct_expect_init(exp, 0, NFPROTO_IPV4, NULL, &daddr, IPPROTO_UDP, NULL, &port);
	assert_false(nf_ct_unexpect_related(exp));
	assert_int_equal(nf_ct_expect_related(exp), 0);
	assert_true(nf_ct_unexpect_related(exp));
	assert_false(nf_ct_unexpect_related(exp));
	nf_ct_expect_put(exp);
	assert_int_equal(nf_ct_expect_count(fx->net), 1);
	fx->v->ops->put(m); /* never confirmed: with the last reference */
	assert_int_equal(nf_ct_expect_count(fx->net), 0);
}

/* --- Many threads --- */

#define THREADS 4u
#define ROUNDS	300u

struct worker {
	struct fixture *fx;
	unsigned int i;
};

/* Masters come and go while data connections of all arrive. */
static void *work(void *arg)
{
	struct worker *w = arg;
	struct fixture *fx = w->fx;

	fx->v->thread_begin(fx->core, w->i);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct nf_conn *m = make_master(fx, w->i), *ct;
		struct nf_conntrack_tuple t;

		for (uint16_t k = 0; k < 4; k++) {
			int err = expect(m, 0, (uint16_t)(500 + (i + k) % 8));

			assert_true(!err || err == -EBUSY);
		}
		t = tuple_of(0x0a000000 + w->i, (uint16_t)(2000 + i), 0x0a800001,
			     (uint16_t)(500 + i % 8));
		ct = arrive(fx, &t, false);
		if (ct->master)
			assert_int_equal(nf_ct_tuple(ct->master, IP_CT_DIR_ORIGINAL)->dst.u.all,
					 htons(21));
		fx->v->ops->kill(i % 2 ? m : ct);
		fx->v->ops->put(ct);
		fx->v->ops->kill(m);
		fx->v->ops->put(m);
	}
	fx->v->thread_end(fx->core);
	return NULL;
}

static void threads(struct fixture *fx)
{
	struct worker w[THREADS];
	pthread_t t[THREADS];
	struct nf_ct_stat_sum s;

	if (fx->v->flags & CT_V_UNSHARED) /* a master and what it expects may be on two threads */
		return;
	fx->v->thread_offline(fx->core);
	for (unsigned int i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ fx, i + 1 };
		assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	fx->v->thread_online(fx->core);
	s = stats(fx);
	assert_int_equal(nf_ct_expect_count(fx->net), 0);
	assert_true(s.expect_create >= THREADS * ROUNDS / 2);
	assert_int_equal(s.expect_create, s.expect_delete);
	assert_true(s.expect_new <= s.expect_create);
}

OVER_VARIANTS_WITH(THREADS + 1, fits)
OVER_VARIANTS_WITH(THREADS + 1, limits)
OVER_VARIANTS_WITH(THREADS + 1, ends)
OVER_VARIANTS_WITH(THREADS + 1, full_buckets)
OVER_VARIANTS_WITH(THREADS + 1, told_apart)
OVER_VARIANTS_WITH(THREADS + 1, made_early)
OVER_VARIANTS_WITH(THREADS + 1, threads)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),	   cmocka_unit_test(test_limits),
		cmocka_unit_test(test_ends),	   cmocka_unit_test(test_full_buckets),
		cmocka_unit_test(test_told_apart), cmocka_unit_test(test_made_early),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
