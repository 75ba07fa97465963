/* SPDX-License-Identifier: MIT */
/*
 * ctnetlink's messages against libnetfilter_conntrack: its messages made into
 * entries, entries made into messages that it reads; over every variant.  And
 * messages that lie about their lengths.
 */
#include "core/nf_conntrack_labels.h"
#include "core/nf_conntrack_netlink.h"
#include "tests/nfct.h"
#include "tests/variant_fixture.h"

#define ROOM 2048

static uint64_t seed = 4711;

/* --- Requests --- */

struct answers {
	unsigned int nr;	/* messages about entries */
	unsigned int done;
	struct nfct_entry last;
	char line[1024];
};

static int keep(const void *msg, size_t len, void *arg)
{
	const struct nlmsghdr *nlh = msg;
	struct answers *a = arg;

	assert_true(len >= sizeof(*nlh));
	assert_int_equal(nlh->nlmsg_len, len);
	if (nlh->nlmsg_type == NLMSG_DONE) {
		a->done++;
		return 0;
	}
	assert_int_equal(a->done, 0);
	a->nr++;
	assert_true(nfct_read(msg, len, &a->last, a->line, sizeof(a->line)));
	return 0;
}

static int make(struct fixture *fx, const struct nfct_entry *e, uint16_t flags)
{
	uint8_t msg[ROOM];

	return ctnetlink_rcv(fx->net, msg, nfct_write(e, msg, sizeof(msg), flags, 1), NULL, NULL);
}

/* The same message as another request. */
static int ask(struct fixture *fx, const struct nfct_entry *e, uint8_t type, uint16_t flags, struct answers *a)
{
	uint8_t msg[ROOM];
	size_t len = nfct_write(e, msg, sizeof(msg), flags, 7);

	((struct nlmsghdr *)msg)->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	memset(a, 0, sizeof(*a));
	return ctnetlink_rcv(fx->net, msg, len, keep, a);
}

/* A request with one attribute of 4 bytes, or none, about all entries. */
static int ask_all(struct fixture *fx, uint8_t type, uint8_t family, uint16_t attr, uint32_t value, struct answers *a)
{
	uint8_t room[64];
	struct nl_buf b = { room, sizeof(room), sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg) };
	const struct nfgenmsg nfmsg = { .nfgen_family = family, .version = 1 };

	if (attr)
		assert_int_equal(nla_put_be32(&b, attr, htonl(value)), 0);
	memcpy(room + sizeof(struct nlmsghdr), &nfmsg, sizeof(nfmsg));
	memcpy(room, &(struct nlmsghdr){ (uint32_t)b.len, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type),
					 NLM_F_REQUEST | NLM_F_DUMP, 9, 0 }, sizeof(struct nlmsghdr));
	memset(a, 0, sizeof(*a));
	return ctnetlink_rcv(fx->net, room, b.len, keep, a);
}

static struct nf_conn *find(struct fixture *fx, const struct nfct_entry *e, enum ip_conntrack_dir dir)
{
	const struct nfct_tuple *from = dir == IP_CT_DIR_ORIGINAL ? &e->orig : &e->reply;
	struct nf_conntrack_zone zone = nf_ct_zone_dflt;
	struct nf_conntrack_tuple t, r;
	struct nf_conntrack_tuple_hash *h;

	memset(&t, 0, sizeof(t));
	t.src.l3num = e->l3;
	memcpy(&t.src.u3, from->src, 16);
	memcpy(&t.dst.u3, from->dst, 16);
	t.dst.protonum = e->l4;
	t.src.u.all = htons(from->sport);
	t.dst.u.all = htons(from->dport);
	if (e->l4 == IPPROTO_ICMP || e->l4 == IPPROTO_ICMPV6) {
		t.src.u.icmp.id = htons(e->icmp_id);
		t.dst.u.icmp.type = e->icmp_type;
		t.dst.u.icmp.code = e->icmp_code;
		if (dir == IP_CT_DIR_REPLY) {
			memcpy(&t.src.u3, e->orig.src, 16);
			memcpy(&t.dst.u3, e->orig.dst, 16);
			assert_true(nf_ct_invert_tuple(&r, &t));
			t = r;
		}
	}
	zone.id = (uint16_t)(e->zone | e->orig.zone | e->reply.zone);
	if (e->orig.zone || e->reply.zone)
		zone.dir = e->orig.zone ? NF_CT_ZONE_DIR_ORIG : NF_CT_ZONE_DIR_REPL;
	h = fx->v->ops->find_get(fx->net, &zone, &t);
	if (!h)
		return NULL;
	assert_int_equal(NF_CT_DIRECTION(h), dir);
	return nf_ct_tuplehash_to_ctrack(h);
}

