/* SPDX-License-Identifier: MIT */
/*
 * What the files of plot/ share; see plot.h.
 */
#ifndef CTBENCH_HARNESS_SHOW_PLOT_INTERNAL_H
#define CTBENCH_HARNESS_SHOW_PLOT_INTERNAL_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "harness/base/json_read.h"
#include "harness/base/helper.h"
#include "harness/show/plot/plot.h"
#include "harness/workload/workload.h"

/* The cells of one picture: those of a workload that are alike in all it does not show. */
struct plot_group {
	const json_t *benchmark; /* the whole file */
	const json_t *workload;
	const struct plot_kind *kind;
	const json_t **cells; /* good ones, no controls; in the order of the run */
	size_t nr;
	const char **headings; /* for each cell, what stands above it and its like; NULL: nothing */
	const char *drawn;     /* of the repeats: "median and range"; NULL: as the cells have it */
	char words[512];  /* values of what the picture does not show: "threads 2, refcount yes" */
	char key[512];	  /* the same for comparing */
	char suffix[160]; /* the same as part of a file name: "-threads2"; may be empty */
};

/* One picture while it is written. */
struct plot_file {
	char name[256];	     /* of the files, without extension */
	bool narrow;	     /* for a phone: plot_page() */
	bool page;	     /* for a page, which needs no PNG */
	FILE *data, *script; /* into memory; plot_gnuplot.c writes and runs them */
	char *data_text, *script_text;
	size_t data_len, script_len;
};

/* ---- read.c: benchmark.json, which anybody may have changed: nothing is taken for granted ---- */

/* All cells of the run, by name. */
json_t *plot_cells(const json_t *benchmark);
/* Does the cell belong to the workload, and is it no control? */
bool plot_is_of(const json_t *cell, const json_t *workload);
const json_t *plot_parameters(const json_t *cell);
/* A cell's figure with its 95 % interval; without one low and high are the value. */
struct plot_figure {
	double value, low, high;
};
/* metric NULL: the throughput. */
struct plot_figure plot_value(const json_t *cell, const char *metric);
/* Its unit, as in "millions per second". */
const char *plot_unit(const char *metric);
/* Is this one of the workload's varying parameters? */
bool plot_varies(const json_t *workload, const char *parameter);
/* Index of the cell's variant among its workload's: its colour. */
unsigned int plot_variant_index(const struct plot_group *g, const json_t *cell);

/* ---- pictures: each writes f->data and f->script's variables ---- */

/* 1: nothing to draw (a single choice, no such parameter).  0 or -ENOMEM. */
int plot_lines(struct plot_file *f, const struct plot_group *g);
int plot_axes(struct plot_file *f, const struct plot_group *g);
int plot_bars(struct plot_file *f, const struct plot_group *g);
/* Percentiles, or p99 against the rate. */
int plot_latency(struct plot_file *f, const struct plot_group *g);
/* What searches for the highest rate found. */
int plot_saturation(struct plot_file *f, const struct plot_group *g);
int plot_timeline(struct plot_file *f, const struct plot_group *g);
/* The verdicts on the group's workload by one metric. */
int plot_effects(struct plot_file *f, const struct plot_group *g, const char *metric);

/* A text in the data, escaped, behind a tab. */
void plot_write_label(FILE *data, const char *text);
/* A comment line, escaped. */
void plot_write_comment(FILE *data, const char *text);
/*
 * In narrow pictures a row's label stands above what it is about, and a row is 36 pixels high
 * (plots/style.gp): so much of that is a further line.
 */
#define PLOT_NARROW_LINE (16.0 / 36)

/* The first columns of a row: its place, its label, a figure with its interval in so many digits.
 * A narrow picture has no label beside its row. */
void plot_write_row(FILE *data, bool narrow, double at, const char *label,
		    struct plot_figure figure, int digits);

/* ---- ends.c ---- */

struct plot_point {
	double x;
	struct plot_figure y;
	bool marked;
};

/* Where a curve ends, and what it is called. */
struct plot_end {
	const char *name;
	unsigned int style; /* colour, dash and mark, from 1 */
	double x, y;	    /* its last point, as it is drawn; x -INFINITY: it has none */
	struct plot_point *points;
	size_t nr;
	/* by plot_place_ends(): */
	double place; /* its name's middle, of the graph's height */
	size_t rank;  /* of the ends, from 1 at the top: its line of a legend */
};

/* The y axis. */
struct plot_scale {
	double from, to;
	bool log;
};

