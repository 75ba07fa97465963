/* SPDX-License-Identifier: MIT */
/*
 * What every registered variant must do: tests of one, named on the command line.
 * Each such test is a ctest for every variant.
 */
#ifndef CTBENCH_TESTS_CONFORMANCE_FIXTURE_H
#define CTBENCH_TESTS_CONFORMANCE_FIXTURE_H

#include <stdio.h>

#include "harness/base/error.h"
#include "tests/variant_fixture.h"

static const struct ct_variant *variant;

/* Take the variant from the arguments.  What it returns is main()'s status, unless it is 0. */
static inline int conformance_begin(int argc, char **argv)
{
	variant = argc == 2 ? ct_variant_find(argv[1]) : NULL;
	if (!variant) {
		fprintf(stderr, "usage: %s VARIANT (a name from variants.def)\n", argv[0]);
		return CT_EXIT_USER;
	}
	if (variant->flags & CT_V_LOOKUPS) {
		printf("%s has no table that could be tested\n", variant->name);
		return CT_EXIT_SKIP;
	}
	return 0;
}

/*
 * How many of nr keys a table surely takes: where chains are capped and there
 * are hardly any buckets, all nodes may be in one chain.
 */
static inline uint32_t that_fit(uint64_t buckets, uint32_t nr)
{
	uint32_t room = variant->chain_room / IP_CT_DIR_MAX;

	return room && buckets < 16 && nr > room ? room : nr;
}

/* For iterate(): arg is an unsigned int. */
static inline int count_one(struct nf_conn *ct, void *arg)
{
	(void)ct;
	++*(unsigned int *)arg;
	return 0;
}

#endif
