/* SPDX-License-Identifier: MIT */
/*
 * The folder of a run: results/runs/NAME/.
 *
 *	run.json	what was started: arguments, revision (for --resume)
 *	cells.tsv	a row for every finished measurement, appended at once
 *	details.jsonl	a line for every measurement that has details (details.h)
 *	bounds.jsonl	a line for each time the machine's bounds were measured (bounds.h)
 *	run.log		what happened, with times
 *	benchmark.json	Google Benchmark's report and all facts about the run
 *	results.tsv	a row for every cell, for people and gnuplot
 *	slices.tsv	a row for every slice, where cells were measured in slices (run/slices.h)
 *	columns.tsv	what each column and figure of these files is (dictionary.h)
 *	report.html	the run as one page, for people
 *	plots/		pictures, their data and the scripts that draw them
 *
 * A measurement is in cells.tsv before the next one starts: it is kept after Ctrl-C,
 * kill -9 or a full disk, and --resume continues from
 * there.  Other files are written under another name and renamed, so they
 * are complete or unchanged.  A folder that exists is never overwritten.
 *
 * One thread at a time; one process at a time per folder (it is locked).
 */
#ifndef CTBENCH_HARNESS_RESULTS_RESULTS_H
#define CTBENCH_HARNESS_RESULTS_RESULTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/workload/cell.h"
#include "harness/base/error.h"

struct json_t;

#define RESULTS_DEFAULT_DIR "results/runs"
/* The format of all that is kept. It is raised when older files cannot be read any more. */
#define RESULTS_FORMAT 1
#define CELL_NAME_MAX  1024
/* The workload that came through standard input. */
#define RESULTS_INPUT_FILE "stdin.yaml"
/*
 * Larger files in a run's folder are refused: files of lines, and JSON, which is read as a whole.
 */
#define RESULTS_FILE_MAX ((uint64_t)4 << 30)
#define RESULTS_JSON_MAX ((uint64_t)256 << 20)

struct results {
	char dir[PATH_MAX];
	int cells_fd;	/* cells.tsv, locked */
	int details_fd; /* details.jsonl; -1 until there are any */
	FILE *log;
};

/* A row of cells.tsv. */
struct measurement {
	uint64_t seq;		  /* the order of measuring, from 1 */
	char started[40];	  /* local time, ISO 8601 */
	char name[CELL_NAME_MAX]; /* of the cell */
	uint64_t fingerprint;	  /* of its parameters */
	uint32_t repeat;	  /* from 0 */
	uint32_t attempt;	  /* from 1; more than 1 where earlier ones were void */
	struct cell_result result;
};

/*
 * Make the folder PARENT/NAME (and PARENT) with an empty cells.tsv. -EEXIST, with a remedy in the
 * sentence, if it exists. A folder that cannot be written to is removed again.
 */
int results_create(struct results *r, const char *parent, const char *name, struct ct_error *e);

/*
 * Open an existing folder to continue its run, and call row() for each measurement in it, in order.
 * An incomplete line is dropped, and so are details without a row. row() returns 0 or a negative
 * errno, which ends it.
 */
int results_resume(struct results *r, const char *parent, const char *name,
		   int (*row)(void *arg, const struct measurement *m, struct ct_error *e),
		   void *arg, struct ct_error *e);

/* Remove the files of an unusable run, and its folder if nothing else is in it. */
void results_remove(const char *dir);

/* May be called after a failed create or resume, and twice. */
void results_close(struct results *r);

/*
 * Write the details (an object, or NULL), then the row, each in one write. An incomplete write is
 * undone: on a full disk (-ENOSPC with a sentence in e) only this measurement is lost.
 */
int results_append(struct results *r, const struct measurement *m, const struct json_t *details,
		   struct ct_error *e);

/*
 * Read a run that is complete or still going on: call row() for each measurement in the folder
 * `dir`, as results_resume() does, but change and lock nothing.
 */
int results_rows(const char *dir,
		 int (*row)(void *arg, const struct measurement *m, struct ct_error *e), void *arg,
		 struct ct_error *e);

/* Write a line with the time into run.log. */
__attribute__((format(printf, 2, 3))) void results_log(struct results *r, const char *fmt, ...);

/*
 * Write a file of any kind. A regular file, also behind a symlink, or a new one is replaced as a
 * whole (file_write_new()); a device or a pipe is written to and stays what it is.
 */
int results_write_file(const char *path, const char *text, size_t len, struct ct_error *e);
/* Write a file of the folder; a symlink of that name is replaced. */
int results_write_text(const char *dir, const char *name, const char *text, size_t len,
		       struct ct_error *e);
int results_write_json(const char *dir, const char *name, const struct json_t *json,
		       struct ct_error *e);

/*
 * Checks a path to write to: inside the folder of a run, which is not trusted, it must not go
 * through a symlink, nor be a pipe or a device, which could wait forever.  0, or a negative errno
 * with a sentence.
 */
int results_only_files(const char *dir, const char *path, struct ct_error *e);

/* Do both paths exist and name the same file or folder? */
bool results_one_file(const char *a, const char *b);

/*
 * The name of the run's own file in `dir` that writing to path would destroy; NULL if path is none
 * of them.
 */
const char *results_own_file(const char *dir, const char *path);

/*
 * Finds the folder of a run by the user's name for it: a folder, or a run in `parent` (NULL:
 * RESULTS_DEFAULT_DIR).
 */
void results_find(char *dir, size_t size, const char *parent, const char *run);

/*
 * The report (run/report.c) inside a benchmark.json, borrowed; NULL with a sentence in e if there
 * is none, or one of another format. run: what the user called it.
 */
struct json_t *results_report(const struct json_t *benchmark, const char *run, struct ct_error *e);

/* results_find(), then read its benchmark.json; NULL with a sentence if it has no such report. */
struct json_t *
results_open(char *dir, size_t size, const char *parent, const char *run, struct ct_error *e);

/*
 * Read a JSON file; NULL with a sentence in e. what: a clause that says what the file is and how to
 * get one.
 */
struct json_t *
results_read_json(const char *dir, const char *name, const char *what, struct ct_error *e);

/* mkdir -p; 0 or a negative errno with a sentence. */
int results_make_dir(const char *path, struct ct_error *e);

/* Now, as ISO 8601 local time with its offset. */
void results_time(char *buf, size_t size);

/* ---- the lines of cells.tsv (results_cells.c) ---- */

static inline bool measurement_good(const struct measurement *m)
{
	return !m->result.status && !m->result.void_reason[0];
}

/* The header line, without a newline. */
const char *measurement_header(void);
/* Write the line, without a newline, into buf; returns its length, or -ENOSPC. */
int measurement_to_line(const struct measurement *m, char *buf, size_t size);
/*
 * The number of columns of a file with this header, if this or an older version wrote it (newer
 * columns are added at the end); else 0.
 */
size_t measurement_columns(const char *header);
/*
 * Read a line of that many columns; missing ones are 0. line is written to. false if it is no such
 * line, or cannot be a measurement: a negative amount, a good one with a figure that is not a
 * number, an unknown status.
 */
bool measurement_from_line(struct measurement *m, char *line, size_t columns);
#define MEASUREMENT_LINE_MAX 8192

#endif
