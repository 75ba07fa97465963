/* SPDX-License-Identifier: MIT */
/*
 * ctbench report with wrong arguments, output paths and benchmark.json.
 */
#include "harness/cli/cmd.h"
#include "tests/fixture/report_fixture.h"

#include <fcntl.h>
#include <unistd.h>

static int report_command_line(const char *a, const char *b, const char *c)
{
	char *argv[] = { (char *)"report", (char *)a, (char *)b, (char *)c, NULL };

	return cmd_main(&command_report, c ? 4 : b ? 3 : 2, argv);
}

static void test_bad_input(void **state)
{
	static char page[1 << 16];

	(void)state;
	assert_int_equal(report_command_line("run/none", NULL, NULL), CT_EXIT_USER);
	assert_int_equal(report_command_line(dir, NULL, NULL),
			 CT_EXIT_USER); /* no benchmark.json */
	write_text("run/benchmark.json", "{ \"context\": {} }");
	assert_int_equal(report_command_line(dir, NULL, NULL), CT_EXIT_USER);
	write_text("run/benchmark.json", "{ \"ctbench\": ");
	assert_int_equal(report_command_line(dir, NULL, NULL), CT_EXIT_USER);
	assert_int_equal(report_command_line(dir, "--mark", NULL), CT_EXIT_USER);
	assert_int_equal(json_dump_file(benchmark, "run/benchmark.json", 0), 0);
	assert_int_equal(report_command_line(dir, "--out", "run/none/x.html"), CT_EXIT_USER);
	assert_int_equal(report_command_line(dir, NULL, NULL), CT_EXIT_OK);
	/* Files in plots/ may come from another user with the run; none is put into a page. */
	write_text("run/plots/size-bars.svg", "<svg onload=\"x\"><script>PLANTED</script></svg>");
	assert_int_equal(report_command_line(dir, NULL, NULL), CT_EXIT_OK);
	read_text("run/report.html", page, sizeof(page));
	expect(page, "</html>");
	assert_null(strstr(page, "PLANTED"));
}

static bool is_a(const char *path, mode_t type)
{
	struct stat st;

	return !lstat(path, &st) && (st.st_mode & S_IFMT) == type;
}

/*
 * A path that the user names stays what it is.  Renaming over it had replaced pipes, devices and
 * symlinks by a file.
 */
static void test_out_that_is_no_file(void **state)
{
	static char page[1 << 16], piped[1 << 16];
	int reader;
	ssize_t n;

	(void)state;
	write_text("old.html", "old");
	assert_int_equal(symlink("old.html", "link.html"), 0);
	assert_int_equal(symlink("new.html", "nothing.html"), 0);
	assert_int_equal(mkfifo("pipe", 0666), 0);

	assert_int_equal(report_command_line(dir, "--out", "old.html"), CT_EXIT_OK);
	read_text("old.html", page, sizeof(page));
	expect(page, "</html>");
	write_text("old.html", "old");
	assert_int_equal(report_command_line(dir, "--out", "link.html"), CT_EXIT_OK);
	assert_true(is_a("link.html", S_IFLNK));
	read_text("old.html", page, sizeof(page));
	expect(page, "</html>");
	assert_int_equal(report_command_line(dir, "--out", "nothing.html"), CT_EXIT_OK);
	assert_true(is_a("nothing.html", S_IFLNK));
	read_text("new.html", page, sizeof(page));
	expect(page, "</html>");

	/* Such a page fits into a pipe. */
	reader = open("pipe", O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	assert_int_equal(report_command_line(dir, "--out", "pipe"), CT_EXIT_OK);
	assert_true(is_a("pipe", S_IFIFO));
	n = read(reader, piped, sizeof(piped) - 1);
	assert_true(n > 0);
	assert_string_equal(piped, page);
	close(reader);
	assert_int_equal(access("pipe.tmp", F_OK) & access("old.html.tmp", F_OK), -1);
	assert_int_equal(report_command_line(dir, "--out", "run/plots"), CT_EXIT_USER);
	assert_true(is_a("run/plots", S_IFDIR));
}

/* A report does not overwrite the run's own files; --out RUN/cells.tsv once did. */
static void test_out_that_is_the_run(void **state)
{
	static const char *const own[] = { "run.json",	   "cells.tsv", "details.jsonl",
					   "bounds.jsonl", "run.log",	"benchmark.json",
					   "results.tsv" };
	char path[64], text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		/* Also where the file does not exist: a resumed run may write it later. */
		snprintf(path, sizeof(path), "run/plots/../%s", own[i]);
		assert_int_equal(report_command_line(dir, "--out", path), CT_EXIT_USER);
		assert_int_equal(access(path, F_OK), strcmp(own[i], "benchmark.json") ? -1 : 0);
	}
	write_text("run/cells.tsv", "rows");
	assert_int_equal(symlink("run/cells.tsv", "cells"), 0);
	assert_int_equal(link("run/cells.tsv", "hard"), 0);
	assert_int_equal(report_command_line(dir, "--out", "cells"), CT_EXIT_USER);
	assert_int_equal(report_command_line(dir, "--out", "hard"), CT_EXIT_USER);
	assert_int_equal(chdir("run"), 0);
	assert_int_equal(report_command_line(".", "--out", "cells.tsv"), CT_EXIT_USER);
	assert_int_equal(report_command_line(".", "--out", "mine.html"), CT_EXIT_OK);
	assert_int_equal(chdir(".."), 0);
	read_text("run/cells.tsv", text, sizeof(text));
	assert_string_equal(text, "rows");
	assert_int_equal(unlink("run/cells.tsv"), 0);
	/* A file of that name in another folder may be written. */
	assert_int_equal(report_command_line(dir, "--out", "results.tsv"), CT_EXIT_OK);
}

