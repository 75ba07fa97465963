/* SPDX-License-Identifier: MIT */
/*
 * Packets through the hooks, over every registered variant: registration and
 * its order, the verdict loop, what conntrack makes of a flow's packets, hooks
 * and extensions of one's own, races at confirm.
 */
#include "tests/flow_fixture.h"

/* What every hook saw, in order. */
struct seen {
	char order[64];
	unsigned int nr;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	bool confirmed;
};

struct spy {
	struct seen *seen;
	char name;
	unsigned int verdict, repeats;
};

static unsigned int spy_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct spy *spy = priv;
	struct seen *seen = spy->seen;

	(void)state;
	assert_true(seen->nr + 1 < sizeof(seen->order));
	seen->order[seen->nr++] = spy->name;
	seen->order[seen->nr] = '\0';
	seen->ct = nf_ct_get(skb, &seen->ctinfo);
	seen->confirmed = seen->ct && nf_ct_is_confirmed(seen->ct);
	if (spy->repeats) {
		spy->repeats--;
		return NF_REPEAT;
	}
	return spy->verdict;
}

/* --- ctinfo in the pointer --- */

static void test_ctinfo(void **state)
{
	static struct nf_conn ct;
	struct sk_buff skb = { 0 };
	enum ip_conntrack_info info;

	(void)state;
	/* The kernel's values, which its users have compiled in. */
	assert_int_equal(IP_CT_ESTABLISHED, 0);
	assert_int_equal(IP_CT_RELATED, 1);
	assert_int_equal(IP_CT_NEW, 2);
	assert_int_equal(IP_CT_ESTABLISHED_REPLY, 3);
	assert_int_equal(IP_CT_RELATED_REPLY, 4);
	assert_int_equal(IP_CT_UNTRACKED, 7);
	assert_null(nf_ct_get(&skb, &info));
	for (unsigned int i = 0; i <= IP_CT_UNTRACKED; i++) {
		nf_ct_set(&skb, &ct, i);
		assert_ptr_equal(nf_ct_get(&skb, &info), &ct);
		assert_int_equal(info, i);
		assert_int_equal(CTINFO2DIR(i), i >= 3);
	}
	nf_ct_set(&skb, NULL, IP_CT_UNTRACKED);
	assert_null(nf_ct_get(&skb, &info));
	assert_int_equal(info, IP_CT_UNTRACKED);
}

/* --- Hooks --- */

