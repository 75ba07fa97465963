/* SPDX-License-Identifier: MIT */
/*
 * Capture times that jump: the clock that is made of them never goes back, and
 * advances by the gaps between packets; jumps are counted.
 */
#include "harness/traffic/capture.h"
#include "harness/traffic/capture_clock.h"
#include "tests/fixture/capture_files.h"
#include "tests/fixture/cmocka.h"

#include <stdio.h>

#define SECOND UINT64_C(1000000000)
#define DAY    UINT64_C(86400)
#define NOW    UINT64_C(1700000000)
#define MAX    400

/* A capture of packets at these times; each carries its number. */
struct times {
	uint64_t ms[MAX];
	unsigned int nr;
};

static void add(struct times *t, uint64_t ms)
{
	assert_true(t->nr < MAX);
	t->ms[t->nr++] = ms;
}

/* n packets from `from` on, gap apart. */
static void run(struct times *t, unsigned int n, uint64_t from, uint64_t gap)
{
	for (unsigned int i = 0; i < n; i++)
		add(t, from + i * gap);
}

/* Read it; the clock at each packet, in ms, into at (NULL: not wanted). */
static struct capture_notes read_times(const struct times *t, uint64_t *at)
{
	struct ct_error e = { 0 };
	struct capture_notes notes;
	struct blob b = { 0 };
	struct capture_packet p;
	struct capture *c;
	uint64_t last = 0;
	unsigned int nr = 0;
	int ret;

