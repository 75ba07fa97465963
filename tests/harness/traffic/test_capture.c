/* SPDX-License-Identifier: MIT */
/*
 * Reading captures: each format from each source, times, lengths, whole
 * captures in memory, and real captures: the project's own and, if they
 * are next to the checkout, a larger collection.
 */
#include "harness/traffic/capture.h"
#include "tests/fixture/capture_files.h"
#include "tests/fixture/capture_folder.h"
#include "tests/fixture/cmocka.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NR_PACKETS 100
#define BEGIN_SEC  1700000000u
#define SEC_NS	   UINT64_C(1000000000)

static const char *write_file(const char *name, const struct blob *b)
{
	static char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(b->data, 1, b->size, f), b->size);
	assert_int_equal(fclose(f), 0);
	return path;
}

/*
 * Packet i of the captures below: IPv4 with i in its identification field,
 * i % 7 bytes of payload captured and as many left out, 1.000000123 s apart.
 */
static uint32_t numbered_packet(uint8_t packet[64], unsigned int i)
{
	memset(packet, 0xee, 64);
	memcpy(packet, ipv4_packet, sizeof(ipv4_packet));
	packet[4] = (uint8_t)(i >> 8);
	packet[5] = (uint8_t)i;
	return sizeof(ipv4_packet) + i % 7;
}

static void numbered_pcap(struct blob *b, bool nano, bool big)
{
	pcap_begin(b, 101, nano, big);
	for (unsigned int i = 0; i < NR_PACKETS; i++) {
		uint8_t packet[64];
		uint32_t caplen = numbered_packet(packet, i);
		uint32_t ns = (i * 123456789u) % SEC_NS;

		pcap_packet(b, big, BEGIN_SEC + i, nano ? ns : ns / 1000, packet, caplen,
			    caplen + i % 7);
	}
}

static void check_numbered(struct capture *c, uint64_t resolution)
{
	struct ct_error e = { 0 };
	struct capture_packet p;
	unsigned int nr = 0;
	int ret;

	while ((ret = capture_next(c, &p, &e)) > 0) {
		uint8_t packet[64];
		uint32_t caplen = numbered_packet(packet, nr);
		uint64_t ns = (nr * 123456789u) % SEC_NS;

		assert_int_equal(p.index, nr);
		ns -= ns % resolution;
		assert_int_equal(p.time_ns, (BEGIN_SEC + nr) * SEC_NS + ns);
		assert_int_equal(p.l3proto, LINK_PROTO_IPV4);
		assert_int_equal(p.caplen, caplen);
		assert_int_equal(p.len, caplen + nr % 7);
		assert_memory_equal(p.l3, packet, caplen);
		nr++;
	}
	if (ret)
		fail_msg("%s", e.text);
	assert_int_equal(nr, NR_PACKETS);
	/* the end stays the end */
	assert_int_equal(capture_next(c, &p, &e), 0);
}

static void check_blob(const struct blob *b, uint64_t resolution)
{
	struct ct_error e = { 0 };
	struct capture *c;

	if (capture_open_memory(&c, b->data, b->size, "a blob", &e))
		fail_msg("%s", e.text);
	check_numbered(c, resolution);
	capture_close(c);
}

static void test_classic(void **state)
{
	(void)state;
	for (int form = 0; form < 4; form++) {
		bool nano = form & 1, big = form & 2;
		struct blob b = { 0 };

		numbered_pcap(&b, nano, big);
		check_blob(&b, nano ? 1 : 1000);
		blob_free(&b);
	}
}

static void test_pcapng(void **state)
{
	struct blob b = { 0 };

	(void)state;
	pcapng_begin(&b);
	pcapng_interface(&b, 228, 4096);
	pcapng_interface(&b, 228, 4096);
	for (unsigned int i = 0; i < NR_PACKETS; i++) {
		uint8_t packet[64];
		uint32_t caplen = numbered_packet(packet, i);

		pcapng_packet(&b, i & 1, (BEGIN_SEC + i) * SEC_NS + (i * 123456789u) % SEC_NS,
			      packet, caplen, caplen + i % 7);
	}
	check_blob(&b, 1);
	blob_free(&b);
}

