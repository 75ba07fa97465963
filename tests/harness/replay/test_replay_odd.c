/* SPDX-License-Identifier: MIT */
/*
 * Runs ctbench replay on odd captures: oddities
 * change no figure needlessly, and the summary names them.
 * Commands in messages can be pasted into a shell.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/replay_fixture.h"

#define NOW 1700000000u

static void write_blob(const char *path, struct blob *b)
{
	write_bytes(path, b->data, b->size);
	blob_free(b);
}

static unsigned int notes_said(void)
{
	unsigned int nr = 0;

	for (const char *at = said.out; (at = strstr(at, "\nnote: ")); at++)
		nr++;
	return nr;
}

/* The number in the column with that heading, in the row of that name. */
static unsigned long in_row(const char *row, unsigned int column)
{
	const char *at = strstr(said.out, row);
	char *end = NULL;
	unsigned long n = 0;

	assert_non_null(at);
	at += strlen(row);
	for (unsigned int i = 0; i <= column; i++, at = end)
		n = strtoul(at, &end, 10);
	return n;
}

enum { PACKETS, NEW, ESTABLISHED, REPLY_, INVALID };

/* --- Segmentation offload --- */

static void add_tcp(struct blob *b, bool ipv6, int side, uint8_t flags, const uint32_t *seq,
		    unsigned int len, bool offload)
{
	const struct tcp_spec s = {
		.seq = seq[side],
		.ack = flags & 0x10 ? seq[!side] : 0,
		.flags = flags,
		.win = 8192,
		.len = len,
	};
	struct packet p;

	packet_tcp(&p, ipv6, side, &s);
	if (offload && ipv6) {
		put16(p.b + 4, 0);
	} else if (offload) {
		put16(p.b + 10, 0);
		put16(p.b + 2, 0);
		put16(p.b + 10, sum_end(sum16(0, p.b, 20)));
		put16(p.b + 36, 0xbad); /* the card computes TCP's */
	}
	pcap_packet(b, false, NOW, (uint32_t)b->size, p.b, p.len, p.len);
}

/* A connection with large packets in both directions; their length fields are 0 or not. */
static void connection(struct blob *b, bool ipv6, bool offload)
{
	uint32_t seq[2] = { 1000, 9000 };

	pcap_begin(b, 101, false, false);
	add_tcp(b, ipv6, CLIENT, 0x02, seq, 0, false);
	seq[CLIENT]++;
	add_tcp(b, ipv6, SERVER, 0x12, seq, 0, false);
	seq[SERVER]++;
	add_tcp(b, ipv6, CLIENT, 0x10, seq, 0, false);
	for (int side = 0; side <= 1; side++) {
		add_tcp(b, ipv6, side, 0x18, seq, 4000, offload);
		seq[side] += 4000;
		add_tcp(b, ipv6, !side, 0x10, seq, 0, false);
	}
	add_tcp(b, ipv6, CLIENT, 0x11, seq, 0, false);
}

static void offload(void **state)
{
	struct blob b = { 0 };

	(void)state;
	for (int zero = 0; zero <= 1; zero++) {
		connection(&b, false, zero);
		write_blob("offload.pcap", &b);
		REPLAY("offload.pcap");
		assert_fine("offload.pcap");
		assert_int_equal(in_row("\n  tcp ", PACKETS), 8);
		assert_int_equal(in_row("\n  tcp ", NEW), 1);
		assert_int_equal(in_row("\n  tcp ", INVALID), 0);
		assert_int_equal(notes_said(), zero);
		REPLAY("--json", "offload.pcap");
		assert_null(strstr(said.out, "\"state\": \"invalid\""));
		assert_null(strstr(said.out, "\"verdict\": \"unseen\""));
		run_sized("explain", (const char *[]){ "offload.pcap", "3", NULL }, "1024");
		assert_int_equal(said.status, CT_EXIT_OK);
		expect(said.out, "4040");
	}
	/* of IPv6 Linux sees only the header */
	connection(&b, true, true);
	write_blob("offload.pcap", &b);
	REPLAY("offload.pcap");
	assert_fine("offload.pcap");
	assert_true(in_row("\n  tcp ", INVALID) > 0);
	assert_int_equal(notes_said(), 1);
	expect(said.out, "note: 2 packets have IPv6 payload length 0");
	expect(said.out, "packet 3");
}

/* --- Clocks --- */

#define QUESTIONS 60u

/* A request a minute, each from another port, and an outlier. */
static void write_hour(const char *path, unsigned int outlier, int64_t seconds)
{
	struct blob b = { 0 };
	struct packet p;

	pcap_begin(&b, 101, false, false);
	for (unsigned int i = 0; i < QUESTIONS; i++) {
		int64_t at = (int64_t)NOW + i * 60 + (i == outlier ? seconds : 0);

		packet_udp(&p, false, CLIENT, 4);
		put16(p.b + p.l4, 2000 + i);
		pcap_packet(&b, false, (uint32_t)at, 0, p.b, p.len, p.len);
	}
	write_blob(path, &b);
}

static void clocks(void **state)
{
	static const int64_t jumps[] = { 30 * 86400,  3600,	     -3600,
					 -30 * 86400, -(int64_t)NOW, 2000000000 };

	(void)state;
	write_hour("hour.pcap", 0, 0);
	REPLAY("hour.pcap");
	assert_fine("hour.pcap");
	assert_int_equal(number_before(" at once,"), 1);
	assert_int_equal(number_before(" expired,"), QUESTIONS - 1);
	assert_int_equal(notes_said(), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(jumps); i++) {
		write_hour("hour.pcap", 40, jumps[i]);
		REPLAY("hour.pcap");
		assert_fine("hour.pcap");
		assert_true(number_before(" at once,") <= 2);
		assert_in_range(number_before(" expired,"), QUESTIONS - 2, QUESTIONS - 1);
		assert_true(notes_said() >= 1);
		expect(said.out, "first: packet 4");
		assert_int_equal(number_before(".0 s of traffic"), (QUESTIONS - 1) * 60);
	}
	write_hour("hour.pcap", 0, 30 * 86400);
	REPLAY("hour.pcap");
	assert_in_range(number_before(" expired,"), QUESTIONS - 2, QUESTIONS - 1);
	assert_true(notes_said() >= 1);
}

