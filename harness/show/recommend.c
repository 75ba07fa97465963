/* SPDX-License-Identifier: MIT */
#include "harness/show/recommend.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/base/text.h"
#include "harness/results/figures.h"
#include "harness/show/matrix.h"
#include "harness/show/table/table.h"

#define OPEN_MAX 4 /* variants named as not proven */

/* ---- the load of a question ---- */

/* A load, in the order in which a run is searched. */
enum { THREADS, CONNECTIONS, CHURN, NR_LOADS };

static const json_t *question_at(const json_t *matrix, size_t i)
{
	return json_array_get(json_object_get(matrix, "questions"), i);
}

static const json_t *parameters_of(const json_t *report, const json_t *question)
{
	return within(json_object_get(report, "cells"), text_of(question, "cell"), "parameters");
}

/* The share of a mix ("lookup=90,insert=5,delete=5") that changes the table; NAN without a sum. */
static double churn_of(const char *mix)
{
	double all = 0, changes = 0;

	for (const char *p = mix; (p = strchr(p, '=')); p++) {
		double share = strtod(p + 1, NULL);

		all += share;
		if ((p - mix >= 6 && !strncmp(p - 6, "insert", 6)) ||
		    (p - mix >= 6 && !strncmp(p - 6, "delete", 6)))
			changes += share;
	}
	return all > 0 ? changes / all : NAN;
}

static bool is(const json_t *parameters, const char *key, const char *value)
{
	const char *text = text_of(parameters, key);

	return !*text || !strcmp(text, value);
}

/* A steady load on a table: no latencies, resizes, captures, events or arrivals. */
static bool is_steady(const json_t *question, const json_t *parameters)
{
	return parameters && !strcmp(text_of(question, "metric"), "mops") &&
	       number_of(question, "value") > 0 && is(parameters, "level", "ops") &&
	       is(parameters, "resize", "none") && is(parameters, "capture", "none") &&
	       is(parameters, "events", "none") && is(parameters, "rate", "none") &&
	       is(parameters, "kind", "steady");
}

static double load_of(const json_t *parameters, int load)
{
	switch (load) {
	case THREADS:
		return number_of(parameters, "threads");
	case CONNECTIONS:
		return number_of(parameters, "flows");
	default:
		return churn_of(text_of(parameters, "mix"));
	}
}

static double wished(const struct recommend_wish *wish, int load)
{
	return load == THREADS	     ? wish->threads
	       : load == CONNECTIONS ? wish->connections
				     : wish->churn;
}

/* How far a measured load is from the wish, in doublings; INFINITY: too far. */
static double distance(int load, double wish, double measured)
{
	double far;

	if (isnan(wish) || wish == measured)
		return 0;
	if (load == THREADS || !(wish > 0) || !(measured > 0))
		return INFINITY;
	far = fabs(log2(measured / wish));
	return far <= log2(RECOMMEND_NEAR) ? far : INFINITY;
}

static void load_text(char *buf, size_t size, int load, double value)
{
	char number[64];

	if (load == CHURN) {
		snprintf(buf, size, "%.3g %% churn", 100 * value);
		return;
	}
	if (value == floor(value) && value < 1e15) {
		json_t *integer = json_integer((json_int_t)value);

		table_value(number, sizeof(number), integer);
		json_decref(integer);
	} else {
		snprintf(number, sizeof(number), "%g", value);
	}
	snprintf(buf, size, "%s %s%s", number, load == THREADS ? "thread" : "connections",
		 load == THREADS && value != 1 ? "s" : "");
}

/* ---- the answer at a question ---- */

static const char *variant_of(const json_t *matrix, const json_t *cell)
{
	const char *name = json_string_value(json_array_get(json_object_get(matrix, "designs"),
							    (size_t)number_of(cell, "design")));

	return name ? name : "";
}

/* The cell with the highest ratio of those that are better for certain; NULL: none is. */
static const json_t *best_at(const json_t *matrix, size_t question)
{
	const json_t *cell, *best = NULL;
	size_t i;

	json_array_foreach(json_object_get(matrix, "cells"), i, cell) {
		if (number_of(cell, "question") == (double)question && matrix_apart(cell) &&
		    !strcmp(text_of(cell, "outcome"), "better") &&
		    (!best || number_of(cell, "ratio") > number_of(best, "ratio")))
			best = cell;
	}
	return best;
}

