/* SPDX-License-Identifier: MIT */
/*
 * The measurements of a run. Google Benchmark chooses which repeat of which cell is next. The first
 * due repeat of a group measures all cells of that group (rounds.c). Each measurement has a
 * separate process and a row in cells.tsv.
 */
#include "harness/run/run.h"

#include "harness/base/interrupt.h"
#include "harness/results/figures.h"
#include "harness/run/enough.h"
#include "harness/run/rounds.h"
#include "harness/base/seconds.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* These texts go into JSON, which must be UTF-8; a path in them need not be. */
static void make_valid(char *text)
{
	json_t *json = json_string(text);

	for (; *text && !json; text++)
		if ((unsigned char)*text >= 0x80)
			*text = '?';
	json_decref(json);
}

/* Measures into m->result and *details.  false if the run was interrupted before. */
static bool
measure_once(struct run *run, struct run_cell *c, struct measurement *m, json_t **details)
{
	double begin, elapsed;
	struct cell cell = c->cell;
	struct ct_error e = { 0 };
	int err;

	cell.repeat = m->repeat;
	m->seq = run->seq + 1;
	results_time(m->started, sizeof(m->started));
	memset(&m->result, 0, sizeof(m->result));
	*details = NULL;
	begin = seconds_now();
	err = run->measure(&cell, &m->result, details, &e);
	elapsed = seconds_now() - begin;
	if (err < 0) {
		if (ct_interrupted)
			return false;
		memset(&m->result, 0, sizeof(m->result));
		m->result.status = e.status ? e.status : CT_EXIT_INTERNAL;
		snprintf(m->result.error, sizeof(m->result.error), "%.*s",
			 (int)sizeof(m->result.error) - 1, e.status ? e.text : strerror(-err));
	}
	m->result.elapsed_seconds = elapsed;
	return true;
}

static void log_measurement(struct run *run, const struct measurement *m)
{
	const struct cell_result *r = &m->result;

	if (r->status)
		results_log(&run->results, "%s repeat %u failed (%d): %s", m->name, m->repeat,
			    r->status, r->error);
	else if (r->void_reason[0])
		results_log(&run->results, "%s repeat %u attempt %u is void: %s", m->name,
			    m->repeat, m->attempt, r->void_reason);
	else if (r->latency_max_ns > 0)
		results_log(&run->results, "%s repeat %u: p50 %.4g ns, p99 %.4g ns", m->name,
			    m->repeat, r->latency_p50_ns, r->latency_p99_ns);
	else
		results_log(&run->results, "%s repeat %u: %.4g ns/op, %.4g M/s", m->name, m->repeat,
			    r->ns_per_op, result_mops(r));
}

/* Of what is not done, from that repeat on. */
static double seconds_left(const struct run_cell *c, uint32_t from)
{
	double seconds = 0;

	for (uint32_t k = from; k < c->repeats && c->selected; k++)
		seconds += c->list[k].done ? 0 : run_repeat_seconds(c, k);
	return seconds;
}

/* Expected seconds of all selected repeats that are not done. */
static double run_expected_seconds(const struct run *run)
{
	double seconds = 0;

	for (size_t i = 0; i < run->nr_cells; i++)
		seconds += seconds_left(&run->cells[i], 0);
	return seconds;
}

static void show_progress(struct run *run, const struct run_cell *c)
{
	char detail[CELL_NAME_MAX + 64];

	snprintf(detail, sizeof(detail), "%u of %s%u: %s", run->measured + run->reused + 1,
		 run->to_do_most ? "at most " : "", run->to_do, c->name);
	progress_update(&run->progress, run->seconds_done, detail);
}

int run_keep_measurement(struct run *run, struct run_cell *c, struct measurement *m,
			 const json_t *details)
{
	int err;

	make_valid(m->result.error);
	make_valid(m->result.void_reason);
	err = results_append(&run->results, m, details, &run->fatal);
	if (err)
		return err;
	run->seq = m->seq;
	run_keep(run, c, m);
	run_count_cost(run, c, &m->result);
	log_measurement(run, m);
	c->gave_up = m->result.status != 0;
	return 0;
}

bool run_measure_repeat(struct run *run, struct run_cell *c, uint32_t repeat)
{
	const unsigned int attempts = 1 + (c->rates ? RUN_SEARCH_RETRIES : RUN_RETRIES);
	struct measurement *m = calloc(1, sizeof(*m));

	if (!m) {
		ct_fail(&run->fatal, -ENOMEM, CT_EXIT_USER, "no memory to continue measuring");
		return false;
	}
	snprintf(m->name, sizeof(m->name), "%s", c->name);
	m->fingerprint = c->fingerprint;
	m->repeat = repeat;
	for (m->attempt = 1; m->attempt <= attempts; m->attempt++) {
		json_t *details;
		int err;

		if (!measure_once(run, c, m, &details))
			break;
		err = run_keep_measurement(run, c, m, details);
		json_decref(details);
		if (err)
			break;
		if (m->result.status || !m->result.void_reason[0] || ct_interrupted)
			break;
	}
	free(m);
	return run_repeat_good(&c->list[repeat]);
}

