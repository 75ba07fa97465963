/* SPDX-License-Identifier: MIT */
/* When a workload is known well enough; see enough.h. */
#include "harness/run/enough.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/numbers/stats.h"

#define ROUNDS_LEAST	4
#define ROUNDS_MOST	64
#define INSTANCES_FIRST 3

/* ---- rounds ---- */

struct variances {
	double rounds,
		instances; /* of a round's ratio; of an instance's mean, all rounds' luck apart */
	double opening, round; /* seconds: to make an instance's process, and of a round's slice */
	unsigned int cells;
};

/* Of the ratios of a cell to the first of its group. */
static void add_cell(struct variances *v, const struct run_cell *c)
{
	double sum = 0, squares = 0, within = 0, luck = 0, n = 0;

	for (uint32_t i = 0; i < c->repeats; i++) {
		const struct run_repeat *r = &c->list[i];

		if (!run_repeat_good(r) || r->rounds < 2)
			continue;
		n++;
		sum += r->effect;
		squares += r->effect * r->effect;
		within += r->variance;
		luck += r->variance / r->rounds;
		v->opening += r->opening;
		v->round += r->round;
	}
	if (n < INSTANCES_FIRST)
		return;
	v->rounds += within / n;
	v->instances += fmax(0, (squares - sum * sum / n) / (n - 1) - luck / n);
	v->cells++;
}

uint32_t enough_rounds(const struct run *run, const struct run_cell *like, uint32_t usual,
		       bool (*same)(const struct run_cell *a, const struct run_cell *b))
{
	struct variances v = { 0 };
	double best;

	if (like->cell.precision <= 0 && like->cell.budget <= 0)
		return usual;
	for (size_t i = 0; i < run->nr_cells; i++)
		if (run->cells[i].selected && same(like, &run->cells[i]))
			add_cell(&v, &run->cells[i]);
	if (!v.cells || v.round <= 0)
		return usual;
	best = v.instances > 0 ? sqrt(v.opening / v.round * v.rounds / v.instances) : ROUNDS_MOST;
	return (uint32_t)fmin(fmax(best + 0.5, ROUNDS_LEAST), ROUNDS_MOST);
}

/* ---- enough ---- */

/* The widest half of an interval among a workload's main effects, as a share; NAN: not judged. */
static double widest(const struct run *run, const struct workload *w)
{
	json_t *report = run_report(run), *verdict;
	double most = NAN;
	size_t i;

	json_array_foreach(json_object_get(report, "verdicts"), i, verdict) {
		double effect = number_of(verdict, "effect_percent");
		double half = fmax(number_of(verdict, "ci_high_percent") - effect,
				   effect - number_of(verdict, "ci_low_percent"));

		if (strcmp(text_of(verdict, "workload"), w->name) ||
		    !strcmp(text_of(verdict, "kind"), "interaction"))
			continue;
		if (!isfinite(half)) {
			most = NAN;
			break;
		}
		most = isfinite(most) ? fmax(most, half / 100) : half / 100;
	}
	json_decref(report);
	return most;
}

static double seconds_of(const struct run *run, const struct workload *w)
{
	double seconds = 0;

	for (size_t i = 0; i < run->nr_cells; i++)
		for (uint32_t k = 0; k < run->cells[i].repeats; k++)
			if (run->cells[i].workload == w && run->cells[i].list[k].done)
				seconds += run->cells[i].list[k].result.elapsed_seconds;
	return seconds;
}

static void stop(struct run *run, const struct workload *w, uint32_t repeat, const char *why)
{
	for (size_t i = 0; i < run->nr_cells; i++)
		if (run->cells[i].workload == w && run->cells[i].repeats > repeat)
			run->cells[i].repeats = repeat;
	fprintf(stderr, "ctbench: %s: %u repeats are enough: %s\n", w->name, repeat, why);
	results_log(&run->results, "%s: %u repeats are enough: %s", w->name, repeat, why);
}

bool enough_measured(struct run *run, const struct workload *w, uint32_t repeat)
{
	const struct cell *c = &w->cells[0];
	double known, used;
	char why[160];

	if ((c->precision <= 0 && c->budget <= 0) || repeat < STATS_LEAST)
		return false;
	used = seconds_of(run, w);
	if (c->budget > 0 && used * (1 + 1.0 / repeat) > c->budget) {
		snprintf(why, sizeof(why), "its budget of %g s would not hold another", c->budget);
		stop(run, w, repeat, why);
		return true;
	}
	known = c->precision > 0 ? widest(run, w) : NAN;
	if (!(known <= c->precision))
		return false;
	snprintf(why, sizeof(why), "its main effects are known to %.2g %% (precision: %g%%)",
		 100 * known, 100 * c->precision);
	stop(run, w, repeat, why);
	return true;
}
