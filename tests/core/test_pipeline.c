/* SPDX-License-Identifier: MIT */
/*
 * Packets through the hooks, over every registered variant: what conntrack does with
 * a flow's packets, from the first to the last, and with invalid ones.
 */
#include "tests/fixture/flow_fixture.h"

/* --- A flow from start to end --- */

static void flow(struct fixture *fx)
{
	static const struct {
		bool reply;
		enum ip_conntrack_info info;
	} udp[] = {
		{ false, IP_CT_NEW },
		{ false, IP_CT_NEW },
		{ true, IP_CT_ESTABLISHED_REPLY },
		{ false, IP_CT_ESTABLISHED },
		{ true, IP_CT_ESTABLISHED_REPLY },
	};
	static const uint32_t keys[] = { 1, 3 }; /* IPv4, IPv6 */
	enum ip_conntrack_info info;
	struct packet p;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		for (size_t i = 0; i < ARRAY_SIZE(udp); i++) {
			struct nf_conn *ct;

			key_packet(&p, keys[k], udp[i].reply, 0);
			assert_int_equal(
				fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0),
				NF_ACCEPT);
			ct = nf_ct_get(&p.skb, &info);
			assert_non_null(ct);
			assert_int_equal(info, udp[i].info);
			assert_int_equal(nf_ct_is_confirmed(ct), i > 0);
			assert_int_equal(
				fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &p.skb, 0, 1),
				NF_ACCEPT);
			assert_true(nf_ct_is_confirmed(ct));
			fx->v->ops->release(&p.skb);
		}
		assert_true(fixture_has(fx, keys[k]));
	}
}

/* A host's own packets pass the other two hooks. */
static void local(struct fixture *fx)
{
	static const uint32_t keys[] = { 5, 7 }; /* IPv4, IPv6 */
	enum ip_conntrack_info info;
	struct packet p;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		struct nf_conn *ct;

		key_packet(&p, keys[k], false, 0);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_LOCAL_OUT, &p.skb, 0, 0),
				 NF_ACCEPT);
		ct = nf_ct_get(&p.skb, &info);
		assert_non_null(ct);
		assert_int_equal(info, IP_CT_NEW);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &p.skb, 0, 1),
				 NF_ACCEPT);
		assert_true(nf_ct_is_confirmed(ct));
		/* Out by loopback and in again: it keeps its connection, and is not looked up
		 * twice. */
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0),
				 NF_ACCEPT);
		assert_ptr_equal(nf_ct_get(&p.skb, &info), ct);
		assert_int_equal(info, IP_CT_NEW);
		assert_int_equal(load_relaxed(&ct->use.refs), 2); /* the table's, the packet's */
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_LOCAL_IN, &p.skb, 0, 0),
				 NF_ACCEPT);
		fx->v->ops->release(&p.skb);

		key_packet(&p, keys[k], true, 0);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 1, 0),
				 NF_ACCEPT);
		nf_ct_get(&p.skb, &info);
		assert_int_equal(info, IP_CT_ESTABLISHED_REPLY);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_LOCAL_IN, &p.skb, 1, 0),
				 NF_ACCEPT);
		fx->v->ops->release(&p.skb);
	}
	/* Packets to the host itself are confirmed at LOCAL_IN. */
	key_packet(&p, 9, false, 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 1, 0), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_LOCAL_IN, &p.skb, 1, 0), NF_ACCEPT);
	fx->v->ops->release(&p.skb);
	assert_true(fixture_has(fx, 9));
}

/* --- Zones, by templates --- */

/* A packet of key 1 at PRE_ROUTING with that template, which has two references; the packet's
 * is dropped. */
static struct nf_conn *with_template(struct fixture *fx, struct packet *p, bool reply,
				     struct nf_conn *tmpl, enum ip_conntrack_info *info)
{
	key_packet(p, 1, reply, 0);
	if (tmpl) {
		refcount_inc(&tmpl->use);
		nf_ct_set(&p->skb, tmpl, IP_CT_NEW);
	}
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p->skb, 0, 0), NF_ACCEPT);
	if (tmpl)
		assert_int_equal(load_relaxed(&tmpl->use.refs), 1);
	return nf_ct_get(&p->skb, info);
}

