/* SPDX-License-Identifier: MIT */
/*
 * A freed connection may be reused at once, but its memory always is some connection
 * (SLAB_TYPESAFE_BY_RCU).
 */
#define CT_NODE_NAME	 "typesafe"
#define CT_NODE_DEFERRED 0

#include "variants/node/pool.h"
#ifndef CT_RECHECK_NAME
#include "variants/recheck/key.h"
#endif
#if CT_RECHECK_COUNTS
#include "variants/node/grace.h"
#endif

static __always_inline struct nf_conn *node_alloc(struct ct_node_pool *pool)
{
	return node_pool_alloc(pool);
}

static __always_inline void node_free(struct ct_node_pool *pool, struct nf_conn *ct)
{
#if CT_RECHECK_COUNTS
	if (unlikely(recheck_waits(ct))) {
		node_free_after_grace(pool, ct);
		return;
	}
#endif
	node_pool_free(pool, ct);
}
