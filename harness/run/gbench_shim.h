/* SPDX-License-Identifier: MIT */
/*
 * Google Benchmark from C.
 *
 * Google Benchmark keeps the register of what is to be measured, chooses by
 * --benchmark_filter, orders the measurements, computes means and writes the
 * JSON that its tools (compare.py) read.  It measures nothing here: one of
 * its "iterations" calls back into C, which drives one timed window in a
 * separate process.  The time it reports is the one the callback gives it
 * (manual time): nanoseconds per operation as one thread sees it.
 *
 * Written against 1.7.1, whose habits decide how a run goes:
 *
 * - It runs whole passes.  In a measuring pass every benchmark has one
 *   repetition, in an order that Google Benchmark shuffles: pass k is
 *   the randomised block of all repeats number k, so that a slow drift of
 *   the machine meets all variants alike.  It has no seed to set; the
 *   caller sees the order and writes it down.  With
 *   --benchmark_enable_random_interleaving=false one pass runs all repeats
 *   of the first benchmark, then those of the second, and so on.
 * - A last pass measures nothing: it hands every sample to Google Benchmark
 *   again, now with the real number of repetitions, for its report.  That is why an
 *   interrupted run has a report, and one that is gone on with has one of
 *   all its repeats.
 * - Its statistics read the first repetition's fields even if that one had an
 *   error (they are not set then): samples without error go first.
 * - A row with an error has a time of 0 in JSON, and its tools take it for one: such
 *   rows are left out of what is written, and only shown.
 * - A mean of 0 makes it write NaN, which is not JSON: such values are left out.
 * - A warm-up (--benchmark_min_warmup_time) would repeat windows until
 *   their "time" of some nanoseconds adds up to seconds: it is refused, like
 *   other flags that cannot mean here what they say.
 *
 * There is one Google Benchmark in a process: one thread at a time may use
 * this, and gbench_begin() starts afresh.
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

/* What one repeat of one benchmark gave. */
struct gbench_sample {
	double ns_per_op;     /* real_time in the report */
	double cpu_ns_per_op; /* cpu_time in the report */
	const char *error;    /* NULL, or why there is no time: shown instead of it */
	struct gbench_counter counters[GBENCH_MAX_COUNTERS];
	size_t nr_counters;
};

/* Google Benchmark's flags that the caller has to know about. */
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
	 * The sample of that repeat; false if there is none.  What it points
	 * to must hold until the next call.
	 */
	bool (*sample)(void *arg, size_t benchmark, unsigned int repeat, struct gbench_sample *out);
};

/*
 * Read Google Benchmark's flags: argv[0] .. argv[argc - 1] is what follows
 * "--".  Forgets benchmarks added before.  An unknown flag, a wrong value or
 * one that means nothing here is -EINVAL with a sentence in e.
 * --help prints Google Benchmark's own list and the notes above, and returns 1.
 */
int gbench_begin(int argc, char **argv, struct gbench_flags *flags, struct ct_error *e);

/*
 * Register a benchmark; its index is the number of those added before.
 * threads: what the report says; Google Benchmark itself uses one.  0 or -ENOMEM.
 */
int gbench_add(const char *name, unsigned int repeats, unsigned int threads, struct ct_error *e);

/*
 * Set selected[i] for each benchmark that --benchmark_filter lets through.
 * None, or a filter that is not a regular expression: -EINVAL with a sentence.
 */
int gbench_select(bool *selected, struct ct_error *e);

/*
 * Measure what is selected, then put Google Benchmark's JSON report into *json, to be freed
 * (and whatever --benchmark_out and --benchmark_format ask for where they say).
 * The names in JSON are those given to gbench_add(): Google Benchmark's own
 * additions ("/iterations:1/repeats:9/manual_time") are taken off, so that
 * runs with different numbers of repeats can be compared.
 * 0, or a negative errno with a sentence if a report cannot be written.
 */
int gbench_run(const struct gbench_callbacks *callbacks, void *arg, char **json,
	       struct ct_error *e);

/* Forget all benchmarks. */
void gbench_end(void);

/* What C++ calls when there is no memory; end() does not return. */
void gbench_without_memory(void (*end)(void));

#ifdef __cplusplus
}
#endif
#endif
