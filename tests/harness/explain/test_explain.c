/* SPDX-License-Identifier: MIT */
/*
 * Runs ctbench explain on packets of every kind, with several tables; checks that watching a packet
 * changes nothing; and wrong arguments.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixture/capture_files.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/packets.h"
#include "variants/variant.h"

static const char story_pcap[] = "story.pcap", clash_pcap[] = "clash.pcap", cut_pcap[] = "cut.pcap";
static const char clash_json[] = "clash.json", zone_json[] = "zone.json";

/* The packets, in order. */
enum {
	P_SYN,
	P_SYNACK,
	P_ACK,
	P_FAR,
	P_QUESTION,
	P_UNREACH,
	P_FRAGMENT,
	P_FRAGMENT2,
	P_LAST,
	P_ECHO,
	P_QUESTION_LATE,
	P_TTL,
	P_NO_IP,
	PACKETS
};

/* Tables with other hashes, buckets, chains, locks. */
static const char *const tables[] = {
	"nulls_rcu_jhash2_scale_seqcount", "nulls_rcu_siphash",	 "nulls_rcu_constant",
	"locked_jhash2_mask_rwlock",	   "plain_rcu_deferred", "cds_lfht",
};

static bool is_library(const char *variant)
{
	return !strcmp(variant, "cds_lfht");
}

/* --- Files --- */

static void at(struct blob *b, unsigned int ms, const struct packet *p)
{
	pcap_packet(b, false, 1000 + ms / 1000, ms % 1000 * 1000, p->b, p->len, p->len);
}

/* Part of a UDP datagram of 64 bytes over IPv6. */
static void fragment(struct packet *p, unsigned int offset, unsigned int len, bool more)
{
	struct packet whole;
	uint8_t h[8] = { IPPROTO_UDP };

	packet_udp(&whole, true, CLIENT, 56);
	packet_begin(p, true, CLIENT, IPPROTO_FRAGMENT);
	put16(h + 2, offset | more);
	put32(h + 4, 77);
	packet_add(p, h, sizeof(h));
	packet_add(p, whole.b + 40 + offset, len);
	packet_end(p);
}

static void write_story(void)
{
	struct blob b = { 0 };
	struct packet p, q;

	pcap_begin(&b, 101, false, false);
	packet_tcp(&p, false, CLIENT,
		   &(struct tcp_spec){ .seq = 1000, .flags = 0x02, .win = 1000 });
	at(&b, 0, &p);
	packet_tcp(&p, false, SERVER,
		   &(struct tcp_spec){ .seq = 5000, .ack = 1001, .flags = 0x12, .win = 1000 });
	at(&b, 1, &p);
	packet_tcp(&p, false, CLIENT,
		   &(struct tcp_spec){ .seq = 1001, .ack = 5001, .flags = 0x10, .win = 1000 });
	at(&b, 2, &p);
	packet_tcp(&p, false, CLIENT,
		   &(struct tcp_spec){
			   .seq = 91001, .ack = 5001, .flags = 0x10, .win = 1000, .len = 10 });
	at(&b, 3, &p);
	packet_udp(&q, false, CLIENT, 4);
	at(&b, 4, &q);
	packet_icmp(&p, false, SERVER, 3, 3, 0, q.b, 28);
	at(&b, 5, &p);
	fragment(&p, 0, 24, true);
	at(&b, 6, &p);
	fragment(&p, 24, 24, true);
	at(&b, 7, &p);
	fragment(&p, 48, 16, false);
	at(&b, 8, &p);
	/* gc runs here, so that it does not remove the request's entry, which expires just after */
	packet_icmp(&p, false, CLIENT, 8, 0, 7, NULL, 8);
	at(&b, 29900, &p);
	at(&b, 30200, &q);
	q.b[8] = 1;
	packet_end(&q);
	at(&b, 30201, &q);
	at(&b, 30202, &(struct packet){ .len = 4 });
	write_bytes(story_pcap, b.data, b.size);
	write_bytes(cut_pcap, b.data, 200);
	blob_free(&b);
}

