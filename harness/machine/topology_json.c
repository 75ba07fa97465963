/* SPDX-License-Identifier: MIT */
/* A topology as JSON, to be kept with results. */
#include "harness/machine/topology_internal.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *set_json(hwloc_const_bitmap_t set)
{
	char *text = NULL;
	json_t *json;

	hwloc_bitmap_list_asprintf(&text, set);
	json = json_string(text ? text : "");
	free(text);
	return json;
}

static int count(hwloc_topology_t topology, hwloc_obj_type_t type)
{
	return hwloc_get_nbobjs_by_type(topology, type);
}

static const char *cache_kind(hwloc_obj_t cache)
{
	switch (cache->attr->cache.type) {
	case HWLOC_OBJ_CACHE_DATA:
		return "data";
	case HWLOC_OBJ_CACHE_INSTRUCTION:
		return "instruction";
	default:
		return "unified";
	}
}

/* One entry for all equal caches of a level. */
static void add_cache(json_t *caches, hwloc_obj_t cache)
{
	const struct hwloc_cache_attr_s *a = &cache->attr->cache;
	int shared = hwloc_bitmap_weight(cache->cpuset);
	json_t *entry;
	size_t i;

	json_array_foreach(caches, i, entry) {
		if (json_integer_value(json_object_get(entry, "level")) == (json_int_t)a->depth &&
		    json_integer_value(json_object_get(entry, "bytes")) == (json_int_t)a->size &&
		    json_integer_value(json_object_get(entry, "cpus_each")) == shared) {
			json_int_t n = json_integer_value(json_object_get(entry, "count"));

			json_object_set_new(entry, "count", json_integer(n + 1));
			return;
		}
	}
	json_array_append_new(caches, json_pack("{s:i, s:s, s:I, s:i, s:i, s:i}", "level",
						(int)a->depth, "kind", cache_kind(cache), "bytes",
						(json_int_t)a->size, "line_bytes", (int)a->linesize,
						"cpus_each", shared, "count", 1));
}

static json_t *caches_json(hwloc_topology_t topology)
{
	json_t *caches = json_array();

	for (int d = hwloc_topology_get_depth(topology) - 1; d >= 0; d--)
		for (hwloc_obj_t obj = NULL; (obj = hwloc_get_next_obj_by_depth(topology, d, obj));)
			if (hwloc_obj_type_is_dcache(obj->type))
				add_cache(caches, obj);
	return caches;
}

static json_t *nodes_json(hwloc_topology_t topology)
{
	json_t *nodes = json_array();

	for (hwloc_obj_t obj = NULL;
	     (obj = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, obj));)
		json_array_append_new(nodes, json_pack("{s:i, s:I, s:o}", "node",
						       (int)obj->os_index, "memory_bytes",
						       (json_int_t)obj->attr->numanode.local_memory,
						       "cpus", set_json(obj->cpuset)));
	return nodes;
}

static void add_place(json_t *cpu, const char *key, hwloc_obj_t obj)
{
	if (obj)
		json_object_set_new(cpu, key, json_integer((json_int_t)obj->logical_index));
}

/* Where each CPU is: logical numbers, counted through the whole machine. */
static json_t *cpus_json(const struct topology_view *view)
{
	json_t *cpus = json_array();

	for (hwloc_obj_t pu = NULL;
	     (pu = hwloc_get_next_obj_by_type(view->topology, HWLOC_OBJ_PU, pu));) {
		json_t *cpu = json_pack("{s:i, s:b}", "cpu", (int)pu->os_index, "allowed",
					hwloc_bitmap_isset(view->allowed, pu->os_index));
		int node = hwloc_bitmap_first(pu->nodeset);

		add_place(cpu, "core",
			  hwloc_get_ancestor_obj_by_type(view->topology, HWLOC_OBJ_CORE, pu));
		add_place(cpu, "last_cache", topology_last_cache(pu));
		if (node >= 0)
			json_object_set_new(cpu, "numa_node", json_integer(node));
		add_place(cpu, "package",
			  hwloc_get_ancestor_obj_by_type(view->topology, HWLOC_OBJ_PACKAGE, pu));
		json_array_append_new(cpus, cpu);
	}
	return cpus;
}

struct json_t *topology_json_in(const struct topology_view *view)
{
	hwloc_topology_t t = view->topology;

	return json_pack("{s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o}", "packages",
			 count(t, HWLOC_OBJ_PACKAGE), "numa_nodes", count(t, HWLOC_OBJ_NUMANODE),
			 "cores", count(t, HWLOC_OBJ_CORE), "cpus", count(t, HWLOC_OBJ_PU),
			 "allowed_cpus", set_json(view->allowed), "caches", caches_json(t), "nodes",
			 nodes_json(t), "cpu_places", cpus_json(view));
}
