/* SPDX-License-Identifier: MIT */
/*
 * The table of results: every column and figure of a real run is in the run's columns.tsv
 * with a meaning, and so is every metric that a measurement may report.
 */
#include "harness/results/figures.h"

#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/measure/timeline.h"
#include "harness/results/dictionary.h"
#include "harness/results/results.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

static char dictionary[1 << 16];

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("figures");
}

/* Fails if the dictionary has no such entry, or more than one. */
static void expect_entry(const char *file, const char *column)
{
	char start[256];
	const char *found;

	snprintf(start, sizeof(start), "\n%s\t%s\t", file, column);
	found = strstr(dictionary, start);
	if (!found || strstr(found + 1, start))
		fail_msg("'%s' of %s stands %s in " DICTIONARY_FILE, column, file,
			 found ? "twice" : "not");
}

static void expect_columns(const char *path, const char *file)
{
	static char text[1 << 20];
	char *rest = text, *column;

	read_text(path, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	while ((column = strsep(&rest, "\t")))
		expect_entry(file, column);
}

/* prefix: "metrics."; kinds of operations precede the names of percentiles. */
static void expect_keys(json_t *object, const char *prefix)
{
	char column[256];
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		const struct figure *f = NULL;
		size_t len = strlen(name);

		snprintf(column, sizeof(column), "%s%s", prefix, name);
		while (!strcmp(prefix, "metrics.") && (f = figure_next(f, FIGURE_METRIC)))
			if (f->of_classes && len > strlen(f->name) + 1 &&
			    name[len - strlen(f->name) - 1] == '_' &&
			    !strcmp(name + len - strlen(f->name), f->name))
				snprintf(column, sizeof(column), "metrics.KIND_%s", f->name);
		expect_entry("benchmark.json", column);
	}
}

static void a_run_explains_itself(void **state)
{
	const char *name;
	json_t *benchmark, *cell;

	(void)state;
	write_text("w.yaml", "name: w\n"
			     "question: what does it tell?\n"
			     "variants: [nulls_rcu_jhash2_scale_seqcount, locked_per_bucket]\n"
			     "flows: 1024\nbuckets: 1024\nduration: 20ms\nwarmup: 0s\nrepeats: 1\n"
			     "mix: lookup=80 insert=10 delete=10\ntimeline: 5ms\n"
			     "rate: [none, 100000]\nevents: resize=2048@5ms\n");
	assert_int_equal(run_line("run w.yaml --name r --results . --no-bounds"), 0);
	read_text("r/" DICTIONARY_FILE, dictionary, sizeof(dictionary));
	expect_columns("r/cells.tsv", "cells.tsv");
	expect_columns("r/results.tsv", "results.tsv");
	benchmark = json_load_file("r/benchmark.json", 0, NULL);
	json_object_foreach(json_object_get(json_object_get(benchmark, "ctbench"), "cells"), name,
			    cell) {
		assert_true(json_object_size(json_object_get(cell, "metrics")) > 5);
		expect_keys(json_object_get(cell, "metrics"), "metrics.");
		expect_keys(json_object_get(json_object_get(cell, "timeline"), "series"),
			    "timeline.series.");
	}
	json_decref(benchmark);
}

static void every_row_has_a_meaning(void **state)
{
	char *text, *rest, *line, entry[256];
	size_t len;

	(void)state;
	text = rest = dictionary_text(&len);
	assert_non_null(text);
	while ((line = strsep(&rest, "\n")) && *line) {
		const char *meaning = strrchr(line, '\t');
		int tabs = 0;

		for (const char *p = line; *p; p++)
			tabs += *p == '\t';
		if (tabs != 4 || !meaning[1])
			fail_msg("'%s' is no entry with a meaning", line);
		/* The file and the column: rest begins with the lines that follow. */
		snprintf(entry, sizeof(entry), "\n%.*s",
			 (int)(strchr(strchr(line, '\t') + 1, '\t') - line + 1), line);
		rest[-1] = '\n';
		if (strstr(rest - 1, entry))
			fail_msg("two rows are called '%s'", entry + 1);
	}
	free(text);
}

static bool is_metric(const char *name)
{
	return figure_find(FIGURE_DETAIL, name);
}

static bool is_slice_column(const char *name)
{
	for (size_t i = 0; i < nr_result_slices; i++)
		if (!strcmp(result_slices[i].name, name))
			return true;
	return false;
}

