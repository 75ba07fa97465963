/* SPDX-License-Identifier: MIT */
/* Shared by the files of plot/; see plot.h. */
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

/*
 * The cells of one picture: those of a workload that are equal in all parameters that it does not
 * show.
 */
struct plot_group {
	const json_t *benchmark; /* the whole file */
	const json_t *workload;
	const struct plot_kind *kind;
	const char *y;	      /* the metric that is drawn; NULL: the throughput */
	const json_t **cells; /* good ones, without controls, in the order of the run */
	size_t nr;
	const char **headings; /* for each cell, the heading of its group; NULL: none */
	const char *drawn; /* words for the drawn figures: "median and range"; NULL: the default */
	char words[512];   /* values of the picture or heading: "2 threads, refcount yes" */
	char key[512];	   /* the same for comparing */
	char suffix[160];  /* the same as part of a file name: "-threads2"; may be empty */
};

/* One picture while it is written. */
struct plot_file {
	char name[256];	     /* of the files, without extension */
	bool narrow;	     /* for a phone: plot_page() */
	bool page;	     /* for a page: no PNG */
	FILE *data, *script; /* in memory; gnuplot.c writes and runs them */
	char *data_text, *script_text;
	size_t data_len, script_len;
};

/* ---- read.c: benchmark.json may have been changed by hand: anything may be missing ---- */

/* All cells of the run, by name. */
json_t *plot_cells(const json_t *benchmark);
/* Does the cell belong to the workload, and is it not a control? */
bool plot_is_of(const json_t *cell, const json_t *workload);
const json_t *plot_parameters(const json_t *cell);
/* A cell's figure with its 95 % interval; without one, low and high equal the value. */
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
unsigned int plot_variant_index(const struct plot_group *g, const json_t *of);

/* ---- pictures: each writes f->data and f->script's variables ---- */

/* 0; 1: nothing to draw (a single choice, no such parameter); -ENOMEM. */
int plot_lines(struct plot_file *f, const struct plot_group *g);
int plot_axes(struct plot_file *f, const struct plot_group *g);
int plot_bars(struct plot_file *f, const struct plot_group *g);
/* Percentiles, or p99 against the rate. */
int plot_latency(struct plot_file *f, const struct plot_group *g);
/* The rates that searches found. */
int plot_saturation(struct plot_file *f, const struct plot_group *g);
int plot_timeline(struct plot_file *f, const struct plot_group *all);
/* The verdicts on the group's workload by one metric; nothing is drawn of fewer than `least`. */
int plot_effects(struct plot_file *f, const struct plot_group *g, const char *metric,
		 unsigned int least);

/* Write a text of the data, escaped, after a tab. */
void plot_write_label(FILE *data, const char *text);
/* Write a comment line, escaped. */
void plot_write_comment(FILE *out, const char *text);
/*
 * In narrow pictures a row's label is above it. A row is 36 pixels high (plots/style.gp); a
 * further line takes this much of it.
 */
#define PLOT_NARROW_LINE (16.0 / 36)

/* A parameter's value in words: "2 threads", "hit share 0.5". */
void plot_parameter_words(char *buf, size_t size, const char *parameter, const char *value);

/*
 * Write the first columns of a row: its place, its label, a figure with its interval in that many
 * digits. A narrow picture has no label next to the row.
 */
void plot_write_row(FILE *data, bool narrow, double at, const char *label,
		    struct plot_figure figure, int digits);

/* ---- ends.c ---- */

struct plot_point {
	double x;
	struct plot_figure y;
	bool marked;
};

/* The end of a curve, and its name. */
struct plot_end {
	const char *name;
	unsigned int style; /* colour, dash and mark, from 1 */
	double x, y;	    /* its last point; x is -INFINITY if there is none */
	struct plot_point *points;
	size_t nr;
	/* set by plot_place_ends(): */
	double place; /* the middle of its name, as a share of the graph's height */
	size_t rank;  /* among the ends, from 1 at the top: its line in a legend */
};

/* The y axis. */
struct plot_scale {
	double from, to;
	bool log;
};

/* The height in pixels of a graph with that many curves, so that all names fit. */
double plot_graph_height(size_t curves);
/*
 * Set place and rank of each end: as near to its last point as possible, at least `line` apart (a
 * share of the height; nr of them must fit), within the graph, in the order of the points. 0 or
 * -ENOMEM.
 */
