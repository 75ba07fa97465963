/* SPDX-License-Identifier: MIT */
/*
 * ctbench saturate: the highest rate of arrivals that a table can take.
 *
 * A run whose repeats are searches: saturate.h is one search, saturate_run.c runs them. Folder,
 * report, verdicts, plots and page are as for runs.
 */
#include "harness/cli/cmd.h"
#include "harness/cli/run_commands.h"
#include "harness/base/interrupt.h"
#include "harness/measure/measure.h"
#include "harness/run/saturate_run.h"
#include "harness/workload/quantity.h"
#include "harness/workload/workload.h"

struct request {
	struct run_request run;
	struct saturate_question question;
	bool bounded; /* given by an option */
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
		return ct_user_error(e, "--%s and --%s exclude each other: a search has one bound",
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
	RUN_WORKLOAD(struct request),
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
	RUN_NAME(struct request),
	RUN_RESULTS(struct request),
	RUN_RESUME(struct request, "continue an interrupted search"),
	{ .name = NULL },
};

static const struct cmd_term files[] = {
	{ "benchmark.json", "everything, the steps of each search included" },
	{ "results.tsv", "a row per cell" },
	{ "cells.tsv", "a row per measurement; its percentiles are in details.jsonl" },
	{ "plots/, report.html", "as for a run; ctbench plot, report and compare read them" },
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

static int check(const void *request, struct ct_error *e)
{
	const struct request *q = request;

	if (q->question.from < q->question.to)
		return 0;
	return ct_user_error(e, "--from %llu is not below --to %llu",
			     (unsigned long long)q->question.from,
			     (unsigned long long)q->question.to);
}

/* ---- the search ---- */

static const struct run_kind kind;

static int execute(struct run *run, const void *request, int argc, char **argv, int *status,
		   struct ct_error *e)
{
	const struct request *q = request;
	struct saturate_points points = { .run = run, .question = &q->question };
	int err = run_read(run, &kind, &q->run, e);

	if (!err)
		err = saturate_make_cells(run, e);
	if (!err)
		err = run_begin(run, &kind, &q->run, argc, argv, saturate_take_row, &points, e);
	if (!err) {
		/* Each repeat is a block of one search of each cell. */
		run->flags.interleave = true;
		saturate_search(run, &points);
		*status = run_finish(run);
		interrupt_restore();
	}
	saturate_points_free(&points);
	return err;
}

static const struct run_kind kind = {
	.command = &command_saturate,
	.prefix = "saturate-",
	.check = check,
	.execute = execute,
};

int saturate_command(int argc, char **argv, run_measure_fn measure)
{
	struct run run = { .measure = measure };

	return run_whole(&kind, &run, argc, argv, NULL);
}

static int cmd_saturate(int argc, char **argv)
{
	return saturate_command(argc, argv, measure_cell);
}

const struct command command_saturate = {
	.name = "saturate",
	.summary = "find the highest rate at which a percentile stays under a bound",
	.about = "Finds, for each cell of the workloads, the highest rate of arrivals at which a "
		 "percentile of the times from the intended start stays under a bound. Each search "
		 "bisects between a rate that keeps the bound and one that does not. Each "
		 "rate is measured in a separate process.\n\n"
		 "Searches are repeated (the workload's repeats). The result is their median with "
		 "its 95 % interval. A control, the same cell twice, shows the noise. Verdicts "
		 "follow as for a run.",
	.operands = operands,
	.options = options,
	.sections = sections,
	.examples = examples,
	.overrides = AT(run.overrides) + 1,
	.request_size = sizeof(struct request),
	.defaults = &(const struct request){ .question = { "p99", 20e3, 10000, 100000000, 0.05 } },
	.whole = cmd_saturate,
};
