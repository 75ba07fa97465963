/* SPDX-License-Identifier: MIT */
/*
 * pcapng files as other programs write them: several sections and interfaces,
 * either byte order, every kind of packet and time, blocks that are not packets;
 * and files with wrong lengths.
 */
#include "harness/traffic/capture.h"
#include "tests/fixture/capture_files.h"
#include "tests/fixture/cmocka.h"

#include <stdio.h>

#define RAW	 101
#define ETHERNET 1
#define RADIOTAP 127 /* 802.11: no decoder */
#define SECOND	 UINT64_C(1000000000)
#define BEGIN	 UINT64_C(1700000000)

enum { BLOCK_PACKET = 2, BLOCK_SIMPLE = 3, BLOCK_NAMES = 4, BLOCK_STATISTICS = 5 };

static void whole(struct blob *b, uint32_t interface, uint64_t time, bool big)
{
	ng_packet(b, interface, time, ipv4_packet, sizeof(ipv4_packet), sizeof(ipv4_packet), big);
}

static struct capture *opened(const struct blob *b)
{
	struct ct_error e = { 0 };
	struct capture *c;

	if (capture_open_memory(&c, b->data, b->size, "made.pcapng", &e))
		fail_msg("%s", e.text);
	return c;
}

static struct capture_packet next(struct capture *c)
{
	struct ct_error e = { 0 };
	struct capture_packet p;

	if (capture_next(c, &p, &e) != 1)
		fail_msg("no packet: %s", e.text);
	return p;
}

static void ends(struct capture *c, struct blob *b)
{
	struct ct_error e = { 0 };
	struct capture_packet p;

	if (capture_next(c, &p, &e))
		fail_msg("more than expected: %s", e.text);
	capture_close(c);
	blob_free(b);
}

/* Sections of either byte order, whose interfaces 0 differ. */
static void sections(void **state)
{
	struct blob b = { 0 };
	struct capture_packet p;
	struct capture *c;

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool big = i & 1;

		ng_section(&b, big);
		ng_interface(&b, i < 2 ? RAW : 228, 1500u * (unsigned int)i, i < 2 ? 6 : 9, 0, big);
		whole(&b, 0, (BEGIN + (unsigned int)i) * (i < 2 ? 1000000 : SECOND), big);
	}
	c = opened(&b);
	for (unsigned int i = 0; i < 4; i++) {
		p = next(c);
		assert_int_equal(p.index, i);
		assert_int_equal(p.time_ns, (BEGIN + i) * SECOND);
		assert_int_equal(p.l3proto, LINK_PROTO_IPV4);
		assert_int_equal(p.caplen, sizeof(ipv4_packet));
		assert_memory_equal(p.l3, ipv4_packet, sizeof(ipv4_packet));
	}
	ends(c, &b);
}

/* Each packet has its interface's link type; one without a decoder does not affect others. */
static void interfaces(void **state)
{
	uint8_t frame[14 + sizeof(ipv4_packet)] = { [12] = 8 };
	struct blob b = { 0 };
	struct capture_packet p;
	struct capture *c;

	(void)state;
	memcpy(frame + 14, ipv4_packet, sizeof(ipv4_packet));
	ng_section(&b, false);
	ng_interface(&b, RADIOTAP, 0, 6, 0, false);
	ng_interface(&b, ETHERNET, 96, 6, 0, false);
	ng_interface(&b, RAW, 65535, 6, 0, false);
	for (int round = 0; round < 2; round++) {
		ng_packet(&b, 1, BEGIN, frame, sizeof(frame), 60, false);
		whole(&b, 2, BEGIN, false);
		if (round)
			break;
		ng_interface(&b, RAW, 0, 6, 0, false); /* between packets */
		whole(&b, 3, BEGIN, false);
	}
	c = opened(&b);
	for (int i = 0; i < 5; i++) {
		p = next(c);
		assert_int_equal(p.l3proto, LINK_PROTO_IPV4);
		assert_memory_equal(p.l3, ipv4_packet, sizeof(ipv4_packet));
	}
	assert_int_equal(capture_notes(c)->of[CAPTURE_LINK].nr, 0);
	ends(c, &b);

	ng_section(&b, false);
	ng_interface(&b, RADIOTAP, 0, 6, 0, false);
	ng_interface(&b, RAW, 0, 6, 0, false);
	whole(&b, 1, BEGIN, false);
	whole(&b, 0, BEGIN, false);
	c = opened(&b);
	assert_int_equal(next(c).l3proto, LINK_PROTO_IPV4);
	assert_int_equal(next(c).l3proto, LINK_PROTO_NONE);
	assert_int_equal(capture_notes(c)->of[CAPTURE_LINK].nr, 1);
	assert_int_equal(capture_notes(c)->of[CAPTURE_LINK].first, 1);
	ends(c, &b);
}

