/* SPDX-License-Identifier: MIT */
/*
 * ctbench saturate: the highest rate of arrivals that a table can take.
 *
 * A run whose repeats are searches: saturate.h is one search, saturate_run.c makes them.
 * Folder, report, verdicts, plots and page are those of runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "harness/cli/cmd.h"
#include "harness/cli/run_commands.h"
#include "harness/results/details.h"
#include "harness/base/interrupt.h"
#include "harness/measure/measure.h"
#include "harness/run/run.h"
#include "harness/run/saturate_run.h"
#include "harness/workload/quantity.h"
#include "harness/workload/workload.h"

struct request {
	struct saturate_question question;
	const char *name, *results, *resume;
	struct cmd_words files;
	struct workload_overrides overrides;
	bool bounded; /* by an option, not by default */
};

/* ---- arguments ---- */

static int parse_percentile(void *request, const struct cmd_option *option, const char *value,
			    struct ct_error *e)
{
	struct request *q = request;
	double seconds;

	if (!parse_seconds(value, &seconds) || seconds <= 0)
		return cmd_bad_value(e, option, value, "a time with its unit, as in 20us");
	if (q->bounded)
		return ct_user_error(
			e,
			"--%s and --%s are two bounds, but a search has one: leave one "
			"out",
			q->question.percentile, option->name);
	q->bounded = true;
	q->question.percentile = option->name;
	q->question.bound_ns = seconds * 1e9;
	return 0;
}

static int
parse_rate(void *request, const struct cmd_option *option, const char *value, struct ct_error *e)
{
	uint64_t *rate = (void *)((char *)request + option->offset);

	if (!parse_count(value, 1000, UINT64_C(10000000000), rate))
		return cmd_bad_value(e, option, value, "operations a second from 1k to 10G");
	return 0;
}

static int parse_precision(void *request, const struct cmd_option *option, const char *value,
			   struct ct_error *e)
{
	struct request *q = request;

	if (!parse_share(value, &q->question.precision) || q->question.precision < 0.005)
		return cmd_bad_value(e, option, value, "a share from 0.5% to 100%");
	return 0;
}

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "WORKLOAD", .type = CMD_LIST, .offset = AT(files),
	  .help = "a workload file or a suite (YAML), or the name of one of the project's own "
		  "(see ctbench list --workloads), or - for standard input", .optional = true },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "p99", 0, CMD_PARSE, 0, "TIME", .help = "the bound of the 99th percentile (default: "
	  "20us)",
	  .parse = parse_percentile },
	{ "p50", 0, CMD_PARSE, 0, "TIME", .help = "a bound of the median instead",
	  .parse = parse_percentile },
	{ "p999", 0, CMD_PARSE, 0, "TIME", .help = "a bound of the 99.9th percentile",
	  .parse = parse_percentile },
	{ "max", 0, CMD_PARSE, 0, "TIME", .help = "a bound of the longest time",
	  .parse = parse_percentile },
	{ "from", 0, CMD_PARSE, AT(question.from), "RATE",
	  .help = "the lowest rate to try, in operations a second of all threads (default: 10k)",
	  .parse = parse_rate },
	{ "to", 0, CMD_PARSE, AT(question.to), "RATE",
	  .help = "the highest rate to try (default: 100M)",
	  .parse = parse_rate },
	{ "precision", 0, CMD_PARSE, 0, "SHARE",
	  .help = "a search ends when the two rates are this close (default: 5%)",
	  .parse = parse_precision },
	{ "name", 0, CMD_TEXT, AT(name), "NAME",
	  .help = "name of the results (default: the time and the suite's name)" },
	CMD_RESULTS(struct request),
	{ "resume", 0, CMD_TEXT, AT(resume), "RUN", .help = "continue an interrupted search" },
	{ .name = NULL },
};

static const struct cmd_term files[] = {
	{ "benchmark.json", "everything, the steps of each search included" },
	{ "results.tsv", "a row per cell" },
	{ "cells.tsv", "a row per measurement; its percentiles are in details.jsonl" },
	{ "plots/, report.html", "as of a run; ctbench plot, report and compare take it" },
	{ NULL, NULL },
};