/* Two equal packets of UDP, then of TCP; and packets in zones. */
static void write_clash(void)
{
	static const char hold[] = "{ \"hold\": [0, 1, 2, 3], \"after\": { \"3\": [0, 1, 2, 3] } }";
	static const char zones[] =
		"{ \"in\": [0, 1, 2, 3], \"zones\": { \"1\": { \"id\": 5 }, "
		"\"2\": { \"id\": 6, \"dir\": \"original\" } }, \"notrack\": [3] }";
	struct blob b = { 0 };
	struct packet p;

	pcap_begin(&b, 101, false, false);
	packet_udp(&p, false, CLIENT, 4);
	at(&b, 0, &p);
	at(&b, 1, &p);
	packet_tcp(&p, false, CLIENT,
		   &(struct tcp_spec){ .seq = 1000, .flags = 0x02, .win = 1000 });
	at(&b, 2, &p);
	at(&b, 3, &p);
	write_bytes(clash_pcap, b.data, b.size);
	blob_free(&b);
	write_text(clash_json, hold);
	write_text(zone_json, zones);
}

static int make_files(void **state)
{
	(void)state;
	if (own_folder_enter("explain"))
		return -1;
	write_story();
	write_clash();
	return 0;
}

/* --- Running it --- */

/* A small table by default: with sanitizers a large one takes most of the time. */
static const struct said *run_args(const char *command, const char *const *args)
{
	run_sized(command, args, "256");
	return &said;
}
#define EXPLAIN(...) run_args("explain", (const char *const[]){ __VA_ARGS__, NULL })
#define REPLAY(...)  run_args("replay", (const char *const[]){ __VA_ARGS__, NULL })

static const char *digits(unsigned int n)
{
	static char text[16];

	snprintf(text, sizeof(text), "%u", n);
	return text;
}

/* All the words, in that order. */
static void tells_words(const struct said *o, const char *what, const char *const *words)
{
	const char *at = o->out;

	if (o->status || *o->err)
		fail_msg("%s: exit status %d: %s", what, o->status, o->err);
	for (unsigned int i = 0; words[i]; i++) {
		const char *found = strstr(at, words[i]);

		if (!found)
			fail_msg("%s: no \"%s\" where it should be in\n%s", what, words[i], o->out);
		at = found + strlen(words[i]);
	}
}
#define TELLS(o, what, ...) tells_words((o), (what), (const char *const[]){ __VA_ARGS__, NULL })

static void silent(const struct said *o, const char *word)
{
	if (strstr(o->out, word))
		fail_msg("\"%s\" should not be in\n%s", word, o->out);
}

/* --- Explanations --- */

static void established(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		const char *v = tables[i];

		TELLS(EXPLAIN(story_pcap, "0", "--variant", v, "--buckets", "4"), v,
		      "SYN, seq 1000", "PRE_ROUTING", "-400  ipv4_conntrack_defrag", "ACCEPT",
		      "-200  ipv4_conntrack_in", "ACCEPT", "Begins connection 1",
		      "src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80", "hash      0x", "4 buckets",
		      "bucket    ", "found     nothing",
		      "answers will be src=10.0.0.2 dst=10.0.0.1 sport=80 dport=40000",
		      "NEW:", "NONE -> SYN_SENT",
		      "client          1001       1001      1000     0  -", "status    none",
		      "120.000 s", "FORWARD", "no hooks", "POST_ROUTING",
		      "300  nf_conntrack_helper", "max  nf_conntrack_confirm", "inserted",
		      "original  src=10.0.0.1", "hash      0x",
		      strcmp(v, "nulls_rcu_constant") ? "inserted  at the head"
						      : "inserted  as node 2",
		      "reply     src=10.0.0.2", "hash      0x", "inserted  at the head",
		      "none -> confirmed", "120.000 s left", "events    NEW", "connection 1",
		      "Result: accepted");
		TELLS(EXPLAIN(story_pcap, "1", "--variant", v, "--buckets", "4"), v,
		      "Belongs to connection 1", "match", "connection 1 ", "ESTABLISHED_REPLY",
		      "SYN_SENT -> SYN_RECV", "->", "confirmed -> seen_reply confirmed",
		      "119.999 s left -> 60.000 s left", "max  nf_conntrack_confirm");
		TELLS(EXPLAIN(story_pcap, "2", "--variant", v, "--buckets", "4"), v, "match",
		      "original node", "ESTABLISHED:", "SYN_RECV -> ESTABLISHED",
		      "I    seq        1001 <=       2001  yes", "IV   ack        5001",
		      "seen_reply confirmed -> seen_reply assured confirmed", "432000.000 s left");
	}
}