static void hooks_in_order(struct fixture *fx)
{
	struct seen seen = { 0 };
	struct spy a = { &seen, 'a', NF_ACCEPT, 0 }, b = { &seen, 'b', NF_ACCEPT, 0 };
	struct spy c = { &seen, 'c', NF_ACCEPT, 0 }, d = { &seen, 'd', NF_ACCEPT, 0 };
	struct spy e = { &seen, 'e', NF_ACCEPT, 0 };
	const struct nf_hook_ops ops[] = {
		{ spy_hook, &c, NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_FILTER },
		{ spy_hook, &a, NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_RAW },
		{ spy_hook, &b, NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_MANGLE },
		{ spy_hook, &d, NFPROTO_IPV4, NF_INET_FORWARD, NF_IP_PRI_FILTER },
		{ spy_hook, &e, NFPROTO_IPV4, NF_INET_POST_ROUTING, NF_IP_PRI_FILTER },
	};
	const struct nf_hook_ops bad_pf = { spy_hook, &a, 99, NF_INET_FORWARD, 0 };
	const struct nf_hook_ops bad_hook = { spy_hook, &a, NFPROTO_IPV4, NF_INET_NUMHOOKS, 0 };
	struct packet p;

	assert_int_equal(nf_register_net_hook(fx->net, &bad_pf), -EINVAL);
	assert_int_equal(nf_register_net_hook(fx->net, &bad_hook), -EINVAL);
	assert_int_equal(nf_register_net_hooks(fx->net, ops, ARRAY_SIZE(ops)), 0);
	assert_int_equal(nf_register_net_hook(fx->net, &ops[1]), -EEXIST);

	key_packet(&p, 1, false, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_string_equal(seen.order, "abcde");
	assert_int_equal(seen.ctinfo, IP_CT_NEW);	/* e comes before confirm */
	assert_false(seen.confirmed);

	nf_unregister_net_hook(fx->net, &ops[2]);
	nf_unregister_net_hook(fx->net, &ops[2]);	/* twice is once */
	seen.nr = 0;
	key_packet(&p, 1, false, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_string_equal(seen.order, "acde");
	assert_true(seen.confirmed);

	seen.nr = 0;
	seen.order[0] = '\0';
	key_packet(&p, 3, false, 0);			/* IPv6: other hooks */
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_string_equal(seen.order, "");
	nf_unregister_net_hooks(fx->net, ops, ARRAY_SIZE(ops));
}

static unsigned int keep_copy(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct { struct sk_buff skb; struct nf_hook_state state; } *kept = priv;

	kept->skb = *skb;
	kept->state = *state;
	return NF_QUEUE;
}

static void verdicts(struct fixture *fx)
{
	struct { struct sk_buff skb; struct nf_hook_state state; } kept;
	struct seen seen = { 0 };
	struct spy first = { &seen, '1', NF_ACCEPT, 0 }, second = { &seen, '2', NF_ACCEPT, 0 };
	const struct nf_hook_ops ops[] = {
		{ spy_hook, &first, NFPROTO_IPV4, NF_INET_FORWARD, -1 },
		{ spy_hook, &second, NFPROTO_IPV4, NF_INET_FORWARD, 1 },
	};
	enum ip_conntrack_info info;
	struct packet p;

	assert_int_equal(nf_register_net_hooks(fx->net, ops, 2), 0);

	first.repeats = 3;
	key_packet(&p, 1, false, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_string_equal(seen.order, "11112");

	/* A packet dropped on its way leaves nothing behind: it was never confirmed. */
	seen.nr = 0;
	first.verdict = NF_DROP;
	key_packet(&p, 5, false, 0);
	assert_int_equal(forward(fx, &p), NF_DROP);
	assert_string_equal(seen.order, "1");
	assert_false(fixture_has(fx, 5));
	assert_int_equal(atomic_load(&fx->net->count), 1);

	/* Stolen: the packet's reference is the thief's. */
	first.verdict = NF_STOLEN;
	key_packet(&p, 5, false, 0);
	assert_int_equal(forward(fx, &p), NF_STOLEN);
	assert_non_null(nf_ct_get(&p.skb, &info));
	assert_int_equal(atomic_load(&fx->net->count), 2);
	fx->v->ops->release(&p.skb);
	assert_int_equal(atomic_load(&fx->net->count), 1);

	/* Queued, with nobody to take it: dropped. */
	first.verdict = NF_QUEUE;
	key_packet(&p, 5, false, 0);
	assert_int_equal(forward(fx, &p), NF_DROP);

	/* Queued and come back: goes on behind the hook that queued it. */
	fx->net->queue = keep_copy;
	fx->net->queue_priv = &kept;
	key_packet(&p, 5, false, 0);
	seen.nr = 0;
	assert_int_equal(forward(fx, &p), NF_QUEUE);
	assert_string_equal(seen.order, "1");
	assert_int_equal(nf_reinject(&kept.skb, &kept.state, NF_ACCEPT), NF_ACCEPT);
	assert_string_equal(seen.order, "12");
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &kept.skb, 0, 1), NF_ACCEPT);
	fx->v->ops->release(&kept.skb);
	assert_true(fixture_has(fx, 5));
	nf_unregister_net_hooks(fx->net, ops, 2);
}

/* --- The life of a flow --- */

static void flow(struct fixture *fx)
{
	static const struct { bool reply; enum ip_conntrack_info info; } udp[] = {
		{ false, IP_CT_NEW }, { false, IP_CT_NEW }, { true, IP_CT_ESTABLISHED_REPLY },
		{ false, IP_CT_ESTABLISHED }, { true, IP_CT_ESTABLISHED_REPLY },
	};
	static const uint32_t keys[] = { 1, 3 };	/* IPv4, IPv6 */
	enum ip_conntrack_info info;
	struct packet p;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		for (size_t i = 0; i < ARRAY_SIZE(udp); i++) {
			struct nf_conn *ct;

			key_packet(&p, keys[k], udp[i].reply, 0);
			assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
			ct = nf_ct_get(&p.skb, &info);
			assert_non_null(ct);
			assert_int_equal(info, udp[i].info);
			assert_int_equal(nf_ct_is_confirmed(ct), i > 0);
			assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &p.skb, 0, 1), NF_ACCEPT);
			assert_true(nf_ct_is_confirmed(ct));
			fx->v->ops->release(&p.skb);
		}
		assert_true(fixture_has(fx, keys[k]));
	}
}

