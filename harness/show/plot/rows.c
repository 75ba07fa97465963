/* SPDX-License-Identifier: MIT */
/*
 * Bars: variants side by side, and the choices on each axis side by side. A picture is a list of
 * rows from top to bottom: bars, and headings above some of them.
 *
 * Data: a line per row with the columns row, label, value, both ends of its 95 % interval, colour,
 * text at its end; a heading has only row and label. In narrow pictures the label is above its
 * row and comes last.
 */
#include "harness/show/plot/internal.h"

#include "harness/base/memory.h"
#include "harness/judge/axes.h"
#include "harness/workload/axis_text.h"
#include "harness/show/table/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Choices on one axis: more cannot be distinguished by colour. */
#define CLUSTER_MAX 16

/* From so many repeats on dots would hide one another. */
#define DOTS_LESS_THAN 30

enum { BARS, HEADINGS, SUBHEADINGS, DOTS, NR_BLOCKS };

/* Each kind of row is a block in the data file, as gnuplot needs it. */
struct rows {
	bool narrow;
	double at; /* of the last row */
	double top;
	size_t longest; /* label */
	size_t bars, dots;
	char *text[NR_BLOCKS];
	size_t len[NR_BLOCKS];
	FILE *block[NR_BLOCKS];
};

static void rows_begin(struct rows *r, const struct plot_file *f)
{
	memset(r, 0, sizeof(*r));
	r->narrow = f->narrow;
	for (int i = 0; i < NR_BLOCKS; i++)
		r->block[i] = memory_stream(&r->text[i], &r->len[i]);
}

/* Write the data and their variables; frees the rows. */
static void rows_end(struct rows *r, struct plot_file *f)
{
	for (int i = 0; i < NR_BLOCKS; i++) {
		memory_stream_close(r->block[i], &r->text[i]);
		/* gnuplot rejects a block without points. */
		if (f)
			fprintf(f->data, "# %s\n%s%s\n\n",
				i == BARS	? "bars"
				: i == HEADINGS ? "headings"
				: i == DOTS	? "repeats: row, value"
						: "smaller headings",
				r->text[i], r->len[i] ? "" : "-10\t\"\"\n");
		free(r->text[i]);
	}
	if (f)
		fprintf(f->script, "rows = %g\nxmax = %g\nlongest = %zu\n", r->at, r->top,
			r->longest);
}

static void add_heading(struct rows *r, int block, double gap, const char *text)
{
	char wrapped[1024];
	size_t lines = plot_wrap(wrapped, sizeof(wrapped), text,
				 !r->narrow	     ? SIZE_MAX
				 : block == HEADINGS ? PLOT_NARROW_BOLD
						     : PLOT_NARROW_TEXT);

	r->at += r->at > 0 ? 1 + gap : 1;
	fprintf(r->block[block], "%g", r->at);
	plot_write_label(r->block[block], wrapped);
	fputc('\n', r->block[block]);
	r->at += PLOT_NARROW_LINE * (double)(lines - 1);
}

/* The repeats of a bar's cell; not of shares, whose repeats are not converted. */
static void add_dots(struct rows *r, const struct plot_group *g, const json_t *cell)
{
	const json_t *values =
		json_object_get(within(cell, "metrics", g->y ? g->y : "mops"), "values");
	size_t nr = json_array_size(values);

	if (nr < 2 || nr >= DOTS_LESS_THAN || within(g->benchmark, "ctbench", "shares"))
		return;
	for (size_t i = 0; i < nr; i++)
		if (number_at(values, i) > 0) {
			fprintf(r->block[DOTS], "%g\t%.6g\n", r->at, number_at(values, i));
			r->dots++;
		}
}

/*
 * The value is at the bar's end. A difference in percent would invite comparing noise: that is
 * for verdicts (effects.c).
 */
static void add_bar(struct rows *r, const struct plot_group *g, const char *label,
		    const json_t *cell, unsigned int colour)
{
	struct plot_figure figure = plot_value(cell, g->y);
	char text[64];

	table_number(text, sizeof(text), figure.value);
	r->at += 1;
	r->bars++;
	plot_write_row(r->block[BARS], r->narrow, r->at, label, figure, 6);
	fprintf(r->block[BARS], "\t%u", colour);
	plot_write_label(r->block[BARS], text);
	if (r->narrow)
		plot_write_label(r->block[BARS], label);
	fputc('\n', r->block[BARS]);
	add_dots(r, g, cell);
	r->top = fmax(r->top, fmax(figure.value, figure.high));
	if (strlen(label) > r->longest)
		r->longest = strlen(label);
}

static void write_head(struct plot_file *f, const struct plot_group *of, const struct rows *r)
{
	struct plot_group copy = *of, *g = &copy;

	if (r->dots)
		copy.drawn = "median and 95 % interval (dots: each)";
	plot_begin(f, g, "row, label, median, its 95 %% interval (%s), colour, text",
		   plot_unit(g->y));
}

