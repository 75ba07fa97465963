/* SPDX-License-Identifier: MIT */
/*
 * Events of connections, over every variant: sent to a subscriber,
 * when and in which order, and those that it refused; marks, labels,
 * time stamps; deletion by filter.
 */
#include "core/nf_conntrack_filter.h"
#include "core/nf_conntrack_labels.h"
#include "core/nf_conntrack_mark.h"
#include "tests/fixture/flow_fixture.h"

#define E(name) (1u << IPCT_##name)

/* A subscriber that records its events. */
struct subscriber {
	struct nf_ct_event_notifier notifier;
	struct {
		unsigned int events;
		struct nf_conn *ct;
		uint32_t portid;
		bool report, in_table;
	} told[32];
	unsigned int nr;
	bool deaf; /* refuses everything */
};

static int hear(unsigned int events, const struct nf_ct_event *item)
{
	struct subscriber *s = item->priv;

	assert_true(s->nr < ARRAY_SIZE(s->told));
	s->told[s->nr].events = events;
	s->told[s->nr].ct = item->ct;
	s->told[s->nr].portid = item->portid;
	s->told[s->nr].report = item->report;
	s->told[s->nr++].in_table = nf_ct_is_confirmed(item->ct);
	return s->deaf ? -ENOBUFS : 0;
}

static void subscribe(struct fixture *fx, struct subscriber *s)
{
	memset(s, 0, sizeof(*s));
	s->notifier.ct_event = hear;
	s->notifier.priv = s;
	assert_int_equal(nf_conntrack_register_notifier(fx->net, &s->notifier), 0);
}

/* Told since the last time: n events, the last of which is returned; and forget. */
static unsigned int told(struct subscriber *s, unsigned int n)
{
	unsigned int events = s->nr ? s->told[s->nr - 1].events : 0;

	assert_int_equal(s->nr, n);
	s->nr = 0;
	return events;
}

static void send_key(struct fixture *fx, uint32_t key, bool reply, enum frame_tcp flags)
{
	struct packet p;

	key_packet(&p, key, reply, flags);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
}

static struct nf_conn *find(struct fixture *fx, uint32_t key)
{
	struct nf_conntrack_tuple t = fixture_tuple(key);
	struct nf_conntrack_tuple_hash *h = fx->v->ops->find_get(fx->net, &nf_ct_zone_dflt, &t);

	assert_non_null(h);
	return nf_ct_tuplehash_to_ctrack(h);
}

/* --- Events --- */

static void life_of_a_flow(struct fixture *fx)
{
	struct subscriber s, other = { 0 };

	subscribe(fx, &s);
	assert_int_equal(nf_conntrack_register_notifier(fx->net, &other.notifier), -EBUSY);
	/* UDP, key 1 */
	send_key(fx, 1, false, 0);
	assert_true(s.told[0].in_table);
	assert_int_equal(told(&s, 1), E(NEW));
	send_key(fx, 1, false, 0);
	told(&s, 0);
	send_key(fx, 1, true, 0);
	assert_int_equal(told(&s, 1), E(REPLY));
	send_key(fx, 1, true, 0);
	told(&s, 0);
	atomic_store(&fx->core->now, 5 * NF_CT_HZ);
	send_key(fx, 1, false, 0);
	assert_int_equal(told(&s, 1), E(ASSURED));
	send_key(fx, 1, false, 0);
	told(&s, 0);
	assert_true(fixture_kill(fx, 1));
	assert_false(s.told[0].report);
	assert_int_equal(told(&s, 1), E(DESTROY));

	/* TCP, key 2 */
	send_key(fx, 2, false, FRAME_SYN);
	assert_int_equal(told(&s, 1), E(NEW) | E(PROTOINFO));
	send_key(fx, 2, true, FRAME_SYN_ACK);
	assert_int_equal(told(&s, 1), E(REPLY) | E(PROTOINFO));
	send_key(fx, 2, false, FRAME_ACK);
	assert_int_equal(told(&s, 1), E(ASSURED) | E(PROTOINFO));
	send_key(fx, 2, true, FRAME_ACK);
	told(&s, 0);

	/* A packet that finds it expired ends it; DESTROY comes before the NEW of the next one. */
	send_key(fx, 5, false, 0);
	told(&s, 1);
	atomic_store(&fx->core->now, 60 * NF_CT_HZ);
	send_key(fx, 5, false, 0);
	assert_int_equal(s.told[0].events, E(DESTROY));
	assert_int_equal(told(&s, 2), E(NEW));
	nf_conntrack_unregister_notifier(fx->net);
	send_key(fx, 5, true, 0);
	told(&s, 0);
	atomic_store(&fx->core->now, 0);
}

