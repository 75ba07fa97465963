/* SPDX-License-Identifier: MIT */
/*
 * Runs ctbench replay on hand-made captures: time that jumps and
 * steps back, settings, a full table, and scenarios.
 */
#include "tests/fixture/cmocka.h"
#include "tests/fixture/replay_fixture.h"

/* Gaps longer than the clock's range, time that steps back: exactly the expired entries expire. */
static void time_passes(void **state)
{
	static const uint32_t seconds[] = {
		1000,
		1029,
		1058, /* never 30 s apart: one connection */
		1088, /* over to the tick: the second */
		1000,
		1100,			  /* back, then on: still the second */
		1100 + 4294968,		  /* 2^32 ms later: looks like no time at all */
		1100 + 4294968 + 2147484, /* 2^31 ms */
		4200000000u,		  /* a century */
	};
	static const char path[] = "time.pcap";

	(void)state;
	write_questions(path, seconds, ARRAY_SIZE(seconds));
	REPLAY(path);
	assert_fine(path);
	assert_int_equal(number_before(" made,"), 5);
	assert_int_equal(number_before(" left at the end"), 1);
	REPLAY("--clock", "frozen", path);
	assert_fine("--clock frozen");
	assert_int_equal(number_before(" made,"), 1);
	REPLAY("--set", "nf_conntrack_udp_timeout=3600", path);
	assert_fine("--set");
	assert_int_equal(number_before(" made,"), 4);
}

static void full_table(void **state)
{
	const char *at = said.out;
	unsigned int dropped = 0;

	(void)state;
	REPLAY("--set", "nf_conntrack_max=5", own("http.pcap.zst"));
	assert_fine("nf_conntrack_max=5");
	assert_true(number_before(" at once,") <= 5);
	REPLAY("--json", "--set", "nf_conntrack_max=5", own("wan.pcap"));
	assert_string_equal(said.err, "");
	for (json_t *line; (line = json_line(&at)); json_decref(line))
		dropped += !strcmp(json_text(line, "verdict"), "drop");
	assert_true(dropped > 0);
}

static void scenarios(void **state)
{
	static const uint32_t seconds[] = { 1, 1, 1, 1, 1, 1, 1 };
	const char *want[] = {
		/* two are held, so each has its own connection */
		"held new 1 -",
		"held new 2 -",
		/* let go: the second joins the first's (UDP may) */
		"accept - - 1",
		"accept - - 1",
		/* from separate devices: another zone; not tracked */
		"accept new 3 -",
		"accept untracked - -",
		"accept new 1 -",
		"flush",
		"accept new 4 -",
		"accept new 4 -",
	};
	const char *at = said.out;
	json_t *line;

	(void)state;
	write_questions("scenario.pcap", seconds, ARRAY_SIZE(seconds));
	REPLAY("--json", "--scenario",
	       write_scenario("{ \"title\": \"a test\", \"hold\": [0, 1],"
			      "  \"after\": { \"1\": [0, 1], \"4\": [\"flush\"] },"
			      "  \"in\": [0, 0, 1, 2], \"zones\": { \"1\": { \"id\": 7 } },"
			      "  \"notrack\": [2],"
			      "  \"sysctl\": { \"nf_conntrack_udp_timeout\": 77 },"
			      "  \"global\": { \"nf_conntrack_max\": 100 } }"),
	       "scenario.pcap");
	assert_fine("--scenario");
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		char got[128], ct[16] = "-", after[16] = "-";

		line = json_line(&at);
		assert_non_null(line);
		if (json_object_get(line, "ct"))
			snprintf(ct, sizeof(ct), "%d",
				 (int)json_integer_value(json_object_get(line, "ct")));
		if (json_object_get(line, "ct_after"))
			snprintf(after, sizeof(after), "%d",
				 (int)json_integer_value(json_object_get(line, "ct_after")));
		snprintf(got, sizeof(got), "%s %s %s %s", json_text(line, "verdict"),
			 json_text(line, "state"), ct, after);
		if (json_object_get(line, "do"))
			snprintf(got, sizeof(got), "%s", json_text(line, "do"));
		assert_string_equal(got, want[i]);
		json_decref(line);
	}
	line = json_line(&at);
	assert_true(json_is_true(json_object_get(line, "final")));
	json_decref(line);
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("replay-made");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(time_passes),
	cmocka_unit_test(full_table),
	cmocka_unit_test(scenarios),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
