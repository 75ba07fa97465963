/* SPDX-License-Identifier: MIT */
/*
 * ctbench compare: is one run better or worse than another?
 */
#include "harness/cli/cmd.h"

#include "harness/base/json_read.h"
#include "harness/cli/compare.h"
#include "harness/judge/compare.h"
#include "harness/results/results.h"
#include "harness/show/shares.h"
#include "harness/workload/workload.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct request {
	struct cmd_words runs; /* or workloads */
	const char *metric, *of, *plot, *results;
	double bound, power;
	bool json, markdown;

	/* Two programs in one run; except for `other` they are ctbench run's. */
	struct compare_other other;
	const char *name, *resume, *plant;
	bool no_bounds;
	struct workload_overrides overrides;
	struct cmd_rest gb;
};

static int
parse_percent(void *request, const struct cmd_option *option, const char *text, struct ct_error *e)
{
	bool may_be_0 = option->offset == offsetof(struct request, bound);
	char *end;
	double value = strtod(text, &end);

	if (end == text || strcmp(end, "%") || !(value >= 0 && value < 100) ||
	    (value == 0 && !may_be_0))
		return cmd_bad_value(e, option, text,
				     may_be_0 ? "a share in percent, as 3%"
					      : "a share in percent above 0, as 5%");
	*(double *)((char *)request + option->offset) = value / 100;
	return 0;
}

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "RUN", .type = CMD_LIST, .offset = AT(runs), .optional = true,
	  .help = "two runs (folders or names in results/runs): the one to compare with, and the "
		  "one to judge; or one run of two programs; with --against or --program: "
		  "workloads to measure, as for ctbench run" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "against", 0, CMD_TEXT, AT(other.against), "REVISION",
	  .help = "measure the workloads with this program and with this git revision, in the same "
		  "rounds; it is built in the folder against/ of this build, with the same CMake "
		  "options" },
	{ "program", 0, CMD_TEXT, AT(other.program), "PATH",
	  .help = "the same with another ctbench: another compiler, allocator or build" },
	{ "metric", 'm', CMD_TEXT, AT(metric), "NAMES",
	  .help = "figures to compare, separated by commas: mops, ns_per_op, p99_ns, ... (default: "
		  "throughput, or p99_ns for latencies, or the highest rate of searches; and bytes "
		  "per connection)" },
	{ "bound", 0, CMD_PARSE, AT(bound), "SHARE",
	  .help = "a change for the worse of up to this share is acceptable: 3%, 0.5% (default: "
	    "3%)",
	  .parse = parse_percent },
	{ "require-power", 0, CMD_PARSE, AT(power), "SHARE",
	  .help = "exit with status 4 if any comparison could not have detected a change of this "
	    "size: 5%", .parse = parse_percent },
	CMD_OF(struct request, "throughput and time as shares of each machine's bound (see ctbench "
			       "bounds), to compare two machines"),
	{ "plot", 0, CMD_TEXT, AT(plot), "DIR",
	  .help = "also draw the comparisons into this folder, as SVG and PNG" },
	{ "json", 0, CMD_SWITCH, AT(json), NULL, .help = "print JSON" },
	{ "markdown", 0, CMD_SWITCH, AT(markdown), NULL,
	  .help = "print Markdown, for a comment on a change" },
	CMD_RESULTS(struct request),
	{ "name", 0, CMD_TEXT, AT(name), "NAME", .help = "name of the run of two programs" },
	{ "resume", 0, CMD_TEXT, AT(resume), "RUN",
	  .help = "continue an interrupted run of two programs, together with --against or "
		  "--program" },
	{ "no-bounds", 0, CMD_SWITCH, AT(no_bounds), NULL,
	  .help = "do not measure the machine's bounds (ctbench bounds) in between" },
	{ "plant", 0, CMD_TEXT, AT(plant), "PROGRAM=SHARE%", .hidden = true },
	{ .name = NULL },
};

static const struct cmd_section sections[] = {
	{ "How to read it",
	  "Exit status 3 means that a figure is proven to be worse by more than the bound: its "
	  "whole interval is beyond the bound, and Holm's p is small enough. Else it is 0, or 4 "
	  "with --require-power: no regression is proven, and one of that size could have been "
	  "missed.\n\n"
	  "Two runs were made at different times. Intervals do not cover changes of the machine in "
	  "between. To judge a change, use --against: cells of both programs take turns of "
	  "milliseconds, so that changes of the machine affect both.",
	  NULL },
	{ "Two programs in one run",
	  "A is the other program, B is this one. Each measurement starts a process of one of "
	  "them, so both must use the same protocol ('ctbench measure --protocol'). If they do "
	  "not, measure with each and compare two runs. The run is kept in results/runs; "
	  "ctbench compare NAME prints the comparison again.",
	  NULL },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench compare --against main packets axes --bound 2%", NULL },
	{ "ctbench compare --program build/clang/ctbench axes --threads 1", NULL },
	{ "ctbench compare before after --bound 5% --require-power 5%", NULL },
	{ "ctbench compare before after --metric ns_per_op --markdown", NULL },
	{ NULL, NULL },
};
/* clang-format on */

/* ---- the command ---- */

/* The two runs, or the two sides of one. */
struct sides {
	char dirs[2][PATH_MAX];
	json_t *benchmark[2];
	bool paired;
};

static json_t *
load(const struct request *q, const char *name, char dir[PATH_MAX], struct ct_error *e)
{
	json_t *benchmark = results_open(dir, PATH_MAX, q->results, name, e);

	if (benchmark && q->of && shares_of(json_object_get(benchmark, "ctbench"), q->of, e)) {
		json_decref(benchmark);
		return NULL;
	}
	return benchmark;
}

