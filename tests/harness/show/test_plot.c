/* SPDX-License-Identifier: MIT */
/*
 * Plots of made-up results: each picture exists as SVG and PNG, shows what it must, and can be
 * drawn again.
 */
#include "harness/show/plot/plot.h"

#include "harness/cli/cmd.h"
#include "harness/results/results.h"
#include "harness/workload/workload.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/plot_fixture.h"

/* ---- curves ---- */

static void one_point_of_one_variant(void **state)
{
	json_t *b = new_benchmark("w", "One point?", "variant");

	(void)state;
	add_cell(b, "some_variant", NULLS, 1, 65536, 1, 12.5);
	assert_int_equal(draw(b, PLOT_THREADS | PLOT_SIZE | PLOT_LOAD | PLOT_BARS), 4);
	/* The median with both ends of its interval, and no quartiles. */
	assert_int_equal(rows_of("out/w-threads.tsv", "1\t12.5\t12\t12.875"), 1);
	assert_int_equal(rows_of("out/w-bars.tsv", "\t12.5\t12\t12.875\t"), 1);
	check_picture("w-threads");
	expect(svg, "One point?");
	expect(svg, "some_variant");
	expect(svg, "64Ki connections");
	expect(svg, "up to 1.3 %");
	expect(svg, "Some CPU, 2 CPUs, Linux 6.1");
	check_picture("w-size");
	expect(svg, "in the table");
	check_picture("w-load");
	check_picture("w-bars");
	expect(svg, "12.5");
	json_decref(b);
}

/* Axes need two choices; a single variant has none. */
static void nothing_side_by_side(void **state)
{
	json_t *b = new_benchmark("w", "?", "variant");

	(void)state;
	add_cell(b, "some_variant", NULLS, 1, 65536, 1, 12.5);
	assert_int_equal(draw(b, PLOT_AXES), 0);
	json_decref(b);
}

/* The names are at the ends of the curves, in the curves' colours, without overlap. */
static void names_at_the_ends(const char *const *names, size_t nr)
{
	char colours[32][32];
	double y[32];

	for (size_t i = 0; i < nr; i++) {
		y[i] = height_of(names[i], colours[i]);
		for (size_t k = 0; k < i; k++)
			assert_true(y[i] - y[k] >= 14.5 || y[k] - y[i] >= 14.5);
	}
	for (size_t i = 1; i < nr && i < 7; i++)
		assert_string_not_equal(colours[i], colours[0]);
}

static void few_curves_end_together(void **state)
{
	static const char *const names[] = { ">lowest<", ">twin_b<", ">twin_a<", ">twin_c<" };
	static const unsigned int kinds[] = { PLOT_THREADS, PLOT_SIZE, PLOT_LOAD };
	char colour[32];

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		json_t *b = new_benchmark("w", "?", "variant threads flows load_factor");

		for (int x = 1; x <= 4; x *= 2) {
			int threads = kind == 0 ? x : 1, flows = kind == 1 ? x << 10 : 1024;
			double load = kind == 2 ? x : 1;

			add_cell(b, "twin_a", NULLS, threads, flows, load, 10 * x);
			add_cell(b, "twin_b", NULLS, threads, flows, load, 9.99 * x);
			add_cell(b, "twin_c", NULLS, threads, flows, load, 10.01 * x);
			add_cell(b, "lowest", NULLS, threads, flows, load, 1);
		}
		/* One varying parameter is shown, the others divide the pictures. */
		json_object_set_new(
			json_array_get(json_object_get(json_object_get(b, "ctbench"), "workloads"),
				       0),
			"varying",
			json_pack("[s, s]", "variant",
				  kind == 0   ? "threads"
				  : kind == 1 ? "flows"
					      : "load_factor"));
		assert_int_equal(draw(b, kinds[kind]), 1);
		check_picture(kind == 0 ? "w-threads" : kind == 1 ? "w-size" : "w-load");
		names_at_the_ends(names, 4);
		/* in the order of the curves, from top to bottom */
		assert_true(height_of(">twin_c<", colour) < height_of(">twin_a<", colour));
		assert_true(height_of(">twin_a<", colour) < height_of(">twin_b<", colour));
		assert_true(height_of(">twin_b<", colour) + 100 < height_of(">lowest<", colour));
		json_decref(b);
	}
}

