/* SPDX-License-Identifier: MIT */
/* For tests of workload files: writing them, and loading them as the command line does. */
#ifndef CTBENCH_TESTS_WORKLOAD_FIXTURE_H
#define CTBENCH_TESTS_WORKLOAD_FIXTURE_H

#include "harness/workload/workload.h"
#include "tests/command_fixture.h"

#include <string.h>

#define BASELINE "nulls_rcu_jhash2_scale_seqcount"
#define MASKED "nulls_rcu_jhash2_mask_seqcount"
#define QUESTION "question: What is it?\n"

/* A table and a variant, so that only what is wrong is wrong; two lines. */
#define GOOD QUESTION "variants: " BASELINE "\n"
#define TABLE GOOD "load_factor: 1\n"

/* Load text as w.yaml with options as on the command line (ending with NULL). */
static inline int load(struct workload_set *set, const char *text, struct ct_error *e, char **options)
{
	struct workload_overrides overrides = { .nr = 0 };
	int argc = 0, err = 0;

	while (options && options[argc])
		argc++;
	for (int i = 0; i < argc && err >= 0; ) {
		err = workload_take_option(&overrides, argc, options, &i, e);
		if (!err)
			fail_msg("%s was not taken as a parameter", options[i]);
	}
	if (err < 0)
		return err;
	write_text("w.yaml", text);
	return workload_load(set, own_path("w.yaml"), &overrides, e);
}

static inline void load_well(struct workload_set *set, const char *text, char **options)
{
	struct ct_error e = { 0 };

	memset(set, 0, sizeof(*set));
	if (load(set, text, &e, options))
		fail_msg("%s", e.text);
	assert_int_equal(e.status, 0);
}

#define OPTIONS(...) (char *[]){ __VA_ARGS__, NULL }

#endif
