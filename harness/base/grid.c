/* SPDX-License-Identifier: MIT */
#include "harness/base/grid.h"

#include "harness/base/escape.h"

#include <stdlib.h>
#include <string.h>

static const char *text_at(const struct grid *g, size_t row, size_t column)
{
	const char *text = g->text[row * g->columns + column];

	return text ? text : "";
}

void grid_put_at(struct grid *g, size_t row, size_t column, const char *text)
{
	char **place = &g->text[row * g->columns + column];

	free(*place);
	*place = strdup(text ? text : "");
	g->failed |= !*place;
}

void grid_put(struct grid *g, size_t column, const char *text)
{
	grid_put_at(g, g->rows - 1, column, text);
}

bool grid_add_row(struct grid *g)
{
	char **text;

	if (g->rows == g->room) {
		size_t room = g->room ? 2 * g->room : 16;

		text = realloc(g->text, room * g->columns * sizeof(*text));
		if (!text) {
			g->failed = true;
			return false;
		}
		g->text = text;
		g->room = room;
	}
	memset(&g->text[g->rows++ * g->columns], 0, g->columns * sizeof(*text));
	return true;
}

void grid_free(struct grid *g)
{
	for (size_t i = 0; i < g->rows * g->columns; i++)
		free(g->text[i]);
	free(g->text);
}

/* Columns on a terminal: the bytes of UTF-8 that begin a character. */
static int width_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void print_text(FILE *out, const struct grid *g, const int *width)
{
	for (size_t r = 0; r < g->rows; r++) {
		int gap = 0;

		for (size_t c = 0; c < g->columns; c++) {
			const char *text = text_at(g, r, c);
			int pad = width[c] - width_of(text);

			if (!width[c])
				continue;
			/* No blanks at the end of a line: gap counts those that are still due. */
			gap += 2;
			if (*text) {
				fprintf(out, "%*s%s", gap + (g->left[c] ? 0 : pad), "", text);
				gap = g->left[c] ? pad : 0;
			} else {
				gap += pad;
			}
		}
		fputc('\n', out);
	}
}

static void print_html(FILE *out, const struct grid *g, const int *width)
{
	fputs("<table>\n", out);
	for (size_t r = 0; r < g->rows; r++) {
		fputs(r == 0 ? "<thead><tr>" : r == 1 ? "<tbody>\n<tr>" : "<tr>", out);
		for (size_t c = 0; c < g->columns; c++) {
			if (!width[c])
				continue;
			fprintf(out, "<%s%s>", r ? "td" : "th scope=\"col\"",
				g->left[c] ? " class=\"l\"" : "");
			escape_html(out, text_at(g, r, c));
			fprintf(out, "</%s>", r ? "td" : "th");
		}
		fputs(r ? "</tr>\n" : "</tr></thead>\n", out);
	}
	fputs(g->rows > 1 ? "</tbody></table>\n" : "</table>\n", out);
}

static void print_markdown(FILE *out, const struct grid *g, const int *width)
{
	for (size_t r = 0; r < g->rows; r++) {
		for (size_t c = 0; c < g->columns; c++) {
			if (!width[c])
				continue;
			fputs("| ", out);
			escape_markdown(out, text_at(g, r, c));
			fputc(' ', out);
		}
		fputs("|\n", out);
		for (size_t c = 0; c < g->columns && !r; c++)
			if (width[c])
				fputs(g->left[c] ? "|---" : "|---:", out);
		if (!r)
			fputs("|\n", out);
	}
}

void grid_print(FILE *out, const struct grid *g, enum grid_format format)
{
	int width[GRID_COLUMNS_MAX] = { 0 };

	for (size_t r = 0; r < g->rows; r++)
		for (size_t c = 0; c < g->columns; c++)
			if (width_of(text_at(g, r, c)) > width[c])
				width[c] = width_of(text_at(g, r, c));
	if (format == GRID_HTML)
		print_html(out, g, width);
	else if (format == GRID_MARKDOWN)
		print_markdown(out, g, width);
	else
		print_text(out, g, width);
}
