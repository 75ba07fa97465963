/* SPDX-License-Identifier: MIT */
/*
 * The expected duration of measurements, next to what they took in whole runs: a Xeon (virtual
 * machine) with two CPUs and nothing else to do, 2026-12-01. Seconds are of one repeat of a cell,
 * with all of its attempts.
 */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/workload_fixture.h"

#define FEW BASELINE
#define MANY \
	BASELINE ", nulls_rcu_folded, nulls_rcu_siphash, nulls_rcu_crc32c, nulls_rcu_qsbr, " \
		 "flowline_qsbr"

#define ONE_FACTOR 1.75 /* of a record */
#define SUM_SHARE  0.25 /* of a run */

/* clang-format off */
static const struct record {
	int run;
	double seconds;
	unsigned int measurements; /* in the run */
	const char *variants, *parameters;
} records[] = {
	/* default: the workloads without a budget, whose duration is fixed */
	{ 0, 1.437, 18, FEW, "flows: 1Mi\nduration: 100ms\nwarmup: 10ms\nrepeats: 9\n" },
	{ 0, 0.535, 18, FEW, "flows: 256Ki\nduration: 100ms\nwarmup: 10ms\nrepeats: 9\n" },
	{ 0, 0.318, 18, FEW, "flows: 32Ki\nduration: 100ms\nwarmup: 10ms\nrepeats: 9\n" },
	{ 0, 0.245, 27, FEW, "flows: 4Ki\nduration: 100ms\nwarmup: 10ms\nrepeats: 9\n" },
	{ 0, 0.303, 63, FEW, "flows: 64Ki\nduration: 200ms\nwarmup: 10ms\nrepeats: 9\n"
			     "events: resize=x2@50%\n" },
	{ 0, 0.386, 45, FEW, "flows: 256Ki\nduration: 200ms\nwarmup: 10ms\nrepeats: 9\n"
			     "latency: service\n" },
	/* peers: some twenty tables side by side, five repeats, so that none could be spared */
	{ 1, 1.279, 355, MANY, "flows: 64Ki\nduration: 60ms\nwarmup: 10ms\nrepeats: 5\n" },
	{ 1, 1.144, 355, MANY, "flows: 64Ki\nduration: 60ms\nwarmup: 10ms\nrepeats: 5\n"
			       "mix: lookup=50 insert=25 delete=25\n" },
	{ 1, 0.600, 175, MANY, "flows: 64Ki\nduration: 60ms\nwarmup: 10ms\nrepeats: 5\n"
			       "hit_share: 0\n" },
	{ 1, 0.859, 175, MANY, "flows: 64Ki\nduration: 60ms\nwarmup: 10ms\nrepeats: 5\n"
			       "level: packets\nburst: 64\n" },
	{ 1, 0.213, 90, MANY, "flows: 4Ki\nduration: 60ms\nwarmup: 10ms\nrepeats: 5\n" },
	{ 1, 0.270, 55, MANY, "flows: 64Ki\nduration: 150ms\nwarmup: 10ms\nrepeats: 5\n"
			      "latency: service\n" },
	{ 1, 0.068, 90, MANY, "flows: 64Ki\nkind: fill\nrepeats: 5\n" },
	/* two workloads of the suite frontier, with seven tables */
	{ 2, 1.709, 75, MANY, "flows: 1Mi\nduration: 100ms\nwarmup: 10ms\nrepeats: 5\n" },
	{ 2, 2.049, 75, MANY, "flows: 1Mi\nduration: 100ms\nwarmup: 10ms\nrepeats: 5\n"
			      "hit_share: 0\n" },
	/* self */
	{ 3, 0.473, 27, FEW, "flows: 1Ki\nduration: 200ms\nwarmup: 10ms\nrepeats: 9\n"
			     "level: packets\n" },
	{ 3, 0.430, 27, FEW, "flows: 4Ki\nduration: 200ms\nwarmup: 10ms\nrepeats: 9\n" },
	{ 3, 1.491, 18, FEW, "flows: 1Mi\nduration: 200ms\nwarmup: 10ms\nrepeats: 9\n" },
	{ 3, 0.497, 18, FEW, "flows: 256Ki\nduration: 200ms\nwarmup: 10ms\nrepeats: 9\n" },
	{ 3, 7.647, 6, FEW, "flows: 8Mi\nkind: fill\nrepeats: 3\n" },
};
/* clang-format on */
#define NR_RECORDS (sizeof(records) / sizeof(records[0]))
#define RUNS	   4

static double expected(const struct record *r)
{
	struct workload_set set;
	char text[512];
	double seconds;

	snprintf(text, sizeof(text), "name: record\n" QUESTION "load_factor: 1\nvariants: [%s]\n%s",
		 r->variants, r->parameters);
	load_well(&set, text, NULL);
	seconds = cell_expected_seconds(&set.list[0], &set.list[0].cells[0]);
	workload_set_free(&set);
	return seconds;
}

static void as_recorded(void **state)
{
	double sum[RUNS] = { 0 }, was[RUNS] = { 0 };

	(void)state;
	for (size_t i = 0; i < NR_RECORDS; i++) {
		const struct record *r = &records[i];
		double seconds = expected(r);

		if (fabs(log(seconds / r->seconds)) > log(ONE_FACTOR))
			fail_msg("record %zu: expected %.3f s, took %.3f s", i, seconds,
				 r->seconds);
		sum[r->run] += seconds * r->measurements;
		was[r->run] += r->seconds * r->measurements;
	}
	for (int k = 0; k < RUNS; k++)
		if (fabs(sum[k] / was[k] - 1) > SUM_SHARE)
			fail_msg("run %d: expected %.1f s, took %.1f s", k, sum[k], was[k]);
}

/* A run also measures the machine's bounds. */
static void a_set_is_more_than_its_workloads(void **state)
{
	struct workload_set set;

	(void)state;
	load_well(&set, "name: bounded\n" QUESTION "load_factor: 1\nvariants: " BASELINE "\n",
		  NULL);
	assert_true(workload_set_expected_seconds(&set) >
		    1.01 * workload_expected_seconds(&set.list[0]));
	assert_true(workload_set_expected_seconds(&set) <
		    1.1 * workload_expected_seconds(&set.list[0]));
	workload_set_free(&set);
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("workload-expected");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(as_recorded),
	cmocka_unit_test(a_set_is_more_than_its_workloads),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
