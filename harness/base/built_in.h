/* SPDX-License-Identifier: MIT */
/*
 * The project's own files, as parts of the program: workloads and their captures, gnuplot
 * scripts, the style of reports.  A copy of the program on another machine still has them, in
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

/* The file with that name (without the prefix), or NULL. */
const struct built_in *built_in_find(const char *name);

/* Like open() for reading: a file on disk, or with the prefix a built-in one.  -1 and errno. */
int built_in_open(const char *path);

/*
 * Could built_in_open() open it?  Not a pipe or a device, where opening or reading may never end;
 * else errno says why not, for file_error().
 */
bool built_in_exists(const char *path);

#endif
