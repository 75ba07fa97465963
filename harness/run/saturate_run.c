/* SPDX-License-Identifier: MIT */
/*
 * Searches of a run's cells. Each measurement is an open loop in a separate process, and a row of
 * cells.tsv under the cell's name with the rate in it. A search depends only on its measurements,
 * so --resume repeats it with the existing ones.
 *
 * In the report a cell's metric is saturation_per_s, and its key "saturation" has:
 *
 *	percentile, bound_ns, from_per_s, to_per_s, precision	as asked
 *	below, beyond	searches that were late even at the lowest rate; that found no limit
 *	paths		a list of searches (repeats, in order); each a list of {rate_per_s,
 *			value_ns, kept, outrun}, in the order of measuring
 */
#include "harness/run/saturate_run.h"
#include "harness/base/array.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/memory.h"
#include "harness/numbers/random.h"
#include "harness/results/bounds.h"
#include "harness/run/saturate.h"
#include "harness/workload/workload.h"

/* ---- existing measurements ---- */

struct saturate_point {
	char *name;
	uint32_t repeat;
	uint64_t fingerprint;
	double value_ns;
	struct cell_result result;
};

static double value_of(const struct saturate_question *q, const struct cell_result *r)
{
	return !strcmp(q->percentile, "p50")	? r->latency_p50_ns
	       : !strcmp(q->percentile, "p999") ? r->latency_p999_ns
	       : !strcmp(q->percentile, "max")	? r->latency_max_ns
						: r->latency_p99_ns;
}

int saturate_take_row(void *arg, const struct measurement *m, struct ct_error *e)
{
	struct saturate_points *p = arg;

	if (m->seq > p->run->seq)
		p->run->seq = m->seq;
	if (m->result.status || m->result.void_reason[0])
		return 0;
	if (!array_room(p->list, p->nr))
		goto no_memory;
	p->list[p->nr] = (struct saturate_point){ strdup(m->name), m->repeat, m->fingerprint,
						  value_of(p->question, &m->result), m->result };
	if (!p->list[p->nr].name)
		goto no_memory;
	p->nr++;
	return 0;
no_memory:
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for a run's measurements");
}

void saturate_points_free(struct saturate_points *p)
{
	for (size_t i = 0; i < p->nr; i++)
		free(p->list[i].name);
	free(p->list);
	p->list = NULL;
	p->nr = 0;
}

/* The nth (from 0) good measurement of that name and repeat, or NULL. */
static const struct saturate_point *
find_point(const struct saturate_points *p, const char *name, uint32_t repeat, unsigned int nth)
{
	for (size_t i = 0; i < p->nr; i++)
		if (p->list[i].repeat == repeat && !strcmp(p->list[i].name, name) && !nth--)
			return &p->list[i];
	return NULL;
}

/* ---- cells ---- */

int saturate_make_cells(struct run *run, struct ct_error *e)
{
	int err;

	for (size_t i = 0; i < run->set.nr; i++) {
		struct workload *w = &run->set.list[i];

		for (size_t k = 0; k < w->nr_cells; k++) {
			struct cell *cell = &w->cells[k];

			if (cell->kind != KIND_STEADY || cell->oversubscribe)
				return ct_user_error(e,
						     "workload '%s': a search for the highest rate "
						     "needs kind: steady and oversubscribe: false",
						     w->name);
			if (cell->rate)
				return ct_user_error(e,
						     "workload '%s' has a rate already: leave it "
						     "out, or add --rate none",
						     w->name);
			cell->latency = LATENCY_NONE;
		}
	}
	err = run_make_cells(run, 0, e);
	for (size_t i = 0; i < run->nr_cells && !err; i++) {
		struct run_cell *c = &run->cells[i];

		c->selected = true;
		c->rates = calloc(c->repeats, sizeof(*c->rates));
		if (!c->rates)
			err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the cells");
		for (uint32_t k = 0; k < c->repeats && !err; k++)
			c->rates[k] = NAN;
	}
	return err;
}

static int ask(struct run_cell *c, const struct saturate_question *q)
{
	json_t *paths = json_array();

	for (uint32_t k = 0; k < c->repeats; k++)
		json_array_append_new(paths, json_array());
	c->saturation = json_pack("{s:s, s:f, s:I, s:I, s:f, s:i, s:i, s:o}", "percentile",
				  q->percentile, "bound_ns", q->bound_ns, "from_per_s",
				  (json_int_t)q->from, "to_per_s", (json_int_t)q->to, "precision",
				  q->precision, "below", 0, "beyond", 0, "paths", paths);
	return c->saturation ? 0 : -ENOMEM;
}

