/* SPDX-License-Identifier: MIT */
/* This machine's topology and pins; see topology.h.  Plans are in topology_plan.c. */
#include "harness/machine/topology_internal.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* More than any kernel is built for; the C library's cpu_set_t ends at 1024. */
#define AFFINITY_BITS 16384
#define BITS_PER_LONG (8 * sizeof(unsigned long))

struct affinity {
	unsigned long bits[AFFINITY_BITS / BITS_PER_LONG];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct topology_view machine; /* topology NULL: could not be read */
static int load_error;

static _Thread_local bool memory_is_local;

static void load(void)
{
	hwloc_topology_t topology = NULL;
	hwloc_cpuset_t allowed = NULL, bound = NULL;

	/* Without /sys hwloc prints an error each time; env_warnings() reports it once. */
	setenv("HWLOC_HIDE_ERRORS", "2", 0);
	/* CPUs that we may not use are kept, so that errors can tell them from missing ones. */
	if (hwloc_topology_init(&topology) ||
	    hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) ||
	    hwloc_topology_load(topology))
		goto fail;
	allowed = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology));
	bound = hwloc_bitmap_alloc();
	if (!allowed || !bound)
		goto fail;
	/* The main thread's affinity, set by taskset.  The calling thread may be pinned already. */
	if (!hwloc_get_proc_cpubind(topology, getpid(), bound, HWLOC_CPUBIND_THREAD))
		hwloc_bitmap_and(allowed, allowed, bound);
	hwloc_bitmap_free(bound);
	machine.topology = topology;
	machine.allowed = allowed;
	return;
fail:
	load_error = errno ? errno : ENOMEM;
	hwloc_bitmap_free(bound);
	hwloc_bitmap_free(allowed);
	if (topology)
		hwloc_topology_destroy(topology);
}

static const struct topology_view *this_machine(struct ct_error *e)
{
	pthread_once(&once, load);
	if (machine.topology)
		return &machine;
	ct_fail(e, -load_error, CT_EXIT_SKIP,
		"cannot read this machine's topology: %s (is /sys mounted?)", strerror(load_error));
	return NULL;
}

unsigned int topology_nr_cpus(void)
{
	const struct topology_view *view = this_machine(NULL);
	int n = view ? hwloc_bitmap_weight(view->allowed) : 0;

	return n > 0 ? (unsigned int)n : 1;
}

unsigned int topology_cpu_limit(void)
{
	const struct topology_view *view = this_machine(NULL);
	int last = view ? hwloc_bitmap_last(view->allowed) : 0;

	return last > 0 ? (unsigned int)last + 1 : 1;
}

int topology_plan(enum pin_policy policy, const char *list, unsigned int threads,
		  bool oversubscribe, unsigned int *cpus_out, struct ct_error *e)
{
	const struct topology_view *view = this_machine(e);

	if (!view)
		return -load_error;
	return topology_plan_in(view, policy, list, threads, oversubscribe, cpus_out, e);
}

/* Prefer the memory of cpu's NUMA node for the calling thread.  True if memory is local now, or
 * there is only one node. */
static bool prefer_local_memory(const struct topology_view *view, unsigned int cpu)
{
	hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(view->topology, cpu);
	const struct hwloc_topology_membind_support *support =
		hwloc_topology_get_support(view->topology)->membind;

	if (hwloc_get_nbobjs_by_type(view->topology, HWLOC_OBJ_NUMANODE) <= 1)
		return true;
	if (!pu || !pu->nodeset || !support->set_thisthread_membind)
		return false;
	/* Without HWLOC_MEMBIND_STRICT a full node means memory from the next one, not none. */
	return !hwloc_set_membind(view->topology, pu->nodeset, HWLOC_MEMBIND_BIND,
				  HWLOC_MEMBIND_THREAD | HWLOC_MEMBIND_BYNODESET);
}

bool topology_pin_holds(unsigned int cpu)
{
	struct affinity set;

	memset(&set, 0, sizeof(set));
	if (cpu >= AFFINITY_BITS || sched_getaffinity(0, sizeof(set), (cpu_set_t *)&set))
		return false;
	for (size_t i = 0; i < AFFINITY_BITS / BITS_PER_LONG; i++)
		if (set.bits[i] != (i == cpu / BITS_PER_LONG ? 1ul << cpu % BITS_PER_LONG : 0))
			return false;
	return sched_getcpu() == (int)cpu;
}

int topology_pin(unsigned int cpu, struct ct_error *e)
{
	const struct topology_view *view = this_machine(e);
	struct affinity set;
	int err;

	memory_is_local = false;
	if (!view)
		return -load_error;
	if (cpu >= AFFINITY_BITS)
		return ct_user_error(e, "cannot pin a thread to CPU %u: there is no such CPU", cpu);
	memset(&set, 0, sizeof(set));
	set.bits[cpu / BITS_PER_LONG] = 1ul << cpu % BITS_PER_LONG;
	if (sched_setaffinity(0, sizeof(set), (cpu_set_t *)&set)) {
		err = errno;
		return ct_fail(e, -err, CT_EXIT_USER,
			       "cannot pin a thread to CPU %u: %s; check that the CPU is online "
			       "and in this process's cpuset",
			       cpu, strerror(err));
	}
	/* The call moves the thread before it returns.  If it did not, a sandbox only pretends. */
	if (!topology_pin_holds(cpu))
		return ct_fail(e, -EIO, CT_EXIT_SKIP,
			       "a thread pinned to CPU %u does not stay there: this kernel or "
			       "sandbox accepts pins but ignores them",
			       cpu);
	memory_is_local = prefer_local_memory(view, cpu);
	return 0;
}

bool topology_memory_is_local(void)
{
	return memory_is_local;
}

static bool is_level(hwloc_obj_t obj, unsigned int level)
{
	return hwloc_obj_type_is_dcache(obj->type) && obj->attr->cache.depth == level;
}

uint64_t topology_cache_bytes(unsigned int level)
{
	const struct topology_view *view = this_machine(NULL);
	hwloc_obj_t pu = NULL;

	if (!view || hwloc_bitmap_iszero(view->allowed))
		return 0;
	/* The caches of the first CPU we may use; other kinds of cores may have others. */
	pu = hwloc_get_pu_obj_by_os_index(view->topology,
					  (unsigned int)hwloc_bitmap_first(view->allowed));
	for (hwloc_obj_t obj = pu; obj; obj = obj->parent)
		if (is_level(obj, level))
			return obj->attr->cache.size;
	return 0;
}

uint64_t topology_llc_bytes(void)
{
	for (unsigned int level = 5; level > 0; level--) {
		uint64_t bytes = topology_cache_bytes(level);

		if (bytes)
			return bytes;
	}
	return 0;
}

struct json_t *topology_json(void)
{
	const struct topology_view *view = this_machine(NULL);

	return view ? topology_json_in(view) : NULL;
}

char *topology_cpus_text(char *buf, size_t size, const unsigned int *cpus, unsigned int n)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int len;

	*buf = '\0';
	for (unsigned int i = 0; set && i < n; i++)
		hwloc_bitmap_set(set, cpus[i]);
	len = set ? hwloc_bitmap_list_snprintf(buf, size, set) : 0;
	if (len >= (int)size && size > 4)
		memcpy(buf + size - 4, "...", 4);
	hwloc_bitmap_free(set);
	return buf;
}
