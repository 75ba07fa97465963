/* SPDX-License-Identifier: MIT */
/*
 * Plots of a run.
 *
 * Each picture has three files: NAME.tsv is the data, NAME.gp the whole script, so that `gnuplot
 * NAME.gp` in that folder draws NAME.svg and NAME.png again, with any changes made by hand. The
 * scripts consist of plots/style.gp and plots/KIND.gp.
 *
 *	plot.c		which pictures a run has (workload/plots.def has the kinds)
 *	frame.c		title, fixed parameters, unit, noise, machine
 *	curves.c, ends.c	curves and their names, for lines.c and latency.c
 *	rows.c		bars: variants, choices on an axis
 *	effects.c, saturation.c, timeline.c	the other kinds
 *	history.c	a workload over runs
 *	gnuplot.c, whole.c	scripts, running gnuplot, complete files
 */
#ifndef CTBENCH_HARNESS_SHOW_PLOT_PLOT_H
#define CTBENCH_HARNESS_SHOW_PLOT_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/error.h"

struct json_t;

/* The longest picture that is read again. */
#define PICTURE_MAX ((uint64_t)64 << 20)

/*
 * Draw the pictures of a run into out_dir (made if missing). benchmark: the contents of
 * benchmark.json. wanted: enum workload_plot bits to draw for every workload; 0: the kinds that
 * each workload asks for, without pictures that show no more than tables. *drawn: the number of
 * pictures. A picture and its files appear when they are complete; if gnuplot fails, no file is
 * left. SIGINT, SIGTERM and SIGHUP end the drawing.
 *
 * 0, or a negative errno with a sentence in e: -ENOENT if gnuplot is not installed (the sentence
 * names the Debian package).
 */
int plot_run(const struct json_t *benchmark, const char *out_dir, unsigned int wanted,
	     size_t *drawn, struct ct_error *e);

/*
 * The same as SVG only, for the page of a run (report.h).
 * out_dir: a folder to which no other user can write (scratch_make()). narrow: a layout for
 * phones, with the same names. drew (may be NULL) is called for each picture that was started, with
 * its name without extension; if 0 is returned all are complete. Else -errno as above.
 */
int plot_page(const struct json_t *benchmark, const char *out_dir, unsigned int wanted, bool narrow,
	      void (*drew)(void *arg, const char *workload, const char *name), void *arg,
	      struct ct_error *e);

/*
 * Draw a history (judge/history.h) into out_dir, ten series a picture, as plot_run() does.
 */
int plot_history(const struct json_t *history, const char *out_dir, size_t *drawn,
		 struct ct_error *e);

#endif