/* One frame, many frames cut at odd places, and one that is to be skipped in front. */
static void test_zstd(void **state)
{
	struct blob plain = { 0 }, packed = { 0 };

	(void)state;
	numbered_pcap(&plain, true, false);
	zstd_frame(&packed, plain.data, plain.size);
	check_blob(&packed, 1);
	blob_free(&packed);

	blob_u32(&packed, 0x184d2a53, false);
	blob_u32(&packed, 3, false);
	blob_add(&packed, "abc", 3);
	for (size_t at = 0; at < plain.size; at += 37) {
		size_t n = plain.size - at < 37 ? plain.size - at : 37;

		zstd_frame(&packed, plain.data + at, n);
		zstd_frame(&packed, "", 0);
	}
	check_blob(&packed, 1);
	blob_free(&packed);
	blob_free(&plain);
}

/* Only the first bytes decide, not the name. */
static void test_files(void **state)
{
	struct blob plain = { 0 }, packed = { 0 };
	const struct blob *files[] = { &plain, &packed };

	(void)state;
	numbered_pcap(&plain, true, false);
	zstd_frame(&packed, plain.data, plain.size);
	for (int i = 0; i < 2; i++) {
		const char *path = write_file(i ? "packed.pcap" : "plain.zst", files[i]);
		struct ct_error e = { 0 };
		struct capture *c;

		if (capture_open(&c, path, &e))
			fail_msg("%s", e.text);
		check_numbered(c, 1);
		capture_close(c);
		unlink(path);
	}
	blob_free(&plain);
	blob_free(&packed);
}

/* A pipe returns its data in pieces of any size. */
static void test_standard_input(void **state)
{
	struct blob plain = { 0 }, packed = { 0 };
	int saved = dup(STDIN_FILENO);

	(void)state;
	numbered_pcap(&plain, true, false);
	for (size_t at = 0; at < plain.size; at += 1000)
		zstd_frame(&packed, plain.data + at,
			   plain.size - at < 1000 ? plain.size - at : 1000);
	for (int i = 0; i < 2; i++) {
		const struct blob *b = i ? &packed : &plain;
		struct ct_error e = { 0 };
		struct capture *c;
		int ends[2];
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			for (size_t at = 0; at < b->size; at += 61)
				if (write(ends[1], b->data + at,
					  b->size - at < 61 ? b->size - at : 61) < 0)
					_exit(1);
			_exit(0);
		}
		close(ends[1]);
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		if (capture_open(&c, "-", &e))
			fail_msg("%s", e.text);
		check_numbered(c, 1);
		capture_close(c);
		/* it was lent, so it stays open */
		assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	}
	dup2(saved, STDIN_FILENO);
	close(saved);
	blob_free(&plain);
	blob_free(&packed);
}

/* Classic pcap's seconds are unsigned: they last until 2106. */
static void test_after_2038(void **state)
{
	struct ct_error e = { 0 };
	struct capture_packet p;
	struct blob b = { 0 };
	struct capture *c;

	(void)state;
	pcap_begin(&b, 101, false, false);
	pcap_packet(&b, false, 4000000000u, 999999, ipv4_packet, 28, 28);
	assert_int_equal(capture_open_memory(&c, b.data, b.size, "2096", &e), 0);
	assert_int_equal(capture_next(c, &p, &e), 1);
	assert_int_equal(p.time_ns, UINT64_C(4000000000999999000));
	capture_close(c);
	blob_free(&b);
}

/* A wire length below the captured length is damage, and is corrected. */
static void test_wire_length(void **state)
{
	struct ct_error e = { 0 };
	struct capture_packet p;
	struct blob b = { 0 };
	struct capture *c;

	(void)state;
	pcap_begin(&b, 101, false, false);
	pcap_packet(&b, false, 1, 0, ipv4_packet, 28, 5);
	assert_int_equal(capture_open_memory(&c, b.data, b.size, "short", &e), 0);
	assert_int_equal(capture_next(c, &p, &e), 1);
	assert_int_equal(p.caplen, 28);
	assert_int_equal(p.len, 28);
	capture_close(c);
	blob_free(&b);
}

static void test_no_packets(void **state)
{
	struct ct_error e = { 0 };
	struct capture_packet p;
	struct blob b = { 0 };
	struct capture *c;

	(void)state;
	pcap_begin(&b, 1, false, false);
	assert_int_equal(capture_open_memory(&c, b.data, b.size, "no packets", &e), 0);
	assert_int_equal(capture_next(c, &p, &e), 0);
	capture_close(c);
	blob_free(&b);
}

