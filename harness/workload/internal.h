/* SPDX-License-Identifier: MIT */
/*
 * What the workload*.c files share; see workload.h for the way in.
 *
 *	workload_file.c		YAML text -> words, each with its place
 *	workload_quantity.c	counts, shares, durations
 *	workload_keys.c		the table of keys: what each may be, and how it is read and written
 *	workload_values.c	the parsers that table names
 *	workload_events.c	what happens during the window, and its timeline
 *	workload_select.c	variant selections
 *	workload_cells.c	words -> the product of all lists
 *	workload_check.c	values that do not go together
 *	workload.c		files and suites
 *	workload_overrides.c	the command line
 *	workload_find.c		where the project's own files are
 *	workload_print.c	--dry-run, names, JSON, expected time
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_INTERNAL_H
#define CTBENCH_HARNESS_WORKLOAD_INTERNAL_H

#include "harness/workload/workload.h"

/* The keys a workload file or suite may have, in the order they are applied to a cell. */
enum workload_key_id {
	KEY_NAME,
	KEY_QUESTION,
	KEY_AIMS,
	KEY_WORKLOADS,
	KEY_PLOTS,
	KEY_REPEATS,
	KEY_SEED,
	KEY_VARIANTS,
	KEY_LEVEL,
	KEY_KIND,
	KEY_THREADS,
	KEY_PINNING,
	KEY_OVERSUBSCRIBE,
	KEY_CAPTURE,
	KEY_COPIES,
	KEY_SPLIT,
	KEY_FLOWS,
	KEY_IPV6_SHARE,
	KEY_BUCKETS,
	KEY_LOAD_FACTOR,
	KEY_POPULARITY,
	KEY_HIT_SHARE,
	KEY_REPLY_SHARE,
	KEY_MIX,
	KEY_REFCOUNT,
	KEY_DURATION,
	KEY_WARMUP,
	KEY_RESIZE,
	KEY_EVENTS,
	KEY_TIMELINE,
	KEY_PAGES,
	KEY_LATENCY,
	KEY_RATE,
	KEY_ARRIVALS,
	NR_KEYS,
	KEY_FIRST_OF_CELL = KEY_VARIANTS, /* from here on they are a cell's parameters */
};

/* What a key's value is for. */
enum workload_key_use {
	USE_TEXT, /* about the file itself: not to be overridden */
	USE_ONCE, /* one value for all cells */
	USE_LIST, /* a parameter: several values multiply the cells */
};

/* How a parameter looks in JSON. */
enum workload_json { JSON_TEXT, JSON_COUNT, JSON_NUMBER, JSON_SWITCH };

struct workload_key {
	const char *name;
	const char *column; /* as a cell's parameter: "variant" for variants */
	enum workload_key_use use;
	enum workload_json json;
	const char *fallback; /* the value if none is given, in the same words; NULL: none */
	const char *meaning;  /* what it is: "lookups that find something"; NULL for USE_TEXT */
	const char *allowed;  /* what it must be: "a share from 0 to 1, or a percentage" */

	/*
	 * Read one value into the cell.  NULL if it is fine, "" if it is not what
	 * allowed says, else a clause that says more.
	 */
	const char *(*parse)(struct cell *cell, const char *text);
	/* Write the cell's value; returns as snprintf() does. */
	int (*text)(const struct cell *cell, char *buf, size_t size);
	/* JSON_COUNT and JSON_NUMBER */
	double (*number)(const struct cell *cell);
};

extern const struct workload_key workload_keys[NR_KEYS];

/* KEY_* of a name with underscores or dashes, or -1. */
int workload_key_find(const char *name, size_t len);
/* "flows, buckets, ...": the keys as a phrase, those that may be overridden or all. */
void workload_key_list(char *buf, size_t size, bool only_overridable);

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
	struct words keys[NR_KEYS];
};

/* Space for "PATH:LINE" of any word. */
#define WORD_PLACE 512
const char *word_place(const struct word *w, char buf[WORD_PLACE]);

/* Read YAML; nothing is checked but its form and its keys.  0 or a negative errno. */
int workload_text_read(struct workload_text *t, const char *path, struct ct_error *e);
void workload_text_free(struct workload_text *t);

/*
 * The file meant by path: itself, or, where there is none and it is a bare name, one of
 * the project's own.  0, or -ENOENT (buf is path, for the error to come).
 */
int workload_resolve(char *buf, size_t size, const char *path);

/* A path that a file names, relative to that file; from malloc(), NULL without memory. */
char *workload_relative(const char *file, const char *path);

/* The command line as words, into t (zeroed). */
int workload_overrides_read(struct workload_text *t, const struct workload_overrides *o,
			    struct ct_error *e);

int words_add(struct words *w, const char *text, size_t len, int line, const char *source);
int words_copy(struct words *to, const struct words *from);
void words_free(struct words *w);

/*
 * Quantities.  Each takes the whole text and returns false if it is anything
 * else than such a quantity, or out of range.
 */
/* 65536, 64Ki, 1.5M */
bool parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* 0.25, 25% */
bool parse_share(const char *text, double *out);
/* Digits and a point: no sign, exponent, hexadecimal, infinity or NaN. */
bool parse_number(const char *text, double min, double max, double *out);
/* 200ms, 1.5s, 2min */
bool parse_seconds(const char *text, double *out);
int print_count(char *buf, size_t size, uint64_t n);
int print_seconds(char *buf, size_t size, double seconds);

/* The next of several phrases parted by blanks; returns its length, 0 at the end. */
size_t next_phrase(const char **text, const char **phrase);

/* The words of all parameters, with globs, `all` and defaults put in. */
struct workload_product {
	struct words keys[NR_KEYS];
	size_t at[NR_KEYS]; /* the value of each key in the cell now made */
	struct ct_error *e;
};

/* Do the values of the cell now made go together?  0 or -EINVAL with the sentence in p->e. */
int workload_check_cell(const struct workload_product *p, const struct cell *cell);

/*
 * The product of t's words.  w has its name, question and path; the rest is filled in.
 */
int workload_make_cells(struct workload *w, const struct workload_text *t, struct ct_error *e);

#endif