/* Could it be better than the choice, because it was void or its interval reaches above it? */
static bool is_open(const json_t *cell, size_t question, const json_t *best)
{
	return number_of(cell, "question") == (double)question && cell != best &&
	       !(number_of(cell, "high") <= (best ? number_of(best, "ratio") : 1));
}

static void
name_one(char open[RECOMMEND_TEXT], size_t *at, const json_t *matrix, const json_t *cell)
{
	double ratio = number_of(cell, "ratio"), high = number_of(cell, "high");

	text_add(open, RECOMMEND_TEXT, at, "%s%s", *at ? ", " : "", variant_of(matrix, cell));
	if (isfinite(high))
		text_add(open, RECOMMEND_TEXT, at, " (%.2f [%.2f, %.2f])", ratio,
			 number_of(cell, "low"), high);
	else if (isfinite(ratio))
		text_add(open, RECOMMEND_TEXT, at, " (%.2f, too few repeats)", ratio);
	else
		text_add(open, RECOMMEND_TEXT, at, " (void)");
}

/* The most promising first; those without a ratio come last. */
static void
name_open(char open[RECOMMEND_TEXT], const json_t *matrix, size_t question, const json_t *best)
{
	const json_t *named[OPEN_MAX + 1], *cell;
	size_t at = 0, nr = 0, all = 0, i;

	open[0] = '\0';
	json_array_foreach(json_object_get(matrix, "cells"), i, cell) {
		size_t k = nr;

		if (!is_open(cell, question, best))
			continue;
		all++;
		for (; k && !(number_of(named[k - 1], "ratio") >= number_of(cell, "ratio")) &&
		       isfinite(number_of(cell, "ratio"));
		     k--)
			named[k] = named[k - 1];
		named[k] = cell;
		nr += nr < OPEN_MAX;
	}
	for (i = 0; i < nr; i++)
		name_one(open, &at, matrix, named[i]);
	if (all > nr)
		text_add(open, RECOMMEND_TEXT, &at, " and %zu more", all - nr);
}

bool recommend_at(const json_t *report, const json_t *matrix, size_t question,
		  char choice[RECOMMEND_TEXT], char open[RECOMMEND_TEXT])
{
	const json_t *q = question_at(matrix, question), *best;

	if (!is_steady(q, parameters_of(report, q)))
		return false;
	best = best_at(matrix, question);
	if (best)
		snprintf(choice, RECOMMEND_TEXT,
			 "%s, because its throughput is %.2f times that of %s [%.2f, %.2f] over "
			 "%.0f repeats",
			 variant_of(matrix, best), number_of(best, "ratio"), text_of(q, "base"),
			 number_of(best, "low"), number_of(best, "high"), number_of(best, "n"));
	else
		snprintf(choice, RECOMMEND_TEXT,
			 "%s, because no other measured variant is proven to be better",
			 text_of(q, "base"));
	name_open(open, matrix, question, best);
	return true;
}

/* ---- the nearest points ---- */

/* Distances of all wishes; INFINITY if one is too far, which is then in *missing. */
static double
distance_of(const json_t *report, const json_t *q, const struct recommend_wish *wish, int *missing)
{
	const json_t *parameters = parameters_of(report, q);
	double sum = 0;

	for (int load = 0; load < NR_LOADS; load++) {
		sum += distance(load, wished(wish, load), load_of(parameters, load));
		if (isinf(sum)) {
			*missing = load;
			return sum;
		}
	}
	return sum;
}

/* The measured loads, among questions that fit so far: "8Ki, 1Mi connections". */
static void measured_loads(char *buf, size_t size, const json_t *report, const json_t *matrix,
			   const struct recommend_wish *wish, int load)
{
	double seen[32];
	size_t nr = 0, at = 0, i;
	const json_t *q;

	buf[0] = '\0';
	json_array_foreach(json_object_get(matrix, "questions"), i, q) {
		const json_t *parameters = parameters_of(report, q);
		double value = load_of(parameters, load);
		int missing = NR_LOADS;
		char text[96];
		size_t k = 0;

		distance_of(report, q, wish, &missing);
		while (k < nr && seen[k] != value)
			k++;
		if (!is_steady(q, parameters) || missing < load || k < nr || nr == 32)
			continue;
		seen[nr++] = value;
		load_text(text, sizeof(text), load, value);
		text_add(buf, size, &at, "%s%s", at ? ", " : "", text);
	}
}

