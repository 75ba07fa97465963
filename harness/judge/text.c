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

/* ---- numbers: logarithms of ratios as text ---- */

bool judge_in_ratios(double value, double low, double high)
{
	const double most = log(2);

	return fabs(value) > most || fabs(low) > most || fabs(high) > most;
}

/* "x2.9", "x0.34", "x290": without an exponent. */
static void put_ratio(char *buf, size_t size, double logarithm)
{
	snprintf(buf, size, exp(logarithm) < 100 ? "x%.2g" : "x%.0f", exp(logarithm));
}

/* "+0.4", "-12", or with ratio "x2.5" */
static void change(char *buf, size_t size, double log_ratio, bool ratio)
{
	double value = percent(log_ratio), absolute = fabs(value);
	/* 0.0 has no sign. */
	const char *sign = absolute < 0.05 ? "" : value < 0 ? "-" : "+";

	if (ratio)
		put_ratio(buf, size, log_ratio);
	else
		snprintf(buf, size, "%s%.*f", sign, absolute < 9.95 ? 1 : 0, absolute);
}

void judge_effect(char *buf, size_t size, double log_ratio, bool ratio)
{
	char text[32];

	change(text, sizeof(text), log_ratio, ratio);
	snprintf(buf, size, "%s%s", text, ratio ? "" : " %");
}

void judge_interval(char *buf, size_t size, double low, double high, bool ratio)
{
	char from[32], to[32];

	change(from, sizeof(from), low, ratio);
	change(to, sizeof(to), high, ratio);
	snprintf(buf, size, "[%s, %s]", from, to);
}

/* A size in percent, rounded up, so that the text never promises more sensitivity than there is. */
static void size_up(char *buf, size_t size, double value)
{
	if (value < 9.95)
		snprintf(buf, size, "%.1f %%", fmax(ceil(value * 10 - 1e-9), 0) / 10);
	else
		snprintf(buf, size, "%.0f %%", ceil(value - 1e-9));
}

void judge_noise_text(char *buf, size_t size, double noise)
{
	if (noise > log(2))
		put_ratio(buf, size, noise);
	else
		size_up(buf, size, percent(noise));
}

void judge_detectable(char *buf, size_t size, double visible)
{
	char down[32], up[32];

	if (visible > log(2)) {
		put_ratio(down, sizeof(down), -visible);
		put_ratio(up, sizeof(up), visible);
		snprintf(buf, size, "%s / %s", down, up);
		return;
	}
	size_up(down, sizeof(down), -percent(-visible));
	size_up(up, sizeof(up), percent(visible));
	snprintf(buf, size, "-%s / +%s", down, up);
}

double judge_logarithm(const json_t *object, const char *key)
{
	return log1p(number_of(object, key) / 100);
}

double judge_noise(const json_t *pair)
{
	double far = fmax(fabs(judge_logarithm(pair, "ci_low_percent")),
			  fabs(judge_logarithm(pair, "ci_high_percent")));

	return isfinite(far) ? fmax(far, judge_resolution(text_of(pair, "metric"))) : far;
}

const json_t *judge_noise_pair(const json_t *report, const char *workload)
{
	json_t *pairs = within(report, "noise", "pairs"), *pair;
	const json_t *noisier = NULL;
	size_t i;

	json_array_foreach(pairs, i, pair) {
		if (strcmp(text_of(pair, "workload"), workload))
			continue;
		if (!noisier || judge_noise(pair) > judge_noise(noisier))
			noisier = pair;
	}
	return noisier;
}

const char *judge_outcome(const struct judge_comparison *c)
{
	int better = metric_words(c->metric).better;

	if (!c->judged)
		return "unjudged";
	if (!c->seen)
		return "none";
	/* An interaction is neither good nor bad. */
	if (!better || c->kind == JUDGE_INTERACTION)
		return "different";
	return (c->effect.value > 0) == (better > 0) ? "better" : "worse";
}

/* "faster", "smaller", "more"; "" where nothing is seen */
static const char *judge_word(const struct judge_comparison *c)
{
	struct metric_words words = metric_words(c->metric);

	if (!c->judged || !c->seen)
		return "";
	if (c->kind == JUDGE_INTERACTION)
		return "different";
	return c->effect.value > 0 ? words.more : words.less;
}

/* ---- sentences ---- */

static bool is_kind(const json_t *verdict, const char *kind)
{
	return !strcmp(text_of(verdict, "kind"), kind);
}

