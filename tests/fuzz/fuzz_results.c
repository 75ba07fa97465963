/* SPDX-License-Identifier: MIT */
/*
 * A run's files; the first byte selects one.  What is accepted is tabulated, judged and
 * shown, and no page gets a tag from it.
 */
#include "harness/base/grid.h"
#include "harness/judge/compare.h"
#include "harness/judge/judge.h"
#include "harness/judge/matrix.h"
#include "harness/results/check.h"
#include "harness/results/details.h"
#include "harness/results/results.h"
#include "harness/run/run.h"
#include "harness/show/plot/plot.h"
#include "harness/show/report/report.h"
#include "harness/show/table/table.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>

static void page(const struct report_source *s, report_form *write)
{
	static const char *const tags[] = { "<img", "<iframe", "<object" };
	const char *script;
	struct ct_error e = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	fuzz_check(out);
	err = write(out, s, &e);
	fuzz_check(!fclose(out));
	fuzz_check(!err || e.status);
	for (size_t i = 0; i < 3 && write == report_html; i++)
		fuzz_check(!strstr(text, tags[i]));
	/* The page has a script of its own, at its end. */
	script = err || write != report_html ? NULL : strstr(text, "<script");
	fuzz_check(!script || (strstr(text, "</main>\n<script>") == script - 8 &&
			       !strstr(script + 1, "<script")));
	for (size_t i = 0; i < len; i++)
		fuzz_check((unsigned char)text[i] >= ' ' || text[i] == '\n' || text[i] == '\t');
	free(text);
}

static void show(json_t *benchmark)
{
	struct report_source s = {
		.benchmark = benchmark,
		.report = json_object_get(benchmark, "ctbench"),
	};
	struct compare_run run = { "a", benchmark };
	struct ct_error e = { 0 };
	json_t *sides[2], *matrix;

	s.matrix = matrix = judge_matrix(s.report, NULL, &e);
	page(&s, report_html);
	page(&s, report_markdown);
	page(&s, report_text);
	json_decref(matrix);
	judge_print_noise(fuzz_nowhere(), s.report);
	judge_print_verdicts(fuzz_nowhere(), s.report);
	judge_print_power(fuzz_nowhere(), s.report);
	json_decref(judge_compare(&run, &run, NULL, 0.03, false, &e));
	if (!judge_programs(benchmark, "a", sides, &e)) {
		const struct compare_run old = { "old", sides[0] }, this = { "this", sides[1] };

		json_decref(judge_compare(&old, &this, NULL, 0.03, true, &e));
		json_decref(sides[0]);
		json_decref(sides[1]);
	}
	/* As of a run that has just ended. */
	judge_run((json_t *)s.report);
}

static int row(void *arg, const struct measurement *m, struct ct_error *e)
{
	(void)arg;
	(void)e;
	fuzz_check(strlen(m->name) < sizeof(m->name));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"benchmark.json", "cells.tsv", "details.jsonl", "bounds.jsonl", "run.json",
	};
	const unsigned int what = size ? data[0] % 5 : 0;
	const char *dir = fuzz_folder();
	struct ct_error e = { 0 };
	json_t *json = NULL;
	unsigned int nr;
	char run[512];

	fuzz_write(dir, names[what], data + !!size, size - !!size);
	switch (what) {
	case 0:
		json = results_open(run, sizeof(run), "/", dir, &e);
		if (json)
			show(json);
		else
			fuzz_check(e.status);
		break;
	case 1:
		if (results_rows(dir, row, NULL, &e))
			fuzz_check(e.status);
		break;
	case 2:
		json = details_read(dir, NULL, &e);
		details_end(run, 5, NULL);
		break;
	case 3:
		if (run_bounds_count(dir, &nr, &e))
			fuzz_check(e.status);
		break;
	case 4:
		json = results_read_json(dir, "run.json", "", &e);
		if (json && check_start(json, "run.json", &e))
			fuzz_check(e.status);
		break;
	}
	json_decref(json);
	return 0;
}