/* Only packets that cannot be decoded: an error, as with such a pcap file. */
static void no_decoder(void **state)
{
	struct ct_error e = { 0 };
	struct blob b = { 0 };
	struct capture_packet p;
	struct capture *c;

	(void)state;
	ng_section(&b, false);
	ng_interface(&b, RAW, 0, 6, 0, false);
	ng_interface(&b, RADIOTAP, 0, 6, 0, false);
	whole(&b, 1, BEGIN, false);
	c = opened(&b);
	next(c);
	assert_true(capture_next(c, &p, &e) < 0);
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_non_null(strstr(e.text, "127"));
	capture_close(c);
	blob_free(&b);
}

static void resolutions(void **state)
{
	static const struct {
		uint8_t resolution;
		int64_t offset_s;
		uint64_t time, ns;
	} cases[] = {
		{ 6, 0, 1700000000123456, UINT64_C(1700000000123456000) },
		{ 9, 0, UINT64_C(1700000000123456789), UINT64_C(1700000000123456789) },
		{ 0, 0, 1700000000, UINT64_C(1700000000000000000) },
		{ 3, 0, 1700000000123, UINT64_C(1700000000123000000) },
		{ 12, 0, UINT64_C(1700000123456789), UINT64_C(1700000123456) },
		{ 19, 0, UINT64_MAX, UINT64_C(1844674407) },
		{ 127, 0, UINT64_MAX, 0 },
		{ 0x80, 0, 1700000000, UINT64_C(1700000000000000000) },
		{ 0x80 | 1, 0, 3, 1500000000 },
		{ 0x80 | 32, 0, BEGIN << 32 | 1u << 30, BEGIN * SECOND + SECOND / 4 },
		{ 0x80 | 127, 0, UINT64_MAX, 0 },
		/* offsets: also without a resolution, below 1970, and out of range */
		{ 6, 1700000000, 5, UINT64_C(1700000000000005000) },
		{ 9, -10, 25 * SECOND, 15 * SECOND },
		{ 9, -10, 5 * SECOND, 0 },
		{ 9, INT64_MIN, 5, 0 },
		{ 9, INT64_MAX, 5, UINT64_MAX },
		{ 0, 0, UINT64_MAX, UINT64_MAX },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int big = 0; big <= 1; big++) {
			struct blob b = { 0 };
			struct capture *c;

			ng_section(&b, big);
			ng_interface(&b, RAW, 0, cases[i].resolution, cases[i].offset_s, big);
			whole(&b, 0, cases[i].time, big);
			c = opened(&b);
			assert_int_equal(next(c).time_ns, cases[i].ns);
			ends(c, &b);
		}
	}
}

