/* SPDX-License-Identifier: MIT */
/*
 * Google Benchmark from C.
 *
 * Google Benchmark has the list of benchmarks, selects by --benchmark_filter, orders the
 * measurements, computes means and writes the JSON that its tools (compare.py) read.  It measures
 * nothing here: one of its "iterations" calls back into C, which runs one timed window in a
 * separate process.  The reported time is the one that the callback sets (manual time): nanoseconds
 * per operation as one thread sees it.
 *
 * Written against 1.7.1:
 *
 * - It runs whole passes.  In a measuring pass every benchmark has one repetition, in an order that
 *   Google Benchmark shuffles.  Pass k is the randomised block of repeat k of every benchmark, so
 *   that slow drift of the machine affects all variants alike.  Its seed cannot be set; the caller
 *   sees the order and records it.  With --benchmark_enable_random_interleaving=false one pass runs
 *   all repeats of the first benchmark, then those of the second, and so on.
 * - A last pass measures nothing.  It gives every sample to Google Benchmark again, with the real
 *   number of repetitions, for the report.  So an interrupted run has a report, and the report of a
 *   resumed run has all its repeats.
 * - Its statistics read the fields of the first repetition even after an error, which leaves them
 *   unset.  So samples without an error come first.
 * - A row with an error has a time of 0 in the JSON, and its tools believe the 0.  So such rows are
 *   shown, but not written.
 * - For a mean of 0 it writes NaN, which is not JSON.  Such values are left out.
 * - A warm-up (--benchmark_min_warmup_time) would repeat windows until their "times" of some
 *   nanoseconds add up to seconds.  It is refused, like other flags with a wrong effect here.
 *
 * A process has one Google Benchmark: only one thread at a time may use this, and gbench_begin()
 * starts afresh.
 */
#ifndef CTBENCH_HARNESS_RUN_GBENCH_SHIM_H
#define CTBENCH_HARNESS_RUN_GBENCH_SHIM_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "harness/base/error.h"

#define GBENCH_MAX_COUNTERS 32

struct gbench_counter {
	const char *name;
	double value;
};

/* The result of one repeat of one benchmark. */
struct gbench_sample {
	double ns_per_op;     /* real_time in the report */
	double cpu_ns_per_op; /* cpu_time in the report */
	const char *error;    /* NULL, or why there is no time: shown instead of it */
	struct gbench_counter counters[GBENCH_MAX_COUNTERS];
	size_t nr_counters;
};

/* The flags of Google Benchmark that the caller implements. */
struct gbench_flags {
	bool list;	 /* --benchmark_list_tests: print names, measure nothing */
	bool interleave; /* repeats in shuffled blocks; on unless switched off */
	/* --benchmark_repetitions: instead of each benchmark's own; 0: not given */
	unsigned int repetitions;
};

struct gbench_callbacks {
	/*
	 * Measure repeat number `repeat` of this benchmark, unless that is done
	 * already or the run was interrupted.  repeat counts from 0.
	 */
	void (*measure)(void *arg, size_t benchmark, unsigned int repeat);
	/*
	 * The sample of that repeat; false if there is none. Its pointers must stay valid until the
	 * next call.
	 */
	bool (*sample)(void *arg, size_t benchmark, unsigned int repeat, struct gbench_sample *out);
};

/*
 * Reads Google Benchmark's flags: argv[0] .. argv[argc - 1] are the arguments behind "--".  Forgets
 * all benchmarks.  0; -EINVAL with a sentence in e for an unknown flag, a wrong value, or a flag
 * that is refused; 1 for --help, which prints Google Benchmark's own list and some notes.
 */
int gbench_begin(int argc, char **argv, struct gbench_flags *flags, struct ct_error *e);

/*
 * Register a benchmark; its index is the number of those added before.
 * threads: what the report says; Google Benchmark itself uses one.  0 or -ENOMEM.
 */
int gbench_add(const char *name, unsigned int repeats, unsigned int threads, struct ct_error *e);

/*
 * Sets selected[i] for each benchmark that --benchmark_filter matches.  -EINVAL with a sentence if
 * it matches none or is not a regular expression.
 */
int gbench_select(bool *selected, struct ct_error *e);

/*
 * Measures the selected benchmarks, then puts Google Benchmark's JSON report into *json, to be
 * freed; also writes the reports that --benchmark_out and --benchmark_format ask for.  The names in
 * the JSON are those given to gbench_add(), without Google Benchmark's additions
 * ("/iterations:1/repeats:9/manual_time"), so that runs with different numbers of repeats can be
 * compared.  0, or a negative errno with a sentence if a report cannot be written.
 */
int gbench_run(const struct gbench_callbacks *callbacks, void *arg, char **json,
	       struct ct_error *e);

/* Forget all benchmarks. */
void gbench_end(void);

/* Set the function that C++ calls when there is no memory; end() does not return. */
void gbench_without_memory(void (*end)(void));

#ifdef __cplusplus
}
#endif
#endif
