/* SPDX-License-Identifier: MIT */
/*
 * The filter for everything that ctbench prints to standard output and standard error.
 *
 * Most output contains names and texts from outside, and a terminal executes escape sequences, C1
 * codes and characters that change the direction of a line.  So both streams go through one filter:
 * it passes UTF-8, newlines and tabs, and makes everything else visible (escape.h).  JSON stays
 * valid, since \u001b is ESC in its strings.  Standard output to a terminal is folded to its width
 * (fold.h).
 *
 * One thread at a time.
 */
#ifndef CTBENCH_HARNESS_BASE_TERMINAL_H
#define CTBENCH_HARNESS_BASE_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Filters stdout and stderr from now on.  For main(), once, before anything is printed.
 * 0 or -ENOMEM.
 */
int terminal_filter(void);

/* Lets colours pass from now on: the sequences of terminal_tone(), and no others. */
void terminal_allow_tones(void);

/* Columns of the terminal behind a descriptor; `otherwise` if it is not a terminal. */
unsigned int terminal_columns(int fd, unsigned int otherwise);

/* Should it get colours?  Only a terminal does, and not if NO_COLOR is set. */
bool terminal_colour(int fd);

/*
 * Redirects standard output to standard error until terminal_restore(), because another program
 * reads standard output.  Returns the argument of terminal_restore().
 */
int terminal_divert(void);
void terminal_restore(int diverted);

enum tone { TONE_PLAIN, TONE_HEAD, TONE_DIM, TONE_GOOD, TONE_BAD, TONE_NOTE };

/* The escape sequence that begins a tone; TONE_PLAIN's ends any. */
const char *terminal_tone(enum tone tone);

/*
 * Writes a text with escape sequences, unfiltered, to the terminal behind stderr.  Texts from
 * outside in it must have passed escape_line().
 */
void terminal_draw(const char *text);

#endif
