/* SPDX-License-Identifier: MIT */
/*
 * The report of a run: the key "ctbench" of benchmark.json. Tables, plots and results.tsv are made
 * from it only, so they can be made again from the file. `ctbench list --columns` explains each
 * metric and series.
 *
 *	format		1
 *	name, command ("run", "saturate"), arguments, started, ended, interrupted
 *	environment	machine, kernel, settings, build (env.h), before the first measurement
 *	stolen_seconds	CPU time that the hypervisor stole meanwhile
 *	interleaved	whether repeats ran in shuffled blocks (cells.tsv has the order)
 *	cost		elapsed_s of all measurements (including void ones), and its parts
 *			windows_s, warmups_s and builds_s (filling tables); overhead: elapsed
 *			without builds, as a multiple of windows and warm-ups
 *	counts		of cells and measurements, see counts_report()
 *	merged		after ctbench merge, the runs: {path, name, started, ended, machine, cpu,
 *			kernel, cpus, hypervisor, workloads}. machine is the number, from 0, of
 *			the first run from the same machine. environment is that of the first run
 *	other_program	only if another program measured every cell too: {name, build (env.h)}.
 *			The parameter program of a cell is the program that measured it: that
 *			name, or "this". Verdicts compare the two
 *	statistics	how it was judged (judge.h): confidence, resamples and seed of the
 *			bootstrap, alpha, power, correction, comparisons (number corrected for)
 *	noise		null, or percent (the largest) and pairs, the A/A pairs: {workload, cell,
 *			control, metric, effect_percent, n; with enough repeats also percent (the
 *			end of its interval that is farther from 0), ci_low_percent,
 *			ci_high_percent, visible_percent (the smallest detectable difference
 *			between two cells), p}
 *	verdicts	a list: workload, metric, kind (axis, parameter, variant, interaction),
 *			factor, choice, base ("choice instead of base"), by {factor, choice,
 *			base} (interactions: the effect at choice vs that at base), pairs (of
 *			cells), n (repeats), effect_percent, ci_low_percent, ci_high_percent, p,
 *			p_holm, noise_percent, visible_percent; outcome (better, worse,
 *			different, none: nothing seen, unjudged: too few repeats), word
 *			("faster"), text (the sentence). Percentages are of the metric: more M/s
 *			is +
 *	power		for workloads with `detect`: smallest detectable effects at each point
 *			(judge_power())
 *	scaling		a model of more threads (judge/scaling.h)
 *	bounds		the machine's bounds (measure/bounds_measure.h), a list: bound, threads,
 *			and if they apply bytes, in_flight, hint, ahead, hash, percentile,
 *			variant, burst; ns as median, ci_low, ci_high and n (how many times the
 *			run measured it)
 *	workloads	as they were read (workload_to_json())
 *	cells		by benchmark name:
 *		parameters, axes, worst_case, and the facts in figures.def; skipped: this machine
 *			cannot measure it; error
 *		ns_per_op and mops as {min, q1, median, q3, max}; medians of the other figures
 *		metrics		by name {unit, better (more, less or ""), median, ci_low and
 *			ci_high (95 % bootstrap), n, values (repeat by repeat; null if there is
 *			none)}: all figures, and the scalars of the details (details.h)
 *		passes		for each repeat, the pass over the blocks in which it was
 *			measured, if --resume went back to earlier ones (struct run)
 *		slices		cells that were measured in turn (slices.h)
 *		footprint_bytes, misses	of table operations, if bounds were measured: ns_per_op
 *			in dependent random lines of that footprint
 *		timeline	if one was asked for (timeline_merge.h)
 *		latency		only if latencies were measured (latency_merge.h); then mops,
 *			ns_per_op and cpu_ns_per_op are null, because the loops read clocks
 *		saturation	only of a search for the highest rate (saturate_run.c); then
 *			repeats are searches, and their metric is saturation_per_s
 */
#include "harness/run/rounds.h"
#include "harness/run/run.h"

#include "harness/base/escape.h"
#include "harness/base/memory.h"
#include "harness/run/slices.h"

