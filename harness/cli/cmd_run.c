/* SPDX-License-Identifier: MIT */
/*
 * ctbench run: measure workloads, keep, tabulate and plot the results.
 */
#include "harness/run/run.h"

#include "harness/cli/cmd.h"
#include "harness/cli/run_commands.h"
#include "harness/base/interrupt.h"
#include "harness/base/terminal.h"
#include "harness/measure/measure.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
	struct run_request run;
	bool dry_run, no_bounds, json;
	char plant[96];		    /* variant that is slowed down on purpose; empty: none */
	double plant_delay;	    /* by this share */
	unsigned int shard, shards; /* --shard 1/3: 1 and 3; 0: all of it */
	struct cmd_rest gb;	    /* Google Benchmark's flags */
};

static int
parse_shard(void *request, const struct cmd_option *option, const char *text, struct ct_error *e)
{
	struct request *q = request;
	char end;

	if (sscanf(text, "%u/%u%c", &q->shard, &q->shards, &end) != 2 || !q->shard ||
	    q->shard > q->shards)
		return cmd_bad_value(e, option, text, "I/N, as 1/3 for the first of three parts");
	return 0;
}

/* --plant VARIANT=SHARE% checks the harness: the verdict has to find the planted effect. */
static int
parse_plant(void *request, const struct cmd_option *option, const char *text, struct ct_error *e)
{
	struct request *q = request;
	const char *equals = strchr(text, '=');
	double percent;
	char end;

	if (!equals || sscanf(equals + 1, "%lf%%%c", &percent, &end) != 1 ||
	    !(percent > 0 && percent <= 1000) || equals - text >= (int)sizeof(q->plant) ||
	    equals[strlen(equals) - 1] != '%')
		return cmd_bad_value(e, option, text, "VARIANT=SHARE%, as null=5%");
	snprintf(q->plant, sizeof(q->plant), "%.*s", (int)(equals - text), text);
	q->plant_delay = percent / 100;
	return 0;
}

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	RUN_WORKLOAD(struct request),
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "dry-run", 'n', CMD_SWITCH, AT(dry_run), NULL,
	  .help = "print the cells and how long they will take; measure nothing" },
	{ "json", 0, CMD_SWITCH, AT(json), NULL,
	  .help = "print the report as JSON, as ctbench report --json does, and tables on standard "
		  "error; with --dry-run the cells" },
	RUN_NAME(struct request),
	RUN_RESULTS(struct request),
	RUN_RESUME(struct request, "continue an interrupted run with the arguments that it was "
		   "started with, on the same machine and with the same program"),
	{ "shard", 0, CMD_PARSE, 0, "I/N",
	  .help = "measure only part I of N, each of whole workloads, on several machines or one "
		  "after the other; ctbench merge joins the parts", .parse = parse_shard },
	{ "plant", 0, CMD_PARSE, 0, "VARIANT=SHARE%", .parse = parse_plant, .hidden = true },
	{ "no-bounds", 0, CMD_SWITCH, AT(no_bounds), NULL,
	  .help = "do not measure the machine's bounds (ctbench bounds) in between" },
	{ .name = NULL },
};

static const struct cmd_term files[] = {
	{ "benchmark.json", "everything, in Google Benchmark's format (for its compare.py); the "
			    "key ctbench has the machine and the parameters" },
	{ "results.tsv", "a row per cell" },
	{ "cells.tsv", "a row per measurement" },
	{ "plots/", "pictures, with their data and scripts" },
	{ "report.html", "all of it as a page" },
	{ "stdin.yaml", "the workload, if it came through standard input" },
	{ NULL, NULL },
};

