/* SPDX-License-Identifier: MIT */
/*
 * A freed connection becomes another one only after a grace period: readers may
 * keep using what they found to the end of their section.  Each free costs a
 * place in call_rcu's queue, and memory waits there.
 */
#define CT_NODE_NAME "deferred"
#define CT_NODE_DEFERRED 1

#include "variants/node/pool.h"

_Static_assert(sizeof(struct rcu_head) <= sizeof(((struct nf_conn *)0)->defer),
	       "room for call_rcu's link");
_Static_assert(!CT_RCU_IS_NONE, "deferred nodes need an RCU flavour to wait for");

static __always_inline struct nf_conn *node_alloc(struct ct_node_pool *pool)
{
	return node_pool_alloc(pool);
}

static void node_free_deferred(struct rcu_head *head)
{
	struct nf_conn *ct = container_of((uintptr_t *)head, struct nf_conn, defer[0]);

	ct_tsan_acquire();	/* a grace period has passed */
	node_pool_free_foreign(ct->defer_pool, ct);
}

static __always_inline void node_free(struct ct_node_pool *pool, struct nf_conn *ct)
{
	ct->defer_pool = pool;
	ct_tsan_release();
	CT_URCU(call_rcu)((struct rcu_head *)ct->defer, node_free_deferred);
}