/* A connection created without a subscriber sends no events; the setting can change that. */
static void who_tells(struct fixture *fx)
{
	struct subscriber s;

	send_key(fx, 1, false, 0);
	subscribe(fx, &s);
	send_key(fx, 1, true, 0);
	assert_true(fixture_kill(fx, 1));
	told(&s, 0);
	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_events", 0), 0);
	send_key(fx, 1, false, 0);
	told(&s, 0);
	nf_conntrack_unregister_notifier(fx->net);

	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_events", 1), 0);
	send_key(fx, 5, false, 0);
	subscribe(fx, &s);
	send_key(fx, 1, true, 0);
	told(&s, 0);
	send_key(fx, 5, true, 0);
	assert_int_equal(told(&s, 1), E(REPLY));
	nf_conntrack_unregister_notifier(fx->net);
	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_events", 2), 0);
}

/* One that was dropped before confirm has never been. */
static void unconfirmed(struct fixture *fx)
{
	struct subscriber s;
	struct packet p;

	subscribe(fx, &s);
	key_packet(&p, 1, false, 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	fx->v->ops->release(&p.skb);
	told(&s, 0);
	nf_conntrack_unregister_notifier(fx->net);
}

/* After a clash the winner's events are sent, with the loser's packet. */
static void clash(struct fixture *fx)
{
	struct subscriber s;
	struct packet a, b;

	subscribe(fx, &s);
	key_packet(&a, 1, false, 0);
	key_packet(&b, 1, false, 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &a.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &b.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &a.skb, 0, 1), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &b.skb, 0, 1), NF_ACCEPT);
	assert_int_equal(told(&s, 1), E(NEW));
	fx->v->ops->release(&a.skb);
	fx->v->ops->release(&b.skb);
	assert_true(fixture_kill(fx, 1));
	assert_int_equal(told(&s, 1), E(DESTROY));
	nf_conntrack_unregister_notifier(fx->net);
}

/* Refused events are sent again; a connection that ended waits for that. */
static void deaf(struct fixture *fx)
{
	struct subscriber s;
	struct nf_conn *ct;

	subscribe(fx, &s);
	s.deaf = true;
	send_key(fx, 1, false, 0);
	assert_int_equal(told(&s, 1), E(NEW));
	s.deaf = false;
	send_key(fx, 1, false, 0);
	assert_int_equal(told(&s, 1), E(NEW));
	s.deaf = true;
	send_key(fx, 1, true, 0);
	assert_int_equal(told(&s, 1), E(REPLY));

	ct = find(fx, 1);
	assert_false(fx->v->ops->del(ct, 4711, true));
	assert_int_equal(s.told[0].portid, 4711);
	assert_true(s.told[0].report);
	assert_int_equal(told(&s, 1), E(DESTROY) | E(REPLY));
	fx->v->ops->put(ct);
	assert_false(fixture_has(fx, 1)); /* no longer found, but not freed */
	assert_int_equal(nf_conntrack_count(fx->net), 1);
	assert_int_equal(nf_ct_ecache_waiting(fx->net), 1);
	assert_int_equal(nf_conntrack_ecache_work(fx->net), 1);
	assert_int_equal(told(&s, 1), E(DESTROY));
	s.deaf = false;
	assert_int_equal(nf_conntrack_ecache_work(fx->net), 0);
	assert_int_equal(s.told[0].portid, 4711);
	assert_int_equal(told(&s, 1), E(DESTROY));
	assert_int_equal(nf_conntrack_count(fx->net), 0);

	/* Destroying a namespace drops undelivered events. */
	s.deaf = true;
	send_key(fx, 1, false, 0);
	assert_false(fixture_kill(fx, 1));
	nf_conntrack_unregister_notifier(fx->net);
	assert_int_equal(nf_conntrack_ecache_work(fx->net), 0);
}

/* --- Marks, labels, time stamps --- */

static void marks(struct fixture *fx)
{
	struct sk_buff skb = { .mark = 0xabcd };
	struct subscriber s;
	struct nf_conn *ct;

	subscribe(fx, &s);
	send_key(fx, 1, false, 0);
	ct = find(fx, 1);
	told(&s, 1);
	nf_ct_mark_set(ct, 0x12, 0xff);
	send_key(fx, 1, false, 0);
	assert_int_equal(told(&s, 1), E(MARK));
	nf_ct_mark_set(ct, 0x12, 0xff); /* no news */
	send_key(fx, 1, false, 0);
	told(&s, 0);
	nf_ct_mark_save(ct, &skb, 0xff00, 0xff00);
	assert_int_equal(load_relaxed(&ct->mark), 0xab12);
	nf_ct_mark_restore(&skb, ct, 0xff, 0xff);
	assert_int_equal(skb.mark, 0xab12);
	fx->v->ops->put(ct);
	nf_conntrack_unregister_notifier(fx->net);
}