/* Packets without a time, and the packet block of old. */
static void other_packets(void **state)
{
	struct blob b = { 0 };
	struct capture_packet p;
	struct capture *c;
	size_t at;

	(void)state;
	for (int big = 0; big <= 1; big++) {
		ng_section(&b, big);
		ng_interface(&b, RAW, 24, 9, 0, big);
		whole(&b, 0, BEGIN * SECOND, big);
		at = ng_begin(&b, BLOCK_SIMPLE, big);
		blob_u32(&b, sizeof(ipv4_packet), big);
		blob_add(&b, ipv4_packet, 24); /* the snapshot length */
		ng_end(&b, at, big);
		at = ng_begin(&b, BLOCK_PACKET, big);
		blob_u16(&b, 0, big);
		blob_u16(&b, 77, big); /* drops */
		blob_u32(&b, (uint32_t)((BEGIN * SECOND + 5) >> 32), big);
		blob_u32(&b, (uint32_t)(BEGIN * SECOND + 5), big);
		blob_u32(&b, 26, big);
		blob_u32(&b, 1000, big);
		blob_add(&b, ipv4_packet, 26);
		ng_end(&b, at, big);
		c = opened(&b);
		next(c);
		p = next(c);
		assert_int_equal(p.caplen, 24);
		assert_int_equal(p.len, sizeof(ipv4_packet));
		assert_int_equal(p.time_ns, 0);
		assert_int_equal(p.clock_ns, 0);
		assert_int_equal(capture_notes(c)->of[CAPTURE_NO_TIME].nr, 1);
		p = next(c);
		assert_int_equal(p.caplen, 26);
		assert_int_equal(p.len, 1000);
		assert_int_equal(p.time_ns, BEGIN * SECOND + 5);
		assert_int_equal(p.clock_ns, 5);
		ends(c, &b);
	}
}

/* Names, statistics, custom and unknown blocks, one larger than any buffer; all kinds of options.
 */
static void other_blocks(void **state)
{
	static const uint32_t types[] = { BLOCK_NAMES, BLOCK_STATISTICS, 7,	    9, 10,
					  0xbad,       0x40000bad,	 0x80000001 };
	static uint8_t junk[200000];
	struct blob b = { 0 };
	struct capture *c;
	size_t at;

	(void)state;
	memset(junk, 0x5a, sizeof(junk));
	ng_section(&b, false);
	ng_interface(&b, RAW, 0, 6, 0, false);
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		at = ng_begin(&b, types[i], false);
		blob_add(&b, junk, i == 6 ? sizeof(junk) : 4 * i);
		ng_end(&b, at, false);
		at = ng_begin(&b, 6, false);
		blob_u32(&b, 0, false);
		blob_u32(&b, 0, false);
		blob_u32(&b, 1000 + i, false);
		blob_u32(&b, sizeof(ipv4_packet), false);
		blob_u32(&b, sizeof(ipv4_packet), false);
		blob_add(&b, ipv4_packet, sizeof(ipv4_packet));
		ng_option(&b, 1, "a comment", 9, false);
		ng_option(&b, 2988, junk, 6, false);
		if (i & 1) /* the end may be left out */
			ng_option(&b, 0, NULL, 0, false);
		ng_end(&b, at, false);
	}
	c = opened(&b);
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_int_equal(next(c).time_ns, (1000 + i) * 1000);
	ends(c, &b);
}

/* A frame check sequence, given by the interface or the packet, is not part of the packet. */
static void check_sequences(void **state)
{
	struct blob b = { 0 };
	struct capture_packet p;
	struct capture *c;
	uint32_t flags = 3 << 5;
	size_t at;

	(void)state;
	ng_section(&b, false);
	for (int bits = 0; bits <= 1; bits++) {
		at = ng_begin(&b, 1, false);
		blob_u16(&b, RAW, false);
		blob_u16(&b, 0, false);
		blob_u32(&b, 0, false);
		ng_option(&b, 13, bits ? " " : "\4", 1, false); /* 32 bits, 4 bytes */
		ng_end(&b, at, false);
	}
	for (uint32_t interface = 0; interface < 2; interface++)
		whole(&b, interface, 1, false);
	ng_packet(&b, 0, 1, ipv4_packet, 25, 28, false);
	at = ng_begin(&b, 6, false);
	blob_u32(&b, 0, false);
	blob_u32(&b, 0, false);
	blob_u32(&b, 0, false);
	blob_u32(&b, sizeof(ipv4_packet), false);
	blob_u32(&b, sizeof(ipv4_packet), false);
	blob_add(&b, ipv4_packet, sizeof(ipv4_packet));
	ng_option(&b, 2, &flags, 4, false);
	ng_end(&b, at, false);
	c = opened(&b);
	for (int i = 0; i < 2; i++) {
		p = next(c);
		assert_int_equal(p.caplen, 24);
		assert_int_equal(p.len, 24);
	}
	p = next(c); /* cut before it */
	assert_int_equal(p.caplen, 24);
	assert_int_equal(p.len, 24);
	p = next(c);
	assert_int_equal(p.caplen, 25);
	assert_int_equal(p.len, 25);
	ends(c, &b);
}

