/* SPDX-License-Identifier: MIT */
/* The folder of a run: nothing is lost or overwritten, and reading returns what was written. */
#include "harness/results/results.h"

#include "harness/numbers/quartiles.h"
#include "harness/results/figures.h"
#include "harness/show/table/table.h"
#include "tests/fixture/cmocka.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char parent[64];

static int make_parent(void **state)
{
	(void)state;
	strcpy(parent, "ctbench-results-XXXXXX");
	return mkdtemp(parent) ? 0 : -1;
}

static int remove_parent(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", parent);
	return system(command);
}

static struct measurement some_measurement(unsigned int seed)
{
	struct measurement m;

	memset(&m, 0, sizeof(m));
	m.seq = seed;
	strcpy(m.started, "2026-01-02T03:04:05+0000");
	snprintf(m.name, sizeof(m.name), "suite/variant/threads:%u", seed);
	m.fingerprint = UINT64_C(0xfedcba9876543210) + seed;
	m.repeat = seed % 9;
	m.attempt = 1;
	m.result.window = 0.1 / 3;
	m.result.ops = UINT64_MAX - seed;
	m.result.checksum = UINT64_C(1) << 63;
	m.result.ns_per_op = 1e9 / 7 * (seed + 1);
	m.result.cpu_ns_per_op = 1e-300;
	m.result.resizes_done = UINT32_MAX;
	strcpy(m.result.allocator, "jemalloc 5.3");
	return m;
}

static void line_and_back(void **state)
{
	struct measurement m = some_measurement(7), back;
	char line[MEASUREMENT_LINE_MAX];

	(void)state;
	assert_true(measurement_to_line(&m, line, sizeof(line)) > 0);
	assert_null(strchr(line, '\n'));
	assert_true(measurement_from_line(&back, line, nr_result_columns));
	assert_memory_equal(&m, &back, sizeof(m));
}

static unsigned int tabs(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\t';
	return n;
}

/* Every field must be there, or --resume would lose results. */
static void every_field_counts(void **state)
{
	struct measurement m = some_measurement(1), back;
	char line[MEASUREMENT_LINE_MAX];
	unsigned char *bytes = (unsigned char *)&m.result;
	size_t lost = 0;

	(void)state;
	assert_true(measurement_to_line(&m, line, sizeof(line)) > 0);
	assert_int_equal(tabs(line), tabs(measurement_header()));
	/* All numbers are between the texts at both ends of the structure. */
	for (size_t at = offsetof(struct cell_result, window);
	     at + 8 <= offsetof(struct cell_result, resizes_done); at += 8)
		memset(bytes + at, 0x41, 8);
	assert_true(measurement_to_line(&m, line, sizeof(line)) > 0);
	assert_true(measurement_from_line(&back, line, nr_result_columns));
	for (size_t i = 0; i < sizeof(m.result); i++)
		lost += bytes[i] != ((unsigned char *)&back.result)[i];
	assert_int_equal(lost, 0);
}

static void texts_stay_in_their_row(void **state)
{
	struct measurement m = some_measurement(1), back;
	char line[MEASUREMENT_LINE_MAX];

	(void)state;
	strcpy(m.result.error, "two\nlines\tand a tab");
	assert_true(measurement_to_line(&m, line, sizeof(line)) > 0);
	assert_null(strchr(line, '\n'));
	assert_true(measurement_from_line(&back, line, nr_result_columns));
	assert_string_equal(back.result.error, "two\\u000alines\\u0009and a tab");
}

static void nonsense_is_no_measurement(void **state)
{
	struct measurement m = some_measurement(1), back;
	char line[MEASUREMENT_LINE_MAX], cut[MEASUREMENT_LINE_MAX + 8];
	size_t len = (size_t)measurement_to_line(&m, line, sizeof(line));

	(void)state;
	strcpy(cut, "");
	assert_false(measurement_from_line(&back, cut, nr_result_columns));
	snprintf(cut, sizeof(cut), "%.*s", (int)len / 2, line);
	assert_false(measurement_from_line(&back, cut, nr_result_columns));
	snprintf(cut, sizeof(cut), "x%s", line);
	assert_false(measurement_from_line(&back, cut, nr_result_columns));
	snprintf(cut, sizeof(cut), "%s\tmore", line);
	assert_false(measurement_from_line(&back, cut, nr_result_columns));
	assert_int_equal(measurement_to_line(&m, cut, 20), -ENOSPC);
}

