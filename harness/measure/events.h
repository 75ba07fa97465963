/* SPDX-License-Identifier: MIT */
/* Shared by events.c, flood.c and timeline.c. */
#ifndef CTBENCH_HARNESS_MEASURE_EVENTS_H
#define CTBENCH_HARNESS_MEASURE_EVENTS_H

#include <jansson.h>
#include <pthread.h>

#include "harness/measure/bench.h"
#include "harness/machine/tsc.h"
#include "harness/workload/workload.h"

struct bench_event {
	struct cell_event what;
	bool done;
	uint64_t begin, end;	   /* TSC */
	uint64_t made, refused;	   /* by a flood or a probe; made: deleted of a zone */
	double insert_s, lookup_s; /* of one, with zones */
	uint64_t found;		   /* fresh connections that were still there */
};

/* Each entry is written by the thread that executes the event, and read after that has ended. */
struct bench_events {
	struct bench *b;
	pthread_t thread, flood_thread;
	struct bench_event list[CT_MAX_EVENTS];
	uint32_t nr, floods;
	int err;
};

/* Seconds from the window's opening to that time; negative if before it. */
static inline double bench_since_open(const struct bench *b, uint64_t tsc)
{
	uint64_t opens = load_relaxed(&b->window_opens);

	return tsc < opens ? -tsc_to_seconds(opens - tsc) : tsc_to_seconds(tsc - opens);
}

/* The thread that executes a cell's floods, one after the other; arg is the bench_events. */
void *bench_flood(void *arg);

/*
 * Insert one tuple in many zones, and look each up; delete one zone; insert connections, and count
 * later which are still there.  0 or a negative errno.
 */
int bench_zones_fill(struct bench *b, struct bench_event *e);
int bench_zones_flush(struct bench *b, struct bench_event *e);
int bench_fresh(struct bench *b, struct bench_event *e);
/* The results of executed events as metrics; after the event's thread has ended. */
void bench_probe_metrics(struct bench *b, const struct bench_event *e);

/* [{name, kind, begin_s, end_s}] of the executed events; new reference. */
json_t *bench_events_json(const struct bench *b);

#endif
