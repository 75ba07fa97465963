/* SPDX-License-Identifier: MIT */
/*
 * A report as Markdown, short enough for a comment on a change: noise and
 * verdicts in sight, tables folded.
 */
#include "harness/show/report/report.h"

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/show/table/table.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static void verdict(void *arg, const char *text, const char *outcome)
{
	FILE *out = arg;
	const char *mark = !strcmp(outcome, "better")  ? "🟢 "
			   : !strcmp(outcome, "worse") ? "🔴 "
						       : "";

	fprintf(out, "- %s%s\n", mark, text);
}

static void answer(void *arg, const char *text, const char *outcome)
{
	(void)outcome;
	fprintf(arg, "   - %s\n", text);
}

/* The questions, each with its answer, where there are several. */
static void top(FILE *out, const struct report_source *s)
{
	const json_t *workloads = json_object_get(s->report, "workloads"), *workload;
	size_t i;

	if (json_array_size(workloads) < 2)
		return;
	fputc('\n', out);
	json_array_foreach(workloads, i, workload)
	{
		fprintf(out, "%zu. %s\n", i + 1, text_of(workload, "question"));
		report_answer(s, text_of(workload, "name"), answer, out);
	}
}

int report_markdown(FILE *out, const struct report_source *s, struct ct_error *e)
{
	char text[2048];
	json_t *workload;
	size_t i;

	report_all_machines(text, sizeof(text), s);
	fprintf(out, "## ctbench: %s\n\n%s; ctbench %s; %.16s\n", text_of(s->report, "name"), text,
		report_fact(s, "build", "revision"), text_of(s->report, "started"));
	top(out, s);
	json_array_foreach(json_object_get(s->report, "workloads"), i, workload)
	{
		const char *name = text_of(workload, "name");
		struct grid g;
		int err;

		fprintf(out, "\n### %s\n\n", text_of(workload, "question"));
		if (report_machines(s) > 1) {
			report_machine(text, sizeof(text), s, report_machine_of(s, name));
			fprintf(out, "Measured on %s.\n\n", text);
		}
		report_noise(text, sizeof(text), s, name);
		if (*text)
			fprintf(out, "_%s_\n\n", text);
		report_each_verdict(s, name, verdict, out);
		err = table_of(&g, s->report, workload);
		if (!err && g.rows > 1) {
			fprintf(out, "\n<details><summary>All figures (%s)</summary>\n\n", name);
			grid_print(out, &g, GRID_MARKDOWN);
			table_remark(text, sizeof(text), s->report, workload);
			if (*text)
				fprintf(out, "\n%s\n", text);
			fputs("\n</details>\n", out);
		}
		grid_free(&g);
		if (err)
			return ct_fail(e, err, CT_EXIT_USER, "no memory for the report");
	}
	report_command(text, sizeof(text), s);
	fprintf(out, "\nAgain: `%s`\n", text);
	return 0;
}
