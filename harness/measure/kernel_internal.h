/* SPDX-License-Identifier: MIT */
/* Shared by the parts of kernel.h: kernel.c, kernel_bpf.c (the kernel's tables), kernel_user.c. */
#ifndef CTBENCH_HARNESS_MEASURE_KERNEL_INTERNAL_H
#define CTBENCH_HARNESS_MEASURE_KERNEL_INTERNAL_H

#include "harness/measure/bpf/kernel.h"
#include "harness/measure/kernel.h"
#include "variants/variant.h"

/* The operation of a pass on each of its tuples. */
enum kernel_step {
	STEP_EMPTY, /* nothing: the loop */
	STEP_LOOKUP,
	STEP_INSERT,
	STEP_DELETE,
	STEP_CALLS, /* eight calls and returns; only of nf_conntrack's loop */
	KERNEL_STEPS,
};

/*
 * Tuples 0 .. flows - 1 are inserted in this order; the next flows are the same in a random order,
 * for hits and deletes; the next flows are in no table.
 */
struct kernel_tuples {
	uint64_t flows;
	struct kernel_tuple *list; /* [3 * flows] */
};

/*
 * One pass of a thread: *p says which tuples; stores its time and what succeeded there.  0 or an
 * error.  Threads may run at once, each with a number of its own.
 */
int kernel_bpf_pass(unsigned int table, enum kernel_step step, struct kernel_pass *p,
		    struct ct_error *e);
/* which: 0 .. KERNEL_HERE - 1 */
int kernel_user_pass(unsigned int which, unsigned int thread, enum kernel_step step,
		     struct kernel_pass *p);

/* A table of this program, with a namespace. */
struct kernel_side {
	const struct ct_variant *v;
	struct ct_core *core;
	struct net *net;
};

/* For that many threads, and one more that creates it.  s->v is given.  0 or a negative errno. */
int kernel_side_open(struct kernel_side *s, uint64_t buckets, uint64_t flows, unsigned int threads,
		     enum ct_pages pages);

/* The tuples of struct kernel_tuples, in a list of 3 x flows. */
void kernel_make_tuples(struct kernel_tuple *list, uint64_t flows);

/* net.netfilter.nf_conntrack_NAME of this namespace: 0 or a negative errno. */
int kernel_setting_read(const char *name, long long *value);
int kernel_setting_write(const char *name, long long value);

/* The ways of packets: kernel_tun.c.  In a process of its own.  0 or an error. */
int kernel_tun_measure(const struct kernel_request *q, struct kernel_result *r, struct ct_error *e);

/* Full maps: kernel_full.c.  In a process of its own.  0 or an error. */
int kernel_full_measure(const struct kernel_request *q, struct kernel_result *r,
			struct ct_error *e);

/* The tables of the kernel, by number; NULL after the last. */
const char *kernel_bpf_name(unsigned int table);

/*
 * Loads the programs, with maps of `room` entries; puts the memory of the tuples, which they share,
 * into t->list.  0 or an error: CT_EXIT_SKIP if the kernel, or this build, does not have them.
 */
int kernel_bpf_open(struct kernel_tuples *t, uint64_t room, struct ct_error *e);
/* Does this build contain the programs? */
int kernel_bpf_built(struct ct_error *e);

/* q's table with that many buckets, in this process: KERNEL_HERE times, on pages of each kind. */
int kernel_user_open(const struct kernel_tuples *t, const struct kernel_request *q,
		     uint64_t buckets, struct ct_error *e);

/* After a pass: the share of that table's memory that is on huge pages. */
double kernel_user_huge(unsigned int which);

#endif
