/* SPDX-License-Identifier: MIT */
/*
 * Hooks, over every registered variant: registration and its order, the verdict
 * loop, and additional extensions and helpers.
 */
#include "core/nf_conntrack_extend_print.h"
#include "core/nf_conntrack_netlink.h"
#include "tests/fixture/flow_fixture.h"

/* The calls of all hooks, in order. */
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
	assert_int_equal(seen.ctinfo, IP_CT_NEW); /* e comes before confirm */
	assert_false(seen.confirmed);

	nf_unregister_net_hook(fx->net, &ops[2]);
	nf_unregister_net_hook(fx->net, &ops[2]); /* twice is once */
	seen.nr = 0;
	key_packet(&p, 1, false, 0);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_string_equal(seen.order, "acde");
	assert_true(seen.confirmed);

	seen.nr = 0;
	seen.order[0] = '\0';
	key_packet(&p, 3, false, 0); /* IPv6: other hooks */
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_string_equal(seen.order, "");
	nf_unregister_net_hooks(fx->net, ops, ARRAY_SIZE(ops));
}

static unsigned int keep_copy(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct {
		struct sk_buff skb;
		struct nf_hook_state state;
	} *kept = priv;

	kept->skb = *skb;
	kept->state = *state;
	return NF_QUEUE;
}

static void verdicts(struct fixture *fx)
{
	struct {
		struct sk_buff skb;
		struct nf_hook_state state;
	} kept;
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

	/* A dropped packet leaves no entry: it was never confirmed. */
	seen.nr = 0;
	first.verdict = NF_DROP;
	key_packet(&p, 5, false, 0);
	assert_int_equal(forward(fx, &p), NF_DROP);
	assert_string_equal(seen.order, "1");
	assert_false(fixture_has(fx, 5));
	assert_int_equal(nf_conntrack_count(fx->net), 1);

	/* Stolen: the packet's reference is the thief's. */
	first.verdict = NF_STOLEN;
	key_packet(&p, 5, false, 0);
	assert_int_equal(forward(fx, &p), NF_STOLEN);
	assert_non_null(nf_ct_get(&p.skb, &info));
	assert_int_equal(nf_conntrack_count(fx->net), 2);
	fx->v->ops->release(&p.skb);
	assert_int_equal(nf_conntrack_count(fx->net), 1);

	/* Queued without a queue: dropped. */
	first.verdict = NF_QUEUE;
	key_packet(&p, 5, false, 0);
	assert_int_equal(forward(fx, &p), NF_DROP);

	/* Queued and returned: continues after the hook that queued it. */
	fx->net->queue = keep_copy;
	fx->net->queue_priv = &kept;
	key_packet(&p, 5, false, 0);
	seen.nr = 0;
	assert_int_equal(forward(fx, &p), NF_QUEUE);
	assert_string_equal(seen.order, "1");
	assert_int_equal(nf_reinject(&kept.skb, &kept.state, NF_ACCEPT), NF_ACCEPT);
	assert_string_equal(seen.order, "12");
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &kept.skb, 0, 1),
			 NF_ACCEPT);
	fx->v->ops->release(&kept.skb);
	assert_true(fixture_has(fx, 5));
	nf_unregister_net_hooks(fx->net, ops, 2);
}

/* --- Extensions --- */

struct note {
	_Atomic uint64_t packets;
	char padding[200]; /* makes the area move */
};

/* The second is as many blanks as its byte says. */
static int note_id, other_id;

static unsigned int note_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	struct note *note = ct ? nf_ct_ext_find(ct, (unsigned int)note_id) : NULL;

	(void)priv;
	(void)state;
	if (ct && !note && !nf_ct_is_confirmed(ct)) {
		nf_ct_ext_add(ct, (unsigned int)note_id);
		nf_ct_ext_add(ct, (unsigned int)other_id);
		/* The area of extensions moves when one is added. */
		note = nf_ct_ext_find(ct, (unsigned int)note_id);
	}
	if (note)
		atomic_fetch_add_explicit(&note->packets, 1, memory_order_relaxed);
	return NF_ACCEPT;
}

static int print_note(char *buf, size_t size, const struct nf_conn *ct, const void *data)
{
	struct note *note = (struct note *)data;

	assert_non_null(ct);
	return snprintf(buf, size, "note=%llu\tof\n%s",
			(unsigned long long)atomic_load(&note->packets), note->padding);
}

static int print_other(char *buf, size_t size, const struct nf_conn *ct, const void *data)
{
	const char *length = data;

	assert_non_null(ct);
	return snprintf(buf, size, "%*s", *length, "");
}

/* In all three forms; text NULL: nowhere. */
static void expect_printed(struct nf_conn *ct, const char *text)
{
	const struct ctnetlink_how how = { 0 };
	const size_t head = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	struct nla attributes[CTA_EXT_TEXT + 1];
	uint8_t room[1024];
	struct nl_buf msg = { room, sizeof(room), 0 };
	char line[1024], blank[NF_CT_EXT_TEXT_MAX + 8];

	snprintf(blank, sizeof(blank), " %s use=", text ? text : "note");
	assert_true(nf_ct_snprint(line, sizeof(line), ct) < 1000);
	assert_int_equal(!strstr(line, blank), !text);
	assert_true(nf_ct_snprint_extended(line, sizeof(line), ct) < 1000);
	assert_int_equal(!strstr(line, blank), !text);
	assert_int_equal(ctnetlink_fill_info(&msg, ct, &how), 0);
	assert_true(msg.len <= ctnetlink_nlmsg_size(ct));
	nla_parse(attributes, CTA_EXT_TEXT, (struct nla){ room + head, msg.len - head }, NULL);
	assert_int_equal(!attributes[CTA_EXT_TEXT].data, !text);
	if (text)
		assert_string_equal((const char *)attributes[CTA_EXT_TEXT].data, text);
}

