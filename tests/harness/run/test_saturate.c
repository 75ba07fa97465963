/* SPDX-License-Identifier: MIT */
/*
 * The search for a rate, alone and as a command, with measurements made up by a
 * queue whose limit is known, so that the result can be compared with it.
 */
#include "harness/run/saturate.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "harness/results/details.h"
#include "harness/base/interrupt.h"
#include "harness/cli/run_commands.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

/* ---- the search ---- */

static unsigned int steps(struct saturate *s, double limit)
{
	unsigned int n = 0;
	uint64_t rate;

	while ((rate = saturate_next(s))) {
		assert_true(rate >= s->from && rate <= s->to && n < 60);
		saturate_tell(s, rate, (double)rate <= limit ? SATURATE_KEPT : SATURATE_OUTRUN);
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

		saturate_begin(&s, 10000, 100000000, 0.05, 0);
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
	saturate_begin(&s, 10000, 1000000, 0.05, 0);
	assert_int_equal(steps(&s, 9999), 1);
	assert_int_equal(saturate_found(&s, &at_least), 0);
	assert_false(at_least);
	saturate_begin(&s, 10000, 1000000, 0.05, 0);
	assert_int_equal(steps(&s, 1e7), 2);
	assert_int_equal(saturate_found(&s, &at_least), 1000000);
	assert_true(at_least);
}

/*
 * The result stays the same when every third measurement is disturbed, and when one disturbance
 * lasts for half of the search.
 */
static void disturbed(void **state)
{
	struct saturate s;
	bool at_least;
	uint64_t rate;
	unsigned int n;

	(void)state;
	saturate_begin(&s, 10000, 100000000, 0.05, 0);
	for (n = 0; (rate = saturate_next(&s)); n++)
		saturate_tell(&s, rate,
			      rate > 3000000 || n % 3 == 2 ? SATURATE_LATE : SATURATE_KEPT);
	assert_true(fabs(log((double)saturate_found(&s, &at_least) / 3e6)) < 0.035);
	assert_false(at_least);
	saturate_begin(&s, 10000, 100000000, 0.05, 0);
	for (n = 0; (rate = saturate_next(&s)); n++) {
		bool spell = n >= 3 && n < 8;

		saturate_tell(&s, rate,
			      rate > 9000000		? SATURATE_OUTRUN
			      : rate > 3000000 || spell ? SATURATE_LATE
							: SATURATE_KEPT);
		assert_true(n < 50);
	}
	assert_true(fabs(log((double)saturate_found(&s, &at_least) / 3e6)) < 0.035);
	assert_false(at_least);
	/* A failure that repeats three times counts. */
	saturate_begin(&s, 10000, 100000000, 0.05, 0);
	for (unsigned int i = 0; i < SATURATE_TRIES; i++) {
		assert_int_equal(saturate_next(&s), 10000);
		saturate_tell(&s, 10000, SATURATE_LATE);
	}
	assert_int_equal(saturate_next(&s), 0);
	assert_int_equal(saturate_found(&s, &at_least), 0);
}

/* Over all shifts the grid's error is as often positive as negative. */
static void shifted_grids(void **state)
{
	double sum = 0, least = INFINITY, most = -INFINITY;
	struct saturate s;
	bool at_least;

	(void)state;
	for (int i = 0; i < 200; i++) {
		double off;

		saturate_begin(&s, 10000, 100000000, 0.5, i / 200.0);
		assert_true(s.from <= 10000 && s.from > 6600 && s.to <= 100000000);
		steps(&s, 1234567);
		off = log((double)saturate_found(&s, &at_least) / 1234567);
		assert_true(fabs(off) < log(1.5) / 2 + 0.01);
		sum += off;
		least = fmin(least, off);
		most = fmax(most, off);
	}
	assert_true(fabs(sum / 200) < 0.02);
	assert_true(least < -0.1 && most > 0.1);
}

/* ---- the command, over a queue that serves 2 M/s (the locked table half of that) ---- */

#define REPEATS 5

static unsigned int calls, interrupt_at;
static enum { TROUBLE_VOID = 1, TROUBLE_FAILS, TROUBLE_ONCE_LATE } trouble;

static int
measure(const struct cell *cell, struct cell_result *r, json_t **details, struct ct_error *e)
{
	double serves = strncmp(cell->variant, "locked", 6) ? 2e6 : 1e6;
	double load = (double)cell->rate / serves;

	(void)e;
	if (++calls == interrupt_at)
		raise(SIGINT);
	assert_true(cell->rate > 0 && cell->latency == LATENCY_NONE);
	memset(r, 0, sizeof(*r));
	/* As an M/M/1's p99, with some noise from repeat to repeat. */
	serves *= 1 + 0.2 * ((int)cell->repeat - REPEATS / 2);
	r->latency_p99_ns = load < 1 ? log(100) / (serves * (1 - load)) * 1e9 : 1e9;
	r->latency_p50_ns = r->latency_p99_ns / 7;
	r->latency_max_ns = r->latency_p999_ns = 2 * r->latency_p99_ns;
	r->ops = 1000;
	r->unfinished = load < 1 ? 10 : 11; /* one in a hundred may be late */
	if (trouble == TROUBLE_ONCE_LATE && calls == 1)
		r->latency_p99_ns = 1e9;
	if (cell->repeat == 2 && cell->rate > 100000 && !strncmp(cell->variant, "locked", 6)) {
		if (trouble == TROUBLE_VOID)
			strcpy(r->void_reason, "a neighbour");
		if (trouble == TROUBLE_FAILS) {
			r->status = CT_EXIT_INTERNAL;
			strcpy(r->error, "a wrong hit");
		}
	}
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

static void write_workload(int flows)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "name: s\nquestion: How much?\nvariants: [nulls_rcu_jhash2_scale_seqcount, "
		 "locked_jhash2_scale_seqcount]\nflows: %d\nload_factor: 1\nrepeats: 5\n",
		 flows);
	write_text("s.yaml", text);
}

