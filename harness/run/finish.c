/* SPDX-License-Identifier: MIT */
/*
 * The end of a run, complete or interrupted: it writes files, prints tables and errors, and draws
 * plots.
 */
#include "harness/base/escape.h"
#include "harness/run/run.h"
#include "harness/run/slices.h"

#include "harness/base/interrupt.h"
#include "harness/judge/judge.h"
#include "harness/judge/matrix.h"
#include "harness/show/plot/plot.h"
#include "harness/show/report/report.h"
#include "harness/show/table/table.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALONE_PERCENT 3 /* slices may differ by this from a window alone */

/* Google Benchmark's report with ours inside it; NULL with a sentence in e. */
static json_t *merge(struct run *run, json_t *report, struct ct_error *e)
{
	/* Google Benchmark has no report of searches for a rate (run_cell.rates). */
	json_t *json = run->nr_cells && run->cells[0].rates
			       ? json_pack("{s:{}, s:[]}", "context", "benchmarks")
		       : run->gbench ? json_loads(run->gbench, 0, NULL)
				     : NULL;
	json_t *context = json_object_get(json, "context");

	if (!json) {
		ct_fail(e, -EIO, CT_EXIT_INTERNAL, "Google Benchmark made no report");
		return NULL;
	}
	/*
	 * Results are published, so the host's name is removed. So are the facts about Google
	 * Benchmark's build: its loops only wait for a child here.
	 */
	json_object_del(context, "host_name");
	json_object_del(context, "library_build_type");
	if (json_object_set(json, "ctbench", report)) {
		json_decref(json);
		ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for benchmark.json");
		return NULL;
	}
	return json;
}

/* *benchmark: the contents of benchmark.json; NULL if it could not be written. */
static int write_files(struct run *run, json_t *report, json_t **benchmark, struct ct_error *e)
{
	size_t len;
	char *tsv = run_report_tsv(report, &len);
	int err = results_write_text(run->results.dir, "results.tsv", tsv, len, e);

	free(tsv);
	if (err)
		return err;
	err = slices_write_tsv(run->results.dir, e);
	if (err)
		return err;
	*benchmark = merge(run, report, e);
	if (!*benchmark)
		return -EIO;
	err = results_write_json(run->results.dir, "benchmark.json", *benchmark, e);
	if (err) {
		json_decref(*benchmark);
		*benchmark = NULL;
		return err;
	}
	return 0;
}

static unsigned int count_of(const json_t *report, const char *what)
{
	return (unsigned int)json_integer_value(
		json_object_get(json_object_get(report, "counts"), what));
}

/* Print each cell without all its results, with the reason, on stderr. */
static void print_troubles(const struct run *run)
{
	for (size_t i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		for (uint32_t k = 0; k < c->repeats && c->selected; k++) {
			const struct cell_result *r = &c->list[k].result;

			if (!c->list[k].done || run_repeat_good(&c->list[k]))
				continue;
			fprintf(stderr, "ctbench: %s: %s%s\n", c->name,
				r->status == CT_EXIT_SKIP ? "not on this machine: "
				: r->status		  ? "failed: "
							  : "void: ",
				r->status ? r->error : r->void_reason);
			break;
		}
	}
}

/*
 * The exit status. A cell that this machine cannot run is not a failure, and neither is one that
 * was void every time: the table has a remark instead of a figure. A run without any figure is not
 * possible on this machine, or was given up before (run_give_up_if_void()).
 */
static int status_of(const struct run *run)
{
	unsigned int good = 0, done = 0, skipped = 0;
	int status = CT_EXIT_OK;

	for (size_t i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		for (uint32_t k = 0; k < c->repeats && c->selected; k++) {
			const struct run_repeat *r = &c->list[k];

			good += run_repeat_good(r);
			done += r->done && r->result.status != CT_EXIT_SKIP;
			skipped += r->done && r->result.status == CT_EXIT_SKIP;
			if (r->done && r->result.status == CT_EXIT_USER && !status)
				status = CT_EXIT_USER;
			if (r->done && r->result.status && r->result.status != CT_EXIT_USER &&
			    r->result.status != CT_EXIT_SKIP)
				status = CT_EXIT_INTERNAL;
		}
	}
	if (status || good)
		return status;
	return done ? CT_EXIT_INTERNAL : skipped ? CT_EXIT_SKIP : CT_EXIT_OK;
}

static void print_how_to_resume(const struct run *run, const json_t *report)
{
	printf("\n%s: %u of %u measurements are done and kept.  To continue:\n  ",
	       ct_interrupted ? "Interrupted" : "Stopped", count_of(report, "good"),
	       count_of(report, "measurements"));
	escape_shell(stdout, program_invocation_name);
	printf(" %s --resume ", run_start_command(run->start));
	escape_shell(stdout, run->name);
	if (strcmp(run->parent, RESULTS_DEFAULT_DIR)) {
		fputs(" --results ", stdout);
		escape_shell(stdout, run->parent);
	}
	if (run->other) {
		printf(" --%s ", run->other->option);
		escape_shell(stdout, run->other->value);
	}
	fputc('\n', stdout);
}

