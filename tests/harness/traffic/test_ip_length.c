/* SPDX-License-Identifier: MIT */
/*
 * The length of a packet by its IP header, for all headers, captured lengths
 * and padding of the link.  The answers are those of Linux for each
 * case (tests/conformance: tcp_offload, fuzz_*, ip_*).
 */
#include "harness/traffic/capture.h"
#include "harness/traffic/frames.h"
#include "harness/traffic/ip_length.h"
#include "tests/fixture/capture_files.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/packets.h"

#include <stdio.h>

static void
expect(const struct packet *p, uint32_t caplen, uint32_t len, enum ip_length kind, uint32_t bytes)
{
	uint32_t got;
	enum ip_length k =
		ip_length(p->b, caplen, len, p->ipv6 ? LINK_PROTO_IPV6 : LINK_PROTO_IPV4, &got);

	assert_int_equal(k, kind);
	if (ip_length_passes(kind))
		assert_int_equal(got, bytes);
}

static void ipv4(void **state)
{
	struct packet p;

	(void)state;
	packet_udp(&p, false, CLIENT, 12);
	expect(&p, 40, 40, IP_LENGTH_OK, 40);
	expect(&p, 40, 46, IP_LENGTH_OK, 40); /* padding, or a check sequence */
	expect(&p, 28, 40, IP_LENGTH_OK, 40); /* cut by the snapshot length */
	expect(&p, 20, 40, IP_LENGTH_OK, 40);
	expect(&p, 19, 40, IP_LENGTH_CUT, 0);
	expect(&p, 0, 40, IP_LENGTH_CUT, 0);
	expect(&p, 39, 39, IP_LENGTH_BEYOND, 0); /* and no trace that it was longer */
	expect(&p, 28, 39, IP_LENGTH_BEYOND, 0);
	expect(&p, 19, 19, IP_LENGTH_BROKEN, 0);
	put16(p.b + 2, 19);
	expect(&p, 40, 40, IP_LENGTH_BROKEN, 0);
	put16(p.b + 2, 20);
	expect(&p, 40, 40, IP_LENGTH_OK, 20);
	put16(p.b + 2, 65535);
	expect(&p, 40, 65535, IP_LENGTH_OK, 65535);
	expect(&p, 40, 65534, IP_LENGTH_BEYOND, 0);
	put16(p.b + 2, 40);
	p.b[0] = 0x44;
	expect(&p, 40, 40, IP_LENGTH_BROKEN, 0);
	p.b[0] = 0x65;
	expect(&p, 40, 40, IP_LENGTH_BROKEN, 0);
	p.b[0] = 0x4f; /* options that are not there */
	expect(&p, 40, 40, IP_LENGTH_BROKEN, 0);
	expect(&p, 40, 60, IP_LENGTH_BROKEN, 0);
	p.b[0] = 0x4a;
	expect(&p, 40, 40, IP_LENGTH_OK, 40);
}

/* Total length 0: with TCP the whole packet, because segmentation offload leaves it so. */
static void offload(void **state)
{
	static const struct tcp_spec data = { .flags = 0x18, .len = 4000 };
	struct packet p;

	(void)state;
	packet_tcp(&p, false, CLIENT, &data);
	put16(p.b + 2, 0);
	expect(&p, 4040, 4040, IP_LENGTH_OFFLOAD, 4040);
	expect(&p, 54, 4040, IP_LENGTH_OFFLOAD, 4040);
	expect(&p, 54, 200000, IP_LENGTH_OFFLOAD, 200000); /* BIG TCP */
	packet_udp(&p, false, CLIENT, 12);
	put16(p.b + 2, 0);
	expect(&p, 40, 40, IP_LENGTH_ZERO, 0);
	packet_tcp(&p, true, CLIENT, &data);
	put16(p.b + 4, 0);
	expect(&p, 4060, 4060, IP_LENGTH_ZERO_IPV6, 40);
	expect(&p, 60, 60, IP_LENGTH_ZERO_IPV6, 40);
	expect(&p, 59, 59, IP_LENGTH_OK, 40); /* padding, not a TCP header */
	packet_udp(&p, true, CLIENT, 12);
	put16(p.b + 4, 0);
	expect(&p, 60, 60, IP_LENGTH_OK, 40);
}