static void labels(struct fixture *fx)
{
	const uint32_t data[2] = { 0xf0f0, 1 }, mask[2] = { 0xff00, 1 };
	struct subscriber s;
	struct nf_conn *ct;

	send_key(fx, 5, false, 0);
	ct = find(fx, 5);
	assert_int_equal(nf_connlabel_set(ct, 1), -ENOSPC); /* created without users of labels */
	fx->v->ops->put(ct);

	assert_int_equal(nf_connlabels_get(fx->net, 128), -ERANGE);
	assert_int_equal(nf_connlabels_get(fx->net, 127), 0);
	subscribe(fx, &s);
	send_key(fx, 1, false, 0);
	told(&s, 1);
	ct = find(fx, 1);
	assert_int_equal(nf_connlabel_set(ct, 127), 0);
	assert_int_equal(nf_connlabel_set(ct, 3), 0);
	assert_int_equal(nf_connlabel_set(ct, 128), -ERANGE);
	assert_true(nf_connlabel_match(ct, 127) && nf_connlabel_match(ct, 3));
	assert_false(nf_connlabel_match(ct, 126) || nf_connlabel_match(ct, 128));
	send_key(fx, 1, false, 0);
	assert_int_equal(told(&s, 1), E(LABEL));
	assert_int_equal(nf_connlabels_replace(ct, data, mask, 2), 0);
	assert_int_equal(load_relaxed(&nf_ct_labels_find(ct)->bits[0]), 0xf008);
	assert_int_equal(load_relaxed(&nf_ct_labels_find(ct)->bits[1]), 1);
	assert_false(nf_connlabel_match(ct, 127));
	send_key(fx, 1, false, 0);
	assert_int_equal(told(&s, 1), E(LABEL));
	assert_int_equal(nf_connlabels_replace(ct, data, mask, 2), 0); /* no news */
	send_key(fx, 1, false, 0);
	told(&s, 0);
	fx->v->ops->put(ct);
	nf_connlabels_put(fx->net);
	nf_conntrack_unregister_notifier(fx->net);
}

static void timestamps(struct fixture *fx)
{
	struct nf_conn_tstamp *ts;
	struct nf_conn *ct;

	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_timestamp", 1), 0);
	atomic_store(&fx->core->now, 1000);
	send_key(fx, 1, false, 0);
	atomic_store(&fx->core->now, 3000);
	ct = find(fx, 1);
	ts = nf_conn_tstamp_find(ct);
	assert_non_null(ts);
	assert_int_equal(atomic_load(&ts->start), 1000);
	assert_int_equal(atomic_load(&ts->stop), 0);
	assert_true(fx->v->ops->kill(ct));
	assert_int_equal(atomic_load(&ts->stop), 3000);
	fx->v->ops->put(ct);

	send_key(fx, 1, false, 0);
	ct = find(fx, 1);
	atomic_store(&fx->core->now, 3000 + 40 * NF_CT_HZ); /* noticed 10 s late */
	assert_true(fx->v->ops->kill(ct));
	ts = nf_conn_tstamp_find(ct);
	assert_int_equal(atomic_load(&ts->stop), 3000 + 30 * NF_CT_HZ);
	fx->v->ops->put(ct);
	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_timestamp", 0), 0);
	atomic_store(&fx->core->now, 0);
}

/* --- Deletion by filter --- */

static void fill(struct fixture *fx)
{
	for (uint32_t key = 0; key < 16; key++)
		fixture_put_key(fx, key);
}

