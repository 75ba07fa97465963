/* SPDX-License-Identifier: MIT */
/*
 * Plots of a run.
 *
 * For every picture three files besides it: NAME.tsv is the data and NAME.gp
 * the whole script, so that `gnuplot NAME.gp` in that folder draws NAME.svg and
 * NAME.png again, with whatever was changed by hand.  The scripts are made of
 * plots/style.gp and plots/KIND.gp.
 *
 *	plot.c		which pictures a run has
 *	plot_lines.c	curves: threads, size, load
 *	plot_ends.c	their names
 *	plot_rows.c	bars: axes, bars
 *	plot_saturation.c	the highest rates
 *	plot_gnuplot.c	scripts, and gnuplot itself
 */
#ifndef CTBENCH_HARNESS_SHOW_PLOT_PLOT_H
#define CTBENCH_HARNESS_SHOW_PLOT_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/error.h"

struct json_t;

/*
 * Draw the pictures of a run into out_dir (made if missing).
 * benchmark: the contents of benchmark.json (its keys "ctbench" and "context").
 * kinds: enum workload_plot bits to draw for every workload; 0: what each
 * workload asks for.  *drawn: the number of pictures.
 *
 * A picture and its files take their places when it is whole; one that gnuplot could not finish
 * leaves nothing behind.  SIGINT, SIGTERM and SIGHUP end the drawing.
 *
 * 0, or a negative errno with a sentence in e: -ENOENT where gnuplot is not
 * installed (the sentence names the Debian package).
 */
int plot_run(const struct json_t *benchmark, const char *out_dir, unsigned int kinds, size_t *drawn,
	     struct ct_error *e);

/*
 * The pictures that each workload asks for as SVG alone, for the page of a run (report.h), into
 * out_dir: a folder that nobody else can have put anything into (scratch_make()).  narrow: in a
 * layout for phones, under the same names.  drew (may be NULL) is called for each that was begun,
 * with its name without extension; all are whole if it returns 0.  Else -errno as above.
 */
int plot_page(const struct json_t *benchmark, const char *out_dir, bool narrow,
	      void (*drew)(void *arg, const char *workload, const char *name), void *arg,
	      struct ct_error *e);

#endif
