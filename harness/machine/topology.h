/* SPDX-License-Identifier: MIT */
/*
 * Where threads run: which CPUs exist, which of them a number of threads gets
 * under a pinning policy, and pins that are verified (hwloc).
 *
 * "CPU" is the operating system's number of a hardware thread.  Only CPUs that
 * this process may use are assigned: those of its cpuset and of the affinity it
 * was started with (taskset, a container's limit), as they were when the first
 * of these functions was called.  Call one before any thread of the process is
 * pinned by other means.
 *
 * Thread-safety: all functions may be called by any thread at any time; the
 * topology is read once and never changes after that.
 */
#ifndef CTBENCH_HARNESS_MACHINE_TOPOLOGY_H
#define CTBENCH_HARNESS_MACHINE_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/error.h"

struct json_t;

#define CT_MAX_THREADS 1024 /* that a workload may ask for */

enum pin_policy {
	PIN_COMPACT, /* fill a core's hardware threads, then the next core */
	PIN_SCATTER, /* as far apart as possible: packages, caches, cores, threads */
	PIN_CORE,    /* one thread per core */
	PIN_LLC,     /* one thread per last-level cache */
	PIN_LIST,    /* CPUs by name, in the order given */
};

/* How many CPUs this process may use; at least 1. */
unsigned int topology_nr_cpus(void);

/* The highest number of a CPU that this process may use, plus one: what ct_config.threads needs. */
unsigned int topology_cpu_limit(void);

/*
 * One CPU for each of that many threads, into cpus_out[0 .. threads - 1].
 *
 * PIN_COMPACT	all hardware threads of a core, then the next core
 * PIN_SCATTER	each thread where it shares least with those before it: a core is
 *		shared last of all, then caches, NUMA nodes and packages
 * PIN_CORE	the first hardware thread of every core
 * PIN_LLC	the first hardware thread of every last-level cache (of every
 *		package if the machine does not report its caches)
 * PIN_LIST	the CPUs of list ("0,2,4-7") in the order given
 *
 * A plan for fewer threads is the beginning of the plan for more.  More
 * threads than the policy has CPUs is an error, unless oversubscribe is set:
 * then the plan starts again from its first CPU.  list is used by PIN_LIST
 * only.  0, or -EINVAL with a sentence in e (exit status 2);
 * -ENOMEM.
 */
int topology_plan(enum pin_policy policy, const char *list, unsigned int threads,
		  bool oversubscribe, unsigned int *cpus_out, struct ct_error *e);

/*
 * Pin the calling thread to cpu, prefer that CPU's NUMA node for memory that
 * the thread touches first from now on, and verify the pin.  If the node is full,
 * memory comes from another one.  It is no error if the machine cannot bind
 * memory at all; topology_memory_is_local() reports it.
 * 0, or a negative errno with a sentence in e.
 */
int topology_pin(unsigned int cpu, struct ct_error *e);

/* Has topology_pin() bound the calling thread's memory to its node, or is there only one node? */
bool topology_memory_is_local(void);

/* Is the calling thread still allowed on cpu only, and does it run there now? Allocates nothing. */
bool topology_pin_holds(unsigned int cpu);

/* Bytes of one data or unified cache of that level (1, 2, 3); 0 if unknown. */
uint64_t topology_cache_bytes(unsigned int level);

/* The same for the largest known level; 0 if none is known. */
uint64_t topology_llc_bytes(void);

/*
 * The machine for a result: packages, cores, hardware threads, caches with
 * sizes and how many share one, NUMA nodes, which CPU is where, which are
 * allowed.  A new reference, or NULL without memory.
 */
struct json_t *topology_json(void);

/* "0-3,8" for a set of n CPUs in any order; returns buf.  Truncated with "..." if too long. */
char *topology_cpus_text(char *buf, size_t size, const unsigned int *cpus, unsigned int n);

#endif
