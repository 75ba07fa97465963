/* SPDX-License-Identifier: MIT */
/*
 * Workload files: what to measure, and which question the results answer.
 *
 * A workload file is a YAML mapping from parameter to value.  A value is a word, a short phrase or
 * a list of them, and the product of all lists is the workload's list of cells.  A text has the
 * same meaning in the file, in a suite and on the command line (--threads 1,2): all of them are
 * read by the table in parameters.def.
 *
 * A suite is a YAML file with the key `workloads`, a list of workload files (paths relative to the
 * suite).  Its other keys override theirs.
 *
 * For one thread at a time.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_WORKLOAD_H
#define CTBENCH_HARNESS_WORKLOAD_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/error.h"
#include "harness/base/names.h"
#include "harness/workload/cell.h"
#include "harness/workload/plots.h"

struct json_t; /* jansson's */
struct aim;

struct workload {
	/* name_fits_workload(), unique within a set; also cell.suite */
	char name[WORKLOAD_NAME_SIZE];
	char *question;	    /* one sentence */
	char *path;	    /* of the file, as given */
	unsigned int plots; /* enum workload_plot */
	struct aim *aims;   /* what the medians should reach; see aims.h */
	size_t nr_aims;
	uint32_t repeats; /* the same in every cell */
	uint64_t seed;	  /* the same in every cell */

	struct cell *cells; /* the product, checked; at least one */
	size_t nr_cells;
	uint64_t varying; /* bit i: parameter i (cell_param_name) varies among the cells */
	size_t control;	  /* the cell that is measured twice, the second time under another name
			   * (the A/A control, cell.control) */
};

struct workload_set {
	char name[WORKLOAD_NAME_SIZE]; /* of the suite, or of the only workload, or "run" */
	struct workload *list;
	size_t nr;
};

/*
 * A value from the command line.  Values of a list are separated by commas; source is what an error
 * calls it ("--threads").  buckets and load_factor exclude each other: one on the command line
 * replaces the other one in the file.
 */
struct workload_override {
	const char *key;
	const char *value;
	const char *source;
};

#define WORKLOAD_MAX_OVERRIDES 64

struct workload_overrides {
	struct workload_override list[WORKLOAD_MAX_OVERRIDES];
	size_t nr;
	char sources[WORKLOAD_MAX_OVERRIDES][40]; /* room for what source points to */
};

/*
 * Takes argv[*i] if it overrides a parameter: --KEY VALUE, --KEY=VALUE (also with dashes for
 * underscores: --load-factor) or --set KEY=VALUE.  Returns 1 and moves *i past it, 0 if it is
 * another argument, or a negative errno with the sentence in e.  Keeps pointers into argv.
 */
int workload_take_option(struct workload_overrides *o, int argc, char **argv, int *i,
			 struct ct_error *e);

/*
 * Read a workload file, or a suite and all its workloads, and append them to set (zeroed before the
 * first call).  path may also be the bare name of one of the project's own ("axes", "default").
 * overrides may be NULL.  Returns 0, -EINVAL, -ENOMEM or the negative errno of opening a file.  On
 * failure the error has file, line and remedy, and set is unchanged.
 */
int workload_load(struct workload_set *set, const char *path,
		  const struct workload_overrides *overrides, struct ct_error *e);
/* The same from a text; path is what errors call it, and what its own paths are relative to. */
int workload_load_text(struct workload_set *set, const char *path, const char *text,
		       const struct workload_overrides *overrides, struct ct_error *e);
/* A whole workload file for workload_load_text(); from malloc(), NULL with a sentence in e. */
char *workload_read_text(FILE *f, const char *path, struct ct_error *e);
/* The name of standard input in errors, and of its workload unless that gives another. */
#define WORKLOAD_STDIN "stdin"
void workload_set_free(struct workload_set *set);

/* The question of a file, without its cells. */
struct workload_info {
	char *question;
	bool is_suite;
};
int workload_info_read(struct workload_info *info, const char *path, struct ct_error *e);
void workload_info_free(struct workload_info *info);