static int load_two(const struct request *q, struct sides *s, struct ct_error *e)
{
	for (int i = 0; i < 2; i++) {
		s->benchmark[i] = load(q, q->runs.list[i], s->dirs[i], e);
		if (!s->benchmark[i])
			return -ENOENT;
	}
	if (results_one_file(s->dirs[0], s->dirs[1]))
		return ct_user_error(e, "'%.400s' and '%.400s' are the same run", q->runs.list[0],
				     q->runs.list[1]);
	return 0;
}

/* A run of two programs. */
static int load_one(const struct request *q, const char *name, struct sides *s, struct ct_error *e)
{
	json_t *benchmark = load(q, name, s->dirs[1], e);
	const json_t *other;
	int err = benchmark ? judge_programs(benchmark, s->dirs[1], s->benchmark, e) : -ENOENT;

	other = within(json_object_get(benchmark, "ctbench"), "other_program", "name");
	if (!err)
		snprintf(s->dirs[0], sizeof(s->dirs[0]), "%s of %.4000s", json_string_value(other),
			 s->dirs[1]);
	s->paired = true;
	json_decref(benchmark);
	return err;
}

static int print(const struct request *q, const struct sides *s, json_t *result, struct ct_error *e)
{
	if (q->of)
		json_object_set(result, "shares", within(s->benchmark[0], "ctbench", "shares"));
	json_object_set_new(result, "paired", json_boolean(s->paired));
	if (q->json) {
		json_dumpf(result, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
		putchar('\n');
		return 0;
	}
	if (compare_print(stdout, result, q->markdown ? GRID_MARKDOWN : GRID_TEXT))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the tables");
	return 0;
}

/* one: the folder of a run of two programs; NULL: use the arguments. */
static int compare(const struct request *q, const char *one, int *status, struct ct_error *e)
{
	struct sides s = { 0 };
	struct compare_run runs[2];
	json_t *result = NULL;
	size_t drawn = 0;
	int err;

	if (!one && q->runs.nr == 1)
		one = q->runs.list[0];
	err = one ? load_one(q, one, &s, e) : load_two(q, &s, e);
	if (!err) {
		for (int i = 0; i < 2; i++)
			runs[i] = (struct compare_run){ s.dirs[i], s.benchmark[i] };
		result = judge_compare(&runs[0], &runs[1], q->metric, q->bound, s.paired, e);
		err = result ? 0 : -EINVAL;
	}
	if (!err && q->power > 0)
		judge_require_power(result, q->power);
	if (!err)
		err = print(q, &s, result, e);
	if (!err && q->plot)
		err = compare_plot(s.benchmark[1], result, q->plot, &drawn, e);
	if (!err && q->plot && !q->json && !q->markdown)
		printf("plots: %s (%zu, as SVG and PNG)%s\n", q->plot, drawn,
		       drawn ? "" : ": no comparison has an interval, or all are equal");
	if (!err && json_integer_value(json_object_get(result, "regressions")))
		*status = CT_EXIT_REGRESSION;
	else if (!err)
		err = compare_power(result, q->power, e);
	json_decref(result);
	json_decref(s.benchmark[0]);
	json_decref(s.benchmark[1]);
	return err;
}

static int check(const struct request *q, struct ct_error *e)
{
	bool measures = q->other.against || q->other.program;

	if (q->json && q->markdown)
		return ct_user_error(e, "--json and --markdown exclude each other");
	if (q->other.against && q->other.program)
		return ct_user_error(e, "--against and --program exclude each other: each names "
					"the other program");
	if (measures && q->of)
		return ct_user_error(
			e, "--of compares two machines: leave it out with --against and --program");
	if (!measures && (q->overrides.nr || q->gb.argc || q->name || q->resume || q->no_bounds))
		return ct_user_error(e, "comparing two runs measures nothing; to measure, name the "
					"other program: --against REVISION or --program PATH");
	if (measures && !q->runs.nr && !q->resume)
		return ct_user_error(e, "compare: WORKLOAD is missing, as in 'ctbench compare "
					"--against main packets'; see ctbench list --workloads");
	if (!measures && (!q->runs.nr || q->runs.nr > 2))
		return ct_user_error(e, "compare: name two runs, as in 'ctbench compare before "
					"after', or one run of two programs");
	return 0;
}

static int cmd_compare(int argc, char **argv)
{
	struct request q = { .bound = 0.03 };
	struct ct_error e = { 0 };
	char dir[PATH_MAX] = "";
	int status = CT_EXIT_OK;
	int err = cmd_parse(&command_compare, &q, argc, argv, &e);

	if (!err)
		err = check(&q, &e);
	if (!err && (q.other.against || q.other.program)) {
		err = compare_measure(&q.other, argc, argv, q.json || q.markdown, dir, &e);
		status = err > 0 ? err : CT_EXIT_OK;
	}
	if (!err)
		err = compare(&q, *dir ? dir : NULL, &status, &e);
	cmd_free(&command_compare, &q);
	return err < 0 ? ct_error_print(&e) : status;
}

const struct command command_compare = {
	.name = "compare",
	.summary = "judge one run, revision or build against another",
	.about = "Judges run B against run A: two revisions, two compilers, two machines. Cells "
		 "with the same name and parameters are compared, with 95 % intervals and Holm's "
		 "correction over all comparisons. All cells of a workload together are one more "
		 "comparison.\n\n"
		 "With --against or --program it measures first: two programs in one run.",
	.operands = operands,
	.options = options,
	.sections = sections,
	.examples = examples,
	.overrides = AT(overrides) + 1,
	.rest = AT(gb) + 1,
	.rest_name = "GOOGLE-BENCHMARK-FLAG...",
	.whole = cmd_compare,
};
