/* SPDX-License-Identifier: MIT */
/* A run that is made up, for tests of its report: two workloads of a cell each, and pictures. */
#ifndef CTBENCH_TESTS_REPORT_FIXTURE_H
#define CTBENCH_TESTS_REPORT_FIXTURE_H

#include "harness/show/report/report.h"
#include "tests/command_fixture.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static const char dir[] = "./run";
static json_t *benchmark;

#define PICTURE \
	"<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 9 9\"><title>Gnuplot</title>" \
	"<circle id='gpDot'/><use xlink:href='#gpDot'/><g fill=\"url(#gpFill)\"/></svg>\n"

static inline json_t *workload(const char *name, const char *question)
{
	return json_pack("{s:s, s:s, s:[s]}", "name", name, "question", question, "varying", "variant");
}

static inline json_t *cell(const char *of, const char *variant, double mops)
{
	return json_pack("{s:s, s:s, s:{s:s}, s:s, s:i, s:i, s:{s:f, s:f, s:f}, s:{s:f, s:f, s:f}}",
			 "workload", of, "variant", variant, "parameters", "variant", variant, "unit",
			 "Mops/s", "repeats", 9, "n", 9, "mops", "q1", mops, "median", mops, "q3", mops,
			 "ns_per_op", "min", 1e3 / mops, "median", 1e3 / mops, "max", 1e3 / mops);
}

static inline int setup(void **state)
{
	json_t *report;

	(void)state;
	if (own_folder_enter("report"))
		return -1;
	assert_int_equal(mkdir("run", 0777) | mkdir("run/plots", 0777), 0);
	write_text("run/plots/size-bars.svg", PICTURE);
	write_text("run/plots/size-lines.svg", PICTURE);
	write_text("run/plots/size-effects.svg", PICTURE);
	write_text("run/plots/size-big-bars.svg", PICTURE);
	report = json_pack("{s:i, s:s, s:s, s:[s, s], s:{s:{s:s}, s:{s:s}, s:{s:i}, s:{s:s}}, s:{s:[{s:s, s:f, s:f, s:f, s:f}]},"
			   " s:[o, o], s:{},"
			   " s:[{s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}], s:{s:i, s:i}}",
			   "format", 1, "name", "a<b", "started", "2026-01-01T00:00:00+0000", "arguments", "size",
			   "it's", "environment", "machine", "cpu", "Some <CPU>", "kernel", "release",
			   "6.1", "topology", "cpus", 2, "build", "revision", "abcdef", "noise", "pairs",
			   "workload", "size", "effect_percent", 1.25, "ci_low_percent", -3.0,
			   "ci_high_percent", 12.0, "visible_percent", 5.5, "workloads",
			   workload("size", "Is 1 < 2 & \"so\"?"), workload("size-big", "And big?"),
			   "cells", "verdicts", "workload", "size", "text", "mask & none: +0.4 %", "outcome",
			   "none", "workload", "size", "text", "what nobody asked", "kind", "interaction",
			   "outcome", "none", "workload", "size", "text", "yet it depends", "kind",
			   "interaction", "outcome", "different", "counts", "cells", 2, "good", 18);
	assert_non_null(report);
	json_object_set_new(json_object_get(report, "cells"), "size/x", cell("size", "x|y<z", 4));
	json_object_set_new(json_object_get(json_object_get(report, "cells"), "size/x"), "metrics",
			    json_pack("{s:{s:f}, s:{s:f}, s:{s:f}}", "chain_longest", "median", 7.0,
				      "search_restart", "median", 0.0, "rss_bytes", "median",
				      13.5 * (1 << 20)));
	json_object_set_new(report, "bounds",
			    json_pack("[{s:s, s:i, s:i, s:f, s:f, s:f, s:i}]", "bound", "dependent",
				      "threads", 1, "bytes", 1048576, "median", 12.5, "ci_low", 12.0,
				      "ci_high", 13.0, "n", 3));
	json_object_set_new(json_object_get(report, "cells"), "size-big/x", cell("size-big", "w", 2));
	benchmark = json_pack("{s:o}", "ctbench", report);
	return 0;
}

static inline int teardown(void **state)
{
	json_decref(benchmark);
	return own_folder_leave(state);
}

static inline size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

#endif