/* ---- variants side by side ---- */

int plot_bars(struct plot_file *f, const struct plot_group *g)
{
	struct rows r;

	rows_begin(&r, f);
	for (size_t i = 0; i < g->nr; i++) {
		if (g->headings && (!i || strcmp(g->headings[i], g->headings[i - 1])))
			add_heading(&r, HEADINGS, 0.5, g->headings[i]);
		add_bar(&r, g, text_of(g->cells[i], "variant"), g->cells[i], 1);
	}
	write_head(f, g, &r);
	rows_end(&r, f);
	return 0;
}

/* ---- an axis's choices side by side ---- */

/* The number of a choice among all on this axis in the picture: its colour. */
static unsigned int choice_number(const struct plot_group *g, const char *axis, const char *value)
{
	const char *seen[32];
	unsigned int nr = 0;

	for (size_t i = 0; i < g->nr; i++) {
		const char *v = axis_choice(g->cells[i], axis);
		unsigned int k = 0;

		if (!axis_takes_part(g->cells[i], axis))
			continue;
		while (k < nr && strcmp(seen[k], v))
			k++;
		if (!strcmp(v, value))
			return k + 1;
		if (k == nr && nr < 32)
			seen[nr++] = v;
	}
	return 1;
}

/*
 * The cells that differ from cells[first] on this axis only, one for each choice. 0 if they belong
 * to an earlier cell, or if there is only one.
 */
static size_t
cluster(const struct plot_group *g, const char *axis, size_t first, const json_t *out[CLUSTER_MAX])
{
	size_t nr = 0;

	if (!axis_takes_part(g->cells[first], axis))
		return 0;
	for (size_t i = 0; i < g->nr && nr < CLUSTER_MAX; i++) {
		size_t k = 0;

		if (!axis_takes_part(g->cells[i], axis) ||
		    !axis_beside(g->cells[first], g->cells[i], axis))
			continue;
		if (i < first)
			return 0;
		/* One for each choice: the first in the register is nearest to the baseline. */
		while (k < nr && strcmp(axis_choice(out[k], axis), axis_choice(g->cells[i], axis)))
			k++;
		if (k == nr)
			out[nr++] = g->cells[i];
	}
	return nr > 1 ? nr : 0;
}

/*
 * The choices that distinguish the cell's group from others under the same heading: an axis is
 * named if a group that is equal on all axes named so far differs on it.
 */
static void heading_of(char *buf, size_t size, const struct plot_group *g, const struct axes *axes,
		       const json_t *cell, const char *axis)
{
	const json_t *others[CLUSTER_MAX];
	bool said[AXES_MAX] = { false };
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < axes->nr && at < size; i++) {
		const char *name = axes->name[i], *choice = axis_choice(cell, name);

		if (!strcmp(name, axis) || axis_follows(axis, name) || axis_absent(choice))
			continue;
		for (size_t k = 0; k < g->nr && !said[i]; k++) {
			const char *other = axis_choice(g->cells[k], name);
			bool alike = cluster(g, axis, k, others) > 0;

			for (size_t j = 0; j < i; j++)
				alike &=
					!said[j] || !strcmp(axis_choice(g->cells[k], axes->name[j]),
							    axis_choice(cell, axes->name[j]));
			said[i] = alike && !axis_absent(other) && strcmp(other, choice);
		}
		if (said[i])
			at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "", choice);
	}
}

static void
add_axis(struct rows *r, const struct plot_group *g, const struct axes *axes, const char *axis)
{
	const json_t *cells[CLUSTER_MAX];
	const char *sentence = axis_text(axis);
	bool titled = false;
	char text[600];

	for (size_t i = 0; i < g->nr; i++) {
		size_t nr = cluster(g, axis, i, cells);

		if (!nr)
			continue;
		if (!titled) {
			snprintf(text, sizeof(text), "%s%s%s", axis, sentence ? ": " : "",
				 sentence ? sentence : "");
			add_heading(r, HEADINGS, 0.7, text);
		}
		heading_of(text, sizeof(text), g, axes, cells[0], axis);
		if (*text)
			add_heading(r, SUBHEADINGS, titled ? 0.2 : 0, text);
		titled = true;
		for (size_t k = 0; k < nr; k++)
			add_bar(r, g, axis_choice(cells[k], axis), cells[k],
				choice_number(g, axis, axis_choice(cells[k], axis)));
	}
}

int plot_axes(struct plot_file *f, const struct plot_group *g)
{
	struct axes axes;
	struct rows r;

	rows_begin(&r, f);
	axes_of(&axes, plot_cells(g->benchmark));
	for (size_t i = 0; i < axes.nr; i++)
		add_axis(&r, g, &axes, axes.name[i]);
	if (!r.bars) {
		rows_end(&r, NULL);
		return 1;
	}
	write_head(f, g, &r);
	rows_end(&r, f);
	return 0;
}
