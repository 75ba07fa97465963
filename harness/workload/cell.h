/* SPDX-License-Identifier: MIT */
/*
 * A cell: one point of a workload's product, ready to be measured.
 *
 * A workload file has lists (variants, threads, flows, ...), and their product is a list of cells.
 * Each repeat of a cell runs in a separate process: the parent sends the bytes of the cell
 * through a pipe to a new ctbench, which builds the table, measures, and sends a cell_result back.
 * So both structures are plain bytes without pointers.  The details, a JSON text, follow the
 * result.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_CELL_H
#define CTBENCH_HARNESS_WORKLOAD_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/machine/topology.h"

#define CELL_PROGRAM_MAX 48
#define CT_MAX_EVENTS	 32 /* during the window of a cell */
/* The most bytes of details; a measuring process that sends more is faulty. */
#define DETAILS_MAX_BYTES ((size_t)256 << 20)

enum cell_level {
	LEVEL_OPS,     /* table operations on tuples */
	LEVEL_PACKETS, /* packets through the whole hook pipeline */
};

enum cell_kind {
	KIND_STEADY, /* a window of fixed length over a steady population */
	KIND_FILL,   /* from an empty table to all flows inserted, by all threads */
	KIND_DECODE, /* capture decoding alone, from memory */
	KIND_BOUNDS, /* no cell of a workload: see bounds_child() */
};

enum popularity {
	POP_UNIFORM,
	POP_ZIPF, /* rank r with probability proportional to 1 / r^zipf_s */
	POP_HOT,  /* hot_share of the operations on hot_flows flows */
};

enum split_policy {
	SPLIT_ANY,	   /* every thread meets every connection */
	SPLIT_FLOW,	   /* a connection stays on one thread, as with RSS */
	SPLIT_DIRECTION,   /* its original direction on one thread, its replies on another */
	SPLIT_ROUND_ROBIN, /* packets are dealt to the threads in turn */
	SPLIT_AUTO,	   /* only while a file is read: flow with a capture, else any */
};

/* How far apart the CPUs of a cell's threads may be, which can change while it runs. */
enum distance_policy {
	DISTANCE_ANY,  /* not restricted; recorded */
	DISTANCE_NEAR, /* slices count only while the CPUs are near each other */
};

enum page_policy {
	PAGES_AUTO,    /* ask for transparent huge pages (madvise), accept any */
	PAGES_THP,     /* transparent huge pages, or the measurement is void */
	PAGES_4K,      /* small pages, or the measurement is void */
	PAGES_HUGETLB, /* from the pool of huge pages (vm.nr_hugepages) */
};

/* The time of each operation (variants/latency.h). */
enum latency_kind {
	LATENCY_NONE,
	LATENCY_SERVICE,  /* closed loop: from its begin */
	LATENCY_RESPONSE, /* open loop (cell.rate): from its intended start */
};

/* When operations of an open loop arrive. */
enum arrival_process {
	ARRIVALS_CONSTANT,
	ARRIVALS_POISSON,
	ARRIVALS_CAPTURE, /* as a capture's packets did, stretched to the rate */
};

/* Events: changes of the table during the window, while workers continue; see events.def. */
enum cell_event_kind {
#define EVENT(id, ...) EVENT_##id,
#include "harness/workload/events.def"
#undef EVENT
	NR_EVENT_KINDS
};

struct cell_event {
	double at;	     /* seconds after the window opens */
	double seconds;	     /* how long it lasts, if the file says so (DURATION) */
	uint64_t count;	     /* BUCKETS, CONNECTIONS or RATE */
	uint32_t kind;	     /* enum cell_event_kind */
	uint32_t short_form; /* it was given as `resize: BUCKETS@TIME` */
};

struct cell {
	char suite[64]; /* name of the workload this came from */
	char variant[96];
	enum cell_level level;
	enum cell_kind kind;

	uint32_t threads;
	enum pin_policy pin;
	char cpus[256];	    /* for PIN_LIST: "0,2,4-7" */
	bool oversubscribe; /* there may be more threads than CPUs */

	uint64_t flows;	    /* 0 with a capture, which has its own */
	char key_set[512];  /* the flows are those of this file (traffic/key_set.h); empty: none */
	double land_share;  /* 0..1 of the flows: their two ends are equal */
	double ipv6_share;  /* 0..1 of the others */
	uint64_t buckets;   /* given, or from load_factor */
	double load_factor; /* connections per bucket: flows / buckets; 0 with a capture */
	bool buckets_rounded; /* from load_factor, for a variant that needs a power of two */