static int begin(void **state)
{
	(void)state;
	if (own_folder_enter("saturate"))
		return -1;
	write_workload(100);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	calls = interrupt_at = 0;
	trouble = 0;
	return remove_all("runs");
}

static double rate_of(json_t *all, const char *cell, const char *what)
{
	json_t *value = NULL;

	assert_int_equal(json_unpack(all, "{s:{s:{s:{s:{s:{s:o}}}}}}", "ctbench", "cells", cell,
				     "metrics", "saturation_per_s", what, &value),
			 0);
	return json_number_value(value);
}

static void check_result(void)
{
	json_t *all = json_load_file("runs/a/benchmark.json", 0, NULL), *paths;
	double nulls = rate_of(all, "s/nulls_rcu_jhash2_scale_seqcount", "median");
	double locked = rate_of(all, "s/locked_jhash2_scale_seqcount", "median");

	/* ln(100) / (serves - rate) = 20 us */
	assert_true(fabs(log(nulls / (2e6 - log(100) / 20e-6))) < 0.035);
	assert_true(fabs(log(locked / (1e6 - log(100) / 20e-6))) < 0.035);
	/* Of the same searches on other grids. */
	assert_true(fabs(log(nulls / rate_of(all, "s/nulls_rcu_jhash2_scale_seqcount/control",
					     "median"))) < 0.05);
	assert_true(rate_of(all, "s/locked_jhash2_scale_seqcount", "ci_low") < locked);
	assert_int_equal(json_unpack(all, "{s:{s:{s:{s:{s:o}}}}}", "ctbench", "cells",
				     "s/locked_jhash2_scale_seqcount", "saturation", "paths",
				     &paths),
			 0);
	assert_int_equal(json_array_size(paths), REPEATS);
	paths = json_array_get(paths, REPEATS - 1);
	assert_true(json_array_size(paths) >= 8);
	assert_true(json_is_false(json_object_get(json_array_get(paths, 0), "outrun")));
	assert_true(json_is_true(json_object_get(json_array_get(paths, 1), "outrun")));
	json_decref(all);
}

