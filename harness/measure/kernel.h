/* SPDX-License-Identifier: MIT */
/*
 * Compares the running kernel's tables with ours: nf_conntrack, the maps that BPF programs use for
 * connections, and the same operations on a variant in this process.
 *
 * They are measured in rounds.  In each round every table is filled, looked up, and emptied again.
 * The cost of the loop around an operation is measured too and subtracted.
 *
 * Or packets: from one TUN device to another through the kernel, in a namespace without conntrack
 * and in one with it, and through all hooks here.
 *
 * Or maps that are full: which connections give way.
 */
#ifndef CTBENCH_HARNESS_MEASURE_KERNEL_H
#define CTBENCH_HARNESS_MEASURE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/error.h"

#define KERNEL_ROUNDS_MAX 64
/* Of the kernel, and in this process: on huge pages, as the kernel's are, and on small ones. */
#define KERNEL_THERE  5
#define KERNEL_HERE   2
#define KERNEL_TABLES (KERNEL_THERE + KERNEL_HERE)

/* Ways of a packet: through the kernel, also with conntrack, and through the hooks here. */
enum kernel_way { KERNEL_PLAIN, KERNEL_TRACKED, KERNEL_HOOKS, KERNEL_WAYS };

enum kernel_op { KERNEL_HIT, KERNEL_MISS, KERNEL_INSERT, KERNEL_DELETE, KERNEL_OPS };

struct kernel_request {
	uint64_t flows;	  /* a power of two */
	uint64_t buckets; /* of nf_conntrack, set for the whole machine meanwhile; 0: as they are */
	uint64_t rounds;
	uint64_t threads;  /* of lookups; a power of two */
	const char *table; /* the variant to measure beside it */
	bool packets;	   /* through everything, instead of operations on tables */
	bool full;	   /* maps without a place to spare, instead of operations on tables */
};

struct kernel_row {
	char name[32];
	bool in_kernel;
	double ns[KERNEL_OPS][KERNEL_ROUNDS_MAX]; /* per operation, without the loop */
	double done[KERNEL_OPS]; /* the least share of operations that did what they should */
};

/*
 * A map that `flows` connections fill, each of them looked up once.  Then KERNEL_FRESH new ones
 * come, half of which are answered (looked up), and a flood of KERNEL_FLOOD(flows) others.
 */
#define KERNEL_FRESH	    1024
#define KERNEL_FLOOD(flows) ((flows) / 16 * 5)
struct kernel_full {
	double refused[KERNEL_ROUNDS_MAX];    /* the share of new ones that found no place */
	double fresh_lost[KERNEL_ROUNDS_MAX]; /* of the others: gone after the flood, or refused */
	double answered_lost[KERNEL_ROUNDS_MAX];
	double old_lost[KERNEL_ROUNDS_MAX]; /* of the first ones */
};

struct kernel_result {
	uint64_t buckets;		    /* of nf_conntrack and the variant */
	double calls_ns[KERNEL_ROUNDS_MAX]; /* what eight calls and returns cost in the kernel */
	struct kernel_row row[KERNEL_TABLES];
	double huge[KERNEL_HERE];	       /* the share of their memory that is on huge pages */
	struct kernel_full full[KERNEL_THERE]; /* of a request for full maps; [0] is empty */
	double packet_ns[KERNEL_WAYS][KERNEL_ROUNDS_MAX]; /* of CPU; of a request for packets */
};

/*
 * All of it, in a process and a network namespace of its own.  Settings of the whole machine are
 * put back before it returns, also if a signal ends it (except SIGKILL).  0, or an error; with the
 * status CT_EXIT_SKIP if this machine or this build cannot do it.
 */
int kernel_measure(const struct kernel_request *q, struct kernel_result *r, struct ct_error *e);

#endif
