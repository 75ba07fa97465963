/* SPDX-License-Identifier: MIT */
#include "variants/peers/blocks.h"

#include <string.h>

#include "variants/rcu/memb.h"

_Thread_local struct peer_memory *peer_memory_now;

struct block {
	struct rcu_head rcu;
	struct peer_memory *of;
	enum ct_pages pages; /* the table may be gone when the block is freed */
	size_t bytes;
};

#define HEADER 128u
_Static_assert(sizeof(struct block) <= HEADER, "room for the header");

void *peer_block_alloc(size_t size)
{
	struct block *b = ct_mem_alloc(size + HEADER, peer_memory_now->pages);

	if (!b)
		return NULL;
	memset((void *)b, 0, size + HEADER);
	b->of = peer_memory_now;
	b->pages = peer_memory_now->pages;
	b->bytes = size + HEADER;
	add_relaxed(&b->of->bytes, b->bytes);
	return (char *)b + HEADER;
}

static void free_deferred(struct rcu_head *head)
{
	struct block *b = container_of(head, struct block, rcu);

	ct_deferred();
	ct_mem_free(b, b->bytes, b->pages);
}

void peer_block_free(void *p, bool defer)
{
	struct block *b;

	if (!p)
		return;
	b = (struct block *)((char *)p - HEADER);
	sub_relaxed(&b->of->bytes, b->bytes);
	if (defer)
		(b->of->defer ? b->of->defer : ct_defer)(&b->rcu, free_deferred);
	else
		ct_mem_free(b, b->bytes, b->pages);
}
