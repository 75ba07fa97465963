/* SPDX-License-Identifier: MIT */
/*
 * Folds lines that are wider than a terminal at blanks, while they are written.  A continuation
 * line is indented: by two more columns than the line, or to where the text of "name  text" begins.
 * Commands to paste, JSON, Markdown tables, comments and markup stay as they are.
 *
 * One thread.
 */
#ifndef CTBENCH_HARNESS_BASE_FOLD_H
#define CTBENCH_HARNESS_BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#define FOLD_WORD_MAX 1024 /* bytes; a longer word is written in pieces */

/* Begin with zeros. */
struct fold {
	int (*write)(void *arg, const char *text, size_t len); /* 0 or a negative errno */
	void *arg;
	unsigned int columns; /* of the terminal; 0: nothing is folded */
	/* of the line so far */
	unsigned int column, indent, blanks; /* blanks: behind the last word, not yet written */
	bool body, keep;		     /* it has a word; it is not folded */
	/* the word that is not yet written */
	char word[FOLD_WORD_MAX];
	size_t nr;
	unsigned int width;
};

/*
 * Writes UTF-8 text and sequences of terminal_tone(), in pieces that may end anywhere; lines that
 * are too wide are folded at blanks.  0 or a negative errno of write().
 */
int fold_put(struct fold *f, const char *text, size_t len);

#endif
