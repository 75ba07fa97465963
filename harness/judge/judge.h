/* SPDX-License-Identifier: MIT */
/*
 * Verdicts: a run's answers to its questions, in words and numbers.
 *
 *	axes.c		the axes of a run's cells, and which cells differ on one axis only
 *	pairs.c		which cells are compared: all that differ in one choice
 *	rounds.c	effects between cells that were measured side by side
 *	judge.c		effects, the noise, Holm's correction over the whole run
 *	states.c	effects while the CPUs were near each other, and while they were far
 *	points.c	the smallest detectable effect at each point
 *	curves.c	the value of a parameter from which two choices differ
 *	budget.c	where the time of a lookup goes (budget.h)
 *	matrix.c	all variants compared with one, at each point (matrix.h)
 *	text.c		sentences
 *	compare.c	one run against another; facts.c: how their machines differ; power.c: which
 *			comparisons could not have detected a given change; programs.c: a run of two
 *			programs as two runs
 *
 * An effect is the ratio of two cells. It is averaged (as a logarithm) over all pairs of cells that
 * differ in this choice only. If repeats ran in shuffled blocks, repeat i of one cell is divided by
 * repeat i of the other, from the same block, so that the machine's drift cancels. An interaction
 * is the ratio of two such effects, at two levels of another choice.
 *
 * A difference is seen if Holm's p over all comparisons of the run is at most STATS_ALPHA, its
 * interval excludes 0, and it is larger than the metric's resolution and than the noise: the far
 * end of the interval of the workload's A/A pair (one cell measured twice). The smallest detectable
 * effect is stats_visible(), or the largest of these if that is larger.
 *
 * Everything comes from the report of a run (run/report.c), so it can be repeated from the file.
 */
#ifndef CTBENCH_HARNESS_JUDGE_JUDGE_H
#define CTBENCH_HARNESS_JUDGE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/numbers/stats.h"

struct json_t;

/* Put "statistics", "noise" and "verdicts" into a report with cells. 0 or -ENOMEM. */
int judge_run(struct json_t *report);

/*
 * Print the noise of each workload, before the tables; and the verdicts, after them.
 */
void judge_print_noise(FILE *out, const struct json_t *report);
void judge_print_verdicts(FILE *out, const struct json_t *report);

/*
 * For workloads with a target (`detect:`), put "power" into the report: each choice at each point,
 * judged separately. 0 or -ENOMEM. A list of {workload, metric, factor, choice, base, threads,
 * flows, point (what else varies), n, effect_percent, ci_low_percent, ci_high_percent,
 * visible_percent, target_percent, met}.
 */
int judge_power(struct json_t *report);
void judge_print_power(FILE *out, const struct json_t *report);

/*
 * For workloads in which the variant and one number vary, put "curves" into the report: for each
 * choice {workload, swept, factor, choice, base, points, parts_at, same_to}. points: {value, n,
 * p_holm (over the points of this curve), seen, effect_percent, ci_low_percent, ci_high_percent},
 * by value. From parts_at on, a difference is seen at every point, in one direction; up to same_to,
 * at no point. Either may be missing. 0 or -ENOMEM.
 */
int judge_curves(struct json_t *report);
/* The curves of a workload as a sentence; an empty text without any. */
void judge_curves_text(char *buf, size_t size, const struct json_t *report, const char *workload);

/* ---- for the files of judge/ ---- */

/*
 * Append each choice at each point of a workload, judged separately, to a list of verdicts; see
 * judge_power(). With a swept parameter they have its "value" instead of threads, flows, point and
 * target.
 */
int judge_points(struct json_t *rows, const struct json_t *report, const struct json_t *workload,
		 const char *swept);
/*
 * Collect a list from all workloads and put it into the report under key; without items there is no
 * key.
 */
typedef int
judge_workload_fn(struct json_t *list, const struct json_t *report, const struct json_t *workload);
int judge_each_workload(struct json_t *report, const char *key, judge_workload_fn *add);

/*
 * Of a metric, as a logarithm: percentiles are the ends of a histogram's buckets, so equal ones may
 * differ by the width of a bucket, and a difference of one bucket may be none.  0: of others.
 */
double judge_resolution(const char *metric);

/* The metric of a workload's verdicts; NULL if no cell has one. */
const char *judge_metric(const struct json_t *report, const char *workload);

enum judge_kind { JUDGE_AXIS, JUDGE_PARAMETER, JUDGE_VARIANT, JUDGE_INTERACTION };

/* A choice compared with another: "bucket", "mask", "reciprocal_scale". */
struct judge_choice {
	char factor[64], choice[128], base[128];
};

struct judge_pair {
	const char *base, *other; /* names of cells: keys of the report */
	int level;		  /* interactions: 1 at by.choice, -1 at by.base; else 1 */
};

/*
 * Two states of the CPUs: a hypervisor moves its guest's CPUs, so that shared data cost more or
 * less for some seconds.
 */
enum judge_cpus { JUDGE_CPUS_ANY, JUDGE_CPUS_NEAR, JUDGE_CPUS_FAR };

struct judge_state {
	bool judged;
	double ns; /* the median distance of the CPUs */
	size_t n;
	struct stats_contrast effect;
};

struct judge_comparison {
	const char *workload, *metric;
	enum judge_cpus cpus; /* only rounds in this state count */
	enum judge_kind kind;
	struct judge_choice what, by; /* by: interactions only */
	struct judge_pair *pairs;
	size_t nr_pairs;