/* ---- searching ---- */

static void add_to(json_t *object, const char *key, int more)
{
	json_object_set_new(object, key,
			    json_integer(json_integer_value(json_object_get(object, key)) + more));
}

/*
 * The cell's result at one rate, from an earlier process or measured now, into *r; false if it was
 * void or failed, or the run ends.
 */
static bool at_rate(struct run *run, struct saturate_points *points, struct run_cell *c,
		    uint64_t rate, uint32_t repeat, unsigned int nth, struct cell_result *r)
{
	const struct saturate_point *p;
	struct workload with_rate = *c->workload; /* names have the rate in them */
	struct run_cell one = *c;
	char name[CELL_NAME_MAX];
	bool good;

	with_rate.varying |= UINT64_C(1) << cell_param_find("rate");
	one.cell.rate = rate;
	cell_name(&with_rate, &one.cell, name, sizeof(name));
	one.name = name;
	one.fingerprint = run_cell_fingerprint(&one);
	p = find_point(points, name, repeat, nth);
	if (p && p->fingerprint != one.fingerprint) {
		ct_user_error(&run->fatal,
			      "'%.300s' was measured with other parameters than the workload has "
			      "now: search again under another --name",
			      name);
		return false;
	}
	if (p) {
		*r = p->result;
		return true;
	}
	one.list = calloc(one.repeats, sizeof(*one.list));
	if (!one.list) {
		ct_fail(&run->fatal, -ENOMEM, CT_EXIT_USER, "no memory to continue measuring");
		return false;
	}
	one.voids = 0;
	good = run_measure_repeat(run, &one, repeat);
	c->voids += one.voids;
	c->gave_up = one.gave_up;
	*r = one.list[repeat].result;
	if (!good && one.list[repeat].done)
		c->list[repeat] = one.list[repeat];
	free(one.list);
	return good;
}

static enum saturate_outcome
outcome_of(const struct saturate_question *q, const struct cell_result *r)
{
	/* If over 1 % were never started, a backlog grew; it was not a single stall. */
	if (100 * r->unfinished > r->ops)
		return SATURATE_OUTRUN;
	return value_of(q, r) <= q->bound_ns ? SATURATE_KEPT : SATURATE_LATE;
}

static unsigned int times_tried(json_t *path, uint64_t rate)
{
	unsigned int n = 0;
	json_t *try;
	size_t i;

	json_array_foreach(path, i, try)
		n += (uint64_t)json_integer_value(json_object_get(try, "rate_per_s")) == rate;
	return n;
}

#define SEED_GRID UINT64_C(0x67726964)

/* About how many measurements a search takes, to estimate the remaining time. */
#define USUAL_MEASUREMENTS 15

static void
show_progress(struct run *run, const struct run_cell *c, size_t measurements, uint64_t rate)
{
	double part = (double)measurements / USUAL_MEASUREMENTS;
	char detail[CELL_NAME_MAX + 64];

	snprintf(detail, sizeof(detail), "%s at %.3g M/s", c->name, (double)rate / 1e6);
	progress_update(&run->progress, run->seconds_done + (part < 0.95 ? part : 0.95), detail);
}

/* One search of one cell; its path goes to out. */
static void search(struct run *run, struct saturate_points *points, struct run_cell *c,
		   uint32_t repeat, FILE *out)
{
	const struct saturate_question *q = points->question;
	json_t *path = json_array_get(json_object_get(c->saturation, "paths"), repeat);
	struct saturate s;
	uint64_t rate, found;
	struct rng grid;
	bool at_least;

	/* The same after --resume, but different for each search of each cell. */
	rng_seed(&grid, seed_derive(c->fingerprint, SEED_GRID, repeat));
	saturate_begin(&s, q->from, q->to, q->precision, rng_double(&grid));
	fprintf(out, "%s, search %u of %u:", c->name, repeat + 1, c->repeats);
	while (!ct_interrupted && (rate = saturate_next(&s))) {
		struct cell_result r = { 0 };
		enum saturate_outcome outcome;
		double value;

		show_progress(run, c, json_array_size(path), rate);
		if (!at_rate(run, points, c, rate, repeat, times_tried(path, rate), &r)) {
			fprintf(out, " (%s)\n",
				ct_interrupted || run->fatal.status ? "stopped"
				: r.status			    ? "failed"
								    : "void");
			return;
		}
		value = value_of(q, &r);
		outcome = outcome_of(q, &r);
		saturate_tell(&s, rate, outcome);
		json_array_append_new(path, json_pack("{s:I, s:f, s:b, s:b}", "rate_per_s",
						      (json_int_t)rate, "value_ns", value, "kept",
						      outcome == SATURATE_KEPT, "outrun",
						      outcome == SATURATE_OUTRUN));
		fprintf(out, " %.3g%s", (double)rate / 1e6, outcome == SATURATE_KEPT ? "+" : "-");
		/* The repeat's result: of the highest rate that kept the bound, or the last. */
		if (rate == s.low || !s.low)
			c->list[repeat].result = r;
	}
	if (saturate_next(&s)) {
		fputc('\n', out);
		return;
	}
	found = saturate_found(&s, &at_least);
	c->rates[repeat] = (double)found;
	c->list[repeat].done = true;
	add_to(c->saturation, "beyond", at_least);
	add_to(c->saturation, "below", !found);
	fprintf(out, " -> %s%.3g M/s\n",
		at_least ? "at least "
		: !found ? "below "
			 : "",
		(double)(found ? found : q->from) / 1e6);
}

