/* SPDX-License-Identifier: MIT */
/*
 * What a measurement depends on beside the code: the machine, its kernel and
 * their settings, and how this ctbench was built.
 *
 * The facts are one JSON object, kept with every result; facts that this
 * machine does not tell are null or left out, never guessed.  No host name, no
 * user, no path: results are made to be published.
 *
 *	machine		CPU model, packages, cores, CPUs, memory, swap
 *	topology	caches, NUMA nodes, which CPU is where (topology.h)
 *	clock		what the loops measure with (tsc.h)
 *	kernel		release, version, parameters that change speed, mitigations, address
 *randomisation frequency	driver, governors, boost, limits pages		page size,
 *transparent huge pages, huge page pools, NUMA balancing virtual		is it a virtual
 *machine, whose, how much time was stolen since boot, is free memory given back to the host limits
 *CPU quota and memory limit of the control group load		load averages, runnable threads,
 *CPUs that others keep busy just now power		on battery?
 *	build		version, revision, compiler, flags, type, sanitizers
 *	allocator	what serves malloc() in this process
 *	libraries	versions of what we are linked with
 *
 * Thread-safety: any thread; nothing is kept between calls.
 */
#ifndef CTBENCH_HARNESS_MACHINE_ENV_H
#define CTBENCH_HARNESS_MACHINE_ENV_H

#include <stdbool.h>

struct json_t;

/* The facts as of now.  A new reference, or NULL without memory. */
struct json_t *env_json(void);

/*
 * What among such facts disturbs a measurement: an array of objects
 *	{ "id": "governor", "grade": "serious" or "note", "what": SENTENCE, "mend": SENTENCE or null
 *} with the serious ones first.  A new reference, or NULL without memory.
 */
struct json_t *env_warnings(const struct json_t *env);

/*
 * Time that the hypervisor gave to others while our CPUs had work, in seconds
 * summed over all CPUs since boot; 0 where there is no hypervisor.  The
 * difference over a run tells what it lost.
 */
double env_steal_seconds(void);

/*
 * Does this machine give memory that it does not use back to a host (free page reporting of
 * virtio's balloon: VIRTIO 1.2, 5.5.6.7)?  Then whatever is touched after some seconds of rest
 * costs a fault in the host, which is many times dearer than our kernel's own.
 */
bool env_gives_memory_back(void);

#endif
