/* SPDX-License-Identifier: MIT */
/*
 * Damaged captures: each gives one sentence that
 * names the file and its fault, and the exit status of errors that a user can
 * repair.  And captures mutated at random, with fixed seeds: no bytes may cause
 * more than an error (checked with sanitizers).
 */
#include "harness/traffic/capture.h"
#include "tests/fixture/capture_files.h"
#include "tests/fixture/capture_folder.h"
#include "tests/fixture/cmocka.h"

#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Read a capture to its error: packets come first, then an error with each of
 * the words in its sentence, and the same one again.
 */
static void expect_error(struct capture *c, int err, struct ct_error *e, uint64_t packets,
			 const char *const words[])
{
	struct capture_packet p;
	struct ct_error again = { 0 };
	uint64_t nr = 0;

	if (!err) {
		while ((err = capture_next(c, &p, e)) > 0)
			nr++;
		assert_int_equal(capture_next(c, &p, &again), err);
		assert_string_equal(again.text, e->text);
		capture_close(c);
	}
	assert_true(err < 0);
	assert_int_equal(e->status, CT_EXIT_USER);
	assert_int_equal(nr, packets);
	assert_null(strchr(e->text, '\n'));
	for (; *words; words++)
		if (!strstr(e->text, *words))
			fail_msg("'%s' does not say '%s'", e->text, *words);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void expect_blob_error(const struct blob *b, uint64_t packets, const char *const words[])
{
	struct ct_error e = { 0 };
	struct capture *c;
	int err = capture_open_memory(&c, b->data, b->size, "trace.pcap", &e);

	expect_error(c, err, &e, packets, words);
	assert_non_null(strstr(e.text, "trace.pcap"));
}

static void expect_path_error(const char *path, const char *const words[])
{
	struct capture_set set = { .nr = 1 };
	struct ct_error e = { 0 };
	struct capture *c = NULL;
	int err = capture_open(&c, path, &e);

	expect_error(c, err, &e, 0, words);
	assert_null(c);
	memset(&e, 0, sizeof(e));
	assert_true(capture_load(path, &set, &e) < 0);
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(set.nr, 0);
	assert_null(set.packets);
}

static void five_packets(struct blob *b)
{
	pcap_begin(b, 101, false, false);
	for (unsigned int i = 0; i < 5; i++)
		pcap_packet(b, false, i, 0, ipv4_packet, sizeof(ipv4_packet), sizeof(ipv4_packet));
}

static void five_ng_packets(struct blob *b)
{
	pcapng_begin(b);
	pcapng_interface(b, 228, 4096);
	for (unsigned int i = 0; i < 5; i++)
		pcapng_packet(b, 0, i, ipv4_packet, sizeof(ipv4_packet), sizeof(ipv4_packet));
}

/* cat a.pcap b.pcap, also where b was written on a machine of the other byte order. */
static void test_joined(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct blob b = { 0 };

		five_packets(&b);
		pcap_begin(&b, 101, i & 1, i & 2);
		pcap_packet(&b, i & 2, 9, 0, ipv4_packet, sizeof(ipv4_packet), sizeof(ipv4_packet));
		expect_blob_error(&b, 5, WORDS("after packet 5", "mergecap"));
		blob_free(&b);
	}
}

static void test_absent(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/absent.pcap", folder);
	expect_path_error(path, WORDS(path, "cannot open", "No such file"));
}

static void test_folder(void **state)
{
	(void)state;
	expect_path_error(folder, WORDS(folder, "is a directory"));
}

