/* SPDX-License-Identifier: MIT */
/*
 * The matrix at the top of a page: variants down, questions across, each cell a link into its
 * section. It is a plain table, so it works without a script, in print and in screen readers.
 */
#include "harness/show/report/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "harness/base/escape.h"
#include "harness/base/json_read.h"
#include "harness/machine/env.h"
#include "harness/results/figures.h"
#include "harness/show/matrix.h"
#include "harness/show/recommend.h"

/* A share of CPU time stolen by the hypervisor that is worth a badge. */
#define STOLEN_SHARE 0.01

static const json_t *question_at(const json_t *matrix, size_t i)
{
	return json_array_get(json_object_get(matrix, "questions"), i);
}

static double section_of(const json_t *question)
{
	return number_of(question, "section");
}

/* How many of the questions from i on belong to the same workload and are shown. */
static size_t span(const json_t *matrix, size_t i)
{
	size_t nr = 0, all = json_array_size(json_object_get(matrix, "questions"));
	double section = section_of(question_at(matrix, i));

	for (; i < all && section_of(question_at(matrix, i)) == section; i++)
		nr += matrix_shows(matrix, i);
	return nr;
}

/* ---- badges: what disturbed the run ---- */

static void badge(FILE *out, const char *kind, const char *text, const char *title)
{
	fprintf(out, "<li class=\"%s\" title=\"", kind);
	escape_html(out, title);
	fputs("\">", out);
	escape_html(out, text);
	fputs("</li>\n", out);
}

static void void_badge(FILE *out, const struct report_source *s)
{
	const json_t *counts = json_object_get(s->report, "counts");
	double lost = number_of(counts, "void"), good = number_of(counts, "good");
	char text[64];

	if (!(lost > 0) || !(good >= 0))
		return;
	snprintf(text, sizeof(text), "%.2g %% void", 100 * lost / (lost + good));
	badge(out, lost / (lost + good) >= MATRIX_VOID_SHARE ? "serious" : "note", text,
	      "Measurements that were disturbed, and made again");
}

static void stolen_badge(FILE *out, const struct report_source *s)
{
	double stolen = number_of(s->report, "stolen_seconds");
	double elapsed = number_of(json_object_get(s->report, "cost"), "elapsed_s");
	char text[64];

	if (!(stolen > 0) || !(elapsed > 0))
		return;
	snprintf(text, sizeof(text), "%.2g s stolen", stolen);
	badge(out, stolen / elapsed >= STOLEN_SHARE ? "serious" : "note", text,
	      "CPU time that the hypervisor gave to others during the run");
}

/* The warnings of env_warnings(): load, throttling, frequencies, a debug build, ... */
static void warning_badges(FILE *out, const struct report_source *s)
{
	json_t *list = env_warnings(json_object_get(s->report, "environment")), *warning;
	size_t i, notes = 0;
	char text[64];

	json_array_foreach(list, i, warning) {
		const char *id = text_of(warning, "id");

		if (strcmp(text_of(warning, "grade"), "serious") != 0)
			notes++;
		else
			badge(out, "serious", *id ? id : "machine", text_of(warning, "what"));
	}
	json_decref(list);
	if (!notes)
		return;
	snprintf(text, sizeof(text), "%zu remark%s on the machine", notes, notes == 1 ? "" : "s");
	badge(out, "note", text, "See The machine");
}

void report_badges(FILE *out, const struct report_source *s)
{
	fputs("<ul class=\"badges\">\n", out);
	void_badge(out, s);
	stolen_badge(out, s);
	warning_badges(out, s);
	fputs("</ul>\n", out);
}

/* ---- the head ---- */

/* A question's mark, if many of its measurements were void. */
static void mark(FILE *out, const json_t *question)
{
	if (matrix_void(question) >= MATRIX_VOID_SHARE)
		fprintf(out,
			" <span class=\"void\" title=\"%.0f of %.0f measurements were void\">%.0f "
			"%% void</span>",
			number_of(question, "void"),
			number_of(question, "void") + number_of(question, "good"),
			100 * matrix_void(question));
}

