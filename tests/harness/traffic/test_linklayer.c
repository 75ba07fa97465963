/* SPDX-License-Identifier: MIT */
/*
 * The link-layer decoders: every link type with every header they know, read
 * from a capture file like a user's; and none reads beyond its end.
 */
#include "harness/traffic/capture.h"
#include "tests/fixture/capture_files.h"
#include "tests/fixture/cmocka.h"

/* One header a line. */
/* clang-format off */
#define MACS "\2\0\0\0\0\1" "\2\0\0\0\0\2"
#define SLL "\0\0" "\0\1" "\0\6" "\2\0\0\0\0\1" "\0\0"	/* and the EtherType */
#define SLL2 "\0\0" "\0\0\0\3" "\0\1" "\0" "\6" "\2\0\0\0\0\1" "\0\0"	/* after it */
#define HEADER(bytes) bytes, sizeof(bytes) - 1

static const struct link_case {
	const char *what;
	uint32_t linktype;	/* as in the file */
	const char *header;
	uint32_t header_length;
	uint16_t l3proto;	/* and which packet follows the header */
	uint16_t vlan;
} cases[] = {
	{ "Ethernet, IPv4", 1, HEADER(MACS "\x08\0"), 0x0800, 0 },
	{ "Ethernet, IPv6", 1, HEADER(MACS "\x86\xdd"), 0x86dd, 0 },
	{ "VLAN", 1, HEADER(MACS "\x81\0" "\x20\x7b" "\x08\0"), 0x0800, 123 },
	{ "a tag with priority only", 1, HEADER(MACS "\x81\0" "\xa0\0" "\x86\xdd"), 0x86dd, 0 },
	{ "priority only around a VLAN", 1,
	  HEADER(MACS "\x81\0" "\xa0\0" "\x81\0" "\0\x07" "\x08\0"), 0x0800, 7 },
	{ "802.1ad", 1,
	  HEADER(MACS "\x88\xa8" "\x0f\xff" "\x81\0" "\0\2" "\x86\xdd"), 0x86dd, 4095 },
	{ "old QinQ", 1, HEADER(MACS "\x91\0" "\0\5" "\x81\0" "\0\2" "\x08\0"), 0x0800, 5 },
	{ "five tags", 1,
	  HEADER(MACS "\x92\0" "\0\1" "\x93\0" "\0\2" "\x88\xa8" "\0\3" "\x81\0" "\0\4" "\x81\0"
		 "\0\5"
		 "\x08\0"), 0x0800, 1 },
	{ "802.3 with SNAP", 1, HEADER(MACS "\0\x24" "\xaa\xaa\3\0\0\0" "\x08\0"), 0x0800, 0 },
	{ "PPPoE, IPv4", 1, HEADER(MACS "\x88\x64" "\x11\0\0\1\0\x1e" "\0\x21"), 0x0800, 0 },
	{ "PPPoE in QinQ, IPv6", 1,
	  HEADER(MACS "\x88\xa8" "\0\x0a" "\x81\0" "\0\2" "\x88\x64" "\x11\0\0\1\0\x32" "\0\x57"),
	  0x86dd, 10 },
	{ "MPLS, one label", 1, HEADER(MACS "\x88\x47" "\0\1\1\x40"), 0x0800, 0 },
	{ "MPLS, three labels", 1,
	  HEADER(MACS "\x88\x48" "\0\1\0\x40" "\0\2\0\x40" "\0\3\1\x40"), 0x86dd, 0 },
	{ "raw, IPv4", 101, HEADER(""), 0x0800, 0 },
	{ "raw, IPv6", 101, HEADER(""), 0x86dd, 0 },
	{ "raw, numbered 12", 12, HEADER(""), 0x86dd, 0 },
	{ "raw, numbered 14", 14, HEADER(""), 0x0800, 0 },
	{ "raw IPv4", 228, HEADER(""), 0x0800, 0 },
	{ "raw IPv6", 229, HEADER(""), 0x86dd, 0 },
	{ "cooked v1, IPv4", 113, HEADER(SLL "\x08\0"), 0x0800, 0 },
	{ "cooked v1, VLAN", 113, HEADER(SLL "\x81\0" "\0\x2a" "\x86\xdd"), 0x86dd, 42 },
	{ "cooked v2, IPv4", 276, HEADER("\x08\0" SLL2), 0x0800, 0 },
	{ "cooked v2, VLAN", 276, HEADER("\x81\0" SLL2 "\0\x2a" "\x86\xdd"), 0x86dd, 42 },
	{ "NULL, little, IPv4", 0, HEADER("\2\0\0\0"), 0x0800, 0 },
	{ "NULL, big, IPv4", 0, HEADER("\0\0\0\2"), 0x0800, 0 },
	{ "NULL, Linux IPv6", 0, HEADER("\x0a\0\0\0"), 0x86dd, 0 },
	{ "NULL, Windows IPv6", 0, HEADER("\x17\0\0\0"), 0x86dd, 0 },
	{ "NULL, OpenBSD IPv6", 0, HEADER("\0\0\0\x18"), 0x86dd, 0 },
	{ "NULL, FreeBSD IPv6", 0, HEADER("\x1c\0\0\0"), 0x86dd, 0 },
	{ "NULL, Darwin IPv6", 0, HEADER("\x1e\0\0\0"), 0x86dd, 0 },
	{ "LOOP, IPv4", 108, HEADER("\0\0\0\2"), 0x0800, 0 },
	{ "LOOP, IPv6", 108, HEADER("\0\0\0\x18"), 0x86dd, 0 },
	{ "PPP, IPv4", 9, HEADER("\0\x21"), 0x0800, 0 },
	{ "PPP, one-byte protocol", 9, HEADER("\x57"), 0x86dd, 0 },
	{ "PPP, address and control", 9, HEADER("\xff\3" "\0\x57"), 0x86dd, 0 },
	{ "PPP, MPLS", 9, HEADER("\xff\3" "\2\x81" "\0\1\1\x40"), 0x0800, 0 },
	{ "PPP in HDLC", 50, HEADER("\xff\3" "\0\x21"), 0x0800, 0 },
	{ "PPP in HDLC, Cisco", 50, HEADER("\x0f\0" "\x08\0"), 0x0800, 0 },
	{ "PPP with direction", 204, HEADER("\1" "\xff\3" "\0\x21"), 0x0800, 0 },
	{ "PPP of pppd, in", 166, HEADER("\0\3" "\0\x21"), 0x0800, 0 },
	{ "PPP of pppd, out", 166, HEADER("\1\3" "\0\x57"), 0x86dd, 0 },
	{ "PPPoE alone", 51, HEADER("\x11\0\0\1\0\x1e" "\0\x21"), 0x0800, 0 },
	{ "Cisco HDLC", 104, HEADER("\x8f\0" "\x86\xdd"), 0x86dd, 0 },
};
/* clang-format on */

