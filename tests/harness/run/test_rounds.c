/* SPDX-License-Identifier: MIT */
/* Cells of a group measured in turn: every cell in every round, and its recorded results. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fixture/cmocka.h"
#include "harness/measure/measure.h"
#include "harness/numbers/stats.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/sanitized.h"

#define CELLS	3 /* two variants and the control */
#define REPEATS 2
#define ROUNDS	4

#define SPARED_SEED "1"

static const char workload[] =
	"name: side\n"
	"question: Are they measured side by side?\n"
	"variants: [nulls_rcu_jhash2_scale_seqcount, locked_jhash2_scale_seqcount]\n"
	"flows: 1000\n"
	"load_factor: 1\n"
	"duration: 40ms\n"
	"warmup: 2ms\n"
	"repeats: 2\n";

static int setup(void **state)
{
	(void)state;
	remove_all("runs");
	write_text("side.yaml", workload);
	return 0;
}

/* Columns of slices.tsv. */
enum { NAME, INSTANCE, SESSION, ROUND, POSITION, ATTEMPT, ALONE, USED, OPS, SECONDS, NR_READ };

struct row {
	char name[256];
	double value[NR_READ];
};

static size_t read_slices(const char *path, struct row *rows, size_t max)
{
	static const char header[] = "name\tinstance\tsession\tround\tposition\tattempt\t"
				     "alone\tused\tops\tseconds\t";
	static char text[1 << 20];
	char *line, *rest = text;
	size_t nr = 0;

	read_text(path, text, sizeof(text));
	assert_int_equal(strncmp(text, header, strlen(header)), 0);
	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		assert_true(nr < max);
		for (int i = 0; i < NR_READ; i++) {
			const char *word = strsep(&line, "\t");

			if (i == NAME)
				snprintf(rows[nr].name, sizeof(rows[nr].name), "%s", word);
			else
				rows[nr].value[i] = strtod(word, NULL);
		}
		nr++;
	}
	return nr;
}

static void every_cell_in_every_round(void **state)
{
	static struct row rows[2048];
	unsigned int seen[REPEATS][ROUNDS][CELLS] = { 0 }, orders = 0;
	size_t nr;

	(void)state;
	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "a", "--no-bounds"),
			 0);
	nr = read_slices("runs/a/slices.tsv", rows, 2048);
	for (size_t i = 0; i < nr; i++) {
		const double *v = rows[i].value;

		if (v[ALONE] > 0)
			continue;
		assert_true(v[INSTANCE] < REPEATS && v[ROUND] < ROUNDS && v[POSITION] < CELLS);
		if (v[ATTEMPT] == 1)
			seen[(int)v[INSTANCE]][(int)v[ROUND]][(int)v[POSITION]]++;
		assert_true(v[USED] <= 0 || (v[OPS] > 0 && v[SECONDS] > 0));
		/* All of a repeat belong to one session: they were alive at the same time. */
		for (size_t k = 0; k < i; k++)
			if (rows[k].value[INSTANCE] == v[INSTANCE])
				assert_true(rows[k].value[SESSION] == v[SESSION]);
		orders += v[ROUND] > 0 && !strcmp(rows[i].name, rows[0].name) &&
			  v[POSITION] != rows[0].value[POSITION];
	}
	for (int i = 0; i < REPEATS; i++)
		for (int r = 0; r < ROUNDS; r++)
			for (int p = 0; p < CELLS; p++)
				assert_int_equal(seen[i][r][p], 1);
	assert_true(orders > 0); /* a fresh order each round */
}

/* A cell that is compared with one with events is measured in a window too, not in slices. */
static void as_cells_with_events(void **state)
{
	(void)state;
	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "a", "--no-bounds",
			     "--repeats", "1", "--events", "none,limit=x1@1%"),
			 0);
	assert_int_not_equal(access("runs/a/slices.tsv", F_OK), 0);
}

/* The row is the sum of its slices, and the report has them. */
static void a_row_is_the_sum_of_its_slices(void **state)
{
	static struct row rows[2048];
	double ops = 0, seconds = 0, ns, told = 0;
	json_t *json, *cell, *slices;
	size_t nr;

	(void)state;
	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "a", "--no-bounds",
			     "--repeats", "1"),
			 0);
	nr = read_slices("runs/a/slices.tsv", rows, 2048);
	json = json_load_file("runs/a/benchmark.json", 0, NULL);
	cell = json_object_get(json_object_get(json_object_get(json, "ctbench"), "cells"),
			       rows[0].name);
	slices = json_array_get(json_object_get(cell, "slices"), 0);
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(rows[i].name, rows[0].name) && rows[i].value[USED] > 0) {
			ops += rows[i].value[OPS];
			seconds += rows[i].value[SECONDS];
		}
	assert_int_equal(json_unpack(cell, "{s:{s:f}}", "ns_per_op", "median", &told), 0);
	ns = 1e9 * seconds / ops;
	assert_true(told > 0.98 * ns && told < 1.02 * ns);
	assert_true(json_array_size(json_object_get(slices, "round")) > 0);
	assert_int_equal(json_array_size(json_object_get(slices, "ns")),
			 json_array_size(json_object_get(slices, "round")));
	json_decref(json);
}

