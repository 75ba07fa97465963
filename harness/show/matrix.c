/* SPDX-License-Identifier: MIT */
#include "harness/show/matrix.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/base/text.h"
#include "harness/results/figures.h"
#include "harness/show/table/table.h"

/* Questions in one table of text. */
#define TABLE_QUESTIONS 24

/* Short forms of parameters' values; other parameters are shown with their name. */
static const struct {
	const char *parameter, *before, *after;
} words[] = {
	{ "threads", "", " thr" }, { "flows", "", "" },	      { "load_factor", "", "/bucket" },
	{ "split", "", "" },	   { "popularity", "", "" },  { "mix", "", "" },
	{ "resize", "", "" },	   { "pages", "", " pages" }, { "hit_share", "hits ", "" },
	{ "arrivals", "", "" },	   { "rate", "", "/s" },      { "kind", "", "" },
};
#define NR_WORDS (sizeof(words) / sizeof(words[0]))

static const json_t *question_at(const json_t *matrix, size_t i)
{
	return json_array_get(json_object_get(matrix, "questions"), i);
}

bool matrix_says(const json_t *matrix)
{
	return json_array_size(json_object_get(matrix, "cells")) > 0;
}

bool matrix_shows(const json_t *matrix, size_t question)
{
	const json_t *of = question_at(matrix, question), *other;
	size_t nr = 0, at = 0, i;

	json_array_foreach(json_object_get(matrix, "questions"), i, other) {
		if (json_equal(json_object_get(of, "section"), json_object_get(other, "section"))) {
			at = i == question ? nr : at;
			nr++;
		}
	}
	if (nr <= MATRIX_POINTS)
		return true;
	for (i = 0; i < MATRIX_POINTS; i++)
		if (at == i * (nr - 1) / (MATRIX_POINTS - 1))
			return true;
	return false;
}

const json_t *matrix_cell(const json_t *matrix, size_t question, size_t design)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(json_object_get(matrix, "cells"), i, cell) {
		if (number_of(cell, "question") == (double)question &&
		    number_of(cell, "design") == (double)design)
			return cell;
	}
	return NULL;
}

/* "lookup=90,insert=5,delete=5" becomes "90/5/5": the order is always the same. */
static void short_mix(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++)
		if (strchr("0123456789.", *p))
			*to++ = *p;
		else if (*p == ',' || *p == ' ')
			*to++ = '/';
	*to = '\0';
}

void matrix_point(char *buf, size_t size, const json_t *question)
{
	const char *metric = text_of(question, "metric"), *key;
	size_t at = 0;
	json_t *value;

	buf[0] = '\0';
	json_object_foreach(json_object_get(question, "point"), key, value) {
		char text[256];
		size_t i = 0;

		table_value(text, sizeof(text), value);
		if (!strcmp(key, "mix"))
			short_mix(text);
		while (i < NR_WORDS && strcmp(words[i].parameter, key))
			i++;
		text_add(buf, size, &at, "%s%s%s%.28s%s", at ? ", " : "",
			 i < NR_WORDS ? words[i].before : key, i < NR_WORDS ? "" : " ", text,
			 i < NR_WORDS ? words[i].after : "");
	}
	if (strcmp(metric, "mops") != 0) {
		const char *what = metric_words(metric).what;

		text_add(buf, size, &at, "%s%s", at ? ", " : "", what ? what : metric);
	}
}

void matrix_ratio(char *buf, size_t size, const json_t *cell)
{
	double ratio = number_of(cell, "ratio");

	if (isfinite(ratio))
		snprintf(buf, size, "%.*f", ratio >= 9.95 ? 0 : ratio >= 0.0995 ? 2 : 3, ratio);
	else
		snprintf(buf, size, "void");
}

void matrix_machine_text(char *buf, size_t size, const json_t *row, const json_t *cell)
{
	const struct figure *f = figure_find(FIGURE_METRIC, text_of(row, "metric"));
	char ratio[32];

	buf[0] = '\0';
	if (json_is_null(cell))
		return;
	if (json_is_true(json_object_get(row, "base"))) {
		snprintf(buf, size, "%.4g %.20s",
			 number_of(cell, "value") * (f ? figure_scale(f) : 1), f ? f->unit : "");
	} else {
		matrix_ratio(ratio, sizeof(ratio), cell);
		snprintf(buf, size, matrix_apart(cell) ? "%s" : "(%s)", ratio);
	}
}

bool matrix_apart(const json_t *cell)
{
	return json_is_true(json_object_get(cell, "apart"));
}

bool matrix_proven(const json_t *cell)
{
	const char *outcome = text_of(cell, "outcome");

	return !strcmp(outcome, "better") || !strcmp(outcome, "worse") ||
	       !strcmp(outcome, "different");
}

double matrix_void(const json_t *question)
{
	double good = number_of(question, "good"), lost = number_of(question, "void");

	return good + lost > 0 ? lost / (good + lost) : 0;
}

/* ---- as text ---- */

static void
put_ratio(struct grid *g, size_t column, const json_t *matrix, size_t question, size_t design)
{
	const json_t *cell = matrix_cell(matrix, question, design);
	const char *variant =
		json_string_value(json_array_get(json_object_get(matrix, "designs"), design));
	char ratio[32], text[40];

	if (cell) {
		matrix_ratio(ratio, sizeof(ratio), cell);
		snprintf(text, sizeof(text), matrix_apart(cell) ? "%s" : "(%s)", ratio);
		grid_put(g, column, text);
	} else if (variant && !strcmp(variant, text_of(question_at(matrix, question), "base"))) {
		grid_put(g, column, "1");
	}
}

