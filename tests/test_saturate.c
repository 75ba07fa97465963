/* SPDX-License-Identifier: MIT */
/*
 * The search for a rate, alone and as a command: with measurements made up by a
 * queue whose limit is known, so that what is found can be held against it.
 */
#include "harness/saturate.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "harness/details.h"
#include "harness/interrupt.h"
#include "harness/run.h"
#include "tests/command_fixture.h"

/* ---- the search ---- */

static unsigned int steps(struct saturate *s, double limit)
{
	unsigned int n = 0;
	uint64_t rate;

	while ((rate = saturate_next(s))) {
		assert_true(rate >= s->from && rate <= s->to && n < 60);
		saturate_tell(s, rate, (double)rate <= limit);
		n++;
	}
	return n;
}

static void it_finds_the_limit(void **state)
{
	struct saturate s;
	bool at_least;

	(void)state;
	for (double limit = 10001; limit < 1e8; limit *= 1.37) {
		uint64_t found;
		unsigned int n;

		saturate_begin(&s, 10000, 100000000, 0.05);
		n = steps(&s, limit);
		found = saturate_found(&s, &at_least);
		assert_false(at_least);
		/* Half the ratio it ends at, and three digits. */
		assert_true(fabs(log((double)found / limit)) < 0.035);
		/* The ends, and log2(ln(10^4) / ln(1.05)) halvings. */
		assert_true(n <= 2 + 8);
	}
}

static void limits_outside(void **state)
{
	struct saturate s;
	bool at_least;

	(void)state;
	saturate_begin(&s, 10000, 1000000, 0.05);
	assert_int_equal(steps(&s, 9999), 1);
	assert_int_equal(saturate_found(&s, &at_least), 0);
	assert_false(at_least);
	saturate_begin(&s, 10000, 1000000, 0.05);
	assert_int_equal(steps(&s, 1e7), 2);
	assert_int_equal(saturate_found(&s, &at_least), 1000000);
	assert_true(at_least);
}

/* ---- the command, over a queue that serves 2 M/s (the locked table half of that) ---- */

static unsigned int calls, interrupt_at;

static int measure(const struct cell *cell, struct cell_result *r, json_t **details,
		   struct ct_error *e)
{
	double serves = strncmp(cell->variant, "locked", 6) ? 2e6 : 1e6;
	double load = (double)cell->rate / serves;

	(void)e;
	if (++calls == interrupt_at)
		raise(SIGINT);
	assert_true(cell->rate > 0 && cell->latency == LATENCY_NONE);
	memset(r, 0, sizeof(*r));
	/* As an M/M/1's p99, with some noise from repeat to repeat. */
	serves *= 1 + 0.01 * ((int)cell->repeat - 1);
	r->latency_p99_ns = load < 1 ? log(100) / (serves * (1 - load)) * 1e9 : 1e9;
	r->latency_p50_ns = r->latency_p99_ns / 7;
	r->latency_max_ns = r->latency_p999_ns = 2 * r->latency_p99_ns;
	r->ops = 1;
	*details = json_pack("{s:{s:s}}", "latency", "kind", "response");
	return 0;
}

static int search_made_up(int argc, char **argv)
{
	int status = saturate_command(argc, argv, measure);

	ct_interrupted = 0;
	return status;
}

static int run(const char *arguments)
{
	return call_command(search_made_up, "saturate", arguments);
}

static int begin(void **state)
{
	(void)state;
	if (own_folder_enter("saturate"))
		return -1;
	write_text("s.yaml",
		   "name: s\nquestion: How much?\nvariants: [nulls_rcu_jhash2_scale_seqcount, "
		   "locked_jhash2_scale_seqcount]\nflows: 100\nload_factor: 1\nrepeats: 3\n");
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	calls = interrupt_at = 0;
	return remove_all("runs");
}

static void check_result(void)
{
	json_t *all = json_load_file("runs/a/saturation.json", 0, NULL);
	double nulls = 0, locked = 0, control = 0;

	assert_int_equal(json_unpack(all, "{s:{s:{s:{s:f}}, s:{s:{s:f}}, s:{s:{s:f}}}}", "cells",
				     "s/nulls_rcu_jhash2_scale_seqcount", "saturation_per_s", "median",
				     &nulls, "s/locked_jhash2_scale_seqcount", "saturation_per_s",
				     "median", &locked, "s/nulls_rcu_jhash2_scale_seqcount/control",
				     "saturation_per_s", "median", &control), 0);
	/* ln(100) / (serves - rate) = 20 us */
	assert_true(fabs(log(nulls / (2e6 - log(100) / 20e-6))) < 0.035);
	assert_true(fabs(log(locked / (1e6 - log(100) / 20e-6))) < 0.035);
	assert_true(nulls == control);
	json_decref(all);
}

static void the_command(void **state)
{
	struct ct_error e = { 0 };
	json_t *details;

	(void)state;
	assert_int_equal(run("s.yaml --results runs --name a"), 0);
	check_result();
	expect(said.out, "p99 of at most 20 us");
	expect(said.out, "noise (the same cell twice): 0.0 %");
	details = details_read("runs/a", "latency", &e);
	assert_true(json_object_size(details) > 10);
	json_decref(details);
}

static void interrupted_and_gone_on_with(void **state)
{
	unsigned int all;

	(void)state;
	assert_int_equal(run("s.yaml --results runs --name b"), 0);
	all = calls;
	calls = 0;
	interrupt_at = all / 2;
	assert_int_equal(run("s.yaml --results runs --name a"), CT_EXIT_INTERRUPTED);
	expect(said.out, "saturate --resume a --results runs");
	assert_int_equal(calls, interrupt_at);
	assert_int_equal(run("--resume a --results runs"), 0);
	assert_int_equal(calls, all);
	check_result();
}

static void bad_arguments(void **state)
{
	static const struct { const char *arguments, *says; } cases[] = {
		{ "", "needs a workload" },
		{ "s.yaml --p99 20", "--p99 is '20', but must be a time" },
		{ "s.yaml --from 5", "--from is '5'" },
		{ "s.yaml --from 2M --to 1M", "is not below" },
		{ "s.yaml --precision 0", "--precision is '0'" },
		{ "s.yaml --rate 1M", "has a rate already" },
		{ "s.yaml --kind fill", "needs kind: steady" },
		{ "s.yaml --resume x", "only --results goes with it" },
		{ "--resume x --results runs", "--resume needs a search" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(cases[i].arguments), 2);
		expect(said.err, cases[i].says);
	}
	assert_int_equal(calls, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_the_limit),
		cmocka_unit_test(limits_outside),
		cmocka_unit_test_setup(the_command, fresh),
		cmocka_unit_test_setup(interrupted_and_gone_on_with, fresh),
		cmocka_unit_test_setup(bad_arguments, fresh),
	};

	return cmocka_run_group_tests_name("saturate", tests, begin, own_folder_leave);
}
