/* SPDX-License-Identifier: MIT */
/* ICMP and ICMPv6: requests, errors and what they quote, types that are not tracked. */
#include "tests/fixture/cmocka.h"
#include "tests/fixture/one_fake.h"

static int send_icmp(bool ipv6, int side, uint8_t type)
{
	struct sk_buff skb;
	struct packet p;

	packet_icmp(&p, ipv6, side, type, 0, 7, NULL, 0);
	if (side == CLIENT && !nf_ct_is_confirmed(&fake.ct))
		fake_connect(&fake, &p);
	skb = packet_skb(&p);
	return fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, side);
}

/* Only a request creates a connection. */
static void icmp_requests(void **state)
{
	struct sk_buff skb;
	struct packet p;

	for (int v6 = 0; v6 <= 1; v6++) {
		unsigned int accepted = 0;

		for (unsigned int type = 0; type < 256; type++) {
			setup(state);
			if (send_icmp(v6, CLIENT, (uint8_t)type) == ACCEPT) {
				assert_int_equal(fake_seconds_left(&fake), 30);
				accepted++;
			}
		}
		assert_int_equal(accepted, v6 ? 2 : 4);
		setup(state);
		assert_int_equal(send_icmp(v6, CLIENT, v6 ? 128 : 8), ACCEPT);
		assert_int_equal(send_icmp(v6, SERVER, v6 ? 129 : 0), ACCEPT);
		/* under the number of the other family's */
		setup(state);
		packet_begin(&p, !v6, CLIENT, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
		packet_add(&p, v6 ? "\200\0\0\0\0\0\0\0" : "\10\0\0\0\0\0\0\0", 8);
		packet_end(&p);
		assert_true(fake_connect(&fake, &p));
		skb = packet_skb(&p);
		assert_int_equal(fake_packet(&fake, &skb, NF_INET_LOCAL_OUT, CLIENT), INVALID);
	}
}

/* The hook's part before the lookup; the packet stays in *skb. */
static int before_lookup(const struct packet *p, struct sk_buff *skb, uint16_t zone)
{
	const struct nf_hook_state state = {
		.hook = NF_INET_PRE_ROUTING,
		.pf = p->ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4,
		.net = &fake.net,
	};
	const struct nf_conntrack_zone z = { .id = zone, .dir = NF_CT_DEFAULT_ZONE_DIR };

	*skb = packet_skb(p);
	return p->ipv6 ? nf_conntrack_icmpv6_error(skb, p->l4, &z, &state)
		       : nf_conntrack_icmpv4_error(skb, p->l4, &z, &state);
}

/* An error of that type to side to, about a packet of that side. */
static void make_error(struct packet *e, bool ipv6, int to, uint8_t type,
		       const struct packet *about, unsigned int n)
{
	packet_icmp(e, ipv6, !to, type, 0, 0, about->b, n < about->len ? n : about->len);
}

static void connect_udp(bool ipv6, struct packet *question)
{
	packet_udp(question, ipv6, CLIENT, 4);
	assert_true(fake_connect(&fake, question));
	nf_ct_status_set(&fake.ct, IPS_CONFIRMED);
}

static void related_errors(void **state)
{
	static const uint8_t errors[2][8] = { { 3, 4, 5, 11, 12 }, { 1, 2, 3, 4, 127 } };
	enum ip_conntrack_info ctinfo;
	struct packet question, answer, e;
	struct sk_buff skb;

	for (int v6 = 0; v6 <= 1; v6++) {
		for (unsigned int i = 0; errors[v6][i]; i++) {
			setup(state);
			connect_udp(v6, &question);
			packet_udp(&answer, v6, SERVER, 4);
			/* about the question: travels with the answers */
			make_error(&e, v6, CLIENT, errors[v6][i], &question, 64);
			assert_int_equal(before_lookup(&e, &skb, 3), ACCEPT);
			assert_ptr_equal(nf_ct_get(&skb, &ctinfo), &fake.ct);
			assert_int_equal(ctinfo, IP_CT_RELATED_REPLY);
			assert_int_equal(load_relaxed(&fake.ct.use.refs), 2);
			assert_int_equal(fake.zone.id, 3);
			/* about the answer */
			make_error(&e, v6, SERVER, errors[v6][i], &answer, 64);
			assert_int_equal(before_lookup(&e, &skb, 0), ACCEPT);
			assert_ptr_equal(nf_ct_get(&skb, &ctinfo), &fake.ct);
			assert_int_equal(ctinfo, IP_CT_RELATED);
		}
	}
}

static void unrelated_errors(void **state)
{
	enum ip_conntrack_info ctinfo;
	struct packet question, e;
	struct sk_buff skb;

	for (int v6 = 0; v6 <= 1; v6++) {
		const uint8_t unreachable = v6 ? 1 : 3;
		const unsigned int ports = (v6 ? 40 : 20) + 4;

		setup(state);
		connect_udp(v6, &question);
		/* cut: only the quoted ports are needed */
		make_error(&e, v6, CLIENT, unreachable, &question, ports);
		assert_int_equal(before_lookup(&e, &skb, 0), ACCEPT);
		for (unsigned int n = 0; n < ports; n++) {
			make_error(&e, v6, CLIENT, unreachable, &question, n);
			assert_int_equal(before_lookup(&e, &skb, 0), INVALID);
			assert_null(nf_ct_get(&skb, &ctinfo));
		}
		/* not to the sender of the quoted packet: the reference is dropped */
		make_error(&e, v6, SERVER, unreachable, &question, 64);
		assert_int_equal(before_lookup(&e, &skb, 0), INVALID);
		assert_int_equal(load_relaxed(&fake.ct.use.refs), 2); /* of the first above */
		/* about something we do not know */
		put16(question.b + question.l4, 1);
		make_error(&e, v6, CLIENT, unreachable, &question, 64);
		assert_int_equal(before_lookup(&e, &skb, 0), INVALID);
		/* about a packet without an answer: an error */
		make_error(&question, v6, SERVER, unreachable, &e, 60);
		make_error(&e, v6, CLIENT, unreachable, &question, 64);
		assert_int_equal(before_lookup(&e, &skb, 0), INVALID);
		/* with a wrong checksum */
		setup(state);
		connect_udp(v6, &question);
		make_error(&e, v6, CLIENT, unreachable, &question, 64);
		e.b[e.l4 + 4] ^= 1;
		assert_int_equal(before_lookup(&e, &skb, 0), INVALID);
		assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_checksum", 0), 0);
		assert_int_equal(before_lookup(&e, &skb, 0), ACCEPT);
		/* cut short itself */
		packet_icmp(&e, v6, CLIENT, 8, 0, 0, NULL, 0);
		e.len = e.l4 + 7;
		assert_int_equal(before_lookup(&e, &skb, 0), INVALID);
	}
	assert_true(fake.finds <= 2);
}

/* Every type: looked up, invalid, or not tracked. */
static void icmp_types(void **state)
{
	struct packet p;
	struct sk_buff skb;

	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		const bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;

		packet_icmp(&p, false, CLIENT, (uint8_t)type, 0, 0, NULL, 0);
		assert_int_equal(before_lookup(&p, &skb, 0), error || type > 18 ? INVALID : ACCEPT);
		assert_int_equal(skb._nfct, 0);
	}
	for (unsigned int type = 0; type < 256; type++) {
		const bool untracked =
			(type >= 130 && type <= 136) || type == 143 || type == 151 || type == 152;

		/* 137 is a redirect, which needs more than these 8 bytes */
		packet_icmp(&p, true, CLIENT, (uint8_t)type, 0, 0, NULL, 0);
		assert_int_equal(before_lookup(&p, &skb, 0),
				 type < 128 || type == 137 ? INVALID : ACCEPT);
		assert_int_equal(skb._nfct, untracked ? IP_CT_UNTRACKED : 0);
	}
}