/* Was the design measured at any of nr questions?  The base always was. */
static bool has_cell(const json_t *matrix, const size_t *questions, size_t nr, size_t row)
{
	for (size_t i = 0; i < nr; i++)
		if (!row || matrix_cell(matrix, questions[i], row))
			return true;
	return false;
}

/* The designs at nr of the questions; those without any of them are left out. 0 or -ENOMEM. */
static int print_table(FILE *out, const json_t *matrix, const size_t *questions, size_t nr)
{
	struct grid g = { .columns = nr + 1, .left = { true } };
	const json_t *designs = json_object_get(matrix, "designs");
	size_t i, row;
	bool failed;

	grid_add_row(&g);
	if (!g.failed)
		grid_put(&g, 0, "variant");
	for (i = 0; i < nr && !g.failed; i++) {
		const json_t *q = question_at(matrix, questions[i]);
		char point[200], text[256];

		matrix_point(point, sizeof(point), q);
		snprintf(text, sizeof(text), "%.60s%s%s", text_of(q, "workload"), *point ? " " : "",
			 point);
		grid_put(&g, i + 1, text);
	}
	for (row = 0; row < json_array_size(designs) && !g.failed; row++) {
		if (!has_cell(matrix, questions, nr, row))
			continue;
		if (!grid_add_row(&g))
			break;
		grid_put(&g, 0, json_string_value(json_array_get(designs, row)));
		for (i = 0; i < nr; i++)
			put_ratio(&g, i + 1, matrix, questions[i], row);
	}
	failed = g.failed;
	if (!failed)
		grid_print(out, &g, GRID_TEXT);
	grid_free(&g);
	return failed ? -ENOMEM : 0;
}

int matrix_print(FILE *out, const json_t *matrix)
{
	size_t all = json_array_size(json_object_get(matrix, "questions")), nr = 0;
	size_t shown[TABLE_QUESTIONS];
	int err = 0;

	if (!matrix_says(matrix))
		return 0;
	fprintf(out,
		"\nRatio to %s: more than 1 is better. In brackets: not proven (the 95 %% interval "
		"includes 1, or the ratio is within the noise).\n",
		text_of(matrix, "base"));
	for (size_t i = 0; i < all && !err; i++) {
		if (matrix_shows(matrix, i))
			shown[nr++] = i;
		if (nr && (nr == TABLE_QUESTIONS || i + 1 == all)) {
			err = print_table(out, matrix, shown, nr);
			nr = 0;
		}
	}
	return err;
}

/* ---- the leaders ---- */

#define LEADERS 4 /* at each question */

/* The cells of a question with the highest ratios, the best first; the base (NULL) has 1. */
static size_t leaders(const json_t *matrix, size_t question, const json_t *best[LEADERS])
{
	size_t nr = 0, designs = json_array_size(json_object_get(matrix, "designs"));
	double ratios[LEADERS];

	for (size_t i = 0; i < designs; i++) {
		const json_t *cell = matrix_cell(matrix, question, i);
		const bool is_base = !strcmp(
			json_string_value(json_array_get(json_object_get(matrix, "designs"), i)),
			text_of(question_at(matrix, question), "base"));
		const double ratio = is_base ? 1 : cell ? number_of(cell, "ratio") : NAN;
		size_t at = nr;

		if (!isfinite(ratio))
			continue;
		while (at && ratios[at - 1] < ratio)
			at--;
		if (at == LEADERS)
			continue;
		nr += nr < LEADERS;
		memmove(&ratios[at + 1], &ratios[at], (nr - 1 - at) * sizeof(*ratios));
		memmove(&best[at + 1], &best[at], (nr - 1 - at) * sizeof(*best));
		ratios[at] = ratio;
		best[at] = is_base ? NULL : cell;
	}
	return nr;
}

static void print_leader(FILE *out, const json_t *matrix, size_t question, const json_t *cell)
{
	const json_t *designs = json_object_get(matrix, "designs");
	char ratio[32];

	if (!cell) {
		fprintf(out, "%s 1", text_of(question_at(matrix, question), "base"));
		return;
	}
	matrix_ratio(ratio, sizeof(ratio), cell);
	fprintf(out, "%s %s",
		json_string_value(json_array_get(designs, (size_t)number_of(cell, "design"))),
		ratio);
	if (json_object_get(cell, "low"))
		fprintf(out, " [%.3g, %.3g]%s", number_of(cell, "low"), number_of(cell, "high"),
			matrix_apart(cell) ? "" : " not proven");
	else
		fputs(" not judged", out);
}

void matrix_print_leaders(FILE *out, const json_t *matrix)
{
	const size_t all = json_array_size(json_object_get(matrix, "questions"));

	if (!matrix_says(matrix))
		return;
	fprintf(out, "\nThe leaders at each point, as ratios to %s with 95 %% intervals:\n",
		text_of(matrix, "base"));
	for (size_t i = 0; i < all; i++) {
		const json_t *best[LEADERS];
		const size_t nr = leaders(matrix, i, best);
		char point[200];

		matrix_point(point, sizeof(point), question_at(matrix, i));
		fprintf(out, "  %s%s%s: ", text_of(question_at(matrix, i), "workload"),
			*point ? " " : "", point);
		for (size_t k = 0; k < nr; k++) {
			fputs(k ? "; " : "", out);
			print_leader(out, matrix, i, best[k]);
		}
		fputc('\n', out);
	}
}
