/* SPDX-License-Identifier: MIT */
/* All runs of a folder, such as results/runs. */
#ifndef CTBENCH_HARNESS_RESULTS_RUNS_H
#define CTBENCH_HARNESS_RESULTS_RUNS_H

#include <limits.h>
#include <stdint.h>

#include "harness/base/error.h"

struct json_t;

struct run_folder {
	const char *name; /* of the folder */
	char dir[PATH_MAX];
	/* Borrowed; NULL: the run is still going on, or was ended before it could write one. */
	const struct json_t *benchmark;
	const struct json_t *start; /* run.json, borrowed, of a run without benchmark.json */
	/* Of a run without benchmark.json: measurements, and the names of its workloads. */
	uint64_t good, nr_void;
	const struct json_t *workloads; /* a list, borrowed */
	const char *why; /* what is wrong with it: a sentence; NULL: it can be read */
};

/*
 * Calls see() for each run in the folder, in the order of their names; a folder inside that has
 * neither run.json nor benchmark.json is no run.  A run that cannot be read is passed to see() too,
 * with why.  see() returns 0 or a negative errno, which ends it.
 */
int results_each_run(const char *parent,
		     int (*see)(void *arg, const struct run_folder *r, struct ct_error *e),
		     void *arg, struct ct_error *e);

/* The list runs of objects with "started", sorted by it; consumes the list. */
struct json_t *results_in_time(struct json_t *runs);

#endif