/* What the library says of the entry is what it had asked for. */
static void assert_same(const struct nfct_entry *got, const struct nfct_entry *want, uint32_t use)
{
	struct nfct_entry g = *got, w = *want;

	assert_int_equal(g.use, use);
	assert_true(g.id != 0);
	g.id = w.id = g.use = w.use = 0;
	assert_memory_equal(&g, &w, sizeof(g));
}

/* And the entry itself is that, whatever both directions of our code agree on. */
static void assert_entry(const struct nf_conn *ct, const struct nfct_entry *e)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);

	assert_int_equal(nf_ct_status(ct) & IPS_KERNEL_MASK, e->status);
	assert_int_equal(nf_ct_expires(ct, nfct_time_stamp(ct->net->core)), e->timeout * NF_CT_HZ);
	assert_int_equal(load_relaxed(&ct->mark), e->mark);
	assert_int_equal(zone.id, e->zone | e->orig.zone | e->reply.zone);
	assert_int_equal(zone.dir, e->orig.zone ? NF_CT_ZONE_DIR_ORIG : e->reply.zone ? NF_CT_ZONE_DIR_REPL
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

/* A set IPS_HELPER is ours to tell, once there is a helper. */
static void with_helper(struct nfct_entry *e)
{
	if (e->helper[0])
		e->status |= IPS_HELPER;
}

/* --- Every protocol, family and kind of zone, there and back --- */

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
		/* one reference is the table's, one ours, one of who looks it up to answer */
		assert_int_equal(ask(fx, &e, IPCTNL_MSG_CT_GET, 0, &a), 0);
		assert_int_equal(a.nr, 1);
		assert_same(&a.last, &e, 3);
		assert_true(ctnetlink_nlmsg_size(ct) < ROOM);
		nf_ct_snprint_extended(line, sizeof(line), ct);
		/* the line is told with the reader's reference left out, so 1 where the answer had 3 */
		assert_int_equal(strncmp(line, a.line, strlen(line) - strlen("use=1\n")), 0);
		fx->v->ops->put(ct);
	}
	/* all at once: each with the table's reference alone */
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
	assert_int_equal(load_relaxed(&fx->net->count), 0);
}

static void every_variant(void **state)
{
	(void)state;
	for (size_t i = 0; i < ct_nr_variants; i++) {
		struct fixture fx;

		if (ct_variants[i]->flags & (CT_V_NULL | CT_V_LOOKUPS))
			continue;
		fixture_open(&fx, ct_variants[i], 64, 1);
		there_and_back(&fx);
		fixture_close(&fx);
	}
}

/* --- With the baseline: what a request can ask for --- */

static struct fixture fx;

static int setup(void **state)
{
	(void)state;
	fixture_open(&fx, ct_variant_find("nulls_rcu_jhash2_scale_seqcount"), 64, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_close(&fx);
	return 0;
}

/* A sample with that protocol number; the first from number on. */
static void sample_of(struct nfct_entry *e, uint8_t l4, uint32_t number)
{
	do
		nfct_sample(e, number++);
	while (e->l4 != l4);
	memset(e->helper, 0, sizeof(e->helper));
}

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
	assert_true(nf_connlabel_match(ct, 0) && nf_connlabel_match(ct, 7) && nf_connlabel_match(ct, 127));
	assert_false(nf_connlabel_match(ct, 1));
	acct = nf_conn_acct_find(ct);
	assert_non_null(acct);
	for (int dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		store_relaxed(&acct->counter[dir].packets, e.packets[dir] = 0x100000002 + (uint64_t)dir);
		store_relaxed(&acct->counter[dir].bytes, e.bytes[dir] = 0x7000000000000003 + (uint64_t)dir);
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
	assert_same(&a.last, &m, 3);	/* the other's reference too */
	assert_int_equal(make(&fx, &e, 0), -EOPNOTSUPP);	/* a master is for life */
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
	/* scales of one side that scales alone are not taken over */
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
	/* what is not a message's to change stays */
	changed.status |= IPS_FIXED_TIMEOUT;
	e = changed;
	e.status |= IPS_TEMPLATE | IPS_OFFLOAD | IPS_NAT_CLASH;
	assert_int_equal(make(&fx, &e, 0), 0);
	assert_int_equal(ask(&fx, &changed, IPCTNL_MSG_CT_GET, 0, &a), 0);
	assert_same(&a.last, &changed, 2);
	assert_int_equal(make(&fx, &changed, 0), -EPERM);	/* a fixed timeout */
	strcpy(e.helper, "ftp");
	assert_int_equal(make(&fx, &e, 0), -EOPNOTSUPP);
}

/* A helper can be taken from an entry, and not given to one. */
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
	assert_int_equal(make(&fx, &e, 0), 0);	/* it has that one */
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
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_GET, NFPROTO_IPV4, CTA_STATUS_MASK, IPS_ASSURED, &a), -EINVAL);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_GET, 0, CTA_STATUS, 0, &a), -EINVAL);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_DELETE, 0, CTA_MARK, 3, &a), 0);
	assert_int_equal(load_relaxed(&fx.net->count), 24);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_DELETE, NFPROTO_IPV6, 0, 0, &a), 0);
	assert_int_equal(load_relaxed(&fx.net->count), 12);
	assert_int_equal(ask_all(&fx, IPCTNL_MSG_CT_DELETE, 0, 0, 0, &a), 0);
	assert_int_equal(load_relaxed(&fx.net->count), 0);
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

