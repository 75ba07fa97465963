/* SPDX-License-Identifier: MIT */
/*
 * Which CPUs a number of threads gets under a pinning policy.
 *
 * Each policy orders all the CPUs that it can use; a plan is the beginning of that order.
 */
#include "harness/machine/topology_internal.h"

#include "harness/base/array.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A growing order of CPUs. */
struct order {
	unsigned int *cpus;
	unsigned int nr;
};

static int order_add(struct order *o, unsigned int cpu)
{
	if (!array_room(o->cpus, o->nr))
		return -ENOMEM;
	o->cpus[o->nr++] = cpu;
	return 0;
}

static bool order_has(const struct order *o, unsigned int cpu)
{
	for (unsigned int i = 0; i < o->nr; i++)
		if (o->cpus[i] == cpu)
			return true;
	return false;
}

/* Allowed hardware threads in hwloc's logical order, in which neighbours share most; from *i on. */
static hwloc_obj_t next_allowed(const struct topology_view *view, unsigned int *i)
{
	hwloc_obj_t pu;

	while ((pu = hwloc_get_obj_by_type(view->topology, HWLOC_OBJ_PU, (*i)++)))
		if (hwloc_bitmap_isset(view->allowed, pu->os_index))
			return pu;
	return NULL;
}

static int order_compact(const struct topology_view *view, struct order *o)
{
	unsigned int i = 0;
	hwloc_obj_t pu;
	int err = 0;

	while (!err && (pu = next_allowed(view, &i)))
		err = order_add(o, pu->os_index);
	return err;
}

hwloc_obj_t topology_last_cache(hwloc_obj_t pu)
{
	hwloc_obj_t last = NULL;

	for (hwloc_obj_t obj = pu; obj; obj = obj->parent)
		if (hwloc_obj_type_is_dcache(obj->type))
			last = obj;
	return last;
}

static hwloc_obj_t core_of(hwloc_topology_t topology, hwloc_obj_t pu)
{
	hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);

	return core ? core : pu;
}

static hwloc_obj_t llc_of(hwloc_topology_t topology, hwloc_obj_t pu)
{
	hwloc_obj_t obj = topology_last_cache(pu);

	if (!obj)
		obj = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, pu);
	return obj ? obj : hwloc_get_root_obj(topology);
}

/* The first allowed hardware thread of each group: neighbours in logical order have the same group.
 */
static int order_first_of(const struct topology_view *view, struct order *o,
			  hwloc_obj_t (*group_of)(hwloc_topology_t, hwloc_obj_t))
{
	hwloc_obj_t pu, group, last = NULL;
	unsigned int i = 0;
	int err = 0;

	while (!err && (pu = next_allowed(view, &i))) {
		group = group_of(view->topology, pu);
		if (group != last)
			err = order_add(o, pu->os_index);
		last = group;
	}
	return err;
}

/* How many threads are placed below each object, by depth and logical index. */
struct load {
	unsigned int **placed;
	int depth; /* levels above the hardware threads; 0 is the machine */
};

static void load_free(struct load *load)
{
	for (int d = 0; load->placed && d < load->depth; d++)
		free(load->placed[d]);
	free(load->placed);
}

static int load_init(struct load *load, hwloc_topology_t topology)
{
	load->depth = hwloc_get_type_depth(topology, HWLOC_OBJ_PU);
	load->placed = calloc((size_t)load->depth, sizeof(*load->placed));
	for (int d = 0; load->placed && d < load->depth; d++) {
		load->placed[d] =
			calloc(hwloc_get_nbobjs_by_depth(topology, d), sizeof(**load->placed));
		if (!load->placed[d])
			return -ENOMEM;
	}
	return load->placed ? 0 : -ENOMEM;
}

static unsigned int *
load_at(const struct load *load, hwloc_topology_t topology, hwloc_obj_t pu, int depth)
{
	hwloc_obj_t above = hwloc_get_ancestor_obj_by_depth(topology, depth, pu);

	return above ? &load->placed[depth][above->logical_index]
		     : NULL; /* a level that this CPU lacks */
}

/* Would a thread on a share less with the threads placed so far than one on b?  The levels nearest
 * to the CPU count first. */
static bool
shares_less(const struct load *load, hwloc_topology_t topology, hwloc_obj_t a, hwloc_obj_t b)
{
	for (int d = load->depth - 1; d > 0; d--) {
		unsigned int *in_a = load_at(load, topology, a, d),
			     *in_b = load_at(load, topology, b, d);
		unsigned int na = in_a ? *in_a : 0, nb = in_b ? *in_b : 0;

		if (na != nb)
			return na < nb;
	}
	return false;
}

/*
 * As far apart as possible, greedily: of the remaining CPUs take the one that shares
 * its core with the fewest threads so far; among equals, the one that shares its
 * innermost cache with the fewest, and so on outwards to the package; among those the first.
 */
static int order_scatter(const struct topology_view *view, struct order *o)
{
	struct order left = { 0 };
	struct load load = { 0 };
	int err = load_init(&load, view->topology);

	if (!err)
		err = order_compact(view, &left);
	while (!err && o->nr < left.nr) {
		hwloc_obj_t best = NULL;
		unsigned int at = 0;

		for (unsigned int i = 0; i < left.nr; i++) {
			hwloc_obj_t pu;

			if (left.cpus[i] == UINT32_MAX)
				continue; /* placed */
			pu = hwloc_get_pu_obj_by_os_index(view->topology, left.cpus[i]);
			if (!best || shares_less(&load, view->topology, pu, best)) {
				best = pu;
				at = i;
			}
		}
		for (int d = 0; d < load.depth; d++) {
			unsigned int *n = load_at(&load, view->topology, best, d);

			if (n)
				(*n)++;
		}
		err = order_add(o, left.cpus[at]);
		left.cpus[at] = UINT32_MAX;
	}
	load_free(&load);
	free(left.cpus);
	return err;
}