static void filters(struct fixture *fx)
{
	const struct nf_conntrack_zone zone = { .id = 7, .dir = NF_CT_DEFAULT_ZONE_DIR };
	const struct nf_conntrack_zone orig = { .id = 8, .dir = NF_CT_ZONE_DIR_ORIG };
	struct nf_conntrack_tuple t = fixture_tuple(2), r = fixture_reply(&t);
	struct nf_ct_filter f;
	struct nf_conn *ct;
	struct net *other;

	assert_int_equal(net_create(&other, fx->core), 0);
	assert_int_equal(fixture_insert(fx, other, &nf_ct_zone_dflt, &t, HOUR), 0);
	fill(fx);

	/* one, by its tuple; both directions must fit */
	f = (struct nf_ct_filter){ 0 };
	f.dir[0].fields = CT_FILTER_SRC | CT_FILTER_DST | CT_FILTER_PROTONUM | CT_FILTER_SPORT |
			  CT_FILTER_DPORT;
	f.dir[0].tuple = t;
	f.dir[1].fields = CT_FILTER_SRC | CT_FILTER_SPORT;
	f.dir[1].tuple = t;
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 0);
	f.dir[1].tuple = r;
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 1);
	assert_false(fixture_has(fx, 2));
	assert_true(fixture_has(fx, 1) && fixture_has(fx, 3));

	/* a family; a protocol */
	f = (struct nf_ct_filter){ .l3num = NFPROTO_IPV6 };
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 4); /* keys 3, 7, 11, 15 */
	f = (struct nf_ct_filter){
		.dir[0] = { .fields = CT_FILTER_PROTONUM, .tuple.dst.protonum = IPPROTO_UDP },
	};
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 4); /* 1, 5, 9, 13 */

	/* a mark */
	ct = find(fx, 4);
	nf_ct_mark_set(ct, 0x105, 0xffff);
	fx->v->ops->put(ct);
	f = (struct nf_ct_filter){ .mark = 0x04, .mark_mask = 0x0f };
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 0);
	f.mark = 0x05;
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 1);
	assert_false(fixture_has(fx, 4));

	/* status bits */
	ct = find(fx, 6);
	nf_ct_status_set(ct, IPS_ASSURED);
	fx->v->ops->put(ct);
	f = (struct nf_ct_filter){ .status = IPS_ASSURED, .status_mask = IPS_ASSURED };
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 1);
	assert_false(fixture_has(fx, 6));

	/* a zone, which holds for its directions only */
	assert_int_equal(fixture_insert(fx, fx->net, &zone, &t, HOUR), 0);
	assert_int_equal(fixture_insert(fx, fx->net, &orig, &t, HOUR), 0);
	f = (struct nf_ct_filter){ .dir[1] = { .fields = CT_FILTER_ZONE, .zone_id = 8 } };
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 0);
	f.dir[1].zone_id = 7;
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 1);
	f = (struct nf_ct_filter){ .dir[0] = { .fields = CT_FILTER_ZONE, .zone_id = 8 } };
	assert_int_equal(nf_ct_flush_net(fx->net, &f, 0, false), 1);

	/* the rest, and only those */
	assert_int_equal(nf_ct_flush_net(fx->net, NULL, 0, false), 5); /* 0, 8, 10, 12, 14 */
	assert_int_equal(nf_conntrack_count(fx->net), 0);
	assert_int_equal(nf_conntrack_count(other), 1);
	net_destroy(other);
}

/* The subscriber gets the portid of the deleter with each connection. */
static void flush_reported(struct fixture *fx)
{
	struct subscriber s;

	subscribe(fx, &s);
	send_key(fx, 1, false, 0);
	send_key(fx, 5, false, 0);
	told(&s, 2);
	assert_int_equal(nf_ct_flush_net(fx->net, NULL, 42, true), 2);
	assert_int_equal(s.nr, 2);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(s.told[i].events, E(DESTROY));
		assert_int_equal(s.told[i].portid, 42);
		assert_true(s.told[i].report);
	}
	nf_conntrack_unregister_notifier(fx->net);
}

/* Held between the hooks it cannot be flushed, and is inserted afterwards. */
static void flush_leaves_unconfirmed(struct fixture *fx)
{
	struct packet p;

	key_packet(&p, 1, false, 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(nf_ct_flush_net(fx->net, NULL, 0, false), 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &p.skb, 0, 1), NF_ACCEPT);
	fx->v->ops->release(&p.skb);
	assert_true(fixture_has(fx, 1));
}

OVER_VARIANTS(life_of_a_flow)
OVER_VARIANTS(who_tells)
OVER_VARIANTS(unconfirmed)
OVER_VARIANTS(clash)
OVER_VARIANTS(deaf)
OVER_VARIANTS(marks)
OVER_VARIANTS(labels)
OVER_VARIANTS(timestamps)
OVER_VARIANTS(filters)
OVER_VARIANTS(flush_reported)
OVER_VARIANTS(flush_leaves_unconfirmed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life_of_a_flow),
		cmocka_unit_test(test_who_tells),
		cmocka_unit_test(test_unconfirmed),
		cmocka_unit_test(test_clash),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_timestamps),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_flush_reported),
		cmocka_unit_test(test_flush_leaves_unconfirmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
