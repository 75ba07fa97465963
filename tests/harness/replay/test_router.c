/* SPDX-License-Identifier: MIT */
/*
 * The packets that a replay's router drops before the first hook, delivers to itself,
 * or does not forward.  All answers are those of Linux 6.18.
 */
#include "harness/replay/replay.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/packets.h"

static const struct replay_options strict = { .router = true, .checksums = true };
static const struct replay_options trusting;

enum { UNSEEN = 100 }; /* in addition to enum replay_route */

static int way_of(const uint8_t *bytes, uint32_t caplen, uint32_t len, bool ipv6,
		  const struct replay_options *o)
{
	const struct capture_packet p = {
		.l3 = bytes,
		.caplen = caplen,
		.len = len,
		.l3proto = ipv6 ? LINK_PROTO_IPV6 : LINK_PROTO_IPV4,
	};
	struct sk_buff skb;

	return replay_receive(&p, o, &skb) ? (int)replay_route(&skb) : UNSEEN;
}

static int way(const struct packet *p)
{
	return way_of(p->b, p->len, p->len, p->ipv6, &strict);
}

#define BYTES(s) s, sizeof(s) - 1

static void ipv4_options(void **state)
{
	static const struct {
		const char *opt;
		unsigned int n;
		int way;
	} lists[] = {
		{ BYTES("\1\1\1\1"), REPLAY_FORWARD },
		{ BYTES("\0\377\377\377"), REPLAY_FORWARD }, /* after the end: ignored */
		{ BYTES("\12\4\0\0"), REPLAY_FORWARD },	     /* unknown */
		{ BYTES("\12\1\0\0"), REPLAY_LOST },	     /* impossible lengths */
		{ BYTES("\12\0\0\0"), REPLAY_LOST },
		{ BYTES("\12\11\0\0"), REPLAY_LOST },
		{ BYTES("\1\1\1\12"), REPLAY_LOST },	       /* no length at all */
		{ BYTES("\7\7\4\0\0\0\0\0"), REPLAY_FORWARD }, /* record route: empty, full, */
		{ BYTES("\7\7\10\0\0\0\0\0"), REPLAY_FORWARD },
		{ BYTES("\7\7\3\0\0\0\0\0"), REPLAY_LOST }, /* a pointer before it, */
		{ BYTES("\7\7\5\0\0\0\0\0"), REPLAY_LOST }, /* or with too few bytes after it */
		{ BYTES("\7\2\0\0"), REPLAY_LOST },
		{ BYTES("\7\3\4\7\3\4\0\0"), REPLAY_LOST },	  /* twice */
		{ BYTES("\104\10\5\0\0\0\0\0"), REPLAY_FORWARD }, /* time stamps */
		{ BYTES("\104\10\4\0\0\0\0\0"), REPLAY_LOST },
		{ BYTES("\104\10\6\0\0\0\0\0"), REPLAY_LOST },
		{ BYTES("\104\14\5\1\0\0\0\0\0\0\0\0"), REPLAY_FORWARD }, /* with addresses */
		{ BYTES("\104\10\5\1\0\0\0\0"), REPLAY_LOST },
		{ BYTES("\104\10\5\2\0\0\0\0"), REPLAY_FORWARD },
		{ BYTES("\104\14\5\3\0\0\0\0\0\0\0\0"), REPLAY_FORWARD },
		{ BYTES("\104\10\11\0\0\0\0\0"), REPLAY_FORWARD }, /* full */
		{ BYTES("\104\10\11\360\0\0\0\0"), REPLAY_LOST },  /* and no more can be counted */
		{ BYTES("\104\3\5\0"), REPLAY_LOST },
		{ BYTES("\203\7\4\12\2\0\1\0"), REPLAY_LOST }, /* source routes */
		{ BYTES("\211\7\4\12\2\0\1\0"), REPLAY_LOST },
		{ BYTES("\224\4\0\0"), REPLAY_FORWARD }, /* router alert */
		{ BYTES("\224\3\0\0"), REPLAY_LOST },
		{ BYTES("\206\6\0\0\0\1\0\0"), REPLAY_LOST }, /* CIPSO */
		{ BYTES("\210\4\0\1"), REPLAY_FORWARD },
	};
	struct packet p;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
		packet_begin(&p, false, CLIENT, IPPROTO_UDP);
		packet_add(&p, lists[i].opt, lists[i].n);
		p.b[0] = (uint8_t)(0x45 + lists[i].n / 4);
		packet_add(&p, NULL, 8);
		packet_end(&p);
		if (way(&p) != lists[i].way)
			print_error("options %u\n", i);
		assert_int_equal(way(&p), lists[i].way);
	}
}

#define JUMBO '\302' /* the option that says the length */

