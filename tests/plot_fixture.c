/* SPDX-License-Identifier: MIT */
/* Runs that are made up, and their pictures; see plot_fixture.h. */
#include "tests/plot_fixture.h"

#include "harness/show/plot/plot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/command_fixture.h"

/* ---- benchmark.json as ctbench run would write it ---- */

json_t *new_benchmark(const char *name, const char *question, const char *varying)
{
	json_t *cache =
		json_pack("{s:i, s:s, s:i}", "level", 2, "kind", "unified", "bytes", 1 << 20);
	json_t *workload = json_pack("{s:s, s:s, s:[], s:[]}", "name", name, "question", question,
				     "plots", "varying");
	char copy[256], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", varying);
	while ((word = strsep(&rest, " ")))
		json_array_append_new(json_object_get(workload, "varying"), json_string(word));
	return json_pack("{s:{s:i, s:{s:{s:[o], s:i}, s:{s:s}, s:{s:s}}, s:{s:f, s:[{s:s, s:f}]},"
			 " s:[o], s:{}}}", "ctbench", "format", 1,
			 "environment", "topology", "caches", cache, "cpus", 2, "machine", "cpu",
			 "Some CPU", "kernel", "release", "6.1", "noise", "percent", 7.5, "pairs",
			 "workload", name, "percent", 1.25, "workloads", workload, "cells");
}

/* axes: "hash bucket chain lock resize rcu node" */
void add_cell(json_t *benchmark, const char *variant, const char *axes, int threads, int flows,
		     double load_factor, double mops)
{
	static const char *const names[] = { "hash",   "bucket", "chain", "lock",
					     "resize", "rcu",	 "node" };
	json_t *report = json_object_get(benchmark, "ctbench"), *cell, *its_axes = json_object();
	json_t *workload = json_array_get(json_object_get(report, "workloads"), 0);
	char copy[256], *rest = copy, name[256];

	snprintf(copy, sizeof(copy), "%s", axes);
	for (size_t i = 0; i < 7; i++) {
		const char *word = strsep(&rest, " ");

		json_object_set_new(its_axes, names[i], json_string(word ? word : "-"));
	}
	cell = json_pack("{s:s, s:s, s:{s:s, s:i, s:i, s:f, s:s, s:b}, s:o, s:b, s:s, s:i, s:i,"
			 " s:{s:f, s:f, s:f}, s:f, s:f, s:{s:{s:f, s:f, s:f}}}",
			 "workload", json_string_value(json_object_get(workload, "name")),
			 "variant", variant, "parameters", "variant", variant, "threads", threads,
			 "flows", flows, "load_factor", load_factor, "resize", "none", "refcount",
			 threads % 2, "axes", its_axes, "control", 0, "unit", "Mops/s", "repeats",
			 9, "n", 9, "mops", "q1", mops * 0.97, "median", mops, "q3", mops * 1.02,
			 "node_bytes_per_connection", 320.0, "bucket_bytes_per_connection", 8.0,
			 "metrics", "mops", "median", mops, "ci_low", mops * 0.96, "ci_high",
			 mops * 1.03);
	assert_non_null(cell);
	snprintf(name, sizeof(name), "w/%s/%d/%d/%g", variant, threads, flows, load_factor);
	json_object_set_new(json_object_get(report, "cells"), name, cell);
}

/* ---- looking at what was drawn ---- */

char svg[1 << 20];

/* Both files are whole; the SVG's text stays in svg[]. */
void check_picture(const char *name)
{
	static const char signature[] = "\211PNG\r\n\032\n";
	static char png[1 << 20];
	char path[512];
	size_t n;

	snprintf(path, sizeof(path), "out/%s.png", name);
	n = read_text(path, png, sizeof(png));
	assert_true(n > 2000);
	assert_memory_equal(png, signature, 8);
	snprintf(path, sizeof(path), "out/%s.svg", name);
	n = read_text(path, svg, sizeof(svg));
	assert_true(n > 2000);
	assert_memory_equal(svg, "<?xml", 5);
	assert_non_null(strstr(svg, "</svg>"));
	/* Strict readers refuse a picture with such a thing in it. */
	assert_null(strstr(svg, "scale(0.00)"));
	assert_null(strstr(svg, "nan"));
}

size_t draw(const json_t *benchmark, unsigned int kinds)
{
	struct ct_error e = { 0 };
	size_t drawn = 0;
	int err = plot_run(benchmark, "out", kinds, &drawn, &e);

	if (err)
		fail_msg("%s", e.text);
	return drawn;
}

int plot_folder_enter(void **state)
{
	(void)state;
	return own_folder_enter("plot");
}

int plot_folder_empty(void **state)
{
	(void)state;
	return remove_all("out") || remove_all("run");
}