static const struct cmd_section sections[] = {
	{ "What is in results/runs/NAME", NULL, files },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench saturate saturation", NULL },
	{ "ctbench saturate open --rate none --p999 100us --threads all --repeats 5", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static int parse(struct request *q, int argc, char **argv, struct ct_error *e)
{
	int err;

	*q = (struct request){ .question = { "p99", 20e3, 10000, 100000000, 0.05 },
			       .results = RESULTS_DEFAULT_DIR };
	err = cmd_parse(&command_saturate, q, argc, argv, e);
	if (!err && q->question.from >= q->question.to)
		err = ct_user_error(e, "--from %llu is not below --to %llu",
				    (unsigned long long)q->question.from,
				    (unsigned long long)q->question.to);
	return err;
}

/* ---- the search ---- */

static int execute(struct run *run, const struct request *q, int argc, char **argv, int *status,
		   struct ct_error *e)
{
	struct saturate_points points = { .run = run, .question = &q->question };
	int err;

	if (!q->files.nr)
		return ct_user_error(e, "saturate: WORKLOAD is missing, as in 'ctbench saturate "
					"saturation'");
	err = run_load_workloads(run, q->files.list, q->files.nr, &q->overrides, e);
	if (!err)
		err = saturate_make_cells(run, e);
	if (!err)
		err = run_look_at_captures(run, e);
	if (!err && q->resume)
		err = results_resume(&run->results, run->parent, run->name, saturate_take_row,
				     &points, e);
	else if (!err)
		err = run_create_folder(run, q->name, "saturate-", e);
	if (!err)
		err = run_look_around(run, e);
	if (!err && !q->resume)
		err = run_keep_start(run, "saturate", argc, argv, e);
	if (!err && q->resume)
		err = details_complete(run->results.dir, e);
	if (!err && q->resume)
		run->bounds_done = run_bounds_count(run->results.dir);
	if (!err) {
		/* Each repeat is a block of one search of each cell. */
		run->flags.interleave = true;
		interrupt_catch();
		saturate_search(run, &points);
		*status = run_finish(run);
		interrupt_restore();
	}
	saturate_points_free(&points);
	return err;
}

/* The search that --resume names, with the arguments it was started with. */
static int resume(struct run *run, const struct request *q, int *status, struct ct_error *e)
{
	struct request *old = calloc(1, sizeof(*old));
	char **argv = NULL;
	int argc = 0, err;

	if (!old)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	err = run_load_start(run, "saturate", q->resume, &argc, &argv, e);
	if (!err)
		err = parse(old, argc, argv, e);
	old->resume = q->resume;
	if (!err)
		err = execute(run, old, argc, argv, status, e);
	free(argv);
	cmd_free(&command_saturate, old);
	free(old);
	return err;
}

int saturate_command(int argc, char **argv, run_measure_fn measure)
{
	struct run run = { .measure = measure, .results = { .cells_fd = -1, .details_fd = -1 } };
	struct ct_error e = { 0 };
	struct request q;
	int status = CT_EXIT_OK;
	int err = parse(&q, argc, argv, &e);

	run.parent = q.results;
	if (!err && q.resume && (q.files.nr || q.overrides.nr || q.name))
		err = ct_user_error(&e,
				    "--resume %s continues with the arguments that the search was "
				    "started with: leave out all others but --results",
				    q.resume);
	else if (!err && q.resume)
		err = resume(&run, &q, &status, &e);
	else if (!err)
		err = execute(&run, &q, argc, argv, &status, &e);
	if (err < 0)
		status = ct_error_print(&e);
	results_close(&run.results);
	run_free_cells(&run);
	workload_set_free(&run.set);
	json_decref(run.start);
	free(run.input);
	json_decref(run.environment);
	cmd_free(&command_saturate, &q);
	return status;
}

int cmd_saturate(int argc, char **argv)
{
	return saturate_command(argc, argv, measure_cell);
}

const struct command command_saturate = {
	.name = "saturate",
	.summary = "find the highest rate at which a percentile stays under a bound",
	.about = "Finds, for each cell of the workloads, the highest rate of arrivals at which a "
		 "percentile of the times from the intended start stays under a bound. Each search "
		 "halves the ratio between a rate that keeps the bound and one that does not. Each "
		 "rate is measured in a separate process.\n\n"
		 "Searches are repeated (the workload's repeats). The result is their median with "
		 "its 95 % interval. A control, the same cell twice, shows the noise. Verdicts "
		 "follow as for a run.",
	.operands = operands,
	.options = options,
	.sections = sections,
	.examples = examples,
	.overrides = AT(overrides) + 1,
	.run = cmd_saturate,
};
