/* SPDX-License-Identifier: MIT */
/*
 * ctbench list: variants, axes, workloads and runs; the columns of a run's results.
 */
#include "harness/base/csv.h"
#include "harness/cli/list.h"

#include "core/compiler.h"
#include "harness/base/grid.h"
#include "harness/base/terminal.h"
#include "harness/base/text.h"
#include "harness/results/dictionary.h"
#include "harness/workload/parameters.h"
#include "harness/workload/workload.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int list_print_json(json_t *root)
{
	int failed = json_dumpf(root, stdout, JSON_INDENT(1));

	fputc('\n', stdout);
	json_decref(root);
	/* main() reports errors of the output. */
	return failed && !ferror(stdout) ? CT_EXIT_INTERNAL : CT_EXIT_OK;
}

/* ---- workloads ---- */

static void print_time(double seconds)
{
	if (seconds < 90)
		printf("about %.0f s", seconds < 1 ? 1 : seconds);
	else
		printf("about %.0f min", seconds / 60);
}

/* One file or suite; json is NULL for the table. */
static int list_workload(const char *path, json_t *json)
{
	struct workload_set set = { 0 };
	struct workload_info info = { 0 };
	struct ct_error e = { 0 };
	double seconds;
	size_t cells = 0;

	if (workload_info_read(&info, path, &e))
		return ct_error_print(&e);
	if (workload_load(&set, path, NULL, &e)) {
		workload_info_free(&info);
		return ct_error_print(&e);
	}
	for (size_t i = 0; i < set.nr; i++)
		cells += set.list[i].nr_cells;
	seconds = workload_set_expected_seconds(&set);
	if (json) {
		json_array_append_new(json,
				      json_pack("{s:s, s:s, s:s, s:b, s:i, s:i, s:f}", "name",
						set.name, "path", path, "question", info.question,
						"suite", info.is_suite, "workloads", (int)set.nr,
						"cells", (int)cells, "expected_seconds", seconds));
	} else {
		printf("%s\n    %s\n    ", path, info.question);
		if (info.is_suite)
			printf("a suite of %zu workloads, ", set.nr);
		printf("%zu cell%s, ", cells, cells == 1 ? "" : "s");
		print_time(seconds);
		printf("\n");
	}
	workload_info_free(&info);
	workload_set_free(&set);
	return CT_EXIT_OK;
}

static int list_workloads(const char *const *paths, size_t nr, bool json, struct ct_error *e)
{
	char **found = NULL;
	int status = nr ? CT_EXIT_OK : workload_find_files(&found, &nr, e);
	json_t *list;

	if (status)
		return status;
	if (found)
		paths = (const char *const *)found;
	list = json ? json_array() : NULL;
	/* A bad file must not hide the others. */
	for (size_t i = 0; i < nr; i++) {
		int s = list_workload(paths[i], list);

		if (s)
			status = s;
	}
	for (size_t i = 0; found && i < nr; i++)
		free(found[i]);
	free(found);
	if (json && list_print_json(list))
		status = CT_EXIT_INTERNAL;
	return status;
}

/* ---- results ---- */

struct results_list {
	struct grid grid;
	json_t *json;
};

static void add_result(void *arg, const struct dictionary_entry *e)
{
	const char *const texts[] = { e->file, e->column, e->unit, e->better, e->meaning };
	struct results_list *l = arg;

	json_array_append_new(l->json, json_pack("{s:s, s:s, s:s, s:s, s:s}", "file", e->file,
						 "column", e->column, "unit", e->unit, "better",
						 e->better, "meaning", e->meaning));
	if (!grid_add_row(&l->grid))
		return;
	for (size_t i = 0; i < l->grid.columns; i++)
		grid_put(&l->grid, i, texts[i]);
}

/* The data dictionary as CSV. */
static int list_columns_csv(struct ct_error *e)
{
	size_t len = 0;
	char *text = dictionary_text(&len);
	FILE *in = text ? fmemopen(text, len, "r") : NULL;
	int err = in ? csv_of_tsv(stdout, in) : ct_user_error(e, "no memory for the list");

	if (in)
		fclose(in);
	free(text);
	return err;
}

static int list_columns(bool json, struct ct_error *e)
{
	static const struct dictionary_entry titles = { "file", "column", "unit", "better",
							"meaning" };
	struct results_list l = {
		.grid = { .columns = 5, .left = { true, true, true, true, true } },
		.json = json_array(),
	};
	int status = CT_EXIT_OK;

	if (!json)
		add_result(&l, &titles);
	dictionary_each(add_result, &l);
	if (json)
		status = list_print_json(json_incref(l.json));
	else if (!l.grid.failed)
		grid_print(stdout, &l.grid, GRID_TEXT);
	else
		status = ct_user_error(e, "no memory for the list");
	json_decref(l.json);
	grid_free(&l.grid);
	return status;
}

/* ---- parameters ---- */

static bool is_named(const char *name, const struct cmd_words *names)
{
	for (size_t i = 0; i < names->nr; i++)
		if (!strcmp(names->list[i], name))
			return true;
	return !names->nr;
}

