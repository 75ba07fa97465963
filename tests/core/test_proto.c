/* SPDX-License-Identifier: MIT */
/* Headers and checksums of both families; UDP, GRE, and protocols without a tracker. */
#include "tests/fixture/cmocka.h"
#include "tests/fixture/one_fake.h"

/* --- IPv4 and IPv6 headers --- */

static int l4_of(const struct packet *p, unsigned int headlen, unsigned int *dataoff)
{
	struct sk_buff skb = packet_skb(p);
	uint8_t protonum;

	skb.headlen = headlen;
	if (get_l4proto(&skb, 0, p->ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4, dataoff, &protonum))
		return -1;
	return protonum;
}

static void ipv4_headers(void **state)
{
	unsigned int off = 0;
	struct packet p;

	(void)state;
	packet_begin(&p, false, CLIENT, IPPROTO_UDP);
	packet_add(&p, NULL, 60);
	packet_end(&p);
	assert_int_equal(l4_of(&p, p.len, &off), IPPROTO_UDP);
	assert_int_equal(off, 20);
	p.b[0] = 0x4f; /* options */
	assert_int_equal(l4_of(&p, p.len, &off), IPPROTO_UDP);
	assert_int_equal(off, 60);
	p.len = 59; /* which are incomplete */
	assert_int_equal(l4_of(&p, p.len, &off), -1);
	p.b[0] = 0x45;
	assert_int_equal(l4_of(&p, 20, &off), IPPROTO_UDP);
	assert_int_equal(l4_of(&p, 19, &off), -1);
	put16(p.b + 6, 0x2000); /* a first fragment has its header, */
	assert_int_equal(l4_of(&p, p.len, &off), IPPROTO_UDP);
	put16(p.b + 6, 0x0001); /* a later one does not */
	assert_int_equal(l4_of(&p, p.len, &off), -1);
}

/* An IPv6 packet with these bytes between its header and UDP's, beginning with that type. */
static void with_ext(struct packet *p, uint8_t first, const void *ext, unsigned int n)
{
	packet_begin(p, true, CLIENT, first);
	packet_add(p, ext, n);
	packet_add(p, NULL, 8);
	packet_end(p);
}

static void extension_headers(void **state)
{
	static const uint8_t chain[] = {
		/* hop-by-hop (8 bytes), routing (24), destination options (8), authentication (16)
		 */
		43, 0, 1,  4, 0, 0, 0, 0, 60, 2, 0, 0, 0, 0,  0, 0, 0, 0, 0,
		0,  0, 0,  0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 51, 0, 1, 4, 0, 0,
		0,  0, 17, 2, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0,  0, 0, 0, 0,
	};
	uint8_t frag[8] = { 17, 0, 0, 1, 0, 0, 0, 9 };
	unsigned int off = 0;
	struct packet p;

	(void)state;
	with_ext(&p, 0, chain, sizeof(chain));
	assert_int_equal(l4_of(&p, p.len, &off), IPPROTO_UDP);
	assert_int_equal(off, 40 + sizeof(chain));
	/* cut before the start of the last extension header: no transport header */
	for (unsigned int have = 0; have < 40 + sizeof(chain) - 14; have++)
		if (l4_of(&p, have, &off) >= 0)
			assert_int_equal(off, 40 + sizeof(chain));
	assert_int_equal(l4_of(&p, 41, &off), -1);
	assert_int_equal(l4_of(&p, 39, &off), -1);
	with_ext(&p, 44, frag, sizeof(frag));
	assert_int_equal(l4_of(&p, p.len, &off), IPPROTO_UDP);
	put16(frag + 2, 8); /* not at the beginning */
	with_ext(&p, 44, frag, sizeof(frag));
	assert_int_equal(l4_of(&p, p.len, &off), -1);
	with_ext(&p, 59, frag, sizeof(frag)); /* no next header */
	assert_int_equal(l4_of(&p, p.len, &off), -1);
	with_ext(&p, 50, frag, sizeof(frag)); /* ESP hides its payload: it is the transport */
	assert_int_equal(l4_of(&p, p.len, &off), 50);
}

/* --- Checksums --- */

static bool sum_ok(const struct packet *p, uint8_t protonum)
{
	struct sk_buff skb = packet_skb(p);

	return nf_checksum_ok(&skb, p->l4, protonum);
}

