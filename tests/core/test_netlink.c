/* SPDX-License-Identifier: MIT */
/*
 * ctnetlink's messages against libnetfilter_conntrack: its messages converted to
 * entries, entries converted to messages that it reads, over every variant; what a
 * request can ask for; and events.
 */
#include "tests/fixture/netlink_fixture.h"

/* And checks the entry itself, in case both directions of our code have the same mistake. */
static void assert_entry(const struct nf_conn *ct, const struct nfct_entry *e)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);

	assert_int_equal(nf_ct_status(ct) & IPS_KERNEL_MASK, e->status);
	assert_int_equal(nf_ct_expires(ct, nfct_time_stamp(ct->net->core)), e->timeout * NF_CT_HZ);
	assert_int_equal(load_relaxed(&ct->mark), e->mark);
	assert_int_equal(zone.id, e->zone | e->orig.zone | e->reply.zone);
	assert_int_equal(zone.dir, e->orig.zone	   ? NF_CT_ZONE_DIR_ORIG
				   : e->reply.zone ? NF_CT_ZONE_DIR_REPL
						   : NF_CT_DEFAULT_ZONE_DIR);
	assert_int_equal(!!nf_ct_helper_of(ct), !!e->helper[0]);
	for (int dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		const struct ip_ct_tcp_state *seen = &ct->proto.tcp.seen[dir];

		if (e->has_tcp) {
			assert_int_equal(seen->flags, e->tcp_flags[dir]);
			assert_int_equal(seen->td_scale, e->wscale[dir]);
		}
		if (e->has_sctp)
			assert_int_equal(ct->proto.sctp.vtag[dir], e->vtag[dir]);
	}
	if (e->has_tcp)
		assert_int_equal(load_relaxed(&ct->proto.tcp.state), e->tcp_state);
	if (e->has_sctp)
		assert_int_equal(load_relaxed(&ct->proto.sctp.state), e->sctp_state);
}

/* We send IPS_HELPER only if there is a helper. */
static void with_helper(struct nfct_entry *e)
{
	if (e->helper[0])
		e->status |= IPS_HELPER;
}

/* --- Every protocol, family and kind of zone, in both directions --- */

static void there_and_back(struct fixture *fx)
{
	struct nfct_entry e;
	struct answers a;
	char line[1024];

	for (uint32_t i = 0; i < NFCT_SAMPLES; i++) {
		struct nf_conn *ct;

		nfct_sample(&e, i);
		assert_int_equal(make(fx, &e, NLM_F_CREATE | NLM_F_EXCL), 0);
		assert_int_equal(make(fx, &e, NLM_F_CREATE | NLM_F_EXCL), -EEXIST);
		with_helper(&e);
		ct = find(fx, &e, IP_CT_DIR_ORIGINAL);
		assert_non_null(ct);
		assert_entry(ct, &e);
		fx->v->ops->put(ct);
		ct = find(fx, &e, IP_CT_DIR_REPLY);
		assert_non_null(ct);
		/* one reference is the table's, one ours, one of the lookup for the answer */
		assert_int_equal(ask(fx, &e, IPCTNL_MSG_CT_GET, 0, &a), 0);
		assert_int_equal(a.nr, 1);
		assert_same(&a.last, &e, 3);
		assert_true(ctnetlink_nlmsg_size(ct) < ROOM);
		nf_ct_snprint_extended(line, sizeof(line), ct);
		/* the line does not count the reader's reference, so it has 1 where the answer has
		 * 3 */
		assert_int_equal(strncmp(line, a.line, strlen(line) - strlen("use=1\n")), 0);
		fx->v->ops->put(ct);
	}
	/* all at once: each has only the table's reference */
	assert_int_equal(ask_all(fx, IPCTNL_MSG_CT_GET, 0, 0, 0, &a), 0);
	assert_int_equal(a.nr, NFCT_SAMPLES);
	assert_int_equal(a.done, 1);
	assert_int_equal(a.last.use, 1);
	assert_int_equal(ask_all(fx, IPCTNL_MSG_CT_GET, NFPROTO_IPV6, 0, 0, &a), 0);
	assert_int_equal(a.nr, NFCT_SAMPLES / 2);
	for (uint32_t i = 0; i < NFCT_SAMPLES; i++) {
		nfct_sample(&e, i);
		assert_int_equal(ask(fx, &e, IPCTNL_MSG_CT_DELETE, 0, &a), 0);
		assert_int_equal(ask(fx, &e, IPCTNL_MSG_CT_GET, 0, &a), -ENOENT);
		assert_int_equal(ask(fx, &e, IPCTNL_MSG_CT_DELETE, 0, &a), -ENOENT);
	}
	assert_int_equal(nf_conntrack_count(fx->net), 0);
}

OVER_VARIANTS(there_and_back)

/* --- With the baseline: all kinds of requests --- */

