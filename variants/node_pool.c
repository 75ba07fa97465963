/* SPDX-License-Identifier: MIT */
/* The cold side of the node pool: see node/pool.h. */
#include "variants/node/pool.h"

#include <errno.h>
#include <string.h>

#include "variants/mem.h"

static void depot_put(struct ct_node_pool *pool, struct nf_conn *magazine)
{
	magazine->defer[1] = (uintptr_t)pool->depot;
	pool->depot = magazine;
}

static size_t slab_bytes(const struct ct_node_pool *pool)
{
	return ct_mem_size(pool->slab_nodes * sizeof(struct nf_conn), pool->pages);
}

static struct nf_conn *slab_nodes(struct ct_node_pool *pool)
{
	char *at;

	if (!pool->base)
		return ct_mem_alloc(pool->slab_nodes * sizeof(struct nf_conn), pool->pages);
	at = pool->base + pool->nr_slabs * slab_bytes(pool);
	if ((pool->nr_slabs + 1) * slab_bytes(pool) > pool->reserved ||
	    !ct_mem_commit(at, slab_bytes(pool), pool->pages))
		return NULL;
	return (struct nf_conn *)at;
}

/* Makes sure that the newest slab has nodes left: adds one if necessary. */
static bool slab_ready(struct ct_node_pool *pool)
{
	struct pool_slab *slab;

	if (pool->slabs && pool->carved < pool->slab_nodes)
		return true;
	slab = malloc(sizeof(*slab));
	if (!slab)
		return false;
	slab->nodes = slab_nodes(pool);
	if (!slab->nodes) {
		free(slab);
		return false;
	}
	slab->next = pool->slabs;
	pool->slabs = slab;
	pool->carved = 0;
	pool->nr_slabs++;
	return true;
}

struct nf_conn *node_pool_refill(struct ct_node_pool *pool, struct pool_cpu *c)
{
	struct nf_conn *first = NULL;

	if (c->spare.first) {
		c->active = c->spare;
		c->spare = (struct pool_magazine){ 0 };
		return c->active.first;
	}
	spin_lock(&pool->lock, CT_LOCK_POOL);
	if (pool->depot) {
		first = pool->depot;
		pool->depot = (struct nf_conn *)first->defer[1];
	} else if (slab_ready(pool)) {
		first = &pool->slabs->nodes[pool->carved];
		pool->carved += POOL_MAGAZINE;
		spin_unlock(&pool->lock);
		/*
		 * Touched first here, by the thread that will use them, so the memory
	 * is local.  Only the count must be right in a free node; other threads
	 * may read it at any time.
		 */
		for (unsigned int i = 0; i < POOL_MAGAZINE; i++) {
			store_relaxed(&first[i].use.refs, 0);
			first[i].free_next = i + 1 < POOL_MAGAZINE ? &first[i + 1] : NULL;
		}
		goto out;
	}
	spin_unlock(&pool->lock);
	if (!first)
		return NULL;
out:
	c->active = (struct pool_magazine){ .first = first, .nr = POOL_MAGAZINE };
	return first;
}

void node_pool_flush(struct ct_node_pool *pool, struct pool_cpu *c)
{
	if (c->spare.first) {
		spin_lock(&pool->lock, CT_LOCK_POOL);
		depot_put(pool, c->spare.first);
		spin_unlock(&pool->lock);
	}
	c->spare = c->active;
	c->active = (struct pool_magazine){ 0 };
}

/* Under the pool's lock. */
static uint64_t waiting(const struct ct_node_pool *pool)
{
	uint64_t nr = 0;

	for (unsigned int i = 0; i < pool->nr_cpus; i++)
		nr += load_relaxed(&pool->cpu[i].deferred);
	/* Their CPU counts them before they wait, so the count is never too small. */
	return (nr - pool->foreign_frees) * sizeof(struct nf_conn);
}

void node_pool_free_foreign(struct ct_node_pool *pool, struct nf_conn *ct)
{
	spin_lock(&pool->lock, CT_LOCK_POOL);
	if (!pool->foreign.nr) /* once per magazine, so also while a long queue gets shorter */
		ct_grace_bytes(&pool->grace, waiting(pool));
	ct->free_next = pool->foreign.first;
	pool->foreign.first = ct;
	pool->foreign_frees++;
	if (++pool->foreign.nr == POOL_MAGAZINE) {
		depot_put(pool, pool->foreign.first);
		pool->foreign = (struct pool_magazine){ 0 };
	}
	spin_unlock(&pool->lock);
}

int node_pool_init(struct ct_node_pool *pool, unsigned int nr_cpus, uint64_t expect,
		   enum ct_pages pages)
{
	size_t bytes = nr_cpus * sizeof(*pool->cpu);

