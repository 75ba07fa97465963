/* SPDX-License-Identifier: MIT */
/* Which files of a run are refused and accepted: the reference results, and each of their keys
 * with another value. */
#include "harness/results/check.h"

#include "harness/base/names.h"
#include "harness/results/results.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/reference.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static json_t *benchmark;
static struct ct_error e;

static int setup(void **state)
{
	(void)state;
	if (own_folder_enter("check"))
		return -1;
	benchmark = reference("self");
	return 0;
}

static int teardown(void **state)
{
	json_decref(benchmark);
	return own_folder_leave(state);
}

static json_t *first(const json_t *object)
{
	return json_object_iter_value(json_object_iter((json_t *)object));
}

/* The value at keys with dots between; "*" is the first of an object or array. */
static json_t **place(json_t *root, const char *path, char *last, size_t size)
{
	static json_t *at;
	char text[256], *word, *rest = text;

	snprintf(text, sizeof(text), "%s", path);
	at = root;
	while ((word = strsep(&rest, ".")) && rest)
		at = strcmp(word, "*")	 ? json_object_get(at, word)
		     : json_is_array(at) ? json_array_get(at, 0)
					 : first(at);
	snprintf(last, size, "%s", word);
	return &at;
}

/* A copy with value (JSON) at path; NULL: without it. */
static json_t *with(const char *path, const char *value)
{
	json_t *copy = json_deep_copy(benchmark), *at, *item;
	char last[64];

	at = *place(copy, path, last, sizeof(last));
	if (!at)
		fail_msg("there is no %s", path);
	item = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
	if (value && !item)
		fail_msg("%s is no JSON", value);
	if (json_is_array(at))
		json_array_set_new(at, 0, item);
	else if (item)
		json_object_set_new(at, last, item);
	else
		json_object_del(at, last);
	return copy;
}

static void is_taken(const char *path, const char *value)
{
	json_t *copy = with(path, value);

	e = (struct ct_error){ 0 };
	if (check_benchmark(copy, "FILE", &e))
		fail_msg("%s = %s: %s", path, value ? value : "nothing", e.text);
	json_decref(copy);
}

/* Refused, with the file and the last key in the sentence. */
static void is_refused(const char *path, const char *value)
{
	const char *dot = strrchr(path, '.');
	json_t *copy = with(path, value);

	e = (struct ct_error){ 0 };
	if (!check_benchmark(copy, "FILE", &e))
		fail_msg("%s = %s is taken", path, value);
	assert_int_equal(e.status, CT_EXIT_USER);
	expect(e.text, "FILE: ");
	if (strcmp(dot + 1, "*"))
		expect(e.text, dot + 1);
	json_decref(copy);
}

static void what_we_wrote(void **state)
{
	static const char *const references[] = { "default", "self" };

	(void)state;
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		json_t *json = reference(references[i]);

		e = (struct ct_error){ 0 };
		if (check_benchmark(json, references[i], &e))
			fail_msg("%s", e.text);
		json_decref(json);
	}
}