/* --- Lies --- */

static int request(const uint8_t *msg, size_t len)
{
	/* in memory of just that size, so that a sanitizer sees a step beyond */
	uint8_t *exact = malloc(len ? len : 1);
	int err;

	memcpy(exact, msg, len);
	err = ctnetlink_rcv(fx.net, exact, len, NULL, NULL);
	free(exact);
	return err;
}

static void refused(void **state)
{
	uint8_t msg[ROOM];
	struct nlmsghdr *nlh = (struct nlmsghdr *)msg;
	struct nfct_entry e;
	size_t len;

	(void)state;
	nfct_sample(&e, 0);
	len = nfct_write(&e, msg, sizeof(msg), NLM_F_CREATE, 1);
	for (size_t cut = 0; cut < len; cut++) {
		/* the header says more than there is */
		assert_int_equal(request(msg, cut), -EINVAL);
	}
	nlh->nlmsg_len = 19;
	assert_int_equal(request(msg, len), -EINVAL);
	nlh->nlmsg_len = (uint32_t)len;
	nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8;
	assert_int_equal(request(msg, len), -EINVAL);
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	msg[sizeof(*nlh)] = 7;	/* a family */
	assert_int_equal(request(msg, len), -EOPNOTSUPP);
	msg[sizeof(*nlh)] = e.l3;

	/* parts that must be there, and values that cannot be */
	nfct_sample(&e, 0);
	e.tcp_state = TCP_CONNTRACK_MAX;
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -ERANGE);
	sample_of(&e, IPPROTO_SCTP, 0);
	e.sctp_state = SCTP_CONNTRACK_MAX;
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -ERANGE);
	sample_of(&e, IPPROTO_ICMP, 0);
	e.icmp_type = 3;	/* nobody answers an error */
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -EINVAL);
	nfct_sample(&e, 0);
	e.orig.zone = 3;
	e.reply.zone = 4;
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -EINVAL);
	nfct_sample(&e, 0);
	strcpy(e.helper, "no-such");
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -EOPNOTSUPP);
	assert_int_equal(load_relaxed(&fx.net->count), 0);
}