/* Every command that reads a run, on runs changed by hand. */
static void read_changed(json_t *changed, const char *what, bool draw)
{
	static const struct {
		const char *name, *arguments;
	} reads[] = {
		{ "report", "changed --markdown" }, { "report", "changed" },
		{ "compare", "changed run" },	    { "compare", "run changed" },
		{ "plot", "changed --kind bars" },
	};
	const size_t nr = sizeof(reads) / sizeof(reads[0]);

	assert_int_equal(json_dump_file(changed, "changed/benchmark.json", 0), 0);
	json_decref(changed);
	for (size_t i = 0; i < (draw ? nr : nr - 1); i++) {
		int status = call_command(ctbench, reads[i].name, reads[i].arguments);

		if (status != CT_EXIT_OK && status != CT_EXIT_USER)
			fail_msg("%s, without %s: status %d: %s", reads[i].name, what, status,
				 said.err);
	}
}

/*
 * Missing values, and values of another type, are read as empty. A cell without its workload, or a
 * workload without its name, once ended report by SIGSEGV.
 */
static void test_keys_that_are_gone(void **state)
{
	static const struct {
		const char *of, *key;
	} keys[] = {
		{ "cells", "workload" },     { "cells", "variant" },
		{ "cells", "unit" },	     { "cells", "mops" },
		{ "cells", "ns_per_op" },    { "cells", "parameters" },
		{ "cells", "metrics" },	     { "cells", "n" },
		{ "workloads", "name" },     { "workloads", "varying" },
		{ "workloads", "question" }, { "bounds", "bound" },
		{ "bounds", "median" },	     { "verdicts", "text" },
		{ "verdicts", "workload" },
	};
	json_t *values[] = {
		NULL,	       json_integer(7), json_null(), json_array(), json_pack("[i, n]", 7),
		json_object(), json_string("x")
	};
	const bool draws = have_gnuplot();

	(void)state;
	assert_int_equal(mkdir("changed", 0777), 0);
	assert_int_equal(json_dump_file(benchmark, "run/benchmark.json", 0), 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			json_t *copy = json_deep_copy(benchmark), *item;
			json_t *all = json_object_get(json_object_get(copy, "ctbench"), keys[i].of);
			const char *name;
			size_t k;

			json_object_set_new(
				json_object_get(json_object_get(all, "size/x"), "metrics"), "mops",
				json_pack("{s:f, s:[f]}", "median", 4.0, "values", 4.0));
			json_object_foreach(all, name, item)
				values[v] ? json_object_set(item, keys[i].key, values[v])
					  : json_object_del(item, keys[i].key);
			json_array_foreach(all, k, item)
				values[v] ? json_object_set(item, keys[i].key, values[v])
					  : json_object_del(item, keys[i].key);
			read_changed(copy, keys[i].key, !v && draws);
		}
	for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
		json_decref(values[v]);
}

/* The made-up run, without the variant's name that no run has. */
static int setup_plain(void **state)
{
	json_t *cells;

	if (setup(state))
		return -1;
	cells = json_object_get(json_object_get(benchmark, "ctbench"), "cells");
	return json_object_set_new(json_object_get(cells, "size/x"), "variant", json_string("x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_keys_that_are_gone),
		cmocka_unit_test(test_out_that_is_no_file),
		cmocka_unit_test(test_out_that_is_the_run),
	};

	return cmocka_run_group_tests(tests, setup_plain, teardown);
}