static void test_unreadable(void **state)
{
	bool root = !geteuid();
	char path[128];
	FILE *f;

	(void)state;
	/* root reads everything, so become another user for this */
	if (root && seteuid(65534))
		skip();
	snprintf(path, sizeof(path), "/tmp/ctbench-unreadable-%d", (int)getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(chmod(path, 0), 0);
	expect_path_error(path, WORDS(path, "cannot open", "Permission denied"));
	unlink(path);
	if (root)
		assert_int_equal(seteuid(0), 0);
}

static void test_empty(void **state)
{
	char path[128];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/empty.pcap", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	expect_path_error(path, WORDS(path, "is empty"));
	unlink(path);
}

static void test_garbage(void **state)
{
	struct blob b = { 0 };

	(void)state;
	blob_add(&b, "a", 1);
	expect_blob_error(&b, 0, WORDS("pcapng"));
	for (int i = 0; i < 1000; i++)
		blob_add(&b, "garbage", 7);
	expect_blob_error(&b, 0, WORDS("pcapng"));
	blob_free(&b);
}

/* The file header cut at each length: no packets, not a capture. */
static void test_cut_header(void **state)
{
	struct blob b = { 0 };

	(void)state;
	pcap_begin(&b, 101, false, false);
	for (size_t size = 1; size < 24; size++) {
		struct blob cut = { .data = b.data, .size = size };

		expect_blob_error(&cut, 0, WORDS("pcapng"));
	}
	blob_free(&b);
}

/* Cut at each length: all complete packets, then the error with its place. */
static void test_cut_packet(void **state)
{
	struct blob b = { 0 };
	size_t record = 16 + sizeof(ipv4_packet);

	(void)state;
	five_packets(&b);
	for (size_t size = 24; size < b.size; size++) {
		struct blob cut = { .data = b.data, .size = size };
		uint64_t whole = (size - 24) / record;
		char after[32];

		if ((size - 24) % record == 0)
			continue; /* that is a shorter capture, not a cut one */
		snprintf(after, sizeof(after), "after packet %d ", (int)whole);
		expect_blob_error(&cut, whole, WORDS("cut off", after));
	}
	blob_free(&b);
	five_ng_packets(&b);
	b.size -= 9;
	expect_blob_error(&b, 4, WORDS("cut off", "after packet 4 "));
	blob_free(&b);
}

/* A captured length that no packet has. */
static void test_damaged_packet(void **state)
{
	struct blob b = { 0 };

	(void)state;
	five_packets(&b);
	memset(b.data + 24 + 3 * (16 + sizeof(ipv4_packet)) + 8, 0xff, 4);
	expect_blob_error(&b, 3, WORDS("after packet 3", "libpcap"));
	blob_free(&b);
}

static void test_link_types(void **state)
{
	struct blob b = { 0 };

	(void)state;
	pcap_begin(&b, 105, false, false);
	expect_blob_error(&b, 0, WORDS("IEEE802_11", "105", "known are Ethernet"));
	blob_free(&b);
	pcap_begin(&b, 9999, false, false);
	expect_blob_error(&b, 0, WORDS("9999", "unknown", "known are Ethernet"));
	blob_free(&b);
}

static void test_damaged_zstd(void **state)
{
	struct blob plain = { 0 }, b = { 0 };
	uint32_t seed = 1;

	(void)state;
	five_packets(&plain);
	zstd_frame(&b, plain.data, plain.size);
	/* cut off: at each length that is long enough to be known as zstd */
	for (size_t size = 4; size < b.size; size++) {
		struct blob cut = { .data = b.data, .size = size };
		struct ct_error e = { 0 };
		struct capture *c;
		int err = capture_open_memory(&c, cut.data, cut.size, "trace.pcap", &e);
		struct capture_packet p;

		while (!err && (err = capture_next(c, &p, &e)) > 0)
			err = 0;
		assert_true(err < 0);
		assert_non_null(strstr(e.text, "trace.pcap: "));
		capture_close(c);
	}
	blob_free(&b);

	/* damaged after a complete frame: its packets come before the error */
	zstd_frame(&b, plain.data, plain.size);
	blob_add(&b, "garbage", 7);
	expect_blob_error(&b, 5, WORDS("zstd", "damaged", "5 packets"));
	blob_free(&b);

	/* damaged in the middle of data that does not shrink */
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1664525 + 1013904223;
		pcap_packet(&plain, false, seed, 0, &seed, 4, 4);
	}
	zstd_frame(&b, plain.data, plain.size);
	memset(b.data + 5, 0xff, 1000);
	expect_blob_error(&b, 0, WORDS("zstd", "damaged"));
	blob_free(&b);
	blob_free(&plain);
}

