/* SPDX-License-Identifier: MIT */
/* Verdicts in words and as JSON; see judge.h. */
#include "harness/judge/judge.h"

#include "harness/base/json_read.h"
#include "harness/results/figures.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double percent(double log_ratio)
{
	return 100 * expm1(log_ratio);
}

void judge_percent(char *buf, size_t size, double log_ratio)
{
	double value = percent(log_ratio), absolute = fabs(value);
	/* More digits than one would say less, not more. */
	const char *sign = absolute < 0.05 ? "" : value < 0 ? "-" : "+";

	snprintf(buf, size, "%s%.*f", sign, absolute < 9.95 ? 1 : 0, absolute);
}

void judge_size(char *buf, size_t size, double log_ratio)
{
	double value = fabs(percent(log_ratio));

	/* Rounded up: what would have been seen must not be promised too small. */
	if (value < 9.95)
		snprintf(buf, size, "%.1f", fmax(ceil(value * 10 - 1e-9), 0) / 10);
	else
		snprintf(buf, size, "%.0f", ceil(value - 1e-9));
}

const char *judge_outcome(const struct judge_comparison *c)
{
	int better = metric_words(c->metric).better;

	if (!c->judged)
		return "unjudged";
	if (!c->seen)
		return "none";
	/* That an effect differs between two places is neither good nor bad. */
	if (!better || c->kind == JUDGE_INTERACTION)
		return "different";
	return (c->effect.value > 0) == (better > 0) ? "better" : "worse";
}

const char *judge_word(const struct judge_comparison *c)
{
	struct metric_words words = metric_words(c->metric);

	if (!c->judged || !c->seen)
		return "";
	if (c->kind == JUDGE_INTERACTION)
		return "different";
	return c->effect.value > 0 ? words.more : words.less;
}

static void finding(char *buf, size_t size, const struct judge_comparison *c)
{
	char p[64];

	if (c->seen) {
		if (c->p_holm < 0.0001)
			snprintf(p, sizeof(p), "< 0.0001");
		else
			snprintf(p, sizeof(p), "= %.2g", c->p_holm);
		snprintf(buf, size, "%s (p %s)",
			 c->kind == JUDGE_INTERACTION ? "an interaction" : judge_word(c), p);
	} else if (fabs(c->effect.value) <= c->noise && c->p_holm <= STATS_ALPHA) {
		snprintf(buf, size, "within the noise, no difference seen");
	} else {
		snprintf(buf, size, "no %s seen",
			 c->kind == JUDGE_INTERACTION ? "interaction" : "difference");
	}
}

void judge_sentence(char *buf, size_t size, const struct judge_comparison *c)
{
	struct metric_words words = metric_words(c->metric);
	char value[32], low[32], high[32], visible[32], found[128], by[512] = "", over[128] = "";

	if (c->kind == JUDGE_INTERACTION)
		snprintf(by, sizeof(by), ", at %s %s beside %s", c->by.factor, c->by.choice,
			 c->by.base);
	if (!c->judged) {
		snprintf(buf, size, "%s instead of %s%s: not judged, %zu %s too few (%d at least)",
			 c->what.choice, c->what.base, by, c->n,
			 c->n == 1 ? "repeat is" : "repeats are", STATS_LEAST);
		return;
	}
	judge_percent(value, sizeof(value), c->effect.value);
	judge_percent(low, sizeof(low), c->effect.low);
	judge_percent(high, sizeof(high), c->effect.high);
	judge_size(visible, sizeof(visible), c->visible);
	finding(found, sizeof(found), c);
	/* A mean over some of the places says nothing of the others. */
	if (c->left_out)
		snprintf(over, sizeof(over), " over %zu of %zu pairs (%s too few good repeats)",
			 c->nr_pairs - c->left_out, c->nr_pairs,
			 c->left_out == 1 ? "the other has" : "the others have");
	snprintf(buf, size,
		 "%s instead of %s%s: %s %s %% [%s, %s]%s, %s; this run would have seen %s %%%s",
		 c->what.choice, c->what.base, by, words.what ? words.what : c->metric, value, low,
		 high, over, found, visible,
		 /* Half of the rule: that it is larger than what one cell twice differs by, is not
		    known. */
		 isfinite(c->noise) ? "" : "; without a control");
}

static json_t *choice_to_json(const struct judge_choice *choice)
{
	return json_pack("{s:s, s:s, s:s}", "factor", choice->factor, "choice", choice->choice,
			 "base", choice->base);
}

