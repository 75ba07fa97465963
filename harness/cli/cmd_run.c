/* SPDX-License-Identifier: MIT */
/*
 * ctbench run: measure workloads, keep, tabulate and plot the results.
 */
#include "harness/run/run.h"

#include "harness/base/about.h"
#include "harness/cli/cmd.h"
#include "harness/results/details.h"
#include "harness/base/interrupt.h"
#include "harness/measure/measure.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void print_help(void)
{
	puts("usage: ctbench run WORKLOAD... [OPTIONS] [--KEY VALUE]... [-- "
	     "GOOGLE-BENCHMARK-FLAGS]\n"
	     "\n"
	     "Measures every cell of the workloads (a cell is one variant at one point: so many\n"
	     "threads, connections, buckets, ...), each repeat in a process of its own, in random\n"
	     "order, prints a table, and keeps results and plots in results/runs/NAME/.\n"
	     "WORKLOAD is a workload file or suite (YAML), or the name of one of the project's "
	     "own:\n"
	     "ctbench list --workloads shows them.\n"
	     "\n"
	     "  --dry-run        print the cells and how long they will take; measure nothing\n"
	     "  --name NAME      of the results (default: the time and the suite's name)\n"
	     "  --results DIR    the folder of all runs (default: " RESULTS_DEFAULT_DIR ")\n"
	     "  --resume NAME    go on with an interrupted run, with the arguments it was started "
	     "with, on the\n"
	     "                   machine and with the program that began it\n"
	     "  --shard I/N      measure the I-th of N parts only, whole workloads each: for "
	     "several\n"
	     "                   machines, or one after the other; ctbench merge puts them "
	     "together\n"
	     "  --no-bounds      do not measure what no table can beat (ctbench bounds) in "
	     "between\n"
	     "\n"
	     "Earlier results are never overwritten.  Ctrl-C keeps what is finished, plots it and "
	     "says\n"
	     "how to go on; a second Ctrl-C leaves at once.\n"
	     "\n"
	     "Any parameter of the workload can be given here instead, several values with "
	     "commas:");
	workload_help_options(stdout);
	puts("\n"
	     "What follows -- goes to Google Benchmark: --benchmark_filter=REGEX chooses cells by "
	     "name,\n"
	     "--benchmark_list_tests prints their names; ctbench run -- --help tells the others.\n"
	     "\n"
	     "Examples:\n"
	     "  ctbench run default\n"
	     "  ctbench run axes --variants axis=resize --threads 1,all --repeats 5\n"
	     "  ctbench run my.yaml --dry-run\n"
	     "  ctbench run size -- --benchmark_filter=flows:1Mi\n"
	     "\n"
	     "Of what is in NAME/: benchmark.json has everything (Google Benchmark's format, so "
	     "that its\n"
	     "compare.py reads it; the key ctbench has the machine and the parameters), "
	     "results.tsv a\n"
	     "row per cell, cells.tsv a row per measurement, plots/ the pictures with data and "
	     "scripts.");
}

enum { OPT_DRY_RUN, OPT_NAME, OPT_RESULTS, OPT_RESUME, OPT_SHARD, OPT_PLANT, OPT_NO_BOUNDS };
static const struct cmd_option options[] = {
	[OPT_DRY_RUN] = { "dry-run", false },	  [OPT_NAME] = { "name", true },
	[OPT_RESULTS] = { "results", true },	  [OPT_RESUME] = { "resume", true },
	[OPT_SHARD] = { "shard", true },	  [OPT_PLANT] = { "plant", true },
	[OPT_NO_BOUNDS] = { "no-bounds", false }, { NULL, false },
};

struct request {
	bool dry_run, help, no_bounds;
	const char *name, *results, *resume;
	char plant[96];		    /* variant that is slowed on purpose; empty: none */
	double plant_delay;	    /* by this share */
	unsigned int shard, shards; /* --shard 1/3: 1 and 3; 0: all of it */
	char **files;		    /* pointers into argv */
	size_t nr_files;
	struct workload_overrides overrides;
	char **gb; /* what follows "--" */
	int nr_gb;
};

static int parse_shard(struct request *q, const char *text, struct ct_error *e)
{
	char end;

	if (sscanf(text, "%u/%u%c", &q->shard, &q->shards, &end) != 2 || !q->shard ||
	    q->shard > q->shards)
		return ct_user_error(
			e,
			"--shard is '%.40s': it must be I/N, as 1/3 for the first of three parts",
			text);
	return 0;
}

/*
 * --plant VARIANT=SHARE%: not in the help, for it is no measurement.  It checks the harness: the
 * verdict has to find what was planted.
 */