static void twenty_variants_and_many_threads(void **state)
{
	json_t *b = new_benchmark("w",
				  "How do many scale, and \"what\" about <quotes> & \\backslashes?",
				  "variant threads");
	char name[64], all[20][80];
	const char *names[20];

	(void)state;
	for (int v = 0; v < 20; v++)
		for (int threads = 1; threads <= 64; threads *= 2) {
			snprintf(name, sizeof(name), "a_variant_with_a_rather_long_name_%d", v);
			add_cell(b, name, NULLS, threads, 65536, 1, threads * (10.0 + v));
		}
	assert_int_equal(draw(b, PLOT_THREADS), 1);
	check_picture("w-threads");
	for (int v = 0; v < 20; v++) {
		snprintf(name, sizeof(name), "a_variant_with_a_rather_long_name_%d", v);
		expect(svg, name);
		snprintf(all[v], sizeof(all[v]), ">%s<", name);
		names[v] = all[v];
	}
	names_at_the_ends(names, 20);
	expect(svg, "&lt;quotes> &amp; \\backslashes");
	json_decref(b);

	/* A name that looks like the markup of a title stays text. */
	b = new_benchmark("w", "?", "variant threads");
	for (int threads = 1; threads <= 4; threads *= 2)
		add_cell(b, "x')\" onmouseout=\"gnuplot_svg.hideHypertext()\"><title> </title><b>",
			 NULLS, threads, 65536, 1, threads);
	assert_int_equal(draw(b, PLOT_THREADS), 1);
	check_picture("w-threads");
	assert_null(strstr(svg, "<b>"));
	assert_null(strstr(svg, "onmousemove"));
	json_decref(b);
}

/* Parameters that a size plot does not show divide the pictures. */
static void other_parameters_part_the_pictures(void **state)
{
	json_t *b = new_benchmark("w", "?", "variant threads flows");

	(void)state;
	for (int threads = 1; threads <= 2; threads++)
		for (int flows = 1024; flows <= 1 << 20; flows *= 4)
			add_cell(b, "v", NULLS, threads, flows, 1, 1e6 / flows + 1);
	assert_int_equal(draw(b, PLOT_SIZE), 2);
	check_picture("w-size-threads1");
	expect(svg, "1 thread, load factor 1");
	expect(svg, "L2 1 MiB");
	check_picture("w-size-threads2");
	expect(svg, "2 threads");
	json_decref(b);
}

/* Buckets rounded to powers of two make load factors that differ slightly. */
static void rounded_load_factors_are_one(void **state)
{
	json_t *b = new_benchmark("w", "?", "variant flows load_factor");

	(void)state;
	add_cell(b, "scale", NULLS, 1, 1000, 0.75, 10);
	add_cell(b, "scale", NULLS, 1, 1000, 3, 8);
	add_cell(b, "scale", NULLS, 1, 3000, 0.75, 10);
	add_cell(b, "scale", NULLS, 1, 3000, 3, 8);
	add_cell(b, "mask", NULLS, 1, 1000, 0.98, 10);
	add_cell(b, "mask", NULLS, 1, 1000, 3.9, 8);
	add_cell(b, "mask", NULLS, 1, 3000, 0.73, 10);
	add_cell(b, "mask", NULLS, 1, 3000, 2.93, 8);
	assert_int_equal(draw(b, PLOT_SIZE), 2);
	check_picture("w-size-load_factor0.75");
	expect(svg, "scale");
	expect(svg, "mask");
	check_picture("w-size-load_factor3");
	json_decref(b);
}

/* ---- bars ---- */

