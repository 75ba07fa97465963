/* SPDX-License-Identifier: MIT */
/*
 * The memory of connections: slabs of struct nf_conn, two magazines of free ones per
 * CPU, and a depot for full magazines (Bonwick & Adams, "Magazines and Vmem", USENIX
 * 2001).  Memory is freed only with the pool, so a pointer to a connection always points
 * to some connection: type-stable, as with the kernel's SLAB_TYPESAFE_BY_RCU.
 *
 * Only a new slab is allocated from the process's allocator.
 */
#ifndef CTBENCH_VARIANTS_NODE_POOL_H
#define CTBENCH_VARIANTS_NODE_POOL_H

#include "core/conntrack.h"
#include "variants/inside.h"
#include "variants/mem.h"

#define POOL_MAGAZINE 64u

struct pool_magazine {
	struct nf_conn *first; /* linked by free_next */
	uint32_t nr;
};

struct pool_cpu {
	struct pool_magazine active, spare;
	_Atomic uint64_t allocs, frees; /* by this CPU */
	_Atomic uint64_t deferred;	/* freed by it, once a grace period is over */
} __cacheline_aligned;

struct pool_slab {
	struct pool_slab *next;
	struct nf_conn *nodes;
};

struct ct_node_pool {
	struct pool_cpu *cpu;
	unsigned int nr_cpus;
	enum ct_pages pages;
	uint32_t slab_nodes; /* in one slab; a multiple of the magazine */
	/*
	 * If a table refers to connections by number: slabs are adjacent from here on, in reserved
	 * address space.  NULL: anywhere.
	 */
	char *base;
	size_t reserved;

	spinlock_t lock __cacheline_aligned; /* all below */
	struct nf_conn *depot; /* full magazines, linked by defer[1] of their first node */
	struct pool_slab *slabs;
	uint32_t carved; /* nodes taken from the newest slab */
	uint64_t nr_slabs;
	struct pool_magazine foreign; /* filled by threads that are not a CPU: deferred frees */
	uint64_t foreign_frees;
	struct ct_grace grace; /* of deferred frees */
};

/* expect: expected number of connections at a time, for the size of slabs; 0 or -ENOMEM */
int node_pool_init(struct ct_node_pool *pool, unsigned int nr_cpus, uint64_t expect,
		   enum ct_pages pages);
/* Puts all slabs into one range of addresses.  Call it before the first slab; 0 or -ENOMEM. */
int node_pool_reserve(struct ct_node_pool *pool, uint64_t expect);
void node_pool_destroy(struct ct_node_pool *pool); /* while no other thread uses it */
/* Connections allocated and not freed.  Exact while no thread allocates or frees. */
uint64_t node_pool_live(struct ct_node_pool *pool);
uint64_t node_pool_bytes(struct ct_node_pool *pool); /* of all slabs */
/* Bytes of connections that still wait for a grace period, or for being freed after it. */
uint64_t node_pool_waiting(struct ct_node_pool *pool);
/* Of a reserved pool: how many pieces of POOL_MAGAZINE connections it has, and where one begins. */
uint64_t node_pool_magazines(struct ct_node_pool *pool);
struct nf_conn *node_pool_at(const struct ct_node_pool *pool, uint64_t magazine);
void node_pool_ranges(struct ct_node_pool *pool, ct_range_fn *fn, void *arg);

/* A full magazine for this CPU, from the depot or a slab: NULL without memory. */
struct nf_conn *node_pool_refill(struct ct_node_pool *pool, struct pool_cpu *c);
void node_pool_flush(struct ct_node_pool *pool, struct pool_cpu *c);
/* Free from a thread that is not registered as a CPU. */
void node_pool_free_foreign(struct ct_node_pool *pool, struct nf_conn *ct);

/* A free connection without references; its other contents are undefined.  NULL without memory. */
static __always_inline struct nf_conn *node_pool_alloc(struct ct_node_pool *pool)
{
	struct pool_cpu *c = &pool->cpu[ct_this_cpu];
	struct nf_conn *ct = c->active.first;

	if (unlikely(!ct)) {
		ct = node_pool_refill(pool, c);
		if (!ct)
			return NULL;
	}
	c->active.first = ct->free_next;
	c->active.nr--;
	count_own(&c->allocs, 1);
	return ct;
}

static __always_inline void node_pool_free(struct ct_node_pool *pool, struct nf_conn *ct)
{
	struct pool_cpu *c = &pool->cpu[ct_this_cpu];

	if (unlikely(c->active.nr == POOL_MAGAZINE))
		node_pool_flush(pool, c);
	ct->free_next = c->active.first;
	c->active.first = ct;
	c->active.nr++;
	count_own(&c->frees, 1);
}

#endif