static int parse_plant(struct request *q, const char *text, struct ct_error *e)
{
	const char *equals = strchr(text, '=');
	double percent;
	char end;

	if (!equals || sscanf(equals + 1, "%lf%%%c", &percent, &end) != 1 ||
	    !(percent > 0 && percent <= 1000) || equals - text >= (int)sizeof(q->plant) ||
	    equals[strlen(equals) - 1] != '%')
		return ct_user_error(
			e, "--plant is '%.80s': it must be VARIANT=SHARE%%, as null=5%%", text);
	snprintf(q->plant, sizeof(q->plant), "%.*s", (int)(equals - text), text);
	q->plant_delay = percent / 100;
	return 0;
}

static int parse(struct request *q, int argc, char **argv, struct ct_error *e)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1, .takes_rest = true };
	int what;

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
		switch (what) {
		case OPT_DRY_RUN:
			q->dry_run = true;
			break;
		case OPT_NAME:
			q->name = args.value;
			break;
		case OPT_RESULTS:
			q->results = args.value;
			break;
		case OPT_RESUME:
			q->resume = args.value;
			break;
		case OPT_SHARD:
			what = parse_shard(q, args.value, e);
			if (what)
				return what;
			break;
		case OPT_PLANT:
			what = parse_plant(q, args.value, e);
			if (what)
				return what;
			break;
		case OPT_NO_BOUNDS:
			q->no_bounds = true;
			break;
		case CMD_OPERAND:
			q->files[q->nr_files++] = argv[args.at - 1];
			break;
		case CMD_HELP:
			q->help = true;
			return 0;
		case CMD_REST:
			q->gb = argv + args.at;
			q->nr_gb = argc - args.at;
			return 0;
		case CMD_END:
			return 0;
		}
	}
}

/* ---- the run ---- */

static int load_workloads(struct run *run, const struct request *q, struct ct_error *e)
{
	int err = 0;

	if (!q->nr_files)
		return ct_user_error(
			e, "run needs a workload, as in 'ctbench run default'; ctbench list "
			   "--workloads shows the project's own, and any YAML file will do");
	for (size_t i = 0; i < q->nr_files && !err; i++)
		err = workload_load(&run->set, q->files[i], &q->overrides, e);
	return err;
}

/*
 * Workloads are dealt whole, for cells that are compared must come from one machine: each
 * to the part that has least to do so far.
 */
static int select_shard(struct run *run, const struct request *q, struct ct_error *e)
{
	double *seconds = calloc(q->shards + 1, sizeof(*seconds));

	if (!seconds)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for %u shards", q->shards);
	if (q->shards > run->set.nr) {
		free(seconds);
		return ct_user_error(e,
				     "--shard %u/%u: there %s %zu workload%s, and the cells of one "
				     "must come from one machine: at most %zu part%s",
				     q->shard, q->shards, run->set.nr == 1 ? "is" : "are",
				     run->set.nr, run->set.nr == 1 ? "" : "s", run->set.nr,
				     run->set.nr == 1 ? "" : "s");
	}
	for (size_t i = 0; i < run->set.nr; i++) {
		const struct workload *w = &run->set.list[i];
		unsigned int least = 0;

		for (unsigned int k = 1; k < q->shards; k++)
			if (seconds[k] < seconds[least])
				least = k;
		seconds[least] += workload_expected_seconds(w);
		for (size_t k = 0; k < run->nr_cells && least + 1 != q->shard; k++)
			if (run->cells[k].workload == w)
				run->cells[k].selected = false;
	}
	free(seconds);
	return 0;
}

/* Cells as benchmarks, and which of them --benchmark_filter wants. */
static int register_cells(struct run *run, const struct request *q, struct ct_error *e)
{
	bool *selected, planted = !q->plant[0];
	int err = run_make_cells(run, run->flags.repetitions, e);

	for (size_t i = 0; i < run->nr_cells && !err && q->plant[0]; i++)
		if (!strcmp(run->cells[i].cell.variant, q->plant)) {
			run->cells[i].cell.plant_delay = q->plant_delay;
			planted = true;
		}
	if (!err && !planted)
		err = ct_user_error(e, "--plant names '%.80s', which is no variant of this run",
				    q->plant);
	for (size_t i = 0; i < run->nr_cells && !err; i++)
		err = gbench_add(run->cells[i].name, run->cells[i].repeats,
				 run->cells[i].cell.threads, e);
	if (err)
		return err;
	selected = calloc(run->nr_cells, sizeof(*selected));
	if (!selected)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the cells");
	err = gbench_select(selected, e);
	for (size_t i = 0; i < run->nr_cells && !err; i++)
		run->cells[i].selected = selected[i];
	free(selected);
	if (!err && q->shards)
		err = select_shard(run, q, e);
	return err;
}