	/* filled in by judge.c */
	bool judged;		      /* false: too few repeats, or values without a ratio */
	size_t n;		      /* the smallest number of values on a side */
	size_t left_out;	      /* pairs left out of the effect: too few values */
	struct stats_contrast effect; /* a logarithm */
	struct judge_state near, far; /* if the run saw both; pairs of several threads only */
	double p_holm;
	double noise;	/* of the A/A pair, see judge_noise(); NAN: unknown */
	double visible; /* as a logarithm */
	bool seen;
};

struct judge_list {
	struct judge_comparison *list;
	size_t nr;
	bool failed; /* no memory */
};

/* Append all comparisons of a workload by one metric. */
void judge_find(struct judge_list *l, const struct json_t *report, const struct json_t *workload,
		const char *metric);
void judge_free(struct judge_list *l);
/* Do two cells of the report differ in the variant only? */
bool judge_same_point(const struct json_t *a, const struct json_t *b);

/*
 * Fill in judged, n and effect of a comparison. a holds the cells of the bases, b those of the
 * others, by name. paired: repeats of the same number belong together.
 */
int judge_evaluate(struct judge_comparison *c, const struct json_t *a, const struct json_t *b,
		   bool paired);
/*
 * The effect between two cells in one repeat, as a logarithm of the metric's ratio, if they were
 * measured side by side: the trimmed mean of the ratios within rounds. The rounds of a repeat share
 * addresses and hash key, so they count as one value; intervals and tests use repeats. Only rounds
 * in which the CPUs were between `from` and `to` nanoseconds apart for both count. False if there
 * are none, if they were not side by side, or if the metric is not a speed.
 */
bool judge_within_rounds(const struct json_t *base, const struct json_t *other, const char *metric,
			 size_t repeat, double from, double to, double *effect);
/*
 * If the CPUs of a cell were near each other in some slices and far in others: the distance that
 * separates the two states, in nanoseconds, and each state's median; else 0.
 */
double judge_cpu_states(const struct json_t *cell, double *near, double *far);
/* Put "cpus" into cells that saw both states: {near: {ns, ns_per_op, share}, far: the same}. */
void judge_cells_in_states(struct json_t *report);
/*
 * Fill in near and far of a comparison that judge_evaluate() has judged, where its cells saw both
 * states. 0 or -ENOMEM.
 */
int judge_in_states(struct judge_comparison *c, const struct json_t *cells);
/*
 * The verdict's key "cpus": {near: {ns, n, effect_percent, ci_low_percent, ci_high_percent}, far:
 * the same, same_p: p that the effect is the same in both}; NULL if the run saw one state only.
 */
struct json_t *judge_states_json(const struct judge_comparison *c);
/* The same as the end of a sentence; empty if there is one state only. */
void judge_states_text(char *buf, size_t size, const struct json_t *verdict);
/* The session of a cell's first repeat in slices, which all cells of a group share; 0: none. */
long long judge_first_session(const struct json_t *cell);
/* Fill in p_holm, visible and seen of all judged comparisons; returns their number, or -ENOMEM. */
long judge_correct(struct judge_comparison *list, size_t nr);

/* "better", "worse", "different", "none", "unjudged" */
const char *judge_outcome(const struct judge_comparison *c);
/* Put effect_percent, ci_low_percent and ci_high_percent into an object. */
void judge_put_figures(struct json_t *json, const struct stats_contrast *effect);
/* The comparison as a verdict of the report; new reference. */
struct json_t *judge_to_json(const struct judge_comparison *c);

/* ---- words; effects are logarithms of ratios ---- */

/* A verdict in a sentence; buf of JUDGE_TEXT_MAX. */
void judge_sentence(char *buf, size_t size, const struct json_t *verdict);
#define JUDGE_TEXT_MAX 1024
/* Why nothing was judged: "3 repeats, at least 5 needed". */
void judge_unjudged(char *buf, size_t size, const struct json_t *verdict);

/* The percentage under key as a logarithm of a ratio; NAN if it is missing. */
double judge_logarithm(const struct json_t *object, const char *key);
/* Is any of these beyond a factor of two? Then ratios are easier to read than percentages. */
bool judge_in_ratios(double value, double low, double high);
/* "+0.4 %", or with ratio "x2.5" */
void judge_effect(char *buf, size_t size, double log_ratio, bool ratio);
/* "[-2.1, +1.2]", "[x2.1, x2.9]" */
void judge_interval(char *buf, size_t size, double low, double high, bool ratio);
/* The smallest detectable effect, in both directions: "-19 % / +24 %". */
void judge_detectable(char *buf, size_t size, double visible);

/*
 * Effect, interval and smallest detectable effect in columns of a grid's last row; nothing if not
 * judged.
 */
struct grid;
void judge_put_effect(struct grid *g, const struct json_t *item, size_t effect, size_t interval,
		      size_t detectable);

/*
 * The A/A pair of a workload in report.noise, or the noisier one of two programs; NULL: none.
 */
const struct json_t *judge_noise_pair(const struct json_t *report, const char *workload);
/*
 * The noise from an A/A pair: the end of its interval that is farther from 0, not its measured
 * difference. NAN with too few repeats for an interval.
 */
double judge_noise(const struct json_t *pair);
/* "2.3 %", "x2.6" */
void judge_noise_text(char *buf, size_t size, double noise);

#endif
