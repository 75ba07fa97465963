/* SPDX-License-Identifier: MIT */
/*
 * Runs ctbench replay: every mistake gives one sentence, and a damaged
 * capture is reported up to the damage.
 */
#include "harness/traffic/capture.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/replay_fixture.h"

/* The last replay was refused with these words, and printed nothing. */
static void assert_mistake(int status, const char *says)
{
	if (status != CT_EXIT_USER)
		fail_msg("exit status %d: %s", status, said.err);
	expect(said.err, says);
	expect(said.err, "ctbench: ");
	assert_string_equal(said.out, ""); /* nothing half written */
}

static void mistakes(void **state)
{
	static const struct {
		const char *json, *says;
	} bad[] = {
		{ "{ \"hold\": [0] ", "scenario.json, line 1" },
		{ "[]", "JSON object" },
		{ "{ \"zone\": {} }", "did you mean \"zones\"?" },
		{ "{ \"xyzzy\": {} }", "title, ref, sysctl" },
		{ "{ \"hold\": [0, -1] }", "\"hold\"" },
		{ "{ \"hold\": [280] }", "packet 280" },
		{ "{ \"after\": { \"x\": [] } }", "a number" },
		{ "{ \"after\": { \"3\": [1] } }", "which \"hold\" does not name" },
		{ "{ \"hold\": [5], \"after\": { \"3\": [5] } }", "releases packet 5" },
		{ "{ \"sysctl\": { \"nf_conntrack_tcp_lose\": 1 } }", " nf_conntrack_tcp_loose?" },
		{ "{ \"sysctl\": { \"nf_conntrack_tcp_loose\": 2 } }", "cannot be 2" },
		{ "{ \"sysctl\": { \"nf_conntrack_tcp_loose\": \"on\" } }", "values are numbers" },
		{ "{ \"zones\": { \"1\": { \"id\": 70000 } } }", "0 to 65535" },
		{ "{ \"in\": [0, 5000] }", "0 to 4095" },
		{ "{ \"realtime\": 1 }", "true or false" },
		{ "{ \"hold\": [0], \"hold\": [1] }", "duplicate" },
		{ "{ \"title\": 5 }", "\"title\"" },
		{ "{ \"nft_raw\": [5] }", "\"nft_raw\"" },
		{ "{ \"notrack\": 1 }", "\"notrack\"" },
		{ "{ \"helpers\": { \"ftpp\": [21] } }", "ftpp" },
		{ "{ \"helpers\": { \"ftp\": 21 } }", "lists of ports" },
		{ "{ \"after\": { \"1\": [\"flus\"] } }", "lists of actions" },
		{ "{ \"after\": { \"280\": [\"flush\"] } }", "names packet 280" },
		{ "{ \"hold\": [1], \"after\": { \"2\": [1], \"3\": [1] } }", "twice" },
		{ "{ \"zones\": { \"1\": { \"id\": 1, \"dir\": \"orig\" } } }",
		  "\"original\" or \"reply\"" },
		{ "{ \"global\": { \"nf_conntrack_maxx\": 1 } }", " nf_conntrack_max?" },
		{ "{ \"sysctl\": { \"nf_conntrack_count\": 1 } }", "only be read" },
	};
	const char *wan = own("wan.pcap");

	(void)state;
	assert_mistake(REPLAY("--json"), "FILE");
	assert_mistake(REPLAY(wan, wan), "wan.pcap'");
	assert_mistake(REPLAY("/nowhere/at/all.pcap"), "/nowhere/at/all.pcap");
	assert_mistake(REPLAY("--variant", "nulls_rcu_siphsh", wan), "'nulls_rcu_siphash'");
	assert_mistake(REPLAY("--variant", "replica", wan), "has no table");
	assert_mistake(REPLAY("--clock", "stopped", wan), "trace or frozen");
	assert_mistake(REPLAY("--buckets", "0", wan), "from 1");
	assert_mistake(
		REPLAY("--buckets", "1000", "--variant", "nulls_rcu_jhash2_mask_seqcount", wan),
		"cannot have 1000 buckets");
	assert_mistake(REPLAY("--set", "nf_conntrack_tcp_loose", wan), "NAME=NUMBER");
	assert_mistake(REPLAY("--set", "nf_conntrack_tcp_loos=0", wan), " nf_conntrack_tcp_loose?");
	assert_mistake(REPLAY("--set", "net.netfilter.nf_conntrack_tcp_loos=0", wan),
		       " nf_conntrack_tcp_loose?");
	assert_mistake(REPLAY("--set", "nf_conntrack_count=0", wan), "only be read");
	assert_mistake(REPLAY("--set", "nf_conntrack_udp_timeout=2147484", wan), "0 to 2147483");
	assert_mistake(REPLAY("--set", "nf_conntrack_expect_max=0", wan), "1 to 2147483647");
	assert_mistake(REPLAY("--set", "ipfrag_high_thresh=5", wan), "3145728 to ");
	assert_mistake(REPLAY("--json", "--table", wan), "--table");
	assert_mistake(REPLAY("--json", "--dump", "proc", wan), "--dump");
	assert_mistake(REPLAY("--table", "--dump", "proc", wan), "--table");
	assert_mistake(REPLAY("--dump", "xml", wan), "proc or extended");
	assert_mistake(REPLAY("--jsn", wan), "--json");
	assert_mistake(REPLAY("--scenario", "/nowhere.json", wan), "/nowhere.json");
	assert_mistake(REPLAY("--scenario", "/tmp", wan), "is a folder");
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_mistake(REPLAY("--json", "--scenario", write_scenario(bad[i].json), wan),
			       bad[i].says);
}

/* Settings by all names that sysctl(8) accepts. */
static void names_of_settings(void **state)
{
	static const char *const sets[] = {
		"nf_conntrack_max=5",
		"net.netfilter.nf_conntrack_max=5",
		"net/netfilter/nf_conntrack_max=5",
		"/proc/sys/net/netfilter/nf_conntrack_max=5",
		"net.ipv4.ipfrag_time=5",
		"/proc/sys/net/ipv4/ipfrag_time=5",
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sets); i++) {
		REPLAY("--set", sets[i], own("http.pcap.zst"));
		assert_fine(sets[i]);
		if (i < 4)
			assert_true(number_before(" at once,") <= 5);
	}
}

/* A file cut off in the middle: the part before is reported, then the error. */
static void damaged(void **state)
{
	static const char path[] = "cut.pcap";
	struct ct_error e = { 0 };
	struct blob b = { 0 };
	uint8_t *data;
	size_t size;
	const char *at = said.out;
	json_t *line;

	(void)state;
	assert_int_equal(capture_slurp(own("wan.pcap"), &data, &size, &e), 0);
	blob_add(&b, data, size / 2);
	free(data);
	write_bytes(path, b.data, b.size);
	blob_free(&b);
	REPLAY(path);
	assert_int_equal(said.status, CT_EXIT_USER);
	expect(said.err, path);
	assert_true(number_before(" packets,") > 50);
	assert_true(number_before(" made,") > 5);
	REPLAY("--json", path);
	assert_int_equal(said.status, CT_EXIT_USER);
	while ((line = json_line(&at)) && !json_object_get(line, "final"))
		json_decref(line);
	assert_non_null(line);
	json_decref(line);
	/* a scenario needs it whole */
	assert_mistake(REPLAY("--scenario", write_scenario("{}"), path), "cut.pcap");
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("replay-bad");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(mistakes),
	cmocka_unit_test(names_of_settings),
	cmocka_unit_test(damaged),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
