/* SPDX-License-Identifier: MIT */
/*
 * Verdicts: what a run says about its questions, in words and in numbers.
 *
 *	axes.c		which axes a run's cells have, and which differ in one alone
 *	pairs.c		which cells are compared: all that differ in one choice
 *	judge.c		effects, the noise, Holm's correction over the whole run
 *	text.c		sentences
 *	compare.c	one run against another; facts.c: what differs in their machines
 *
 * An effect is the ratio of two cells, averaged (as a logarithm) over all pairs of
 * cells that differ in that choice alone: the factorial of everything else.  Where
 * repeats ran in shuffled blocks, repeat i of one cell is divided by repeat i of the
 * other, which was measured within the same block: the machine's drift cancels.  An
 * interaction is the ratio of two such effects, at two levels of something else.
 *
 * A difference is seen if Holm's p over all comparisons of the run is at most STATS_ALPHA, and
 * its interval leaves out 0, and it is larger than the noise: the far end of the interval of the
 * workload's A/A pair (one cell measured twice).  The smallest detectable effect is
 * stats_visible(), or the noise if that is more.
 *
 * Works on the report of a run (run_report.c), so it can be done again from the file.
 */
#ifndef CTBENCH_HARNESS_JUDGE_JUDGE_H
#define CTBENCH_HARNESS_JUDGE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/numbers/stats.h"

struct json_t;

/* Put "statistics", "noise" and "verdicts" into a report that has its cells. 0 or -ENOMEM. */
int judge_run(struct json_t *report);

/* The noise of each workload, before the tables; and the verdicts, after them. */
void judge_print_noise(FILE *out, const struct json_t *report);
void judge_print_verdicts(FILE *out, const struct json_t *report);

/* ---- inside ---- */

enum judge_kind { JUDGE_AXIS, JUDGE_PARAMETER, JUDGE_VARIANT, JUDGE_INTERACTION };

/* A choice beside another: "bucket", "mask", "reciprocal_scale". */
struct judge_choice {
	char factor[64], choice[128], base[128];
};

struct judge_pair {
	const char *base, *other; /* names of cells: keys of the report */
	int level;		  /* interactions: 1 at by.choice, -1 at by.base; else 1 */
};

struct judge_comparison {
	const char *workload, *metric;
	enum judge_kind kind;
	struct judge_choice what, by; /* by: interactions only */
	struct judge_pair *pairs;
	size_t nr_pairs;

	/* what judge.c finds */
	bool judged;	 /* else there were too few repeats, or values that have no ratio */
	size_t n;	 /* the least number of values on a side */
	size_t left_out; /* pairs that had too few, of which the effect says nothing */
	struct stats_contrast effect; /* a logarithm */
	double p_holm;
	double noise;	/* of the A/A pair, see judge_noise(); NAN: not known */
	double visible; /* as a logarithm */
	bool seen;
};

struct judge_list {
	struct judge_comparison *list;
	size_t nr, room;
	bool failed; /* no memory */
};

/* Append all comparisons of a workload by one metric. */
void judge_find(struct judge_list *l, const struct json_t *report, const struct json_t *workload,
		const char *metric);
void judge_free(struct judge_list *l);

/*
 * Fill in judged, n and effect of a comparison whose cells are in a (bases) and b (others),
 * objects of cells by name.  paired: repeats of one number belong together.
 */
int judge_evaluate(struct judge_comparison *c, const struct json_t *a, const struct json_t *b,
		   bool paired);
/*
 * The effect between two cells in one repeat, as a logarithm of the metric's ratio, where they were
 * measured side by side: the trimmed mean of the ratios within rounds.  Rounds of one repeat share
 * its luck (addresses, hash key), so they are one value; intervals and tests stand on repeats.
 * False where they were not, or the metric is no speed.
 */
bool judge_within_rounds(const struct json_t *base, const struct json_t *other, const char *metric,
			 size_t repeat, double *effect);
/* The session of a cell's first repeat in slices: the same for cells of one group; 0: none. */
long long judge_first_session(const struct json_t *cell);
/* p_holm, visible and seen of all that were judged; returns their number, or -ENOMEM. */
long judge_correct(struct judge_comparison *list, size_t nr);

/* "better", "worse", "different", "none", "unjudged" */
const char *judge_outcome(const struct judge_comparison *c);
/* "faster", "smaller", "more"; "" where nothing is seen */
const char *judge_word(const struct judge_comparison *c);
/* The comparison with its figures as an object, a verdict of the report; new reference. */
struct json_t *judge_to_json(const struct judge_comparison *c);

/* ---- words, from the report; effects are logarithms of ratios ---- */

/* A verdict in a sentence; buf of JUDGE_TEXT_MAX. */
void judge_sentence(char *buf, size_t size, const struct json_t *verdict);
#define JUDGE_TEXT_MAX 1024
/* Why a verdict is none: "3 repeats, at least 5 needed". */
void judge_unjudged(char *buf, size_t size, const struct json_t *verdict);

/* The logarithm of a ratio that stands as a percentage under key; NAN if it does not. */
double judge_logarithm(const struct json_t *object, const char *key);
/* Is any of these more than a factor of two?  Then ratios say more than percentages. */
bool judge_in_ratios(double value, double low, double high);
/* "+0.4 %", or with ratio "x2.5" */
void judge_effect(char *buf, size_t size, double log_ratio, bool ratio);
/* "[-2.1, +1.2]", "[x2.1, x2.9]" */
void judge_interval(char *buf, size_t size, double low, double high, bool ratio);
/* The smallest effect that would have been seen, in both directions: "-19 % / +24 %". */
void judge_detectable(char *buf, size_t size, double visible);

/* The pair of report.noise that a workload has; NULL: none. */
const struct json_t *judge_noise_pair(const struct json_t *report, const char *workload);
/*
 * The noise that a pair shows: the end of its interval that is farther from 0, not what one pair
 * happened to differ by.  NAN where there were too few repeats for an interval.
 */
double judge_noise(const struct json_t *pair);
/* "2.3 %", "x2.6" */
void judge_noise_text(char *buf, size_t size, double noise);

#endif
