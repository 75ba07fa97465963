/* SPDX-License-Identifier: MIT */
/* The entries that a walk collects: ct_collect_visit(). */
#include <stdlib.h>
#include "core/nf_conntrack_find.h"
#include "tests/fixture/cmocka.h"

static struct nf_conn conn[200];

/* The entry whose status is set. */
static bool
want_marked(const struct nf_conntrack_tuple_hash *h, struct nf_conn *ct, const struct ct_collect *c)
{
	(void)h;
	(void)c;
	return nf_ct_status(ct);
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(conn); i++) {
		atomic_store(&conn[i].use.refs, 1);
		atomic_store(&conn[i].status, 1);
	}
	return 0;
}

static void visit_all(struct ct_collect *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(conn); i++)
		ct_collect_visit(c, &conn[i].tuplehash[0], &conn[i]);
}

/* Each that is wanted, with a reference; memory grows as it is needed. */
static void test_grows(void **state)
{
	struct ct_collect c = { .want = want_marked, .grow = true };

	(void)state;
	atomic_store(&conn[7].status, 0);
	visit_all(&c);
	assert_int_equal(c.nr, ARRAY_SIZE(conn) - 1);
	assert_false(c.truncated);
	for (size_t i = 0; i < c.nr; i++) {
		assert_ptr_equal(c.v[i], &conn[i < 7 ? i : i + 1]);
		assert_int_equal(atomic_load(&c.v[i]->use.refs), 2);
	}
	assert_int_equal(atomic_load(&conn[7].use.refs), 1);
	free(c.v);
}

/* Only the caller's memory is used. */
static void test_truncated(void **state)
{
	struct nf_conn *v[5];
	struct ct_collect c = { .want = want_marked, .v = v, .max = ARRAY_SIZE(v) };

	(void)state;
	visit_all(&c);
	assert_int_equal(c.nr, ARRAY_SIZE(v));
	assert_true(c.truncated);
	assert_int_equal(atomic_load(&conn[ARRAY_SIZE(v)].use.refs), 1);
}

/* A connection without references is free memory. */
static void test_dead(void **state)
{
	struct ct_collect c = { .want = want_marked, .grow = true };

	(void)state;
	atomic_store(&conn[3].use.refs, 0);
	visit_all(&c);
	assert_int_equal(c.nr, ARRAY_SIZE(conn) - 1);
	assert_int_equal(atomic_load(&conn[3].use.refs), 0);
	free(c.v);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(test_grows, setup),
	cmocka_unit_test_setup(test_truncated, setup),
	cmocka_unit_test_setup(test_dead, setup),
};
CT_TEST_MAIN(tests, NULL, NULL)