/* --- Files --- */

static void empty(void **state)
{
	struct blob b = { 0 };

	(void)state;
	write_text("empty.pcap", "");
	REPLAY("empty.pcap");
	assert_int_equal(said.status, CT_EXIT_USER);
	expect(said.err, "empty.pcap is empty");
	for (int ng = 0; ng <= 1; ng++) {
		for (int packets = 0; packets <= 1; packets++) {
			if (ng)
				pcapng_begin(&b);
			else
				pcap_begin(&b, 1, false, false);
			if (packets && ng) {
				pcapng_interface(&b, 1, 0);
				pcapng_packet(&b, 0, 1, "no Ethernet frame", 17, 17);
			} else if (packets) {
				pcap_packet(&b, false, 1, 0, "no Ethernet frame", 17, 17);
			}
			write_blob("nothing", &b);
			REPLAY("nothing");
			assert_fine("nothing");
			expect(said.out, packets ? "no IP packet" : "no packets");
		}
	}
}

static void containers(void **state)
{
	struct blob b = { 0 }, packed = { 0 };
	struct packet p;

	(void)state;
	packet_udp(&p, false, CLIENT, 4);
	for (int i = 0; i < 6; i++) {
		ng_section(&b, i & 1);
		ng_interface(&b, 127, 0, 6, 0, i & 1); /* 802.11, without packets */
		ng_interface(&b, 101, 100u * (unsigned int)i, i < 3 ? 6 : 9, 0, i & 1);
		ng_packet(&b, 1,
			  (uint64_t)NOW * (i < 3 ? 1000000 : 1000000000) +
				  (uint64_t)i * (i < 3 ? 1 : 1000),
			  p.b, p.len, p.len, i & 1);
	}
	write_bytes("sections", b.data, b.size);
	REPLAY("sections");
	assert_fine("sections");
	assert_int_equal(number_before(" packets,"), 6);
	assert_int_equal(number_before(" made,"), 1);
	assert_int_equal(notes_said(), 0);
	zstd_long_frame(&packed, b.data, b.size);
	blob_free(&b);
	write_blob("long", &packed);
	REPLAY("long");
	assert_fine("long");
	assert_int_equal(number_before(" packets,"), 6);
}

/* --- Remedies --- */

#define ODD_NAME "it's $(touch PWNED) \"`touch PWNED`\"; touch PWNED #"

static bool have_program(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", name);
	return !system(command);
}

/* Paste the command that the message ends with. */
static void paste(const char *made)
{
	const char *command = strrchr(said.err, ':');
	int status;

	/* the last ": " before the command, because a name may contain colons */
	assert_non_null(command);
	remove(made);
	status = system(command + 1);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status))
		fail_msg("'%s' ended with status %d", command + 1, WEXITSTATUS(status));
	assert_int_not_equal(access("PWNED", F_OK), 0);
	assert_int_equal(access(made, R_OK), 0);
}

static void other_packers(void **state)
{
	static const char *const packers[][2] = {
		{ "gzip", "gz" }, { "xz", "xz" }, { "bzip2", "bz2" }, { "lz4", "lz4" }
	};
	unsigned int tried = 0;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(packers); i++) {
		char command[1024];
		struct blob b = { 0 };

		if (!have_program(packers[i][0])) {
			print_message("%s is not tried: there is no such program\n", packers[i][0]);
			continue;
		}
		connection(&b, false, false);
		write_blob("plain", &b);
		snprintf(command, sizeof(command), "%s -c <plain", packers[i][0]);
		write_text("pack", command);
		assert_int_equal(system("sh pack >packed"), 0);
		rename("packed", ODD_NAME);
		REPLAY(ODD_NAME);
		assert_int_equal(said.status, CT_EXIT_USER);
		expect(said.err, packers[i][0]);
		paste("unpacked.pcap");
		REPLAY("unpacked.pcap");
		assert_fine("unpacked.pcap");
		assert_int_equal(in_row("\n  tcp ", PACKETS), 8);
		tried++;
	}
	assert_true(tried >= 1); /* gzip is everywhere */
}

static void cut_off(void **state)
{
	(void)state;
	if (!have_program("editcap")) {
		print_message("not tried: there is no program editcap\n");
		skip();
	}
	for (int ng = 0; ng <= 1; ng++) {
		struct blob b = { 0 };

		if (ng) {
			pcapng_begin(&b);
			pcapng_interface(&b, 101, 0);
			for (uint64_t i = 0; i < 5; i++)
				pcapng_packet(&b, 0, i, ipv4_packet, 28, 28);
		} else {
			connection(&b, false, false);
		}
		b.size -= 10;
		write_blob(ODD_NAME, &b);
		REPLAY(ODD_NAME);
		assert_int_equal(said.status, CT_EXIT_USER);
		paste("whole.pcap");
		REPLAY("whole.pcap");
		assert_fine("whole.pcap");
		assert_int_equal(number_before(" packets,"), ng ? 4 : 7);
	}
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("replay-odd");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(offload),    cmocka_unit_test(clocks),	       cmocka_unit_test(empty),
	cmocka_unit_test(containers), cmocka_unit_test(other_packers), cmocka_unit_test(cut_off),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
