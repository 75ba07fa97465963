/* SPDX-License-Identifier: MIT */
/*
 * A page that compares machines: for each workload a table with variants down and machines across.
 * Beside each row a picture has a dot for each machine at its ratio, with the interval as a line,
 * on one logarithmic scale for the whole workload.
 */
#include "harness/show/report/report.h"
#include "harness/show/report/page.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "harness/base/escape.h"
#include "harness/base/json_read.h"
#include "harness/results/figures.h"
#include "harness/show/matrix.h"

/* Units of a row's picture. Each machine has a line of its own, from above. */
#define WIDE	  240.0
#define MARGIN	  8.0
#define LINE_HIGH 6.0
/* Ratios further away are drawn at the edge: factors as powers of two. */
#define FAR 10.0
/* Colours of report.css; more machines begin anew. */
#define COLOURS 6

static char letter(size_t machine)
{
	return (char)('A' + machine % 26);
}

static const json_t *machines_of(const json_t *row)
{
	return json_object_get(row, "machines");
}

/* ---- the scale of a workload ---- */

/* The rows from `at` on that belong to one workload end at .end; powers of two at both edges. */
struct part {
	size_t at, end;
	double low, high;
};

static double power(double ratio)
{
	double at = ratio > 0 ? log2(ratio) : 0;

	return at < -FAR ? -FAR : at > FAR ? FAR : at;
}

static void widen(struct part *p, double ratio)
{
	if (!isfinite(ratio))
		return;
	p->low = fmin(p->low, floor(power(ratio)));
	p->high = fmax(p->high, ceil(power(ratio)));
}

static struct part part_at(const json_t *rows, size_t at)
{
	const char *name = text_of(json_array_get(rows, at), "workload");
	struct part p = { at, at, -1, 1 };
	const json_t *cell;
	size_t i;

	for (; p.end < json_array_size(rows); p.end++) {
		const json_t *row = json_array_get(rows, p.end);

		if (strcmp(text_of(row, "workload"), name) != 0)
			break;
		json_array_foreach(machines_of(row), i, cell) {
			widen(&p, number_of(cell, "ratio"));
			widen(&p, number_of(cell, "low"));
			widen(&p, number_of(cell, "high"));
		}
	}
	return p;
}

static double place(const struct part *p, double ratio)
{
	return MARGIN + (WIDE - 2 * MARGIN) * (power(ratio) - p->low) / (p->high - p->low);
}

/* ---- a row ---- */

/* "A: 1.28, 95 % [1.21, 1.35], 9 repeats" */
static void hover(char *buf, size_t size, const json_t *row, const json_t *cell, size_t machine)
{
	double low = number_of(cell, "low"), high = number_of(cell, "high");
	char text[64];

	matrix_machine_text(text, sizeof(text), row, cell);
	if (isfinite(low))
		snprintf(buf, size, "%c: %s, 95 %% [%.3g, %.3g], %.0f repeats", letter(machine),
			 text, low, high, number_of(cell, "n"));
	else
		snprintf(buf, size, "%c: %s", letter(machine), text);
}

static void
dot(FILE *out, const struct part *p, const json_t *row, const json_t *cell, size_t machine)
{
	double ratio = number_of(cell, "ratio"), low = number_of(cell, "low");
	double y = LINE_HIGH * ((double)machine + 0.5);
	char text[160];

	if (!isfinite(ratio))
		return;
	hover(text, sizeof(text), row, cell, machine);
	fprintf(out, "<g class=\"m%zu\"><title>", machine % COLOURS);
	escape_html(out, text);
	fputs("</title>", out);
	if (isfinite(low))
		fprintf(out, "<path d=\"M%.1f %.1fH%.1f\"/>", place(p, low), y,
			place(p, number_of(cell, "high")));
	fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/></g>", place(p, ratio), y);
}

static void picture(FILE *out, const struct part *p, const json_t *row)
{
	double high = LINE_HIGH * (double)json_array_size(machines_of(row));
	const json_t *cell;
	size_t i;

	fprintf(out,
		"<svg class=\"dots\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
		"role=\"img\" aria-label=\"The ratios of this row\"><path class=\"one\" "
		"d=\"M%.1f 0V%.0f\"/>",
		WIDE, high, WIDE, high, place(p, 1), high);
	json_array_foreach(machines_of(row), i, cell)
		dot(out, p, row, cell, i);
	fputs("</svg>", out);
}

