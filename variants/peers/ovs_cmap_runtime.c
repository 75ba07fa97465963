/* SPDX-License-Identifier: MIT */
/* The functions of Open vSwitch that cmap.c calls: memory, RCU, random numbers. */
#include "variants/peers/ovs_cmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "variants/peers/blocks.h"

void coverage_counter_register(struct coverage_counter *counter __maybe_unused)
{
}

/* As in Open vSwitch: without memory the process ends. */
void *xzalloc_cacheline(size_t size)
{
	void *p = peer_block_alloc(size);

	if (!p) {
		fprintf(stderr, "no memory for a cmap of %zu bytes: ask for fewer flows\n", size);
		abort();
	}
	return p;
}

void free_cacheline(void *p)
{
	peer_block_free(p, false);
}

void ovs_assert_failure(const char *where, const char *function, const char *condition)
{
	fprintf(stderr, "%s: %s() needs that %s\n", where, function, condition);
	abort();
}

/* cmap.c defers only free_cacheline(), which blocks.c does after the grace period. */
void ovsrcu_postpone__(void (*function)(void *aux), void *aux)
{
	if (function != free_cacheline)
		abort();
	peer_block_free(aux, true);
}

uint32_t random_uint32(void)
{
	uint32_t x;

	return getrandom(&x, sizeof(x), GRND_NONBLOCK) == (ssize_t)sizeof(x) ? x : 0x9e3779b9u;
}
