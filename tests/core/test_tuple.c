/* SPDX-License-Identifier: MIT */
/* Tuples: out of packets, inverted, compared, printed. */
#include "tests/fixture/cmocka.h"
#include "tests/fixture/packets.h"

static bool tuple_of(const struct packet *p, unsigned int headlen, union ct_tuple_words *t)
{
	const uint8_t pf = p->ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	struct sk_buff skb = packet_skb(p);
	unsigned int dataoff;
	uint8_t protonum;

	skb.headlen = headlen;
	memset(t, 0xa5, sizeof(*t)); /* bytes that are not set would show */
	return !get_l4proto(&skb, 0, pf, &dataoff, &protonum) &&
	       nf_ct_get_tuple(&skb, 0, dataoff, pf, protonum, t);
}

static void assert_text(const struct nf_conntrack_tuple *t, const char *text)
{
	char buf[256];

	assert_int_equal(nf_ct_tuple_snprint(buf, sizeof(buf), t), strlen(text));
	assert_string_equal(buf, text);
}

static void from_packets(void **state)
{
	union ct_tuple_words t;
	struct packet p;

	(void)state;
	packet_udp(&p, false, CLIENT, 10);
	assert_true(tuple_of(&p, p.len, &t));
	assert_text(&t.tuple, "src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80 ");
	assert_int_equal(t.tuple.dst.dir, 0);
	for (unsigned int i = 1; i < 4; i++) {
		assert_int_equal(t.tuple.src.u3.all[i], 0);
		assert_int_equal(t.tuple.dst.u3.all[i], 0);
	}
	packet_tcp(&p, true, SERVER, &(struct tcp_spec){ .flags = 0x12 });
	assert_true(tuple_of(&p, p.len, &t));
	assert_text(&t.tuple, "src=2001:0db8:0000:0000:0000:0000:0000:0002 "
			      "dst=2001:0db8:0000:0000:0000:0000:0000:0001 sport=80 dport=40000 ");
	packet_icmp(&p, false, CLIENT, 8, 0, 77, "data", 4);
	assert_true(tuple_of(&p, p.len, &t));
	assert_text(&t.tuple, "src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=77 ");
	packet_icmp(&p, true, CLIENT, 128, 0, 78, NULL, 0);
	assert_true(tuple_of(&p, p.len, &t));
	assert_text(&t.tuple, "src=2001:0db8:0000:0000:0000:0000:0000:0001 "
			      "dst=2001:0db8:0000:0000:0000:0000:0000:0002 type=128 code=0 id=78 ");
	/* an unknown protocol has no ports, whatever its bytes are */
	packet_begin(&p, false, CLIENT, 99);
	packet_add(&p, "abcdefgh", 8);
	packet_end(&p);
	assert_true(tuple_of(&p, p.len, &t));
	assert_text(&t.tuple, "src=10.0.0.1 dst=10.0.0.2 ");
	assert_int_equal(t.tuple.src.u.all, 0);
	assert_int_equal(t.tuple.dst.u.all, 0);
	assert_int_equal(t.tuple.dst.protonum, 99);
}

static void gre_keys(void **state)
{
	static const uint8_t plain[] = { 0x20, 0, 8, 0, 0, 0, 0, 5 }; /* version 0, with a key */
	static const uint8_t pptp[] = { 0x30, 1, 0x88, 0x0b, 0, 4, 0x12, 0x34 };
	static const uint8_t other[] = { 0x30, 1, 8, 0, 0, 4, 0x12, 0x34 };
	union ct_tuple_words t;
	struct packet p;

	(void)state;
	packet_begin(&p, false, CLIENT, IPPROTO_GRE);
	packet_add(&p, plain, sizeof(plain));
	assert_true(tuple_of(&p, p.len, &t));
	assert_text(&t.tuple, "src=10.0.0.1 dst=10.0.0.2 srckey=0x0 dstkey=0x0 ");
	packet_begin(&p, false, CLIENT, IPPROTO_GRE);
	packet_add(&p, pptp, sizeof(pptp));
	assert_true(tuple_of(&p, p.len, &t));
	assert_text(&t.tuple, "src=10.0.0.1 dst=10.0.0.2 srckey=0x0 dstkey=0x1234 ");
	packet_begin(&p, false, CLIENT, IPPROTO_GRE);
	packet_add(&p, other, sizeof(other));
	assert_false(tuple_of(&p, p.len, &t)); /* version 1 without PPP */
}

/* A header that is too short has no tuple; one byte decides. */
static void short_headers(void **state)
{
	union ct_tuple_words t;
	struct packet p;

	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		packet_udp(&p, v6, CLIENT, 10);
		assert_true(tuple_of(&p, p.l4 + 4, &t)); /* the ports are enough */
		assert_false(tuple_of(&p, p.l4 + 3, &t));
		assert_false(tuple_of(&p, p.l4, &t));
		assert_false(tuple_of(&p, p.l4 - 1, &t)); /* the IP header itself */
		assert_false(tuple_of(&p, 0, &t));
		packet_icmp(&p, v6, CLIENT, v6 ? 128 : 8, 0, 1, NULL, 0);
		assert_true(tuple_of(&p, p.l4 + 8, &t));
		assert_false(tuple_of(&p, p.l4 + 7, &t));
	}
}