static void one_row(FILE *out, const struct part *p, const json_t *row)
{
	bool is_base = json_is_true(json_object_get(row, "base"));
	const json_t *cell;
	char text[160];
	size_t i;

	fputs("<tr><th scope=\"row\" class=\"l\">", out);
	escape_html(out, text_of(row, "variant"));
	fputs("</th>", out);
	json_array_foreach(machines_of(row), i, cell) {
		if (json_is_null(cell)) {
			fputs("<td></td>", out);
			continue;
		}
		hover(text, sizeof(text), row, cell, i);
		fprintf(out, "<td class=\"%s\" title=\"", is_base ? "base" : report_shade(cell));
		escape_html(out, text);
		matrix_machine_text(text, sizeof(text), row, cell);
		fputs("\"><span>", out);
		escape_html(out, text);
		fputs("</span></td>", out);
	}
	fputs("<td>", out);
	if (!is_base)
		picture(out, p, row);
	fputs("</td><td class=\"verdict\">", out);
	escape_html(out, text_of(row, "verdict"));
	fputs("</td></tr>\n", out);
}

/* ---- a workload ---- */

static void head(FILE *out, const struct part *p, size_t machines)
{
	fputs("<thead><tr><th scope=\"col\" class=\"l\">variant</th>", out);
	for (size_t i = 0; i < machines; i++)
		fprintf(out, "<th scope=\"col\"><span class=\"m%zu\">\xe2\x97\x8f</span> %c</th>",
			i % COLOURS, letter(i));
	fprintf(out,
		"<th scope=\"col\" class=\"scale\"><span>%.3g</span><span>%.3g</span></th><th "
		"scope=\"col\">machines</th></tr></thead>\n",
		exp2(p->low), exp2(p->high));
}

static void
workload(FILE *out, const json_t *rows, const struct part *p, size_t number, size_t machines)
{
	const char *before = NULL;

	fprintf(out, "<section id=\"w%zu\">\n<details open><summary class=\"fold\">", number);
	element(out, "h2", "%s", text_of(json_array_get(rows, p->at), "workload"));
	fputs("</summary>\n<div class=\"scroll matrix\" tabindex=\"0\"><table>\n", out);
	head(out, p, machines);
	fputs("<tbody>\n", out);
	for (size_t i = p->at; i < p->end; i++) {
		const json_t *row = json_array_get(rows, i);
		const char *words = text_of(row, "words");

		if (*words && (!before || strcmp(words, before) != 0)) {
			fputs("<tr><th scope=\"rowgroup\" class=\"l at\">", out);
			escape_html(out, words);
			fprintf(out, "</th><td class=\"at\" colspan=\"%zu\"></td></tr>\n",
				machines + 2);
		}
		before = words;
		one_row(out, p, row);
	}
	fputs("</tbody></table></div>\n</details>\n</section>\n", out);
}

/* ---- the page ---- */

static void list_machines(FILE *out, const json_t *machines)
{
	const json_t *machine;
	size_t i;

	fputs("<dl>\n", out);
	json_array_foreach(machines, i, machine) {
		const char *hypervisor = text_of(machine, "hypervisor");

		fprintf(out, "<dt><span class=\"m%zu\">\xe2\x97\x8f</span> %c</dt>", i % COLOURS,
			letter(i));
		element(out, "dd", "%s, %.0f CPUs, Linux %s%s%s (run %s)", text_of(machine, "cpu"),
			number_of(machine, "cpus"), text_of(machine, "kernel"),
			*hypervisor ? ", a guest of " : "", hypervisor, text_of(machine, "run"));
	}
	fputs("</dl>\n", out);
}

int report_machines_page(FILE *out, const json_t *result, struct ct_error *e)
{
	const json_t *rows = json_object_get(result, "rows");
	const json_t *machines = json_object_get(result, "machines");
	size_t nr = json_array_size(machines), all = json_array_size(rows), number = 0;
	struct page page;
	int err = page_begin(out, &page, "machines", e);

	if (err)
		return err;
	fputs("<nav class=\"bar\" aria-label=\"Sections\">", out);
	for (struct part p = { 0 }; p.end < all; number++) {
		p = part_at(rows, p.end);
		fprintf(out, "<a href=\"#w%zu\">", number);
		escape_html(out, text_of(json_array_get(rows, p.at), "workload"));
		fputs("</a>", out);
	}
	fputs("</nav>\n<main>\n<header>\n", out);
	element(out, "h1", "The same questions on %zu machine%s", nr, nr == 1 ? "" : "s");
	list_machines(out, machines);
	fputs("<p>The row of the baseline, <code>", out);
	escape_html(out, text_of(result, "base"));
	fputs("</code>, has its figures. Other rows are ratios to it on the same machine: more "
	      "than 1 is better. <span class=\"key open\">(hatched)</span>: not proven, because "
	      "the "
	      "95 % interval includes 1 or the ratio is within the noise. Dots are the ratios, on "
	      "a "
	      "logarithmic scale, and lines their intervals; the upright line is 1. \"agree\": "
	      "proven on all machines, in one direction; \"differ\": proven in both "
	      "directions.</p>\n"
	      "</header>\n",
	      out);
	number = 0;
	for (struct part p = { 0 }; p.end < all; number++) {
		p = part_at(rows, p.end);
		workload(out, rows, &p, number, nr);
	}
	page_end(out, &page);
	return 0;
}