/* What a host itself sends and gets goes by the other two hooks. */
static void local(struct fixture *fx)
{
	static const uint32_t keys[] = { 5, 7 };	/* IPv4, IPv6 */
	enum ip_conntrack_info info;
	struct packet p;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		struct nf_conn *ct;

		key_packet(&p, keys[k], false, 0);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_LOCAL_OUT, &p.skb, 0, 0), NF_ACCEPT);
		ct = nf_ct_get(&p.skb, &info);
		assert_non_null(ct);
		assert_int_equal(info, IP_CT_NEW);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &p.skb, 0, 1), NF_ACCEPT);
		assert_true(nf_ct_is_confirmed(ct));
		/* Out by the loopback device and in again: it is what it was, and is not looked up twice. */
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
		assert_ptr_equal(nf_ct_get(&p.skb, &info), ct);
		assert_int_equal(info, IP_CT_NEW);
		assert_int_equal(load_relaxed(&ct->use.refs), 2);	/* the table's, the packet's */
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_LOCAL_IN, &p.skb, 0, 0), NF_ACCEPT);
		fx->v->ops->release(&p.skb);

		key_packet(&p, keys[k], true, 0);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 1, 0), NF_ACCEPT);
		nf_ct_get(&p.skb, &info);
		assert_int_equal(info, IP_CT_ESTABLISHED_REPLY);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_LOCAL_IN, &p.skb, 1, 0), NF_ACCEPT);
		fx->v->ops->release(&p.skb);
	}
	/* What comes for the host itself is confirmed where it arrives. */
	key_packet(&p, 9, false, 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 1, 0), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_LOCAL_IN, &p.skb, 1, 0), NF_ACCEPT);
	fx->v->ops->release(&p.skb);
	assert_true(fixture_has(fx, 9));
}

/* --- Zones, by templates --- */

/* A packet of key 1 at PRE_ROUTING with that template, which is held twice: the packet's reference goes. */
static struct nf_conn *
with_template(struct fixture *fx, struct packet *p, bool reply, struct nf_conn *tmpl, enum ip_conntrack_info *info)
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
	static const struct { bool with_first, with_answer; uint8_t dir; bool same; } cases[] = {
		{ true, true, NF_CT_DEFAULT_ZONE_DIR, true },
		{ true, false, NF_CT_DEFAULT_ZONE_DIR, false },
		{ false, true, NF_CT_DEFAULT_ZONE_DIR, false },
		/* A zone of questions: answers come from anywhere, and may carry it too. */
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
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &p.skb, 0, 1), NF_ACCEPT);
		assert_true(nf_ct_is_confirmed(ct));
		fx->v->ops->release(&p.skb);

		assert_int_equal(with_template(fx, &p, true, cases[i].with_answer ? tmpl : NULL, &info) == ct,
				 cases[i].same);
		assert_int_equal(info, cases[i].same ? IP_CT_ESTABLISHED_REPLY : IP_CT_NEW);
		fx->v->ops->release(&p.skb);
		fx->v->ops->put(tmpl);
		forget_all(fx);
	}
	/* A packet that is none still takes its template along. */
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

/* A SYN after a reset: the tracker kills the old connection, and the same packet makes a new one. */
static void reopened(struct fixture *fx)
{
	static const struct { bool reply; int flags; } segments[] = {
		{ false, FRAME_SYN }, { true, FRAME_SYN_ACK }, { false, FRAME_ACK }, { false, 0x14 /* RST, ACK */ },
	};
	enum ip_conntrack_info info;
	struct packet p;

	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		key_packet(&p, 2, segments[i].reply, (enum frame_tcp)segments[i].flags);
		if (i == 3)
			p.data[27]++;		/* the very next sequence number, or nobody would believe it */
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
	assert_int_equal(atomic_load(&fx->net->count), 1);
}