static void extensions(void **state)
{
	struct nfct_entry e;
	struct nf_conn_acct *acct;
	struct nf_conn *ct;
	struct answers a;

	(void)state;
	assert_int_equal(nf_ct_sysctl_set(fx.net, "nf_conntrack_acct", 1), 0);
	assert_int_equal(nf_ct_sysctl_set(fx.net, "nf_conntrack_timestamp", 1), 0);
	assert_int_equal(nf_connlabels_get(fx.net, 127), 0);
	store_relaxed(&fx.core->now, 5000);
	sample_of(&e, IPPROTO_UDP, 0);
	e.has_labels = true;
	e.labels[0] = 0x81;
	e.labels[15] = 0x80;
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), 0);
	ct = find(&fx, &e, IP_CT_DIR_ORIGINAL);
	assert_non_null(ct);
	assert_true(nf_connlabel_match(ct, 0) && nf_connlabel_match(ct, 7) &&
		    nf_connlabel_match(ct, 127));
	assert_false(nf_connlabel_match(ct, 1));
	acct = nf_conn_acct_find(ct);
	assert_non_null(acct);
	for (int dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		store_relaxed(&acct->counter[dir].packets,
			      e.packets[dir] = 0x100000002 + (uint64_t)dir);
		store_relaxed(&acct->counter[dir].bytes,
			      e.bytes[dir] = 0x7000000000000003 + (uint64_t)dir);
	}
	e.has_counters = true;
	e.start = 5000000000;
	fx.v->ops->put(ct);
	assert_int_equal(ask(&fx, &e, IPCTNL_MSG_CT_GET_CTRZERO, 0, &a), 0);
	assert_same(&a.last, &e, 2);
	memset(e.packets, 0, sizeof(e.packets));
	memset(e.bytes, 0, sizeof(e.bytes));
	assert_int_equal(ask(&fx, &e, IPCTNL_MSG_CT_GET, 0, &a), 0);
	assert_same(&a.last, &e, 2);
	nf_connlabels_put(fx.net);
}

static void masters(void **state)
{
	struct nfct_entry m, e;
	struct answers a;

	(void)state;
	sample_of(&m, IPPROTO_TCP, 0);
	sample_of(&e, IPPROTO_TCP, 64);
	e.zone = m.zone;
	assert_int_equal(e.l3, m.l3);
	e.master = m.orig;
	e.master_l4 = IPPROTO_TCP;
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -ENOENT);
	assert_int_equal(make(&fx, &m, NLM_F_CREATE), 0);
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), 0);
	e.status |= IPS_EXPECTED;
	assert_int_equal(ask(&fx, &e, IPCTNL_MSG_CT_GET, 0, &a), 0);
	assert_same(&a.last, &e, 2);
	assert_int_equal(ask(&fx, &m, IPCTNL_MSG_CT_GET, 0, &a), 0);
	assert_same(&a.last, &m, 3);			 /* the other's reference too */
	assert_int_equal(make(&fx, &e, 0), -EOPNOTSUPP); /* the master cannot be changed */
}

static void changes(void **state)
{
	struct nfct_entry e, changed;
	struct answers a;

	(void)state;
	sample_of(&e, IPPROTO_TCP, 0);
	assert_int_equal(make(&fx, &e, 0), -ENOENT);
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), 0);
	changed = e;
	changed.status |= IPS_SEEN_REPLY | IPS_ASSURED;
	changed.timeout += 100;
	changed.mark ^= 0xffffffff;
	changed.tcp_state = 4;
	changed.tcp_flags[0] = changed.tcp_flags[1] = 1;
	changed.wscale[0] = 3;
	changed.wscale[1] = 4;
	assert_int_equal(make(&fx, &changed, 0), 0);
	assert_int_equal(ask(&fx, &changed, IPCTNL_MSG_CT_GET, 0, &a), 0);
	assert_same(&a.last, &changed, 2);
	/* the scale of one side without the other's is not used */
	changed.tcp_flags[1] = 0;
	e = changed;
	e.wscale[0] = e.wscale[1] = 7;
	assert_int_equal(make(&fx, &e, 0), 0);
	assert_int_equal(ask(&fx, &changed, IPCTNL_MSG_CT_GET, 0, &a), 0);
	assert_same(&a.last, &changed, 2);
	e.status = changed.status & ~IPS_SEEN_REPLY;
	assert_int_equal(make(&fx, &e, 0), -EBUSY);
	e.status = changed.status | IPS_EXPECTED;
	assert_int_equal(make(&fx, &e, 0), -EBUSY);
	e.status = changed.status | IPS_DYING;
	assert_int_equal(make(&fx, &e, 0), -EBUSY);
	/* bits that messages may not change stay */
	changed.status |= IPS_FIXED_TIMEOUT;
	e = changed;
	e.status |= IPS_TEMPLATE | IPS_OFFLOAD | IPS_NAT_CLASH;
	assert_int_equal(make(&fx, &e, 0), 0);
	assert_int_equal(ask(&fx, &changed, IPCTNL_MSG_CT_GET, 0, &a), 0);
	assert_same(&a.last, &changed, 2);
	assert_int_equal(make(&fx, &changed, 0), -EPERM); /* a fixed timeout */
	strcpy(e.helper, "ftp");
	assert_int_equal(make(&fx, &e, 0), -EOPNOTSUPP);
}