static void axes_side_by_side(void **state)
{
	json_t *b = new_benchmark("w", "?", "variant");

	(void)state;
	add_cell(b, "a", NULLS, 1, 65536, 1, 20);
	add_cell(b, "b", "jhash2 mask nulls_rcu striped seqcount memb typesafe", 1, 65536, 1, 25);
	/* Locked chains use no RCU; they are compared with the baseline nevertheless. */
	add_cell(b, "c", "jhash2 reciprocal_scale locked striped seqcount none typesafe", 1, 65536,
		 1, 10);
	/* Locks in buckets need RCU: they are compared with the variant that has it, not with c. */
	add_cell(b, "f", "jhash2 reciprocal_scale locked per_bucket seqcount memb typesafe", 1,
		 65536, 1, 11);
	add_cell(b, "g", "jhash2 reciprocal_scale locked striped seqcount memb typesafe", 1, 65536,
		 1, 12);
	/* It differs from all others in two axes and is compared with none. */
	add_cell(b, "d", "siphash reciprocal_scale nulls_rcu striped rwlock memb typesafe", 1,
		 65536, 1, 5);
	/* A table of another library. */
	add_cell(b, "e", "jhash2 split_order lock_free - incremental memb deferred", 1, 65536, 1,
		 30);
	assert_int_equal(draw(b, PLOT_AXES), 1);
	check_picture("w-axes");
	expect(svg, "bucket: ");
	expect(svg, "chain: ");
	expect(svg, "lock: ");
	/* Bars have no difference in percent, which could be noise: that is for verdicts. */
	assert_null(strstr(svg, " %)"));
	assert_int_equal(rows_of("out/w-axes.tsv", "\"reciprocal_scale\""), 1);
	assert_int_equal(rows_of("out/w-axes.tsv", "\"mask\""), 1);
	assert_int_equal(rows_of("out/w-axes.tsv", "\"nulls_rcu\""), 1);
	assert_int_equal(rows_of("out/w-axes.tsv", "\"locked\""), 1);
	assert_int_equal(rows_of("out/w-axes.tsv", "\"per_bucket\"\t11\t"), 1);
	assert_int_equal(rows_of("out/w-axes.tsv", "\"striped\"\t12\t"), 1);
	assert_int_equal(rows_of("out/w-axes.tsv", "\"striped\"\t10\t"), 0);
	assert_int_equal(rows_of("out/w-axes.tsv", "siphash"), 0);
	assert_int_equal(rows_of("out/w-axes.tsv", "lock_free"), 0);
	json_decref(b);
}

static void few_bars_share_a_picture(void **state)
{
	json_t *b = new_benchmark("w", "?", "variant threads");

	(void)state;
	for (int threads = 1; threads <= 3; threads++) {
		add_cell(b, "a", NULLS, threads, 65536, 1, 20);
		add_cell(b, "b", NULLS, threads, 65536, 1, 25);
	}
	assert_int_equal(draw(b, PLOT_BARS), 1);
	check_picture("w-bars");
	expect(svg, "1 thread");
	expect(svg, "3 threads");
	assert_int_equal(rows_of("out/w-bars.tsv", "\"a\""), 3);
	json_decref(b);
}

/* The right end of the axis; whether a bar is hatched and labelled as such. */
static double bars_to(const char *first, double mops, bool *cut)
{
	json_t *b = new_benchmark("w", "?", "variant");
	double last = 0, tic;

	add_cell(b, first, NULLS, 1, 65536, 1, mops);
	add_cell(b, "busy", NULLS, 1, 65536, 1, 20);
	assert_int_equal(draw(b, PLOT_BARS), 1);
	check_picture("w-bars");
	json_decref(b);
	*cut = strstr(svg, "(cut)") && strstr(svg, "fill = 'url(#gpPat");
	for (const char *p = svg; (p = strstr(p, "<text> ")); p++)
		if (sscanf(p, "<text> %lf</text>", &tic) == 1 && tic > last)
			last = tic;
	return last;
}

/* null's bar would be far longer than the others and hide their differences. */
static void the_bar_of_null_is_cut(void **state)
{
	bool cut;

	(void)state;
	assert_true(bars_to("null", 2000, &cut) < 60 && cut);
	assert_true(bars_to("null", 21, &cut) < 60 && !cut);
	assert_true(bars_to("nulls_rcu", 2000, &cut) >= 2000 && !cut);
}

/* ---- verdicts ---- */

