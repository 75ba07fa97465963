/* SPDX-License-Identifier: MIT */
/*
 * What ctbench prints, on its way to standard output and standard error.
 *
 * Names and texts of others are in nearly everything that is printed, and a terminal obeys what
 * is in them: escape sequences, C1 codes, characters that turn the direction of a line.  So both
 * streams go through one filter: it passes UTF-8, newlines and tabs, and makes all else visible
 * (escape.h).  JSON stays JSON by that, since \u001b is what its strings have for ESC.  What goes
 * to a terminal by standard output is folded to its width (fold.h).
 *
 * One thread at a time.
 */
#ifndef CTBENCH_HARNESS_BASE_TERMINAL_H
#define CTBENCH_HARNESS_BASE_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/*
 * stdout and stderr are filtered from now on.  For main(), once, before anything is printed.
 * 0 or -ENOMEM.
 */
int terminal_filter(void);

/* What is printed from now on may have colours: the sequences of terminal_tone(), and no others. */
void terminal_allow_tones(void);

/* Columns of the terminal behind a descriptor; `otherwise` if it is not a terminal. */
unsigned int terminal_columns(int fd, unsigned int otherwise);

/* Should it get colours?  Only a terminal does, and not if NO_COLOR is set. */
bool terminal_colour(int fd);

/*
 * Until terminal_restore(), what is printed on standard output goes to standard error, because
 * standard output is for a program that reads it.  Returns what terminal_restore() needs.
 */
int terminal_divert(void);
void terminal_restore(int diverted);

enum tone { TONE_PLAIN, TONE_HEAD, TONE_DIM, TONE_GOOD, TONE_BAD, TONE_NOTE };

/* The escape sequence that begins a tone; TONE_PLAIN's ends any. */
const char *terminal_tone(enum tone tone);

/*
 * A text of ctbench's own with escape sequences, straight to the terminal behind stderr.  Texts of
 * others in it must have passed escape_line().
 */
void terminal_draw(const char *text);

#endif