static void the_command(void **state)
{
	static char page[1 << 20];
	struct ct_error e = { 0 };
	json_t *details;

	(void)state;
	assert_int_equal(run("s.yaml --results runs --name a"), 0);
	check_result();
	expect(said.out, "p99 of at");
	expect(said.out, "noise:");
	expect(said.out, " x0.4");
	expect(said.out, ", lower (p");
	details = details_read("runs/a", "latency", &e);
	assert_true(json_object_size(details) > 10);
	json_decref(details);
	read_text("runs/a/report.html", page, sizeof(page));
	expect(page, " 20 us");
	expect(page, "ctbench saturate s.yaml");
	if (!have_gnuplot())
		return;
	/* A row per variant with its median, and a dot per search. */
	read_text("runs/a/plots/s-saturation.tsv", page, sizeof(page));
	expect(page, "1\t\"nulls_rcu_jhash2_scale_seqcount\"\t");
	expect(page, " M/s\"\n2\t\"locked_jhash2_scale_seqcount\"\t");
	read_text("runs/a/plots/s-saturation.svg", page, sizeof(page));
	expect(page, "at most 20 µs");
}

/* A failed or void measurement ends its search, but not the others, and nothing kept is lost. */
static void void_and_failed(void **state)
{
	json_t *all;

	(void)state;
	trouble = TROUBLE_VOID;
	assert_int_equal(run("s.yaml --results runs --name a"), 0);
	all = json_load_file("runs/a/benchmark.json", 0, NULL);
	assert_true(rate_of(all, "s/locked_jhash2_scale_seqcount", "n") == REPEATS - 1);
	assert_true(rate_of(all, "s/nulls_rcu_jhash2_scale_seqcount", "n") == REPEATS);
	json_decref(all);
	expect(said.err, "void: a neighbour");
	expect(said.out, "4 of 5; 6 void: a neighbour");
	trouble = TROUBLE_FAILS;
	assert_int_equal(run("s.yaml --results runs --name b"), CT_EXIT_INTERNAL);
	all = json_load_file("runs/b/benchmark.json", 0, NULL);
	assert_true(rate_of(all, "s/nulls_rcu_jhash2_scale_seqcount", "n") == REPEATS);
	/* A wrong result is not measured again. */
	assert_true(rate_of(all, "s/locked_jhash2_scale_seqcount", "n") == 2);
	json_decref(all);
	expect(said.err, "failed: a wrong");
}

/* One measurement at the lowest rate is disturbed: it is repeated and nothing is lost. */
static void disturbed_at_the_lowest(void **state)
{
	(void)state;
	trouble = TROUBLE_ONCE_LATE;
	assert_int_equal(run("s.yaml --results runs --name a"), 0);
	check_result();
	trouble = 0;
	/* --resume reads both measurements of that name, each as its own try. */
	calls = 0;
	assert_int_equal(run("--resume a --results runs"), 0);
	assert_int_equal(calls, 0);
	check_result();
}

static void late_everywhere(void **state)
{
	(void)state;
	assert_int_equal(run("s.yaml --results runs --name a --p99 1us"), 0);
	expect(said.out, "late even at 0.01 M/s");
	assert_int_equal(calls, 3 * REPEATS * SATURATE_TRIES);
}

