/* SPDX-License-Identifier: MIT */
/*
 * ctbench plot and report with errors of gnuplot, bad folders, and interrupts: no incomplete files
 * are left, and nothing outside the run is touched.
 */
#include "harness/show/plot/plot.h"

#include "harness/base/interrupt.h"
#include "harness/results/results.h"
#include "harness/workload/workload.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/plot_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path_before[4096];

/* A run of one workload that asks for two pictures, in the folder run. */
static void make_run(void)
{
	json_t *b = new_benchmark("w", "?", "variant");
	struct ct_error e = { 0 };

	add_cell(b, "a", NULLS, 1, 65536, 1, 20);
	json_object_set_new(
		json_array_get(json_object_get(json_object_get(b, "ctbench"), "workloads"), 0),
		"plots", json_pack("[s, s]", "bars", "threads"));
	assert_int_equal(system("rm -rf run bin tmp && mkdir run bin tmp"), 0);
	assert_int_equal(results_write_json("run", "benchmark.json", b, &e), 0);
	json_decref(b);
}

/* Our own gnuplot is first in PATH; there, $real is the installed one. */
static void fake_gnuplot(const char *script)
{
	char text[1024], path[8192];

	snprintf(text, sizeof(text), "#!/bin/sh\nreal() { PATH=${PATH#*:} gnuplot \"$@\"; }\n%s\n",
		 script);
	write_text("bin/gnuplot", text);
	assert_int_equal(chmod("bin/gnuplot", 0755), 0);
	snprintf(path, sizeof(path), "%s:%s", own_path("bin"), path_before);
	setenv("PATH", path, 1);
	setenv("TMPDIR", own_path("tmp"), 1);
}

static int back(void **state)
{
	(void)state;
	setenv("PATH", path_before, 1);
	unsetenv("TMPDIR");
	unsetenv("CTBENCH_PICTURE_SECONDS");
	return 0;
}

static unsigned int entries(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned int nr = 0;

	while (dir && readdir(dir))
		nr++;
	if (dir)
		closedir(dir);
	return nr < 2 ? 0 : nr - 2;
}

/* The error is reported, and no part of the picture is left. */
static void fails(const char *script, const char *words)
{
	make_run();
	fake_gnuplot(script);
	assert_int_equal(run_line("plot run --kind threads,bars"), CT_EXIT_USER);
	expect(said.err, words);
	assert_int_equal(entries("run/plots"), 0);
	/* The page is whole without pictures. */
	assert_int_equal(run_line("report run --kind threads,bars"), CT_EXIT_OK);
	expect(said.err, words);
	assert_int_equal(access("run/report.html", F_OK), 0);
	assert_int_equal(entries("tmp"), 0);
}

static void gnuplot_is_cut_short(void **state)
{
	(void)state;
	/* As on a full disk: the file is cut off, and gnuplot exits with status 0. */
	fails("real \"$@\" && truncate -s -20 ${2%.gp}.svg", "w-threads.svg");
	fails("real \"$@\" && : > ${2%.gp}.svg", "w-threads.svg");
	fails("exit 0", "w-threads.svg");
	fails("kill -9 $$", "w-threads");
	make_run();
	fake_gnuplot("real \"$@\" && truncate -s 16384 ${2%.gp}.png");
	assert_int_equal(run_line("plot run --kind threads,bars"), CT_EXIT_USER);
	expect(said.err, "w-threads.png");
	assert_int_equal(entries("run/plots"), 0);
}

/* Is there a process with this in its command line? */
static bool runs(const char *word)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	assert_non_null(dir);
	while (!found && (entry = readdir(dir))) {
		char path[300], line[256] = "";
		FILE *in;
		size_t n;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		in = fopen(path, "r");
		if (!in)
			continue;
		n = fread(line, 1, sizeof(line) - 1, in);
		fclose(in);
		for (size_t i = 0; i < n; i++)
			line[i] = line[i] ? line[i] : ' ';
		found = strstr(line, word);
	}
	closedir(dir);
	return found;
}

/* Within ten seconds. */
static bool comes(const char *word)
{
	for (int k = 0; k < 1000; k++) {
		if (runs(word))
			return true;
		usleep(10000);
	}
	return false;
}

/* A gnuplot that sleeps, in a folder of this test only. */
static const char *endless(void)
{
	static char script[64];

	snprintf(script, sizeof(script), "exec sleep 98.%d", (int)getpid());
	return script;
}

static void gnuplot_hangs(void **state)
{
	char script[96];

	(void)state;
	setenv("CTBENCH_PICTURE_SECONDS", "0.3", 1);
	fails(endless(), "0.3 s");
	/* The same for a process that it started. */
	snprintf(script, sizeof(script), "%s & exit 0", endless() + 5);
	fails(script, "0.3 s");
	assert_false(runs(endless() + 5));
}

static void a_signal_comes(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	static const char *const commands[] = { "plot", "report" };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		char command[16], run[] = "run", *argv[] = { command, run, NULL };
		pid_t pid;

		make_run();
		fake_gnuplot(endless());
		snprintf(command, sizeof(command), "%s", commands[i / 3]);
		pid = program_start(&(struct program_limits){ 0 }, argv);
		assert_true(comes(endless() + 5));
		kill(pid, signals[i % 3]);
		assert_int_equal(program_finish(pid), CT_EXIT_INTERRUPTED);
		assert_int_equal(entries("tmp"), 0);
		assert_int_equal(entries("run/plots"), 0);
		assert_int_equal(access("run/report.html", F_OK), -1);
		assert_false(runs(endless() + 5));
	}
}