static int add_listed(const struct topology_view *view, struct order *o, unsigned int cpu,
		      const char *list, bool oversubscribe, struct ct_error *e)
{
	char *text = NULL;
	int err;

	if (!hwloc_get_pu_obj_by_os_index(view->topology, cpu)) {
		hwloc_bitmap_list_asprintf(&text,
					   hwloc_topology_get_topology_cpuset(view->topology));
		err = ct_user_error(e,
				    "the CPU list '%s' names CPU %u, which this machine does not "
				    "have: it has %s",
				    list, cpu, text ? text : "others");
	} else if (!hwloc_bitmap_isset(view->allowed, cpu)) {
		hwloc_bitmap_list_asprintf(&text, view->allowed);
		err = ct_user_error(e,
				    "the CPU list '%s' names CPU %u, which this process may not "
				    "use (cpuset, container or taskset allow %s): name some of "
				    "those, or allow more",
				    list, cpu, text ? text : "others");
	} else if (order_has(o, cpu) && !oversubscribe) {
		err = ct_user_error(e,
				    "the CPU list '%s' names CPU %u twice: name each once, or set "
				    "oversubscribe: true",
				    list, cpu);
	} else {
		err = order_add(o, cpu);
	}
	free(text);
	return err;
}

static int not_a_list(const char *list, const char *at, struct ct_error *e)
{
	return ct_user_error(
		e,
		"'%s' is not a list of CPUs%s%s%s: write numbers and ranges, separated "
		"by commas, as in 0,2,4-7",
		list, *at ? " (look at '" : "", at, *at ? "')" : "");
}

/* "0,2,4-7"; a range may also run down ("7-4"). */
static int order_list(const struct topology_view *view, struct order *o, const char *list,
		      bool oversubscribe, struct ct_error *e)
{
	for (const char *p = list;; p++) {
		const char *item = p;
		unsigned long first, last;
		char *end;
		int err = 0;

		if (!isdigit((unsigned char)*p))
			return not_a_list(list, item, e);
		first = last = strtoul(p, &end, 10);
		p = end;
		if (*p == '-') {
			if (!isdigit((unsigned char)p[1]))
				return not_a_list(list, item, e);
			last = strtoul(p + 1, &end, 10);
			p = end;
		}
		if (first > INT32_MAX || last > INT32_MAX || (*p && *p != ','))
			return not_a_list(list, item, e);
		for (unsigned long cpu = first; !err; cpu += first < last ? 1 : -1ul) {
			err = add_listed(view, o, (unsigned int)cpu, list, oversubscribe, e);
			if (cpu == last)
				break;
		}
		if (err)
			return err;
		if (!*p)
			return 0;
	}
}

static int too_many(enum pin_policy policy, const char *list, unsigned int threads, unsigned int nr,
		    struct ct_error *e)
{
	const char *plural = nr == 1 ? "" : "s";

	switch (policy) {
	case PIN_LIST:
		return ct_user_error(e,
				     "%u threads, but the CPU list '%s' names %u CPU%s: name more, "
				     "ask for fewer threads, or set oversubscribe: true",
				     threads, list, nr, plural);
	case PIN_CORE:
		return ct_user_error(e,
				     "%u threads, but one thread per core gives %u here: ask for "
				     "fewer, pin by compact or scatter, or set oversubscribe: true",
				     threads, nr);
	case PIN_LLC:
		return ct_user_error(
			e,
			"%u threads, but one thread per last-level cache gives %u here: ask for "
			"fewer, pin by core, compact or scatter, or set oversubscribe: true",
			threads, nr);
	default:
		return ct_user_error(e,
				     "%u threads, but this process may use %u CPU%s: ask for "
				     "fewer, for all, or set oversubscribe: true",
				     threads, nr, plural);
	}
}

int topology_plan_in(const struct topology_view *view, enum pin_policy policy, const char *list,
		     unsigned int threads, bool oversubscribe, unsigned int *cpus_out,
		     struct ct_error *e)
{
	struct order o = { 0 };
	int err;

	if (!threads)
		return ct_user_error(e, "0 threads: ask for at least 1");
	switch (policy) {
	case PIN_COMPACT:
		err = order_compact(view, &o);
		break;
	case PIN_SCATTER:
		err = order_scatter(view, &o);
		break;
	case PIN_CORE:
		err = order_first_of(view, &o, core_of);
		break;
	case PIN_LLC:
		err = order_first_of(view, &o, llc_of);
		break;
	case PIN_LIST:
		err = order_list(view, &o, list ? list : "", oversubscribe, e);
		break;
	default:
		err = ct_fail(e, -EINVAL, CT_EXIT_INTERNAL, "unknown pinning policy %d",
			      (int)policy);
	}
	if (!err && !o.nr)
		err = ct_user_error(e, "this process may use none of the machine's CPUs: check its "
				       "cpuset and affinity");
	if (!err && threads > o.nr && !oversubscribe)
		err = too_many(policy, list, threads, o.nr, e);
	for (unsigned int i = 0; !err && i < threads; i++)
		cpus_out[i] = o.cpus[i % o.nr];
	free(o.cpus);
	if (err == -ENOMEM)
		ct_fail(e, err, CT_EXIT_USER,
			"no memory for a plan of CPUs: end other programs and try again");
	return err;
}