/* Packets are where the capture has them, at any address. */
static void unaligned(void **state)
{
	uint8_t buf[256];
	struct packet p;
	union ct_tuple_words t;

	(void)state;
	packet_udp(&p, true, CLIENT, 10);
	for (unsigned int shift = 0; shift < 8; shift++) {
		struct sk_buff skb = packet_skb(&p);

		memcpy(buf + shift, p.b, p.len);
		skb.data = buf + shift;
		assert_true(nf_ct_get_tuple(&skb, 0, 40, NFPROTO_IPV6, IPPROTO_UDP, &t));
		assert_int_equal(t.tuple.src.u.all, htons(CLIENT_PORT));
	}
}

static struct nf_conntrack_tuple make(uint8_t protonum, uint16_t src, uint16_t dst)
{
	struct nf_conntrack_tuple t;

	memset(&t, 0, sizeof(t));
	t.src.l3num = NFPROTO_IPV4;
	t.src.u3.ip = htonl(0x0a000001);
	t.dst.u3.ip = htonl(0x0a000002);
	t.dst.protonum = protonum;
	t.src.u.all = htons(src);
	t.dst.u.all = htons(dst);
	return t;
}

static void inversion(void **state)
{
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP, IPPROTO_GRE, 99,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct nf_conntrack_tuple t = make(protocols[i], 1000, 2000), inverse, back;

		memset(&inverse, 0xa5, sizeof(inverse));
		assert_true(nf_ct_invert_tuple(&inverse, &t));
		assert_int_equal(inverse.src.u3.ip, t.dst.u3.ip);
		assert_int_equal(inverse.dst.u3.ip, t.src.u3.ip);
		assert_int_equal(inverse.src.u.all, htons(2000));
		assert_int_equal(inverse.dst.u.all, htons(1000));
		assert_int_equal(inverse.dst.dir, IP_CT_DIR_REPLY);
		assert_false(nf_ct_tuple_equal(&t, &inverse));
		assert_true(nf_ct_invert_tuple(&back, &inverse));
		assert_memory_equal(&back, &t, sizeof(t)); /* all bytes are set */
	}
}

/* Requests and answers belong together; a type without an answer has no inverse. */
static void icmp_inversion(void **state)
{
	static const struct {
		uint8_t protonum, type, inverse;
	} pairs[] = {
		{ IPPROTO_ICMP, 8, 0 },	      { IPPROTO_ICMP, 13, 14 },
		{ IPPROTO_ICMP, 15, 16 },     { IPPROTO_ICMP, 17, 18 },
		{ IPPROTO_ICMPV6, 128, 129 }, { IPPROTO_ICMPV6, 139, 140 },
	};
	unsigned int inverses[2] = { 0, 0 };
	struct nf_conntrack_tuple t, inverse;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(pairs); i++) {
		t = make(pairs[i].protonum, 7, 0);
		t.dst.u.icmp.type = pairs[i].type;
		t.dst.u.icmp.code = 3;
		assert_true(nf_ct_invert_tuple(&inverse, &t));
		assert_int_equal(inverse.dst.u.icmp.type, pairs[i].inverse);
		assert_int_equal(inverse.dst.u.icmp.code, 3);
		assert_int_equal(inverse.src.u.icmp.id, htons(7));
		t.dst.u.icmp.type = pairs[i].inverse;
		assert_true(nf_ct_invert_tuple(&inverse, &t));
		assert_int_equal(inverse.dst.u.icmp.type, pairs[i].type);
	}
	for (unsigned int type = 0; type < 256; type++) {
		for (unsigned int v6 = 0; v6 < 2; v6++) {
			t = make(v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 7, 0);
			t.dst.u.icmp.type = (uint8_t)type;
			inverses[v6] += nf_ct_invert_tuple(&inverse, &t);
		}
	}
	assert_int_equal(inverses[0], 8);
	assert_int_equal(inverses[1], 4);
}

/* Every byte of the key counts, and the direction does not. */
static void equality(void **state)
{
	const struct nf_conntrack_tuple t = make(IPPROTO_TCP, 1000, 2000);

	(void)state;
	for (unsigned int i = 0; i < sizeof(t); i++) {
		struct nf_conntrack_tuple u = t;

		((uint8_t *)&u)[i] ^= 1;
		assert_int_equal(nf_ct_tuple_equal(&t, &u), i >= CT_TUPLE_KEY_BYTES);
	}
}

/* Like snprintf: returns the length of the whole text, and writes nothing after the end. */
static void little_room(void **state)
{
	const struct nf_conntrack_tuple t = make(IPPROTO_TCP, 1000, 2000);
	char all[128], buf[128];
	int len = nf_ct_tuple_snprint(all, sizeof(all), &t);

	(void)state;
	assert_int_equal(len, strlen(all));
	for (size_t size = 0; size <= (size_t)len + 1; size++) {
		memset(buf, '#', sizeof(buf));
		assert_int_equal(nf_ct_tuple_snprint(buf, size, &t), len);
		assert_int_equal(buf[size], '#');
		if (size) {
			assert_int_equal(strlen(buf), size - 1);
			assert_memory_equal(buf, all, size - 1);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(from_packets),	 cmocka_unit_test(gre_keys),
	cmocka_unit_test(short_headers), cmocka_unit_test(unaligned),
	cmocka_unit_test(inversion),	 cmocka_unit_test(icmp_inversion),
	cmocka_unit_test(equality),	 cmocka_unit_test(little_room),
};
CT_TEST_MAIN(tests, NULL, NULL)