static void point(FILE *out, const json_t *question, const char *otherwise)
{
	char text[200];

	matrix_point(text, sizeof(text), question);
	escape_html(out, *text ? text : otherwise);
	mark(out, question);
}

/*
 * The heading of a workload's columns; that of a single column is vertical and includes the point.
 */
static void workload_head(FILE *out, const json_t *matrix, size_t i, size_t columns)
{
	const json_t *question = question_at(matrix, i);

	if (columns == 1)
		fputs("<th scope=\"col\" rowspan=\"2\"><span class=\"point\">", out);
	else
		fprintf(out, "<th scope=\"colgroup\" colspan=\"%zu\">", columns);
	fprintf(out, "<a href=\"#w%.0f\">", section_of(question));
	escape_html(out, text_of(question, "workload"));
	fputs("</a>", out);
	if (strcmp(text_of(question, "base"), text_of(matrix, "base")) != 0) {
		fputs(" <span class=\"to\">to ", out);
		escape_html(out, text_of(question, "base"));
		fputs("</span>", out);
	}
	if (columns == 1) {
		fputc(' ', out);
		point(out, question, "");
		fputs("</span>", out);
	}
	fputs("</th>", out);
}

static bool is_first(const json_t *matrix, size_t i)
{
	return !i || section_of(question_at(matrix, i)) != section_of(question_at(matrix, i - 1));
}

static void head(FILE *out, const json_t *matrix, size_t all)
{
	size_t columns = 0;

	fputs("<thead><tr><th rowspan=\"2\" scope=\"col\" class=\"l\">variant</th>", out);
	for (size_t i = 0; i < all; i++)
		if (is_first(matrix, i))
			workload_head(out, matrix, i, span(matrix, i));
	fputs("</tr>\n<tr>", out);
	for (size_t i = 0; i < all; i++) {
		columns = is_first(matrix, i) ? span(matrix, i) : columns;
		if (columns == 1 || !matrix_shows(matrix, i))
			continue;
		fputs("<th scope=\"col\"><span class=\"point\">", out);
		point(out, question_at(matrix, i), "throughput");
		fputs("</span></th>", out);
	}
	fputs("</tr></thead>\n", out);
}

/* ---- the cells ---- */

const char *report_shade(const json_t *cell)
{
	bool better = number_of(cell, "ratio") >= 1;

	if (!matrix_apart(cell))
		return "open";
	if (!strcmp(text_of(cell, "outcome"), "different"))
		return "other";
	if (matrix_proven(cell))
		return better ? "better strong" : "worse strong";
	return better ? "better" : "worse";
}

/* "x1.28 [1.21, 1.35], 9 repeats; mix 1 thr" */
static void title(FILE *out, const json_t *matrix, const json_t *question, const json_t *cell)
{
	double low = number_of(cell, "low"), high = number_of(cell, "high");
	const char *what = metric_words(text_of(question, "metric")).what;
	char point[200];

	matrix_point(point, sizeof(point), question);
	escape_html(out, what ? what : text_of(question, "metric"));
	if (isfinite(low))
		fprintf(out, ", 95 %% [%.3g, %.3g]", low, high);
	else
		fputs(", no interval", out);
	fprintf(out, ", %.0f repeats%s; ", number_of(cell, "n"),
		matrix_apart(cell) ? "" : ", not proven");
	escape_html(out, json_string_value(json_array_get(json_object_get(matrix, "designs"),
							  (size_t)number_of(cell, "design"))));
	fputs(", ", out);
	escape_html(out, text_of(question, "workload"));
	fputs(*point ? " " : "", out);
	escape_html(out, point);
}

