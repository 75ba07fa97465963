/* SPDX-License-Identifier: MIT */
/*
 * A freed connection becomes another one only after a grace period: readers may
 * keep using what they found to the end of their section.  Each free costs a
 * place in call_rcu's queue, and memory waits there.
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
