/* SPDX-License-Identifier: MIT */
/*
 * Measuring one repeat of one cell, in a process of its own.
 *
 * The parent starts this program anew ("ctbench measure"), which sends back a
 * result; so each measurement has fresh memory at fresh addresses, and a
 * variant that crashes takes only its cell with it.
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
 * where result->status and result->void_reason say what it is worth; -EINTR
 * when ct_interrupted was set (the child is gone then); else a negative errno
 * with a sentence: the child could not be started or died.  *details is a new
 * reference to what the child told beside its result (details.h), or NULL; details
 * itself may be NULL where nobody asks.
 */
int measure_cell(const struct cell *cell, struct cell_result *result, struct json_t **details,
		 struct ct_error *e);

/* ---- in slices (slices.h) ---- */

/*
 * Can a cell be measured in slices?  Only the throughput of a steady closed loop can: a latency, a
 * timeline, an event or a fill needs a window of its own.
 */
bool measure_in_slices(const struct cell *cell);

/* A child that measures a cell in slices, beside others. */
struct measure_child {
	struct cell cell;
	pid_t pid; /* 0: it has ended */
	int to, from;
	bool over; /* result and details hold: it has said all */
	struct cell_result result;
	struct json_t *details; /* owned; NULL where it failed */
};

/*
 * Start a child for a cell, and wait until its table is filled and it sleeps.  0; -EINTR, or a
 * negative errno with a sentence: there is no child.  Also 0 where it could not measure: then it
 * is over, with a result that says why.
 */
int measure_open(struct measure_child *c, const struct cell *cell, struct ct_error *e);
/* Have it measure a slice, and wait for that.  Returns as measure_open(); told unless over. */
int measure_slice(struct measure_child *c, const struct slice_order *order, struct slice_told *told,
		  struct ct_error *e);
/* It sums up and ends.  0, and it is over; or as measure_open(). */
int measure_close(struct measure_child *c, struct ct_error *e);
/* End it if it is alive, and free what belongs to it.  After any of the above. */
void measure_end(struct measure_child *c);

/* The program to start; NULL: this one (program_path()).  A test says otherwise. */
extern const char *measure_program;
/* Another one that speaks our protocol (protocol.h), for the cells whose program has this name. */
extern struct measure_other {
	const char *name, *path; /* NULL: there is none */
} measure_other;

#endif
