/* SPDX-License-Identifier: MIT */
/*
 * Key streams: the operations of a worker's loop, made before the window opens.
 *
 * A plan says which flows a cell's table holds and which worker does what with
 * them.  Each worker then makes its own stream from the plan (on its own CPU, so
 * that the memory is local).  The measured loop walks the arrays of a stream in
 * order, again and again, and computes nothing.
 *
 *	flows 0 .. present - 1	are in the table when the window opens; fill them in any order
 *	    threads * churn	of these come and go: each worker deletes its own, oldest
 *				first, and inserts others (from flow present on)
 *	the rest, "stable",	are looked up; they are never removed
 *	flows FLOW_ABSENT and up	are what misses look for
 *
 * Which threads look up which of the stable flows is the cell's `split`: all of them (any), its own
 * (flow), its own in the original direction and those of the thread before it in the reply
 * direction (direction), or all, but in turn with the other threads (round_robin).
 *
 * So it is known exactly which lookups will hit, whatever other threads do and
 * whenever the window ends.  The population changes by at most one connection
 * per thread.
 *
 * Which flows are stable, which come and go, and which are popular is random and
 * independent of the order of insertion.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_KEYS_H
#define CTBENCH_HARNESS_TRAFFIC_KEYS_H

#include "harness/workload/cell.h"
#include "harness/base/error.h"
#include "harness/traffic/flows.h"

/* Shares (hits, replies, kinds of operation) are exact in each of these many, to one. */
#define KEY_BLOCK 256

struct key_plan {
	struct flow_set flows;
	uint64_t present;
	uint64_t stable;
	uint64_t churn; /* per thread; 0: lookups only */
	unsigned int threads;
	bool compact;	    /* keys are struct ct_key4 (no flow is IPv6) */
	bool huge;	    /* ask for huge pages */
	size_t stream_keys; /* lookups until a stream repeats; a multiple of KEY_BLOCK */
	size_t stream_ops;  /* the same for operations; 0: lookups only */

	struct permutation place; /* of what is present: the stable by rank, then churn */
	enum split_policy split;
	enum popularity popularity;
	double zipf_s;
	uint64_t hot_flows;
	double hot_share;
	double hit_share, reply_share;
	double churn_share; /* inserts and deletes together, of all operations */
	uint64_t seed;
};

/*
 * Makes the plan of a cell (with synthetic flows).  0, or -EINVAL with a sentence if
 * the cell is impossible: more threads than connections to change, more hot flows
 * than flows, ...
 */
int key_plan_init(struct key_plan *plan, const struct cell *cell, struct ct_error *e);

/* Bytes of one thread's stream. */
uint64_t key_plan_bytes(const struct key_plan *plan);

/*
 * The connections of one thread where threads share none: those that it looks up under split:
 * flow, then those that it deletes and inserts.  How many are in the table at first, and the i-th.
 */
uint64_t key_plan_owned(const struct key_plan *plan, unsigned int thread);
uint64_t key_plan_owned_flow(const struct key_plan *plan, unsigned int thread, uint64_t i);

struct key_stream {
	/* For struct ct_ops_work, under the same names. */
	bool compact;
	void *keys; /* struct ct_key4 or union ct_tuple_words [nr_keys] */
	size_t nr_keys;
	uint8_t *ops; /* enum ct_op [nr_ops], or NULL: lookups only */
	size_t nr_ops;
	void *churn; /* keys of the ring; NULL if nothing comes and goes */
	size_t nr_churn;
	size_t head; /* churn[0 .. head - 1] are in the table at first */

	uint64_t hits;			    /* among all keys */
	uint64_t *hit_bits;		    /* bit i: keys[i] is in the table; NULL: all are */
	uint64_t *hits_before;		    /* hits in the KEY_BLOCKs before block i */
	uint64_t lookups, inserts, deletes; /* among all ops */
	size_t bytes;
};

/*
 * The stream of one thread (0 .. threads - 1).  0 or -ENOMEM with a sentence.
 * Any thread; the plan is only read.
 */
int key_stream_make(struct key_stream *s, const struct key_plan *plan, unsigned int thread,
		    struct ct_error *e);
/* A zeroed stream is accepted. */
void key_stream_free(struct key_stream *s);

/*
 * How many of count lookups hit, after the first `from` lookups of the stream.
 */
uint64_t key_stream_hits(const struct key_stream *s, uint64_t from, uint64_t count);

#endif
