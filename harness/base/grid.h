/* SPDX-License-Identifier: MIT */
/*
 * A table of texts, written for a terminal, for a web page, or as Markdown; texts are escaped for
 * each.  The first row is the header.  A column whose texts are all empty is left out.
 */
#ifndef CTBENCH_HARNESS_BASE_GRID_H
#define CTBENCH_HARNESS_BASE_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GRID_COLUMNS_MAX 48

/* Begin with { .columns = N, .left = { ... } }; the functions set the rest. */
struct grid {
	size_t columns;
	size_t rows, room;
	char **text;		     /* rows * columns */
	bool left[GRID_COLUMNS_MAX]; /* aligned to the left; else to the right, as numbers are */
	bool failed;		     /* without memory: some texts are missing */
};

enum grid_format {
	GRID_TEXT,     /* columns as wide as their widest text; on a terminal, what fits it */
	GRID_HTML,     /* <table> ... </table>, its texts escaped */
	GRID_MARKDOWN, /* as on GitHub */
};

/* Appends an empty row; false without memory. */
bool grid_add_row(struct grid *g);
/* A copy of text (NULL: empty) into a column of the last row, or of any. */
void grid_put(struct grid *g, size_t column, const char *text);
void grid_put_at(struct grid *g, size_t row, size_t column, const char *text);
void grid_print(FILE *out, const struct grid *g, enum grid_format format);
void grid_free(struct grid *g);

/* The number of columns that it takes as text without a limit. */
int grid_width(const struct grid *g);
/*
 * Writes it as text within that many columns (0: no limit): columns of words are broken.  If that
 * is not enough, columns of numbers are split into blocks, each after the words that name the row.
 */
void grid_print_within(FILE *out, const struct grid *g, unsigned int columns);

#endif
