/* SPDX-License-Identifier: MIT */
/*
 * The answer to a question in a line or two, from its verdicts: the differences seen, the largest
 * first; otherwise the smallest detectable one, or why nothing was judged.
 */
#include "harness/show/report/report.h"

#include "harness/base/json_read.h"
#include "harness/judge/judge.h"
#include "harness/results/figures.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Effects in a readable line; the list of verdicts has all. */
#define SAID_MAX 5

struct line {
	char text[4096];
	size_t nr;		      /* its verdicts */
	const json_t *said[SAID_MAX]; /* the verdicts that it names */
};

__attribute__((format(printf, 2, 3))) static void append(struct line *l, const char *fmt, ...)
{
	size_t len = strlen(l->text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(l->text + len, sizeof(l->text) - len, fmt, args);
	va_end(args);
}

/* A doubling counts as much as a halving. */
static double strength(const json_t *verdict)
{
	double ratio = judge_logarithm(verdict, "effect_percent");

	return isnan(ratio) ? 0 : fabs(ratio);
}

/* by_strength: the largest effects come first, and displace the smallest. */
static void take(struct line *l, const json_t *verdict, bool by_strength)
{
	size_t at = l->nr < SAID_MAX ? l->nr : SAID_MAX;

	l->nr++;
	while (by_strength && at && strength(verdict) > strength(l->said[at - 1])) {
		if (at < SAID_MAX)
			l->said[at] = l->said[at - 1];
		at--;
	}
	if (at < SAID_MAX)
		l->said[at] = verdict;
}

static void choice(struct line *l, size_t i, const char *between)
{
	append(l, "%s%s instead of %s", i ? between : "", text_of(l->said[i], "choice"),
	       text_of(l->said[i], "base"));
}

/* " over 4 of 8 pairs" if some pairs are not in the effect. */
static void left_out(struct line *l, const json_t *verdict)
{
	double pairs = number_of(verdict, "pairs"), out = number_of(verdict, "pairs_left_out");

	if (out > 0 && pairs > 0)
		append(l, " over %.0f of %.0f pairs", pairs - out, pairs);
}

static void seen(struct line *l)
{
	const char *metric = "";

	for (size_t i = 0; i < l->nr && i < SAID_MAX; i++) {
		const json_t *v = l->said[i];
		const char *what = metric_words(text_of(v, "metric")).what;
		double effect = judge_logarithm(v, "effect_percent");
		char text[64];

		choice(l, i, "; ");
		append(l, ":");
		if (strcmp(metric, text_of(v, "metric"))) {
			metric = text_of(v, "metric");
			append(l, " %s", what ? what : metric);
		}
		judge_effect(text, sizeof(text), effect, judge_in_ratios(effect, 0, 0));
		if (isfinite(effect))
			append(l, " %s", text);
		left_out(l, v);
		append(l, ", %s", text_of(v, "word"));
	}
}

static void unseen(struct line *l)
{
	append(l, "no difference seen: ");
	for (size_t i = 0; i < l->nr && i < SAID_MAX; i++) {
		double visible = judge_logarithm(l->said[i], "visible_percent");
		char text[96];

		choice(l, i, ", ");
		left_out(l, l->said[i]);
		judge_detectable(text, sizeof(text), visible);
		if (isfinite(visible))
			append(l, i ? " (%s)" : " (smallest detectable: %s)", text);
	}
}

static void unjudged(struct line *l)
{
	append(l, "not judged: ");
	for (size_t i = 0; i < l->nr && i < SAID_MAX; i++) {
		char reason[96];

		choice(l, i, "; ");
		judge_unjudged(reason, sizeof(reason), l->said[i]);
		append(l, ", %s", reason);
	}
}

static void more(struct line *l)
{
	if (l->nr > SAID_MAX)
		append(l, "; and %zu more", l->nr - SAID_MAX);
}

void report_answer(const struct report_source *s, const char *workload,
		   void (*fn)(void *arg, const char *text, const char *outcome), void *arg)
{
	struct line is_seen = { .nr = 0 }, none = { .nr = 0 }, open = { .nr = 0 };
	unsigned int interactions = 0, verdicts = 0;
	char plural[64] = "";
	json_t *verdict;
	size_t i;

	json_array_foreach(json_object_get(s->report, "verdicts"), i, verdict) {
		const char *outcome = text_of(verdict, "outcome");

		if (strcmp(text_of(verdict, "workload"), workload))
			continue;
		verdicts++;
		if (!strcmp(text_of(verdict, "kind"), "interaction"))
			interactions += !strcmp(outcome, "different");
		else if (!strcmp(outcome, "unjudged"))
			take(&open, verdict, false);
		else if (!strcmp(outcome, "none"))
			take(&none, verdict, false);
		else
			take(&is_seen, verdict, true);
	}
	if (interactions)
		snprintf(plural, sizeof(plural), "; and %u interaction%s", interactions,
			 interactions == 1 ? "" : "s");
	if (is_seen.nr) {
		seen(&is_seen);
		more(&is_seen);
		append(&is_seen, "%s", plural);
		fn(arg, is_seen.text, "seen");
	}
	if (none.nr) {
		unseen(&none);
		more(&none);
		append(&none, "%s", is_seen.nr ? "" : plural);
		fn(arg, none.text, "none");
	}
	if (open.nr) {
		unjudged(&open);
		more(&open);
		fn(arg, open.text, "unjudged");
	}
	if (!verdicts)
		fn(arg, report_no_verdict(s, workload), "unjudged");
}