#include "harness/results/bounds.h"
#include "harness/results/details.h"
#include "harness/results/latency_merge.h"
#include "harness/results/timeline_merge.h"
#include "harness/machine/env.h"
#include "harness/base/interrupt.h"
#include "harness/judge/judge.h"
#include "harness/results/figures.h"
#include "harness/results/metric.h"
#include "harness/numbers/quartiles.h"
#include "harness/workload/variant_facts.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one cell ---- */

/* values: room for one value per repeat */
static struct quartiles
quartiles_over(const struct run_cell *c, const struct figure *f, double *values)
{
	size_t n = 0;

	for (uint32_t i = 0; i < c->repeats; i++) {
		double value = run_repeat_good(&c->list[i]) ? f->of(&c->list[i].result) : NAN;

		if (isfinite(value))
			values[n++] = value;
	}
	return quartiles_of(values, n);
}

static json_t *quartiles_to_json(struct quartiles q)
{
	if (!q.n)
		return json_null();
	return json_pack("{s:f, s:f, s:f, s:f, s:f}", "min", q.min, "q1", q.q1, "median", q.median,
			 "q3", q.q3, "max", q.max);
}

/* details: of the cell's repeats; values: room for one value per repeat */
static json_t *metrics_report(const struct run_cell *c, const json_t *details, double *values)
{
	json_t *metrics = json_object();
	const struct figure *f = NULL;

	while ((f = figure_next(f, FIGURE_CELL))) {
		for (uint32_t i = 0; i < c->repeats; i++)
			values[i] = run_repeat_good(&c->list[i]) ? f->of(&c->list[i].result) : NAN;
		metric_put(metrics, f->name, values, c->repeats);
	}
	if (c->rates)
		metric_put(metrics, "saturation_per_s", c->rates, c->repeats);
	details_metrics(metrics, details, c->repeats);
	return metrics;
}

/* The merged timeline of the cell's repeats; NULL if there is none. */
static json_t *timeline_report(const json_t *details)
{
	json_t *all = json_array(), *repeat, *merged;
	size_t i;

	json_array_foreach(details, i, repeat)
		json_array_append(all, json_object_get(repeat, "timeline"));
	merged = timeline_merge(all);
	json_decref(all);
	return merged;
}

/* The details of a run by key, then by the cell's name. */
struct told {
	json_t *metrics, *timelines, *latencies, *slices;
};

static json_t *passes_report(const struct run_cell *c)
{
	json_t *passes = json_array();

	for (uint32_t i = 0; i < c->repeats; i++)
		json_array_append_new(passes, json_integer(c->list[i].pass));
	return passes;
}

static json_t *cell_report(const struct run *run, const struct run_cell *c, const struct told *told)
{
	double *values = calloc(c->repeats, sizeof(*values));
	const struct figure *f = NULL;
	unsigned int failed = 0, skipped = 0, good = 0;
	const char *error = NULL;
	json_t *json, *timeline, *slices;

	if (!values)
		return NULL;
	for (uint32_t i = 0; i < c->repeats; i++) {
		const struct run_repeat *r = &c->list[i];

		good += run_repeat_good(r);
		if (!r->done || run_repeat_good(r))
			continue;
		skipped += r->result.status == CT_EXIT_SKIP;
		failed += r->result.status && r->result.status != CT_EXIT_SKIP;
		if (!error || r->result.status)
			error = r->result.status ? r->result.error : r->result.void_reason;
	}
	json = json_pack("{s:s, s:s, s:o, s:o, s:b, s:b, s:s, s:i, s:i, s:i, s:i, s:b, s:s*}",
			 "workload", c->workload->name, "variant", c->cell.variant, "parameters",
			 cell_to_json(&c->cell), "axes", variant_axes_to_json(c->cell.variant),
			 "control", (int)c->cell.control, "worst_case",
			 variant_is_worst_case(c->cell.variant), "unit", cell_unit(&c->cell),
			 "repeats", (int)c->repeats, "n", (int)good, "void", (int)c->voids,
			 "failed", (int)failed, "skipped", skipped > 0, "error", error);
	while (json && (f = figure_next(f, FIGURE_CELL))) {
		struct quartiles q = quartiles_over(c, f, values);

		json_object_set_new(json, f->name,
				    f->spread ? quartiles_to_json(q)
				    : q.n     ? json_real(q.median)
					      : json_null());
	}
	json_object_set_new(json, "metrics",
			    metrics_report(c, json_object_get(told->metrics, c->name), values));
	timeline = timeline_report(json_object_get(told->timelines, c->name));
	if (timeline)
		json_object_set_new(json, "timeline", timeline);
	if (cell_latency(&c->cell) != LATENCY_NONE && json_object_get(told->latencies, c->name))
		json_object_set_new(json, "latency",
				    latency_merge(json_object_get(told->latencies, c->name)));
	slices = slices_report(json_object_get(told->slices, c->name), c->cell.threads);
	if (slices)
		json_object_set_new(json, "slices", slices);
	if (c->saturation)
		json_object_set(json, "saturation", c->saturation);
	else if (run->pass && run->flags.interleave)
		json_object_set_new(json, "passes", passes_report(c));
	free(values);
	return json;
}