/* Frames that must not be treated as IP. */
static const struct link_case not_ip[] = {
	{ "ARP", 1, HEADER(MACS "\x08\6"), 0, 0 },
	{ "ARP in a VLAN", 1,
	  HEADER(MACS "\x81\0"
		      "\0\x09"
		      "\x08\6"),
	  0, 9 },
	{ "spanning tree", 1,
	  HEADER(MACS "\0\x26"
		      "\x42\x42\3\0\0\0\0\0"),
	  0, 0 },
	{ "SNAP of Cisco", 1,
	  HEADER(MACS "\0\x26"
		      "\xaa\xaa\3\0\0\x0c\x08\0"),
	  0, 0 },
	{ "PPPoE discovery", 1,
	  HEADER(MACS "\x88\x63"
		      "\x11\x09\0\0\0\4"
		      "\0\x21"),
	  0, 0 },
	{ "PPPoE, LCP", 1,
	  HEADER(MACS "\x88\x64"
		      "\x11\0\0\1\0\4"
		      "\xc0\x21"),
	  0, 0 },
	{ "PPPoE, unknown version", 1,
	  HEADER(MACS "\x88\x64"
		      "\x21\0\0\1\0\4"
		      "\0\x21"),
	  0, 0 },
	{ "MPLS, pseudowire", 1,
	  HEADER(MACS "\x88\x47"
		      "\0\1\1\x40"
		      "\0\0\0\0" MACS "\x08\0"),
	  0, 0 },
	{ "raw, version 0", 101, HEADER("\0"), 0, 0 },
	{ "cooked, ARP", 113, HEADER(SLL "\x08\6"), 0, 0 },
	{ "NULL, other family", 0, HEADER("\7\0\0\0"), 0, 0 },
	{ "PPP, LCP", 9,
	  HEADER("\xff\3"
		 "\xc0\x21"),
	  0, 0 },
};

