/* SPDX-License-Identifier: MIT */
/*
 * ctbench report: a web page of a run.
 */
#include "harness/base/csv.h"
#include "harness/base/files.h"
#include "harness/base/memory.h"
#include "harness/results/dictionary.h"
#include "harness/run/run.h"
#include "harness/cli/cmd.h"
#include "harness/judge/matrix.h"
#include "harness/show/report/report.h"
#include "harness/results/results.h"
#include "harness/show/shares.h"

#include <stdlib.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct request {
	const char *run, *of, *out, *results, *base;
	bool markdown, text, json;
	unsigned int csv; /* index of csv_tables; 0: none */
	unsigned int kinds;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	CMD_RUN(struct request),
	{ .name = NULL },
};

static const struct cmd_term csv_tables[] = {
	{ "none", NULL },
	{ "results", "a row per cell" },
	{ "cells", "a row per measurement" },
	{ "slices", "a row per slice, where cells were measured in slices" },
	{ "columns", "the data dictionary: unit, better direction and meaning of each column" },
	{ NULL, NULL },
};

static const struct cmd_option options[] = {
	{ "markdown", 0, CMD_SWITCH, AT(markdown), NULL,
	  .help = "Markdown on standard output, for a comment on a change" },
	CMD_OF(struct request, "figures as shares of a bound of this machine (see ctbench bounds; "
			       "default: as measured)"),
	{ "out", 'o', CMD_TEXT, AT(out), "FILE",
	  .help = "where to write, - for standard output (default: RUN/report.html, or "
	  "RUN/report-of-BOUND.html)" },
	{ "base", 'b', CMD_TEXT, AT(base), "VARIANT",
	  .help = "what the matrix compares with (default: the run's first variant)" },
	CMD_KINDS(struct request,
		  "plots of this kind, several with commas (default: as ctbench plot)"),
	{ "text", 0, CMD_SWITCH, AT(text), NULL,
	  .help = "the matrix, tables and verdicts as text on standard output" },
	{ "json", 0, CMD_SWITCH, AT(json), NULL,
	  .help = "the run's report with its matrix as JSON on standard output" },
	{ "csv", 0, CMD_CHOICE, AT(csv), "TABLE",
	  .help = "a table of the run as CSV, for pandas and R, on standard output",
	  .choices = csv_tables },
	CMD_RESULTS(struct request),
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench report results/runs/20260101-120000-default", NULL },
	{ "ctbench report myrun --markdown > comment.md", NULL },
	{ "ctbench report myrun --text --base cds_lfht", NULL },
	{ "ctbench report myrun --csv results >results.csv", NULL },
	{ NULL, NULL },
};
/* clang-format on */

/* A typing error must not overwrite measurements. */
static int check_out(const struct request *q, const char *dir, struct ct_error *e)
{
	const char *own = q->out ? results_own_file(dir, q->out) : NULL;

	if (!own)
		return 0;
	return ct_user_error(e,
			     "--out '%.500s' would overwrite the run's own %s: name another file",
			     q->out, own);
}

/* The lines of a table: results are made anew from the run, others are its files. */
static FILE *open_table(const char *dir, const json_t *report, const char *table, char **text)
{
	char path[PATH_MAX + 32];
	size_t len = 0;

	if (!strcmp(table, "results"))
		*text = run_report_tsv(report, &len);
	else if (!strcmp(table, "columns"))
		*text = dictionary_text(&len);
	snprintf(path, sizeof(path), "%s/%s.tsv", dir, table);
	return *text ? fmemopen(*text, len, "r") : file_read(path, RESULTS_FILE_MAX);
}

static int
write_csv(const struct request *q, const char *dir, const json_t *report, struct ct_error *e)
{
	const char *table = csv_tables[q->csv].name;
	char *text = NULL, *csv = NULL;
	FILE *in = open_table(dir, report, table, &text), *out;
	size_t len = 0;
	int err;

	if (!in) {
		free(text);
		return ct_user_error(e, "--csv %s: cannot read '%.500s/%s.tsv': %s", table, dir,
				     table, strerror(errno));
	}
	out = memory_stream(&csv, &len);
	err = csv_of_tsv(out, in);
	memory_stream_close(out, &csv);
	fclose(in);
	free(text);
	if (err)
		err = ct_user_error(e, "--csv %s: %s", table, strerror(-err));
	else if (q->out && strcmp(q->out, "-"))
		err = results_write_file(q->out, csv, len, e);
	else
		fwrite(csv, 1, len, stdout);
	free(csv);
	return err;
}

static report_form *form_of(const struct request *q)
{
	return q->markdown ? report_markdown
	       : q->text   ? report_text
	       : q->json   ? report_json
			   : report_html;
}

static int
write_form(const struct request *q, struct report_source *s, const char *out, struct ct_error *e)
{
	struct report_pictures pictures = { 0 };
	report_form *form = form_of(q);
	int err = form == report_html ? report_draw(s, &pictures, e) : 0;

	if (!err)
		err = strcmp(out, "-") ? report_write(s, out, form, e) : form(stdout, s, e);
	report_pictures_free(&pictures);
	return err;
}

static int make(void *request, struct ct_error *e)
{
	const struct request *q = request;
	char dir[PATH_MAX], name[64] = "report.html", path[PATH_MAX + 80];
	const char *out = q->out ? q->out : !q->csv && form_of(q) == report_html ? path : "-";
	struct report_source s = { .plots = q->kinds };
	json_t *benchmark, *report, *matrix = NULL;
	int err = 0;

	if (q->markdown + q->text + q->json + !!q->csv > 1)
		return ct_user_error(e, "--markdown, --text, --json and --csv exclude each other: "
					"give one of them");
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
		err = results_only_files(dir, out, e);
	if (!err && q->csv) {
		err = write_csv(q, dir, report, e);
		json_decref(benchmark);
		return err;
	}
	if (!err) {
		s.matrix = matrix = judge_matrix(report, q->base, e);
		err = matrix ? 0 : -EINVAL;
	}
	if (!err)
		err = write_form(q, &s, out, e);
	if (!err && out == path)
		printf("report: %s\n", path);
	json_decref(matrix);
	json_decref(benchmark);
	return err;
}

const struct command command_report = {
	.name = "report",
	.summary = "make a web page of a finished run: answers, plots, tables, machine",
	.about = "Makes one web page of a run: a matrix of its variants and questions, each "
		 "question, "
		 "the answer in words with its interval, the plots, the tables, the noise, the "
		 "machine, and how to repeat it. "
		 "The page is one file without external parts: it can be mailed, printed, and read "
		 "on a phone. Nothing is measured. Plots need gnuplot.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = make,
};