	pcap_begin(&b, 101, false, false);
	for (unsigned int i = 0; i < t->nr; i++) {
		uint8_t packet[sizeof(ipv4_packet)];

		memcpy(packet, ipv4_packet, sizeof(packet));
		packet[4] = (uint8_t)(i >> 8);
		packet[5] = (uint8_t)i;
		pcap_packet(&b, false, (uint32_t)(t->ms[i] / 1000),
			    (uint32_t)(t->ms[i] % 1000) * 1000, packet, sizeof(packet),
			    sizeof(packet));
	}
	assert_int_equal(capture_open_memory(&c, b.data, b.size, "times", &e), 0);
	while ((ret = capture_next(c, &p, &e)) > 0) {
		/* packets that were read ahead: in order, and complete */
		assert_int_equal(p.index, nr);
		assert_int_equal(p.l3[4] << 8 | p.l3[5], nr);
		assert_int_equal(p.time_ns, t->ms[nr] * 1000000);
		assert_true(p.clock_ns >= last);
		last = p.clock_ns;
		if (at)
			at[nr] = p.clock_ns / 1000000;
		nr++;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(nr, t->nr);
	notes = *capture_notes(c);
	capture_close(c);
	blob_free(&b);
	return notes;
}

static void
expect(const struct capture_notes *n, enum capture_note what, uint64_t nr, uint64_t first)
{
	assert_int_equal(n->of[what].nr, nr);
	if (nr)
		assert_int_equal(n->of[what].first, first);
}

static void expect_sound(const struct capture_notes *n)
{
	unsigned int at = 0;
	char text[256];

	if (capture_notes_text(n, &at, text, sizeof(text)))
		fail_msg("%s", text);
}

/* Gaps of any length are kept if nothing goes back. */
static void forward(void **state)
{
	struct times t = { .nr = 0 };
	struct capture_notes n;
	uint64_t at[MAX];

	(void)state;
	run(&t, 100, NOW * 1000, 60000);
	n = read_times(&t, at);
	expect_sound(&n);
	assert_int_equal(at[99], 99 * 60000);
	/* long silences are kept, and reported */
	run(&t, 100, (NOW + DAY) * 1000, 1);
	run(&t, 1, (NOW + 10000 * DAY) * 1000, 1);
	n = read_times(&t, at);
	assert_int_equal(at[100], DAY * 1000);
	assert_int_equal(at[200], 10000 * DAY * 1000);
	expect(&n, CAPTURE_BACK, 0, 0);
	expect(&n, CAPTURE_MENDED, 0, 0);
	expect(&n, CAPTURE_SILENCE, 2, 100);
}

/* Packets out of order: the clock does not advance meanwhile. */
static void disorder(void **state)
{
	static const uint64_t ms[] = { 0, 100, 50, 120, 1000, 1, 1200 };
	static const uint64_t want[] = { 0, 100, 100, 120, 1000, 1000, 1200 };
	struct times t = { .nr = 0 };
	struct capture_notes n;
	uint64_t at[MAX];

	(void)state;
	for (unsigned int i = 0; i < 7; i++)
		add(&t, NOW * 1000 + ms[i]);
	n = read_times(&t, at);
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(at[i], want[i]);
	expect(&n, CAPTURE_BACK, 2, 2);
	assert_int_equal(n.of[CAPTURE_BACK].most, 999000000);
	expect(&n, CAPTURE_MENDED, 0, 0);
}

/* One packet of another clock, at each place, ahead and behind. */
static void outlier(void **state)
{
	static const int64_t off[] = { 30 * (int64_t)DAY,  3600,	  60,	     -60, -3600,
				       -30 * (int64_t)DAY, -(int64_t)NOW, 1000000000 };

	(void)state;
	for (unsigned int k = 0; k < sizeof(off) / sizeof(off[0]); k++) {
		for (unsigned int place = 0; place < 119; place += 17) {
			struct times t = { .nr = 0 };
			struct capture_notes n;
			uint64_t at[MAX];

			run(&t, 120, NOW * 1000, 5000);
			t.ms[place] += (uint64_t)(off[k] * 1000);
			n = read_times(&t, at);
			/* after the first packet there is no earlier clock to distinguish it from a
			 * silence */
			if (!place && off[k] < 0 && off[k] != -(int64_t)NOW)
				continue;
			if (place)
				assert_int_equal(at[119], 119 * 5000);
			else
				assert_in_range(at[119], 118 * 5000, 119 * 5000);
			assert_in_range(at[place], place ? at[place - 1] : 0, at[place + 1]);
			assert_true(n.of[CAPTURE_BACK].nr + n.of[CAPTURE_NO_TIME].nr +
					    n.of[CAPTURE_MENDED].nr >
				    0);
			expect(&n, CAPTURE_SILENCE, 0, 0);
		}
	}
}

/* Several packets in a row of another clock, and two clocks in turns. */
static void two_clocks(void **state)
{
	struct times t = { .nr = 0 };
	struct capture_notes n;
	uint64_t at[MAX];

	(void)state;
	run(&t, 50, NOW * 1000, 1000);
	run(&t, 40, (NOW + DAY) * 1000, 1000);
	run(&t, 50, (NOW + 90) * 1000, 1000);
	n = read_times(&t, at);
	assert_in_range(at[139], 137 * 1000, 140 * 1000);
	expect(&n, CAPTURE_MENDED, 1, 50);
	expect(&n, CAPTURE_BACK, 1, 90);

	t.nr = 0;
	for (unsigned int i = 0; i < 300; i++)
		add(&t, (NOW + i) * 1000 + (i % 3 == 1 ? DAY * 1000 : i % 3 == 2 ? 20000 : 0));
	n = read_times(&t, at);
	assert_in_range(at[299], 290 * 1000, 300 * 1000);
	assert_true(n.of[CAPTURE_MENDED].nr <= 4);
	assert_true(n.of[CAPTURE_BACK].nr >= 99);
}

/* Files joined in the wrong order, and one file twice: gaps within each stay. */
static void joined(void **state)
{
	struct times t = { .nr = 0 };
	struct capture_notes n;
	uint64_t at[MAX];

	(void)state;
	run(&t, 60, (NOW + 3600) * 1000, 60000);
	run(&t, 60, NOW * 1000, 60000);
	n = read_times(&t, at);
	for (unsigned int i = 1; i < 120; i++)
		assert_int_equal(at[i] - at[i - 1], i == 60 ? 0 : 60000);
	expect(&n, CAPTURE_BACK, 1, 60);
	expect(&n, CAPTURE_MENDED, 1, 60);

	t.nr = 0;
	run(&t, 60, NOW * 1000, 30000);
	run(&t, 60, NOW * 1000, 30000);
	run(&t, 60, NOW * 1000, 30000);
	n = read_times(&t, at);
	for (unsigned int i = 1; i < 180; i++)
		assert_int_equal(at[i] - at[i - 1], i % 60 ? 30000 : 0);
	expect(&n, CAPTURE_MENDED, 2, 60);
}

/* A clock that was set while it captured. */
static void set_clock(void **state)
{
	struct times t = { .nr = 0 };
	struct capture_notes n;
	uint64_t at[MAX];

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		add(&t, (NOW + i - (i >= 30 ? 7 : 0) - (i >= 60 ? 7200 : 0)) * 1000);
	n = read_times(&t, at);
	assert_int_equal(at[99], 97 * 1000);
	expect(&n, CAPTURE_BACK, 2, 30);
	expect(&n, CAPTURE_MENDED, 2, 30);
}

/* Time 0 is none, unless the capture counts from 0. */
static void no_time(void **state)
{
	struct times t = { .nr = 0 };
	struct capture_notes n;
	uint64_t at[MAX];

	(void)state;
	run(&t, 20, NOW * 1000, 1000);
	for (unsigned int i = 0; i < 20; i += 4)
		t.ms[i] = 0;
	n = read_times(&t, at);
	assert_int_equal(at[19], 18 * 1000);
	assert_int_equal(at[8], at[7]);
	expect(&n, CAPTURE_NO_TIME, 4, 4);
	expect(&n, CAPTURE_MENDED, 1, 1);
	expect(&n, CAPTURE_BACK, 0, 0);
	expect(&n, CAPTURE_SILENCE, 0, 0);

	t.nr = 0;
	run(&t, 20, 0, 30000);
	n = read_times(&t, at);
	expect_sound(&n);
	assert_int_equal(at[19], 19 * 30000);

	memset(t.ms, 0, sizeof(t.ms));
	n = read_times(&t, at);
	expect_sound(&n);
	assert_int_equal(at[19], 0);
}

/* Fractions of a second in the wrong unit. */
static void units(void **state)
{
	for (int nano = 0; nano <= 1; nano++) {
		struct ct_error e = { 0 };
		struct blob b = { 0 };
		struct capture_packet p;
		struct capture *c;

		(void)state;
		pcap_begin(&b, 101, nano, false);
		for (unsigned int i = 0; i < 100; i++)
			pcap_packet(&b, false, (uint32_t)NOW + i / 10,
				    (i % 10) * (nano ? 100000 : 100000000), ipv4_packet, 28, 28);
		assert_int_equal(capture_open_memory(&c, b.data, b.size, "units", &e), 0);
		while (capture_next(c, &p, &e) > 0)
			if (!nano) {
				assert_int_equal(p.time_ns, NOW * SECOND + p.index * (SECOND / 10));
				assert_int_equal(p.clock_ns, p.index * (SECOND / 10));
			}
		assert_int_equal(capture_notes(c)->of[CAPTURE_NANO].nr, !nano);
		assert_int_equal(capture_notes(c)->of[CAPTURE_MICRO].nr, nano ? 100 : 0);
		expect(capture_notes(c), CAPTURE_BACK, 0, 0);
		capture_close(c);
		blob_free(&b);
	}
}

/* More clocks than are remembered, and times at both ends of the range. */
static void extremes(void **state)
{
	struct capture_clock c = { 0 };
	uint64_t last = 0, state64 = 1;
	bool mended;

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t now;

		state64 = state64 * 6364136223846793005u + 1442695040888963407u;
		now = capture_clock_at(&c, i % 3 ? state64 : state64 >> 33, i % 7 == 0, &mended);
		assert_true(now >= last);
		assert_true(c.nr <= CAPTURE_CLOCKS);
		last = now;
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(forward),    cmocka_unit_test(disorder), cmocka_unit_test(outlier),
	cmocka_unit_test(two_clocks), cmocka_unit_test(joined),	  cmocka_unit_test(set_clock),
	cmocka_unit_test(no_time),    cmocka_unit_test(units),	  cmocka_unit_test(extremes),
};
CT_TEST_MAIN(tests, NULL, NULL)