/* A packet that its protocol refuses leaves as if nobody had seen it, and lets go of its connection. */
static void refused(struct fixture *fx)
{
	struct nf_ct_stat_sum before, after;
	enum ip_conntrack_info info;
	struct packet p;

	key_packet(&p, 2, false, FRAME_SYN);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	nf_ct_stat_sum(fx->net, &before);
	key_packet(&p, 2, false, (enum frame_tcp)0x03);		/* SYN and FIN */
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	assert_null(nf_ct_get(&p.skb, &info));
	nf_ct_stat_sum(fx->net, &after);
	assert_int_equal(after.invalid - before.invalid, 1);
	assert_int_equal(after.drop - before.drop, 0);
	assert_int_equal(after.error - before.error, 0);
	key_packet(&p, 6, false, (enum frame_tcp)0x03);		/* and one that would have been new */
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_int_equal(atomic_load(&fx->net->count), 1);
}

/* An expired entry is removed by whoever meets it, and the flow begins anew. */
static void expiry(struct fixture *fx)
{
	enum ip_conntrack_info info;
	struct packet p;

	key_packet(&p, 1, false, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	key_packet(&p, 1, true, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	atomic_store(&fx->core->now, 31 * NF_CT_HZ);	/* UDP unreplied or answered just now: 30 s */
	key_packet(&p, 1, false, 0);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	nf_ct_get(&p.skb, &info);
	assert_int_equal(info, IP_CT_NEW);
	assert_int_equal(atomic_load(&fx->net->count), 1);	/* the new one; the old one is gone */
	fx->v->ops->release(&p.skb);
	assert_int_equal(atomic_load(&fx->net->count), 0);
	atomic_store(&fx->core->now, 0);
}

static void no_connection(struct fixture *fx)
{
	struct nf_ct_stat_sum before, after;
	enum ip_conntrack_info info;
	struct packet p;

	nf_ct_stat_sum(fx->net, &before);
	key_packet(&p, 1, false, 0);
	p.skb.headlen = 22;			/* cut off in the ports */
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	assert_null(nf_ct_get(&p.skb, &info));
	p.skb.headlen = 12;			/* not even an IP header */
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	key_packet(&p, 1, false, 0);
	p.data[6] = 0x00;
	p.data[7] = 0x10;			/* a later fragment: kept before conntrack */
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_STOLEN);
	nf_ct_stat_sum(fx->net, &after);
	assert_int_equal(after.invalid - before.invalid, 2);
	assert_int_equal(after.error - before.error, 0);

	/* Marked as not to be tracked: stays so. */
	key_packet(&p, 1, false, 0);
	nf_ct_set(&p.skb, NULL, IP_CT_UNTRACKED);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_int_equal(atomic_load(&fx->net->count), 0);
}

/* The table is full of connections that nobody may throw out. */
static void full(struct fixture *fx)
{
	struct nf_ct_stat_sum stat;
	struct packet p;

	atomic_store(&fx->core->max, 1);
	key_packet(&p, 1, false, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	key_packet(&p, 1, true, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	atomic_store(&fx->core->now, 5 * NF_CT_HZ);	/* a stream by now: assured */
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

/* --- Two packets of a new flow at once --- */

static void clash(struct fixture *fx)
{
	struct nf_ct_stat_sum stat;
	struct packet a, b;
	enum ip_conntrack_info info;
	struct nf_conn *winner;

	for (unsigned int udp = 0; udp < 2; udp++) {
		uint32_t key = udp ? 1 : 2;

		key_packet(&a, key, false, FRAME_SYN);
		key_packet(&b, key, false, FRAME_SYN);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &a.skb, 0, 0), NF_ACCEPT);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &b.skb, 0, 0), NF_ACCEPT);
		winner = nf_ct_get(&a.skb, &info);
		assert_ptr_not_equal(winner, nf_ct_get(&b.skb, &info));
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &a.skb, 0, 1), NF_ACCEPT);
		/* UDP's second packet joins the first's entry; TCP's is lost and will be sent again. */
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &b.skb, 0, 1), udp ? NF_ACCEPT : NF_DROP);
		if (udp)
			assert_ptr_equal(nf_ct_get(&b.skb, &info), winner);
		fx->v->ops->release(&a.skb);
		fx->v->ops->release(&b.skb);
		nf_ct_stat_sum(fx->net, &stat);
		assert_int_equal(stat.clash_resolve, udp);
		assert_int_equal(stat.insert_failed, 1);
		assert_int_equal(atomic_load(&fx->net->count), udp + 1);
	}
}