static bool is_outcome(const json_t *verdict, const char *outcome)
{
	return !strcmp(text_of(verdict, "outcome"), outcome);
}

static void finding(char *buf, size_t size, const json_t *verdict)
{
	bool interaction = is_kind(verdict, "interaction");
	double p = number_of(verdict, "p_holm");

	if (is_outcome(verdict, "none")) {
		bool in_noise = fabs(judge_logarithm(verdict, "effect_percent")) <=
				judge_logarithm(verdict, "noise_percent");

		snprintf(buf, size, "%sno %s seen",
			 in_noise && p <= STATS_ALPHA ? "not larger than the noise, " : "",
			 interaction ? "interaction" : "difference");
		return;
	}
	snprintf(buf, size, p < 0.0001 ? "%s (p < 0.0001)" : "%s (p = %.2g)",
		 interaction ? "an interaction" : text_of(verdict, "word"), p);
}

void judge_unjudged(char *buf, size_t size, const json_t *verdict)
{
	double n = number_of(verdict, "n");

	snprintf(buf, size, "%.0f repeat%s, at least %d needed", n, n == 1 ? "" : "s", STATS_LEAST);
}

void judge_sentence(char *buf, size_t size, const json_t *verdict)
{
	const char *metric = text_of(verdict, "metric"), *what = metric_words(metric).what;
	const json_t *by = json_object_get(verdict, "by");
	double value = judge_logarithm(verdict, "effect_percent");
	double low = judge_logarithm(verdict, "ci_low_percent");
	double high = judge_logarithm(verdict, "ci_high_percent");
	double pairs = number_of(verdict, "pairs"), out = number_of(verdict, "pairs_left_out");
	bool ratio = judge_in_ratios(value, low, high);
	char effect[64], interval[96], detectable[96], found[128], over[128] = "", states[448];
	size_t at;

	at = (size_t)snprintf(buf, size, "%s instead of %s", text_of(verdict, "choice"),
			      text_of(verdict, "base"));
	if (by && at < size)
		at += (size_t)snprintf(buf + at, size - at, ", at %s %s vs %s",
				       text_of(by, "factor"), text_of(by, "choice"),
				       text_of(by, "base"));
	if (at >= size)
		return;
	if (is_outcome(verdict, "unjudged")) {
		judge_unjudged(found, sizeof(found), verdict);
		snprintf(buf + at, size - at, ": not judged: %s", found);
		return;
	}
	judge_effect(effect, sizeof(effect), value, ratio);
	judge_interval(interval, sizeof(interval), low, high, ratio);
	judge_detectable(detectable, sizeof(detectable),
			 judge_logarithm(verdict, "visible_percent"));
	finding(found, sizeof(found), verdict);
	/* Name the number of pairs: the effect holds for these only. */
	if (out > 0)
		snprintf(over, sizeof(over),
			 " over %.0f of %.0f pairs (%.0f had too few good repeats)", pairs - out,
			 pairs, out);
	judge_states_text(states, sizeof(states), verdict);
	snprintf(buf + at, size - at, ": %s %s %s%s, %s; smallest detectable: %s%s%s",
		 what ? what : metric, effect, interval, over, found, detectable, states,
		 /* Without a control the noise is unknown. */
		 isfinite(number_of(verdict, "noise_percent")) ? "" : "; without a control");
}

static json_t *choice_to_json(const struct judge_choice *choice)
{
	return json_pack("{s:s, s:s, s:s}", "factor", choice->factor, "choice", choice->choice,
			 "base", choice->base);
}

void judge_put_figures(json_t *json, const struct stats_contrast *effect)
{
	json_object_set_new(json, "effect_percent", json_real(percent(effect->value)));
	json_object_set_new(json, "ci_low_percent", json_real(percent(effect->low)));
	json_object_set_new(json, "ci_high_percent", json_real(percent(effect->high)));
}

static void put_figures(json_t *json, const struct judge_comparison *c)
{
	if (c->left_out)
		json_object_set_new(json, "pairs_left_out", json_integer((json_int_t)c->left_out));
	judge_put_figures(json, &c->effect);
	json_object_set_new(json, "p", json_real(c->effect.p));
	json_object_set_new(json, "p_holm", json_real(c->p_holm));
	json_object_set_new(json, "visible_percent", json_real(percent(c->visible)));
	if (isfinite(c->noise))
		json_object_set_new(json, "noise_percent", json_real(percent(c->noise)));
}

