/* SPDX-License-Identifier: MIT */
/* The node pool by itself: nothing is lost, nothing is given out twice. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/fixture/cmocka.h"
#include "tests/fixture/variant_fixture.h"
#include "variants/node/pool.h"

#define NODES (POOL_MAGAZINE * 40u)

static struct ct_node_pool pool;
static struct nf_conn *node[NODES * 2];

static int compare(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (struct nf_conn *const *)a;
	uintptr_t y = (uintptr_t) * (struct nf_conn *const *)b;

	return x < y ? -1 : x > y;
}

/* All that are out, and none of them twice. */
static void assert_distinct(unsigned int nr)
{
	qsort(node, nr, sizeof(node[0]), compare);
	for (unsigned int i = 0; i < nr; i++) {
		assert_non_null(node[i]);
		assert_true(!i || node[i] != node[i - 1]);
		assert_int_equal((uintptr_t)node[i] % _Alignof(struct nf_conn), 0);
	}
}

static void take(unsigned int cpu, unsigned int from, unsigned int nr)
{
	ct_this_cpu = cpu;
	for (unsigned int i = from; i < from + nr; i++)
		node[i] = node_pool_alloc(&pool);
	ct_this_cpu = 0;
}

/* Nodes freed by one CPU, in any order, can be reused by all: no new slab is needed. */
static void come_and_go(bool contiguous)
{
	uint64_t seed = 5, bytes = 0;

	assert_int_equal(node_pool_init(&pool, 3, NODES, CT_PAGES_4K), 0);
	if (contiguous)
		assert_int_equal(node_pool_reserve(&pool, NODES), 0);
	for (unsigned int round = 0; round < 20; round++) {
		unsigned int cpu = round % 3;

		take(cpu, 0, NODES / 2);
		take((cpu + 1) % 3, NODES / 2, NODES / 2);
		assert_distinct(NODES);
		assert_int_equal(node_pool_live(&pool), NODES);
		/*
		 * Nodes in the magazines of other CPUs (two each) may be missing at first; later
		 * none may be.
		 */
		if (round == 3)
			bytes = node_pool_bytes(&pool);
		if (round > 3)
			assert_int_equal(node_pool_bytes(&pool), bytes);
		for (unsigned int i = 0; i < NODES; i++) {
			unsigned int other =
				i + (unsigned int)(fixture_random(&seed) % (NODES - i));
			struct nf_conn *ct = node[other];

			node[other] = node[i];
			ct_this_cpu = i < NODES / 2 ? cpu : (cpu + 2) % 3;
			if (round % 4 == 3)
				node_pool_free_foreign(&pool, ct);
			else
				node_pool_free(&pool, ct);
		}
		ct_this_cpu = 0;
		assert_int_equal(node_pool_live(&pool), 0);
	}
	node_pool_destroy(&pool);
}

static void test_nothing_is_lost(void **state)
{
	(void)state;
	come_and_go(false);
}

/* If a table refers to nodes by number, they are in one range and never move. */
static void test_contiguous(void **state)
{
	const char *base;

	(void)state;
	come_and_go(true);
	assert_int_equal(node_pool_init(&pool, 2, NODES, CT_PAGES_4K), 0);
	assert_int_equal(node_pool_reserve(&pool, NODES), 0);
	base = pool.base;
	take(0, 0, NODES * 2);
	assert_distinct(NODES * 2);
	assert_ptr_equal(pool.base, base);
	for (unsigned int i = 0; i < NODES * 2; i++)
		assert_true((const char *)node[i] == base + i * sizeof(struct nf_conn));
	node_pool_destroy(&pool);
}

/*
 * Every node that was ever carved is out or free: magazines are not lost on the way.  CPU 1 frees
 * all, which fills its magazines and the depot, or a thread that is no CPU does, which fills one
 * magazine for all; CPU 0 allocates all again.  At most `kept` stay behind.
 */
static void
all_come_back(void (*free_node)(struct ct_node_pool *, struct nf_conn *), unsigned int kept)
{
	unsigned int out = 0;

	assert_int_equal(node_pool_init(&pool, 2, NODES, CT_PAGES_4K), 0);
	take(0, 0, NODES);
	ct_this_cpu = 1;
	for (unsigned int i = 0; i < NODES; i++)
		free_node(&pool, node[i]);
	ct_this_cpu = 0;
	for (; out < NODES; out++) {
		struct nf_conn *ct;
		uint32_t carved = pool.carved;
		uint64_t slabs = pool.nr_slabs;

		ct = node_pool_alloc(&pool);
		if (pool.carved != carved || pool.nr_slabs != slabs)
			break; /* fresh memory: the depot is empty */
		node[out] = ct;
	}
	assert_in_range(out, NODES - kept, NODES);
	node_pool_destroy(&pool);
}

static void free_by_cpu(struct ct_node_pool *p, struct nf_conn *ct)
{
	node_pool_free(p, ct);
}

static void test_flushes(void **state)
{
	(void)state;
	all_come_back(free_by_cpu, 2 * POOL_MAGAZINE);
	all_come_back(node_pool_free_foreign, 0);
}

/* More huge pages than there are: the range stays reserved, or others' memory may come into it. */
static void test_no_hole(void **state)
{
	const size_t bytes = (size_t)64 << 30;
	char *at, *p = ct_mem_reserve(bytes + CT_HUGE_PAGE);

	(void)state;
	assert_non_null(p);
	at = p + (-(uintptr_t)p & (CT_HUGE_PAGE - 1));
	if (!ct_mem_commit(at, bytes, CT_PAGES_HUGETLB)) {
		assert_ptr_equal(mmap(at, 4096, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
				 MAP_FAILED);
		assert_int_equal(errno, EEXIST);
	}
	munmap(p, bytes + CT_HUGE_PAGE);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_nothing_is_lost),
	cmocka_unit_test(test_contiguous),
	cmocka_unit_test(test_flushes),
	cmocka_unit_test(test_no_hole),
};
CT_TEST_MAIN(tests, NULL, NULL)