static void ipv6(void **state)
{
	struct packet p;

	(void)state;
	packet_udp(&p, true, CLIENT, 12);
	expect(&p, 60, 60, IP_LENGTH_OK, 60);
	expect(&p, 60, 64, IP_LENGTH_OK, 60);
	expect(&p, 40, 60, IP_LENGTH_OK, 60);
	expect(&p, 39, 60, IP_LENGTH_CUT, 0);
	expect(&p, 59, 59, IP_LENGTH_BEYOND, 0);
	expect(&p, 39, 39, IP_LENGTH_BROKEN, 0);
	p.b[0] = 0x40;
	expect(&p, 60, 60, IP_LENGTH_BROKEN, 0);
}

/* A hop-by-hop header of 8 bytes with these 6 bytes of options before TCP, payload length 0. */
static void with_options(struct packet *p, const char *options)
{
	packet_begin(p, true, CLIENT, IPPROTO_HOPOPTS);
	packet_add(p, "\6\0", 2);
	packet_add(p, options, 6);
	packet_add(p, NULL, 60);
	put16(p->b + 4, 0);
}

static void jumbo(void **state)
{
	struct packet p;

	(void)state;
	with_options(&p, "\xc2\4\0\1\0\0"); /* 65536 */
	expect(&p, 108, 65576, IP_LENGTH_JUMBO, 65576);
	expect(&p, 108, 65580, IP_LENGTH_JUMBO, 65576);
	expect(&p, 108, 65575, IP_LENGTH_BEYOND, 0);
	expect(&p, 48, 65580, IP_LENGTH_JUMBO, 65576);
	/* cut before it can be read: assumed to be right */
	for (uint32_t caplen = 40; caplen < 48; caplen++)
		expect(&p, caplen, 65580, IP_LENGTH_OK, 65580);
	with_options(&p, "\xc2\4\0\0\xff\xff"); /* not a jumbogram */
	expect(&p, 108, 70000, IP_LENGTH_BROKEN, 0);
	/* beside another length, which Linux refuses however long the packet is */
	with_options(&p, "\xc2\4\0\1\0\0");
	put16(p.b + 4, 68);
	expect(&p, 108, 108, IP_LENGTH_BROKEN, 0);
	expect(&p, 108, 65576, IP_LENGTH_BROKEN, 0);
	with_options(&p, "\1\4\0\0\0\0");
	put16(p.b + 4, 68);
	expect(&p, 108, 108, IP_LENGTH_OK, 108);
	with_options(&p, "\xc2\3\0\1\0\0");
	expect(&p, 108, 70000, IP_LENGTH_BROKEN, 0);
	with_options(&p, "\xc2\4\xff\xff\xff\xff");
	expect(&p, 108, 70000, IP_LENGTH_BEYOND, 0);
	with_options(&p, "\1\4\0\0\0\0"); /* none: as long as it came */
	expect(&p, 108, 108, IP_LENGTH_OK, 108);
	with_options(&p, "\1\xff\0\0\0\0");
	expect(&p, 108, 108, IP_LENGTH_OK, 108);
}

/* --- Notes of a capture --- */

struct told {
	enum capture_note what;
	uint32_t caplen, len;
	bool frame; /* does a benchmark send it? */
};

static void put_case(struct blob *b, const struct packet *p, const struct told *t)
{
	pcap_packet(b, false, 1000, 0, p->b, t->caplen, t->len);
}

