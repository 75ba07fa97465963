/* SPDX-License-Identifier: MIT */
/*
 * For tests of plots: results that are made up, as ctbench run would write them, and a
 * look at what was drawn.  In the folder of command_fixture.h; one thread.  What cannot
 * be done fails the running test.
 */
#ifndef CTBENCH_TESTS_PLOT_FIXTURE_H
#define CTBENCH_TESTS_PLOT_FIXTURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A group's setup: a folder of its own; and a test's: nothing drawn in it yet. */
int plot_folder_enter(void **state);
int plot_folder_empty(void **state);

/* ---- benchmark.json ---- */

/* One workload, without cells; varying: "variant threads". */
json_t *new_benchmark(const char *name, const char *question, const char *varying);

/* The baseline's axes: hash bucket chain lock resize rcu node. */
#define NULLS "jhash2 reciprocal_scale nulls_rcu striped seqcount memb typesafe"

/* Its name is w/VARIANT/THREADS/FLOWS/LOAD_FACTOR. */
void add_cell(json_t *benchmark, const char *variant, const char *axes, int threads, int flows,
	      double load_factor, double mops);

/* On the workload "axes". */
void add_verdict(json_t *benchmark, const char *metric, const char *kind, const char *choice,
		 double effect, const char *outcome);

/* A cell w/VARIANT/2/65536/1 of n repeats with a timeline of seven pieces; with or without intervals. */
void add_timeline(json_t *benchmark, const char *variant, int n, bool intervals);

/* ---- what was drawn ---- */

/* Into the folder out; returns the number of pictures. */
size_t draw(const json_t *benchmark, unsigned int kinds);

/* The SVG that was looked at last. */
extern char svg[1 << 20];

/* out/NAME.svg, which stays in svg[], and out/NAME.png are whole. */
void check_picture(const char *name);

/* Lines of a file with this text, comments left out. */
unsigned int rows_of(const char *path, const char *text);

unsigned int occurrences(const char *text, const char *what);

/* Where a text of svg[] stands, in pixels from the top, and its colour; and from the left. */
double height_of(const char *text, char colour[32]);
double left_of(const char *text);

#endif