static struct nf_conn *template_of(struct fixture *fx, uint16_t id, uint8_t dir)
{
	const struct nf_conntrack_zone zone = { .id = id, .dir = dir };
	static const struct nf_conntrack_tuple none;
	struct nf_conn *tmpl;
	int err;

	tmpl = fx->v->ops->alloc(fx->net, &zone, &none, &none, &err);
	assert_non_null(tmpl);
	nf_ct_status_set(tmpl, IPS_TEMPLATE);
	return tmpl;
}

static void forget_all(struct fixture *fx)
{
	assert_true(fx->v->ops->iterate(fx->core, fixture_every, NULL) > 0);
}

static void templates(struct fixture *fx)
{
	static const struct {
		bool with_first, with_answer;
		uint8_t dir;
		bool same;
	} cases[] = {
		{ true, true, NF_CT_DEFAULT_ZONE_DIR, true },
		{ true, false, NF_CT_DEFAULT_ZONE_DIR, false },
		{ false, true, NF_CT_DEFAULT_ZONE_DIR, false },
		/* A zone for the original direction: answers come from any zone, also this one. */
		{ true, false, NF_CT_ZONE_DIR_ORIG, true },
		{ true, true, NF_CT_ZONE_DIR_ORIG, true },
		{ false, true, NF_CT_ZONE_DIR_ORIG, true },
		/* A zone of answers. */
		{ true, true, NF_CT_ZONE_DIR_REPL, true },
		{ true, false, NF_CT_ZONE_DIR_REPL, false },
	};
	enum ip_conntrack_info info;
	struct nf_conn *ct, *tmpl;
	struct packet p;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tmpl = template_of(fx, 7, cases[i].dir);
		ct = with_template(fx, &p, false, cases[i].with_first ? tmpl : NULL, &info);
		assert_non_null(ct);
		assert_ptr_not_equal(ct, tmpl);
		assert_int_equal(info, IP_CT_NEW);
		assert_int_equal(nf_ct_zone(ct).id, cases[i].with_first ? 7 : 0);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &p.skb, 0, 1),
				 NF_ACCEPT);
		assert_true(nf_ct_is_confirmed(ct));
		fx->v->ops->release(&p.skb);

		assert_int_equal(with_template(fx, &p, true, cases[i].with_answer ? tmpl : NULL,
					       &info) == ct,
				 cases[i].same);
		assert_int_equal(info, cases[i].same ? IP_CT_ESTABLISHED_REPLY : IP_CT_NEW);
		fx->v->ops->release(&p.skb);
		fx->v->ops->put(tmpl);
		forget_all(fx);
	}
	/* An invalid packet also drops its template. */
	tmpl = template_of(fx, 7, NF_CT_DEFAULT_ZONE_DIR);
	key_packet(&p, 1, false, 0);
	p.skb.headlen = 12;
	refcount_inc(&tmpl->use);
	nf_ct_set(&p.skb, tmpl, IP_CT_NEW);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(load_relaxed(&tmpl->use.refs), 1);
	assert_null(nf_ct_get(&p.skb, &info));
	fx->v->ops->put(tmpl);
}

/* A SYN after a reset: the tracker kills the old connection, and the same packet creates a new one.
 */
static void reopened(struct fixture *fx)
{
	static const struct {
		bool reply;
		int flags;
	} segments[] = {
		{ false, FRAME_SYN },
		{ true, FRAME_SYN_ACK },
		{ false, FRAME_ACK },
		{ false, 0x14 /* RST, ACK */ },
	};
	enum ip_conntrack_info info;
	struct packet p;

	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		key_packet(&p, 2, segments[i].reply, (enum frame_tcp)segments[i].flags);
		if (i == 3)
			p.data[27]++; /* exactly the next sequence number, so it is accepted
				       */
		assert_int_equal(forward(fx, &p), NF_ACCEPT);
	}
	key_packet(&p, 2, false, FRAME_SYN);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	assert_non_null(nf_ct_get(&p.skb, &info));
	assert_int_equal(info, IP_CT_NEW);
	assert_false(nf_ct_is_confirmed(nf_ct_get(&p.skb, &info)));
	assert_false(fixture_has(fx, 2));
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &p.skb, 0, 1), NF_ACCEPT);
	fx->v->ops->release(&p.skb);
	assert_true(fixture_has(fx, 2));
	assert_int_equal(nf_conntrack_count(fx->net), 1);
}

