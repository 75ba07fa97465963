/* SPDX-License-Identifier: MIT */
/*
 * The project's own files, as parts of the program: workloads and their captures, gnuplot
 * scripts, the style of reports.  A program that was copied to another machine has them all, in
 * the revision that it was built from.
 *
 * Where a path may name any file, "ctbench:workloads/axes.yaml" names one of these.
 *
 * Any thread.
 */
#ifndef CTBENCH_HARNESS_BASE_BUILT_IN_H
#define CTBENCH_HARNESS_BASE_BUILT_IN_H

#include <stdbool.h>
#include <stddef.h>

#define BUILT_IN_PREFIX "ctbench:"

struct built_in {
	const char *name; /* "workloads/axes.yaml" */
	const char *data, *end;
};

/* All of them, sorted by name. */
extern const struct built_in built_in_files[];
extern const size_t built_in_nr_files;

/* NULL if there is none of that name, which has no prefix. */
const struct built_in *built_in_find(const char *name);

/* open() for reading: a file on disk, or with the prefix one of these.  -1 and errno. */
int built_in_open(const char *path);

/* Would built_in_open() find it? */
bool built_in_exists(const char *path);

#endif
