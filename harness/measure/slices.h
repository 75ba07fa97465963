/* SPDX-License-Identifier: MIT */
/*
 * Slices: a measurement in short pieces, between which its process sleeps.
 *
 * Compared cells are processes that exist at the same time, with filled tables.  They measure in
 * turn, some 10 ms each, while every thread of all others sleeps.  So slow changes of the machine
 * affect all of them alike.
 *
 *	parent (measure.c)		child (slices.c)
 *	cell			->	makes the table, fills it, its workers fall asleep
 *				<-	MEASURE_READY
 *	slice_order, TAKE	->	touches its memory, warms up, measures, drains
 *				<-	MEASURE_SLICE, slice_told
 *	...
 *	slice_order, CLOSE	->	sums up
 *				<-	MEASURE_RESULT, cell_result, details
 *
 * A child that cannot continue sends MEASURE_RESULT at any time.  Messages are structures of the
 * same program, each after its enum measure_message.
 */
#ifndef CTBENCH_HARNESS_MEASURE_SLICES_H
#define CTBENCH_HARNESS_MEASURE_SLICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum measure_message { MEASURE_READY = 1, MEASURE_SLICE, MEASURE_RESULT };

enum slice_what { SLICE_TAKE = 1, SLICE_CLOSE };

struct slice_order {
	uint32_t what;	     /* enum slice_what */
	bool plant_cold;     /* remove the table from the caches before measuring: for tests */
	double seconds;	     /* to measure */
	double nearest;	     /* ns: measure only while the CPUs are about as near; 0: always */
	double warmup_least; /* seconds; it ends when the rate no longer rises */
	double warmup_most;
};

#define SLICE_WHY_MAX 128

struct slice_told {
	double seconds;		 /* measured, all threads working */
	double charged;		 /* seconds of draining that this slice caused: part of its cost */
	double ops;		 /* of all threads in these seconds */
	double halves;		 /* the second half's rate over the first's */
	double cpu;		 /* CPU seconds of the threads */
	double slowest, fastest; /* thread, operations a second */
	double skew;		 /* seconds between the first and the last thread's start */
	double lost;		 /* seconds that others took from a thread, at most */
	double distance_before, distance_after; /* ns (distance.h); 0: one thread, or unknown */
	double chase; /* ns of a dependent load in the table's memory; 0: several threads */
	double warmup, touched, drain; /* seconds, bytes, seconds */
	uint64_t involuntary, allocated;
	bool far;		 /* not measured: the CPUs were farther apart than asked */
	uint64_t throttled;	 /* how often a CPU quota stopped us */
	bool unsteady;		 /* refused for its halves: a longer warm-up and slice may help */
	char why[SLICE_WHY_MAX]; /* not empty: the reason for which it must not be used */
};

#define SLICE_HALVES 0.06 /* by which the halves of a slice may differ */
#define SLICE_LOST   0.05 /* share of a slice, off its CPU */
#define SLICE_SKEW   0.05 /* share of a slice, between the threads' starts */

/* Sets why and unsteady from the other fields; why is empty if the slice is good. */
void slice_judge(struct slice_told *s);

#endif