static void effects_with_their_intervals(void **state)
{
	json_t *benchmark = new_benchmark("axes", "Does it \"matter\"?", "variant");

	(void)state;
	add_verdict(benchmark, "mops", "axis", "mask", -12.4, "worse");
	add_verdict(benchmark, "mops", "axis", "modulo", 1.5, "none");
	add_verdict(benchmark, "mops", "interaction", "locked", 0.75, "none");
	add_verdict(benchmark, "mops", "axis", "crc32c", 2, "better");
	add_verdict(benchmark, "p99_ns", "axis", "mask", 4, "better");
	add_verdict(
		benchmark, "mops", "axis",
		"something very long, no label of which goes beyond the left edge of that picture",
		6, "better");
	/* A few effects are drawn only if asked for: the sentences have all of them. */
	assert_int_equal(draw(benchmark, 0), 0);
	add_verdict(benchmark, "mops", "axis", "folded", 3, "better");
	assert_int_equal(draw(benchmark, 0), 1);
	assert_int_equal(draw(benchmark, PLOT_EFFECTS), 2);
	check_picture("axes-effects");
	expect(svg, "mask instead of rec'iprocal_scale");
	/* The value is a tooltip; there is no other tooltip and no script. */
	expect(svg, "<title>mask instead of rec'iprocal_scale: -12.4 [");
	assert_null(strstr(svg, "<title>Gnuplot"));
	assert_null(strstr(svg, "<title>gnuplot_plot"));
	assert_null(strstr(svg, "onmouse"));
	expect(svg, "\u221212 %<");
	expect(svg, "+1.5 %, not seen");
	expect(svg, "throughput in percent");
	/* The noise is drawn in both directions; interactions that were not seen are left out. */
	expect(svg, "noise");
	assert_null(strstr(svg, "locked"));
	assert_int_equal(rows_of("out/axes-effects.tsv", "instead of"), 5);
	/* A long label takes two lines and is not cut off. */
	expect(svg, "no label of which goes beyond the left edge of");
	assert_true(left_of("no label of which goes") - 7.5 * 60 > 0);
	expect(svg, ">that picture instead of rec'iprocal_scale");
	check_picture("axes-effects-p99_ns");
	expect(svg, "(left is better)");
	json_decref(benchmark);
}

/* ---- errors ---- */

static void nothing_was_measured(void **state)
{
	json_t *b = new_benchmark("w", "?", "variant");
	json_t *cell;

	(void)state;
	add_cell(b, "a", NULLS, 1, 65536, 1, 20);
	cell = json_object_iter_value(
		json_object_iter(json_object_get(json_object_get(b, "ctbench"), "cells")));
	json_object_set_new(cell, "mops", json_null());
	assert_int_equal(draw(b, ~0U), 0);
	json_decref(b);
}

/* Anybody may have changed the file. */
static void strange_files_are_survived(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"ctbench\": 1}",
		"{\"ctbench\": {\"workloads\": 3, \"cells\": []}}",
		"{\"ctbench\": {\"workloads\": [1, {\"name\": \"w\", \"varying\": [1, null], "
		"\"plots\": 5}],"
		" \"cells\": {\"a\": 1, \"b\": {\"workload\": \"w\", \"mops\": {\"median\": 1}},"
		" \"c\": {\"workload\": \"w\", \"variant\": 7, \"mops\": {\"median\": 2}, "
		"\"axes\": 1}}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *b = json_loads(texts[i], 0, NULL);
		struct ct_error e = { 0 };
		size_t drawn;

		assert_non_null(b);
		/* Drawn or refused; sanitizers find the rest. */
		plot_run(b, "out", ~0U, &drawn, &e);
		json_decref(b);
	}
}

static void a_folder_that_cannot_be(void **state)
{
	json_t *b = new_benchmark("w", "?", "variant");
	struct ct_error e = { 0 };
	size_t drawn;

	(void)state;
	add_cell(b, "a", NULLS, 1, 65536, 1, 20);
	assert_int_equal(draw(b, PLOT_BARS), 1);
	assert_true(plot_run(b, "out/w-bars.tsv/plots", PLOT_BARS, &drawn, &e) < 0);
	assert_int_equal(e.status, CT_EXIT_USER);
	json_decref(b);
}

static void no_gnuplot(void **state)
{
	json_t *b = new_benchmark("w", "?", "variant");
	struct ct_error e = { 0 };
	char path[4096];
	size_t drawn;
	int err;

	(void)state;
	add_cell(b, "a", NULLS, 1, 65536, 1, 20);
	snprintf(path, sizeof(path), "%s", getenv("PATH"));
	setenv("PATH", "/nonexistent", 1);
	err = plot_run(b, "out", PLOT_BARS, &drawn, &e);
	setenv("PATH", path, 1);
	assert_int_equal(err, -ENOENT);
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_non_null(strstr(e.text, "gnuplot-nox"));
	json_decref(b);
}

