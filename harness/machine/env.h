/* SPDX-License-Identifier: MIT */
/*
 * Facts that a measurement depends on: the machine, its kernel and their settings, and how this
 * ctbench was built.
 *
 * They are one JSON object, kept with every result.  Unknown facts are null or left out, never
 * guessed.  They have no host name, user or path, because results are published.
 *
 *	machine		CPU model, packages, cores, CPUs, memory, swap
 *	topology	caches, NUMA nodes, which CPU is where (topology.h)
 *	clock		the clock of the measured loops (tsc.h)
 *	kernel		release, version, parameters that change speed, mitigations, address
 *			randomisation
 *	frequency	driver, governors, boost, limits
 *	pages		page size, transparent huge pages, huge page pools, NUMA balancing
 *	virtual		hypervisor, time stolen since boot, whether free memory goes back to the
 *			host
 *	limits		CPU quota and memory limit of the control group
 *	load		load averages, runnable threads, CPUs kept busy by others now
 *	power		whether it runs on battery
 *	build		version, revision, compiler, flags, type, sanitizers
 *	allocator	the allocator behind malloc() in this process
 *	libraries	versions of the linked libraries
 *
 * Thread-safety: any thread; nothing is kept between calls.
 */
#ifndef CTBENCH_HARNESS_MACHINE_ENV_H
#define CTBENCH_HARNESS_MACHINE_ENV_H

#include <stdbool.h>

struct json_t;

/* The facts as of now.  A new reference, or NULL without memory. */
struct json_t *env_json(void);

/* The build's part of it. */
struct json_t *env_build(void);

/*
 * The facts that disturb measurements: an array of objects
 *	{ "id": "governor", "grade": "serious" or "note", "what": SENTENCE,
 *	  "mend": SENTENCE or null }
 * with the serious ones first.  A new reference, or NULL without memory.
 */
struct json_t *env_warnings(const struct json_t *env);

/*
 * Steal time since boot, in seconds summed over all CPUs; 0 without a hypervisor.  The difference
 * over a run is the time that the run lost.
 */
double env_steal_seconds(void);

/*
 * Does this machine return unused memory to its host (free page reporting of virtio's balloon,
 * VIRTIO 1.2, 5.5.6.7)?  Memory that was idle for some seconds then costs a page fault in the host,
 * which takes many times as long as one in our kernel.
 */
bool env_gives_memory_back(void);

#endif
