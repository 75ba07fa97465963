/* SPDX-License-Identifier: MIT */
/* The parts that all forms of a report share. */
#include "harness/show/report/report.h"

#include "harness/base/escape.h"
#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/judge/judge.h"
#include "harness/numbers/stats.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

const char *report_fact(const struct report_source *s, const char *group, const char *key)
{
	return text_of(within(s->report, "environment", group), key);
}

/* ---- machines: several after ctbench merge ---- */

static bool one_machine(const json_t *a, const json_t *b)
{
	double x = number_of(a, "machine"), y = number_of(b, "machine");

	if (isfinite(x) && isfinite(y))
		return x == y;
	return !strcmp(text_of(a, "cpu"), text_of(b, "cpu")) &&
	       !strcmp(text_of(a, "kernel"), text_of(b, "kernel"));
}

static bool is_first_of_machine(const json_t *parts, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (one_machine(json_array_get(parts, i), json_array_get(parts, at)))
			return false;
	return true;
}

/* The first part measured on a machine; NULL if there is no such machine. */
static const json_t *first_part(const struct report_source *s, size_t machine)
{
	const json_t *parts = json_object_get(s->report, "merged");

	for (size_t i = 0; i < json_array_size(parts); i++)
		if (is_first_of_machine(parts, i) && !machine--)
			return json_array_get(parts, i);
	return NULL;
}

size_t report_machines(const struct report_source *s)
{
	size_t nr = 1;

	while (first_part(s, nr))
		nr++;
	return nr;
}

size_t report_machine_of(const struct report_source *s, const char *workload)
{
	const json_t *parts = json_object_get(s->report, "merged"), *part;
	size_t i, machine = 0;

	json_array_foreach(parts, i, part) {
		if (!list_has(json_object_get(part, "workloads"), workload))
			continue;
		while (first_part(s, machine) && !one_machine(first_part(s, machine), part))
			machine++;
		return machine;
	}
	return 0;
}

void report_machine(char *buf, size_t size, const struct report_source *s, size_t machine)
{
	const json_t *facts = json_object_get(s->report, "environment");
	const json_t *part = report_machines(s) > 1 ? first_part(s, machine) : NULL;
	const char *hypervisor = part ? text_of(part, "hypervisor")
				      : text_of(json_object_get(facts, "virtual"), "hypervisor");
	json_int_t n = json_integer_value(
		json_object_get(part ? part : json_object_get(facts, "topology"), "cpus"));
	int at = snprintf(buf, size, "%s",
			  part ? text_of(part, "cpu") : report_fact(s, "machine", "cpu"));

	/* Older merged runs do not have this number. */
	if (at < (int)size && (n || !part))
		at += snprintf(buf + at, size - (size_t)at, ", %" JSON_INTEGER_FORMAT " CPU%s", n,
			       n == 1 ? "" : "s");
	if (at < (int)size)
		at += snprintf(buf + at, size - (size_t)at, ", Linux %s%s%s",
			       part ? text_of(part, "kernel") : report_fact(s, "kernel", "release"),
			       *hypervisor ? ", a guest of " : "", hypervisor);
	if (part && at < (int)size)
		snprintf(buf + at, size - (size_t)at, " (run %s)", text_of(part, "name"));
}

void report_all_machines(char *buf, size_t size, const struct report_source *s)
{
	size_t nr = report_machines(s), at = 0;

	for (size_t i = 0; i < nr && at < size; i++) {
		report_machine(buf + at, size - at, s, i);
		at += strlen(buf + at);
		if (i + 1 < nr && at < size)
			at += (size_t)snprintf(buf + at, size - at, "; ");
	}
}

void report_noise(char *buf, size_t size, const struct report_source *s, const char *workload)
{
	const json_t *pair = judge_noise_pair(s->report, workload);
	double value = judge_logarithm(pair, "effect_percent");
	double low = judge_logarithm(pair, "ci_low_percent");
	double high = judge_logarithm(pair, "ci_high_percent");
	bool ratio = judge_in_ratios(value, low, high);
	char effect[64], interval[96], noise[32], detectable[96];

	buf[0] = '\0';
	if (!pair)
		return;
	judge_effect(effect, sizeof(effect), value, ratio);
	if (!isfinite(judge_noise(pair))) {
		snprintf(
			buf, size,
			"Noise: not known, fewer than %d repeats. One cell measured twice differed "
			"by %s.",
			STATS_LEAST, effect);
		return;
	}
	judge_interval(interval, sizeof(interval), low, high, ratio);
	judge_noise_text(noise, sizeof(noise), judge_noise(pair));
	judge_detectable(detectable, sizeof(detectable), judge_logarithm(pair, "visible_percent"));
	snprintf(buf, size,
		 "Noise: up to %s. One cell measured twice differed by %s %s. Smallest detectable "
		 "difference between two of these cells: %s.",
		 noise, effect, interval, detectable);
}

void report_command(char *buf, size_t size, const struct report_source *s)
{
	char *text;
	size_t len;
	FILE *out = memory_stream(&text, &len);
	json_t *argument;
	size_t i;

	fputs("ctbench ", out);
	escape_shell(out, *text_of(s->report, "command") ? text_of(s->report, "command") : "run");
	json_array_foreach(json_object_get(s->report, "arguments"), i, argument) {
		fputc(' ', out);
		escape_shell(out, json_is_string(argument) ? json_string_value(argument) : "");
	}
	memory_stream_close(out, &text);
	snprintf(buf, size, "%s", text);
	free(text);
}

const char *report_no_verdict(const struct report_source *s, const char *workload)
{
	json_t *cells = json_object_get(s->report, "cells"), *cell;
	unsigned int measured = 0;
	const char *name;

	json_object_foreach(cells, name, cell)
		measured +=
			!strcmp(text_of(cell, "workload"), workload) && number_of(cell, "n") > 0;
	return measured ? "Nothing to compare: no two of its cells differ in one choice only."
			: "Nothing to compare: no cell has a result.";
}

void report_each_verdict(const struct report_source *s, const char *workload,
			 void (*fn)(void *arg, const char *text, const char *outcome), void *arg)
{
	unsigned int interactions = 0, seen = 0, all = 0;
	json_t *verdict;
	char text[JUDGE_TEXT_MAX];
	size_t i;

	json_array_foreach(json_object_get(s->report, "verdicts"), i, verdict) {
		bool interaction = !strcmp(text_of(verdict, "kind"), "interaction");
		const char *outcome = text_of(verdict, "outcome");

		if (strcmp(text_of(verdict, "workload"), workload))
			continue;
		all++;
		/* Interactions that were not seen share one sentence. */
		interactions += interaction;
		if (interaction && (!strcmp(outcome, "none") || !strcmp(outcome, "unjudged")))
			continue;
		seen += interaction;
		judge_sentence(text, sizeof(text), verdict);
		fn(arg, text, outcome);
	}
	if (!all)
		fn(arg, report_no_verdict(s, workload), "unjudged");
	if (interactions == seen)
		return;
	snprintf(text, sizeof(text),
		 "%u possible interactions (an effect that depends on another choice): %s.",
		 interactions, seen ? "no other seen" : "none seen");
	fn(arg, text, "none");
}