static void print_names(const struct run *run)
{
	for (size_t i = 0; i < run->nr_cells; i++)
		if (run->cells[i].selected)
			puts(run->cells[i].name);
}

/* What was chosen, and how long it will take. */
static int print_plan(const struct run *run, struct ct_error *e)
{
	bool *chosen = calloc(run->nr_cells + 1, sizeof(*chosen));
	size_t cells = 0;

	if (!chosen)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the cells");
	for (size_t i = 0; i < run->nr_cells; i++) {
		chosen[i] = run->cells[i].selected;
		cells += chosen[i];
	}
	workload_print_cells(stdout, &run->set, chosen, run->flags.repetitions);
	free(chosen);
	if (cells < run->nr_cells)
		printf("These are %zu of %zu cells (controls included), chosen by --shard or the "
		       "flags after --.\n",
		       cells, run->nr_cells);
	return 0;
}

static int start(struct run *run, const struct request *q, int argc, char **argv, int *status,
		 struct ct_error *e)
{
	int err;

	if (q->resume)
		err = results_resume(&run->results, run->parent, run->name, run_take_row, run, e);
	else
		err = run_create_folder(run, q->name, "", e);
	/* Without what lies beside them rows would make a lesser report, in place of a better one.
	 */
	if (!err && q->resume)
		err = details_complete(run->results.dir, e);
	if (err)
		return err;
	run->no_bounds = q->no_bounds;
	run->bounds_done = run_bounds_count(run->results.dir);
	results_log(&run->results, "%s; ctbench %s, revision %s",
		    q->resume ? "going on" : "started", about_version(), about_revision());
	err = run_look_around(run, e);
	if (!err)
		err = q->resume ? run_keep_resumed(run, e)
				: run_keep_start(run, "run", argc, argv, e);
	if (err)
		return err;
	if (q->plant[0])
		fprintf(stderr,
			"ctbench: warning: %s is slowed on purpose by %g %% (--plant): these are "
			"no results\n",
			q->plant, 100 * q->plant_delay);
	/* A limit on file sizes is an error like a full disk, and not the end. */
	signal(SIGXFSZ, SIG_IGN);
	interrupt_catch();
	/* What goes wrong here must not keep the results so far from being written and told. */
	run_session(run, &run->fatal);
	*status = run_finish(run);
	interrupt_restore();
	return 0;
}

static int execute(struct run *run, const struct request *q, int argc, char **argv, int *status,
		   struct ct_error *e)
{
	int err = gbench_begin(q->nr_gb, q->gb, &run->flags, e);

	if (err)
		return err < 0 ? err : 0; /* 1: it printed its help */
	err = load_workloads(run, q, e);
	if (!err)
		err = register_cells(run, q, e);
	if (err)
		return err;
	if (run->flags.list)
		print_names(run);
	else if (q->dry_run)
		return print_plan(run, e);
	else
		return start(run, q, argc, argv, status, e);
	return 0;
}

/* The run that --resume names, with the arguments it was started with. */
static int resume(struct run *run, const struct request *q, int *status, struct ct_error *e)
{
	struct request *old = calloc(1, sizeof(*old));
	char **argv = NULL;
	int argc = 0, err;

	if (!old)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	err = run_load_start(run, "run", q->resume, &argc, &argv, e);
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

int run_command(int argc, char **argv, run_measure_fn measure)
{
	struct run run = { .measure = measure, .results = { .cells_fd = -1, .details_fd = -1 } };
	struct request q = { 0 };
	struct ct_error e = { 0 };
	int status = CT_EXIT_OK;
	int err = parse(&q, argc, argv, &e);

	run.parent = q.results ? q.results : RESULTS_DEFAULT_DIR;
	if (!err && q.help)
		print_help();
	else if (!err && q.resume &&
		 (q.nr_files || q.overrides.nr || q.name || q.nr_gb || q.dry_run || q.no_bounds))
		err = ct_user_error(&e,
				    "--resume %s goes on with the arguments that run was started "
				    "with: only --results goes with it",
				    q.resume);
	else if (!err && q.resume)
		err = resume(&run, &q, &status, &e);
	else if (!err)
		err = execute(&run, &q, argc, argv, &status, &e);
	if (err)
		status = ct_error_print(&e);
	gbench_end();
	results_close(&run.results);
	run_free_cells(&run);
	workload_set_free(&run.set);
	json_decref(run.start);
	json_decref(run.environment);
	free(q.files);
	return status;
}

int cmd_run(int argc, char **argv)
{
	return run_command(argc, argv, measure_cell);
}
