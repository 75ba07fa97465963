/* SPDX-License-Identifier: MIT */
#include "harness/base/grid.h"

#include "harness/base/escape.h"
#include "harness/base/terminal.h"
#include "harness/base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- text ---- */

/* The minimum widths of a column whose texts are broken: the wider one is tried first. */
static const int least_widths[] = { 14, 8, 5 };
#define NR_LEAST (sizeof(least_widths) / sizeof(least_widths[0]))

/* How each column is printed. */
struct layout {
	int width[GRID_COLUMNS_MAX]; /* 0: not at all */
	bool shown[GRID_COLUMNS_MAX];
};

static int line_width(const struct grid *g, const struct layout *l)
{
	int sum = 0;

	for (size_t c = 0; c < g->columns; c++)
		if (l->shown[c])
			sum += 2 + l->width[c];
	return sum;
}

/* The length of the piece of text that fits, which ends behind a blank or a mark; *columns of it.
 */
static size_t piece(const char *text, int width, int *columns)
{
	size_t at = 0, end = 0;
	int n = 0, columns_to_end = 0;

	while (text[at] && n < width) {
		do
			at++;
		while (((unsigned char)text[at] & 0xc0) == 0x80);
		n++;
		if (!text[at] || text[at] == ' ' || strchr("_/,:;-", text[at - 1])) {
			end = at;
			columns_to_end = n;
		}
	}
	if (!end) {
		end = at;
		columns_to_end = n;
	}
	*columns = columns_to_end;
	return end;
}

/* One row, in as many lines as its longest text needs. */
static void print_row(FILE *out, const struct grid *g, size_t row, const struct layout *l)
{
	const char *rest[GRID_COLUMNS_MAX];
	bool more = true;

	for (size_t c = 0; c < g->columns; c++)
		rest[c] = text_at(g, row, c);
	while (more) {
		int gap = 0;

		more = false;
		for (size_t c = 0; c < g->columns; c++) {
			int columns, pad;
			size_t len;

			if (!l->shown[c])
				continue;
			len = piece(rest[c], l->width[c], &columns);
			pad = l->width[c] - columns;
			/* No blanks at the end of a line: gap counts those that are still due. */
			gap += 2;
			if (len) {
				fprintf(out, "%*s%.*s", gap + (g->left[c] ? 0 : pad), "", (int)len,
					rest[c]);
				gap = g->left[c] ? pad : 0;
			} else {
				gap += pad;
			}
			rest[c] += len;
			rest[c] += strspn(rest[c], " ");
			more |= *rest[c] != '\0';
		}
		fputc('\n', out);
	}
}

/*
 * Narrow the widest column of words, from `first` on and down to `least`, until a line fits or none
 * can be narrower.
 */
static void narrow_from(const struct grid *g, struct layout *l, int limit, size_t first, int least)
{
	while (line_width(g, l) > limit) {
		size_t widest = g->columns;

		for (size_t c = first; c < g->columns; c++)
			if (g->left[c] && l->shown[c] && l->width[c] > least &&
			    (widest == g->columns || l->width[c] > l->width[widest]))
				widest = c;
		if (widest == g->columns)
			return;
		l->width[widest]--;
	}
}

/* The first column is narrowed last: it has names, which people copy.  down_to: uses the first
 * down_to widths of least_widths. */
static void narrow(const struct grid *g, struct layout *l, int limit, size_t down_to)
{
	for (size_t i = 0; i < down_to; i++) {
		narrow_from(g, l, limit, 1, least_widths[i]);
		narrow_from(g, l, limit, 0, least_widths[i]);
	}
}

/* Show as many columns from `next` on as fit, at least one; returns where the next block begins. */
static size_t fill_block(const struct grid *g, struct layout *block, const struct layout *all,
			 size_t next, int limit)
{
	const size_t first = next;

	for (; next < g->columns; next++) {
		block->shown[next] = all->shown[next];
		if (next > first && line_width(g, block) > limit) {
			block->shown[next] = false;
			return next;
		}
	}
	return next;
}

static void print_text(FILE *out, const struct grid *g, const int *width, int limit)
{
	struct layout all = { .shown = { false } }, narrowed;
	size_t keys = 0, next;

	for (size_t c = 0; c < g->columns; c++) {
		all.width[c] = width[c];
		all.shown[c] = width[c] > 0;
	}
	narrowed = all;
	narrow(g, &narrowed, limit, 1);
	/* The leading columns of words name the row, so they are repeated in each block. */
	while (keys < g->columns && (g->left[keys] || !width[keys]))
		keys++;
	next = keys;
	do {
		struct layout block = narrowed;

		memset(block.shown + keys, 0, sizeof(block.shown) - keys);
		if (next > keys)
			fputc('\n', out);
		next = fill_block(g, &block, &narrowed, next, limit);
		/* A block of few columns has room for longer words. */
		memcpy(block.width, all.width, sizeof(block.width));
		narrow(g, &block, limit, NR_LEAST);
		for (size_t r = 0; r < g->rows; r++)
			print_row(out, g, r, &block);
	} while (next < g->columns);
}

/* ---- HTML and Markdown ---- */

static void print_html(FILE *out, const struct grid *g, const int *width)
{
	fputs("<table class=\"sort\">\n", out);
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

static void widths(const struct grid *g, int width[GRID_COLUMNS_MAX])
{
	memset(width, 0, GRID_COLUMNS_MAX * sizeof(*width));
	for (size_t r = 0; r < g->rows; r++)
		for (size_t c = 0; c < g->columns; c++) {
			int n = (int)text_columns(text_at(g, r, c));

			if (n > width[c])
				width[c] = n;
		}
}

int grid_width(const struct grid *g)
{
	int width[GRID_COLUMNS_MAX], sum = 0;

	widths(g, width);
	for (size_t c = 0; c < g->columns; c++)
		sum += width[c] ? 2 + width[c] : 0;
	return sum;
}

void grid_print_within(FILE *out, const struct grid *g, unsigned int columns)
{
	int width[GRID_COLUMNS_MAX];

	widths(g, width);
	print_text(out, g, width, columns && columns < INT_MAX ? (int)columns : INT_MAX);
}

void grid_print(FILE *out, const struct grid *g, enum grid_format format)
{
	int width[GRID_COLUMNS_MAX];

	widths(g, width);
	if (format == GRID_HTML)
		print_html(out, g, width);
	else if (format == GRID_MARKDOWN)
		print_markdown(out, g, width);
	else
		grid_print_within(out, g, out == stdout ? terminal_columns(STDOUT_FILENO, 0) : 0);
}