/* An extension's text, with control characters replaced; texts without room are left out whole. */
static void printed(struct nf_conn *ct, struct note *note, char *other)
{
	char text[NF_CT_EXT_TEXT_MAX + 8];
	int len = snprintf(text, sizeof(text), "note=5?of?");

	expect_printed(ct, text);
	*other = 120; /* fits behind it */
	memset(text + len, ' ', 121);
	text[len + 121] = '\0';
	expect_printed(ct, text);
	*other = 127;
	memset(note->padding, 'x', 100);
	memset(text + len, 'x', 100);
	text[len + 100] = '\0';
	expect_printed(ct, text);
	memset(note->padding, 'x', sizeof(note->padding) - 1);
	*other = 0;
	expect_printed(ct, NULL);
}

static void extensions(struct fixture *fx)
{
	const struct nf_hook_ops ops = { note_hook, NULL, NFPROTO_IPV4, NF_INET_PRE_ROUTING,
					 NF_IP_PRI_FILTER };
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
			p.skb.len += i; /* longer than its bytes, as in a cut capture */
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
	printed(ct, note, nf_ct_ext_find(ct, (unsigned int)other_id));
	assert_null(nf_ct_ext_add(ct, NF_CT_EXT_TSTAMP)); /* too late: others see it */
	fx->v->ops->put(ct);
	nf_unregister_net_hook(fx->net, &ops);
	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_acct", 0), 0);
}

static struct seen help_seen;

static unsigned int
help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	struct spy spy = { &help_seen, 'h', NF_ACCEPT, 0 };

	(void)ct;
	(void)ctinfo;
	assert_int_equal(protoff, 20);
	return spy_hook(&spy, skb, NULL);
}

/* After the filters, before confirm; at POST_ROUTING and at LOCAL_IN. */
static void helper(struct fixture *fx)
{
	static const struct nf_conntrack_helper spy = {
		.name = "spy",
		.protonum = IPPROTO_UDP,
		.help = help,
	};
	static const enum nf_inet_hooks last[] = { NF_INET_POST_ROUTING, NF_INET_LOCAL_IN };
	struct spy f = { &help_seen, 'f', NF_ACCEPT, 0 };
	enum ip_conntrack_info info;
	struct packet p;

	for (size_t k = 0; k < ARRAY_SIZE(last); k++) {
		const struct nf_hook_ops filter = { spy_hook, &f, NFPROTO_IPV4, last[k],
						    NF_IP_PRI_FILTER };

		memset(&help_seen, 0, sizeof(help_seen));
		assert_int_equal(nf_register_net_hook(fx->net, &filter), 0);
		for (unsigned int i = 0; i < 3; i++) {
			key_packet(&p, 1, false, 0);
			assert_int_equal(
				fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0),
				NF_ACCEPT);
			assert_int_equal(nf_ct_helper_assign(nf_ct_get(&p.skb, &info), &spy),
					 i ? -EBUSY : 0);
			assert_int_equal(fx->v->ops->hook(fx->net, last[k], &p.skb, 0, 1),
					 NF_ACCEPT);
			assert_int_equal(help_seen.confirmed, i > 0);
			fx->v->ops->release(&p.skb);
		}
		assert_string_equal(help_seen.order, "fhfhfh");
		nf_unregister_net_hook(fx->net, &filter);
		assert_true(fx->v->ops->iterate(fx->core, fixture_every, NULL) > 0);
	}
}

OVER_VARIANTS(hooks_in_order)
OVER_VARIANTS(verdicts)
OVER_VARIANTS(extensions)
OVER_VARIANTS(helper)

static void test_ext_register(void **state)
{
	(void)state;
	assert_int_equal(nf_ct_ext_register("none", 0, 8), -EINVAL);
	assert_int_equal(nf_ct_ext_register("odd", 8, 3), -EINVAL);
	assert_int_equal(nf_ct_ext_register("far", 8, 32), -EINVAL);
	assert_int_equal(nf_ct_ext_set_printer(NF_CT_EXT_ACCT, print_note), -EINVAL);
	assert_int_equal(nf_ct_ext_set_printer(NF_CT_EXT_MAX - 1, print_note), -EINVAL);
	for (int id; (id = nf_ct_ext_register("more", 8, 8)) != -ENOSPC;)
		assert_in_range(id, NF_CT_EXT_USER, NF_CT_EXT_MAX - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ctinfo),	 cmocka_unit_test(test_hooks_in_order),
		cmocka_unit_test(test_verdicts), cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_helper),	 cmocka_unit_test(test_ext_register),
	};

	note_id = nf_ct_ext_register("note", sizeof(struct note), _Alignof(struct note));
	other_id = nf_ct_ext_register("other", 1, 1);
	if (nf_ct_ext_set_printer(note_id, print_note) ||
	    nf_ct_ext_set_printer(other_id, print_other))
		return 1;
	return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