static int refuse(const json_t *report, const json_t *matrix, const struct recommend_wish *wish,
		  int missing, struct ct_error *e)
{
	char text[96], has[512], how[200] = "";
	size_t at = 0;

	if (missing < 0)
		return ct_user_error(e, "the run has no steady load with a throughput to compare: "
					"measure one, for example: ctbench run mix axes");
	load_text(text, sizeof(text), missing, wished(wish, missing));
	measured_loads(has, sizeof(has), report, matrix, wish, missing);
	if (!isnan(wish->threads))
		text_add(how, sizeof(how), &at, " --threads %.0f", wish->threads);
	if (!isnan(wish->connections))
		text_add(how, sizeof(how), &at, " --flows %.0f", wish->connections);
	if (!isnan(wish->churn))
		text_add(how, sizeof(how), &at, " --mix 'lookup=%.4g insert=%.4g delete=%.4g'",
			 100 - 100 * wish->churn, 50 * wish->churn, 50 * wish->churn);
	ct_user_error(e,
		      "the run has no measurement near %s%s, but %s; measure it: ctbench run mix%s",
		      text, missing == THREADS ? "" : " (within a factor of 2)", has, how);
	return -ENOENT;
}

static void print_wish(FILE *out, const struct recommend_wish *wish)
{
	const char *between = "For ";

	for (int load = NR_LOADS - 1; load >= 0; load--) {
		char text[96];

		if (isnan(wished(wish, load)))
			continue;
		load_text(text, sizeof(text), load, wished(wish, load));
		fprintf(out, "%s%s", between, text);
		between = ", ";
	}
	fputs(between[0] == 'F' ? "For any load:\n" : ":\n", out);
}

static void print_point(FILE *out, const json_t *report, const json_t *matrix, size_t i)
{
	const json_t *q = question_at(matrix, i), *parameters = parameters_of(report, q);
	char choice[RECOMMEND_TEXT] = "", open[RECOMMEND_TEXT] = "", point[200];

	recommend_at(report, matrix, i, choice, open);
	matrix_point(point, sizeof(point), q);
	fprintf(out, "  %s", text_of(q, "workload"));
	fprintf(out, "%s%s, measured at", *point ? " " : "", point);
	for (int load = NR_LOADS - 1; load >= 0; load--) {
		char text[96];

		load_text(text, sizeof(text), load, load_of(parameters, load));
		fprintf(out, "%s %s", load == NR_LOADS - 1 ? "" : ",", text);
	}
	fprintf(out, ":\n    %s.\n", choice);
	if (*open)
		fprintf(out, "    Not proven: %s.\n", open);
	if (matrix_void(q) >= MATRIX_VOID_SHARE)
		fprintf(out, "    %.0f %% of its measurements were void.\n", 100 * matrix_void(q));
}

int recommend_print(FILE *out, const json_t *report, const json_t *matrix,
		    const struct recommend_wish *wish, struct ct_error *e)
{
	size_t nearest[RECOMMEND_MAX], nr = 0, i;
	double far[RECOMMEND_MAX];
	int farthest = -1;
	const json_t *q;

	json_array_foreach(json_object_get(matrix, "questions"), i, q) {
		int missing = -1;
		double d;
		size_t at;

		if (!is_steady(q, parameters_of(report, q)))
			continue;
		d = distance_of(report, q, wish, &missing);
		farthest = missing > farthest ? missing : farthest;
		if (isinf(d))
			continue;
		if (nr == RECOMMEND_MAX && far[nr - 1] <= d)
			continue;
		at = nr < RECOMMEND_MAX ? nr++ : nr - 1;
		while (at && far[at - 1] > d) {
			far[at] = far[at - 1];
			nearest[at] = nearest[at - 1];
			at--;
		}
		far[at] = d;
		nearest[at] = i;
	}
	if (!nr)
		return refuse(report, matrix, wish, farthest, e);
	print_wish(out, wish);
	for (i = 0; i < nr; i++)
		print_point(out, report, matrix, nearest[i]);
	return 0;
}