json_t *judge_to_json(const struct judge_comparison *c)
{
	static const char *const kinds[] = { "axis", "parameter", "variant", "interaction" };
	char text[JUDGE_TEXT_MAX];
	json_t *json;

	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s}", "workload",
			 c->workload, "metric", c->metric, "kind", kinds[c->kind], "factor",
			 c->what.factor, "choice", c->what.choice, "base", c->what.base, "pairs",
			 (int)c->nr_pairs, "n", (int)c->n, "outcome", judge_outcome(c), "word",
			 judge_word(c));
	if (json && c->kind == JUDGE_INTERACTION)
		json_object_set_new(json, "by", choice_to_json(&c->by));
	if (!json)
		return NULL;
	if (c->judged) {
		put_figures(json, c);
		json_object_set_new(json, "cpus", judge_states_json(c));
	}
	judge_sentence(text, sizeof(text), json);
	json_object_set_new(json, "text", json_string(text));
	return json;
}

/* ---- printing ---- */

void judge_print_noise(FILE *out, const json_t *report)
{
	json_t *pairs = within(report, "noise", "pairs"), *pair;
	double most = 0;
	char noise[32];
	size_t i;

	json_array_foreach(pairs, i, pair)
		most = fmax(most, judge_noise(pair));
	if (!json_array_size(pairs))
		return;
	judge_noise_text(noise, sizeof(noise), most);
	if (most > 0)
		fprintf(out, "noise: up to %s (one cell measured twice)\n", noise);
	else
		fprintf(out, "noise: unknown; at least %d repeats are needed\n", STATS_LEAST);
	json_array_foreach(pairs, i, pair) {
		double value = judge_logarithm(pair, "effect_percent");
		double low = judge_logarithm(pair, "ci_low_percent");
		double high = judge_logarithm(pair, "ci_high_percent");
		bool ratio = judge_in_ratios(value, low, high);
		const char *program = text_of(pair, "program");
		char effect[64], interval[96], detectable[96];

		if (!isfinite(number_of(pair, "visible_percent")))
			continue;
		judge_effect(effect, sizeof(effect), value, ratio);
		judge_interval(interval, sizeof(interval), low, high, ratio);
		judge_detectable(detectable, sizeof(detectable),
				 judge_logarithm(pair, "visible_percent"));
		fprintf(out, "  %-12s %s%s%s %s; smallest detectable difference of two cells: %s\n",
			text_of(pair, "workload"), program, *program ? " " : "", effect, interval,
			detectable);
	}
}

/* All interactions that were not seen share one line. */
static void print_workload(FILE *out, const json_t *verdicts, const char *workload)
{
	unsigned int unseen = 0, unjudged = 0;
	char text[JUDGE_TEXT_MAX];
	bool titled = false;
	double most = 0;
	json_t *verdict;
	size_t i;

	json_array_foreach((json_t *)verdicts, i, verdict) {
		if (strcmp(text_of(verdict, "workload"), workload))
			continue;
		if (is_outcome(verdict, "unjudged")) {
			unjudged++;
			continue;
		}
		if (is_kind(verdict, "interaction") && is_outcome(verdict, "none")) {
			unseen++;
			most = fmax(most, judge_logarithm(verdict, "visible_percent"));
			continue;
		}
		if (!titled)
			fprintf(out, "\n%s:\n", workload);
		titled = true;
		judge_sentence(text, sizeof(text), verdict);
		fprintf(out, "  %s\n", text);
	}
	if (unseen && titled) {
		judge_detectable(text, sizeof(text), most);
		fprintf(out, "  %u interactions: none seen; smallest detectable: %s\n", unseen,
			text);
	}
	if (unjudged && !titled)
		fprintf(out, "\n%s:\n  not judged: at least %d repeats needed\n", workload,
			STATS_LEAST);
}

void judge_print_verdicts(FILE *out, const json_t *report)
{
	const json_t *verdicts = json_object_get(report, "verdicts");
	json_int_t comparisons = json_integer_value(within(report, "statistics", "comparisons"));
	json_t *workload;
	size_t i;

	if (!json_array_size(verdicts))
		return;
	fprintf(out, "\nVerdicts, with 95 %% intervals");
	if (comparisons)
		fprintf(out,
			"; p corrected by Holm's method for %" JSON_INTEGER_FORMAT " comparison%s",
			comparisons, comparisons == 1 ? "" : "s");
	fputs(":\n", out);
	json_array_foreach(json_object_get(report, "workloads"), i, workload)
		print_workload(out, verdicts, text_of(workload, "name"));
}
