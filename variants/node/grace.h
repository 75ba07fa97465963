/* SPDX-License-Identifier: MIT */
/* A freed connection that is reused only after a grace period. */
#ifndef CTBENCH_VARIANTS_NODE_GRACE_H
#define CTBENCH_VARIANTS_NODE_GRACE_H

#include <string.h>

#include "variants/node/pool.h"

_Static_assert(sizeof(struct rcu_head) <= sizeof(((struct nf_conn *)0)->defer),
	       "space for call_rcu's link");
_Static_assert(!CT_RCU_IS_NONE, "deferred nodes need an RCU flavour to wait for");

static void node_free_deferred(struct rcu_head *head)
{
	struct nf_conn *ct = container_of((uintptr_t *)head, struct nf_conn, defer[0]);

	struct ct_node_pool *pool = ct->defer_pool;
	uint64_t stamp;

	ct_deferred();
	memcpy(&stamp, &ct->proto, sizeof(stamp));
	if (unlikely(stamp))
		ct_grace_add(&pool->grace, ct_ticks() - stamp);
	node_pool_free_foreign(pool, ct);
}

static __always_inline void node_free_after_grace(struct ct_node_pool *pool, struct nf_conn *ct)
{
	struct pool_cpu *c = &pool->cpu[ct_this_cpu];
	uint64_t stamp = 0;

	/* Every 64th records when it was freed, in memory that only reference holders read. */
	if (unlikely(!(load_relaxed(&c->deferred) % POOL_MAGAZINE)))
		stamp = ct_ticks();
	memcpy(&ct->proto, &stamp, sizeof(stamp));
	count_own(&c->deferred, 1);
	ct->defer_pool = pool;
	ct_defer((struct rcu_head *)ct->defer, node_free_deferred);
}

#endif