/* Two pictures are drawn at a time; each failure is reported, and no process remains. */
static void gnuplot_fails(void **state)
{
	json_t *b = new_benchmark("w", "?", "variant");
	char path[4096], with[8192], here[1024];
	struct ct_error e;
	size_t drawn;
	int err;

	(void)state;
	add_cell(b, "a", NULLS, 1, 65536, 1, 20);
	snprintf(path, sizeof(path), "%s", getenv("PATH"));
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(with, sizeof(with), "%s/bin:%s", here, path);
	assert_int_equal(system("rm -rf bin && mkdir bin"), 0);
	/* the first, one in the middle, the last */
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "w-threads", "w-load", "w-bars" };
		char script[256];

		snprintf(script, sizeof(script),
			 "#!/bin/sh\ncase $2 in %s.gp) echo before; echo \"line 7: no such "
			 "thing\"; exit 1; esac\nPATH=${PATH#*:} exec gnuplot \"$@\"\n",
			 names[i]);
		write_text("bin/gnuplot", script);
		assert_int_equal(chmod("bin/gnuplot", 0755), 0);
		e = (struct ct_error){ 0 };
		setenv("PATH", with, 1);
		err = plot_run(b, "out", PLOT_THREADS | PLOT_SIZE | PLOT_LOAD | PLOT_BARS, &drawn,
			       &e);
		setenv("PATH", path, 1);
		assert_int_equal(err, -EIO);
		assert_int_equal(e.status, CT_EXIT_USER);
		expect(e.text, names[i]);
		expect(e.text, "line 7: ");
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
	json_decref(b);
}

/* ---- the command, and drawing again by hand ---- */

static int command(char *a, char *b, char *c)
{
	char name[] = "plot", *argv[] = { name, a, b, c, NULL };

	return cmd_main(&command_plot, c ? 4 : b ? 3 : a ? 2 : 1, argv);
}

static void the_command(void **state)
{
	char run[] = "run", kind[] = "--kind", bars[] = "bars,threads", none[] = "pie",
	     nowhere[] = "nowhere";
	json_t *b = new_benchmark("w", "?", "variant");
	struct ct_error e = { 0 };

	(void)state;
	add_cell(b, "a", NULLS, 1, 65536, 1, 20);
	json_object_set_new(
		json_array_get(json_object_get(json_object_get(b, "ctbench"), "workloads"), 0),
		"plots", json_pack("[s]", "bars"));
	assert_int_equal(results_make_dir("run", &e), 0);
	assert_int_equal(results_write_json("run", "benchmark.json", b, &e), 0);
	assert_int_equal(command(run, kind, bars), 0);
	assert_int_equal(access("run/plots/w-bars.svg", R_OK), 0);
	assert_int_equal(access("run/plots/w-threads.png", R_OK), 0);
	assert_int_equal(command(run, kind, none), CT_EXIT_USER);
	assert_int_equal(command(nowhere, NULL, NULL), CT_EXIT_USER);
	assert_int_equal(command(NULL, NULL, NULL), CT_EXIT_USER);

	/* The pictures for phones are only inside the page. */
	assert_int_equal(mkdir("tmp", 0777), 0);
	setenv("TMPDIR", own_path("tmp"), 1);
	assert_int_equal(call_command(ctbench, "report", "run"), 0);
	unsetenv("TMPDIR");
	assert_int_equal(rmdir("tmp"), 0); /* is empty */
	assert_int_equal(access("run/plots/w-axes.svg", R_OK), -1);
	read_text("run/report.html", svg, sizeof(svg));
	assert_int_equal(occurrences(svg, "<figure class=\"both\">"), 1);
	/* Pictures drawn by hand in plots/ are not. */
	assert_int_equal(occurrences(svg, "<figure>"), 0);

	/* Its script is all that is needed. */
	assert_int_equal(system("cd run/plots && rm w-bars.svg w-bars.png && gnuplot w-bars.gp"),
			 0);
	assert_int_equal(access("run/plots/w-bars.svg", R_OK), 0);
	assert_int_equal(access("run/plots/w-bars.png", R_OK), 0);
	json_decref(b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, plot_folder_empty)
		TEST(one_point_of_one_variant),
		TEST(nothing_side_by_side),
		TEST(few_curves_end_together),
		TEST(twenty_variants_and_many_threads),
		TEST(other_parameters_part_the_pictures),
		TEST(rounded_load_factors_are_one),
		TEST(axes_side_by_side),
		TEST(few_bars_share_a_picture),
		TEST(the_bar_of_null_is_cut),
		TEST(effects_with_their_intervals),
		TEST(nothing_was_measured),
		TEST(strange_files_are_survived),
		TEST(a_folder_that_cannot_be),
		TEST(no_gnuplot),
		TEST(gnuplot_fails),
		TEST(the_command),
	};

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("plot", tests, plot_folder_enter, own_folder_leave);
}