static void hop_by_hop(void **state)
{
	static const struct {
		const char *opt;
		unsigned int n;
		int way;
	} lists[] = {
		{ BYTES("\21\0\1\4\0\0\0\0"), REPLAY_FORWARD }, /* padding */
		{ BYTES("\21\0\0\0\0\0\0\0"), REPLAY_FORWARD },
		{ BYTES("\21\0\1\4\1\0\0\0"), UNSEEN }, /* with data in it */
		{ BYTES("\21\1\1\6\0\0\0\0\0\0\1\4\0\0\0\0"),
		  UNSEEN }, /* more than 7 bytes of it */
		{ BYTES("\21\1\1\5\0\0\0\0\0\36\5\0\0\0\0\0"), REPLAY_FORWARD },
		{ BYTES("\21\0\0\0\36\2\0\0"), REPLAY_FORWARD },
		{ BYTES("\21\0\5\2\0\0\1\0"), REPLAY_FORWARD }, /* router alert */
		{ BYTES("\21\0\5\3\0\0\0\0"), UNSEEN },
		{ BYTES("\21\0\36\4\0\0\0\0"), REPLAY_FORWARD }, /* unknown: skip, */
		{ BYTES("\21\0\136\4\0\0\0\0"), UNSEEN },	 /* discard, */
		{ BYTES("\21\0\236\4\0\0\0\0"), UNSEEN },	 /* and notify the sender */
		{ BYTES("\21\0\336\4\0\0\0\0"), UNSEEN },
		{ BYTES("\21\0\36\5\0\0\0\0"), UNSEEN }, /* lengths */
		{ BYTES("\21\0\36\3\0\0\0\36"), UNSEEN },
		{ BYTES("\21\11\1\4\0\0\0\0"), UNSEEN },
		{ BYTES("\21\0\302\4\0\1\0\0"), UNSEEN }, /* a jumbogram that is none */
		{ BYTES("\21\0\61\4\0\0\0\0"), UNSEEN },
		{ BYTES("\21\0\7\4\0\0\0\0"), UNSEEN },
		/* nine options; eight are allowed */
		{ BYTES("\21\2\36\0\36\0\36\0\36\0\36\0\36\0\36\0\36\0\36\4\0\0\0\0"), UNSEEN },
		{ BYTES("\21\2\36\0\36\0\36\0\36\0\36\0\36\0\36\0\1\0\36\4\0\0\0\0"),
		  REPLAY_FORWARD },
	};
	struct packet p;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
		packet_begin(&p, true, CLIENT, 0);
		packet_add(&p, lists[i].opt, lists[i].n);
		packet_add(&p, NULL, 8);
		packet_end(&p);
		if (way(&p) != lists[i].way)
			print_error("options %u\n", i);
		assert_int_equal(way(&p), lists[i].way);
		/* A plain replay does not check this, but whether the packet is that long. */
		assert_int_equal(way_of(p.b, p.len, p.len, true, &trusting) == UNSEEN,
				 lists[i].opt[2] == JUMBO);
	}
}

