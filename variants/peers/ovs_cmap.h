/* SPDX-License-Identifier: MIT */
/*
 * Open vSwitch's cmap: lib/cmap.c of Debian's openvswitch-source, compiled in the build tree.
 * This header declares only the functions used here, because Open vSwitch's headers conflict with
 * the project's.
 */
#ifndef CTBENCH_VARIANTS_PEERS_OVS_CMAP_H
#define CTBENCH_VARIANTS_PEERS_OVS_CMAP_H

#include <stddef.h>
#include <stdint.h>

struct cmap {
	void *impl;
};

/* The link to the next node with the same hash; it is a member of struct ct_table_node. */
struct cmap_node {
	_Atomic uintptr_t next;
};

/* Readers: in a read-side section. */
const struct cmap_node *cmap_find(const struct cmap *cmap, uint32_t hash);
unsigned long cmap_find_batch(const struct cmap *cmap, unsigned long map, uint32_t hashes[],
			      const struct cmap_node *nodes[]);
/* Writers: one at a time. */
void cmap_init(struct cmap *cmap);
void cmap_destroy(struct cmap *cmap);
size_t cmap_insert(struct cmap *cmap, struct cmap_node *node, uint32_t hash);
/* With new_node NULL: removes old_node, which must be in the map. */
size_t cmap_replace(struct cmap *cmap, struct cmap_node *old_node, struct cmap_node *new_node,
		    uint32_t hash);

/* Functions of Open vSwitch that cmap.c calls (ovs_cmap_runtime.c). */
struct coverage_counter;
void coverage_counter_register(struct coverage_counter *counter);
void *xzalloc_cacheline(size_t size);
void free_cacheline(void *p);
void ovs_assert_failure(const char *where, const char *function, const char *condition);
void ovsrcu_postpone__(void (*function)(void *aux), void *aux);
uint32_t random_uint32(void);

#endif