static const struct cmd_section sections[] = {
	{ "What is in results/runs/NAME",
	  "Earlier results are never overwritten. Ctrl-C keeps finished measurements, plots them, "
	  "and prints the command that continues; a second Ctrl-C exits at once.\n\n", files },
	{ "Google Benchmark",
	  "The arguments behind -- go to Google Benchmark: --benchmark_filter=REGEX selects cells "
	  "by name, --benchmark_list_tests prints their names, and --help explains the others.",
	  NULL },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench run default", NULL },
	{ "ctbench run axes --variants axis=resize --threads 1,all --repeats 5", NULL },
	{ "ctbench run my.yaml --dry-run", NULL },
	{ "ctbench run axes --json | jq '.verdicts'", NULL },
	{ "ctbench run - <my.yaml", NULL },
	{ "ctbench run size -- --benchmark_filter=flows:1Mi", NULL },
	{ NULL, NULL },
};
/* clang-format on */

/* ---- the run ---- */

static const struct run_kind kind;

/*
 * Each part gets whole workloads, because cells that are compared must come from one machine. The
 * next workload goes to the part with the least work so far.
 */
static int select_shard(struct run *run, const struct request *q, struct ct_error *e)
{
	double *seconds = calloc(q->shards + 1, sizeof(*seconds));

	if (!seconds)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for %u shards", q->shards);
	if (q->shards > run->set.nr) {
		free(seconds);
		return ct_user_error(e,
				     "--shard %u/%u: there %s %zu workload%s, and a part has whole "
				     "workloads: at most %zu part%s",
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

/* Register the cells as benchmarks, and select those of --benchmark_filter. */
static int register_cells(struct run *run, const struct request *q, struct ct_error *e)
{
	bool *selected, planted = !q->plant[0];
	int err = run_make_cells(run, run->flags.repetitions, e);

	for (size_t i = 0; i < run->nr_cells && !err && q->plant[0]; i++)
		if (!strcmp(run->cells[i].cell.variant, q->plant) ||
		    !strcmp(run->cells[i].cell.program, q->plant)) {
			run->cells[i].cell.plant_delay = q->plant_delay;
			planted = true;
		}
	if (!err && !planted)
		err = ct_user_error(e, "--plant: '%.80s' is not among the variants of this run",
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
	if (!err && run->other)
		err = run_other_select(run, e);
	return err;
}

static void print_names(const struct run *run)
{
	for (size_t i = 0; i < run->nr_cells; i++)
		if (run->cells[i].selected)
			puts(run->cells[i].name);
}

/* The selected cells, and how long they will take. */
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
		printf("These are %zu of %zu cells (controls included), selected by --shard or the "
		       "flags after --.\n",
		       cells, run->nr_cells);
	return 0;
}

/* The same for a program: {seconds, workloads: [{name, question, cells, seconds}], cells}. */
static int print_plan_json(const struct run *run, struct ct_error *e)
{
	json_t *workloads = json_array(), *cells = json_array(), *plan;
	double seconds = 0;
	int failed;

	for (size_t i = 0; i < run->set.nr; i++) {
		const struct workload *w = &run->set.list[i];
		json_int_t nr = 0;

		for (size_t k = 0; k < run->nr_cells; k++) {
			if (run->cells[k].workload != w || !run->cells[k].selected)
				continue;
			json_array_append_new(cells, json_string(run->cells[k].name));
			nr++;
		}
		if (!nr)
			continue;
		seconds += workload_expected_seconds(w);
		json_array_append_new(workloads,
				      json_pack("{s:s, s:s, s:I, s:f}", "name", w->name, "question",
						w->question, "cells", nr, "seconds",
						workload_expected_seconds(w)));
	}
	plan = json_pack("{s:f, s:o, s:o}", "seconds", expected_with_bounds(seconds), "workloads",
			 workloads, "cells", cells);
	if (!plan)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the cells");
	failed = json_dumpf(plan, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(plan);
	return failed && !ferror(stdout) ? -EIO : 0;
}

static int start(struct run *run, const struct request *q, int argc, char **argv, int *status,
		 struct ct_error *e)
{
	int err;

	run->no_bounds = q->no_bounds;
	err = run_begin(run, &kind, &q->run, argc, argv, run_take_row, run, e);
	if (err)
		return err;
	if (q->plant[0])
		fprintf(stderr,
			"ctbench: warning: --plant slows %s down by %g %%: the results are only "
			"for tests\n",
			q->plant, 100 * q->plant_delay);
	/* Even after an error here, the results so far are written and reported. */
	run_session(run, &run->fatal);
	*status = run_finish(run);
	interrupt_restore();
	return 0;
}

static int execute(struct run *run, const void *request, int argc, char **argv, int *status,
		   struct ct_error *e)
{
	const struct request *q = request;
	int err = gbench_begin(q->gb.argc, q->gb.argv, &run->flags, e);

	if (err)
		return err < 0 ? err : 0; /* 1: Google Benchmark printed its help */
	err = run_read(run, &kind, &q->run, e);
	if (!err)
		err = register_cells(run, q, e);
	if (err)
		return err;
	if (run->flags.list)
		print_names(run);
	else if (q->dry_run)
		return q->json ? print_plan_json(run, e) : print_plan(run, e);
	else
		return start(run, q, argc, argv, status, e);
	return 0;
}

static bool asks_more(const void *request)
{
	const struct request *q = request;

	return q->gb.argc || q->dry_run || q->no_bounds;
}

static const struct run_kind kind = {
	.command = &command_run,
	.prefix = "",
	.asks_more = asks_more,
	.execute = execute,
};

int run_programs(int argc, char **argv, run_measure_fn measure, const struct run_other *other,
		 char dir[PATH_MAX])
{
	struct run run = { .measure = measure, .other = other };
	int status;

	if (other)
		measure_other = (struct measure_other){ other->name, other->path };
	status = run_whole(&kind, &run, argc, argv, dir);
	gbench_end();
	return status;
}

int run_command(int argc, char **argv, run_measure_fn measure)
{
	return run_programs(argc, argv, measure, NULL, NULL);
}

/*
 * Removes --json from the arguments, because --resume repeats the run's arguments. Not with
 * --dry-run, nor behind "--".
 */
static bool take_json(int *argc, char **argv)
{
	bool json = false, dry = false;
	int nr = 0, end = 0;

	for (; end < *argc && strcmp(argv[end], "--") != 0; end++) {
		dry |= !strcmp(argv[end], "--dry-run") || !strcmp(argv[end], "-n");
		json |= !strcmp(argv[end], "--json");
	}
	if (!json || dry)
		return false;
	for (int i = 0; i < *argc; i++)
		if (i >= end || strcmp(argv[i], "--json") != 0)
			argv[nr++] = argv[i];
	argv[nr] = NULL;
	*argc = nr;
	return true;
}

static int cmd_run(int argc, char **argv)
{
	char dir[PATH_MAX] = "", path[PATH_MAX + 32];
	char *report[] = { (char *)"report", (char *)"--json", dir, NULL };
	int status, out, failed;

	if (!take_json(&argc, argv))
		return run_command(argc, argv, measure_cell);
	out = terminal_divert();
	status = run_programs(argc, argv, measure_cell, NULL, dir);
	terminal_restore(out);
	snprintf(path, sizeof(path), "%s/benchmark.json", dir);
	if (!*dir || access(path, R_OK))
		return status;
	failed = cmd_main(&command_report, 3, report);
	return status ? status : failed;
}

const struct command command_run = {
	.name = "run",
	.summary = "measure workloads; keep, tabulate and plot the results",
	.about = "Measures every cell of the workloads. A cell is one variant at one point: so "
		 "many threads, connections, buckets, and so on. Each repeat is a separate "
		 "process, in random order. Prints tables, and writes results and plots to "
		 "results/runs/NAME.",
	.operands = operands,
	.options = options,
	.sections = sections,
	.examples = examples,
	.overrides = AT(run.overrides) + 1,
	.rest = AT(gb) + 1,
	.rest_name = "GOOGLE-BENCHMARK-FLAG...",
	.request_size = sizeof(struct request),
	.whole = cmd_run,
};