static void icmpv6_redirects(void **state)
{
	static const struct {
		uint8_t hops, code;
		uint32_t source;
		int verdict;
	} link[] = {
		{ 254, 0, 0xfe800000, INVALID }, /* forwarded */
		{ 255, 0, 0x20010db8, INVALID }, /* not from the link */
		{ 255, 0, 0xfec00000, INVALID },
		{ 255, 1, 0xfe800000, ACCEPT }, /* not a redirect that is known */
		{ 255, 0, 0xfe800000, ACCEPT },
	};
	uint8_t body[32 + 8 + 64] = { 0 };
	enum ip_conntrack_info ctinfo;
	struct packet question, p;
	struct sk_buff skb;

	(void)state;
	connect_udp(true, &question);
	body[32] = 4; /* redirected header */
	body[33] = 1 + 64 / 8;
	memcpy(body + 40, question.b, question.len);
	packet_icmp(&p, true, SERVER, 137, 0, 0, body, sizeof(body));
	assert_int_equal(before_lookup(&p, &skb, 0), INVALID); /* not from the link */
	for (size_t i = 0; i < ARRAY_SIZE(link); i++) {
		p.b[7] = link[i].hops;
		put32(p.b + 8, link[i].source);
		p.b[p.l4 + 1] = link[i].code;
		packet_sum(&p, 2, IPPROTO_ICMPV6, p.len - p.l4);
		assert_int_equal(before_lookup(&p, &skb, 0), link[i].verdict);
		assert_int_equal(!!skb._nfct, i == ARRAY_SIZE(link) - 1);
	}
	assert_ptr_equal(nf_ct_get(&skb, &ctinfo), &fake.ct);
	assert_int_equal(ctinfo, IP_CT_RELATED_REPLY);
	p.b[p.l4 + 40] = 1; /* another option: quotes nothing */
	packet_sum(&p, 2, IPPROTO_ICMPV6, p.len - p.l4);
	assert_int_equal(before_lookup(&p, &skb, 0), ACCEPT);
	assert_int_equal(skb._nfct, 0);
	p.b[p.l4 + 41] = 0; /* an option without a length */
	packet_sum(&p, 2, IPPROTO_ICMPV6, p.len - p.l4);
	assert_int_equal(before_lookup(&p, &skb, 0), INVALID);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static const struct CMUnitTest tests[] = {
	TEST(icmp_requests), TEST(related_errors),   TEST(unrelated_errors),
	TEST(icmp_types),    TEST(icmpv6_redirects),
};
CT_TEST_MAIN(tests, NULL, NULL)
