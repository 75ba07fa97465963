/* SPDX-License-Identifier: MIT */
/*
 * Timelines: what happened in the window. Panels one below the other share the axis of time:
 * lookups, inserts, the slowest operations, failures. Events are shaded and named; a light band
 * behind each line is the interval of its medians. There is a picture for each variant, and one
 * with all of them on the same scales.
 *
 * Data: a block per variant (gnuplot's `index`); the columns are milliseconds since the window
 * opened (the middle of the piece), then the series that the first line names, each followed by
 * both ends of its interval if the run has intervals.
 */
#include "harness/show/plot/internal.h"

#include "harness/numbers/stats.h"
#include "harness/results/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX  4
#define PANELS_MAX 32
/* As many side by side as are wide enough to be read. */
#define COLUMNS_MAX 6

/*
 * Series that share a panel, which the first of them describes (figures.def), from top to bottom. A
 * panel is left out if its first series is missing or 0 in all cells.
 */
struct panel {
	const struct figure *line[LINES_MAX];
	size_t nr;
};

/* of: "series", "series_low" or "series_high" */
static const json_t *list_of(const json_t *cell, const char *of, const char *name)
{
	return json_object_get(within(cell, "timeline", of), name);
}

static const json_t *series_of(const json_t *cell, const char *name)
{
	return list_of(cell, "series", name);
}

/*
 * Is the series not 0 in any cell? With few repeats the median may be 0 throughout, but not the
 * interval.
 */
static bool anybody_has(const struct plot_group *g, const char *series)
{
	static const char *const of[] = { "series", "series_high" };
	json_t *v;
	size_t k;

	for (size_t i = 0; i < 2 * g->nr; i++)
		json_array_foreach((json_t *)list_of(g->cells[i / 2], of[i % 2], series), k, v)
			if (json_number_value(v) > 0)
				return true;
	return false;
}

/* Runs of a single repeat, or of older versions, have no intervals. */
static bool has_bands(const struct plot_group *g)
{
	for (size_t i = 0; i < g->nr; i++)
		if (json_object_size(within(g->cells[i], "timeline", "series_high")))
			return true;
	return false;
}

/* Words for the drawn figures: with few repeats the interval is their range, not one of 95 %. */
static const char *in_words(const struct plot_group *g)
{
	bool few = false;

	if (!has_bands(g))
		return "median";
	for (size_t i = 0; i < g->nr; i++)
		few |= number_of(json_object_get(g->cells[i], "timeline"), "n") < STATS_RANKS_LEAST;
	return few ? "median and range (shaded)" : "median and 95 % interval (shaded)";
}

/* Piece k of a series as its panel shows it; 0 if missing. */
static double piece(const json_t *cell, const char *of, const struct figure *line, size_t k)
{
	double value = number_at(list_of(cell, of, line->name), k);

	return isnan(value) ? 0 : value * figure_scale(line);
}

static bool is_shown(const struct plot_group *g, const struct figure *first)
{
	/* Runs that take latencies show no throughput. */
	if (first->throughput &&
	    (anybody_has(g, "lookup_p50_ns") || anybody_has(g, "established_p50_ns")))
		return false;
	return anybody_has(g, first->name) && !(first->unless && anybody_has(g, first->unless));
}

/* The panels of a picture, from top to bottom, in list[PANELS_MAX]; returns their number. */
static size_t shown(const struct plot_group *g, struct panel *list)
{
	const struct figure *f = NULL, *first = NULL;
	bool take = false;
	size_t nr = 0;

	while ((f = figure_next(f, FIGURE_SERIES)) && nr < PANELS_MAX) {
		if (!f->panel)
			continue;
		if (!first || strcmp(first->panel, f->panel)) {
			first = f;
			take = is_shown(g, f);
			if (take)
				list[nr++].nr = 0;
		}
		if (take && list[nr - 1].nr < LINES_MAX)
			list[nr - 1].line[list[nr - 1].nr++] = f;
	}
	return nr;
}