/* The error of a file whose third packet this block is, or which ends with it. */
static void expect_damage(const struct blob *tail, const char *why)
{
	struct ct_error e = { 0 }, again = { 0 };
	struct blob b = { 0 };
	struct capture_packet p;
	struct capture *c;
	int ret;

	ng_section(&b, false);
	ng_interface(&b, RAW, 0, 6, 0, false);
	whole(&b, 0, 1, false);
	whole(&b, 0, 2, false);
	blob_add(&b, tail->data, tail->size);
	c = opened(&b);
	next(c);
	next(c);
	ret = capture_next(c, &p, &e);
	if (ret >= 0 || !strstr(e.text, "after packet 2 ") || !strstr(e.text, why))
		fail_msg("'%s' does not say '%s'", e.text, why);
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_int_equal(capture_next(c, &p, &again), ret);
	assert_string_equal(again.text, e.text);
	capture_close(c);
	blob_free(&b);
}

static void expect_damage_of(uint32_t type, const uint32_t *body, size_t words, const char *why)
{
	struct blob b = { 0 };
	size_t at = ng_begin(&b, type, false);

	blob_add(&b, body, words * 4);
	ng_end(&b, at, false);
	expect_damage(&b, why);
	blob_free(&b);
}

static void damaged(void **state)
{
	const uint32_t packet[] = { 0, 0, 0, 8, 8, 0, 0 };
	uint32_t other[7];
	struct blob b = { 0 };

	(void)state;
	memcpy(other, packet, sizeof(other));
	other[0] = 1;
	expect_damage_of(6, other, 7, "interface");
	other[0] = 0;
	other[3] = 9;
	expect_damage_of(6, other, 7, "longer");
	other[3] = 0xffffffff;
	expect_damage_of(6, other, 7, "longer");
	expect_damage_of(6, packet, 4, "too short");
	expect_damage_of(2, packet, 4, "too short");
	expect_damage_of(3, packet, 0, "too short");
	expect_damage_of(3, packet + 3, 1, "longer");
	expect_damage_of(1, packet, 1, "too short");
	for (uint32_t length = 0; length < 40; length++) {
		blob_u32(&b, 5, false);
		blob_u32(&b, length, false);
		blob_add(&b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
			 32);
		if (length < 12 || length % 4)
			expect_damage(&b, "impossible length");
		blob_free(&b);
	}
	whole(&b, 0, 3, false);
	b.data[b.size - 4] ^= 4;
	expect_damage(&b, "lengths");
	/* cut off at each length, also of a block that would be skipped */
	for (size_t size = b.size - 1; size > 0; size--) {
		b.size = size;
		expect_damage(&b, "cut off");
		b.data[0] = 5;
		expect_damage(&b, "cut off");
		b.data[0] = 6;
	}
	blob_free(&b);
	/* sections: without byte order, of another version */
	ng_section(&b, false);
	b.data[8] = 0;
	expect_damage(&b, "byte order");
	blob_free(&b);
	ng_section(&b, false);
	b.data[12] = 2;
	expect_damage(&b, "version");
	blob_free(&b);
	/* a section forgets the interfaces of the one before */
	ng_section(&b, true);
	whole(&b, 0, 3, true);
	expect_damage(&b, "interface");
	blob_free(&b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sections),	   cmocka_unit_test(interfaces),
	cmocka_unit_test(no_decoder),	   cmocka_unit_test(resolutions),
	cmocka_unit_test(other_packets),   cmocka_unit_test(other_blocks),
	cmocka_unit_test(check_sequences), cmocka_unit_test(damaged),
};
CT_TEST_MAIN(tests, NULL, NULL)