	memset(pool, 0, sizeof(*pool));
	pool->cpu = aligned_alloc(CT_CACHE_LINE, bytes);
	if (!pool->cpu)
		return -ENOMEM;
	memset((void *)pool->cpu, 0, bytes);
	pool->nr_cpus = nr_cpus;
	pool->pages = pages;
	/*
	 * One huge page per slab; small tables get small slabs, so that memory per connection
	 * is meaningful.
	 */
	pool->slab_nodes = CT_HUGE_PAGE / sizeof(struct nf_conn);
	while (pages != CT_PAGES_HUGETLB && pool->slab_nodes > POOL_MAGAZINE &&
	       pool->slab_nodes / 2 >= expect)
		pool->slab_nodes /= 2;
	return 0;
}

/* A number has 30 bits (frontier/flowline.h), more than any memory holds today. */
#define POOL_RESERVE_MOST (sizeof(struct nf_conn) << 30)
#if CT_TSAN || defined(__SANITIZE_ADDRESS__) /* which have shadow memory for it */
#define POOL_RESERVE_USUAL ((size_t)1 << 30)
#else
#define POOL_RESERVE_USUAL ((size_t)64 << 30)
#endif

int node_pool_reserve(struct ct_node_pool *pool, uint64_t expect)
{
	/* Twice the expected number, and a magazine or two for each CPU. */
	const size_t least = ct_mem_size(2 * sizeof(struct nf_conn) *
						 (expect + POOL_MAGAZINE * (pool->nr_cpus + 1ull)),
					 CT_PAGES_HUGETLB);
	size_t bytes = least > POOL_RESERVE_USUAL ? least : POOL_RESERVE_USUAL;

	if (least > POOL_RESERVE_MOST)
		return -ENOMEM;
	for (; bytes >= least; bytes /= 2) {
		char *p = ct_mem_reserve(bytes + CT_HUGE_PAGE);
		size_t before;

		if (!p)
			continue;
		before = -(uintptr_t)p & (CT_HUGE_PAGE - 1);
		if (before)
			munmap(p, before);
		munmap(p + before + bytes, CT_HUGE_PAGE - before);
		pool->base = p + before;
		pool->reserved = bytes;
		return 0;
	}
	return -ENOMEM;
}

void node_pool_destroy(struct ct_node_pool *pool)
{
	struct pool_slab *next;

	for (struct pool_slab *s = pool->slabs; s; s = next) {
		next = s->next;
		if (!pool->base)
			ct_mem_free(s->nodes, pool->slab_nodes * sizeof(struct nf_conn),
				    pool->pages);
		free(s);
	}
	if (pool->base)
		munmap(pool->base, pool->reserved);
	free(pool->cpu);
	memset(pool, 0, sizeof(*pool));
}

uint64_t node_pool_live(struct ct_node_pool *pool)
{
	uint64_t live = 0;

	for (unsigned int i = 0; i < pool->nr_cpus; i++)
		live += load_relaxed(&pool->cpu[i].allocs) - load_relaxed(&pool->cpu[i].frees);
	spin_lock(&pool->lock, CT_LOCK_POOL);
	live -= pool->foreign_frees;
	spin_unlock(&pool->lock);
	return live;
}

uint64_t node_pool_bytes(struct ct_node_pool *pool)
{
	uint64_t bytes;

	spin_lock(&pool->lock, CT_LOCK_POOL);
	bytes = pool->nr_slabs * pool->slab_nodes * sizeof(struct nf_conn) +
		pool->nr_cpus * sizeof(*pool->cpu);
	spin_unlock(&pool->lock);
	return bytes;
}

uint64_t node_pool_waiting(struct ct_node_pool *pool)
{
	uint64_t bytes;

	spin_lock(&pool->lock, CT_LOCK_POOL);
	bytes = waiting(pool);
	spin_unlock(&pool->lock);
	return bytes;
}

uint64_t node_pool_magazines(struct ct_node_pool *pool)
{
	uint64_t nodes;

	spin_lock(&pool->lock, CT_LOCK_POOL);
	nodes = pool->nr_slabs ? (pool->nr_slabs - 1) * pool->slab_nodes + pool->carved : 0;
	spin_unlock(&pool->lock);
	return nodes / POOL_MAGAZINE;
}

struct nf_conn *node_pool_at(const struct ct_node_pool *pool, uint64_t magazine)
{
	return (struct nf_conn *)pool->base + magazine * POOL_MAGAZINE;
}

void node_pool_ranges(struct ct_node_pool *pool, ct_range_fn *fn, void *arg)
{
	size_t bytes = slab_bytes(pool);

	for (const struct pool_slab *s = pool->slabs; s; s = s->next) {
		const struct ct_range range = { "nodes", (uintptr_t)s->nodes, bytes };

		fn(&range, arg);
	}
}