/* Every known key, with every kind of wrong value. */
static void other_types(void **state)
{
	static const char *const texts[] = {
		"ctbench.name",
		"ctbench.command",
		"ctbench.started",
		"ctbench.arguments.*",
		"ctbench.workloads.*.name",
		"ctbench.workloads.*.question",
		"ctbench.workloads.*.plots.*",
		"ctbench.workloads.*.varying.*",
		"ctbench.cells.*.workload",
		"ctbench.cells.*.variant",
		"ctbench.cells.*.unit",
		"ctbench.cells.*.axes.hash",
		"ctbench.verdicts.*.text",
		"ctbench.verdicts.*.metric",
		"ctbench.verdicts.*.outcome",
		"ctbench.verdicts.*.choice",
		"ctbench.bounds.*.bound",
		"ctbench.noise.pairs.*.cell",
		"ctbench.cells.*.metrics.mops.unit",
	};
	static const char *const numbers[] = {
		"ctbench.format",
		"ctbench.stolen_seconds",
		"ctbench.counts.good",
		"ctbench.cost.elapsed_s",
		"ctbench.cells.*.n",
		"ctbench.cells.*.repeats",
		"ctbench.cells.*.mops.median",
		"ctbench.cells.*.metrics.mops.median",
		"ctbench.cells.*.metrics.mops.values.*",
		"ctbench.bounds.*.median",
		"ctbench.noise.pairs.*.effect_percent",
	};
	static const char *const objects[] = {
		"ctbench.counts",
		"ctbench.cells",
		"ctbench.cells.*.parameters",
		"ctbench.cells.*.metrics",
		"ctbench.cells.*.metrics.mops",
		"ctbench.environment",
		"ctbench.workloads.*",
		"ctbench.verdicts.*",
	};
	static const char *const lists[] = { "ctbench.workloads",
					     "ctbench.verdicts",
					     "ctbench.bounds",
					     "ctbench.noise.pairs",
					     "ctbench.workloads.*.plots",
					     "ctbench.cells.*.metrics.mops.values" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		is_refused(texts[i], "7");
		is_refused(texts[i], "{}");
		is_refused(texts[i], "[]");
		is_refused(texts[i], "true");
		is_refused(texts[i], "\"a\\nb\"");
		is_refused(texts[i], "\"\\u001b[2J\"");
		is_refused(texts[i], "\"\\u009b\"");
		is_refused(texts[i], "\"\\u202e\"");
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		is_refused(numbers[i], "\"7\"");
		is_refused(numbers[i], "{}");
		is_refused(numbers[i], "[7]");
		is_refused(numbers[i], "false");
		is_refused(numbers[i], "1e300");
	}
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		is_refused(objects[i], "7");
		is_refused(objects[i], "[]");
		is_refused(objects[i], "\"x\"");
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		is_refused(lists[i], "7");
		is_refused(lists[i], "{}");
	}
	is_refused("ctbench.interrupted", "1");
	is_refused("ctbench.cells.*.control", "\"no\"");
}

/* Names that are commands, paths, or too long. */
static void names(void **state)
{
	static const char *const bad[] = {
		"\"\"",	    "\"../up\"", "\"a/b\"", "\"<x\"", "\"|x\"",
		"\"a`b`\"", "\"$(x)\"",	 "\"a b\"", "\"ü\"",  "\"a\\\"\""
	};
	char longest[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_refused("ctbench.workloads.*.name", bad[i]);
		is_refused("ctbench.cells.*.workload", bad[i]);
		is_refused("ctbench.cells.*.variant", bad[i]);
		is_refused("ctbench.verdicts.*.metric", bad[i]);
		is_refused("ctbench.workloads.*.plots.*", bad[i]);
	}
	is_refused("ctbench.name", "\"../up\"");
	is_refused("ctbench.name", "\"-x\"");
	is_refused("ctbench.name", "\".x\"");
	is_refused("ctbench.name", "\"\"");
	is_taken("ctbench.name", "\"Größe 2 (`x`)\"");
	snprintf(longest, sizeof(longest), "\"%0*d\"", 64, 0);
	is_refused("ctbench.workloads.*.name", longest);
	is_refused("ctbench.cells.no slash", "{}");
	is_refused("ctbench.cells.x/\033", "{}");
	is_refused("ctbench.cells.*.metrics.a/b", "{}");
	is_taken("ctbench.cells.x/y", "{}");
}

static void whatever_the_key(void **state)
{
	char text[5000] = "", deep[64] = "";

	(void)state;
	is_refused("context.date", "\"\\u001b\"");
	is_refused("context.new", "{\"a\\u0007\": 1}");
	is_refused("ctbench.environment.new", "-1e19");
	is_taken("ctbench.environment.new", "[null, true, {\"a\": [\"plain\", -1e18]}]");
	/* A missing key is no reason to refuse, nor is null if there was no figure. */
	is_taken("ctbench.cells.*.workload", NULL);
	is_taken("ctbench.workloads", NULL);
	is_taken("ctbench.cells.*.mops", "null");
	is_taken("ctbench.noise", "null");
	is_taken("ctbench.cells.*.metrics.mops.values.*", "null");
	memset(text, 'x', sizeof(text) - 1);
	text[0] = text[4097 + 1] = '"';
	text[4097 + 2] = '\0';
	is_refused("context.date", text);
	for (int i = 0; i < 20; i++)
		strcat(deep, "[");
	for (int i = 0; i < 20; i++)
		strcat(deep, "]");
	is_refused("context.new", deep);
}