	enum popularity popularity;
	double zipf_s;
	uint64_t hot_flows;
	double hot_share;

	double hit_share;	    /* 0..1 of the lookups */
	double reply_share;	    /* 0..1 of the lookups made with the reply tuple */
	double lookup, insert, del; /* the mix, normalised: sums to 1; insert == del */
	bool refcount;		    /* lookups take (and drop) a reference */
	uint32_t burst;		    /* operations, or packets, per burst; 0 or 1: one at a time */

	double seconds; /* length of the window */
	double warmup;	/* seconds before it */
	uint32_t repeats;
	double precision; /* stop when every main effect is known this well (a share); 0: never */
	/* Shares that should be detectable with one thread, and with several; 0: no target. */
	double detect, detect_several;
	double budget; /* seconds to measure its workload in; 0: no limit */
	uint64_t seed; /* of the whole run; repeats derive their own from it */
	enum page_policy pages;
	double timeline; /* seconds of each piece of the timeline; 0: none is kept */
	uint32_t nr_events;
	struct cell_event events[CT_MAX_EVENTS]; /* in the order of time */

	char capture[512]; /* a capture instead of synthetic flows; empty: none */
	uint32_t copies;   /* of the capture, each with other addresses */
	enum split_policy split;
	enum distance_policy distance;

	enum latency_kind latency; /* none or service, as in the file; see cell_latency() */
	uint64_t rate; /* of an open loop, operations a second of all threads; 0: a closed loop */
	enum arrival_process arrivals;

	/* Set for each measurement, not by the workload file. */
	uint32_t repeat; /* which repeat this is, from 0 */
	/* In a run of two programs the one that measures it (measure_other); else empty. */
	char program[CELL_PROGRAM_MAX];
	bool control;	     /* the second name of an A/A pair */
	bool sliced;	     /* in slices, in turn with others of its group (measure/slices.h) */
	uint32_t plant_cold; /* the slice, from 1, that begins with cold caches: for tests */
	double plant_delay;  /* every batch takes longer by this share: a known effect, for tests */
	double ticks_per_second; /* of the clock, calibrated by the parent; 0: not yet */
};

/* Does an event of the window make lookups miss, inserts fail or the population change? */
bool cell_disturbed(const struct cell *c);
/* How many of its events are of this kind. */
uint32_t cell_nr_events(const struct cell *c, enum cell_event_kind kind);

/* Which latencies a cell measures.  A cell that measures any has no throughput. */
static inline enum latency_kind cell_latency(const struct cell *c)
{
	return c->rate ? LATENCY_RESPONSE : c->latency;
}

struct cell_result {
	int status; /* enum ct_exit; if not 0, only error is valid */
	char error[512];
	char void_reason[256]; /* not empty: why the figures must not be used */

	double window; /* seconds of the common window, from the TSC */
	double skew;   /* seconds between the first and the last thread's start */
	uint64_t ops;  /* all threads: operations (or packets) inside the window */
	uint64_t lookups, hits, expected_hits;
	uint64_t inserts, insert_failed, deletes;
	uint64_t checksum;
	double ns_per_op;		       /* threads * window / ops, as one thread sees it */
	double cpu_ns_per_op;		       /* thread CPU time / ops */
	double min_thread_ops, max_thread_ops; /* per second, slowest and fastest thread */
	double build_seconds;		       /* to fill the table before the window */

	uint64_t connections;		   /* in the table at the end */
	uint64_t node_bytes, bucket_bytes; /* live memory by the variant's own count */
	uint64_t allocated_bytes; /* growth of the allocator's live bytes by building the table */
	uint64_t rss_bytes;
	uint64_t window_allocs; /* bytes allocated inside the window; 0 unless there are inserts */
	uint64_t search_restart, early_drop, drop;
	uint64_t involuntary_switches;
	double resize_seconds; /* all resizes of the window together */
	/* Over all operations of a cell that measures latencies (measure/latency.h); else 0. */
	double latency_p50_ns, latency_p99_ns, latency_p999_ns, latency_max_ns;
	uint64_t unfinished; /* open loop: arrivals that were never begun */
	uint32_t resizes_done;
	char allocator[96];	/* "jemalloc 5.3.0-...", "glibc 2.36" */
	char cpus[256];		/* where the threads ran */
	double elapsed_seconds; /* of the whole measurement, as the parent sees it */
};

#endif