/* Every length, because odd ends are error-prone; and every bit matters. */
static void internet_checksums(void **state)
{
	struct packet p;

	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		for (unsigned int len = 0; len < 70; len++) {
			packet_udp(&p, v6, CLIENT, len);
			assert_true(sum_ok(&p, IPPROTO_UDP));
			for (unsigned int bit = p.l4 * 8; bit < p.len * 8; bit++) {
				p.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
				assert_false(sum_ok(&p, IPPROTO_UDP));
				p.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
			}
		}
		p.b[v6 ? 39 : 19] ^= 1; /* the pseudo header */
		assert_false(sum_ok(&p, IPPROTO_UDP));
		packet_icmp(&p, v6, CLIENT, 8, 0, 5, "abc", 3);
		assert_true(sum_ok(&p, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP));
		p.b[v6 ? 39 : 19] ^= 1; /* which ICMP over IPv4 does not have */
		assert_int_equal(sum_ok(&p, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP), !v6);
	}
}

/* --- UDP --- */

static int send_udp(int side)
{
	struct sk_buff skb;
	struct packet p;

	packet_udp(&p, false, side, 4);
	skb = packet_skb(&p);
	return fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, side);
}

static void udp_streams(void **state)
{
	(void)state;
	assert_int_equal(send_udp(CLIENT), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 30);
	fake_later(&fake, 1);
	assert_int_equal(send_udp(SERVER), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 30);
	fake_later(&fake, 1);
	/* two seconds after the beginning, to the tick: not yet a stream */
	assert_int_equal(send_udp(CLIENT), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 30);
	assert_false(nf_ct_status(&fake.ct) & IPS_ASSURED);
	store_relaxed(&fake.core.now, nfct_time_stamp(&fake.core) + 1);
	assert_int_equal(send_udp(CLIENT), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 120);
	assert_true(nf_ct_status(&fake.ct) & IPS_ASSURED);
}

/* In one direction it never becomes one, however long it lasts. */
static void udp_one_way(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(send_udp(CLIENT), ACCEPT);
		assert_int_equal(fake_seconds_left(&fake), 30);
		fake_later(&fake, 1);
	}
	assert_false(nf_ct_status(&fake.ct) & IPS_ASSURED);
	/* the first answer is seen by the tracker before the core notes it */
	assert_int_equal(send_udp(SERVER), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 30);
	assert_int_equal(send_udp(SERVER), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 120);
}

static void udp_broken(void **state)
{
	static const struct {
		unsigned int len, have;
		int verdict;
	} headers[] = {
		{ 12, 12, ACCEPT }, { 8, 12, ACCEPT },	{ 13, 12, INVALID },
		{ 7, 12, INVALID }, { 0, 12, INVALID }, { 12, 7, INVALID },
	};
	struct sk_buff skb;
	struct packet p;

	for (unsigned int i = 0; i < ARRAY_SIZE(headers); i++) {
		setup(state);
		packet_udp(&p, false, CLIENT, 4);
		put16(p.b + p.l4 + 4, headers[i].len);
		packet_sum(&p, 6, IPPROTO_UDP, 12);
		skb = packet_skb(&p);
		skb.headlen = p.l4 + headers[i].have;
		assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT),
				 headers[i].verdict);
	}
	packet_udp(&p, false, CLIENT, 4);
	p.b[p.l4 + 7] ^= 1;
	skb = packet_skb(&p);
	assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), INVALID);
	put16(p.b + p.l4 + 6, 0); /* no checksum was computed */
	assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), ACCEPT);
}

/* --- UDP-Lite --- */

static int send_udplite(int side, unsigned int coverage, uint8_t sum_protonum)
{
	struct sk_buff skb;
	struct packet p;
	uint8_t h[4] = { 0 };

	packet_begin(&p, false, side, IPPROTO_UDPLITE);
	packet_ports(&p, side);
	put16(h, coverage);
	packet_add(&p, h, sizeof(h));
	packet_add(&p, NULL, 10);
	packet_end(&p);
	if (sum_protonum)
		packet_sum(&p, 6, sum_protonum, coverage && coverage <= 18 ? coverage : 18);
	skb = packet_skb(&p);
	return fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, side);
}