static void test_other_packers(void **state)
{
	struct blob b = { 0 };

	(void)state;
	blob_add(&b, "\x1f\x8b\x08\0\0\0\0\0", 8);
	expect_blob_error(&b, 0, WORDS("gzip -dc"));
	blob_free(&b);
	blob_add(&b,
		 "\xfd"
		 "7zXZ\0\0",
		 7);
	expect_blob_error(&b, 0, WORDS("xz -dc"));
	blob_free(&b);
}

/* xorshift64 (Marsaglia, 2003): small, and the same everywhere. */
static uint64_t fuzz_state;

static uint32_t fuzz_random(uint32_t below)
{
	fuzz_state ^= fuzz_state << 13;
	fuzz_state ^= fuzz_state >> 7;
	fuzz_state ^= fuzz_state << 17;
	return (uint32_t)((fuzz_state >> 16) % below);
}

/*
 * Spoil a copy of b: some bits or bytes or 32-bit words (lengths) changed, a
 * piece taken out or put in twice, the end cut off.  Most of it hits near the
 * front, where the headers of file, block and frame are.
 */
static void spoil(struct blob *b)
{
	static const uint32_t words[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc };
	uint32_t changes = 1 + fuzz_random(8);

	while (changes-- && b->size > 8) {
		uint32_t range = fuzz_random(2) && b->size > 200 ? 200 : (uint32_t)b->size;
		uint32_t at = fuzz_random(range - 4);
		uint32_t n;

		switch (fuzz_random(6)) {
		case 0:
		case 1:
			b->data[at] ^= (uint8_t)(1 << fuzz_random(8));
			break;
		case 2:
			b->data[at] = (uint8_t)fuzz_random(256);
			break;
		case 3:
			memcpy(b->data + at, &words[fuzz_random(6)], 4);
			break;
		case 4:
			n = fuzz_random((uint32_t)b->size - at);
			n = n > 64 ? 64 : n;
			memmove(b->data + at, b->data + at + n, b->size - at - n);
			b->size -= n;
			break;
		case 5:
			if (!fuzz_random(3))
				b->size = 1 + fuzz_random((uint32_t)b->size);
			break;
		}
	}
}

static void read_through(const struct blob *b, uint64_t *sum)
{
	/* a block of just this size, so that a sanitizer sees each byte too far */
	uint8_t *exact = malloc(b->size);
	struct ct_error e = { 0 };
	struct capture_packet p;
	struct capture *c;
	int ret;

	memcpy(exact, b->data, b->size);
	ret = capture_open_memory(&c, exact, b->size, "mutant", &e);
	if (!ret) {
		while ((ret = capture_next(c, &p, &e)) > 0) {
			assert_true(p.caplen <= p.len);
			for (uint32_t i = 0; i < p.caplen; i++)
				*sum += p.l3[i];
		}
		capture_close(c);
	}
	if (ret) {
		assert_int_equal(e.status, CT_EXIT_USER);
		assert_non_null(strstr(e.text, "mutant"));
	}
	free(exact);
}

static void fuzz(const struct blob *original, uint64_t seed, int rounds)
{
	uint64_t sum = 0;

	fuzz_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	for (int i = 0; i < rounds; i++) {
		struct blob mutant = { 0 };

		blob_add(&mutant, original->data, original->size);
		spoil(&mutant);
		read_through(&mutant, &sum);
		blob_free(&mutant);
	}
	assert_true(sum);
}

