/* SPDX-License-Identifier: MIT */
/*
 * What other programs read: tables of a run as CSV with their data dictionary, by Python's csv
 * module; and JSON of ctbench run.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "harness/cli/run_commands.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/made_up.h"
#include "tests/fixture/said_json.h"

/* A reason with everything that CSV has to quote. */
#define REASON "a \"thread\" moved, or did it"

static int
measure(const struct cell *cell, struct cell_result *r, json_t **details, struct ct_error *e)
{
	(void)e;
	*details = json_pack("{s:{s:f}}", "metrics", "wait_us", 1.0 + cell->repeat);
	made_up(cell, r, 50 + cell->repeat);
	if (cell->repeat == 3)
		strcpy(r->void_reason, REASON);
	return 0;
}

static int run_made_up(int argc, char **argv)
{
	return run_command(argc, argv, measure);
}

static void csv(const char *table)
{
	char line[256];

	snprintf(line, sizeof(line), CTBENCH_BINARY " report r --csv %s >%s.csv", table, table);
	assert_int_equal(call_shell(line), 0);
}

/*
 * Each table has rows of one length, the fields of its file, and a word, unit and meaning for each
 * of its columns in the dictionary.
 */
static const char reads[] =
	"import csv\n"
	"rows = {}\n"
	"for table in 'results', 'cells', 'columns':\n"
	"    with open(table + '.csv', newline='') as f:\n"
	"        rows[table] = list(csv.reader(f))\n"
	"    with open('results/runs/r/' + table + '.tsv', newline='\\n') as f:\n"
	"        assert rows[table] == [l.rstrip('\\n').split('\\t') for l in f], table\n"
	"    assert len({len(r) for r in rows[table]}) == 1, table\n"
	"known = {(r[0], r[1]): r for r in rows['columns']}\n"
	"for table in 'results', 'cells':\n"
	"    for name in rows[table][0]:\n"
	"        assert len(known[table + '.tsv', name][4]) > 3, name\n"
	"assert known['cells.tsv', 'ns_per_op'][2:4] == ['ns', 'less']\n"
	"with open('cells.csv', newline='') as f:\n"
	"    cells = list(csv.DictReader(f))\n"
	"bad = [c for c in cells if c['void_reason']]\n"
	"assert bad and all(c['void_reason'] == "
	"'a \"thread\" moved, or did it' for c in bad)\n"
	"good = [float(c['ns_per_op']) for c in cells if not c['void_reason']]\n"
	"assert min(good) == 50 and len(good) >= 8, good\n"
	"with open('all.csv', newline='') as f:\n"
	"    assert list(csv.reader(f)) == rows['columns']\n"
	"print('read', len(cells))\n";

static void test_python(void **state)
{
	(void)state;
	csv("results");
	csv("cells");
	csv("columns");
	assert_int_equal(call_shell(CTBENCH_BINARY " list --columns --csv >all.csv"), 0);
	if (call_shell("command -v python3 >/dev/null")) {
		print_message("[  note    ] python3 is not installed: not read\n");
		skip();
	}
	write_text("reads.py", reads);
	if (call_shell("python3 reads.py 2>&1"))
		fail_msg("%s", said.out);
	expect(said.out, "read ");
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(RUN("report", "r", "--csv", "slices"), CT_EXIT_USER);
	expect(said.err, "results/runs/r/slices.tsv");
	assert_int_equal(RUN("report", "r", "--csv", "nothing"), CT_EXIT_USER);
	assert_int_equal(RUN("report", "r", "--csv", "cells", "--json"), CT_EXIT_USER);
	assert_int_equal(RUN("report", "r", "--csv", "cells", "--out", "results/runs/r/cells.tsv"),
			 CT_EXIT_USER);
	assert_int_equal(RUN("list", "--csv"), CT_EXIT_USER);
	assert_int_equal(RUN("report", "r", "--csv", "cells", "--out", "there.csv"), 0);
	assert_string_equal(said.out, "");
	assert_int_equal(call_shell("cmp there.csv cells.csv"), 0);
}

static void test_run_json(void **state)
{
	json_t *json;
	int status;

	(void)state;
	assert_int_equal(RUN("run", "w.yaml", "--dry-run", "--json"), 0);
	json = said_json();
	assert_int_equal(json_array_size(json_object_get(json, "cells")), 2);
	json_decref(json);

	status = RUN("run", "w.yaml", "--json", "--name", "j", "--repeats", "1", "--duration",
		     "1ms", "--warmup", "0ms", "--no-bounds", "--variants", "nulls_rcu_siphash");
	assert_true(status == CT_EXIT_OK || status == CT_EXIT_VOID);
	json = said_json();
	assert_string_equal(json_string_value(json_object_get(json, "name")), "j");
	assert_int_equal(json_object_size(json_object_get(json, "cells")), 2);
	assert_non_null(json_object_get(json, "matrix"));
	expect(said.err, "Mops/s"); /* tables and progress are for people */
	/* the option is none of the run's arguments, which --resume repeats */
	assert_null(strstr(json_string_value(json_array_get(json_object_get(json, "arguments"), 1)),
			   "--json"));
	json_decref(json);
}

static int begin(void **state)
{
	(void)state;
	if (own_folder_enter("csv") || make_idle_gnuplot())
		return -1;
	write_text("w.yaml", "name: w\nquestion: \"Which, if any, is \\\"faster\\\"?\"\n"
			     "variants: [nulls_rcu_siphash]\n"
			     "threads: 1\nflows: 500\nload_factor: 1\nrepeats: 5\nplots: [bars]\n");
	return call_command(run_made_up, "run", "w.yaml --name r");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_python),
	cmocka_unit_test(test_refused),
	cmocka_unit_test(test_run_json),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
