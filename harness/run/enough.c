/* SPDX-License-Identifier: MIT */
/* When a workload is known well enough; see enough.h. */
#include "harness/run/enough.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/judge/judge.h"
#include "harness/numbers/stats.h"
#include "harness/run/rounds.h"

#define ROUNDS_LEAST	4
#define ROUNDS_MOST	64
#define INSTANCES_FIRST 3

/*
 * A rule that stops as soon as the variance seems small enough often stops where it is small by
 * chance: intervals of 95 % then contain the truth in 91.7 % of runs. With three quarters more
 * repeats after that, they contain it as often as with a fixed number
 * (tests/harness/numbers/test_nested.c).
 */
#define POINT_LEAST 7

#define RESAMPLES_HERE 20

static uint32_t with_more(uint32_t repeats)
{
	return repeats * 7 / 4;
}

/* ---- rounds ---- */

struct variances {
	double rounds, instances; /* of a round's ratio; of an instance's mean, without rounds */
	double opening, round; /* seconds: to start an instance's process, and of a round's slice */
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

uint32_t enough_rounds(const struct run *run, const struct run_cell *like, uint32_t usual)
{
	struct variances v = { 0 };
	double best;

	if (like->cell.precision <= 0 && like->cell.budget <= 0)
		return usual;
	for (size_t i = 0; i < run->nr_cells; i++)
		if (run->cells[i].selected && run_same_group(like, &run->cells[i]))
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

/* Seconds of a cell's repeats so far; *mean: of one repeat. */
static double seconds_of(const struct run_cell *c, double *mean)
{
	double seconds = 0;
	uint32_t n = 0;

	for (uint32_t k = 0; k < c->repeats; k++) {
		if (!c->list[k].done)
			continue;
		seconds += c->list[k].result.elapsed_seconds;
		n++;
	}
	*mean = n ? seconds / n : 0;
	return seconds;
}

static bool is_due(const struct run_cell *c, uint32_t repeat)
{
	return c->selected && !c->gave_up && repeat < c->repeats && !c->list[repeat].done;
}

/* Limit the repeats of these cells, unless this one is measured already. */
static void
stop_group(struct run *run, const struct run_cell *like, uint32_t repeat, uint32_t enough)
{
	for (size_t i = 0; i < run->nr_cells; i++) {
		struct run_cell *c = &run->cells[i];

		if (!is_due(c, repeat) || c->repeats <= enough || !run_same_group(like, c))
			continue;
		run->to_do -= c->repeats - enough;
		for (uint32_t k = enough; k < c->repeats; k++)
			run->seconds_done += run_repeat_seconds(c, k);
		c->repeats = enough;
	}
}

static void tell(struct run *run, const struct workload *w, uint32_t repeat, const char *why)
{
	fprintf(stderr, "ctbench: %s: %u repeats are enough: %s\n", w->name, repeat, why);
	results_log(&run->results, "%s: %u repeats are enough: %s", w->name, repeat, why);
}

/* ---- precision ---- */

static void stop_if_precise(struct run *run, const struct workload *w, uint32_t repeat)
{
	double precision = w->cells[0].precision, known;
	char why[160];

	if (precision <= 0 || repeat < STATS_LEAST ||
	    (run->asked == w && run->asked_repeat == repeat))
		return;
	run->asked = w;
	run->asked_repeat = repeat;
	known = widest(run, w);
	if (!(known <= precision))
		return;
	snprintf(why, sizeof(why), "its main effects are known to %.2g %% (precision: %g%%)",
		 100 * known, 100 * precision);
	tell(run, w, repeat, why);
	for (size_t i = 0; i < run->nr_cells; i++)
		if (run->cells[i].workload == w)
			stop_group(run, &run->cells[i], repeat, repeat);
}

/* ---- budget ---- */

/* The part of a workload's budget that its points have used. */
struct use {
	double own, another; /* seconds: of this group; of another repeat of it */
	double ended;	     /* by groups without further repeats */
	unsigned int go_on;  /* groups with further repeats, including this one */
};

static bool leads_its_group(const struct run *run, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (run->cells[k].selected && run_same_group(&run->cells[k], &run->cells[i]))
			return false;
	return run->cells[i].selected;
}

static struct use use_of(const struct run *run, const struct run_cell *like, uint32_t repeat)
{
	struct use use = { 0 };
	double mean;

	for (size_t i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];
		double seconds = seconds_of(c, &mean);
		bool goes_on = c->repeats > repeat && !c->gave_up;

		if (c->workload != like->workload)
			continue;
		if (run_same_group(like, c)) {
			use.own += seconds;
			use.another += mean;
		} else if (!goes_on) {
			use.ended += seconds;
		}
		use.go_on += goes_on && leads_its_group(run, i);
	}
	return use;
}

/* Points share the budget evenly; unused time goes to those that continue. */
static void stop_beyond_budget(struct run *run, const struct run_cell *like, uint32_t repeat)
{
	double budget = like->cell.budget;
	struct use use;
	char why[160];

	if (budget <= 0 || repeat < STATS_LEAST)
		return;
	use = use_of(run, like, repeat);
	if (use.own + use.another <= (budget - use.ended) / fmax(use.go_on, 1))
		return;
	results_log(&run->results, "%s and its group: no time for more than %u repeats", like->name,
		    repeat);
	stop_group(run, like, repeat, repeat);
	snprintf(why, sizeof(why), "its budget of %g s has no time for another", budget);
	if (use.go_on <= 1)
		tell(run, like->workload, repeat, why);
}

/* ---- targets ---- */

/*
 * Do all choices at a point meet their targets? False if nothing is judged there. The smallest
 * detectable effect comes from the standard error, so the bootstrap can be short.
 */
static bool targets_met(const struct run *run, const struct run_cell *like)
{
	const size_t resamples = stats_resamples;
	json_t *report, *rows = json_array(), *row;
	bool met;
	size_t i;

	stats_resamples = RESAMPLES_HERE;
	report = run_group_report(run, like);
	met = !judge_points(rows, report, json_array_get(json_object_get(report, "workloads"), 0),
			    NULL) &&
	      json_array_size(rows);
	stats_resamples = resamples;

	json_array_foreach(rows, i, row)
		met &= json_is_true(json_object_get(row, "met"));
	json_decref(report);
	json_decref(rows);
	return met;
}

static void stop_if_detectable(struct run *run, const struct run_cell *like, uint32_t repeat)
{
	const struct cell *c = &like->cell;

	if (c->budget <= 0 || (c->detect <= 0 && c->detect_several <= 0) || repeat < POINT_LEAST ||
	    like->meets_target || !run_in_slices(run, like) || !targets_met(run, like))
		return;
	results_log(&run->results,
		    "%s and its group: %u repeats meet the target, %u in all are enough",
		    like->name, repeat, with_more(repeat));
	for (size_t i = 0; i < run->nr_cells; i++)
		if (run_same_group(like, &run->cells[i]))
			run->cells[i].meets_target = true;
	stop_group(run, like, repeat, with_more(repeat));
}

bool enough_measured(struct run *run, const struct run_cell *c, uint32_t repeat)
{
	if (is_due(c, repeat))
		stop_if_precise(run, c->workload, repeat);
	if (is_due(c, repeat))
		stop_if_detectable(run, c, repeat);
	if (is_due(c, repeat))
		stop_beyond_budget(run, c, repeat);
	return !is_due(c, repeat);
}
