/* SPDX-License-Identifier: MIT */
/*
 * Memory for libraries that allocate and free their own arrays while readers may still use them: it
 * is on the pages that the workload asks for, counted, and freed after a grace period.
 */
#ifndef CTBENCH_VARIANTS_PEERS_BLOCKS_H
#define CTBENCH_VARIANTS_PEERS_BLOCKS_H

#include "core/compiler.h"
#include "variants/mem.h"

struct rcu_head;

struct peer_memory {
	enum ct_pages pages;
	/* ct_defer() of the table's RCU flavour; NULL: that of memb */
	void (*defer)(struct rcu_head *head, void (*fn)(struct rcu_head *head));
	_Atomic uint64_t bytes; /* allocated and not freed */
};

/* The memory of the table that this thread works on; libraries' allocators get no table passed. */
extern _Thread_local struct peer_memory *peer_memory_now;

/* Allocates cleared memory, aligned to two cache lines, counted in peer_memory_now; or NULL. */
void *peer_block_alloc(size_t size);
/* Frees p, at once or after a grace period (registered threads only).  NULL is accepted. */
void peer_block_free(void *p, bool defer);

#endif