/* A run that was stopped in the middle of a group continues with the missing part. */
static void a_group_is_gone_on_with(void **state)
{
	static char text[1 << 20];
	char *end;

	(void)state;
	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "a", "--no-bounds"),
			 0);
	read_text("runs/a/cells.tsv", text, sizeof(text));
	/* The last of six rows is lost. */
	end = strrchr(text, '\n');
	*end = '\0';
	strrchr(text, '\n')[1] = '\0';
	write_text("runs/a/cells.tsv", text);
	assert_int_equal(RUN("run", "--resume", "a", "--results", "runs"), 0);
	expect(said.out, "6 measurements");
	read_text("runs/a/cells.tsv", text, sizeof(text));
	end = text;
	for (int lines = 0; lines < 1 + CELLS * REPEATS; lines++, end++)
		assert_non_null(end = strchr(end, '\n'));
	assert_int_equal(*end, '\0');
}

static unsigned int good_repeats(const char *run)
{
	static char text[1 << 20];
	unsigned int lines = 0;
	char path[256];

	snprintf(path, sizeof(path), "runs/%s/cells.tsv", run);
	read_text(path, text, sizeof(text));
	for (char *line = text; (line = strchr(line, '\n')); line++)
		lines++;
	return (lines - 1) / CELLS;
}

/* At least five repeats, which a verdict needs; then time or precision ends the measuring. */
static void enough_is_enough(void **state)
{
	char text[1024];
	json_t *json;

	(void)state;
	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "a", "--no-bounds",
			     "--budget", "1s"),
			 0);
	assert_int_equal(good_repeats("a"), 5);
	expect(said.err, "budget");
	json = json_load_file("runs/a/benchmark.json", 0, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(
			json_object_get(json_object_get(json, "ctbench"), "counts"), "missing")),
		0);
	json_decref(json);

	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "b", "--no-bounds",
			     "--duration", "10ms", "--precision", "0.01%", "--budget", "20s"),
			 0);
	assert_true(good_repeats("b") > 5); /* the precision is not reached, and time is left */

	/* Repeats on the command line are exact. */
	snprintf(text, sizeof(text), "%sbudget: 20s\nprecision: 0.01%%\n", workload);
	write_text("side.yaml", text);
	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "c", "--no-bounds",
			     "--duration", "10ms", "--repeats", "2"),
			 0);
	assert_int_equal(good_repeats("c"), 2);
}

/* The number of rows of cells.tsv whose name has that end. */
static unsigned int rows_of(const char *run, const char *what)
{
	static char text[1 << 20];
	unsigned int lines = 0;
	char path[256];

	snprintf(path, sizeof(path), "runs/%s/cells.tsv", run);
	read_text(path, text, sizeof(text));
	for (char *line = text; (line = strstr(line, what)); line++)
		lines++;
	return lines;
}

/*
 * Each point has repeats until its choices meet the target, and three quarters more; points share
 * the time, so that one that costs little has more repeats.
 */
static void time_goes_where_it_is_needed(void **state)
{
	double elapsed;
	json_t *json;
	int voids;

	(void)state;
	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "a", "--no-bounds",
			     "--duration", "20ms", "--detect", "99%", "--budget", "600s"),
			 0);
	json = json_load_file("runs/a/benchmark.json", 0, NULL);
	assert_int_equal(json_unpack(json, "{s:{s:{s:i}}}", "ctbench", "counts", "void", &voids),
			 0);
	json_decref(json);
	/* A cell that has lost some repeats has seven good ones later. */
	assert_in_range(good_repeats("a"), 7 * 7 / 4, voids ? 600 : 7 * 7 / 4);

	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "b", "--no-bounds",
			     "--duration", "10ms", "--detect", "0.001%", "--budget", "8s",
			     "--flows", "100,200000"),
			 0);
	assert_true(rows_of("b", "/flows:200000\t") >= 2 * STATS_LEAST);
	/* No point takes more than its share, except for the repeats that a verdict needs. */
	json = json_load_file("runs/b/benchmark.json", 0, NULL);
	assert_int_equal(
		json_unpack(json, "{s:{s:{s:F}}}", "ctbench", "cost", "elapsed_s", &elapsed), 0);
	json_decref(json);
	if (rows_of("b", "/flows:200000\t") > 2 * STATS_LEAST)
		assert_true(elapsed < 8 * 1.3);
	/*
	 * With a sanitizer most time goes into starting processes, on a busy machine into waiting.
	 */
	if (!SANITIZED && rows_of("b", "/flows:200000\t") > 2 * STATS_LEAST)
		assert_true(rows_of("b", "/flows:100\t") > 1.5 * rows_of("b", "/flows:200000\t"));
}

