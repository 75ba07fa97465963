/* SPDX-License-Identifier: MIT */
/*
 * The plain replica: the kernel's lookup, written separately with nothing around it,
 * to measure the cost of this project's templates, variants and loops.
 *
 * It has one array of 256-byte connections with the kernel's layout (four small
 * fields, the two directions, then status and namespace: three cache lines), chained
 * buckets, SipHash-2-4 over 39 bytes and reciprocal_scale.  A lookup checks the expiry
 * at each step, compares the key, takes a reference, compares the key again and drops
 * the reference.  There are no axes, no RCU except compiler barriers, one thread, and no
 * insertion or deletion.
 *
 * nulls_rcu_siphash does the same work as part of a complete conntrack; the difference
 * between the two is the cost of that.
 */
#ifndef CTBENCH_HARNESS_MEASURE_REPLICA_H
#define CTBENCH_HARNESS_MEASURE_REPLICA_H

#include "harness/workload/cell.h"

/* The value of cell.variant for it.  It is not a real variant: its table cannot change. */
#define REPLICA_NAME "replica"

/*
 * Inserts `flows` connections into `buckets` chains and looks them up for
 * cell->seconds after cell->warmup, with the same key streams as variants (keys.h),
 * on the calling thread, which the caller has pinned.  Only for steady cells of table
 * operations with one thread and lookups only.
 *
 * 0 with r filled in; else a negative errno with r->status and r->error set.
 */
int replica_run(const struct cell *cell, struct cell_result *r);

#endif
