/* SPDX-License-Identifier: MIT */
/*
 * A freed connection is reused only after a grace period: readers may use what they
 * found until the end of their section.  Each free is queued by call_rcu, and the memory
 * waits there.
 */
#define CT_NODE_NAME	 "deferred"
#define CT_NODE_DEFERRED 1

#include "variants/node/grace.h"

static __always_inline struct nf_conn *node_alloc(struct ct_node_pool *pool)
{
	return node_pool_alloc(pool);
}

static __always_inline void node_free(struct ct_node_pool *pool, struct nf_conn *ct)
{
	node_free_after_grace(pool, ct);
}
