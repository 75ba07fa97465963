/* SPDX-License-Identifier: MIT */
/*
 * The plain replica: the kernel's lookup remade with nothing around it, to
 * tell what this project's templates, variants and loops cost.
 *
 * One array of 256-byte connections laid out as the kernel's (four small
 * fields, the two directions, then status and namespace: three cache lines),
 * chained buckets, SipHash-2-4 over 39 bytes, reciprocal_scale, the expiry
 * looked at on each step, the key compared, a reference taken, the key
 * compared again, the reference dropped.  No axes, no RCU beyond what the
 * compiler must not move, one thread, no way to insert or delete.
 *
 * nulls_rcu_siphash does the same work with everything that makes it a real
 * conntrack; how far it lies above the replica is what that costs.
 */
#ifndef CTBENCH_HARNESS_MEASURE_REPLICA_H
#define CTBENCH_HARNESS_MEASURE_REPLICA_H

#include "harness/workload/cell.h"

/* What cell.variant says to get it.  It is in no register: it cannot hold a changing table. */
#define REPLICA_NAME "replica"

/*
 * Fill flows connections into buckets chains and look them up for
 * cell->seconds after cell->warmup, with key streams as any variant gets them
 * (keys.h): on the calling thread, which the caller has pinned.  Steady cells
 * of table operations with one thread and lookups only.
 *
 * 0 with r filled in; else a negative errno with r->status and r->error set.
 */
int replica_run(const struct cell *cell, struct cell_result *r);

#endif