static void one_cell(FILE *out, const json_t *matrix, size_t i, size_t row, const char *variant)
{
	const json_t *question = question_at(matrix, i), *cell = matrix_cell(matrix, i, row);
	char ratio[32];

	if (!cell) {
		bool is_base = !strcmp(variant, text_of(question, "base"));

		fputs(is_base ? "<td class=\"base\">1</td>" : "<td></td>", out);
		return;
	}
	matrix_ratio(ratio, sizeof(ratio), cell);
	fprintf(out, "<td class=\"%s\"><a href=\"#w%.0f\" title=\"", report_shade(cell),
		section_of(question));
	title(out, matrix, question, cell);
	fprintf(out, "\">%s%s%s</a></td>", matrix_apart(cell) ? "" : "(", ratio,
		matrix_apart(cell) ? "" : ")");
}

void report_matrix(FILE *out, const struct report_source *s)
{
	const json_t *matrix = s->matrix, *designs = json_object_get(matrix, "designs");
	size_t all = json_array_size(json_object_get(matrix, "questions"));

	if (!matrix_says(matrix))
		return;
	fputs("<section id=\"matrix\">\n<h2>Variants by question</h2>\n<p>Ratio to <code>", out);
	escape_html(out, text_of(matrix, "base"));
	fputs("</code>: more than 1 is better; 2 is twice the throughput, or half the time. <span "
	      "class=\"key open\">(hatched)</span>: not proven, because the 95 % interval includes "
	      "1 "
	      "or the ratio is within the noise. ",
	      out);
	if (number_of(matrix, "comparisons") > 0)
		fprintf(out,
			"<span class=\"key strong better\">Strong </span><span class=\"key strong "
			"worse\"> colour</span>: proven even with the correction for all these "
			"%.0f ratios. ",
			number_of(matrix, "comparisons"));
	fputs("Empty: not measured.</p>\n<div class=\"scroll matrix\" tabindex=\"0\"><table>\n",
	      out);
	head(out, matrix, all);
	fputs("<tbody>\n", out);
	for (size_t row = 0; row < json_array_size(designs); row++) {
		const char *variant = json_string_value(json_array_get(designs, row));

		fputs("<tr><th scope=\"row\" class=\"l\">", out);
		escape_html(out, variant);
		fputs("</th>", out);
		for (size_t i = 0; i < all; i++)
			if (matrix_shows(matrix, i))
				one_cell(out, matrix, i, row, variant);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n</section>\n", out);
}

/* ---- what to choose ---- */

static void chosen(FILE *out, const struct report_source *s, size_t i, size_t *nr)
{
	char choice[RECOMMEND_TEXT], open[RECOMMEND_TEXT], text[200];
	const json_t *q = question_at(s->matrix, i);

	if (!recommend_at(s->report, s->matrix, i, choice, open))
		return;
	if (!(*nr)++)
		fputs("<section id=\"choose\">\n<details open><summary class=\"fold\"><h2>What to "
		      "choose</h2></summary>\n<p>At each point with a steady load the variant with "
		      "the "
		      "highest throughput that is proven, with the correction for all comparisons. "
		      "<code>ctbench recommend</code> finds the points that are nearest to your "
		      "load.</p>\n<dl class=\"choose\">\n",
		      out);
	matrix_point(text, sizeof(text), q);
	fprintf(out, "<dt><a href=\"#w%.0f\">", section_of(q));
	escape_html(out, text_of(q, "workload"));
	fputs("</a> ", out);
	escape_html(out, text);
	mark(out, q);
	fputs("</dt><dd>", out);
	escape_html(out, choice);
	fputs(*open ? ". <span class=\"mend\">Not proven: " : ".", out);
	escape_html(out, open);
	fputs(*open ? ".</span></dd>\n" : "</dd>\n", out);
}

bool report_choose(FILE *out, const struct report_source *s)
{
	size_t nr = 0;

	for (size_t i = 0; i < json_array_size(json_object_get(s->matrix, "questions")); i++)
		if (matrix_shows(s->matrix, i))
			chosen(out, s, i, &nr);
	if (nr)
		fputs("</dl></details>\n</section>\n", out);
	return nr;
}
