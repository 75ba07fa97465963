/* SPDX-License-Identifier: MIT */
/*
 * ctbench report: a web page of a run.
 */
#include "harness/cli/cmd.h"
#include "harness/show/report/report.h"
#include "harness/results/results.h"
#include "harness/show/shares.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct request {
	const char *run, *of, *out, *results;
	bool markdown;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "RUN", .type = CMD_TEXT, .offset = AT(run),
	  .help = "folder of a run, or its name in results/runs" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "markdown", 0, CMD_SWITCH, AT(markdown), NULL,
	  .help = "Markdown on standard output, for a comment on a change" },
	CMD_OF(struct request, "figures as shares of what this machine allows (see ctbench "
	       "bounds; default: as measured)"),
	{ "out", 'o', CMD_TEXT, AT(out), "FILE",
	  .help = "where to write, - for standard output (default: RUN/report.html, or "
	  "RUN/report-of-BOUND.html)" },
	CMD_RESULTS(struct request),
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench report results/runs/20260101-120000-default", NULL },
	{ "ctbench report myrun --markdown > comment.md", NULL },
	{ NULL, NULL },
};
/* clang-format on */

/* A typing error must not overwrite what was measured. */
static int check_out(const struct request *q, const char *dir, struct ct_error *e)
{
	const char *own = q->out ? results_own_file(dir, q->out) : NULL;

	if (!own)
		return 0;
	return ct_user_error(e,
			     "--out '%.500s' would overwrite the run's own %s: name another file",
			     q->out, own);
}

static int make(void *request, struct ct_error *e)
{
	const struct request *q = request;
	char dir[PATH_MAX], name[64] = "report.html", path[PATH_MAX + 80];
	const char *out = q->out ? q->out : q->markdown ? "-" : path;
	struct report_pictures pictures = { 0 };
	struct report_source s = { 0 };
	json_t *benchmark, *report;
	int err = 0;

	benchmark = results_open(dir, sizeof(dir), q->results, q->run, e);
	if (!benchmark)
		return -ENOENT;
	s.benchmark = benchmark;
	s.report = report = json_object_get(benchmark, "ctbench");
	if (q->of) {
		err = shares_of(report, q->of, e);
		snprintf(name, sizeof(name), "report-of-%.32s.html", q->of);
	}
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!err)
		err = check_out(q, dir, e);
	if (!err && strcmp(out, "-"))
		err = results_no_links(dir, out, e);
	if (!err && !q->markdown)
		err = report_draw(&s, &pictures, e);
	if (!err && strcmp(out, "-"))
		err = report_write(&s, out, q->markdown, e);
	else if (!err)
		err = q->markdown ? report_markdown(stdout, &s, e) : report_html(stdout, &s, e);
	report_pictures_free(&pictures);
	if (!err && out == path)
		printf("report: %s\n", path);
	json_decref(benchmark);
	return err;
}

const struct command command_report = {
	.name = "report",
	.summary = "make a web page of a finished run: answers, plots, tables, machine",
	.about =
		"Makes one web page of a run: each question, the answer in words with its "
		"interval, the plots, the tables, the noise, the machine, and how to repeat it. "
		"The page is one file that needs nothing else: it can be mailed, printed, and read "
		"on a phone. Nothing is measured. Its plots are drawn from the run's figures; "
		"without gnuplot it has none.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = make,
};
