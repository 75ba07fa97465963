/* SPDX-License-Identifier: MIT */
/*
 * The details of measurements: they survive a kill, a full disk and --resume, and details without a
 * measurement are ignored.
 */
#include "harness/results/details.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/measure/bench.h"
#include "harness/measure/measure.h"
#include "harness/results/results.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

static const char parent[] = ".", dir[] = "./run", details_path[] = "./run/" DETAILS_FILE;

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("details");
}

static struct measurement measurement(uint64_t seq, const char *name, uint32_t repeat)
{
	struct measurement m = { .seq = seq, .repeat = repeat, .attempt = 1 };

	snprintf(m.name, sizeof(m.name), "%s", name);
	strcpy(m.started, "2026-01-02T03:04:05+0000");
	m.result.ns_per_op = 1;
	return m;
}

static json_t *told(double value)
{
	return json_pack("{s:{s:f}, s:[i, i]}", "metrics", "wait_us", value, "list", 1, 2);
}

static int append(struct results *r, uint64_t seq, const char *name, uint32_t repeat, double value,
		  struct ct_error *e)
{
	struct measurement m = measurement(seq, name, repeat);
	json_t *details = told(value);
	int err = results_append(r, &m, details, e);

	json_decref(details);
	return err;
}

static struct results create(void)
{
	struct ct_error e = { 0 };
	struct results r;

	if (results_create(&r, parent, "run", &e))
		fail_msg("%s", e.text);
	return r;
}

static int no_row(void *arg, const struct measurement *m, struct ct_error *e)
{
	(void)m;
	(void)e;
	++*(unsigned int *)arg;
	return 0;
}

static struct results resume(unsigned int rows)
{
	struct ct_error e = { 0 };
	unsigned int seen = 0;
	struct results r;

	if (results_resume(&r, parent, "run", no_row, &seen, &e))
		fail_msg("%s", e.text);
	assert_int_equal(seen, rows);
	return r;
}

static json_t *details(const char *key)
{
	struct ct_error e = { 0 };
	json_t *all = details_read(dir, key, &e);

	if (!all)
		fail_msg("%s", e.text);
	return all;
}

/* wait_us of a cell's n-th repeat; -1 if there is none. */
static double wait_of(const json_t *all, const char *name, size_t n)
{
	json_t *line = json_array_get(json_object_get(all, name), n);
	double value = -1;

	json_unpack(line, "{s:{s:f}}", "metrics", "wait_us", &value);
	return value;
}