/*
 * The project's own workload files and suites: those in the folder workloads/ here, else those that
 * are built into the program (built_in.h).  The list and each path are from malloc().
 */
int workload_find_files(char ***paths, size_t *nr, struct ct_error *e);

/*
 * The parameters of a cell, in the order of columns: "variant", "threads", "flows", ...
 * cell_param_text() writes the value as in a workload file and returns as snprintf() does.
 */
unsigned int cell_nr_params(void);
const char *cell_param_name(unsigned int i);
int cell_param_text(const struct cell *cell, unsigned int i, char *buf, size_t size);
/* The index of a column, or -1. */
int cell_param_find(const char *column);
/*
 * Read one value, written as in a workload file, into the cell.  place ("FILE:LINE" or
 * "--pages") begins the error sentence.  0 or -EINVAL.
 */
int cell_param_set(struct cell *cell, const char *column, const char *text, const char *place,
		   struct ct_error *e);

/*
 * The text of a new workload file.  variants and vary (KEY=VALUES, or "none") are as on the command
 * line; traffic is lookups, churn, packets or fill.  From malloc(), NULL with a sentence in e.
 */
struct workload_answers {
	const char *question, *variants, *traffic, *vary;
	const char *schema; /* its path, for editors */
};
char *workload_new_text(const struct workload_answers *a, struct ct_error *e);

/*
 * The table of parameters for programs: as a list of {name, column, use, default, meaning,
 * allowed}, and as a JSON Schema (draft 2020-12) of workload files.  New references.
 */
struct json_t *workload_parameters_json(void);
struct json_t *workload_schema(void);

/* The name of an event ("resize"), and how a workload writes it, without the time
 * ("resize=128Ki"). */
const char *cell_event_name(const struct cell_event *event);
int cell_event_text(const struct cell_event *event, char *buf, size_t size);

/*
 * The name of a cell, unique within its set: WORKLOAD/VARIANT/threads:2/flows:65536, with the
 * parameters that vary in w; the A/A control ends in /control.  --benchmark_filter matches it.
 * Returns as snprintf() does.
 */
int cell_name(const struct workload *w, const struct cell *cell, char *buf, size_t size);

/* All of a cell's parameters as a JSON object (new reference; NULL: no memory). */
struct json_t *cell_to_json(const struct cell *cell);

/*
 * The workload for keeping with its results: name, question, path, plots, the values of each
 * parameter (globs, `all` and load factors resolved), and the cells.  New reference; NULL: no
 * memory.
 */
struct json_t *workload_to_json(const struct workload *w);
char *workload_resolved_json(const struct workload *w); /* the same as text, for free() */

/*
 * Expected seconds on a quiet machine: one repeat of a cell of w beside the others of its group;
 * all repeats of all cells and controls; of a set, with the machine's bounds.
 */
double cell_expected_seconds(const struct workload *w, const struct cell *cell);
/* Of each cell: its repeats or, with a budget, as many as that holds. */
double workload_expected_repeats(const struct workload *w);
double workload_expected_seconds(const struct workload *w);
double workload_set_expected_seconds(const struct workload_set *set);
double expected_with_bounds(double seconds); /* of measurements; of a run with these */

/*
 * What --dry-run prints: the question of each workload, the parameters that are the same in all of
 * its cells, the cells, and the time.  chosen: which cells, one workload after the other, with the
 * control behind its cells; NULL: all.  repeats: instead of the workloads' own; 0: their own.
 */
void workload_print_cells(FILE *out, const struct workload_set *set, const bool *chosen,
			  unsigned int repeats);

/*
 * Variant selections, as in the key `variants` and in `ctbench list SELECTION`: a name, a glob,
 * AXIS=VALUE,... or axis=AXIS (the baseline, or base=NAME, and every variant that differs from it
 * on that axis alone).  Sets chosen[i] for each of ct_variants that matches; several calls add up.
 * where ("FILE:LINE" or "--variants") begins the error sentence.  0 or -EINVAL.
 */
int variant_select(bool *chosen, const char *selection, const char *where, struct ct_error *e);

#endif
