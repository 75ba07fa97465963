/* SPDX-License-Identifier: MIT */
/* ctnetlink's messages with wrong lengths, impossible values, or too little room.
 */
#include "tests/fixture/netlink_fixture.h"

static uint64_t seed = 4711;

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
		/* the header claims more bytes than there are */
		assert_int_equal(request(msg, cut), -EINVAL);
	}
	nlh->nlmsg_len = 19;
	assert_int_equal(request(msg, len), -EINVAL);
	nlh->nlmsg_len = (uint32_t)len;
	nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8;
	assert_int_equal(request(msg, len), -EINVAL);
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	msg[sizeof(*nlh)] = 7; /* a family */
	assert_int_equal(request(msg, len), -EOPNOTSUPP);
	msg[sizeof(*nlh)] = e.l3;

	/* missing parts, and impossible values */
	nfct_sample(&e, 0);
	e.tcp_state = TCP_CONNTRACK_MAX;
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -ERANGE);
	sample_of(&e, IPPROTO_SCTP, 0);
	e.sctp_state = SCTP_CONNTRACK_MAX;
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -ERANGE);
	sample_of(&e, IPPROTO_ICMP, 0);
	e.icmp_type = 3; /* an error has no answer */
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -EINVAL);
	nfct_sample(&e, 0);
	e.orig.zone = 3;
	e.reply.zone = 4;
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -EINVAL);
	nfct_sample(&e, 0);
	strcpy(e.helper, "no-such");
	assert_int_equal(make(&fx, &e, NLM_F_CREATE), -EOPNOTSUPP);
	assert_int_equal(nf_conntrack_count(fx.net), 0);
}

/* The kernel's checks of values (lib/nlattr.c), kind by kind. */
static void policies(void **state)
{
	static const struct nla_policy policy[] = {
		[1] = { .type = NLA_U16 },
		[2] = { .type = NLA_U8, .max = 9 },
		[3] = { .type = NLA_NESTED },
		[4] = { .type = NLA_NUL_STRING, .len = 3 },
		[5] = { .type = NLA_BINARY, .len = 4 },
		[6] = { .type = NLA_REJECT },
		[7] = { .len = 2 },
	};
	static const struct {
		uint8_t type;
		const char *value;
		size_t len;
		int err;
	} cases[] = {
		{ 1, "\1", 1, -ERANGE },   { 1, "\1\2", 2, 0 },		{ 1, "\1\2\3", 3, 0 },
		{ 2, "", 0, -ERANGE },	   { 2, "\11", 1, 0 },		{ 2, "\12", 1, -ERANGE },
		{ 3, "", 0, 0 },	   { 3, "\0\0\0", 3, -ERANGE }, { 3, "\4\0\1\0", 4, 0 },
		{ 4, "", 0, -EINVAL },	   { 4, "abc", 3, -EINVAL },	{ 4, "abc", 4, 0 },
		{ 4, "", 1, 0 },	   { 4, "abcd", 5, -EINVAL },	{ 4, "ab\0cd", 5, -ERANGE },
		{ 5, "", 0, 0 },	   { 5, "abcd", 4, 0 },		{ 5, "abcde", 5, -ERANGE },
		{ 6, "abcd", 4, -EINVAL }, { 7, "a", 1, -ERANGE },	{ 7, "abc", 3, 0 },
		{ 8, "", 0, 0 }, /* of a later kernel */
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
		/* its padding may be missing, but not a part of the value */
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

/* Bytes changed at random: nothing beyond the message is read. */
static void fuzz(void **state)
{
	unsigned int made = 0, tries = 0;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		static const uint8_t types[] = { IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_NEW,
						 IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_GET,
						 IPCTNL_MSG_CT_DELETE };
		uint8_t msg[ROOM];
		struct nlmsghdr *nlh = (struct nlmsghdr *)msg;
		struct nfct_entry e;
		size_t len;

		nfct_sample(&e, i % 512);
		len = nfct_write(&e, msg, sizeof(msg), fixture_random(&seed) % 4 ? NLM_F_CREATE : 0,
				 1);
		nlh->nlmsg_type =
			(uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | types[fixture_random(&seed) % 5]);
		for (uint64_t n = fixture_random(&seed) % 4; n--;)
			msg[20 + fixture_random(&seed) % (len - 20)] =
				(uint8_t)(fixture_random(&seed) % 40);
		if (fixture_random(&seed) % 4 == 0)
			nlh->nlmsg_len = (uint32_t)(20 + fixture_random(&seed) % (len - 20));
		tries++;
		made += !request(msg, nlh->nlmsg_len < len ? nlh->nlmsg_len : len);
	}
	/* some of both, or it tests nothing */
	assert_true(made > tries / 10 && made < tries * 9 / 10);
}

/* Every size of buffer: the message is written completely or not at all; the estimate is enough. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refused),
		cmocka_unit_test(policies),
		TEST(fuzz),
		TEST(rooms),
	};

	return cmocka_run_group_tests_name("netlink_bad", tests, NULL, NULL);
}