/*
 * The first measuring process is stopped most of the time, so that its cell is void. Then all cells
 * that it is compared with are measured again too: a pair needs rounds that both sides have.
 */
static const char stopped[] = "#!/bin/sh\n"
			      "if mkdir \"${0%/*}/begun\" 2>/dev/null; then\n"
			      "	( while kill -STOP $$ && sleep 0.02 && kill -CONT $$ && sleep "
			      "0.002; do :; done ) \\\n"
			      "		</dev/null >/dev/null 2>&1 &\n"
			      "fi\n"
			      "exec \"" CTBENCH_BINARY "\" \"$@\"\n";

static void a_void_cell_has_all_measured_again(void **state)
{
	static char cells[1 << 20];
	static const char *const names[CELLS] = { "\tside/nulls_rcu_jhash2_scale_seqcount\t",
						  "\tside/locked_jhash2_scale_seqcount\t",
						  "/control\t" };
	size_t measured[CELLS] = { 0 };

	(void)state;
	write_text("stopped", stopped);
	assert_int_equal(chmod("stopped", 0755), 0);
	measure_program = own_path("stopped");
	call_command(ctbench, "run",
		     "side.yaml --results runs --name a --no-bounds --repeats 1 --duration 80ms");
	measure_program = NULL;
	read_text("runs/a/cells.tsv", cells, sizeof(cells));
	for (size_t i = 0; i < CELLS; i++)
		for (const char *at = cells; (at = strstr(at, names[i])); at++)
			measured[i]++;
	assert_true(measured[0] > 1);
	assert_int_equal(measured[1], measured[0]);
	assert_int_equal(measured[2], measured[0]);
}

/*
 * With one more repeat than a verdict needs, a void cell loses that repeat and the others keep
 * theirs; the seed decides that the stopped process is not the baseline's or its control's.
 */
static void a_void_cell_is_spared(void **state)
{
	static char cells[1 << 20];
	bool others_good = true, again = false, stopped_void = false;
	char *line, *rest = cells;

	(void)state;
	write_text("stopped", stopped);
	assert_int_equal(chmod("stopped", 0755), 0);
	rmdir("begun");
	measure_program = own_path("stopped");
	call_command(ctbench, "run",
		     "side.yaml --results runs --name s --no-bounds --repeats 6 --duration 50ms "
		     "--seed " SPARED_SEED);
	measure_program = NULL;
	read_text("runs/s/cells.tsv", cells, sizeof(cells));
	while ((line = strsep(&rest, "\n")) && *line) {
		char *column[9] = { 0 };

		for (int i = 0; i < 9; i++)
			column[i] = strsep(&line, "\t");
		if (!column[8] || strcmp(column[4], "0"))
			continue;
		again |= strcmp(column[5], "1") != 0;
		if (!strcmp(column[2], "side/locked_jhash2_scale_seqcount"))
			stopped_void |= column[8][0] != '\0';
		else
			others_good &= !column[8][0];
	}
	assert_true(stopped_void);
	if (others_good) /* on a busy machine they may be void too */
		assert_false(again);
}

static void a_filter_takes_some_of_a_group(void **state)
{
	static struct row rows[2048];
	size_t nr;

	(void)state;
	assert_int_equal(RUN("run", "side.yaml", "--results", "runs", "--name", "a", "--no-bounds",
			     "--", "--benchmark_filter=locked"),
			 0);
	nr = read_slices("runs/a/slices.tsv", rows, 2048);
	for (size_t i = 0; i < nr; i++)
		expect(rows[i].name, "locked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_cell_in_every_round, setup),
		cmocka_unit_test_setup(as_cells_with_events, setup),
		cmocka_unit_test_setup(a_row_is_the_sum_of_its_slices, setup),
		cmocka_unit_test_setup(a_group_is_gone_on_with, setup),
		cmocka_unit_test_setup(enough_is_enough, setup),
		cmocka_unit_test_setup(time_goes_where_it_is_needed, setup),
		cmocka_unit_test_setup(a_void_cell_has_all_measured_again, setup),
		cmocka_unit_test_setup(a_void_cell_is_spared, setup),
		cmocka_unit_test_setup(a_filter_takes_some_of_a_group, setup),
	};

	if (own_folder_enter("rounds"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, own_folder_leave);
}
