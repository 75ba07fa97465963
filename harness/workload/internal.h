/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of this room; its public header is workload.h.
 *
 *	parameters.def, .c	the table of parameters
 *	types.c			their general types: a count, a share, a time, a word, ...
 *	values.c, events.def, .c	the types of single parameters
 *	quantity.c		counts, shares and times as people write them
 *	plots.def, .c		the table of plot kinds
 *	file.c			YAML text -> words, each with its place
 *	overrides.c		the command line
 *	select.c		variant selections
 *	cells.c			words -> the product of all lists
 *	check.c			values that do not go together
 *	workload.c		files and suites
 *	find.c			where the project's own files are
 *	print.c			--dry-run, names, JSON, expected time
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_INTERNAL_H
#define CTBENCH_HARNESS_WORKLOAD_INTERNAL_H

#include "harness/workload/parameters.h"
#include "harness/workload/quantity.h"
#include "harness/workload/workload.h"

/* One value as the user wrote it. */
struct word {
	char *text;
	int line;	    /* 0: from the command line */
	const char *source; /* path of the file, or "--threads"; outlives the word */
};

/* All values of one key.  nr is 0 where the key was not given. */
struct words {
	struct word *list;
	size_t nr;
	bool is_list; /* written as a list, be it of one */
};

/* A file (or the command line) as words. */
struct workload_text {
	char *path;
	struct words keys[NR_PARAMS];
};

/* Space for "PATH:LINE" of any word. */
#define WORD_PLACE 512
const char *word_place(const struct word *w, char buf[WORD_PLACE]);

/* Reads YAML; checks only its form and its keys.  0 or a negative errno. */
int workload_text_read(struct workload_text *t, const char *path, struct ct_error *e);
/* The same from memory; path is what errors call it. */
int workload_text_parse(struct workload_text *t, const char *path, const char *data, size_t size,
			struct ct_error *e);
void workload_text_free(struct workload_text *t);

/*
 * The file that path means: itself, or one of the project's own if it is a bare name.  0, or
 * -ENOENT with a sentence if it is a bare name of neither.
 */
int workload_resolve(char *buf, size_t size, const char *path, struct ct_error *e);

/* A path that a file names, relative to that file; from malloc(), NULL without memory. */
char *workload_relative(const char *file, const char *path);

/* The command line as words, into t (zeroed). */
int workload_overrides_read(struct workload_text *t, const struct workload_overrides *o,
			    struct ct_error *e);

/* The values of one parameter as on the command line, with commas between, onto out. */
int workload_split_value(struct words *out, int id, const char *value, const char *source,
			 struct ct_error *e);

int words_add(struct words *w, const char *text, size_t len, int line, const char *source);
int words_copy(struct words *to, const struct words *from);
void words_free(struct words *w);

/* Parts of general types, for types of single parameters; see types.c. */
const char *parse_word(const struct parameter *p, struct cell *cell, const char *text);
int print_word(const struct parameter *p, const struct cell *cell, char *buf, size_t size);
void allow_words(const struct parameter *p, char *buf, size_t size, size_t *at);

/* Does it make new connections?  Then it cannot be combined with a capture. */
bool event_is_synthetic(const struct cell_event *event);

/* Repeats of the cells of w that take so many seconds together. */
double expected_repeats(const struct workload *w, double seconds);

/* The next of several phrases separated by blanks; returns its length, 0 at the end. */
size_t next_phrase(const char **text, const char **phrase);

/* The words of all parameters, with globs, `all` and defaults put in. */
struct workload_product {
	struct words keys[NR_PARAMS];
	size_t at[NR_PARAMS]; /* the value of each key in the cell now made */
	struct ct_error *e;
};

/* Do the values of the current cell fit together?  0 or -EINVAL with the sentence in p->e. */
int workload_check_cell(const struct workload_product *p, const struct cell *cell);

/*
 * The product of t's words.  w has its name, question and path; the rest is filled in.
 */
int workload_make_cells(struct workload *w, const struct workload_text *t, struct ct_error *e);

#endif