/* Every quoted name after `before` in a source file needs a row; returns their number. */
static unsigned int
expect_rows(const char *path, const char *before, bool (*has_row)(const char *name))
{
	static char text[1 << 20];
	unsigned int nr = 0;

	read_text(path, text, sizeof(text));
	for (char *p = text; (p = strstr(p, before)); nr++) {
		char name[128];

		p += strlen(before);
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, "\""), p);
		if (!has_row(name))
			fail_msg("%s: '%s' needs a row in harness/results/figures.def", path, name);
	}
	return nr;
}

static void every_metric_has_a_row(void **state)
{
	static const char folder[] = CTBENCH_SOURCE_DIR "/harness/measure";
	static const char slices[] = CTBENCH_SOURCE_DIR "/harness/run/slices.c";
	DIR *dir = opendir(folder);
	unsigned int nr = 0;
	struct dirent *entry;
	char path[PATH_MAX];

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (strstr(entry->d_name, ".c"))
			nr += expect_rows(path, "bench_metric(b, \"", is_metric);
	}
	closedir(dir);
	assert_true(nr > 10);
	assert_true(expect_rows(slices, "measure_metric(details, \"", is_metric) > 2);
	assert_true(expect_rows(slices, "COLUMN(\"", is_slice_column) > 5);
}

static void every_series_has_a_row(void **state)
{
#define SERIES_NAME(id, name, more) name,
	static const char *const names[] = { TIMELINE_WORK(SERIES_NAME)
						     TIMELINE_STATS(SERIES_NAME) };
#undef SERIES_NAME

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!figure_find(FIGURE_SERIES, names[i]))
			fail_msg("the series '%s' needs a row in harness/results/figures.def",
				 names[i]);
}

/* cells.tsv as the first version wrote it. */
static const char first_version[] =
	"seq\tstarted\tname\tfingerprint\trepeat\tattempt\tstatus\terror\t"
	"void_reason\twindow_s\tskew_s\tops\tlookups\thits\texpected_hits\tinserts\t"
	"insert_failed\tdeletes\tchecksum\tns_per_op\tcpu_ns_per_op\t"
	"min_thread_ops_per_s\tmax_thread_ops_per_s\tbuild_s\tconnections\t"
	"node_bytes\tbucket_bytes\tallocated_bytes\trss_bytes\t"
	"window_allocated_bytes\tsearch_restart\tearly_drop\tdrop\t"
	"involuntary_switches\tresize_s\tresizes_done\tlatency_p50_ns\t"
	"latency_p99_ns\tlatency_p999_ns\tlatency_max_ns\tunfinished\tallocator\t"
	"cpus\telapsed_s\n"
	"1\t2026-11-28T16:45:58+0000\thash/nulls_rcu_crc32c\tac354b4bdc0c93da\t0\t1\t"
	"0\t\t\t0.10009847626909772\t0\t2651904\t2651904\t2651904\t2651904\t0\t0\t0\t"
	"05c0f4701cf231f3\t37.745889847105218\t37.681486207645527\t"
	"26492950.730546661\t26492950.730546661\t0.001491082640202262\t4096\t"
	"1048576\t36928\t1115152\t13705216\t0\t0\t0\t0\t2\t0\t0\t0\t0\t0\t0\t0\t"
	"jemalloc 5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c\t0\t"
	"0.13600478399999993\n";

static int check_row(void *arg, const struct measurement *m, struct ct_error *e)
{
	(void)e;
	*(unsigned int *)arg += 1;
	assert_string_equal(m->name, "hash/nulls_rcu_crc32c");
	assert_int_equal(m->repeat, 0);
	assert_true(m->result.elapsed_seconds > 0);
	return 0;
}

/* A changed order or name of a column would make all earlier runs unreadable. */
static void older_runs_are_read(void **state)
{
	struct ct_error e = { 0 };
	unsigned int rows = 0;

	(void)state;
	assert_int_equal(mkdir("older", 0777), 0);
	write_text("older/cells.tsv", first_version);
	if (results_rows("older", check_row, &rows, &e))
		fail_msg("%s", e.text);
	assert_int_equal(rows, 1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_row_has_a_meaning), cmocka_unit_test(every_metric_has_a_row),
	cmocka_unit_test(every_series_has_a_row),  cmocka_unit_test(a_run_explains_itself),

	cmocka_unit_test(older_runs_are_read),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
