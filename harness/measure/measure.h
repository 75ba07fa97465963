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

#include "harness/base/error.h"
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

/* The program to start: this one (/proc/self/exe) unless a test says otherwise. */
extern const char *measure_program;

#endif
