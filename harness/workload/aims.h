/* SPDX-License-Identifier: MIT */
/*
 * Aims: values that the medians of a workload should reach.  They are in its file, and a table at
 * the end of the run compares them with the results.
 *
 *	aims:
 *	  - null: ns/op <= 3
 *	  - nulls_rcu_siphash: ns/op <= 1.15 x replica
 *
 * An aim is not a test: results depend on the machine and its noise as much as on the code, so a
 * missed aim is no failure.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_AIMS_H
#define CTBENCH_HARNESS_WORKLOAD_AIMS_H

#include <stdbool.h>
#include <stddef.h>

enum aim_measure {
	AIM_NS_PER_OP,	  /* ns/op: as one thread sees it */
	AIM_RATE,	  /* M/s: operations, packets or connections, all threads */
	AIM_CONN_BYTES,	  /* B/conn: a connection's object */
	AIM_BUCKET_BYTES, /* B/bucket */
	AIM_SECONDS,	  /* s: of the window */
	AIM_NR_MEASURES,
};

struct aim {
	char variant[96];
	enum aim_measure measure;
	bool at_least; /* >= instead of <= */
	double bound;
	/* The bound is a multiple of this variant's figure at the same point; empty: a number. */
	char times[96];
};

#define AIM_FORM \
	"'VARIANT: MEASURE <= NUMBER' or '... <= NUMBER x VARIANT', also with >=; " \
	"measures: ns/op, M/s, B/conn, B/bucket, s"

/* False if the text is not an aim. */
bool aim_parse(struct aim *aim, const char *text);

extern const char *const aim_measures[AIM_NR_MEASURES];

#endif