/* Both ends ask at once, each a connection of its own until one is confirmed. */
static void clash_of_both_ends(struct fixture *fx)
{
	struct nf_ct_stat_sum stat;
	enum ip_conntrack_info info;
	struct packet a, b;
	struct nf_conn *winner;

	for (unsigned int udp = 0; udp < 2; udp++) {
		uint32_t key = udp ? 1 : 2;

		key_packet(&a, key, false, FRAME_SYN);
		key_packet(&b, key, true, FRAME_SYN);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &a.skb, 0, 0), NF_ACCEPT);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &b.skb, 0, 0), NF_ACCEPT);
		winner = nf_ct_get(&a.skb, &info);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &a.skb, 0, 1), NF_ACCEPT);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &b.skb, 0, 1),
				 udp ? NF_ACCEPT : NF_DROP);
		assert_int_equal(nf_ct_get(&b.skb, &info) == winner, udp);
		fx->v->ops->release(&a.skb);
		fx->v->ops->release(&b.skb);
		nf_ct_stat_sum(fx->net, &stat);
		assert_int_equal(stat.clash_resolve, udp);
		assert_int_equal(stat.insert_failed, 1);
		assert_int_equal(stat.drop, 1);
		assert_int_equal(atomic_load(&fx->net->count), udp + 1);
		assert_true(fixture_has(fx, key));
	}
}

/* What was counted for the loser is the winner's. */
static void clash_accounting(struct fixture *fx)
{
	enum ip_conntrack_info info;
	struct nf_conn_acct *acct;
	struct packet a, b;

	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_acct", 1), 0);
	key_packet(&a, 1, false, 0);
	key_packet(&b, 1, false, 0);
	b.skb.len += 5;
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &a.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &b.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &a.skb, 0, 1), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &b.skb, 0, 1), NF_ACCEPT);
	acct = nf_conn_acct_find(nf_ct_get(&a.skb, &info));
	assert_non_null(acct);
	assert_int_equal(atomic_load(&acct->counter[0].packets), 2);
	assert_int_equal(atomic_load(&acct->counter[0].bytes), 2 * 28 + 5);
	assert_int_equal(atomic_load(&acct->counter[1].packets), 0);
	fx->v->ops->release(&a.skb);
	fx->v->ops->release(&b.skb);
	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_acct", 0), 0);
}

/* --- Room of one's own --- */

struct note {
	_Atomic uint64_t packets;
	char padding[200];	/* makes the area move */
};

static int note_id;

static unsigned int note_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	struct note *note = ct ? nf_ct_ext_find(ct, (unsigned int)note_id) : NULL;

	(void)priv;
	(void)state;
	if (ct && !note && !nf_ct_is_confirmed(ct))
		note = nf_ct_ext_add(ct, (unsigned int)note_id);
	if (note)
		atomic_fetch_add_explicit(&note->packets, 1, memory_order_relaxed);
	return NF_ACCEPT;
}

static void extensions(struct fixture *fx)
{
	const struct nf_hook_ops ops = { note_hook, NULL, NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_FILTER };
	const unsigned int nr[2] = { 3, 2 };
	struct nf_conntrack_tuple t = fixture_tuple(1);
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn_acct *acct;
	struct nf_conn *ct;
	struct note *note;
	struct packet p;

	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_acct", 1), 0);
	assert_int_equal(nf_register_net_hook(fx->net, &ops), 0);
	for (unsigned int dir = 0; dir < 2; dir++) {
		for (unsigned int i = 0; i < nr[dir]; i++) {
			key_packet(&p, 1, dir, 0);
			p.skb.len += i;		/* longer than what is there, as in a cut capture */
			assert_int_equal(forward(fx, &p), NF_ACCEPT);
		}
	}
	h = fx->v->ops->find_get(fx->net, &nf_ct_zone_dflt, &t);
	assert_non_null(h);
	ct = nf_ct_tuplehash_to_ctrack(h);
	acct = nf_conn_acct_find(ct);
	assert_non_null(acct);
	assert_int_equal(atomic_load(&acct->counter[0].packets), 3);
	assert_int_equal(atomic_load(&acct->counter[0].bytes), 28 * 3 + 0 + 1 + 2);
	assert_int_equal(atomic_load(&acct->counter[1].packets), 2);
	assert_int_equal(atomic_load(&acct->counter[1].bytes), 28 * 2 + 1);
	note = nf_ct_ext_find(ct, (unsigned int)note_id);
	assert_non_null(note);
	assert_int_equal(atomic_load(&note->packets), 5);
	assert_null(nf_ct_ext_add(ct, NF_CT_EXT_TSTAMP));	/* too late: others see it */
	fx->v->ops->put(ct);
	nf_unregister_net_hook(fx->net, &ops);
	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_acct", 0), 0);
}