/* All parameters of workload files, or those that are named. */
static int list_parameters(const struct cmd_words *names, bool json, struct ct_error *e)
{
	for (size_t i = 0; i < names->nr; i++)
		if (parameter_find(names->list[i], strlen(names->list[i])) < 0)
			return ct_user_error(
				e, "unknown parameter '%.64s'; ctbench list --parameters shows all",
				names->list[i]);
	if (json)
		return list_print_json(workload_parameters_json());
	for (int i = 0; i < NR_PARAMS; i++) {
		const struct parameter *p = &parameters[i];
		char allowed[ALLOWED_MAX];

		if (!is_named(p->name, names))
			continue;
		printf("%s%s%s%s\n    %s\n    ", p->name, p->fallback ? " [" : "",
		       p->fallback ? p->fallback : "", p->fallback ? "]" : "", p->meaning);
		text_wrap(stdout, parameter_allowed(p, allowed), 4, 4,
			  terminal_columns(STDOUT_FILENO, 80));
	}
	return CT_EXIT_OK;
}

/* ---- the command ---- */

struct request {
	bool json, csv, axes, workloads, runs, columns, parameters, schema;
	const char *results;
	struct cmd_words selections;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "SELECTION", .type = CMD_LIST, .offset = AT(selections),
	  .help = "variants to describe; with --workloads: workload files or names; "
		  "with --parameters: names of parameters",
	  .optional = true },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "axes", 'a', CMD_SWITCH, AT(axes), NULL, .help = "the axes, and what each choice means" },
	{ "workloads", 'w', CMD_SWITCH, AT(workloads), NULL,
	  .help = "the workloads, their questions, and the expected time" },
	{ "runs", 0, CMD_SWITCH, AT(runs), NULL,
	  .help = "the runs so far: time, CPU, revision, workloads, good and void measurements, "
		  "and whether the run ended" },
	{ "results", 0, CMD_TEXT, AT(results), "DIR",
	  .help = "with --runs: the folder of all runs (default: results/runs)" },
	{ "columns", 'c', CMD_SWITCH, AT(columns), NULL,
	  .help = "every column and figure of a run: unit, better direction, meaning" },
	{ "parameters", 'p', CMD_SWITCH, AT(parameters), NULL,
	  .help = "the parameters of workload files: default, meaning, possible values" },
	{ "schema", 0, CMD_SWITCH, AT(schema), NULL,
	  .help = "a JSON Schema of workload files, for editors" },
	{ "json", 0, CMD_SWITCH, AT(json), NULL, .help = "print JSON" },
	{ "csv", 0, CMD_SWITCH, AT(csv), NULL,
	  .help = "with --columns: print CSV, a data dictionary for ctbench report --csv" },
	{ .name = NULL },
};

static const struct cmd_term selection_forms[] = {
	{ "nulls_rcu_siphash", "a name" },
	{ "'locked*'", "a pattern, in quotes because of the shell" },
	{ "hash=jhash2,chain=nulls_rcu", "all variants with these choices" },
	{ "axis=resize", "the baseline (the first variant), and all that differ from it on this "
			 "axis only" },
	{ "axis=lock,base=VARIANT", "the same with another baseline" },
	{ NULL, NULL },
};

static const struct cmd_section sections[] = {
	{ "Selections, also for the key 'variants' of a workload file",
	  "Worst cases and variants without a table are selected by their name only.",
	  selection_forms },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench list axis=rcu", NULL },
	{ "ctbench list --json 'nulls*' | jq -r '.[].name'", NULL },
	{ "ctbench list --workloads", NULL },
	{ "ctbench list --runs", NULL },
	{ "ctbench list --columns", NULL },
	{ "ctbench list --parameters threads split", NULL },
	{ "ctbench list --schema >workload.schema.json", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static int list(void *request, struct ct_error *e)
{
	const struct request *q = request;
	const char *const *selections = q->selections.list;
	const struct {
		bool on;
		const char *option;
		bool operands; /* does it take a selection? */
	} lists[] = {
		{ q->axes, "--axes", false },	       { q->columns, "--columns", false },
		{ q->schema, "--schema", false },      { q->parameters, "--parameters", true },
		{ q->workloads, "--workloads", true }, { q->runs, "--runs", false },
	};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (!lists[i].on)
			continue;
		if (first || (!lists[i].operands && q->selections.nr))
			return ct_user_error(e, "list %s cannot be combined: leave out %s",
					     first ? first : lists[i].option,
					     first ? lists[i].option : "the selection");
		first = lists[i].option;
	}
	if (q->results && !q->runs)
		return ct_user_error(e, "--results is the folder of runs: add --runs; for the "
					"columns of a run, use --columns");
	if (q->csv && (!q->columns || q->json))
		return ct_user_error(e, "--csv prints columns: give --columns, and no --json");
	if (q->runs)
		return list_runs(q->results, q->json, e);
	if (q->schema)
		return list_print_json(workload_schema());
	if (q->parameters)
		return list_parameters(&q->selections, q->json, e);
	if (q->columns && q->csv)
		return list_columns_csv(e);
	if (q->columns)
		return list_columns(q->json, e);
	if (q->axes)
		return list_axes(q->json);
	return q->workloads ? list_workloads(selections, q->selections.nr, q->json, e)
			    : list_variants(selections, q->selections.nr, q->json, e);
}

const struct command command_list = {
	.name = "list",
	.summary = "list what can be measured: variants, axes, workloads; and the runs",
	.about = "Without options: every variant of the table, with its choice on each axis. A "
		 "dash means that the axis does not apply. With selections: those variants, each "
		 "with a sentence.",
	.operands = operands,
	.options = options,
	.sections = sections,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = list,
};