/* Each kind once, between sound packets: counted, and cut to length or left out of benchmarks. */
static void told(void **state)
{
	static const struct tcp_spec data = { .flags = 0x18, .len = 400 };
	static const struct told cases[] = {
		{ CAPTURE_OFFLOAD, 60, 440, true },	  { CAPTURE_ZERO_IPV6, 60, 460, true },
		{ CAPTURE_ZERO, 60, 60, false },	  { CAPTURE_BEYOND, 60, 400, false },
		{ CAPTURE_BROKEN, 60, 440, false },	  { CAPTURE_CUT_IP, 19, 440, false },
		{ CAPTURE_CUT_TRANSPORT, 39, 440, true }, { CAPTURE_WIRE, 440, 60, true },
	};
	enum { NR = sizeof(cases) / sizeof(cases[0]) };
	const struct told sound = { .caplen = 440, .len = 446 };
	static const char path[] = "/tmp/ctbench-lengths.pcap";
	struct capture_set set;
	struct frame_set frames;
	struct ct_error e = { 0 };
	struct blob b = { 0 };
	size_t sent = 0;
	FILE *f;

	(void)state;
	pcap_begin(&b, 101, false, false);
	for (unsigned int i = 0; i < NR; i++) {
		struct packet p;

		packet_tcp(&p, cases[i].what == CAPTURE_ZERO_IPV6, CLIENT, &data);
		if (cases[i].what == CAPTURE_OFFLOAD || cases[i].what == CAPTURE_ZERO)
			put16(p.b + 2, 0);
		if (cases[i].what == CAPTURE_ZERO_IPV6)
			put16(p.b + 4, 0);
		if (cases[i].what == CAPTURE_ZERO)
			p.b[9] = IPPROTO_UDP;
		if (cases[i].what == CAPTURE_BROKEN)
			p.b[0] = 0x41;
		put_case(&b, &p, &cases[i]);
		packet_tcp(&p, false, CLIENT, &data);
		put_case(&b, &p, &sound);
		sent += cases[i].frame + 1u;
	}
	f = fopen(path, "wb");
	assert_non_null(f);
	fwrite(b.data, 1, b.size, f);
	fclose(f);
	assert_int_equal(capture_load(path, &set, &e), 0);
	remove(path);
	assert_int_equal(set.notes.packets, 2 * NR);
	assert_int_equal(set.notes.ip, 2 * NR);
	for (unsigned int i = 0; i < NR; i++) {
		assert_int_equal(set.notes.of[cases[i].what].nr, 1);
		assert_int_equal(set.notes.of[cases[i].what].first, 2 * i);
	}
	assert_int_equal(frames_from_capture(&frames, &set, 3, SPLIT_ROUND_ROBIN, 0, 1, &e), 0);
	assert_int_equal(frames.nr, 3 * sent);
	assert_int_equal(frames.whole_nr, 3 * sent);
	for (size_t i = 0; i < frames.nr; i++) {
		assert_true(frames.frames[i].headlen <= frames.frames[i].len);
		assert_true(frames.frames[i].len == 440 || frames.frames[i].len == 40);
	}
	frame_set_free(&frames);
	capture_set_free(&set);
	blob_free(&b);
}

static unsigned int sentences(const struct capture_notes *n)
{
	unsigned int at = 0, nr = 0;
	char text[256];

	while (capture_notes_text(n, &at, text, sizeof(text))) {
		assert_true(strlen(text) < sizeof(text) - 1);
		assert_null(strchr(text, '\n'));
		nr++;
	}
	assert_null(capture_notes_text(n, &at, text, sizeof(text)));
	return nr;
}

static void notes(void **state)
{
	struct capture_notes n = { 0 };

	(void)state;
	assert_int_equal(sentences(&n), 1); /* no packets */
	n.packets = 5;
	assert_int_equal(sentences(&n), 1); /* none of them IP */
	n.ip = 5;
	assert_int_equal(sentences(&n), 0);
	for (unsigned int i = 0; i < CAPTURE_NOTES; i++) {
		capture_notes_add(&n, i, UINT64_MAX, UINT64_MAX);
		assert_int_equal(sentences(&n), i + 1);
		capture_notes_add(&n, i, 7, 7);
		assert_int_equal(n.of[i].nr, 2);
		assert_int_equal(n.of[i].first, UINT64_MAX);
		assert_int_equal(n.of[i].most, UINT64_MAX);
		n.of[i].nr = UINT64_MAX;
		assert_int_equal(sentences(&n), i + 1);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ipv4),	 cmocka_unit_test(offload), cmocka_unit_test(ipv6),
	cmocka_unit_test(jumbo), cmocka_unit_test(told),    cmocka_unit_test(notes),
};
CT_TEST_MAIN(tests, NULL, NULL)
