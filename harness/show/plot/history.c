/* SPDX-License-Identifier: MIT */
/*
 * A workload over runs (judge/history.h): a figure or an effect against the run, in the order of
 * time, one curve per series, with its 95 % interval; a vertical line at each change of level.
 *
 * Data: a block per series with the columns run (from 1), value, both ends of its interval, the
 * run's name and revision.
 */
#include "harness/show/plot/internal.h"

#include "harness/base/escape.h"
#include "harness/base/interrupt.h"
#include "harness/results/figures.h"
#include "harness/results/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As many curves as can be told from one another. */
#define SERIES_MAX 10

/* "axes/VARIANT/threads:1" without the workload, which is in the title. */
static const char *short_name(const json_t *history, const json_t *series)
{
	const char *name = text_of(series, "name"), *workload = text_of(history, "workload");
	size_t len = strlen(workload);

	return !strncmp(name, workload, len) && name[len] == '/' ? name + len + 1 : name;
}

static void begin(struct plot_file *f, const json_t *history)
{
	const json_t *runs = json_object_get(history, "runs");
	const json_t *last = json_array_get(runs, json_array_size(runs) - 1);
	const char *metric = text_of(history, "metric");
	const struct figure *figure = figure_find(FIGURE_METRIC, metric);
	char text[1024];

	plot_write_comment(f->data, text_of(history, "question"));
	fputs("# columns: run, value, its 95 % interval, the run's name and revision\n", f->data);
	fprintf(f->script, "# Draw again: gnuplot %s.gp\n\n", f->name);
	plot_set_text(f->script, "name", f->name);
	fputs("narrow = 0\nformats = 'svg png'\n", f->script);
	plot_set_wrapped(f->script, "title", text_of(history, "question"), 105);
	snprintf(text, sizeof(text),
		 "%.60s over %zu runs; 95 %% intervals of each run, without run-to-run variation%s",
		 text_of(history, "workload"), json_array_size(runs),
		 json_is_true(json_object_get(history, "change_points"))
			 ? "; dotted: a change of level (Pettitt)"
			 : "; too few runs for change points");
	plot_set_wrapped(f->script, "subtitle", text, 130);
	if (*metric)
		snprintf(text, sizeof(text), "%s%s%s",
			 figure && figure->what ? figure->what : metric,
			 *text_of(history, "unit") ? ", " : "", text_of(history, "unit"));
	else
		snprintf(text, sizeof(text), "effect of the choice, %%");
	plot_set_text(f->script, "unit", text);
	snprintf(text, sizeof(text), "last run: %.200s, Linux %.100s, ctbench %.24s, %.10s",
		 text_of(last, "cpu"), text_of(last, "kernel"), text_of(last, "revision"),
		 text_of(last, "started"));
	plot_set_text(f->script, "machine", text);
	plot_set_text(f->script, "xlabel", "run, in the order of time");
}

/* A tic for each run, with date and revision if there is room. */
static void tics(struct plot_file *f, const json_t *runs)
{
	size_t nr = json_array_size(runs), each = nr / 8 + 1, i;
	json_t *run;

	fprintf(f->script, "xmin = 1\nxmax = %zu\nset xtics (", nr);
	json_array_foreach((json_t *)runs, i, run) {
		char text[64] = "", words[160];

		if (i % each == 0)
			snprintf(text, sizeof(text), "%.10s\n%.8s", text_of(run, "started"),
				 text_of(run, "revision"));
		escaped(words, sizeof(words), escape_gnuplot, text);
		fprintf(f->script, "%s%s %zu", i ? ", " : "", words, i + 1);
	}
	fputs(")\n", f->script);
}