int plot_place_ends(struct plot_end *ends, size_t nr, const struct plot_scale *y, double line);
/* Write the script's variables for curves, their names and the y axis. 0 or -ENOMEM. */
int plot_write_ends(FILE *script, struct plot_end *ends, size_t nr, const struct plot_scale *y);

/* ---- curves.c ---- */

/* The curves of a picture, one for each variant, and the ranges of their points. */
struct plot_curves {
	struct plot_end *ends;
	size_t nr;
	double xmin, xmax, ymin, ymax; /* with the intervals */
};

int plot_curves_begin(struct plot_curves *c, const struct plot_group *g);
/* Add a point to the curve of the cell's variant. 0 or -ENOMEM. */
int plot_curves_add(struct plot_curves *c, const struct plot_group *g, const json_t *cell,
		    struct plot_point point);
/* Sort by the last points, the highest first. */
void plot_curves_sort(struct plot_curves *c);
/* Write the data, and the script's variables for curves and axes. 0 or -ENOMEM. */
int plot_curves_write(struct plot_file *f, struct plot_curves *c, const struct plot_scale *y,
		      bool marks);
/*
 * Write a tic at each x; one that is nearer to its neighbour than a share `room` of the axis gets
 * no label. 0 or -ENOMEM.
 */
int plot_curves_tics(struct plot_file *f, const struct plot_curves *c, bool log, double room,
		     void (*words)(char *buf, size_t size, double x));
void plot_curves_free(struct plot_curves *c);

/* ---- frame.c ---- */

/* Characters in a line of a narrow picture (380 pixels): text, bold text. */
#define PLOT_NARROW_TEXT 50
#define PLOT_NARROW_BOLD 44

/* Set the label of the axis. */
void plot_set_unit(struct plot_file *f, const char *text);

/*
 * Begin a picture. The script gets its frame (title, fixed parameters, unit, noise, machine), the
 * data get the question and the meaning of the columns.
 */
__attribute__((format(printf, 3, 4))) void
plot_begin(struct plot_file *f, const struct plot_group *g, const char *columns, ...);

/* ---- gnuplot.c ---- */

/* A gnuplot string: VARIABLE = 'text', escaped. */
void plot_set_text(FILE *script, const char *variable, const char *text);
/* Break text into lines of at most `columns` bytes; returns the number of lines. */
size_t plot_wrap(char *buf, size_t size, const char *text, size_t columns);
/* plot_set_text() with such line breaks. */
void plot_set_wrapped(FILE *script, const char *variable, const char *text, size_t columns);

void plot_file_begin(struct plot_file *f);
void plot_file_end(struct plot_file *f);

/* Two gnuplot processes at a time, because most machines have two CPUs. */
#define PLOT_JOBS 2

struct plot_job {
	struct helper gnuplot;
	char name[sizeof(((struct plot_file *)0)->name)];
};

/*
 * Pictures of one folder that are being drawn. gnuplot works in a temporary folder, where it cannot
 * follow a symlink; complete pictures are moved to out_dir.
 */
struct plot_jobs {
	const char *out_dir;
	char gnuplot[PATH_MAX], scratch[PATH_MAX];
	bool own_place; /* out_dir is the temporary folder; only SVG is drawn */
	struct plot_job job[PLOT_JOBS];
	size_t next; /* the oldest */
};

/* -ENOENT without gnuplot, or -errno; with a sentence. */
int plot_jobs_begin(struct plot_jobs *jobs, const char *out_dir, bool own_place,
		    struct ct_error *e);

/*
 * Write NAME.tsv and NAME.gp (style.gp and KIND.gp after the variables) and start gnuplot on it.
 * The error may be that of an earlier picture.
 */
int plot_file_draw(struct plot_file *f, struct plot_jobs *jobs, const char *kind,
		   struct ct_error *e);
/*
 * Wait for all that were started, also if plot_jobs_begin() failed. 0, or -errno with a sentence
 * about the first failure.
 */
int plot_jobs_end(struct plot_jobs *jobs, struct ct_error *e);

/* ---- whole.c ---- */

/* Is an SVG or PNG file (by its name) complete? */
bool picture_whole(const char *path);
/* Values under the mouse, in the new picture FOLDER/NAME.svg.  0 or a negative errno. */
int plot_tooltips(const char *folder, const char *name);

#endif