/* What the kernel's lib/nlattr.c makes of values, kind by kind. */
static void policies(void **state)
{
	static const struct nla_policy policy[] = {
		[1] = { .type = NLA_U16 }, [2] = { .type = NLA_U8, .max = 9 }, [3] = { .type = NLA_NESTED },
		[4] = { .type = NLA_NUL_STRING, .len = 3 }, [5] = { .type = NLA_BINARY, .len = 4 },
		[6] = { .type = NLA_REJECT }, [7] = { .len = 2 },
	};
	static const struct {
		uint8_t type;
		const char *value;
		size_t len;
		int err;
	} cases[] = {
		{ 1, "\1", 1, -ERANGE }, { 1, "\1\2", 2, 0 }, { 1, "\1\2\3", 3, 0 },
		{ 2, "", 0, -ERANGE }, { 2, "\11", 1, 0 }, { 2, "\12", 1, -ERANGE },
		{ 3, "", 0, 0 }, { 3, "\0\0\0", 3, -ERANGE }, { 3, "\4\0\1\0", 4, 0 },
		{ 4, "", 0, -EINVAL }, { 4, "abc", 3, -EINVAL }, { 4, "abc", 4, 0 }, { 4, "", 1, 0 },
		{ 4, "abcd", 5, -EINVAL }, { 4, "ab\0cd", 5, -ERANGE },
		{ 5, "", 0, 0 }, { 5, "abcd", 4, 0 }, { 5, "abcde", 5, -ERANGE },
		{ 6, "abcd", 4, -EINVAL }, { 7, "a", 1, -ERANGE }, { 7, "abc", 3, 0 },
		{ 8, "", 0, 0 },	/* of a kernel to come */
	};
	struct nla tb[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t room[64];
		struct nl_buf b = { room, sizeof(room), 0 };
		struct nla all = { room, 0 };

		assert_int_equal(nla_put(&b, cases[i].type, cases[i].value, cases[i].len), 0);
		all.len = b.len;
		assert_int_equal(nla_parse(tb, 7, all, policy), cases[i].err);
		assert_int_equal(nla_validate(7, all, policy), cases[i].err);
		if (cases[i].err || cases[i].type > 7)
			continue;
		assert_non_null(tb[cases[i].type].data);
		assert_int_equal(tb[cases[i].type].len, cases[i].len);
		/* not even its padding has to be there; but all of the value */
		all.len = 4 + cases[i].len;
		assert_int_equal(nla_parse(tb, 7, all, policy), 0);
		assert_non_null(tb[cases[i].type].data);
		all.len--;
		assert_int_equal(nla_parse(tb, 7, all, policy), 0);
		assert_null(tb[cases[i].type].data);
	}
	assert_int_equal(nla_policy_len(policy, 8), 8 + 8 + 0 + 8 + 8 + 0 + 8);
	assert_int_equal(nf_ct_port_nlattr_tuple_size(), 16);
	assert_int_equal(nf_ct_icmp_nlattr_tuple_size(), 24);
}

/* Bytes changed at random: whatever becomes of it, nothing is read that is not there. */
static void fuzz(void **state)
{
	unsigned int made = 0, tries = 0;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		static const uint8_t types[] = { IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_NEW,
						 IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_DELETE };
		uint8_t msg[ROOM];
		struct nlmsghdr *nlh = (struct nlmsghdr *)msg;
		struct nfct_entry e;
		size_t len;

		nfct_sample(&e, i % 512);
		len = nfct_write(&e, msg, sizeof(msg), fixture_random(&seed) % 4 ? NLM_F_CREATE : 0, 1);
		nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | types[fixture_random(&seed) % 5]);
		for (uint64_t n = fixture_random(&seed) % 4; n--;)
			msg[20 + fixture_random(&seed) % (len - 20)] = (uint8_t)(fixture_random(&seed) % 40);
		if (fixture_random(&seed) % 4 == 0)
			nlh->nlmsg_len = (uint32_t)(20 + fixture_random(&seed) % (len - 20));
		tries++;
		made += !request(msg, nlh->nlmsg_len < len ? nlh->nlmsg_len : len);
	}
	/* some of both, or it tests nothing */
	assert_true(made > tries / 10 && made < tries * 9 / 10);
}

/* Room for a message byte by byte: written whole or not at all, and the estimate is enough. */
static void rooms(void **state)
{
	const struct ctnetlink_how how = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 32; i++) {
		struct nfct_entry e;
		struct nf_conn *ct;
		size_t need;

		nfct_sample(&e, i);
		assert_int_equal(make(&fx, &e, NLM_F_CREATE), 0);
		ct = find(&fx, &e, IP_CT_DIR_ORIGINAL);
		assert_non_null(ct);
		for (need = 0; need < ROOM; need++) {
			uint8_t *room = malloc(need ? need : 1);
			struct nl_buf b = { room, need, 0 };
			int err = ctnetlink_fill_info(&b, ct, &how);

			free(room);
			if (!err)
				break;
			assert_int_equal(err, -EMSGSIZE);
			assert_int_equal(b.len, 0);
		}
		assert_true(need <= ctnetlink_nlmsg_size(ct));
		fx.v->ops->put(ct);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_variant), TEST(extensions), TEST(masters), TEST(changes), TEST(helpers),
		TEST(filters), TEST(events), TEST(refused), cmocka_unit_test(policies),
		TEST(fuzz), TEST(rooms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
