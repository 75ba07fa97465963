/* SPDX-License-Identifier: MIT */
/*
 * A report as Markdown, short enough for a comment on a change: noise and verdicts are visible,
 * tables folded.
 */
#include "harness/show/report/report.h"

#include "harness/base/escape.h"
#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/show/answers.h"
#include "harness/show/table/table.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* Markdown with an escaped text in it. */
static void words(FILE *out, const char *before, const char *text, const char *after)
{
	fputs(before, out);
	escape_markdown(out, text);
	fputs(after, out);
}

static void verdict(void *arg, const char *text, const char *outcome)
{
	FILE *out = arg;
	const char *mark = !strcmp(outcome, "better")  ? "🟢 "
			   : !strcmp(outcome, "worse") ? "🔴 "
						       : "";

	fprintf(out, "- %s", mark);
	words(out, "", text, "\n");
}

static void answer(void *arg, const char *text, const char *outcome)
{
	(void)outcome;
	words(arg, "   - ", text, "\n");
}

/* The questions and their answers, if there are several. */
static void top(FILE *out, const struct report_source *s)
{
	const json_t *workloads = json_object_get(s->report, "workloads"), *workload;
	size_t i;

	if (json_array_size(workloads) < 2)
		return;
	fputc('\n', out);
	json_array_foreach(workloads, i, workload) {
		fprintf(out, "%zu", i + 1);
		words(out, ". ", text_of(workload, "question"), "\n");
		report_answer(s, text_of(workload, "name"), answer, out);
	}
}

int report_markdown(FILE *out, const struct report_source *s, struct ct_error *e)
{
	char text[ANSWER_MAX];
	json_t *workload;
	size_t i;

	report_all_machines(text, sizeof(text), s);
	words(out, "## ctbench: ", text_of(s->report, "name"), "\n\n");
	words(out, "", text, "; ctbench ");
	words(out, "", report_fact(s, "build", "revision"), "; ");
	snprintf(text, sizeof(text), "%.16s", text_of(s->report, "started"));
	words(out, "", text, "\n");
	top(out, s);
	json_array_foreach(json_object_get(s->report, "workloads"), i, workload) {
		const char *name = text_of(workload, "name");
		struct grid g;
		int err;

		words(out, "\n### ", text_of(workload, "question"), "\n\n");
		answer_of(text, s->report, workload);
		if (*text)
			words(out, "**", text, ".**\n\n");
		if (report_machines(s) > 1) {
			report_machine(text, sizeof(text), s, report_machine_of(s, name));
			words(out, "Measured on ", text, ".\n\n");
		}
		report_noise(text, sizeof(text), s, name);
		if (*text)
			words(out, "_", text, "_\n\n");
		report_each_verdict(s, name, verdict, out);
		err = table_of(&g, s->report, workload);
		if (!err && g.rows > 1) {
			words(out, "\n<details><summary>All figures (", name, ")</summary>\n\n");
			grid_print(out, &g, GRID_MARKDOWN);
			table_remark(text, sizeof(text), s->report, workload);
			if (*text)
				words(out, "\n", text, "\n");
			fputs("\n</details>\n", out);
		}
		grid_free(&g);
		if (err)
			return ct_fail(e, err, CT_EXIT_USER, "no memory for the report");
	}
	report_command(text, sizeof(text), s);
	fputs("\nAgain: ", out);
	escape_markdown_code(out, text);
	fputc('\n', out);
	return 0;
}