/* The same, and print its result; a progress line may come in between. */
static void search_and_tell(struct run *run, struct saturate_points *points, struct run_cell *c,
			    uint32_t repeat)
{
	char *text = NULL;
	size_t len;
	FILE *out = memory_stream(&text, &len);

	search(run, points, c, repeat, out);
	memory_stream_close(out, &text);
	progress_wipe(&run->progress);
	fputs(text ? text : "", stdout);
	fflush(stdout);
	free(text);
	run->seconds_done++; /* in searches */
}

/* Warn before searching if the machine alone breaks the bound. */
static void warn_of_machine(struct run *run, const struct saturate_question *q)
{
	json_t *bounds = run_bounds_read(run->results.dir);
	double away = bounds_away_ns(bounds, run->cells[0].cell.threads, q->percentile);

	json_decref(bounds);
	/* From half of the bound on, the machine takes more of the time than the table may. */
	if (!(away > q->bound_ns / 2))
		return;
	progress_wipe(&run->progress);
	fprintf(stderr,
		"ctbench: warning: on this machine interrupts and stolen time alone cost %.3g us "
		"at "
		"the same %s, so a bound of %g us says little about tables. Ask for a looser "
		"bound, "
		"such as --%s %.0fus, or use a quieter machine.\n",
		away / 1e3, q->percentile, q->bound_ns / 1e3, q->percentile, 10 * ceil(away / 1e3));
	results_log(&run->results, "warning: interrupts and stolen time alone: %s %.3g us",
		    q->percentile, away / 1e3);
}

void saturate_search(struct run *run, struct saturate_points *points)
{
	const struct saturate_question *q = points->question;
	size_t *order = calloc(run->nr_cells ? run->nr_cells : 1, sizeof(*order));
	uint32_t repeats = 0;
	struct rng r;
	bool ready = order;

	run->seconds_done = run->seconds_to_do = 0;
	for (size_t i = 0; i < run->nr_cells; i++) {
		repeats = run->cells[i].repeats > repeats ? run->cells[i].repeats : repeats;
		run->seconds_to_do += run->cells[i].repeats;
		ready = ready && !ask(&run->cells[i], q);
	}
	if (!ready)
		ct_fail(&run->fatal, -ENOMEM, CT_EXIT_USER, "no memory for the cells");
	rng_seed(&r, run->nr_cells ? run->cells[0].cell.seed : 1);
	printf("Highest rates with %s of at most %g us. Rates tried, in millions per second; + "
	       "kept the bound, - did not:\n",
	       q->percentile, q->bound_ns / 1e3);
	fflush(stdout);
	progress_begin(&run->progress, "searching", run->seconds_to_do);
	for (uint32_t k = 0; k < repeats && ready; k++) {
		run_bounds_step(run, (double)k / repeats);
		if (!k && run->nr_cells && !ct_interrupted)
			warn_of_machine(run, q);
		for (size_t i = 0; i < run->nr_cells; i++) {
			size_t j = (size_t)rng_below(&r, i + 1);

			order[i] = order[j];
			order[j] = i;
		}
		for (size_t i = 0; i < run->nr_cells && !ct_interrupted && !run->fatal.status;
		     i++) {
			struct run_cell *c = &run->cells[order[i]];

			if (k < c->repeats && !c->gave_up)
				search_and_tell(run, points, c, k);
		}
	}
	progress_end(&run->progress);
	free(order);
}