static struct seen help_seen;

static unsigned int help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			 enum ip_conntrack_info ctinfo)
{
	struct spy spy = { &help_seen, 'h', NF_ACCEPT, 0 };

	(void)ct;
	(void)ctinfo;
	assert_int_equal(protoff, 20);
	return spy_hook(&spy, skb, NULL);
}

/* Behind the filters, before confirm; where packets leave and where they arrive. */
static void helper(struct fixture *fx)
{
	static const struct nf_conntrack_helper spy = {
		.name = "spy", .protonum = IPPROTO_UDP, .help = help,
	};
	static const enum nf_inet_hooks last[] = { NF_INET_POST_ROUTING, NF_INET_LOCAL_IN };
	struct spy f = { &help_seen, 'f', NF_ACCEPT, 0 };
	enum ip_conntrack_info info;
	struct packet p;

	for (size_t k = 0; k < ARRAY_SIZE(last); k++) {
		const struct nf_hook_ops filter = { spy_hook, &f, NFPROTO_IPV4, last[k], NF_IP_PRI_FILTER };

		memset(&help_seen, 0, sizeof(help_seen));
		assert_int_equal(nf_register_net_hook(fx->net, &filter), 0);
		for (unsigned int i = 0; i < 3; i++) {
			key_packet(&p, 1, false, 0);
			assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
			assert_int_equal(nf_ct_helper_assign(nf_ct_get(&p.skb, &info), &spy), i ? -EBUSY : 0);
			assert_int_equal(fx->v->ops->hook(fx->net, last[k], &p.skb, 0, 1), NF_ACCEPT);
			assert_int_equal(help_seen.confirmed, i > 0);
			fx->v->ops->release(&p.skb);
		}
		assert_string_equal(help_seen.order, "fhfhfh");
		nf_unregister_net_hook(fx->net, &filter);
		forget_all(fx);
	}
}

#define OVER_VARIANTS(fn) static void test_##fn(void **state) { (void)state; each_variant(fn); }
OVER_VARIANTS(hooks_in_order)
OVER_VARIANTS(verdicts)
OVER_VARIANTS(flow)
OVER_VARIANTS(local)
OVER_VARIANTS(templates)
OVER_VARIANTS(reopened)
OVER_VARIANTS(refused)
OVER_VARIANTS(expiry)
OVER_VARIANTS(no_connection)
OVER_VARIANTS(full)
OVER_VARIANTS(clash)
OVER_VARIANTS(clash_of_both_ends)
OVER_VARIANTS(clash_accounting)
OVER_VARIANTS(extensions)
OVER_VARIANTS(helper)

static void test_ext_register(void **state)
{
	(void)state;
	assert_int_equal(nf_ct_ext_register("none", 0, 8), -EINVAL);
	assert_int_equal(nf_ct_ext_register("odd", 8, 3), -EINVAL);
	assert_int_equal(nf_ct_ext_register("far", 8, 32), -EINVAL);
	for (int id; (id = nf_ct_ext_register("more", 8, 8)) != -ENOSPC; )
		assert_in_range(id, NF_CT_EXT_USER, NF_CT_EXT_MAX - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ctinfo),
		cmocka_unit_test(test_hooks_in_order),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_reopened),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_clash),
		cmocka_unit_test(test_clash_of_both_ends),
		cmocka_unit_test(test_clash_accounting),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_helper),
		cmocka_unit_test(test_ext_register),
	};

	note_id = nf_ct_ext_register("note", sizeof(struct note), _Alignof(struct note));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