/* ---- the run ---- */

static json_t *counts_report(const struct run *run)
{
	int cells = 0, good = 0, voids = 0, failed = 0, skipped = 0, to_do = 0, unusable = 0;

	for (size_t i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		if (!c->selected)
			continue;
		cells++;
		voids += (int)c->voids;
		for (uint32_t k = 0; k < c->repeats; k++) {
			const struct run_repeat *r = &c->list[k];

			to_do++;
			good += run_repeat_good(r);
			failed += r->done && r->result.status && r->result.status != CT_EXIT_SKIP;
			skipped += r->done && r->result.status == CT_EXIT_SKIP;
			unusable += r->done && !r->result.status && r->result.void_reason[0];
		}
	}
	/* void: attempts; unusable: repeats whose last attempt was void */
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "cells", cells, "measurements",
			 to_do, "good", good, "void", voids, "unusable", unusable, "failed", failed,
			 "skipped", skipped, "missing", to_do - good - failed - skipped - unusable);
}

static json_t *cost_report(const struct run_cost *c)
{
	double measured = c->windows + c->warmups;

	return json_pack("{s:f, s:f, s:f, s:f, s:f}", "elapsed_s", c->elapsed, "windows_s",
			 c->windows, "warmups_s", c->warmups, "builds_s", c->builds, "overhead",
			 measured > 0 ? (c->elapsed - c->builds) / measured : 0);
}

json_t *run_group_report(const struct run *run, const struct run_cell *like)
{
	json_t *cells = json_object(), *all = json_object();
	struct told told = { .slices = all };

	for (size_t i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];
		json_t *repeats;

		if (!c->selected || !run_same_group(like, c))
			continue;
		repeats = json_array();
		for (uint32_t k = 0; k < c->repeats; k++)
			if (c->list[k].slices)
				json_array_append_new(repeats,
						      json_pack("{s:i, s:O}", "repeat", (int)k,
								"slices", c->list[k].slices));
		json_object_set_new(all, c->name, repeats);
		json_object_set_new(cells, c->name, cell_report(run, c, &told));
	}
	json_decref(all);
	return json_pack("{s:b, s:[o], s:o}", "interleaved", (int)run->flags.interleave,
			 "workloads", workload_to_json(like->workload), "cells", cells);
}