static void write_line(FILE *data, const json_t *cell, const struct figure *line, size_t k,
		       bool log, bool bands)
{
	double n = piece(cell, "series", line, k);

	/* A logarithmic axis has no 0; NaN interrupts the curve. */
	if (log && n <= 0)
		fputs("\tNaN", data);
	else
		fprintf(data, "\t%.6g", n);
	/* A series that is 0 throughout is missing. */
	if (bands)
		fprintf(data, "\t%.6g\t%.6g", piece(cell, "series_low", line, k),
			piece(cell, "series_high", line, k));
}

static void write_data(FILE *data, const struct plot_group *g, const struct panel *list, size_t nr)
{
	bool bands = has_bands(g);

	for (size_t i = 0; i < g->nr; i++) {
		const json_t *t = json_object_get(g->cells[i], "timeline");
		double length = number_of(t, "window_s") * 1e3;
		size_t pieces = json_array_size(series_of(g->cells[i], "ops_per_s"));

		plot_write_comment(data, text_of(g->cells[i], "variant"));
		for (size_t k = 0; k < pieces; k++) {
			fprintf(data, "%.6g", ((double)k + 0.5) * length);
			for (size_t p = 0; p < nr; p++)
				for (size_t l = 0; l < list[p].nr; l++)
					write_line(data, g->cells[i], list[p].line[l], k,
						   list[p].line[0]->log, bands);
			fputc('\n', data);
		}
		fputs("\n\n", data);
	}
}

/* The largest value in a panel over all variants, so that they share a scale. */
static double top_of(const struct plot_group *g, const struct panel *p, double *least)
{
	static const char *const of[] = { "series", "series_high", "series_low" };
	double top = 0;

	*least = INFINITY;
	for (size_t l = 0; l < p->nr; l++)
		for (size_t i = 0; i < 3 * g->nr; i++) {
			const json_t *cell = g->cells[i / 3];
			size_t nr = json_array_size(list_of(cell, of[i % 3], p->line[l]->name));

			for (size_t k = 0; k < nr; k++) {
				double n = piece(cell, of[i % 3], p->line[l], k);

				top = fmax(top, n);
				if (n > 0)
					*least = fmin(*least, n);
			}
		}
	return top;
}

static void
write_panels(FILE *script, const struct plot_group *g, const struct panel *list, size_t nr)
{
	int column = 2, wide = has_bands(g) ? 3 : 1;

	/* Each line has `wide` columns: the median, and both ends of its interval. */
	fprintf(script,
		"wide = %d\npanels = %zu\narray panel[%zu]\narray panel_log[%zu]\n"
		"array panel_top[%zu]\narray panel_least[%zu]\narray panel_column[%zu]\n"
		"array panel_lines[%zu]\narray line_label[128]\n",
		wide, nr, nr, nr, nr, nr, nr, nr);
	for (size_t p = 0; p < nr; p++) {
		int lines = 0;
		char variable[32];
		double least, top = top_of(g, &list[p], &least);

		snprintf(variable, sizeof(variable), "panel[%zu]", p + 1);
		plot_set_text(script, variable, list[p].line[0]->panel);
		for (; lines < (int)list[p].nr; lines++) {
			snprintf(variable, sizeof(variable), "line_label[%d]",
				 column + wide * lines);
			plot_set_text(script, variable, list[p].line[lines]->heading);
		}
		fprintf(script,
			"panel_log[%zu] = %d\npanel_top[%zu] = %.6g\npanel_least[%zu] = %.6g\n"
			"panel_column[%zu] = %d\npanel_lines[%zu] = %d\n",
			p + 1, list[p].line[0]->log, p + 1, top > 0 ? top : 1, p + 1,
			isfinite(least) ? least : 1e-3, p + 1, column, p + 1, lines);
		column += wide * lines;
	}
}