static void out_of_window(void **state)
{
	(void)state;
	TELLS(EXPLAIN(story_pcap, "3"), "3", "ACCEPT", "INVALID: I: ", "match", "ctinfo    none",
	      "ESTABLISHED, as before", "I    seq       91001 <=       2001  NO",
	      "III  ack        5001 <=       5001  yes", "counters  invalid +1",
	      "nothing to confirm", "Result: accepted");
	TELLS(EXPLAIN(story_pcap, "3", "--set", "nf_conntrack_tcp_be_liberal=1"), "liberal",
	      "Belongs to connection 1", "accepted");
}

static void related(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		TELLS(EXPLAIN(story_pcap, "5", "--variant", tables[i], "--buckets", "64"),
		      tables[i], "icmp      type 3, code 3", "An error",
		      "quotes    src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80",
		      "answer    src=10.0.0.2 dst=10.0.0.1", "hash", "match", "connection 2 ",
		      "RELATED_REPLY");
}

static void fragments(void **state)
{
	(void)state;
	TELLS(EXPLAIN(story_pcap, "6"), "the first", "24 bytes from 0", "-400  ipv6_defrag",
	      "STOLEN", "kept until", "packet 8", "Result: stolen");
	TELLS(EXPLAIN(story_pcap, "8"), "the last", "16 bytes from 48 on, the last", "ACCEPT",
	      "packets 6, 7", "-200  ipv6_conntrack_in", "Begins connection 3");
	TELLS(EXPLAIN(story_pcap, "8", "--json"), "JSON", "\"together_with\": [6, 7]");
}

/* An expired entry is still in the chain; the lookup removes it. */
static void expired(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		TELLS(EXPLAIN(story_pcap, "10", "--variant", tables[i], "--buckets", "1"),
		      tables[i], "connection 2", "original", "expired 0.196 s ago, removed",
		      "found     nothing", "made      connection 5", "NEW:");
		if (!is_library(tables[i]))
			TELLS(EXPLAIN(story_pcap, "10", "--variant", tables[i], "--buckets", "1"),
			      tables[i], "other tuple: src=10.0.0.2 dst=10.0.0.1 type=0");
	}
}

static void chains(void **state)
{
	const struct said *o = EXPLAIN(story_pcap, "9", "--buckets", "1");

	(void)state;
	/* three connections, six nodes: short enough */
	TELLS(o, "short", "  1  connection 3", "  6  connection 1", "bucket 0: ");
	silent(o, "others");
	o = EXPLAIN(story_pcap, "10", "--buckets", "1");
	TELLS(o, "long", "  4  connection", "expired", "... 2 others (--all shows them)");
	o = EXPLAIN(story_pcap, "10", "--buckets", "1", "--all");
	TELLS(o, "all", "  1  connection 4", "  8  connection 1");
	silent(o, "others");
	TELLS(EXPLAIN(story_pcap, "2", "--buckets", "1"), "beyond",
	      "  1  connection 1     reply     other tuple",
	      "  2  connection 1     original  match");
	TELLS(EXPLAIN(story_pcap, "1", "--buckets", "1"), "beyond", "reply     match",
	      "not examined: other tuple");
	/* locked chains and plain ones end in NULL */
	silent(EXPLAIN(story_pcap, "0", "--variant", "plain_rcu_deferred"), "nulls");
}

static void clashes(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		const char *v = tables[i];

		TELLS(EXPLAIN(clash_pcap, "1", "--scenario", clash_json, "--variant", v,
			      "--buckets", "64"),
		      v, "Begins connection 2", "scenario", "after packet 3",
		      "max  nf_conntrack_confirm          ACCEPT", "A clash: connection 1",
		      "connection 1     original  match", "inserted  no\n", "clash_resolve +1");
		TELLS(EXPLAIN(clash_pcap, "3", "--scenario", clash_json, "--variant", v,
			      "--buckets", "64"),
		      v, "Begins connection 4", "max  nf_conntrack_confirm          DROP",
		      "Refused: connection 3", "insert_failed +1, drop +1", "Result: dropped");
	}
}