/* A packet that its protocol refuses continues without a connection and drops its reference to the
 * connection. */
static void refused(struct fixture *fx)
{
	struct nf_ct_stat_sum before, after;
	enum ip_conntrack_info info;
	struct packet p;

	key_packet(&p, 2, false, FRAME_SYN);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	nf_ct_stat_sum(fx->net, &before);
	key_packet(&p, 2, false, (enum frame_tcp)0x03); /* SYN and FIN */
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	assert_null(nf_ct_get(&p.skb, &info));
	nf_ct_stat_sum(fx->net, &after);
	assert_int_equal(after.invalid - before.invalid, 1);
	assert_int_equal(after.drop - before.drop, 0);
	assert_int_equal(after.error - before.error, 0);
	key_packet(&p, 6, false, (enum frame_tcp)0x03); /* and one that would have been new */
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_int_equal(nf_conntrack_count(fx->net), 1);
}

/* A packet that finds an expired entry removes it, and the flow starts again. */
static void expiry(struct fixture *fx)
{
	enum ip_conntrack_info info;
	struct packet p;

	key_packet(&p, 1, false, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	key_packet(&p, 1, true, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	atomic_store(&fx->core->now, 31 * NF_CT_HZ); /* UDP unreplied or answered just now: 30 s */
	key_packet(&p, 1, false, 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	nf_ct_get(&p.skb, &info);
	assert_int_equal(info, IP_CT_NEW);
	assert_int_equal(nf_conntrack_count(fx->net), 1); /* the new one; the old one is gone */
	fx->v->ops->release(&p.skb);
	assert_int_equal(nf_conntrack_count(fx->net), 0);
	atomic_store(&fx->core->now, 0);
}

static void no_connection(struct fixture *fx)
{
	struct nf_ct_stat_sum before, after;
	enum ip_conntrack_info info;
	struct packet p;

	nf_ct_stat_sum(fx->net, &before);
	key_packet(&p, 1, false, 0);
	p.skb.headlen = 22; /* cut off in the ports */
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	assert_null(nf_ct_get(&p.skb, &info));
	p.skb.headlen = 12; /* not even an IP header */
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	key_packet(&p, 1, false, 0);
	p.data[6] = 0x00;
	p.data[7] = 0x10; /* a later fragment: kept before conntrack */
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_STOLEN);
	nf_ct_stat_sum(fx->net, &after);
	assert_int_equal(after.invalid - before.invalid, 2);
	assert_int_equal(after.error - before.error, 0);

	/* Marked as not to be tracked: stays so. */
	key_packet(&p, 1, false, 0);
	nf_ct_set(&p.skb, NULL, IP_CT_UNTRACKED);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_int_equal(nf_conntrack_count(fx->net), 0);
}

/* The table is full of connections that may not be removed. */
static void full(struct fixture *fx)
{
	struct nf_ct_stat_sum stat;
	struct packet p;

	atomic_store(&fx->core->max, 1);
	key_packet(&p, 1, false, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	key_packet(&p, 1, true, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	atomic_store(&fx->core->now, 5 * NF_CT_HZ); /* a stream by now: assured */
	key_packet(&p, 1, false, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	key_packet(&p, 5, false, 0);
	assert_int_equal(forward(fx, &p), NF_DROP);
	nf_ct_stat_sum(fx->net, &stat);
	assert_int_equal(stat.drop, 1);
	assert_int_equal(stat.early_drop, 0);
	assert_true(fixture_has(fx, 1));
	assert_false(fixture_has(fx, 5));
	atomic_store(&fx->core->now, 0);
	atomic_store(&fx->core->max, 0);
}

OVER_VARIANTS(flow)
OVER_VARIANTS(local)
OVER_VARIANTS(templates)
OVER_VARIANTS(reopened)
OVER_VARIANTS(refused)
OVER_VARIANTS(expiry)
OVER_VARIANTS(no_connection)
OVER_VARIANTS(full)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow),	      cmocka_unit_test(test_local),
		cmocka_unit_test(test_templates),     cmocka_unit_test(test_reopened),
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_no_connection), cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
