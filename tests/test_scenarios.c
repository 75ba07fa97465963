/* SPDX-License-Identifier: MIT */
/*
 * The scenarios under tests/conformance: what ctbench replay says about each of
 * their packets, against what Linux said (see the README there), over a few
 * variants that have nothing in common.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFORMANCE	CTBENCH_SOURCE_DIR "/tests/conformance"
#define MAX_NUMBERS	1024

static const char *const variants[] = {
	"nulls_rcu_jhash2_scale_seqcount", "locked_global", "plain_rcu_deferred",
};

/* Connections are numbered by who counts them; ours for each of theirs. */
struct names {
	json_int_t ours[MAX_NUMBERS];
};

static bool same_names(struct names *names, const json_t *want, const json_t *got)
{
	json_int_t w = json_integer_value(want), g = json_integer_value(got);

	assert_true(w > 0 && w < MAX_NUMBERS);
	if (!names->ours[w])
		names->ours[w] = g;
	return names->ours[w] == g;
}

/* Linux' clock runs on between a packet and the look at its entry. */
static bool same_time(const json_t *want, const json_t *got)
{
	json_int_t d = json_integer_value(want) - json_integer_value(got);

	return json_is_integer(got) && d >= -1 && d <= 1;
}

static void assert_same(const char *where, const json_t *want, const json_t *got, struct names *names)
{
	static const char *const fields[] = {
		"verdict", "state", "ctinfo", "ct", "ct_after", "status_in", "status", "proto_state",
		"timeout", "orig", "reply", "zone", "helper", "master",
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const json_t *w = json_object_get(want, fields[i]), *g = json_object_get(got, fields[i]);
		bool same;

		if (!w)
			continue;
		if (!strncmp(fields[i], "ct", 2) && strcmp(fields[i], "ctinfo"))
			same = same_names(names, w, g);
		else if (!strcmp(fields[i], "timeout"))
			same = same_time(w, g);
		else
			same = json_equal(w, g);
		if (!same) {
			char *a = json_dumps(w, JSON_ENCODE_ANY), *b = g ? json_dumps(g, JSON_ENCODE_ANY) : NULL;

			fail_msg("%s: %s: Linux says %s, ctbench %s", where, fields[i], a, b ? b : "nothing");
		}
	}
}

/* The entries at the end, in whatever order. */
static void assert_same_tables(const char *where, const json_t *want, const json_t *got, struct names *names)
{
	json_t *w, *g = NULL;
	size_t i, k;

	assert_int_equal(json_array_size(want), json_array_size(got));
	json_array_foreach(want, i, w) {
		json_array_foreach(got, k, g)
			if (json_equal(json_object_get(w, "orig"), json_object_get(g, "orig")) &&
			    json_integer_value(json_object_get(w, "zone")) ==
				    json_integer_value(json_object_get(g, "zone")))
				break;
		if (k == json_array_size(got))
			fail_msg("%s: entry %zu is not in the table at the end", where, i);
		assert_same(where, w, g, names);
	}
}

static json_t *next_line(FILE *f)
{
	json_error_t why;

	return json_loadf(f, JSON_DISABLE_EOF_CHECK, &why);
}

static void compare(const char *name, const char *variant)
{
	char path[1024], command[4096], where[256];
	struct names names = { 0 };
	FILE *expected, *out;
	json_t *want, *got;

	snprintf(path, sizeof(path), CONFORMANCE "/expected/%s.jsonl", name);
	expected = fopen(path, "r");
	if (!expected)
		fail_msg("%s is missing", path);
	snprintf(command, sizeof(command),
		 "'%s' replay --json --clock frozen --buckets 1024 --variant %s --scenario '%s/scenarios/%s.json' "
		 "'%s/scenarios/%s.pcap'", CTBENCH_BINARY, variant, CONFORMANCE, name, CONFORMANCE, name);
	fflush(NULL);
	out = popen(command, "r");
	assert_non_null(out);
	while ((want = next_line(expected))) {
		got = next_line(out);
		snprintf(where, sizeof(where), "%s over %s, %s", name, variant,
			 json_object_get(want, "pkt") ? json_string_value(json_object_get(want, "pkt")) : "the end");
		if (!got)
			fail_msg("%s: ctbench says nothing", where);
		assert_int_equal(json_integer_value(json_object_get(want, "i")),
				 json_integer_value(json_object_get(got, "i")));
		assert_same(where, want, got, &names);
		if (json_object_get(want, "final"))
			assert_same_tables(where, json_object_get(want, "table"), json_object_get(got, "table"),
					   &names);
		json_decref(want);
		json_decref(got);
	}
	assert_null(next_line(out));
	assert_int_equal(pclose(out), 0);
	fclose(expected);
}

static void test_scenarios(void **state)
{
	glob_t g;

	(void)state;
	assert_int_equal(glob(CONFORMANCE "/scenarios/*.pcap", 0, NULL, &g), 0);
	assert_true(g.gl_pathc >= 10);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *name = strdup(strrchr(g.gl_pathv[i], '/') + 1);

		assert_non_null(name);
		*strrchr(name, '.') = '\0';
		for (size_t v = 0; v < sizeof(variants) / sizeof(*variants); v++)
			compare(name, variants[v]);
		free(name);
	}
	globfree(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scenarios) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