static void zones(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		TELLS(EXPLAIN(clash_pcap, "1", "--scenario", zone_json, "--variant", tables[i],
			      "--buckets", "1"),
		      tables[i], "device 1", "-300  ", "zone 5", "zone      5", "found     nothing",
		      "made      connection 2");
	/* jhash2 does not include the zone, siphash does */
	TELLS(EXPLAIN(clash_pcap, "1", "--scenario", zone_json), "jhash2", "zone is not",
	      "other zone (0)");
	TELLS(EXPLAIN(clash_pcap, "1", "--scenario", zone_json, "--variant", "nulls_rcu_siphash"),
	      "siphash", "with the zone", "empty");
	TELLS(EXPLAIN(clash_pcap, "2", "--scenario", zone_json), "one direction",
	      "zone 6 (original direction only)", "zone      6 ", "again",
	      "made      connection 3");
	TELLS(EXPLAIN(clash_pcap, "3", "--scenario", zone_json), "untracked", "Notrack",
	      "untracked");
}

static void table_full(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		TELLS(EXPLAIN(story_pcap, "4", "--variant", tables[i], "--set",
			      "nf_conntrack_max=1"),
		      tables[i], "ipv4_conntrack_in             DROP",
		      "No room: 1 connections, nf_conntrack_max is 1", "drop +1",
		      "Result: dropped in PRE_ROUTING");
		/* one that is not assured, in the same bucket, makes room */
		TELLS(EXPLAIN(clash_pcap, "2", "--variant", tables[i], "--set",
			      "nf_conntrack_max=1", "--buckets", "1"),
		      tables[i], "early_drop removed 1", "early_drop +1");
	}
}

/* Adds connections to one bucket, two nodes each, until the cap refuses one. */
static void chain_cap(void **state)
{
	static const char path[] = "cap.pcap";
	char number[16];
	struct blob b = { 0 };
	struct packet p;
	unsigned int refused = 0;

	(void)state;
	pcap_begin(&b, 101, false, false);
	for (unsigned int i = 0; i < 40; i++) {
		packet_udp(&p, false, CLIENT, 4);
		put16(p.b + p.l4, 1000 + i);
		packet_sum(&p, 6, IPPROTO_UDP, p.len - p.l4);
		at(&b, i, &p);
	}
	write_bytes(path, b.data, b.size);
	blob_free(&b);
	for (unsigned int i = 30; i < 40 && !refused; i++) {
		snprintf(number, sizeof(number), "%u", i);
		if (strstr(EXPLAIN(path, number, "--buckets", "1", "--variant", "nulls_rcu_cap64")
				   ->out,
			   "Refused: "))
			refused = i;
	}
	assert_in_range(refused, 30, 35);
	TELLS(EXPLAIN(path, number, "--buckets", "1", "--variant", "nulls_rcu_cap64"), "cap",
	      "confirm          DROP", "Refused: the chain", "(cap: 64)", "inserted  no\n",
	      "insert_failed +1, chaintoolong +1");
	TELLS(EXPLAIN(path, number, "--buckets", "1"), "no cap", "inserted  at the head");
}

/* Before the first hook, between the hooks. */
static void edges(void **state)
{
	(void)state;
	TELLS(EXPLAIN(story_pcap, "11"), "TTL", "Belongs to connection 5", "router",
	      "Result: dropped after PRE_ROUTING");
	TELLS(EXPLAIN(story_pcap, "11", "--loose"), "loose", "Result: accepted");
	TELLS(EXPLAIN(story_pcap, "12"), "no IP", "no complete IP header", "Result: ");
	TELLS(EXPLAIN(story_pcap, "2", "--variant", "null"), "null", "no hooks");
}

/* --- Watching changes nothing --- */

static const char *text_of(json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "-";
}