static void add_series(struct plot_file *f, struct plot_end *end, struct plot_scale *y,
		       const json_t *history, const json_t *series)
{
	const json_t *runs = json_object_get(history, "runs");
	json_t *point;
	size_t i;

	end->name = short_name(history, series);
	end->x = -INFINITY;
	plot_write_comment(f->data, end->name);
	json_array_foreach(json_object_get(series, "points"), i, point) {
		double x = number_of(point, "run"), value = number_of(point, "value");
		double low = number_of(point, "low"), high = number_of(point, "high");
		const json_t *run = json_array_get(runs, (size_t)x);
		char text[320];

		fprintf(f->data, "%.0f\t%.6g\t%.6g\t%.6g", x + 1, value, low, high);
		snprintf(text, sizeof(text), "%.200s, %.24s", text_of(run, "name"),
			 text_of(run, "revision"));
		plot_write_label(f->data, text);
		fputc('\n', f->data);
		y->from = fmin(y->from, fmin(value, low));
		y->to = fmax(y->to, fmax(value, high));
		end->x = x + 1;
		end->y = value;
	}
	fputs("\n\n", f->data);
}

static void write_changes(struct plot_file *f, json_t *const *series, size_t nr)
{
	size_t total = 0, at = 0, k;
	json_t *change;

	for (size_t i = 0; i < nr; i++)
		total += json_array_size(json_object_get(series[i], "changes"));
	fprintf(f->script, "changes = %zu\n", total);
	if (total)
		fprintf(f->script,
			"array change_x[%zu]\narray change_style[%zu]\narray change_text[%zu]\n",
			total, total, total);
	for (size_t i = 0; i < nr; i++)
		json_array_foreach(json_object_get(series[i], "changes"), k, change) {
			char variable[32], text[96];

			at++;
			snprintf(variable, sizeof(variable), "change_text[%zu]", at);
			snprintf(text, sizeof(text), "%.4g to %.4g", number_of(change, "before"),
				 number_of(change, "after"));
			fprintf(f->script, "change_x[%zu] = %.0f\nchange_style[%zu] = %zu\n", at,
				number_of(change, "run") + 1, at, i + 1);
			plot_set_text(f->script, variable, text);
		}
}

/* One picture of up to SERIES_MAX series. */
static int
draw(struct plot_jobs *jobs, const json_t *history, size_t first, size_t number, struct ct_error *e)
{
	const json_t *all = json_object_get(history, "series");
	struct plot_end ends[SERIES_MAX] = { 0 };
	json_t *series[SERIES_MAX];
	struct plot_scale y = { INFINITY, -INFINITY, false };
	struct plot_file f = { 0 };
	char name[sizeof(f.name)];
	size_t nr = 0;
	double room;
	int err;

	plot_file_begin(&f);
	snprintf(name, sizeof(name), "%.60s-history%s%.60s", text_of(history, "workload"),
		 *text_of(history, "metric") ? "-" : "", text_of(history, "metric"));
	if (json_array_size(all) > SERIES_MAX)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "-%zu", number);
	escaped(f.name, sizeof(f.name), escape_file_name, name);
	begin(&f, history);
	for (; nr < SERIES_MAX && first + nr < json_array_size(all); nr++) {
		series[nr] = json_array_get(all, first + nr);
		ends[nr].style = (unsigned int)nr + 1;
		add_series(&f, &ends[nr], &y, history, series[nr]);
	}
	room = y.to > y.from ? 0.08 * (y.to - y.from) : 0.5;
	y = (struct plot_scale){ y.from - room, y.to + room, false };
	tics(&f, json_object_get(history, "runs"));
	write_changes(&f, series, nr);
	err = plot_write_ends(f.script, ends, nr, &y);
	if (err)
		ct_fail(e, err, CT_EXIT_USER, "no memory for the plot of the history");
	else
		err = plot_file_draw(&f, jobs, "history", e);
	plot_file_end(&f);
	return err;
}

int plot_history(const json_t *history, const char *out_dir, size_t *drawn, struct ct_error *e)
{
	size_t nr = json_array_size(json_object_get(history, "series"));
	struct ct_error late = { 0 };
	struct plot_jobs jobs;
	int err = results_make_dir(out_dir, e), ended;

	*drawn = 0;
	if (err)
		return err;
	interrupt_catch();
	err = plot_jobs_begin(&jobs, out_dir, false, e);
	for (size_t i = 0; i < nr && !err; i += SERIES_MAX, *drawn += !err)
		err = draw(&jobs, history, i, i / SERIES_MAX + 1, e);
	ended = plot_jobs_end(&jobs, &late);
	if (ended && !err) {
		*e = late;
		err = ended;
	}
	interrupt_restore();
	return err;
}