/* Signals that end ctbench, SIGKILL too. */
static void we_are_killed(void **state)
{
	char command[] = "plot", run[] = "run", *argv[] = { command, run, NULL };
	pid_t pid;

	(void)state;
	make_run();
	fake_gnuplot(endless());
	pid = program_start(&(struct program_limits){ 0 }, argv);
	assert_true(comes(endless() + 5));
	kill(pid, SIGKILL);
	program_finish(pid);
	for (int k = 0; k < 100 && runs(endless() + 5); k++)
		usleep(10000);
	assert_false(runs(endless() + 5));
}

/* The current folder may belong to another user: a gnuplot in it must not run. */
static void gnuplot_is_found_by_absolute_paths(void **state)
{
	static const char *const places[] = { ".:%s", ":%s", "bin:%s", "%s:.", "./bin::%s" };
	char path[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		make_run();
		fake_gnuplot("touch /tmp/ctbench-planted-$PPID ran ../ran ../../ran ../../../ran");
		assert_int_equal(system("cp bin/gnuplot ."), 0);
		snprintf(path, sizeof(path), places[i], path_before);
		setenv("PATH", path, 1);
		assert_int_equal(run_line("plot run --kind threads,bars"), CT_EXIT_OK);
		assert_int_equal(access("ran", F_OK), -1);
		assert_int_equal(access("run/ran", F_OK), -1);
		assert_int_equal(access("run/plots/ran", F_OK), -1);
		assert_int_equal(access("run/plots/w-bars.svg", F_OK), 0);
	}
	/* The user's own gnuplot settings do not change our plots either. */
	snprintf(path, sizeof(path), "system 'touch %s'\n", own_path("ran"));
	write_text(".gnuplot", path);
	setenv("HOME", own_path("."), 1);
	make_run();
	assert_int_equal(run_line("plot run --kind threads,bars"), CT_EXIT_OK);
	assert_int_equal(access("ran", F_OK), -1);
}

/* Symlinks where files of ours are about to be; NAME.tmp was followed, and so was NAME.svg. */
static void symlinks_in_a_run(void **state)
{
	static const char *const links[] = {
		"report.html.tmp",	"plots/w-bars.svg", "plots/w-bars.png",	  "plots/w-bars.gp",
		"plots/w-bars.tsv.tmp", "plots/w-bars.tsv", "benchmark.json.tmp",
	};
	char text[64], path[64];

	(void)state;
	make_run();
	assert_int_equal(mkdir("run/plots", 0777), 0);
	write_text("victim", "precious");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		snprintf(path, sizeof(path), "run/%s", links[i]);
		assert_int_equal(symlink(own_path("victim"), path), 0);
	}
	assert_int_equal(run_line("plot run --kind threads,bars"), CT_EXIT_OK);
	assert_int_equal(run_line("report run --kind threads,bars"), CT_EXIT_OK);
	read_text("victim", text, sizeof(text));
	assert_string_equal(text, "precious");
	/* The page itself, and the folder of the plots: refused, by name. */
	assert_int_equal(unlink("run/report.html"), 0);
	assert_int_equal(symlink(own_path("victim"), "run/report.html"), 0);
	assert_int_equal(run_line("report run --kind threads,bars"), CT_EXIT_USER);
	expect(said.err, "run/report.html");
	assert_int_equal(run_line("report run --out run/report.html"), CT_EXIT_USER);
	assert_int_equal(system("rm -r run/plots && mkdir outside"), 0);
	assert_int_equal(symlink(own_path("outside"), "run/plots"), 0);
	assert_int_equal(run_line("plot run --kind threads,bars"), CT_EXIT_USER);
	expect(said.err, "run/plots");
	assert_int_equal(run_line("plot run --out run/plots/deeper"), CT_EXIT_USER);
	assert_int_equal(run_line("report run --out run/plots/page.html"), CT_EXIT_USER);
	assert_int_equal(entries("outside"), 0);
	read_text("victim", text, sizeof(text));
	assert_string_equal(text, "precious");
	/* A user's own link elsewhere is followed. */
	assert_int_equal(symlink("outside", "mine"), 0);
	assert_int_equal(run_line("plot run --kind threads,bars --out mine"), CT_EXIT_OK);
	assert_int_equal(entries("outside"), 8);
	/* A pipe instead of figures would keep us waiting for ever. */
	assert_int_equal(unlink("run/benchmark.json") | mkfifo("run/benchmark.json", 0666), 0);
	program_seconds = 10;
	assert_int_equal(run_line("report run --kind threads,bars"), CT_EXIT_USER);
	program_seconds = 120;
}

static int enter(void **state)
{
	snprintf(path_before, sizeof(path_before), "%s", getenv("PATH"));
	return plot_folder_enter(state);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, back)
		TEST(gnuplot_is_cut_short),
		TEST(gnuplot_hangs),
		TEST(a_signal_comes),
		TEST(we_are_killed),
		TEST(gnuplot_is_found_by_absolute_paths),
		TEST(symlinks_in_a_run),
	};

	if (!have_gnuplot())
		return 77;
	return cmocka_run_group_tests_name("plot_trouble", tests, enter, own_folder_leave);
}