static void other_files(void **state)
{
	json_t *json = json_pack("{s:i, s:s, s:s, s:[s]}", "format", 1, "command", "run", "started",
				 "-", "arguments", "a\033b");

	(void)state;
	e = (struct ct_error){ 0 };
	assert_true(check_start(json, "run.json", &e) < 0);
	expect(e.text, "run.json");
	expect(e.text, "arguments[0]");
	json_object_set_new(json, "arguments", json_pack("[s]", "it's `a`"));
	e = (struct ct_error){ 0 };
	assert_int_equal(check_start(json, "run.json", &e), 0);
	json_decref(json);

	json = json_pack("{s:i, s:s, s:i, s:{s:f}}", "seq", 1, "name", "w/v", "repeat", 0,
			 "metrics", "p99_ns", 2.5);
	assert_int_equal(check_details(json, "details.jsonl:7", &e), 0);
	json_object_set_new(json, "slices",
			    json_pack("{s:i, s:[f], s:[n]}", "session", 1, "ops", 2.5, "why"));
	assert_int_equal(check_details(json, "details.jsonl:7", &e), 0);
	json_object_set_new(json, "slices", json_pack("{s:[s]}", "ops", "<b>"));
	assert_true(check_details(json, "details.jsonl:7", NULL) < 0);
	json_object_del(json, "slices");
	json_object_set_new(json, "metrics", json_pack("{s:f}", "../x", 1.0));
	assert_true(check_details(json, "details.jsonl:7", &e) < 0);
	expect(e.text, "details.jsonl:7");
	json_decref(json);

	json = json_pack("[{s:s, s:f}]", "bound", "dependent", "median", 2.5);
	assert_int_equal(check_bounds(json, "bounds.jsonl", NULL), 0);
	json_object_set_new(json_array_get(json, 0), "cpus", json_pack("[i, i]", 0, 1));
	assert_int_equal(check_bounds(json, "bounds.jsonl", NULL), 0);
	json_object_set_new(json_array_get(json, 0), "cpus", json_pack("[s]", "<b>"));
	assert_true(check_bounds(json, "bounds.jsonl", NULL) < 0);
	json_object_del(json_array_get(json, 0), "cpus");
	assert_int_equal(check_bounds(json, "bounds.jsonl", NULL), 0);
	json_object_set_new(json_array_get(json, 0), "bound", json_string("<b>"));
	assert_true(check_bounds(json, "bounds.jsonl", NULL) < 0);
	json_decref(json);
}

/* Names of runs that later commands could not take. */
static void run_names(void **state)
{
	static const char *const bad[] = { "",	   ".",	      "..",    ".x",
					   "a/b",  "../x",    "-x",    "--name",
					   "a\nb", "\033[2J", "a\xff", "\xe2\x80\xae",
					   "a\tb" };
	char longest[129];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[128] = '\0';
	assert_false(name_fits_run(longest));
	longest[127] = '\0';
	assert_true(name_fits_run(longest));
	assert_true(name_fits_run("20260101-120000-default"));
	assert_true(name_fits_run("a b 'c' `d`"));
	write_text("w.yaml", "question: so?\nvariants: null\nflows: 16\nload_factor: 1\n"
			     "duration: 1ms\nwarmup: 0s\nrepeats: 1\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(name_fits_run(bad[i]));
		if (!*bad[i])
			continue;
		assert_int_equal(RUN((char *)"run", (char *)"w.yaml", (char *)"--name",
				     (char *)bad[i], (char *)"--results", (char *)"runs"),
				 CT_EXIT_USER);
		assert_null(strchr(said.err, '\033'));
	}
	assert_int_equal(remove_all("runs"), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_we_wrote), cmocka_unit_test(other_types),
	cmocka_unit_test(names),	 cmocka_unit_test(whatever_the_key),
	cmocka_unit_test(other_files),	 cmocka_unit_test(run_names),
};
CT_TEST_MAIN(tests, setup, teardown)
