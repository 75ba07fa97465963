/* SPDX-License-Identifier: MIT */
/*
 * ctbench saturate: how much a table can take before it is late.
 *
 * A run whose repeats are searches: saturate.h is one search, saturate_run.c makes them.
 * Folder, report, verdicts, plots and page are those of runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "harness/cli/cmd.h"
#include "harness/results/details.h"
#include "harness/base/interrupt.h"
#include "harness/measure/measure.h"
#include "harness/run/run.h"
#include "harness/run/saturate_run.h"
#include "harness/workload/quantity.h"
#include "harness/workload/workload.h"

static void print_help(void)
{
	puts("usage: ctbench saturate WORKLOAD... [OPTION]...\n"
	     "       ctbench saturate --resume NAME\n"
	     "\n"
	     "Finds, for each cell of the workloads, the highest rate of arrivals at which a "
	     "percentile of\n"
	     "the times from the intended start stays under a bound.  Each search halves the ratio "
	     "between\n"
	     "a rate that keeps the bound and one that does not, measuring each in a process of "
	     "its own;\n"
	     "searches are repeated (the workload's repeats), and the result is their median with "
	     "its 95 %\n"
	     "interval.  A control, the same cell twice, shows the noise; verdicts follow as for a "
	     "run.\n"
	     "\n"
	     "  --p99 TIME         the bound, as in 20us (the default); or --p50, --p999, --max\n"
	     "  --from RATE        where it begins, operations a second of all threads (10k)\n"
	     "  --to RATE          and ends (100M)\n"
	     "  --precision SHARE  a search ends when the two rates are that close (5%)\n"
	     "  --name NAME        of the results (default: the time and the suite's name)\n"
	     "  --results DIR      the folder of all runs (default: " RESULTS_DEFAULT_DIR ")\n"
	     "  --resume NAME      go on with an interrupted search\n"
	     "\n"
	     "Any parameter of the workload can be given here instead, as for ctbench run "
	     "(--threads 1,all).\n"
	     "\n"
	     "Of what is in NAME/: benchmark.json has everything, each search's path included; "
	     "results.tsv a\n"
	     "row per cell, cells.tsv a row per measurement, details.jsonl its percentiles; plots/ "
	     "and\n"
	     "report.html are as for a run, and ctbench plot, report and compare take it.\n"
	     "\n"
	     "Examples:\n"
	     "  ctbench saturate saturation\n"
	     "  ctbench saturate open --rate none --p999 100us --threads all --repeats 5");
}

enum {
	OPT_P50,
	OPT_P99,
	OPT_P999,
	OPT_MAX,
	OPT_FROM,
	OPT_TO,
	OPT_PRECISION,
	OPT_NAME,
	OPT_RESULTS,
	OPT_RESUME
};
static const struct cmd_option options[] = {
	[OPT_P50] = { "p50", true },
	[OPT_P99] = { "p99", true },
	[OPT_P999] = { "p999", true },
	[OPT_MAX] = { "max", true },
	[OPT_FROM] = { "from", true },
	[OPT_TO] = { "to", true },
	[OPT_PRECISION] = { "precision", true },
	[OPT_NAME] = { "name", true },
	[OPT_RESULTS] = { "results", true },
	[OPT_RESUME] = { "resume", true },
	{ NULL, false },
};

struct request {
	struct saturate_question question;
	const char *name, *results, *resume;
	char **files;
	size_t nr_files;
	struct workload_overrides overrides;
	bool help;
	bool bounded; /* by an option, and not by default */
};

/* ---- arguments ---- */

static int bad_value(struct ct_error *e, const char *option, const char *value, const char *must)
{
	return ct_user_error(e, "--%s is '%.60s', but must be %s", option, value, must);
}

static int take(struct request *q, int what, const char *value, struct ct_error *e)
{
	double seconds;

	switch (what) {
	case OPT_P50:
	case OPT_P99:
	case OPT_P999:
	case OPT_MAX:
		if (!parse_seconds(value, &seconds) || seconds <= 0)
			return bad_value(e, options[what].name, value,
					 "a time with its unit, as in 20us");
		if (q->bounded)
			return ct_user_error(
				e, "--%s and --%s are two bounds: a search keeps one of them",
				q->question.percentile, options[what].name);
		q->bounded = true;
		q->question.percentile = options[what].name;
		q->question.bound_ns = seconds * 1e9;
		return 0;
	case OPT_FROM:
	case OPT_TO:
		if (!parse_count(value, 1000, UINT64_C(10000000000),
				 what == OPT_FROM ? &q->question.from : &q->question.to))
			return bad_value(e, options[what].name, value,
					 "operations a second from 1k to 10G");
		return 0;
	case OPT_PRECISION:
		if (!parse_share(value, &q->question.precision) || q->question.precision < 0.005)
			return bad_value(e, "precision", value, "a share from 0.5% to 100%");
		return 0;
	case OPT_NAME:
		q->name = value;
		return 0;
	case OPT_RESULTS:
		q->results = value;
		return 0;
	default:
		q->resume = value;
		return 0;
	}
}

static int parse(struct request *q, int argc, char **argv, struct ct_error *e)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	int what, err;

	*q = (struct request){ .question = { "p99", 20e3, 10000, 100000000, 0.05 },
			       .results = RESULTS_DEFAULT_DIR };
	args.more = workload_option_names(&args.nr_more);
	q->files = calloc((size_t)argc + 1, sizeof(*q->files));
	if (!q->files)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	for (;;) {
		what = workload_take_option(&q->overrides, argc, argv, &args.at, e);
		if (what > 0)
			continue;
		if (what == 0)
			what = cmd_next(&args, options, e);
		if (what < 0)
			return what;
		if (what == CMD_HELP) {
			q->help = true;
			return 0;
		}
		if (what == CMD_END)
			break;
		if (what == CMD_OPERAND) {
			q->files[q->nr_files++] = argv[args.at - 1];
			continue;
		}
		err = take(q, what, args.value, e);
		if (err)
			return err;
	}
	if (q->question.from >= q->question.to)
		return ct_user_error(e, "--from %llu is not below --to %llu",
				     (unsigned long long)q->question.from,
				     (unsigned long long)q->question.to);
	return 0;
}

/* ---- the search ---- */

static int execute(struct run *run, const struct request *q, int argc, char **argv, int *status,
		   struct ct_error *e)
{
	struct saturate_points points = { .run = run, .question = &q->question };
	int err = 0;

	if (!q->nr_files)
		return ct_user_error(e, "saturate needs a workload, as in 'ctbench saturate "
					"saturation'; any YAML file will do");
	for (size_t i = 0; i < q->nr_files && !err; i++)
		err = workload_load(&run->set, q->files[i], &q->overrides, e);
	if (!err)
		err = saturate_make_cells(run, e);
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
	free(old->files);
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
	if (!err && q.help)
		print_help();
	else if (!err && q.resume && (q.nr_files || q.overrides.nr || q.name))
		err = ct_user_error(&e,
				    "--resume %s goes on with the arguments that search was "
				    "started with: only --results goes with it",
				    q.resume);
	else if (!err && q.resume)
		err = resume(&run, &q, &status, &e);
	else if (!err)
		err = execute(&run, &q, argc, argv, &status, &e);
	if (err)
		status = ct_error_print(&e);
	results_close(&run.results);
	run_free_cells(&run);
	workload_set_free(&run.set);
	json_decref(run.start);
	json_decref(run.environment);
	free(q.files);
	return status;
}

int cmd_saturate(int argc, char **argv)
{
	return saturate_command(argc, argv, measure_cell);
}
