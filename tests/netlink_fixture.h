/* SPDX-License-Identifier: MIT */
/*
 * For tests of ctnetlink's messages: requests that libnetfilter_conntrack writes,
 * answers that it reads, and a table of the baseline to put to it.
 */
#ifndef CTBENCH_TESTS_NETLINK_FIXTURE_H
#define CTBENCH_TESTS_NETLINK_FIXTURE_H

#include "core/nf_conntrack_labels.h"
#include "core/nf_conntrack_netlink.h"
#include "tests/nfct.h"
#include "tests/variant_fixture.h"

#define ROOM 2048

/* --- Requests --- */

struct answers {
	unsigned int nr;	/* messages about entries */
	unsigned int done;
	struct nfct_entry last;
	char line[1024];
};

static inline int keep(const void *msg, size_t len, void *arg)
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

static inline int make(struct fixture *fx, const struct nfct_entry *e, uint16_t flags)
{
	uint8_t msg[ROOM];

	return ctnetlink_rcv(fx->net, msg, nfct_write(e, msg, sizeof(msg), flags, 1), NULL, NULL);
}

/* The same message as another request. */
static inline int ask(struct fixture *fx, const struct nfct_entry *e, uint8_t type, uint16_t flags, struct answers *a)
{
	uint8_t msg[ROOM];
	size_t len = nfct_write(e, msg, sizeof(msg), flags, 7);

	((struct nlmsghdr *)msg)->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	memset(a, 0, sizeof(*a));
	return ctnetlink_rcv(fx->net, msg, len, keep, a);
}

/* A request with one attribute of 4 bytes, or none, about all entries. */
static inline int ask_all(struct fixture *fx, uint8_t type, uint8_t family, uint16_t attr, uint32_t value, struct answers *a)
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

static inline struct nf_conn *find(struct fixture *fx, const struct nfct_entry *e, enum ip_conntrack_dir dir)
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
static inline void assert_same(const struct nfct_entry *got, const struct nfct_entry *want, uint32_t use)
{
	struct nfct_entry g = *got, w = *want;

	assert_int_equal(g.use, use);
	assert_true(g.id != 0);
	g.id = w.id = g.use = w.use = 0;
	assert_memory_equal(&g, &w, sizeof(g));
}

static struct fixture fx;

static inline int setup(void **state)
{
	(void)state;
	fixture_open(&fx, ct_variant_find("nulls_rcu_jhash2_scale_seqcount"), 64, 1);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	fixture_close(&fx);
	return 0;
}

/* A sample with that protocol number; the first from number on. */
static inline void sample_of(struct nfct_entry *e, uint8_t l4, uint32_t number)
{
	do
		nfct_sample(e, number++);
	while (e->l4 != l4);
	memset(e->helper, 0, sizeof(e->helper));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