static void frame_of(struct blob *frame, const struct link_case *c)
{
	blob_add(frame, c->header, c->header_length);
	if (c->l3proto == 0x86dd)
		blob_add(frame, ipv6_packet, sizeof(ipv6_packet));
	else
		blob_add(frame, ipv4_packet, sizeof(ipv4_packet));
}

static void check(const struct link_case *c, uint32_t padding)
{
	struct blob frame = { 0 }, file = { 0 };
	struct ct_error e = { 0 };
	struct capture_packet p;
	struct capture *capture;
	uint32_t l3_length;

	frame_of(&frame, c);
	l3_length = (uint32_t)frame.size - c->header_length;
	blob_add(&frame, "\0\0\0\0\0\0\0\0", padding);
	pcap_begin(&file, c->linktype, false, false);
	/* cut by 8: the wire length differs from the captured one */
	pcap_packet(&file, false, 1, 2, frame.data, (uint32_t)frame.size - 8, (uint32_t)frame.size);
	if (capture_open_memory(&capture, file.data, file.size, c->what, &e))
		fail_msg("%s", e.text);
	assert_int_equal(capture_next(capture, &p, &e), 1);
	if (p.l3proto != c->l3proto || p.vlan != c->vlan)
		fail_msg("%s: protocol %#x and VLAN %u instead of %#x and %u", c->what, p.l3proto,
			 p.vlan, c->l3proto, c->vlan);
	if (c->l3proto && (p.caplen != l3_length + padding - 8 || p.len != l3_length + padding))
		fail_msg("%s: lengths %u and %u instead of %u and %u", c->what, p.caplen, p.len,
			 l3_length + padding - 8, l3_length + padding);
	if (c->l3proto)
		assert_memory_equal(p.l3, frame.data + c->header_length, l3_length - 8);
	assert_int_equal(capture_next(capture, &p, &e), 0);
	capture_close(capture);
	blob_free(&file);
	blob_free(&frame);
}

static void test_every_link_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check(&cases[i], 0);
		check(&cases[i], 7);
	}
}

static void test_not_ip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(not_ip) / sizeof(not_ip[0]); i++)
		check(&not_ip[i], 0);
}

/*
 * Every frame, cut after every byte, in a block of exactly that size: a read
 * beyond it gives a sanitizer's report.  A cut in the header is not IP, and one
 * after it changes nothing.
 */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct link_case *c = &cases[i];
		linklayer_fn decode = linklayer_find((int)c->linktype);
		struct blob frame = { 0 };

		frame_of(&frame, c);
		for (uint32_t caplen = 0; caplen <= frame.size; caplen++) {
			uint8_t *exact = malloc(caplen ? caplen : 1);
			struct link_payload p;

			memcpy(exact, frame.data, caplen);
			p = decode(exact, caplen);
			assert_true(p.offset <= caplen);
			if (caplen > c->header_length) {
				assert_int_equal(p.l3proto, c->l3proto);
				assert_int_equal(p.offset, c->header_length);
			} else if (caplen < c->header_length) {
				assert_int_equal(p.l3proto, 0);
			}
			free(exact);
		}
		blob_free(&frame);
	}
}

static void test_unknown_type(void **state)
{
	(void)state;
	assert_null(linklayer_find(105)); /* IEEE 802.11 */
	assert_null(linklayer_find(-1));
	assert_null(linklayer_find(65535));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_every_link_type),
	cmocka_unit_test(test_not_ip),
	cmocka_unit_test(test_cut_anywhere),
	cmocka_unit_test(test_unknown_type),
};
CT_TEST_MAIN(tests, NULL, NULL)