/* The first bytes of the project's own captures, unpacked and packed again. */
static void test_fuzz_own_captures(void **state)
{
	glob_t found;

	(void)state;
	if (glob(CTBENCH_SOURCE_DIR "/workloads/captures/*.pcap*", 0, NULL, &found))
		skip();
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct blob plain = { 0 }, packed = { 0 };
		struct ct_error e = { 0 };

		if (capture_slurp(found.gl_pathv[i], &plain.data, &plain.size, &e))
			fail_msg("%s", e.text);
		if (plain.size > 8192)
			plain.size = 8192;
		zstd_frame(&packed, plain.data, plain.size);
		fuzz(&plain, 2 * i + 1, 500);
		fuzz(&packed, 2 * i + 2, 500);
		blob_free(&plain);
		blob_free(&packed);
	}
	globfree(&found);
}

/* Every link type, with random frames in a sound file. */
static void test_fuzz_links(void **state)
{
	static const uint16_t types[] = { 0,   1,   9,	 12,  50,  51,	101, 104,
					  108, 113, 166, 204, 228, 229, 276 };
	/* bytes that lead to further headers, so that mutations reach deep */
	static const uint8_t starts[][4] = {
		{ 0x81, 0, 0, 1 },    { 0x88, 0xa8, 0, 2 }, { 0x88, 0x64, 0x11, 0 },
		{ 0, 0, 0, 1 },	      { 0x88, 0x47, 0, 1 }, { 0xaa, 0xaa, 3, 0 },
		{ 0xff, 3, 0, 0x21 }, { 0x0f, 0, 0x81, 0 },
	};

	(void)state;
	fuzz_state = 4711;
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		struct blob ng = { 0 };
		uint64_t sum = 0;

		pcapng_begin(&ng);
		pcapng_interface(&ng, types[t], 4096);
		for (int i = 0; i < 2000; i++) {
			uint32_t caplen = fuzz_random(60);
			uint8_t *frame = malloc(caplen + 1);
			uint32_t len = fuzz_random(2) ? 0xffffffff : fuzz_random(100);

			for (uint32_t at = 0; at < caplen; at++)
				frame[at] = (uint8_t)fuzz_random(256);
			for (uint32_t at = fuzz_random(2) ? 12 : 0; at + 4 <= caplen; at += 4)
				memcpy(frame + at, starts[fuzz_random(8)], 4);
			pcapng_packet(&ng, 0, (uint64_t)fuzz_random(0xffffffff) << 32, frame,
				      caplen, len);
			free(frame);
		}
		read_through(&ng, &sum);
		fuzz(&ng, types[t], 10);
		blob_free(&ng);
	}
}

static void test_fuzz_forms(void **state)
{
	struct blob plain = { 0 }, ng = { 0 }, packed = { 0 };

	(void)state;
	five_packets(&plain);
	five_ng_packets(&ng);
	zstd_frame(&packed, plain.data, plain.size);
	zstd_frame(&packed, ng.data, ng.size);
	fuzz(&plain, 1001, 2000);
	fuzz(&ng, 1002, 2000);
	fuzz(&packed, 1003, 2000);
	blob_free(&plain);
	blob_free(&ng);
	blob_free(&packed);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_joined),
	cmocka_unit_test(test_absent),
	cmocka_unit_test(test_folder),
	cmocka_unit_test(test_unreadable),
	cmocka_unit_test(test_empty),
	cmocka_unit_test(test_garbage),
	cmocka_unit_test(test_cut_header),
	cmocka_unit_test(test_cut_packet),
	cmocka_unit_test(test_damaged_packet),
	cmocka_unit_test(test_link_types),
	cmocka_unit_test(test_damaged_zstd),
	cmocka_unit_test(test_other_packers),
	cmocka_unit_test(test_fuzz_own_captures),
	cmocka_unit_test(test_fuzz_links),
	cmocka_unit_test(test_fuzz_forms),
};
CT_TEST_MAIN(tests, make_folder, remove_folder)