/* With UDP's number in the pseudo header, as Linux has it, though that is wrong. */
static void udplite(void **state)
{
	(void)state;
	assert_int_equal(send_udplite(CLIENT, 7, IPPROTO_UDP), INVALID);
	assert_int_equal(send_udplite(CLIENT, 19, IPPROTO_UDP), INVALID);
	assert_int_equal(send_udplite(CLIENT, 8, 0), INVALID); /* a checksum is a must */
	assert_int_equal(send_udplite(CLIENT, 8, IPPROTO_UDPLITE), INVALID);
	assert_int_equal(send_udplite(CLIENT, 8, IPPROTO_UDP), ACCEPT);
	assert_int_equal(send_udplite(CLIENT, 18, IPPROTO_UDP), ACCEPT);
	assert_int_equal(send_udplite(CLIENT, 0, IPPROTO_UDP), ACCEPT); /* all of it */
	assert_int_equal(fake_seconds_left(&fake), 30);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_checksum", 0), 0);
	assert_int_equal(send_udplite(SERVER, 8, IPPROTO_UDPLITE), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 30);
	/* unlike UDP's, a stream from the first answer on */
	assert_int_equal(send_udplite(CLIENT, 8, IPPROTO_UDPLITE), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 120);
	assert_true(nf_ct_status(&fake.ct) & IPS_ASSURED);
}

/* --- GRE and the generic tracker --- */

static int send_plain(int side, uint8_t protonum, const void *bytes, unsigned int n)
{
	struct sk_buff skb;
	struct packet p;

	packet_begin(&p, false, side, protonum);
	packet_add(&p, bytes, n);
	packet_end(&p);
	skb = packet_skb(&p);
	return fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, side);
}

static void gre_and_others(void **state)
{
	assert_int_equal(send_plain(CLIENT, IPPROTO_GRE, "\0\0\10\0", 4), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 30);
	assert_int_equal(send_plain(SERVER, IPPROTO_GRE, "\0\0\10\0", 4), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 30);
	assert_int_equal(send_plain(CLIENT, IPPROTO_GRE, "\0\0\10\0", 4), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 180);
	assert_true(nf_ct_status(&fake.ct) & IPS_ASSURED);
	setup(state);
	assert_int_equal(send_plain(CLIENT, 99, NULL, 0), ACCEPT);
	assert_int_equal(send_plain(SERVER, 99, NULL, 0), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 600);
	assert_false(nf_ct_status(&fake.ct) & IPS_ASSURED);
}

/* A GRE connection keeps the timeouts of its beginning. */
static void gre_keeps_its_timeouts(void **state)
{
	(void)state;
	assert_int_equal(send_plain(CLIENT, IPPROTO_GRE, "\0\0\10\0", 4), ACCEPT);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_gre_timeout", 50), 0);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_gre_timeout_stream", 60), 0);
	assert_int_equal(send_plain(CLIENT, IPPROTO_GRE, "\0\0\10\0", 4), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 30);
	assert_int_equal(send_plain(SERVER, IPPROTO_GRE, "\0\0\10\0", 4), ACCEPT);
	assert_int_equal(send_plain(CLIENT, IPPROTO_GRE, "\0\0\10\0", 4), ACCEPT);
	assert_int_equal(fake_seconds_left(&fake), 180);
}

/* An entry that lost a clash is kept for a moment only: nothing makes it assured. */
static void never_assured_after_a_clash(void **state)
{
	for (unsigned int i = 0; i < 3; i++) {
		setup(state);
		for (unsigned int n = 0; n < 4; n++) {
			const int side = n == 1 ? SERVER : CLIENT;

			fake_later(&fake, 2);
			assert_int_equal(i == 0	  ? send_udp(side)
					 : i == 1 ? send_udplite(side, 8, IPPROTO_UDP)
						  : send_plain(side, IPPROTO_GRE, "\0\0\10\0", 4),
					 ACCEPT);
			nf_ct_status_set(&fake.ct, IPS_NAT_CLASH);
		}
		assert_int_equal(fake_seconds_left(&fake), i == 2 ? 180 : 120);
		assert_false(nf_ct_status(&fake.ct) & IPS_ASSURED);
	}
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static const struct CMUnitTest tests[] = {
	TEST(ipv4_headers),
	TEST(extension_headers),
	TEST(internet_checksums),
	TEST(udp_streams),
	TEST(udp_one_way),
	TEST(udp_broken),
	TEST(udplite),
	TEST(gre_and_others),
	TEST(gre_keeps_its_timeouts),
	TEST(never_assured_after_a_clash),
};
CT_TEST_MAIN(tests, NULL, NULL)
