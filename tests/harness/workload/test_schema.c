/* SPDX-License-Identifier: MIT */
/*
 * The table of parameters for people and programs: the README's table has each of its rows, and
 * the JSON Schema accepts the project's own workload files and refuses wrong ones.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/workload/parameters.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/workload_fixture.h"

/* ---- the table of parameters ---- */

static void test_rows(void **state)
{
	(void)state;
	for (int i = 0; i < NR_PARAMS; i++) {
		const struct parameter *p = &parameters[i];
		char allowed[ALLOWED_MAX];

		assert_non_null(p->name);
		assert_non_null(p->meaning);
		parameter_allowed(p, allowed);
		/* It is part of a longer message. */
		assert_in_range(strlen(allowed), 5, ALLOWED_MAX - 100);
		assert_int_equal(parameter_find(p->name, strlen(p->name)), i);
		if (i < PARAM_FIRST_FIELD)
			continue;
		assert_non_null(p->type->parse);
		assert_non_null(p->type->print);
		assert_int_equal(p->use, i < PARAM_FIRST_OF_CELL ? USE_ONCE : USE_LIST);
	}
	for (size_t i = 0; i < NR_PLOT_KINDS; i++)
		assert_true(!plot_kinds[i].x || cell_param_find(plot_kinds[i].x) >= 0);
}

static void test_readme(void **state)
{
	static char text[1 << 16];
	size_t rows = 0;

	(void)state;
	read_text(CTBENCH_SOURCE_DIR "/workloads/README.md", text, sizeof(text));
	for (int i = 0; i < NR_PARAMS; i++) {
		const struct parameter *p = &parameters[i];
		char row[512];

		snprintf(row, sizeof(row), "\n| `%s` | %s | %s |\n", p->name,
			 p->fallback ? p->fallback : "", p->meaning);
		if (!strstr(text, row))
			fail_msg("workloads/README.md needs this row in its table:%s", row);
	}
	for (const char *at = text; (at = strstr(at, "\n| `")); at++)
		rows += strchr(at + 4, '`')[-1] != '/'; /* that table is of folders */
	assert_int_equal(rows, NR_PARAMS);
}

static void test_list(void **state)
{
	json_t *list = workload_parameters_json(), *row;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(list), NR_PARAMS);
	json_array_foreach(list, i, row) {
		assert_string_equal(json_string_value(json_object_get(row, "name")),
				    parameters[i].name);
		assert_true(json_is_string(json_object_get(row, "allowed")));
	}
	row = json_array_get(list, PARAM_VARIANTS);
	assert_string_equal(json_string_value(json_object_get(row, "column")), "variant");
	assert_true(json_is_null(json_object_get(row, "default")));
	json_decref(list);
}

/* ---- the schema ---- */

/* Files that the schema must refuse; ctbench refuses them as well. */
static const char *const wrong[] = {
	TABLE "flow: 1Ki\n",
	"variants: " BASELINE "\nload_factor: 1\n",
	TABLE "threads: 0\n",
	TABLE "threads: [1, 2000]\n",
	TABLE "threads: some\n",
	TABLE "flows: 64ki\n",
	TABLE "flows: []\n",
	TABLE "flows: {a: 1}\n",
	TABLE "hit_share: 1.5\n",
	TABLE "duration: 200\n",
	TABLE "duration: 200 ms\n",
	TABLE "timeline: 2 ms\n",
	TABLE "level: frames\n",
	TABLE "split: hash\n",
	TABLE "refcount: maybe\n",
	TABLE "popularity: zipf\n",
	TABLE "mix: lookup=1 update=1\n",
	TABLE "events: flush\n",
	TABLE "resize: x2\n",
	TABLE "repeats: [1, 2]\n",
	TABLE "precision: [1%, 2%]\n",
	TABLE "plots: pies\n",
	TABLE "name: Axes\n",
	TABLE "pinning: near\n",
};