static void addresses(void **state)
{
	static const struct {
		const char *src, *dst;
		int way;
	} pairs[] = {
		{ "10.1.0.1", "10.2.0.1", REPLAY_FORWARD },
		{ "127.0.0.1", "10.2.0.1", REPLAY_LOST },
		{ "0.0.0.0", "10.2.0.1", REPLAY_LOST },
		{ "224.0.0.1", "10.2.0.1", REPLAY_LOST },
		{ "255.255.255.255", "10.2.0.1", REPLAY_LOST },
		{ "240.0.0.1", "10.2.0.1", REPLAY_FORWARD },
		{ "0.1.2.3", "10.2.0.1", REPLAY_FORWARD },
		{ "169.254.1.1", "10.2.0.1", REPLAY_FORWARD },
		{ "10.1.0.1", "127.0.0.1", REPLAY_LOST },
		{ "10.1.0.1", "0.0.0.0", REPLAY_LOST },
		{ "10.1.0.1", "224.0.0.5", REPLAY_LOST },
		{ "10.1.0.1", "239.1.2.3", REPLAY_LOST },
		{ "10.1.0.1", "224.0.0.1", REPLAY_LOCAL },
		{ "10.1.0.1", "255.255.255.255", REPLAY_LOCAL },
		{ "0.0.0.0", "255.255.255.255", REPLAY_LOCAL },
		{ "10.1.0.1", "240.0.0.1", REPLAY_FORWARD },
		{ "2001:db8:1::1", "2001:db8:2::1", REPLAY_FORWARD },
		{ "fe80::1", "2001:db8:2::1", REPLAY_LOST },
		{ "::", "2001:db8:2::1", REPLAY_LOST },
		{ "::1", "2001:db8:2::1", UNSEEN },
		{ "ff02::1", "2001:db8:2::1", UNSEEN },
		{ "2001:db8:1::1", "::1", UNSEEN },
		{ "2001:db8:1::1", "ff01::1", UNSEEN },
		{ "2001:db8:1::1", "ff00::1", UNSEEN },
		{ "2001:db8:1::1", "fe80::1", REPLAY_LOST },
		{ "2001:db8:1::1", "::", REPLAY_FORWARD },
		{ "fc00::1", "2001:db8:2::1", REPLAY_FORWARD },
		{ "2001:db8:1::1", "ff0e::1", REPLAY_LOST },
		{ "2001:db8:1::1", "ff02::1", REPLAY_LOCAL },
		{ "fe80::5", "ff02::2", REPLAY_LOCAL },
		{ "::", "ff05::2", REPLAY_LOCAL },
		{ "fe80::5", "ff02::fb", REPLAY_LOST },
		{ "fe80::5", "ff02::1:ff00:1", REPLAY_LOST },
		{ "fe80::5", "ff05::1", REPLAY_LOST },
	};
	struct packet p;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(pairs); i++) {
		bool ipv6 = strchr(pairs[i].src, ':');

		packet_begin(&p, ipv6, CLIENT, IPPROTO_UDP);
		packet_add(&p, NULL, 8);
		assert_int_equal(
			inet_pton(ipv6 ? AF_INET6 : AF_INET, pairs[i].src, p.b + (ipv6 ? 8 : 12)),
			1);
		assert_int_equal(
			inet_pton(ipv6 ? AF_INET6 : AF_INET, pairs[i].dst, p.b + (ipv6 ? 24 : 16)),
			1);
		packet_end(&p);
		if (way(&p) != pairs[i].way)
			print_error("%s to %s\n", pairs[i].src, pairs[i].dst);
		assert_int_equal(way(&p), pairs[i].way);
	}
}

static void hops(void **state)
{
	struct packet p;

	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		for (unsigned int ttl = 0; ttl < 4; ttl++) {
			packet_udp(&p, v6, CLIENT, 0);
			p.b[v6 ? 7 : 8] = (uint8_t)ttl;
			packet_end(&p);
			assert_int_equal(way(&p), ttl > 1 ? REPLAY_FORWARD : REPLAY_LOST);
		}
	}
}

/* Lengths, versions and the header's checksum. */
static void headers(void **state)
{
	const struct capture_packet padded = { .caplen = 64,
					       .len = 64,
					       .l3proto = LINK_PROTO_IPV4 };
	struct capture_packet c = padded;
	struct sk_buff skb;
	struct packet p;

	(void)state;
	packet_udp(&p, false, CLIENT, 4);
	c.l3 = p.b;
	assert_true(replay_receive(&c, &strict, &skb));
	assert_int_equal(skb.len, 32); /* the link's padding is not the packet's */
	assert_int_equal(skb.headlen, 32);
	c.caplen = 30; /* cut by the capture */
	assert_true(replay_receive(&c, &strict, &skb));
	assert_int_equal(skb.len, 32);
	assert_int_equal(skb.headlen, 30);
	c.len = 31; /* cut on the wire */
	assert_false(replay_receive(&c, &strict, &skb));
	for (unsigned int n = 0; n < 20; n++)
		assert_int_equal(way_of(p.b, n, 64, false, &strict), UNSEEN);
	p.b[10] ^= 1;
	assert_int_equal(way(&p), UNSEEN);
	assert_int_equal(way_of(p.b, p.len, p.len, false, &trusting), REPLAY_FORWARD);
	p.b[10] ^= 1;
	p.b[0] = 0x44;
	assert_int_equal(way_of(p.b, p.len, p.len, false, &trusting), UNSEEN);
	p.b[0] = 0x65;
	assert_int_equal(way_of(p.b, p.len, p.len, false, &trusting), UNSEEN);
	p.b[0] = 0x45;
	put16(p.b + 2, 19);
	assert_int_equal(way_of(p.b, p.len, p.len, false, &trusting), UNSEEN);

	packet_udp(&p, true, CLIENT, 4);
	assert_int_equal(way_of(p.b, 39, 64, true, &strict), UNSEEN);
	assert_int_equal(way_of(p.b, 40, p.len, true, &strict), REPLAY_FORWARD);
	assert_int_equal(way_of(p.b, p.len, p.len - 1, true, &strict), UNSEEN);
	p.b[0] = 0x45;
	assert_int_equal(way(&p), UNSEEN);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ipv4_options), cmocka_unit_test(hop_by_hop), cmocka_unit_test(addresses),
	cmocka_unit_test(hops),		cmocka_unit_test(headers),
};
CT_TEST_MAIN(tests, NULL, NULL)