/* "flood=200000:60ms" becomes "flood 200k/s": the picture shows how long it lasts. */
static void event_words(char *buf, size_t size, const char *name)
{
	unsigned long long rate;

	if (sscanf(name, "flood=%llu:", &rate) == 1 && !(rate % 1000))
		snprintf(buf, size, "flood %lluk/s", rate / 1000);
	else
		snprintf(buf, size, "%s", name);
	for (char *p = buf; *p; p++)
		if (*p == '=')
			*p = ' ';
}

static void write_events(FILE *script, const struct plot_group *g)
{
	size_t total = 0, at = 0, e;
	json_t *event;

	for (size_t i = 0; i < g->nr; i++)
		total += json_array_size(within(g->cells[i], "timeline", "events"));
	fprintf(script,
		"events = %zu\narray event_cell[%zu]\narray event_begin[%zu]\n"
		"array event_end[%zu]\narray event_name[%zu]\n",
		total, total + 1, total + 1, total + 1, total + 1);
	for (size_t i = 0; i < g->nr; i++)
		json_array_foreach(within(g->cells[i], "timeline", "events"), e, event) {
			char variable[32], name[64];

			at++;
			fprintf(script,
				"event_cell[%zu] = %zu\nevent_begin[%zu] = %.6g\nevent_end[%zu] = "
				"%.6g\n",
				at, i + 1, at, 1e3 * number_of(event, "begin_s"), at,
				1e3 * number_of(event, "end_s"));
			snprintf(variable, sizeof(variable), "event_name[%zu]", at);
			event_words(name, sizeof(name), text_of(event, "name"));
			plot_set_text(script, variable, name);
		}
}

/* ", lookups_per_s (x 1e-06), its low, its high" for each line. */
static void series_words(char *buf, size_t size, const struct plot_group *g,
			 const struct panel *list, size_t nr)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t p = 0; p < nr; p++)
		for (size_t l = 0; l < list[p].nr && at < size; l++)
			at += (size_t)snprintf(buf + at, size - at, ", %s (x %g)%s",
					       list[p].line[l]->name, figure_scale(list[p].line[l]),
					       has_bands(g) ? ", its low, its high" : "");
}

int plot_timeline(struct plot_file *f, const struct plot_group *all)
{
	struct plot_group g = *all;
	struct panel list[PANELS_MAX];
	char words[2048];
	size_t nr, pieces = 0;
	double end = 0;
	int err = 1;

	g.cells = calloc(all->nr, sizeof(*g.cells));
	g.nr = 0;
	if (!g.cells)
		return -ENOMEM;
	for (size_t i = 0; i < all->nr && g.nr < COLUMNS_MAX; i++)
		if (json_array_size(series_of(all->cells[i], "ops_per_s")))
			g.cells[g.nr++] = all->cells[i];
	nr = shown(&g, list);
	if (!nr)
		goto out;
	for (size_t i = 0; i < g.nr; i++) {
		size_t here = json_array_size(series_of(g.cells[i], "ops_per_s"));

		pieces = here > pieces ? here : pieces;
		end = fmax(end,
			   1e3 * number_of(json_object_get(g.cells[i], "timeline"), "window_s") *
				   (double)here);
	}
	g.drawn = in_words(&g);
	series_words(words, sizeof(words), &g, list, nr);
	plot_begin(f, &g, "milliseconds since the window opened%s", words);
	write_data(f->data, &g, list, nr);
	fprintf(f->script,
		"cells = %zu\npieces = %zu\nend_ms = %.6g\narray label[%zu]\narray style[%zu]\n",
		g.nr, pieces, end, g.nr, g.nr);
	for (size_t i = 0; i < g.nr; i++) {
		char variable[32];

		snprintf(variable, sizeof(variable), "label[%zu]", i + 1);
		plot_set_text(f->script, variable, text_of(g.cells[i], "variant"));
		fprintf(f->script, "style[%zu] = %u\n", i + 1,
			plot_variant_index(&g, g.cells[i]) + 1);
	}
	write_panels(f->script, &g, list, nr);
	write_events(f->script, &g);
	err = 0;
out:
	free(g.cells);
	return err;
}
