/* SPDX-License-Identifier: MIT */
/*
 * Escaping of texts from outside (workload files, received results, names of files and hosts): one
 * function for each output syntax.  A text is escaped exactly once, where it is written.
 *
 * Control characters (C0, DEL, C1), line separators, characters that change the direction of the
 * text, noncharacters and bytes that are not UTF-8 are never written.  On terminals they are
 * replaced by \u001b or \xff, in pages and pictures by U+FFFD.
 *
 * No state; any thread.
 */
#ifndef CTBENCH_HARNESS_BASE_ESCAPE_H
#define CTBENCH_HARNESS_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One line of a terminal; newlines and tabs become visible as well. */
void escape_line(FILE *out, const char *text);
/* Text of an HTML element, or the value of an attribute in double quotes. */
void escape_html(FILE *out, const char *text);
/* Text of a Markdown paragraph, heading, list item or table cell, as GitHub reads it. */
void escape_markdown(FILE *out, const char *text);
/* Markdown code within a line, with the backquotes around it. */
void escape_markdown_code(FILE *out, const char *text);
/* A string of a gnuplot script, with its quotes; a newline stays one. */
void escape_gnuplot(FILE *out, const char *text);
/* The rest of a comment line in a gnuplot script or data file. */
void escape_gnuplot_comment(FILE *out, const char *text);
/*
 * A text in a column of a gnuplot data file, with its quotes; a newline stays one.  Double quotes
 * become single ones, because such a column cannot contain them.
 */
void escape_gnuplot_data(FILE *out, const char *text);
/*
 * A part of a file name: letters, digits, '-', '_' and '.', but no '-' or '.' in front.  Everything
 * else becomes '_', so different texts may give the same name.
 */
void escape_file_name(FILE *out, const char *text);
/* A word for a shell, quoted if necessary, so that it can be pasted. */
void escape_shell(FILE *out, const char *text);
/* The same for a path that is an operand: with "./" in front where it would be an option. */
void escape_shell_path(FILE *out, const char *path);
/* A field of a TSV file: control characters become blanks. */
void escape_tsv(FILE *out, const char *text);

/* Any of these into buf, truncated after a whole character if it is too small.  Returns buf. */
char *
escaped(char *buf, size_t size, void (*escape)(FILE *out, const char *text), const char *text);

/* Is it one line of UTF-8 without any of the characters above? */
bool text_is_plain(const char *text);

/* ---- for terminal.c ---- */

#define UTF8_INVALID UINT32_MAX
#define UTF8_MAX     4

/*
 * The character that begins at text, of which len bytes are there (at least one): its length in
 * bytes, and *code.  A byte that is not UTF-8 has length 1 and code UTF8_INVALID.  0: more bytes
 * are needed to tell.
 */
size_t utf8_next(const char *text, size_t len, uint32_t *code);
/* May it be written to a terminal unchanged?  Not newlines and tabs. */
bool utf8_shown(uint32_t code);
/* "\u001b" for a character, "\xff" for a byte (code UTF8_INVALID); returns the length. */
#define ESCAPED_MAX 13
size_t utf8_visible(char buf[ESCAPED_MAX], uint32_t code, unsigned char byte);

#endif