/* Of a graph with so many curves, in pixels: so that their names have room. */
double plot_graph_height(size_t curves);
/*
 * Sets place and rank of each: as near to its last point as can be, `line` (a share of the
 * height, nr of which must fit) apart at least, within the graph, in the order of the
 * points.  0 or -ENOMEM.
 */
int plot_place_ends(struct plot_end *ends, size_t nr, const struct plot_scale *y, double line);
/* The script's variables about curves, their names and the y axis. 0 or -ENOMEM. */
int plot_write_ends(FILE *script, struct plot_end *ends, size_t nr, const struct plot_scale *y);

/* ---- curves.c ---- */

/* The curves of a picture, one for each variant, and the ranges of their points. */
struct plot_curves {
	struct plot_end *ends;
	size_t nr;
	double xmin, xmax, ymin, ymax; /* with the intervals */
};

int plot_curves_begin(struct plot_curves *c, const struct plot_group *g);
/* Put a point into the curve of the cell's variant.  0 or -ENOMEM. */
int plot_curves_add(struct plot_curves *c, const struct plot_group *g, const json_t *cell,
		    struct plot_point point);
/* By their last points, the highest first. */
void plot_curves_sort(struct plot_curves *c);
/* The data, and the script's variables about curves and axes.  0 or -ENOMEM. */
int plot_curves_write(struct plot_file *f, struct plot_curves *c, const struct plot_scale *y,
		      bool marks);
/*
 * A tic at each x, without a label where it would be nearer to its neighbour than a share `room`
 * of the axis.  0 or -ENOMEM.
 */
int plot_curves_tics(struct plot_file *f, const struct plot_curves *c, bool log, double room,
		     void (*words)(char *buf, size_t size, double x));
void plot_curves_free(struct plot_curves *c);

/* ---- frame.c ---- */

/* Characters in a line of a narrow picture, of 380 pixels: of text, of bold text. */
#define PLOT_NARROW_TEXT 50
#define PLOT_NARROW_BOLD 44

/* The unit at the axis. */
void plot_set_unit(struct plot_file *f, const char *text);

/*
 * Begin a picture: in the script what stands around it (title, what is fixed, units, noise,
 * machine), in the data the question and what the columns are.
 */
__attribute__((format(printf, 3, 4))) void
plot_begin(struct plot_file *f, const struct plot_group *g, const char *columns, ...);

/* ---- gnuplot.c ---- */

/* A gnuplot string: VARIABLE = 'text', escaped. */
void plot_set_text(FILE *script, const char *variable, const char *text);
/* text with line breaks, so that no line has more than `columns` bytes; returns its lines. */
size_t plot_wrap(char *buf, size_t size, const char *text, size_t columns);
/* The same as plot_set_text() does it. */
void plot_set_wrapped(FILE *script, const char *variable, const char *text, size_t columns);

int plot_file_begin(struct plot_file *f);
void plot_file_end(struct plot_file *f);

/* Two at a time: what a picture takes is gnuplot's time, and every machine has two CPUs. */
#define PLOT_JOBS 2

struct plot_job {
	struct helper gnuplot;
	char name[sizeof(((struct plot_file *)0)->name)];
};

/*
 * Pictures of one folder that are being drawn.  gnuplot works in a folder of our own, where it
 * can follow no symlink; what it finished, and what is whole, goes to out_dir.
 */
struct plot_jobs {
	const char *out_dir;
	char gnuplot[PATH_MAX], scratch[PATH_MAX];
	bool own_place; /* out_dir is such a folder; nothing but SVG is drawn */
	struct plot_job job[PLOT_JOBS];
	size_t next; /* the oldest */
};

/* -ENOENT where there is no gnuplot, or -errno, with a sentence. */
int plot_jobs_begin(struct plot_jobs *jobs, const char *out_dir, bool own_place,
		    struct ct_error *e);

/*
 * Write NAME.tsv and NAME.gp (style.gp and KIND.gp behind the variables) and begin to run
 * gnuplot on it.  The error may be that of a picture begun before.
 */
int plot_file_draw(struct plot_file *f, struct plot_jobs *jobs, const char *kind,
		   struct ct_error *e);
/*
 * Waits for all that were begun, also where plot_jobs_begin() failed.  0, or -errno with a sentence
 * about the first that failed.
 */
int plot_jobs_end(struct plot_jobs *jobs, struct ct_error *e);

/* ---- whole.c ---- */

/* Has an SVG or PNG file (by the end of its name) its beginning and its end? */
bool picture_whole(const char *path);
/* Values under the mouse, in the new picture FOLDER/NAME.svg.  0 or a negative errno. */
int plot_tooltips(const char *folder, const char *name);

#endif
