/* SPDX-License-Identifier: MIT */
/* Selections of variants: patterns, axes, and misspelt names. */
#include <stdlib.h>
#include <string.h>

#include "harness/workload/axis_text.h"
#include "harness/base/nearest.h"
#include "harness/workload/workload.h"
#include "tests/fixture/cmocka.h"
#include "variants/variant.h"

#define BASELINE "nulls_rcu_jhash2_scale_seqcount"
#define MASKED	 "nulls_rcu_jhash2_mask_seqcount"

static size_t count_selected(const char *selection)
{
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen));
	struct ct_error e = { 0 };
	size_t n = 0;

	assert_non_null(chosen);
	if (variant_select(chosen, selection, "test", &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < ct_nr_variants; i++)
		n += chosen[i];
	free(chosen);
	return n;
}

static bool selects(const char *selection, const char *name)
{
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen)), found = false;
	struct ct_error e = { 0 };

	assert_non_null(chosen);
	assert_int_equal(variant_select(chosen, selection, "test", &e), 0);
	for (size_t i = 0; i < ct_nr_variants; i++)
		found |= chosen[i] && !strcmp(ct_variants[i]->name, name);
	free(chosen);
	return found;
}

/*
 * Of the variants listed here the selection must take those in names (up to NULL) and no others.
 * A new variant need not be added here.
 */
static void assert_selects(const char *selection, const char *const *names)
{
	static const char *const known[] = {
		BASELINE,
		"nulls_rcu_jhash2_scale_rwlock",
		MASKED,
		"nulls_rcu_jhash2_mask_rwlock",
		"locked_jhash2_scale_seqcount",
		"locked_jhash2_scale_rwlock",
		"nulls_rcu_qsbr",
		"nulls_rcu_mb",
		"nulls_rcu_bp",
		"nulls_rcu_siphash",
		"nulls_rcu_crc32c",
		"nulls_rcu_constant",
		"plain_rcu_deferred",
		"locked_memb",
		"locked_per_bucket",
		"locked_global",
		"cds_lfht",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		bool wanted = false;

		for (size_t j = 0; names[j]; j++)
			wanted |= !strcmp(names[j], known[i]);
		if (selects(selection, known[i]) != wanted)
			fail_msg("%s is %sselected by %s", known[i], wanted ? "not " : "",
				 selection);
	}
}

#define ASSERT_SELECTS(selection, ...) \
	assert_selects(selection, (const char *const[]){ __VA_ARGS__, NULL })

static void test_selections(void **state)
{
	size_t ordinary = 0;

	(void)state;
	for (size_t i = 0; i < ct_nr_variants; i++) {
		ordinary += !(ct_variants[i]->flags & (CT_V_NULL | CT_V_WORST | CT_V_LOOKUPS));
		assert_int_equal(count_selected(ct_variants[i]->name), 1);
	}
	assert_string_equal(ct_variants[0]->name, BASELINE);
	assert_int_equal(count_selected("*"), ordinary);
	assert_int_equal(count_selected("*_jhash2_*"), 8);
	assert_false(selects("n*", "null"));
	assert_false(selects("n*", "nulls_rcu_constant"));
	assert_true(selects("null", "null"));

	/* one axis: the baseline and its neighbours on that axis */
	ASSERT_SELECTS("axis=bucket", BASELINE, MASKED);
	ASSERT_SELECTS("axis=resize", BASELINE, "nulls_rcu_jhash2_scale_rwlock");
	ASSERT_SELECTS("axis=hash", BASELINE, "nulls_rcu_siphash", "nulls_rcu_crc32c");
	/* a variant without RCU differs from the baseline in its chains, not in its flavour */
	ASSERT_SELECTS("axis=rcu", BASELINE, "nulls_rcu_qsbr", "nulls_rcu_mb", "nulls_rcu_bp");
	ASSERT_SELECTS("axis=chain", BASELINE, "locked_jhash2_scale_seqcount", "locked_memb");
	ASSERT_SELECTS("axis=lock,base=locked_jhash2_scale_seqcount",
		       "locked_jhash2_scale_seqcount", "locked_per_bucket", "locked_global");

	ASSERT_SELECTS("hash=jhash2,chain=nulls_rcu,rcu=memb", BASELINE, MASKED,
		       "nulls_rcu_jhash2_scale_rwlock", "nulls_rcu_jhash2_mask_rwlock");
	ASSERT_SELECTS("hash=jhash2 chain=nulls_rcu rcu=memb", BASELINE, MASKED,
		       "nulls_rcu_jhash2_scale_rwlock", "nulls_rcu_jhash2_mask_rwlock");
	assert_int_equal(count_selected("axis=rcu,rcu=qsbr"), 1);
}

static void test_axis_texts(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < CT_NR_AXES; a++) {
		assert_non_null(axis_text(ct_axis_name(a)));
		for (size_t i = 0; i < ct_nr_variants; i++) {
			const char *value = ct_axis_value(&ct_variants[i]->axes, a);

			if (strcmp(value, "-") && !axis_value_text(ct_axis_name(a), value))
				fail_msg("variants/axes.def has no CHOICE(%s, \"%s\")",
					 ct_axis_name(a), value);
		}
	}
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "flows", "refcount", "repeats", "load_factor",
					     "nulls_rcu_siphash" };

	(void)state;
	assert_string_equal(nearest_name("flow", names, 5), "flows");
	assert_string_equal(nearest_name("folws", names, 5), "flows");
	assert_string_equal(nearest_name("repeat", names, 5), "repeats");
	assert_string_equal(nearest_name("loadfactor", names, 5), "load_factor");
	assert_string_equal(nearest_name("siphash", names, 5), "nulls_rcu_siphash");
	assert_null(nearest_name("kind", names, 5));
	assert_null(nearest_name("", names, 5));
	assert_null(nearest_name("x", names, 0));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_selections),
	cmocka_unit_test(test_axis_texts),
	cmocka_unit_test(test_nearest),
};
CT_TEST_MAIN(tests, NULL, NULL)