/* Columns that were added at the end may be missing in a file; those of the first version not. */
static void older_headers_are_known(void **state)
{
	char header[2048];

	(void)state;
	snprintf(header, sizeof(header), "%s", measurement_header());
	assert_int_equal(measurement_columns(header), nr_result_columns);
	strcat(header, "\tmore");
	assert_int_equal(measurement_columns(header), 0);
	snprintf(header, sizeof(header), "%s", measurement_header());
	*strstr(header, "\telapsed_s") = '\0';
	assert_int_equal(measurement_columns(header), 0);
	assert_int_equal(measurement_columns("seq"), 0);
	assert_int_equal(measurement_columns(""), 0);
}

/* A line with one field, by its column, replaced. */
static bool reads_with(const struct measurement *m, const char *column, const char *value)
{
	char line[MEASUREMENT_LINE_MAX], changed[MEASUREMENT_LINE_MAX] = "";
	char header[2048], *names = header, *fields = line, *name;
	struct measurement back;
	bool found = false;

	snprintf(header, sizeof(header), "%s", measurement_header());
	assert_true(measurement_to_line(m, line, sizeof(line)) > 0);
	while ((name = strsep(&names, "\t"))) {
		const char *field = strsep(&fields, "\t");
		bool here = !strcmp(name, column);

		found |= here;
		if (*changed)
			strcat(changed, "\t");
		strcat(changed, here ? value : field);
	}
	assert_true(found);
	return measurement_from_line(&back, changed, nr_result_columns);
}

/*
 * Impossible measurements are refused: -1 operations were once read as 18446744073709551615. A
 * failed or void measurement may have any figures.
 */
