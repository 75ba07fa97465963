/* SPDX-License-Identifier: MIT */
/*
 * Measuring one repeat of one cell, in a separate process.
 *
 * The parent starts this program again ("ctbench measure"), which sends back a
 * result.  So each measurement has fresh memory at fresh addresses, and if a
 * variant crashes, only its cell fails.
 */
#ifndef CTBENCH_HARNESS_MEASURE_MEASURE_H
#define CTBENCH_HARNESS_MEASURE_MEASURE_H

#include <sys/types.h>

#include "harness/base/error.h"
#include "harness/measure/slices.h"
#include "harness/workload/cell.h"

struct json_t;

/*
 * Execute one repeat of a cell and wait for it.  0 with *result filled in,
 * where result->status and result->void_reason say whether it is valid; -EINTR
 * if ct_interrupted was set (the child has ended then); else a negative errno
 * with a sentence: the child could not be started or died.  *details is a new
 * reference to the child's further results (details.h), or NULL; details may be
 * NULL if they are not needed.
 */
int measure_cell(const struct cell *cell, struct cell_result *result, struct json_t **details,
		 struct ct_error *e);

/* ---- in slices (slices.h) ---- */

/*
 * Can a cell be measured in slices?  Only the throughput of a steady closed loop can: latencies, a
 * timeline, events and fills need one undivided window.
 */
bool measure_in_slices(const struct cell *cell);

/* A child that measures a cell in slices, in turn with others. */
struct measure_child {
	struct cell cell;
	pid_t pid; /* 0: it has ended */
	int to, from;
	bool over; /* result and details are valid: it has sent everything */
	struct cell_result result;
	struct json_t *details; /* owned; NULL where it failed */
};

/*
 * Start a child for a cell, and wait until its table is filled and it sleeps.  0; -EINTR, or a
 * negative errno with a sentence: there is no child.  Also 0 if it cannot measure: then `over` is
 * set, and the result says why.
 */
int measure_open(struct measure_child *c, const struct cell *cell, struct ct_error *e);
/* Make it measure a slice, and wait for that.  Returns as measure_open(); sets told unless over. */
int measure_slice(struct measure_child *c, const struct slice_order *order, struct slice_told *told,
		  struct ct_error *e);
/* Make it sum up and end.  0, with `over` set; or as measure_open(). */
int measure_close(struct measure_child *c, struct ct_error *e);
/* End it if it is alive, and free its data.  After any of the above. */
void measure_end(struct measure_child *c);

/* A scalar for the details' "metrics"; NaN and infinity are left out. */
void measure_metric(struct json_t *details, const char *name, double value);

/* The program to start; NULL: this one (program_path()).  Tests set another. */
extern const char *measure_program;
/* Another program with the same protocol (protocol.h), for cells whose program has this name. */
extern struct measure_other {
	const char *name, *path; /* NULL: there is none */
} measure_other;

#endif
