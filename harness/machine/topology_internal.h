/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of topology.  A view is a topology and those of its CPUs
 * that may be used: this machine's, or one made up by a test.
 */
#ifndef CTBENCH_HARNESS_MACHINE_TOPOLOGY_INTERNAL_H
#define CTBENCH_HARNESS_MACHINE_TOPOLOGY_INTERNAL_H

#include <hwloc.h>

#include "harness/machine/topology.h"

struct topology_view {
	hwloc_topology_t topology;
	hwloc_const_cpuset_t allowed; /* by operating system number */
};

/* topology_plan() on any view. */
int topology_plan_in(const struct topology_view *view, enum pin_policy policy, const char *list,
		     unsigned int threads, bool oversubscribe, unsigned int *cpus_out,
		     struct ct_error *e);

/* topology_json() of any view. */
struct json_t *topology_json_in(const struct topology_view *view);

/* The topmost cache above pu, or NULL: none is known. */
hwloc_obj_t topology_last_cache(hwloc_obj_t pu);

#endif
