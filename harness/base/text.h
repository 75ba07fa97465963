/* SPDX-License-Identifier: MIT */
/* Texts that are put together piece by piece, and how they fit into lines. */
#ifndef CTBENCH_HARNESS_BASE_TEXT_H
#define CTBENCH_HARNESS_BASE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * Print at offset *at of buf, and add the length to *at as snprintf() counts it.  A text that does
 * not fit is cut off; *at is then the size that it would have needed.
 */
__attribute__((format(printf, 4, 5))) void
text_add(char *buf, size_t size, size_t *at, const char *fmt, ...);

/* Columns that a text of UTF-8 takes: its characters. */
unsigned int text_columns(const char *text);

/*
 * Write the words of text, and a newline.  The first line begins at `column`, where the cursor
 * is; the others are indented.  No line is longer than width, unless a word is.
 */
void text_wrap(FILE *out, const char *text, unsigned int column, unsigned int indent,
	       unsigned int width);

#endif
