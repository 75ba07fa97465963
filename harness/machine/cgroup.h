/* SPDX-License-Identifier: MIT */
/*
 * The limits of the control groups that this process is in, version 1 and 2,
 * or both at once (a hybrid system): CPU quota, memory, and how long the quota
 * stopped the group.
 *
 * /proc/self/cgroup names the group in each hierarchy, /proc/self/mountinfo
 * where the hierarchy is.  A group's limits hold for all groups below it, so
 * every level is looked at, up to what the mount shows (cgroups(7); the
 * kernel's cgroup-v1/memory.rst and sched-bwc.rst, cgroup-v2.rst).
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

/* CPUs' worth of time that the tightest quota allows; 0: no quota. */
double cgroups_cpus(const struct cgroups *g);

/* The tightest memory limit, in bytes; UINT64_MAX: none. */
uint64_t cgroups_memory(const struct cgroups *g);

/*
 * What the limits leave, in bytes: the least over all levels of limit less
 * use, where cached files that nobody reads count as not used.  UINT64_MAX: no limit.
 */
uint64_t cgroups_memory_left(const struct cgroups *g);

/* Since the groups were made: how often a quota stopped one, and for how long on all CPUs. */
struct cgroup_throttled {
	uint64_t times;
	double seconds;
};
struct cgroup_throttled cgroups_throttled(const struct cgroups *g);

#endif
