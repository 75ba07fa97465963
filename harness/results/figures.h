/* SPDX-License-Identifier: MIT */
/*
 * The table of results: everything that a run measures, a row each in figures.def. The rows make
 * the columns of cells.tsv and results.tsv, the metrics of the report, the counters in Google
 * Benchmark's rows, units, the columns of tables, the panels of timelines, the subject of verdicts
 * and which way is better, and the list of all of them (dictionary.h).
 *
 * A metric without a row (from another build) is understood by the end of its name: metric_words().
 */
#ifndef CTBENCH_HARNESS_RESULTS_FIGURES_H
#define CTBENCH_HARNESS_RESULTS_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/workload/cell.h"

/* ---- columns of cells.tsv ---- */

enum column_type { COLUMN_U32, COLUMN_U64, COLUMN_HEX, COLUMN_INT, COLUMN_DOUBLE, COLUMN_TEXT };

/* Which measurements have the counter. */
enum column_when { ALWAYS, IF_THROUGHPUT, IF_LATENCY, IF_RESIZES };

struct result_column {
	const char *name;
	enum column_type type;
	size_t offset, size; /* in struct measurement */
	const char *unit;
	const char *meaning; /* NULL: that of the figure of this name */
	const char *counter; /* name in Google Benchmark's rows; NULL: not there */
	enum column_when when;
};

extern const struct result_column result_columns[];
extern const size_t nr_result_columns;

/* The value of a numeric column that is part of the result. */
double column_value(const struct result_column *c, const struct cell_result *r);

/* ---- figures of a cell ---- */

enum figure_kind {
	FIGURE_CELL = 1,   /* from struct cell_result */
	FIGURE_DETAIL = 2, /* from bench_metric() */
	FIGURE_METRIC = FIGURE_CELL | FIGURE_DETAIL,
	FIGURE_SERIES = 4, /* of a timeline */
};

/* Which table shows it, if any cell has a value. */
enum figure_shown { NOT_SHOWN, IN_TABLE, IN_LATENCIES, BEHIND };

enum figure_better { LESS = -1, NEITHER, MORE };

struct figure_change {
	const char *more, *less; /* "faster", "slower" */
};

struct figure {
	const char *name;
	enum figure_kind kind;
	const char *unit;
	enum figure_better better;
	const char *meaning; /* in plain words, without a capital and a full stop */

	double (*of)(const struct cell_result *r); /* FIGURE_CELL */
	const char *what;			   /* in sentences: "throughput"; NULL: the name */
	const struct figure_change *change;
	const char *heading; /* of a table's column, a line of a plot */
	double scale;	     /* from the value to what is shown; 0: 1 */
	enum figure_shown shown;
	bool interval;	     /* the table has its interval, too */
	bool spread;	     /* the report has its quartiles, too */
	const char *tsv;     /* its name in results.tsv; NULL: the same */
	const char *counter; /* as in struct result_column */
	int judged;	 /* a workload's verdicts are about the figure with the highest number */
	bool compared;	 /* ctbench compare compares it by default */
	bool of_classes; /* also exists for each kind of operation: lookup_hit_p99_ns */

	/* FIGURE_SERIES */
	const char *panel;  /* title; NULL: not drawn */
	bool log;	    /* log axis; the panel's first row sets this and the next two */
	bool throughput;    /* not drawn where latencies are taken */
	const char *unless; /* not drawn where this series is */
};

/* The next figure of a kind; after NULL: the first. NULL at the end. */
const struct figure *figure_next(const struct figure *after, enum figure_kind kind);
/* NULL if there is none. */
const struct figure *figure_find(enum figure_kind kind, const char *name);
double figure_scale(const struct figure *f);

/* The columns of a figure with quartiles in results.tsv, and their keys in the report. */
#define NR_POINTS 5
extern const struct figure_point {
	const char *name, *meaning;
} figure_points[NR_POINTS];

/* Names with only a meaning: facts about a cell in the report, columns of slices.tsv. */
struct result_fact {
	const char *name, *unit, *meaning;
};

extern const struct result_fact result_facts[], result_slices[];
extern const size_t nr_result_facts, nr_result_slices;

/* ---- words ---- */

/* The meaning of a column or figure; if it is NULL, that of the figure of this name. */
const char *figure_meaning(const char *name, const char *meaning);

struct metric_words {
	const char *unit;	 /* "" where the name says all */
	int better;		 /* 1: more is, -1: less is, 0: neither */
	const char *what;	 /* "throughput", "time per operation"; NULL: the metric's name */
	const char *more, *less; /* "faster", "slower" */
};

/*
 * The words for any metric. One without a row is understood by its end: ..._ns, _us, _ms, _s are
 * times, ..._bytes and _bytes_per_connection are memory, and less is better; ..._per_s is a rate,
 * and more is better. For anything else neither way is better.
 */
struct metric_words metric_words(const char *name);

#endif