/* Coarse searches do not agree to the last digit, and none has noise of zero. */
static void coarse_searches(void **state)
{
	double visible, noise;
	json_t *all;

	(void)state;
	assert_int_equal(run("s.yaml --results runs --name a --precision 100%"), 0);
	all = json_load_file("runs/a/benchmark.json", 0, NULL);
	assert_int_equal(json_unpack(all, "{s:{s:{s:[{s:F, s:F}]}}}", "ctbench", "noise", "pairs",
				     "visible_percent", &visible, "percent", &noise),
			 0);
	assert_true(noise > 0.1 && visible > 20);
	json_decref(all);
}

/* If the machine alone breaks the bound, a warning says so before and after the search. */
static void machine_alone(void **state)
{
	static const char bounds[] =
		"[{\"bound\":\"away\",\"threads\":1,\"percentile\":\"p99\",\"ns\":15000},"
		"{\"bound\":\"away\",\"threads\":1,\"percentile\":\"p999\",\"ns\":90000}]\n";

	(void)state;
	assert_int_equal(run("s.yaml --results runs --name a"), 0);
	assert_null(strstr(said.err, "a bound of"));
	write_text("runs/a/bounds.jsonl", bounds);
	assert_int_equal(run("--resume a --results runs"), 0);
	expect(said.err, "a bound of");
	expect(said.err, "15 us");
	expect(said.err, "--p99 150us");
	expect(said.out, " 15 us ");
	/* A bound far above the machine's own tail gives no warning. */
	assert_int_equal(run("s.yaml --results runs --name b --p99 31us"), 0);
	write_text("runs/b/bounds.jsonl", bounds);
	assert_int_equal(run("--resume b --results runs"), 0);
	assert_null(strstr(said.err, "a bound of"));
	expect(said.out, " 15 us ");
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

static void other_parameters(void **state)
{
	(void)state;
	assert_int_equal(run("s.yaml --results runs --name a"), 0);
	write_workload(200);
	assert_int_equal(run("--resume a --results runs"), 2);
	write_workload(100);
	expect(said.err, "other parameters");
}

static void anothers_folder(void **state)
{
	(void)state;
	assert_int_equal(run("s.yaml --results runs --name r"), 0);
	write_text(
		"runs/r/run.json",
		"{\"format\": 1, \"started\": \"then\", \"revision\": \"?\", \"arguments\": []}");
	assert_int_equal(run("--resume r --results runs"), 2);
	expect(said.err, "ctbench run --resume r");
}

static void bad_arguments(void **state)
{
	static const struct {
		const char *arguments, *says;
	} cases[] = {
		{ "", "WORKLOAD" },
		{ "s.yaml --p99 20", "--p99 is '20'" },
		{ "s.yaml --from 5", "--from is '5'" },
		{ "s.yaml --from 2M --to 1M", "is not below" },
		{ "s.yaml --p99 20us --max 1ms", "--max" },
		{ "s.yaml --precision 0", "--precision is '0'" },
		{ "s.yaml --rate 1M", "a rate" },
		{ "s.yaml --kind fill", "needs kind: steady" },
		{ "s.yaml --resume x", "--resume" },
		{ "--resume x --results runs", "--resume needs" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(cases[i].arguments), 2);
		expect(said.err, cases[i].says);
	}
	assert_int_equal(calls, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(it_finds_the_limit),
	cmocka_unit_test(limits_outside),
	cmocka_unit_test(disturbed),
	cmocka_unit_test(shifted_grids),
	cmocka_unit_test_setup(the_command, fresh),
	cmocka_unit_test_setup(void_and_failed, fresh),
	cmocka_unit_test_setup(disturbed_at_the_lowest, fresh),
	cmocka_unit_test_setup(late_everywhere, fresh),
	cmocka_unit_test_setup(coarse_searches, fresh),
	cmocka_unit_test_setup(machine_alone, fresh),
	cmocka_unit_test_setup(interrupted_and_gone_on_with, fresh),
	cmocka_unit_test_setup(other_parameters, fresh),
	cmocka_unit_test_setup(anothers_folder, fresh),
	cmocka_unit_test_setup(bad_arguments, fresh),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