static void impossible_figures(void **state)
{
	static const char *const bad[][2] = {
		{ "ns_per_op", "nan" },
		{ "ns_per_op", "inf" },
		{ "ns_per_op", "-5" },
		{ "ops", "-1" },
		{ "ops", " 1" },
		{ "ops", "+1" },
		{ "status", "9" },
		{ "status", "3" },
		{ "status", "-1" },
		{ "window_s", "nan" },
		{ "window_s", "-0.1" },
		{ "repeat", "4294967296" },
		{ "repeat", "-1" },
		{ "fingerprint", "-1" },
		{ "latency_p99_ns", "-inf" },
		{ "elapsed_s", "-nan" },
		{ "seq", "99999999999999999999" },
	};
	struct measurement m = some_measurement(1);

	(void)state;
	m.result.status = 0;
	m.result.void_reason[0] = m.result.error[0] = '\0';
	assert_true(reads_with(&m, "ns_per_op", "0"));
	assert_true(reads_with(&m, "status", "77"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (reads_with(&m, bad[i][0], bad[i][1]))
			fail_msg("%s %s is read", bad[i][0], bad[i][1]);
	strcpy(m.result.void_reason, "no operation was done");
	assert_true(reads_with(&m, "ns_per_op", "inf"));
	assert_true(reads_with(&m, "ns_per_op", "-nan"));
	assert_false(reads_with(&m, "ns_per_op", "-5"));
	m.result.void_reason[0] = '\0';
	m.result.status = CT_EXIT_INTERNAL;
	assert_true(reads_with(&m, "window_s", "nan"));
	assert_false(reads_with(&m, "window_s", "-inf"));
}

static unsigned int rows_seen;

static int count_row(void *arg, const struct measurement *m, struct ct_error *e)
{
	(void)e;
	assert_ptr_equal(arg, &rows_seen);
	rows_seen++;
	assert_int_equal(m->seq, rows_seen);
	return 0;
}

static unsigned int rows_in(const char *name, struct ct_error *e, int *err)
{
	struct results r;

	rows_seen = 0;
	*err = results_resume(&r, parent, name, count_row, &rows_seen, e);
	results_close(&r);
	return rows_seen;
}

static void append_and_resume(void **state)
{
	struct ct_error e = { 0 };
	struct measurement m;
	struct results r;
	int err;

	(void)state;
	assert_int_equal(results_create(&r, parent, "a", &e), 0);
	for (unsigned int i = 1; i <= 3; i++) {
		m = some_measurement(i);
		assert_int_equal(results_append(&r, &m, NULL, &e), 0);
	}
	/* Not closed yet: a row is in the file as soon as it was appended. */
	assert_int_equal(rows_in("a", &e, &err), 0);
	assert_int_equal(err, -EBUSY);
	assert_non_null(strstr(e.text, "another ctbench"));
	results_close(&r);
	e.status = 0;
	assert_int_equal(rows_in("a", &e, &err), 3);
	assert_int_equal(err, 0);
}

static void append_bytes(const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/cells.tsv", parent, name);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* kill -9 during a write, or a full disk. */
static void a_torn_row_is_dropped(void **state)
{
	struct ct_error e = { 0 };
	struct measurement m = some_measurement(1);
	struct results r;
	int err;

	(void)state;
	assert_int_equal(results_create(&r, parent, "torn", &e), 0);
	assert_int_equal(results_append(&r, &m, NULL, &e), 0);
	results_close(&r);
	append_bytes("torn", "2\t2026-01-02T03:04:05+0000\tsuite/var");
	assert_int_equal(rows_in("torn", &e, &err), 1);
	assert_int_equal(err, 0);
	/* The next row must begin on a new line. */
	assert_int_equal(
		results_resume(&r, parent, "torn", count_row, (rows_seen = 0, &rows_seen), &e), 0);
	m = some_measurement(2);
	assert_int_equal(results_append(&r, &m, NULL, &e), 0);
	results_close(&r);
	assert_int_equal(rows_in("torn", &e, &err), 2);
	assert_int_equal(err, 0);
}

static void a_strange_row_is_named(void **state)
{
	struct ct_error e = { 0 };
	struct results r;
	int err;

	(void)state;
	assert_int_equal(results_create(&r, parent, "strange", &e), 0);
	results_close(&r);
	append_bytes("strange", "what is this?\n");
	rows_in("strange", &e, &err);
	assert_int_equal(err, -EINVAL);
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_non_null(strstr(e.text, "cells.tsv:2:"));
}

static void earlier_results_are_kept(void **state)
{
	struct ct_error e = { 0 };
	struct measurement m = some_measurement(1);
	struct results r;
	int err;

	(void)state;
	assert_int_equal(results_create(&r, parent, "kept", &e), 0);
	assert_int_equal(results_append(&r, &m, NULL, &e), 0);
	results_close(&r);
	assert_int_equal(results_create(&r, parent, "kept", &e), -EEXIST);
	results_close(&r);
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_non_null(strstr(e.text, "--resume kept"));
	e.status = 0;
	assert_int_equal(rows_in("kept", &e, &err), 1);
}

static void names_are_folders(void **state)
{
	static const char *const bad[] = { "", ".", "..", "../x", "a/b", ".hidden" };
	struct results r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ct_error e = { 0 };

		assert_int_equal(results_create(&r, parent, bad[i], &e), -EINVAL);
		assert_int_equal(e.status, CT_EXIT_USER);
		results_close(&r);
	}
}

/* No folder can be made below a file, not even by root. */
static void an_unwritable_folder(void **state)
{
	struct ct_error e = { 0 };
	struct results r;
	char path[128];

	(void)state;
	assert_int_equal(results_write_text(parent, "file", "x", 1, &e), 0);
	snprintf(path, sizeof(path), "%s/file/runs", parent);
	assert_true(results_create(&r, path, "a", &e) < 0);
	results_close(&r);
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_non_null(strstr(e.text, "Not a directory"));
	assert_non_null(strstr(e.text, "--results"));
}

static void read_back(const char *name, char *buf, size_t size)
{
	char path[256];
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", parent, name);
	in = fopen(path, "r");
	assert_non_null(in);
	buf[fread(buf, 1, size - 1, in)] = '\0';
	fclose(in);
}

/* A file that cannot be written completely leaves the earlier one, and no temporary file. */
static void files_are_whole_or_as_they_were(void **state)
{
	struct ct_error e = { 0 };
	char text[4096], path[256];
	pid_t child;
	int status;

	(void)state;
	assert_int_equal(results_write_text(parent, "whole", "earlier", 7, &e), 0);
	child = fork();
	if (!child) {
		struct rlimit limit = { 1000, 1000 };

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		memset(text, 'x', sizeof(text));
		_exit(results_write_text(parent, "whole", text, sizeof(text), &e) == -EFBIG &&
				      e.status == CT_EXIT_USER
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	read_back("whole", text, sizeof(text));
	assert_string_equal(text, "earlier");
	snprintf(path, sizeof(path), "%s/whole.tmp", parent);
	assert_int_not_equal(access(path, F_OK), 0);

	assert_int_equal(results_write_text(parent, "whole", "later", 5, &e), 0);
	read_back("whole", text, sizeof(text));
	assert_string_equal(text, "later");
}

static void json_and_its_errors(void **state)
{
	json_t *json = json_pack("{s:f, s:[i, n]}", "a", 0.1, "b", 3), *back;
	struct ct_error e = { 0 };

	(void)state;
	assert_int_equal(results_write_json(parent, "x.json", json, &e), 0);
	back = results_read_json(parent, "x.json", "", &e);
	assert_true(json_equal(json, back));
	json_decref(json);
	json_decref(back);

	assert_null(results_read_json(parent, "none.json", "make one", &e));
	assert_non_null(strstr(e.text, "make one"));
	assert_int_equal(results_write_text(parent, "bad.json", "{\n\"a\":\n", 7, &e), 0);
	e.status = 0;
	assert_null(results_read_json(parent, "bad.json", "make one", &e));
	assert_non_null(strstr(e.text, "bad.json:3:"));
}

static void quartiles(void **state)
{
	double nine[] = { 9, 1, 8, 2, 7, 3, 6, 4, 5 }, four[] = { 4, 1, 3, 2 }, one[] = { 5 };
	struct quartiles q = quartiles_of(nine, 9);

	(void)state;
	assert_true(q.n == 9 && q.min == 1 && q.q1 == 3 && q.median == 5 && q.q3 == 7 &&
		    q.max == 9);
	q = quartiles_of(four, 4); /* numpy.percentile([1, 2, 3, 4], [25, 50, 75]) */
	assert_true(q.q1 == 1.75 && q.median == 2.5 && q.q3 == 3.25);
	q = quartiles_of(one, 1);
	assert_true(q.min == 5 && q.q1 == 5 && q.median == 5 && q.q3 == 5 && q.max == 5);
	q = quartiles_of(NULL, 0);
	assert_true(q.n == 0 && q.median == 0);
}

static void numbers_for_people(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },	   { 0.0012345, "0.00123" }, { 0.5, "0.500" },	 { 1, "1.00" },
		{ 9.994, "9.99" }, { 9.996, "10.0" },	     { 12.345, "12.3" }, { 99.94, "99.9" },
		{ 99.96, "100" },  { 123.4, "123" },	     { 12345, "12345" }, { -1.5, "-1.50" },
	};
	static const struct {
		json_int_t value;
		const char *text;
	} counts[] = {
		{ 1, "1" },	   { 1000, "1000" },	 { 1024, "1Ki" },
		{ 65536, "64Ki" }, { 1 << 20, "1Mi" },	 { 10000, "10k" },
		{ 1000000, "1M" }, { 1500000, "1500k" }, { 0, "0" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		table_number(text, sizeof(text), cases[i].value);
		assert_string_equal(text, cases[i].text);
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		json_t *json = json_integer(counts[i].value);

		table_value(text, sizeof(text), json);
		assert_string_equal(text, counts[i].text);
		json_decref(json);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(line_and_back),
	cmocka_unit_test(every_field_counts),
	cmocka_unit_test(texts_stay_in_their_row),
	cmocka_unit_test(nonsense_is_no_measurement),
	cmocka_unit_test(older_headers_are_known),
	cmocka_unit_test(impossible_figures),
	cmocka_unit_test(append_and_resume),
	cmocka_unit_test(a_torn_row_is_dropped),
	cmocka_unit_test(a_strange_row_is_named),
	cmocka_unit_test(earlier_results_are_kept),
	cmocka_unit_test(names_are_folders),
	cmocka_unit_test(an_unwritable_folder),
	cmocka_unit_test(files_are_whole_or_as_they_were),
	cmocka_unit_test(json_and_its_errors),
	cmocka_unit_test(quartiles),
	cmocka_unit_test(numbers_for_people),
};
CT_TEST_MAIN(tests, make_parent, remove_parent)