/* A helper can be removed from an entry, but not added. */
static void helpers(void **state)
{
	struct nfct_entry e;
	struct answers a;
	uint8_t msg[ROOM];
	uint8_t *name;
	size_t len;

	(void)state;
	sample_of(&e, IPPROTO_TCP, 0);
	strcpy(e.helper, "ftp");
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), 0);
	assert_int_equal(make(&fx, &e, 0), 0); /* it has that one */
	assert_int_equal(ask(&fx, &e, IPCTNL_MSG_CT_GET, 0, &a), 0);
	assert_string_equal(a.last.helper, "ftp");
	len = nfct_write(&e, msg, sizeof(msg), 0, 1);
	name = memmem(msg, len, "ftp", 4);
	assert_non_null(name);
	*name = 0;
	assert_int_equal(ctnetlink_rcv(fx.net, msg, len, NULL, NULL), 0);
	assert_int_equal(ask(&fx, &e, IPCTNL_MSG_CT_GET, 0, &a), 0);
	assert_string_equal(a.last.helper, "");
	assert_int_equal(make(&fx, &e, 0), -EBUSY);
	memset(e.helper, 0, sizeof(e.helper));
	sample_of(&e, IPPROTO_TCP, 64);
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), 0);
	strcpy(e.helper, "ftp");
	assert_int_equal(make(&fx, &e, 0), -EOPNOTSUPP);
}

static void filters(void **state)
{
	struct nfct_entry e;
	struct answers a;

	(void)state;
	for (uint32_t i = 0; i < 32; i++) {
		nfct_sample(&e, i);
		e.mark = i % 4;
		if (i % 8 == 0)
			e.status |= IPS_SEEN_REPLY | IPS_ASSURED;
		assert_int_equal(make(&fx, &e, NLM_F_CREATE), 0);
	}
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_GET, 0, CTA_MARK, 3, &a), 0);
	assert_int_equal(a.nr, 8);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_GET, NFPROTO_IPV4, CTA_MARK, 3, &a), 0);
	assert_int_equal(a.nr, 4);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_GET, 0, CTA_STATUS, IPS_ASSURED, &a), 0);
	assert_int_equal(a.nr, 4);
	assert_int_equal(
		ask_all(&fx, IPCTNL_MSG_CT_GET, NFPROTO_IPV4, CTA_STATUS_MASK, IPS_ASSURED, &a),
		-EINVAL);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_GET, 0, CTA_STATUS, 0, &a), -EINVAL);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_DELETE, 0, CTA_MARK, 3, &a), 0);
	assert_int_equal(nf_conntrack_count(fx.net), 24);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_DELETE, NFPROTO_IPV6, 0, 0, &a), 0);
	assert_int_equal(nf_conntrack_count(fx.net), 12);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_DELETE, 0, 0, 0, &a), 0);
	assert_int_equal(nf_conntrack_count(fx.net), 0);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_EXP_MAX + 10, 0, 0, 0, &a), -EOPNOTSUPP);
}

/* --- Events, as the library reads them --- */

struct told {
	unsigned int news, updates, destroys;
	struct nfct_entry last;
};

static int tell(unsigned int events, const struct nf_ct_event *item)
{
	struct told *t = item->priv;
	uint8_t room[ROOM];
	struct nl_buf b = { room, sizeof(room), 0 };
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)room;
	char line[1024];

	assert_int_equal(ctnetlink_fill_event(&b, events, item), 0);
	assert_true(b.len <= ctnetlink_nlmsg_size(item->ct));
	assert_true(nfct_read(room, b.len, &t->last, line, sizeof(line)));
	if ((nlh->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE)
		t->destroys++;
	else if (nlh->nlmsg_flags == (NLM_F_CREATE | NLM_F_EXCL))
		t->news++;
	else
		t->updates++;
	return 0;
}

static void events(void **state)
{
	struct told t = { 0 };
	struct nf_ct_event_notifier notifier = { .ct_event = tell, .priv = &t };
	struct nfct_entry e;
	struct answers a;

	(void)state;
	assert_int_equal(nf_conntrack_register_notifier(fx.net, &notifier), 0);
	sample_of(&e, IPPROTO_TCP, 16);
	e.mark = 5;
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), 0);
	assert_int_equal(t.news, 1);
	assert_memory_equal(&t.last.orig, &e.orig, sizeof(e.orig));
	assert_int_equal(t.last.mark, 5);
	e.tcp_state = 3;
	e.mark = 0;
	assert_int_equal(make(&fx, &e, 0), 0);
	assert_int_equal(t.updates, 1);
	assert_int_equal(t.last.tcp_state, 3);
	assert_int_equal(ask(&fx, &e, IPCTNL_MSG_CT_DELETE, 0, &a), 0);
	assert_int_equal(t.destroys, 1);
	assert_int_equal(t.last.tcp_state, 3);
	assert_true(t.last.status & IPS_DYING);
	nf_conntrack_unregister_notifier(fx.net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		TEST(extensions),
		TEST(masters),
		TEST(changes),
		TEST(helpers),
		TEST(filters),
		TEST(events),
	};

	return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
