/* SPDX-License-Identifier: MIT */
/*
 * The gc worker: removes expired entries that no lookup has met, a part of the table
 * at a time, and returns when it should run again (gc_worker).  The owner of the
 * clock calls it: a replay, a thread, a workload.
 *
 * There are two strategies, both the kernel's:
 *   mean   (Linux 6.18) One round over the table may take several runs, each of
 *	    at most 10 ms and 64 evictions.  A running mean of the time that the
 *	    entries have left decides when the next round starts: after 1 to 60 s.
 *   slices (Linux 4.10 to 5.13) Each run scans 1/128 of the buckets; the next
 *	    comes after up to 125 ms, or at once if more than half had expired.
 *
 * After the table was found full, and until a round is complete, it also removes
 * unassured and closing entries of namespaces above 95 % of nf_conntrack_max.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_GC_H
#define CTBENCH_CORE_NF_CONNTRACK_GC_H

#include "core/compiler.h"

struct ct_core;

enum nf_ct_gc_style { NF_CT_GC_MEAN, NF_CT_GC_SLICES };

/* Part of struct ct_core; used only by the thread that runs the worker. */
struct conntrack_gc_work {
	enum nf_ct_gc_style style;
	uint64_t next_bucket;
	uint64_t evicted;		  /* in all runs so far */
	uint32_t avg_timeout, start_time; /* mean: of the round; ticks */
	int64_t count;			  /* entries in the mean */
	uint32_t next_run;		  /* slices: ticks */
	_Atomic bool early_drop;	  /* a packet found the table full; set by packets */
};

void nf_ct_gc_init(struct conntrack_gc_work *gc, enum nf_ct_gc_style style);

/* No limit of real time (the kernel's is 10 ms): a run ends at its limit of evictions or at the
 * end of the table, so a replay does not depend on the speed of the machine. */
#define NF_CT_GC_NO_LIMIT UINT32_MAX

/*
 * One run, at the core's time, for at most about max_ms milliseconds of real time.
 * Returns the ticks until the next one; 0: at once.  Only one run at a time; by a
 * registered thread outside read-side sections.
 */
uint32_t nf_conntrack_gc_worker(struct ct_core *core, uint32_t max_ms);

#endif