static void add_to_file(const char *text)
{
	FILE *file = fopen(details_path, "a");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static unsigned int lines(void)
{
	static char text[1 << 16];
	unsigned int n = 0;

	read_text(details_path, text, sizeof(text));
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static bool ends_whole(void)
{
	static char text[1 << 16];
	size_t size = read_text(details_path, text, sizeof(text));

	return size && text[size - 1] == '\n';
}

/* ---- written and read ---- */

static void what_was_told_is_read(void **state)
{
	struct ct_error e = { 0 };
	struct results r = create();
	struct measurement m = measurement(2, "w/a", 1);
	json_t *all;

	(void)state;
	assert_int_equal(append(&r, 1, "w/a", 0, 10, &e), 0);
	assert_int_equal(results_append(&r, &m, NULL, &e), 0); /* without details */
	assert_int_equal(append(&r, 3, "w/b", 0, 30, &e), 0);
	assert_int_equal(append(&r, 4, "w/a", 2, 40, &e), 0);
	results_close(&r);
	all = details(NULL);
	assert_int_equal(json_object_size(all), 2);
	assert_int_equal(json_array_size(json_object_get(all, "w/a")), 2);
	assert_true(wait_of(all, "w/a", 0) == 10 && wait_of(all, "w/a", 1) == 40);
	assert_non_null(json_object_get(json_array_get(json_object_get(all, "w/b"), 0), "list"));
	json_decref(all);
	all = details("metrics");
	assert_true(wait_of(all, "w/b", 0) == 30);
	assert_null(json_object_get(json_array_get(json_object_get(all, "w/b"), 0), "list"));
	json_decref(all);
	all = details("never");
	assert_int_equal(json_object_size(all), 0);
	json_decref(all);
}

static void a_run_without_details(void **state)
{
	struct ct_error e = { 0 };
	struct measurement m = measurement(1, "w/a", 0);
	struct results r = create();
	json_t *all;

	(void)state;
	assert_int_equal(results_append(&r, &m, NULL, &e), 0);
	results_close(&r);
	assert_int_equal(access(details_path, F_OK), -1);
	all = details(NULL);
	assert_int_equal(json_object_size(all), 0);
	json_decref(all);
	r = resume(1);
	assert_int_equal(append(&r, 2, "w/b", 0, 20, &e), 0);
	results_close(&r);
	all = details(NULL);
	assert_true(wait_of(all, "w/b", 0) == 20);
	json_decref(all);
}

/* Void and failed attempts have details too, which do not count for the repeat. */
static void only_the_latest_good_attempt(void **state)
{
	struct measurement bad = measurement(1, "w/a", 0), failed = measurement(3, "w/b", 0);
	struct ct_error e = { 0 };
	struct results r = create();
	json_t *all, *value = told(99);

	(void)state;
	strcpy(bad.result.void_reason, "a thread moved");
	failed.result.status = 1;
	assert_int_equal(results_append(&r, &bad, value, &e), 0);
	assert_int_equal(append(&r, 2, "w/a", 0, 10, &e), 0);
	assert_int_equal(results_append(&r, &failed, value, &e), 0);
	json_decref(value);
	/* A repeat that was measured twice is one figure. */
	assert_int_equal(append(&r, 4, "w/c", 0, 30, &e), 0);
	assert_int_equal(append(&r, 5, "w/c", 0, 40, &e), 0);
	results_close(&r);
	all = details(NULL);
	assert_int_equal(json_object_size(all), 2);
	assert_int_equal(json_array_size(json_object_get(all, "w/c")), 1);
	assert_true(wait_of(all, "w/c", 0) == 40);
	assert_int_equal(json_array_size(json_object_get(all, "w/a")), 1);
	assert_true(wait_of(all, "w/a", 0) == 10);
	json_decref(all);
}

/* A good row without its details is found, with its line; void and failed rows may have none. */
static void lost_details_are_missed(void **state)
{
	struct measurement bad = measurement(1, "w/a", 0), later = measurement(4, "w/b", 0);
	struct ct_error e = { 0 };
	struct results r = create();

	(void)state;
	strcpy(bad.result.void_reason, "a thread moved");
	assert_int_equal(results_append(&r, &bad, NULL, &e), 0);
	assert_int_equal(append(&r, 2, "w/a", 0, 10, &e), 0);
	assert_int_equal(append(&r, 3, "w/a", 1, 20, &e), 0);
	assert_int_equal(details_complete(dir, &e), 0);
	assert_int_equal(results_append(&r, &later, NULL, &e), 0);
	results_close(&r);
	assert_int_equal(details_complete(dir, &e), -EINVAL);
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_non_null(strstr(e.text, "/cells.tsv:5: "));
	e = (struct ct_error){ 0 };
	assert_int_equal(unlink(details_path), 0);
	assert_int_equal(details_complete(dir, &e), -EINVAL);
	assert_non_null(strstr(e.text, "/cells.tsv:3: "));
}

/* ---- kills ---- */

/* One repeat of w/a exists; the run continues with the second, and both are there. */
static void goes_on_with_the_second(void)
{
	json_t *all = details(NULL);
	struct ct_error e = { 0 };
	struct results r;

	assert_int_equal(json_array_size(json_object_get(all, "w/a")), 1);
	json_decref(all);
	r = resume(1);
	assert_int_equal(append(&r, 2, "w/a", 1, 20, &e), 0);
	results_close(&r);
	all = details(NULL);
	assert_int_equal(json_array_size(json_object_get(all, "w/a")), 2);
	assert_true(wait_of(all, "w/a", 0) == 10 && wait_of(all, "w/a", 1) == 20);
	json_decref(all);
}

/* Killed between details and row: the next measurement gets the same seq. */
static void details_without_a_row(void **state)
{
	struct ct_error e = { 0 };
	struct results r = create();

	(void)state;
	assert_int_equal(append(&r, 1, "w/a", 0, 10, &e), 0);
	results_close(&r);
	add_to_file("{\"seq\":2,\"name\":\"w/a\",\"repeat\":1,\"metrics\":{\"wait_us\":666}}\n");
	goes_on_with_the_second();
	assert_int_equal(lines(), 2);
}

/* Killed while the details were written. */
static void a_line_cut_off(void **state)
{
	struct ct_error e = { 0 };
	struct results r = create();

	(void)state;
	assert_int_equal(append(&r, 1, "w/a", 0, 10, &e), 0);
	results_close(&r);
	add_to_file("{\"seq\":2,\"name\":\"w/a\",\"rep");
	goes_on_with_the_second();
}

static void a_damaged_line_is_named(void **state)
{
	struct ct_error e = { 0 };
	struct results r = create();
	unsigned int seen = 0;

	(void)state;
	assert_int_equal(append(&r, 1, "w/a", 0, 10, &e), 0);
	results_close(&r);
	add_to_file("{\"seq\": 2, nonsense}\n");
	assert_null(details_read(dir, NULL, &e));
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_non_null(strstr(e.text, DETAILS_FILE ":2: "));
	e = (struct ct_error){ 0 };
	assert_true(results_resume(&r, parent, "run", no_row, &seen, &e) < 0);
	assert_non_null(strstr(e.text, DETAILS_FILE ":2: "));
	results_close(&r);
	assert_int_equal(lines(), 2); /* and nothing was lost */
}

/* ---- a full disk ---- */

/* A limit on file sizes strikes in the details, which are longer. */
static void a_full_disk_costs_one_measurement(void **state)
{
	pid_t child = fork();
	int status;
	struct results r;
	json_t *all;
	unsigned int kept;

	(void)state;
	if (!child) {
		struct rlimit limit = { 4000, 4000 };
		struct ct_error e = { 0 };
		unsigned int n = 0;

		signal(SIGXFSZ, SIG_IGN);
		if (results_create(&r, parent, "run", &e) || setrlimit(RLIMIT_FSIZE, &limit))
			_exit(100);
		for (n = 0; n < 90; n++) {
			struct measurement m = measurement(n + 1, "w/a", n);
			json_t *long_one = json_pack("{s:{s:f}, s:s%}", "metrics", "wait_us",
						     (double)n, "filler", dir, strlen(dir));
			int err;

			for (unsigned int k = 0; k < 60; k++)
				json_object_set_new(long_one, (char[]){ (char)('0' + k), 0 },
						    json_integer(k));
			err = results_append(&r, &m, long_one, &e);
			json_decref(long_one);
			if (err)
				break;
		}
		results_close(&r);
		_exit(e.status == CT_EXIT_USER && strstr(e.text, DETAILS_FILE) ? (int)n : 101);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	kept = (unsigned int)WEXITSTATUS(status);
	assert_true(kept >= 2 && kept < 90);
	assert_int_equal(lines(), kept);
	assert_true(ends_whole());
	all = details(NULL);
	assert_int_equal(json_array_size(json_object_get(all, "w/a")), kept);
	for (unsigned int i = 0; i < kept; i++)
		assert_true(wait_of(all, "w/a", i) == i);
	json_decref(all);
	r = resume(kept);
	results_close(&r);
}

/* ---- from the measuring process ---- */

static const struct cell plain = {
	.suite = "details",
	.variant = "null",
	.threads = 1,
	.flows = 1,
	.seconds = 1,
};

/* A program instead of ctbench sends an empty result, then the output of the script. */
static int measure_with(const char *script_tail, json_t **out, struct ct_error *e)
{
	char script[] = "/tmp/ctbench-details-XXXXXX", text[512];
	struct cell_result result;
	int fd = mkstemp(script), n, err;

	assert_true(fd >= 0);
	n = snprintf(text, sizeof(text),
		     "#!/bin/sh\nhead -c %zu >/dev/null\nhead -c %zu /dev/zero\n%s\n",
		     sizeof(struct cell), sizeof(result), script_tail);
	assert_int_equal(write(fd, text, (size_t)n), n);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	measure_program = script;
	err = measure_cell(&plain, &result, out, e);
	unlink(script);
	return err;
}

static void sent_through_the_pipe(void **state)
{
	struct ct_error e = { 0 };
	json_t *got;

	(void)state;
	assert_int_equal(measure_with("printf '\\007\\0\\0\\0\\0\\0\\0\\0{\"a\":1}'", &got, &e), 0);
	assert_int_equal(json_integer_value(json_object_get(got, "a")), 1);
	json_decref(got);
	assert_int_equal(measure_with("printf '\\0\\0\\0\\0\\0\\0\\0\\0'", &got, &e), 0);
	assert_null(got);
	/* Incomplete, not an object, too long. */
	assert_int_equal(measure_with("printf '\\007\\0\\0\\0\\0\\0\\0\\0{\"a'", &got, &e), -EIO);
	assert_null(got);
	e = (struct ct_error){ 0 };
	assert_int_equal(measure_with("printf '\\002\\0\\0\\0\\0\\0\\0\\0[]'", &got, &e), -EPROTO);
	assert_int_equal(e.status, CT_EXIT_INTERNAL);
	assert_null(got);
	assert_int_equal(measure_with("printf '\\0\\0\\0\\0\\0\\0\\0\\001'", &got, &e), -EPROTO);
	assert_null(got);
}

static void metrics_of_a_bench(void **state)
{
	struct bench b = { .details = json_object() };
	double a = 0, c = 0;

	(void)state;
	bench_metric(&b, "a_us", 1.5);
	bench_metric(&b, "b_us", NAN);
	bench_metric(&b, "c_us", 2);
	assert_int_equal(
		json_unpack(b.details, "{s:{s:f, s:f !}}", "metrics", "a_us", &a, "c_us", &c), 0);
	assert_true(a == 1.5 && c == 2);
	json_decref(b.details);
}

static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, own_folder_leave)
	TEST(what_was_told_is_read),
	TEST(a_run_without_details),
	TEST(only_the_latest_good_attempt),
	TEST(lost_details_are_missed),
	TEST(details_without_a_row),
	TEST(a_line_cut_off),
	TEST(a_damaged_line_is_named),
	TEST(a_full_disk_costs_one_measurement),
	cmocka_unit_test(sent_through_the_pipe),
	cmocka_unit_test(metrics_of_a_bench),
};
CT_TEST_MAIN(tests, NULL, NULL)