json_t *judge_to_json(const struct judge_comparison *c)
{
	static const char *const kinds[] = { "axis", "parameter", "variant", "interaction" };
	char text[JUDGE_TEXT_MAX];
	json_t *json;

	judge_sentence(text, sizeof(text), c);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:s}", "workload",
			 c->workload, "metric", c->metric, "kind", kinds[c->kind], "factor",
			 c->what.factor, "choice", c->what.choice, "base", c->what.base, "pairs",
			 (int)c->nr_pairs, "n", (int)c->n, "outcome", judge_outcome(c), "word",
			 judge_word(c), "text", text);
	if (json && c->kind == JUDGE_INTERACTION)
		json_object_set_new(json, "by", choice_to_json(&c->by));
	if (!json || !c->judged)
		return json;
	if (c->left_out)
		json_object_set_new(json, "pairs_left_out", json_integer((json_int_t)c->left_out));
	json_object_set_new(json, "effect_percent", json_real(percent(c->effect.value)));
	json_object_set_new(json, "ci_low_percent", json_real(percent(c->effect.low)));
	json_object_set_new(json, "ci_high_percent", json_real(percent(c->effect.high)));
	json_object_set_new(json, "p", json_real(c->effect.p));
	json_object_set_new(json, "p_holm", json_real(c->p_holm));
	json_object_set_new(json, "visible_percent", json_real(percent(c->visible)));
	if (isfinite(c->noise))
		json_object_set_new(json, "noise_percent", json_real(percent(c->noise)));
	return json;
}

/* ---- printing, from the report ---- */

void judge_print_noise(FILE *out, const json_t *report)
{
	const json_t *noise = json_object_get(report, "noise"), *pair;
	json_t *pairs = json_object_get(noise, "pairs");
	char most[32];
	size_t i;

	if (!json_array_size(pairs))
		return;
	judge_size(most, sizeof(most), log1p(number_of(noise, "percent") / 100));
	fprintf(out, "noise of this run: %s %% (%s two measurements of the same cell)\n", most,
		json_array_size(pairs) == 1 ? "between" : "at most, between");
	for (i = 0; i < json_array_size(pairs); i++) {
		char value[32], low[32], high[32], visible[32];

		pair = json_array_get(pairs, i);
		if (!isfinite(number_of(pair, "visible_percent")))
			continue;
		judge_percent(value, sizeof(value), log1p(number_of(pair, "effect_percent") / 100));
		judge_percent(low, sizeof(low), log1p(number_of(pair, "ci_low_percent") / 100));
		judge_percent(high, sizeof(high), log1p(number_of(pair, "ci_high_percent") / 100));
		judge_size(visible, sizeof(visible),
			   log1p(number_of(pair, "visible_percent") / 100));
		fprintf(out,
			"  %-12s %s %% [%s, %s]; between two of its cells this run would have seen "
			"%s %%\n",
			text_of(pair, "workload"), value, low, high, visible);
	}
}

static bool is_kind(const json_t *verdict, const char *kind)
{
	return !strcmp(text_of(verdict, "kind"), kind);
}

static bool is_outcome(const json_t *verdict, const char *outcome)
{
	return !strcmp(text_of(verdict, "outcome"), outcome);
}

/* Interactions that nobody sees are many: one line for all of them. */
static void print_workload(FILE *out, const json_t *verdicts, const char *workload)
{
	unsigned int unseen = 0, unjudged = 0;
	double least = INFINITY, most = 0;
	bool titled = false;
	json_t *verdict;
	size_t i;

	json_array_foreach((json_t *)verdicts, i, verdict)
	{
		if (strcmp(text_of(verdict, "workload"), workload))
			continue;
		if (is_outcome(verdict, "unjudged")) {
			unjudged++;
			continue;
		}
		if (is_kind(verdict, "interaction") && is_outcome(verdict, "none")) {
			unseen++;
			least = fmin(least, number_of(verdict, "visible_percent"));
			most = fmax(most, number_of(verdict, "visible_percent"));
			continue;
		}
		if (!titled)
			fprintf(out, "\n%s:\n", workload);
		titled = true;
		fprintf(out, "  %s\n", text_of(verdict, "text"));
	}
	if (unseen && titled) {
		char from[32], to[32];

		judge_size(from, sizeof(from), log1p(least / 100));
		judge_size(to, sizeof(to), log1p(most / 100));
		fprintf(out,
			"  of %u possible interactions none is seen; this run would have seen %s "
			"%%",
			unseen, from);
		if (strcmp(from, to))
			fprintf(out, " to %s %%", to);
		fputc('\n', out);
	}
	if (unjudged && !titled)
		fprintf(out, "\n%s:\n  not judged: %d repeats at least\n", workload, STATS_LEAST);
}

void judge_print_verdicts(FILE *out, const json_t *report)
{
	const json_t *verdicts = json_object_get(report, "verdicts");
	json_int_t comparisons = json_integer_value(
		json_object_get(json_object_get(report, "statistics"), "comparisons"));
	json_t *workload;
	size_t i;

	if (!json_array_size(verdicts))
		return;
	fprintf(out, "\nVerdicts, with 95 %% intervals");
	if (comparisons)
		fprintf(out,
			"; p by Holm over the %" JSON_INTEGER_FORMAT " comparisons of this run",
			comparisons);
	fputs(":\n", out);
	json_array_foreach(json_object_get(report, "workloads"), i, workload)
		print_workload(out, verdicts, text_of(workload, "name"));
}