/* Files that it must accept, and so must ctbench. */
static const char *const right[] = {
	QUESTION "variants: [null, 'nulls*']\nbuckets: 64Ki\nthreads: [1, all, powers]\n",
	TABLE "flows: [1000, 64Ki, 1.5k]\nhit_share: [0, 0.5, 50%, 1]\nseed: 0\nrefcount: [true, "
	      "false]\n",
	TABLE "pinning: [0, compact]\nrate: [none, 500k]\nprecision: 2%\nbudget: 60s\nwarmup: 0s\n",
	TABLE "popularity: [uniform, zipf s=0.99, hot flows=1% share=90%, hot flows=1 share=50%]\n",
	TABLE
	"events: [none, resize=x2@25% flood=10k:1ms@50%]\nresize: x2@25% x1@75%\nplots: [bars]\n",
};

static const char validator[] = "import sys, json, yaml\n"
				"from jsonschema import Draft202012Validator as V\n"
				"schema = json.load(open('schema.json'))\n"
				"V.check_schema(schema)\n"
				"v = V(schema)\n"
				"bad = 0\n"
				"for path in sys.argv[2:]:\n"
				"    errors = list(v.iter_errors(yaml.safe_load(open(path))))\n"
				"    if bool(errors) != (sys.argv[1] == 'wrong'):\n"
				"        print(path, [e.message for e in errors])\n"
				"        bad = 1\n"
				"sys.exit(bad)\n";

static void load_all(const char *const *files, size_t nr, const char *prefix, bool accepted)
{
	for (size_t i = 0; i < nr; i++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };
		char path[32];

		snprintf(path, sizeof(path), "%s-%zu.yaml", prefix, i);
		write_text(path, files[i]);
		if (!workload_load(&set, path, NULL, &e) != accepted)
			fail_msg("ctbench %s:\n%s%s", accepted ? "refuses" : "accepts", files[i],
				 e.text);
		workload_set_free(&set);
	}
}

static void test_schema(void **state)
{
	json_t *schema = workload_schema(), *kept;

	(void)state;
	assert_non_null(schema);
	for (int i = 0; i < NR_PARAMS; i++)
		assert_true(json_is_string(json_object_get(
			json_object_get(json_object_get(schema, "properties"), parameters[i].name),
			"description")));
	assert_int_equal(json_dump_file(schema, "schema.json", 0), 0);
	/* workloads/workload.schema.json is it, and all files there begin with its path */
	kept = json_load_file(CTBENCH_SOURCE_DIR "/workloads/workload.schema.json", 0, NULL);
	if (!json_equal(schema, kept))
		fail_msg("workloads/workload.schema.json is another: make it by ctbench list "
			 "--schema");
	json_decref(kept);
	json_decref(schema);
	assert_int_equal(system("cd " CTBENCH_SOURCE_DIR "/workloads && for f in $(find . -name "
				"'*.yaml'); do p=$(sed -n '1s/^# yaml-language-server: "
				"$schema=//p' $f); [ \"${p##*/}\" = workload.schema.json ] && [ -f "
				"${f%/*}/$p ] || { echo $f: no schema in its first line; exit 1; "
				"}; done"),
			 0);
	load_all(wrong, sizeof(wrong) / sizeof(wrong[0]), "wrong", false);
	load_all(right, sizeof(right) / sizeof(right[0]), "right", true);
	if (system("python3 -c 'import jsonschema, yaml' 2>/dev/null")) {
		puts("skipped: python3-jsonschema and python3-yaml are not installed");
		skip();
	}
	write_text("validate.py", validator);
	assert_int_equal(system("python3 validate.py right $(find " CTBENCH_SOURCE_DIR
				"/workloads -name '*.yaml') right-*.yaml"),
			 0);
	assert_int_equal(system("python3 validate.py wrong wrong-*.yaml"), 0);
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("schema");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_rows),
	cmocka_unit_test(test_readme),
	cmocka_unit_test(test_list),
	cmocka_unit_test(test_schema),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
