/* SPDX-License-Identifier: MIT */
/*
 * The limits of the control groups that this process is in, version 1 and 2,
 * or both at once (a hybrid system): CPU quota, memory, and how long the quota
 * stopped the group.
 *
 * /proc/self/cgroup names the group in each hierarchy, /proc/self/mountinfo the hierarchy's place.
 * A group's limits hold for all groups below it, so every level is checked, up to the top of the
 * mount (cgroups(7); the kernel's cgroup-v1/memory.rst and sched-bwc.rst, cgroup-v2.rst).
 *
 * Thread-safety: a struct cgroups is only read after cgroups_find().
 */
#ifndef CTBENCH_HARNESS_MACHINE_CGROUP_H
#define CTBENCH_HARNESS_MACHINE_CGROUP_H

#include <stdint.h>

struct cgroups;

/* root: "" for this machine, else a test's folder.  NULL only without memory. */
struct cgroups *cgroups_find(const char *root);
void cgroups_free(struct cgroups *g); /* NULL is accepted */

/* How many CPUs' time the tightest quota allows; 0: no quota. */
double cgroups_cpus(const struct cgroups *g);

/* The tightest memory limit, in bytes; UINT64_MAX: none. */
uint64_t cgroups_memory(const struct cgroups *g);

/*
 * Bytes left under the limits: the minimum over all levels of limit less use.  Inactive cached
 * files count as unused.  UINT64_MAX: no limit.
 */
uint64_t cgroups_memory_left(const struct cgroups *g);

/* Since the groups were created: how often a quota stopped one, and for how long on all CPUs. */
struct cgroup_throttled {
	uint64_t times;
	double seconds;
};
struct cgroup_throttled cgroups_throttled(const struct cgroups *g);

#endif
