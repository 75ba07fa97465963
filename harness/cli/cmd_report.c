/* SPDX-License-Identifier: MIT */
/*
 * ctbench report: a run as a page for people.
 */
#include "harness/cli/cmd.h"
#include "harness/show/report/report.h"
#include "harness/results/results.h"
#include "harness/show/shares.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void print_help(void)
{
	puts("usage: ctbench report RUN [--markdown] [--out FILE] [--results DIR]\n"
	     "\n"
	     "Makes one web page of a run: each question, the answer in words with its interval, "
	     "the\n"
	     "plots, the tables, the noise, the machine, and how to repeat it.  The page needs "
	     "nothing\n"
	     "beside itself: it can be mailed, kept, printed, read on a phone, in light or dark.\n"
	     "RUN is the folder of a run, or its name in results/runs; nothing is measured.\n"
	     "\n"
	     "  --markdown       as Markdown on standard output, for a comment on a change\n"
	     "  --of BOUND       figures as shares of what this machine allows: " SHARES_NAMES "\n"
	     "                   (ctbench bounds explains them; default: as measured)\n"
	     "  --out FILE       where to ('-': standard output; default: RUN/report.html, or\n"
	     "                   RUN/report-of-BOUND.html)\n"
	     "  --results DIR    the folder of all runs (default: " RESULTS_DEFAULT_DIR ")\n"
	     "\n"
	     "The plots in the page are drawn anew from the run's figures; where gnuplot is not\n"
	     "installed the page has none.\n"
	     "\n"
	     "Examples:\n"
	     "  ctbench report results/runs/20260101-120000-default\n"
	     "  ctbench report myrun --markdown > comment.md");
}

enum { OPT_MARKDOWN, OPT_OF, OPT_OUT, OPT_RESULTS };
static const struct cmd_option options[] = {
	[OPT_MARKDOWN] = { "markdown", false },
	[OPT_OF] = { "of", true },
	[OPT_OUT] = { "out", true },
	[OPT_RESULTS] = { "results", true },
	{ NULL, false },
};

struct request {
	const char *run, *of, *out, *results;
	bool markdown, help;
};

static int parse(struct request *q, int argc, char **argv, struct ct_error *e)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	int what;

	while ((what = cmd_next(&args, options, e)) != CMD_END) {
		if (what < 0)
			return what;
		switch (what) {
		case OPT_MARKDOWN:
			q->markdown = true;
			break;
		case OPT_OF:
			q->of = args.value;
			break;
		case OPT_OUT:
			q->out = args.value;
			break;
		case OPT_RESULTS:
			q->results = args.value;
			break;
		case CMD_OPERAND:
			if (q->run)
				return ct_user_error(e,
						     "report takes one run, and there are two: "
						     "'%s' and '%s'; 'ctbench compare' judges two",
						     q->run, args.value);
			q->run = args.value;
			break;
		case CMD_HELP:
			q->help = true;
			return 0;
		}
	}
	if (!q->run)
		return ct_user_error(
			e,
			"report needs a run, as in 'ctbench report " RESULTS_DEFAULT_DIR "/NAME'");
	return 0;
}

/* What was measured is not to be lost to a slip of the hand. */
static int check_out(const struct request *q, const char *dir, struct ct_error *e)
{
	const char *own = q->out ? results_own_file(dir, q->out) : NULL;

	if (!own)
		return 0;
	return ct_user_error(e,
			     "--out '%.500s' would write over the run's own %s: name another file",
			     q->out, own);
}

static int make(const struct request *q, struct ct_error *e)
{
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

int cmd_report_run(int argc, char **argv)
{
	struct request q = { 0 };
	struct ct_error e = { 0 };
	int err = parse(&q, argc, argv, &e);

	if (!err && q.help)
		print_help();
	else if (!err)
		err = make(&q, &e);
	return err ? ct_error_print(&e) : CT_EXIT_OK;
}
