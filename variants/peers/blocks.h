/* SPDX-License-Identifier: MIT */
/*
 * Memory for libraries that allocate arrays of their own and free them while readers may still look
 * at them: on the pages that the workload asks for, counted, and freed after a grace period.
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

/* Libraries' allocators know no table: this is the one that the thread is busy with. */
extern _Thread_local struct peer_memory *peer_memory_now;

/* Cleared, aligned to two cache lines, of peer_memory_now; NULL without memory. */
void *peer_block_alloc(size_t size);
/* After a grace period, or at once.  By a registered thread, if deferred.  NULL is accepted. */
void peer_block_free(void *p, bool defer);

#endif