unsigned int rows_of(const char *path, const char *text)
{
	char line[512];
	unsigned int n = 0;
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	while (fgets(line, sizeof(line), in))
		n += *line != '#' && strstr(line, text);
	fclose(in);
	return n;
}

/* Where gnuplot put a text, in pixels from the top; and its colour. */
double height_of(const char *text, char colour[32])
{
	const char *at = strstr(svg, text), *from = NULL, *p;
	double x, y;

	assert_non_null(at);
	for (p = svg; (p = strstr(p, "translate(")) && p < at; p++)
		from = p;
	assert_int_equal(sscanf(from, "translate(%lf,%lf)", &x, &y), 2);
	p = strstr(from, "fill=\"");
	assert_true(p && p < at);
	assert_int_equal(sscanf(p, "fill=\"%31[^\"]", colour), 1);
	return y;
}

void add_verdict(json_t *benchmark, const char *metric, const char *kind, const char *choice,
			double effect, const char *outcome)
{
	json_t *report = json_object_get(benchmark, "ctbench");
	json_t *verdict = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:s}",
				    "workload", "axes", "metric", metric, "kind", kind, "choice",
				    choice, "base", "rec\"iprocal_scale", "effect_percent", effect,
				    "ci_low_percent", effect - 3, "ci_high_percent", effect + 4,
				    "noise_percent", 2.5, "outcome", outcome);

	assert_non_null(verdict);
	if (!json_object_get(report, "verdicts"))
		json_object_set_new(report, "verdicts", json_array());
	assert_int_equal(json_array_append_new(json_object_get(report, "verdicts"), verdict), 0);
}

#define PIECES 7

static json_t *numbers(const double *values)
{
	json_t *list = json_array();

	for (int i = 0; i < PIECES; i++)
		json_array_append_new(list, json_real(values[i]));
	return list;
}

void add_timeline(json_t *benchmark, const char *variant, int n, bool intervals)
{
	/* Nothing at all is done in the second piece and in the fifth. */
	static const struct {
		const char *name;
		double median[PIECES], low[PIECES], high[PIECES];
		bool zero;
	} all[] = {
		{ "ops_per_s", { 9e6, 8e6, 7e6, 7e6, 7e6, 7e6, 7e6 }, { 0 }, { 0 }, true },
		{ "lookups_per_s", { 8e6, 7e6, 6e6, 6e6, 6e6, 6e6, 6e6 },
		  { 7e6, 6.5e6, 5e6, 5e6, 5e6, 5e6, 5e6 },
		  { 9.5e6, 7.5e6, 6.5e6, 6.5e6, 6.5e6, 6.5e6, 6.5e6 }, false },
		{ "missed", { 0, 3, 0, 0, 0, 0, 0 }, { 0, 1, 0, 0, 0, 0, 0 },
		  { 0, 9, 0, 0, 0, 0, 0 }, false },
		{ "longest_batch_us", { 150, 0, 250, 250, 0, 250, 250 },
		  { 0, 0, 200, 200, 0, 200, 200 }, { 300, 0, 400, 400, 0, 400, 400 }, false },
		{ "dropped", { 0 }, { 0 }, { 0 }, true },
	};
	json_t *cells = json_object_get(json_object_get(benchmark, "ctbench"), "cells"), *timeline;
	json_t *series = json_object(), *low = json_object(), *high = json_object();
	char name[256];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		json_object_set_new(series, all[i].name, numbers(all[i].median));
		if (all[i].zero)
			continue;
		json_object_set_new(low, all[i].name, numbers(all[i].low));
		json_object_set_new(high, all[i].name, numbers(all[i].high));
	}
	add_cell(benchmark, variant, NULLS, 2, 65536, 1, 10);
	snprintf(name, sizeof(name), "w/%s/2/65536/1", variant);
	timeline = json_pack("{s:f, s:f, s:i, s:o, s:[{s:s, s:f, s:f}]}", "window_s", 0.002, "t0_s",
			     0.0, "n", n, "series", series, "events", "name", "resize=2Ki", "begin_s",
			     0.003, "end_s", 0.004);
	assert_non_null(timeline);
	if (intervals) {
		json_object_set(timeline, "series_low", low);
		json_object_set(timeline, "series_high", high);
	}
	json_decref(low);
	json_decref(high);
	json_object_set_new(json_object_get(cells, name), "timeline", timeline);
}

unsigned int occurrences(const char *text, const char *what)
{
	unsigned int n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

/* Where a text begins, in pixels from the left. */
double left_of(const char *text)
{
	const char *at = strstr(svg, text), *from = NULL, *p;
	double x;

	assert_non_null(at);
	for (p = svg; (p = strstr(p, "translate(")) && p < at; p++)
		from = p;
	assert_int_equal(sscanf(from, "translate(%lf,", &x), 1);
	return x;
}