/* Loaded and streamed, packet by packet, the same.  Returns how many. */
static size_t check_load(const char *path, size_t *ip)
{
	struct ct_error e = { 0 };
	struct capture_set set;
	struct capture_packet p;
	struct capture *c = NULL;
	size_t nr = 0;
	int ret;

	if (capture_load(path, &set, &e) || capture_open(&c, path, &e))
		fail_msg("%s", e.text);
	while ((ret = capture_next(c, &p, &e)) > 0) {
		const struct capture_packet *q = &set.packets[nr];

		assert_true(nr < set.nr);
		assert_int_equal(q->index, nr);
		assert_int_equal(q->time_ns, p.time_ns);
		assert_int_equal(q->caplen, p.caplen);
		assert_int_equal(q->len, p.len);
		assert_int_equal(q->l3proto, p.l3proto);
		assert_int_equal(q->vlan, p.vlan);
		assert_true(((uintptr_t)q->l3 & 7) == 0);
		assert_true(q->l3 >= set.data && q->l3 + q->caplen <= set.data + set.data_bytes);
		assert_true(p.caplen <= p.len);
		assert_memory_equal(q->l3, p.l3, p.caplen);
		*ip += p.l3proto != 0;
		nr++;
	}
	if (ret)
		fail_msg("%s", e.text);
	assert_int_equal(nr, set.nr);
	capture_close(c);
	capture_set_free(&set);
	assert_null(set.packets);
	return nr;
}

static void test_load(void **state)
{
	struct blob b = { 0 };
	const char *path;
	size_t ip = 0;

	(void)state;
	numbered_pcap(&b, true, false);
	/* too large to be appended without growing, and unaligned lengths */
	for (unsigned int i = 0; i < 5000; i++)
		pcap_packet(&b, false, i, i, ipv6_packet, i % 49, 48);
	path = write_file("load.pcap", &b);
	assert_int_equal(check_load(path, &ip), NR_PACKETS + 5000);
	unlink(path);
	blob_free(&b);
	capture_set_free(NULL);
}

static void test_decode_rate(void **state)
{
	struct blob plain = { 0 }, packed = { 0 };
	struct ct_error e = { 0 };
	uint64_t decoded = 1;
	const char *path;

	(void)state;
	numbered_pcap(&plain, true, false);
	zstd_frame(&packed, plain.data, plain.size);
	path = write_file("rate.pcap.zst", &packed);
	assert_true(capture_decode_rate(path, 0, &decoded, &e) > 0);
	assert_int_equal(decoded, NR_PACKETS);
	assert_true(capture_decode_rate(path, 0.01, &decoded, &e) > 0);
	assert_true(decoded > NR_PACKETS);
	assert_int_equal(decoded % NR_PACKETS, 0);
	unlink(path);
	assert_true(capture_decode_rate(path, 0.01, &decoded, &e) < 0);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(decoded, 0);
	blob_free(&plain);
	blob_free(&packed);
}

static size_t real_files, real_packets, real_ip;

static int real_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *name = path + at->base;

	(void)st;
	if (type == FTW_F && strstr(name, ".pcap")) {
		real_packets += check_load(path, &real_ip);
		real_files++;
	}
	return 0;
}

static void real_folder(const char *path)
{
	real_files = real_packets = real_ip = 0;
	assert_int_equal(nftw(path, real_file, 16, 0), 0);
	print_message("%zu captures, %zu packets, %zu of them IP\n", real_files, real_packets,
		      real_ip);
}

static void test_own_captures(void **state)
{
	(void)state;
	real_folder(CTBENCH_SOURCE_DIR "/workloads/captures");
	assert_true(real_files >= 1);
	assert_true(real_ip * 10 >= real_packets * 9);
}

static void test_traces(void **state)
{
	const char *path = getenv("CTBENCH_TRACES");

	(void)state;
	if (!path) {
		print_message("no further captures: set CTBENCH_TRACES to a folder of some\n");
		skip();
	}
	real_folder(path);
	assert_true(real_files >= 1);
	assert_true(real_ip >= 1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_classic),	       cmocka_unit_test(test_pcapng),
	cmocka_unit_test(test_zstd),	       cmocka_unit_test(test_files),
	cmocka_unit_test(test_standard_input), cmocka_unit_test(test_after_2038),
	cmocka_unit_test(test_wire_length),    cmocka_unit_test(test_no_packets),
	cmocka_unit_test(test_load),	       cmocka_unit_test(test_decode_rate),
	cmocka_unit_test(test_own_captures),   cmocka_unit_test(test_traces),
};
CT_TEST_MAIN(tests, make_folder, remove_folder)