/* The result is what replay --json reports of the packet. */
static void agrees(json_t *line, json_t *story, const char *what)
{
	const char *ctinfo = text_of(line, "ctinfo");
	json_t *steps = json_object_get(story, "steps"), *step;
	const char *status = NULL;
	size_t i;

	if (strcmp(ctinfo, "-"))
		assert_string_equal(text_of(story, "state"), ctinfo);
	else
		assert_string_equal(text_of(story, "state"), text_of(line, "state"));
	assert_int_equal(json_integer_value(json_object_get(story, "ct")),
			 json_integer_value(json_object_get(line, "ct")));
	json_array_foreach(steps, i, step) {
		json_t *after = json_object_get(step, "after");

		if (!after)
			continue;
		status = text_of(after, "proto_state");
		assert_non_null(json_object_get(after, "status"));
	}
	if (status && json_object_get(line, "proto_state") &&
	    strcmp(status, text_of(line, "proto_state")))
		fail_msg("%s: %s instead of %s", what, status, text_of(line, "proto_state"));
}

static void watched_as_unwatched(void **state)
{
	static char lines[1 << 16];

	(void)state;
	for (size_t v = 0; v < ct_nr_variants; v++) {
		const char *name = ct_variants[v]->name, *at = lines;

		if (ct_variants[v]->flags & (CT_V_LOOKUPS | CT_V_NULL))
			continue;
		strcpy(lines,
		       REPLAY("--json", story_pcap, "--variant", name, "--buckets", "8")->out);
		for (unsigned int i = 0; i < PACKETS; i += v ? 4 : 1) {
			const struct said *o = EXPLAIN("--json", story_pcap, digits(i), "--variant",
						       name, "--buckets", "8");
			json_t *line, *story = json_loads(o->out, 0, NULL);

			for (at = lines; i; at++) { /* to line i */
				char want[32];

				snprintf(want, sizeof(want), "{\"i\": %u,", i);
				if (!strncmp(at, want, strlen(want)))
					break;
				assert_true(*at);
			}
			line = json_loads(at, JSON_DISABLE_EOF_CHECK, NULL);
			if (o->status || !story || !line)
				fail_msg("%s, packet %u: %d %s", name, i, o->status, o->err);
			assert_int_equal(json_integer_value(json_object_get(line, "i")), i);
			agrees(line, story, name);
			json_decref(line);
			json_decref(story);
		}
	}
}

/* --- Mistakes --- */

static void refuses(const struct said *o, const char *sentence)
{
	if (o->status != 2 || !strstr(o->err, sentence) || *o->out)
		fail_msg("exit status %d, \"%s\" where \"%s\" should be; and: %s", o->status,
			 o->err, sentence, o->out);
}

static void mistakes(void **state)
{
	(void)state;
	refuses(EXPLAIN(story_pcap, "13"), "0 to 12");
	refuses(EXPLAIN(story_pcap), "N ");
	refuses(EXPLAIN(story_pcap, "first"), "'first'");
	refuses(EXPLAIN(story_pcap, "1", "2"), "'2'");
	refuses(EXPLAIN("nothing.pcap", "1"), "nothing.pcap");
	refuses(EXPLAIN(story_pcap, "1", "--variant", "cds_lft"), "'cds_lfht'");
	refuses(EXPLAIN(story_pcap, "1", "--variant", "replica"), "no table");
	refuses(EXPLAIN(story_pcap, "1", "--buckets", "3", "--variant", "cds_lfht"),
		"power of two");
	refuses(EXPLAIN(story_pcap, "1", "--set", "nf_conntrack_mux=1"), "did you mean");
	refuses(EXPLAIN(story_pcap, "1", "--scenario", "nothing.json"), "nothing.json");
	refuses(EXPLAIN(cut_pcap, "9"), "cut.pcap");
	TELLS(EXPLAIN(cut_pcap, "1"), "before the damage", "SYN ACK");
	TELLS(EXPLAIN("--help"), "--help", "ctbench explain FILE N", "Examples:");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(established), cmocka_unit_test(out_of_window),
	cmocka_unit_test(related),     cmocka_unit_test(fragments),
	cmocka_unit_test(expired),     cmocka_unit_test(chains),
	cmocka_unit_test(clashes),     cmocka_unit_test(zones),
	cmocka_unit_test(table_full),  cmocka_unit_test(chain_cap),
	cmocka_unit_test(edges),       cmocka_unit_test(watched_as_unwatched),
	cmocka_unit_test(mistakes),
};
CT_TEST_MAIN(tests, make_files, own_folder_leave)