static void print_counts(const json_t *report)
{
	unsigned int voids = count_of(report, "void"), failed = count_of(report, "failed");
	unsigned int unusable = count_of(report, "unusable");
	unsigned int skipped = count_of(report, "skipped"), missing = count_of(report, "missing");
	unsigned int cells = count_of(report, "cells"), good = count_of(report, "good");

	printf("\n%u cell%s, %u measurement%s", cells, cells == 1 ? "" : "s", good,
	       good == 1 ? "" : "s");
	if (voids)
		printf(", %u void (%u left out, %u measured again)", voids, unusable,
		       voids - unusable);
	if (failed)
		printf(", %u failed", failed);
	if (skipped)
		printf(", %u not possible on this machine", skipped);
	if (missing)
		printf(", %u missing", missing);
	printf("\n");
}

static void print_cost(const json_t *report)
{
	const json_t *cost = json_object_get(report, "cost");
	double elapsed = 0, windows = 0, warmups = 0, builds = 0, overhead = 0;

	if (json_unpack((json_t *)cost, "{s:f, s:f, s:f, s:f, s:f}", "elapsed_s", &elapsed,
			"windows_s", &windows, "warmups_s", &warmups, "builds_s", &builds,
			"overhead", &overhead) ||
	    elapsed <= 0)
		return;
	printf("time: %.1f s (windows %.1f s, warm-ups %.1f s, filling tables %.1f s, processes "
	       "and key streams %.1f s); without filling %.2f times windows and warm-ups\n",
	       elapsed, windows, warmups, builds, elapsed - windows - warmups - builds, overhead);
}

/*
 * A disturbance of all cells of a group cancels in every comparison between them.  A window that
 * has the machine to itself reveals it.
 */
static void print_alone(const json_t *report)
{
	unsigned int checked = 0, differ = 0;
	const char *name, *most_name = "";
	double most = 0;
	json_t *cell;

	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		double median = 0;

		if (json_unpack(cell, "{s:{s:{s:f}}}", "metrics", "slices_vs_alone_percent",
				"median", &median))
			continue;
		checked++;
		differ += fabs(median) > ALONE_PERCENT;
		if (fabs(median) > fabs(most)) {
			most = median;
			most_name = name;
		}
	}
	if (differ)
		printf("%u of %u cells ran more than %d %% faster or slower in slices than in a "
		       "window alone (slices_vs_alone_percent), at most %+.1f %% (%s); absolute "
		       "figures are those of slices\n",
		       differ, checked, ALONE_PERCENT, most, most_name);
}

static void write_page(struct run *run, const json_t *benchmark, const json_t *report,
		       const char *path, struct ct_error *e)
{
	struct report_source s = { .benchmark = benchmark, .report = report };
	struct report_pictures pictures;
	json_t *matrix = judge_matrix(report, NULL, e);

	s.matrix = matrix;
	if (results_only_files(run->results.dir, path, e) || report_draw(&s, &pictures, e))
		goto out;
	report_write(&s, path, report_html, e);
	report_pictures_free(&pictures);
out:
	json_decref(matrix);
}

int run_finish(struct run *run)
{
	char plots[PATH_MAX + 32], page[PATH_MAX + 32], word[PATH_MAX];
	json_t *report = run_report(run), *benchmark = NULL;
	struct ct_error e, table_e = { 0 }, plot_e = { 0 };
	size_t drawn = 0;
	int status;

	run_give_up_if_void(run, true);
	e = run->fatal;
	if (!report) {
		ct_fail(&e, -ENOMEM, CT_EXIT_USER,
			"no memory for the report; the measurements are kept in '%s/cells.tsv'",
			run->results.dir);
		return ct_error_print(&e);
	}
	write_files(run, report, &benchmark, &e);
	if (table_print(stdout, report))
		ct_fail(&table_e, -ENOMEM, CT_EXIT_USER,
			"no memory for the tables: print them with ctbench report %s --text",
			escaped(word, sizeof(word), escape_shell_path, run->results.dir));
	/* ctbench compare prints them cell by cell. */
	if (!run->other)
		judge_print_verdicts(stdout, report);
	judge_print_power(stdout, report);
	run_print_aims(stdout, run);
	print_alone(report);
	print_counts(report);
	print_cost(report);
	fflush(stdout);
	print_troubles(run);

	snprintf(plots, sizeof(plots), "%s/plots", run->results.dir);
	if (benchmark && count_of(report, "good") &&
	    !results_only_files(run->results.dir, plots, &plot_e))
		plot_run(benchmark, plots, 0, &drawn, &plot_e);

	snprintf(page, sizeof(page), "%s/report.html", run->results.dir);
	if (benchmark && !plot_e.status)
		write_page(run, benchmark, report, page, &plot_e);
	printf("results: %s (%s)\n", run->results.dir,
	       benchmark ? "benchmark.json, results.tsv, cells.tsv" : "cells.tsv");
	if (drawn)
		printf("plots:   %s (%zu, as SVG and PNG)\n", plots, drawn);
	if (benchmark && !plot_e.status)
		printf("report:  %s\n", page);
	if (ct_interrupted || e.status)
		print_how_to_resume(run, report);
	status = status_of(run);
	if (e.status)
		status = ct_error_print(&e);
	/* The results are complete; only tables or plots are missing. */
	if (table_e.status) {
		ct_error_print(&table_e);
		status = status ? status : (int)table_e.status;
	}
	if (plot_e.status) {
		ct_error_print(&plot_e);
		status = status ? status : (int)plot_e.status;
	}
	if (ct_interrupted)
		status = CT_EXIT_INTERRUPTED;
	results_log(&run->results, "ended with status %d", status);
	json_decref(benchmark);
	json_decref(report);
	return status;
}