static void measure_window(struct run *run, struct run_cell *c, uint32_t repeat)
{
	if (ct_interrupted || run->fatal.status)
		return;
	show_progress(run, c);
	run_measure_repeat(run, c, repeat);
	if (c->list[repeat].done)
		run->measured++;
	/* The other repeats of a cell that failed are not measured. */
	run->seconds_done +=
		run_repeat_seconds(c, repeat) + (c->gave_up ? seconds_left(c, repeat + 1) : 0);
}

static void measure_due(struct run *run, struct run_cell *c, uint32_t repeat)
{
	if (run_in_slices(run, c)) {
		unsigned int done = run_measure_group(run, c, repeat);

		run->measured += done;
		run->seconds_done += run_repeat_seconds(c, repeat) * done;
	} else if (run->flags.interleave) {
		run_group_windows(run, c, repeat, measure_window);
	} else {
		measure_window(run, c, repeat);
	}
}

static void measure(void *arg, size_t benchmark, unsigned int repeat)
{
	struct run *run = arg;
	struct run_cell *c = &run->cells[benchmark];

	if (!run->measure || !c->selected || ct_interrupted || run->fatal.status || c->gave_up ||
	    c->list[repeat].done)
		return;
	if (repeat >= c->repeats || enough_measured(run, c, repeat))
		return;
	run_bounds_step(run, run->seconds_to_do > 0 ? run->seconds_done / run->seconds_to_do : 0);
	show_progress(run, c);
	measure_due(run, c, repeat);
	run_give_up_if_void(run, false);
}

static void count(struct gbench_sample *s, const char *name, double value)
{
	if (s->nr_counters < GBENCH_MAX_COUNTERS)
		s->counters[s->nr_counters++] = (struct gbench_counter){ name, value };
}

static bool is_counted(const struct cell *c, const struct cell_result *r, enum column_when when)
{
	bool latency = r->latency_max_ns > 0;

	return when == ALWAYS || (when == IF_LATENCY && latency) ||
	       (when == IF_THROUGHPUT && !latency) ||
	       (when == IF_RESIZES && cell_nr_events(c, EVENT_RESIZE));
}

static bool sample(void *arg, size_t benchmark, unsigned int repeat, struct gbench_sample *s)
{
	struct run *run = arg;
	const struct run_repeat *r = &run->cells[benchmark].list[repeat];
	const struct cell_result *x = &r->result;
	const struct figure *f = NULL;
	bool latency = x->latency_max_ns > 0;

	if (!r->done)
		return false;
	if (!run_repeat_good(r)) {
		s->error = x->status ? x->error : x->void_reason;
		return true;
	}
	/* A cell with latencies reports its median latency as its time, and no throughput. */
	s->ns_per_op = latency ? x->latency_p50_ns : x->ns_per_op;
	s->cpu_ns_per_op = latency ? 0 : x->cpu_ns_per_op;
	if (!latency)
		count(s, "ops_per_s", result_mops(x) * 1e6);
	count(s, "order", (double)r->seq);
	for (size_t i = 0; i < nr_result_columns; i++) {
		const struct result_column *c = &result_columns[i];

		if (c->counter && is_counted(&run->cells[benchmark].cell, x, c->when))
			count(s, c->counter, column_value(c, x));
	}
	while ((f = figure_next(f, FIGURE_CELL)))
		if (f->counter && isfinite(f->of(x)))
			count(s, f->counter, f->of(x));
	return true;
}

int run_session(struct run *run, struct ct_error *e)
{
	static const struct gbench_callbacks callbacks = { measure, sample };
	int err;

	for (size_t i = 0; i < run->nr_cells; i++)
		for (uint32_t k = 0; k < run->cells[i].repeats && run->cells[i].selected; k++) {
			run->to_do++;
			run->to_do_most |= run->cells[i].likely < run->cells[i].repeats;
			run->reused += run->cells[i].list[k].done;
		}
	run->seconds_to_do = run_expected_seconds(run);
	progress_begin(&run->progress, "measuring", run->seconds_to_do);
	err = gbench_run(&callbacks, run, &run->gbench, e);
	progress_end(&run->progress);
	return err;
}