json_t *run_report(const struct run *run)
{
	json_t *cells = json_object(), *workloads = json_array(), *report;
	struct ct_error e = { 0 };
	struct told told = {
		.metrics = details_read(run->results.dir, "metrics", &e),
		.timelines = details_read(run->results.dir, "timeline", &e),
		.latencies = details_read(run->results.dir, "latency", &e),
		.slices = details_read(run->results.dir, "slices", &e),
	};
	char ended[40];

	/* Without the details the report is still useful. */
	if (!told.metrics || !told.timelines || !told.latencies || !told.slices)
		fprintf(stderr, "ctbench: warning: %s\n", e.text);
	results_time(ended, sizeof(ended));
	for (size_t i = 0; i < run->nr_cells; i++)
		if (run->cells[i].selected)
			json_object_set_new(cells, run->cells[i].name,
					    cell_report(run, &run->cells[i], &told));
	json_decref(told.metrics);
	json_decref(told.timelines);
	json_decref(told.latencies);
	json_decref(told.slices);
	for (size_t i = 0; i < run->set.nr; i++) {
		json_t *workload = workload_to_json(&run->set.list[i]);

		if (run->other)
			json_array_append_new(json_object_get(workload, "varying"),
					      json_string("program"));
		json_array_append_new(workloads, workload);
	}
	report = json_pack(
		"{s:i, s:s, s:s, s:O?, s:s, s:s, s:b, s:O?, s:f, s:b, s:o}", "format",
		RESULTS_FORMAT, "name", run->name, "command", run_start_command(run->start),
		"arguments", json_object_get(run->start, "arguments"), "started", run->started,
		"ended", ended, "interrupted", ct_interrupted != 0, "environment", run->environment,
		"stolen_seconds", env_steal_seconds() - run->stolen_before, "interleaved",
		(int)run->flags.interleave, "counts", counts_report(run));
	if (!report) {
		json_decref(cells);
		json_decref(workloads);
		return NULL;
	}
	if (json_object_get(run->start, "merged"))
		json_object_set(report, "merged", json_object_get(run->start, "merged"));
	if (run->other)
		json_object_set_new(report, "other_program", run_other_json(run->other));
	json_object_set_new(report, "cost", cost_report(&run->cost));
	json_object_set_new(report, "workloads", workloads);
	json_object_set_new(report, "cells", cells);
	run_bounds_report(report, run->results.dir);
	if (judge_run(report)) {
		json_decref(report);
		return NULL;
	}
	return report;
}

/* ---- results.tsv ---- */

static void print_value(FILE *out, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		escape_tsv(out, json_string_value(value));
		break;
	case JSON_INTEGER:
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		fprintf(out, "%.9g", json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		fputs(json_is_true(value) ? "1" : "0", out);
		break;
	default:
		fputs("-", out);
	}
}

/* repeats has a separate column, because the number may have been overridden. */
static bool is_column(const char *key)
{
	return strcmp(key, "repeats");
}

/* The keys of an object as columns. */
static void print_keys(FILE *out, const char *prefix, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
		if (is_column(key))
			fprintf(out, "\t%s%s", prefix, key);
}

static void print_values(FILE *out, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		if (!is_column(key))
			continue;
		fputc('\t', out);
		print_value(out, value);
	}
}

static void print_tsv_header(FILE *out, const json_t *cell)
{
	const struct figure *f = NULL;

	fputs("name", out);
	print_keys(out, "", json_object_get(cell, "parameters"));
	print_keys(out, "axis_",
		   json_object_get(cell, "axes")); /* some parameters have the name of an axis */
	for (size_t i = 0; i < nr_result_facts; i++)
		fprintf(out, "\t%s", result_facts[i].name);
	while ((f = figure_next(f, FIGURE_CELL))) {
		const char *name = f->tsv ? f->tsv : f->name;

		for (size_t i = 0; i < NR_POINTS && f->spread; i++)
			fprintf(out, "\t%s_%s", name, figure_points[i].name);
		if (!f->spread)
			fprintf(out, "\t%s", name);
	}
	fputc('\n', out);
}

static void print_points(FILE *out, const json_t *quartiles)
{
	for (size_t i = 0; i < NR_POINTS; i++) {
		json_t *value = json_object_get(quartiles, figure_points[i].name);

		if (value)
			fprintf(out, "\t%.6g", json_number_value(value));
		else
			fputs("\t-", out);
	}
}

static void print_figures(FILE *out, const json_t *cell)
{
	const struct figure *f = NULL;

	while ((f = figure_next(f, FIGURE_CELL))) {
		if (f->spread) {
			print_points(out, json_object_get(cell, f->name));
			continue;
		}
		fputc('\t', out);
		print_value(out, json_object_get(cell, f->name));
	}
}

char *run_report_tsv(const json_t *report, size_t *len)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	bool header = false;
	const char *name;
	char *text = NULL;
	FILE *out = memory_stream(&text, len);

	json_object_foreach(cells, name, cell) {
		if (!header)
			print_tsv_header(out, cell);
		header = true;
		escape_tsv(out, name);
		print_values(out, json_object_get(cell, "parameters"));
		print_values(out, json_object_get(cell, "axes"));
		for (size_t i = 0; i < nr_result_facts; i++) {
			fputc('\t', out);
			print_value(out, json_object_get(cell, result_facts[i].name));
		}
		print_figures(out, cell);
		fputc('\n', out);
	}
	memory_stream_close(out, &text);
	return text;
}
