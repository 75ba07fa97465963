/* SPDX-License-Identifier: MIT */
/*
 * Packets that reached the wrong thread go to their owner through a ring, one for each pair of
 * threads: one thread puts into it, one takes from it (Lamport, "Specifying concurrent program
 * modules", 1983).  Each side remembers the other's index and reads it again only when the ring
 * seems full or empty, so that usually only the entries' lines move between CPUs
 * (MCRingBuffer, Lee et al., IPDPS 2010).  Puts and takes are plain loads and stores on x86.
 */
#ifndef CTBENCH_VARIANTS_PEERS_HANDOVER_H
#define CTBENCH_VARIANTS_PEERS_HANDOVER_H

#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "variants/work.h"

/* Packets in one ring: several bursts, as between the stages of a DPDK program. */
#define HANDOVER_ROOM 512u

struct handover_ring {
	/* Written by the thread that puts: */
	_Atomic uint32_t tail;
	uint32_t head_seen;
	/* Written by the thread that takes: */
	_Atomic uint32_t head __cacheline_aligned;
	uint32_t tail_seen;
	_Atomic(const struct ct_frame *) packet[HANDOVER_ROOM] __cacheline_aligned;
};

struct ct_handover {
	unsigned int workers;
	struct handover_ring ring[]; /* [from * workers + to], without the first "CPU", 0 */
};

static uint64_t handover_bytes(const struct ct_handover *h)
{
	return sizeof(*h) + (uint64_t)h->workers * h->workers * sizeof(h->ring[0]);
}

/* For workers that register as CPU 1 .. workers.  NULL without memory; free() with this. */
static struct ct_handover *handover_new(unsigned int workers)
{
	const struct ct_handover size = { .workers = workers };
	const size_t bytes = (handover_bytes(&size) + CT_CACHE_LINE - 1) & -(size_t)CT_CACHE_LINE;
	struct ct_handover *h = aligned_alloc(CT_CACHE_LINE, bytes);

	if (h) {
		memset((void *)h, 0, bytes);
		h->workers = workers;
	}
	return h;
}

static void handover_free(struct ct_handover *h)
{
	free(h);
}

static struct handover_ring *
handover_ring(struct ct_handover *h, unsigned int from, unsigned int to)
{
	return &h->ring[(from - 1) * h->workers + (to - 1)];
}

/* False if the ring is full. */
static inline bool handover_put(struct handover_ring *r, const struct ct_frame *packet)
{
	const uint32_t tail = load_relaxed(&r->tail);

	if (unlikely(tail - r->head_seen == HANDOVER_ROOM)) {
		/* acquire: pairs with handover_take(), which has read the entry that is replaced */
		r->head_seen = load_acquire(&r->head);
		if (tail - r->head_seen == HANDOVER_ROOM)
			return false;
	}
	store_relaxed(&r->packet[tail % HANDOVER_ROOM], packet);
	store_release(&r->tail, tail + 1); /* pairs with handover_take() */
	return true;
}

/* Takes at most most packets; returns their number. */
static inline unsigned int
handover_take(struct handover_ring *r, const struct ct_frame **packet, unsigned int most)
{
	const uint32_t head = load_relaxed(&r->head);
	unsigned int nr;

	if (r->tail_seen == head)
		r->tail_seen = load_acquire(&r->tail); /* pairs with handover_put() */
	nr = r->tail_seen - head < most ? r->tail_seen - head : most;
	for (unsigned int i = 0; i < nr; i++)
		packet[i] = load_relaxed(&r->packet[(head + i) % HANDOVER_ROOM]);
	if (nr)
		store_release(&r->head, head + nr); /* pairs with handover_put() */
	return nr;
}

#endif
