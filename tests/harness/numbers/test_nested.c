/* SPDX-License-Identifier: MIT */
/*
 * Effects within rounds, judged over instances: simulated runs whose truth is known.
 *
 * An instance (one process per cell) has its own luck; its rounds have noise; the machine drifts
 * and flips between two states in which the effect differs; some rounds are disturbed badly.  The
 * interval must contain the truth in 93 to 97 of 100 runs, and without an effect at most 5 runs
 * in 100 may see one.  The truth is the mean over states, weighted by their frequency.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/numbers/random.h"
#include "harness/numbers/stats.h"
#include "tests/fixture/cmocka.h"

#define INSTANCES_MAX 40
#define ROUNDS_MAX    24
#define RUNS	      1500

struct machine {
	const char *name;
	unsigned int instances, rounds;
	double effect;	  /* mean of the two states */
	double states;	  /* half the difference between the states' effects */
	double flips;	  /* chance that a round is in another state than the one before */
	double instance;  /* deviation of an instance's luck */
	double noise;	  /* of a round */
	double drift;	  /* over an instance, of each cell alone; it cancels within rounds */
	double disturbed; /* share of rounds with ten times the noise */
	double target; /* more instances until so much is detectable (run/enough.h); 0: no more */
};

static const struct machine machines[] = {
	{ "quiet", 9, 10, 0, 0, 0, 0.004, 0.004, 0, 0, 0 },
	{ "few instances", 5, 16, 0.02, 0, 0, 0.004, 0.004, 0, 0, 0 },
	{ "rounds alone", 5, 16, 0, 0, 0, 0, 0.01, 0, 0, 0 },
	{ "instances alone", 9, 10, -0.3, 0, 0, 0.02, 0.001, 0, 0, 0 },
	{ "states that flip", 9, 16, -0.27, 0.03, 0.05, 0.004, 0.004, 0, 0, 0 },
	{ "drift", 9, 10, 0, 0, 0, 0.004, 0.004, 0.3, 0, 0 },
	{ "heavy tails", 9, 10, 0, 0, 0, 0.004, 0.004, 0, 0.1, 0 },
	{ "all of it", 7, 16, 0, 0.03, 0.05, 0.004, 0.006, 0.2, 0.1, 0 },
	{ "soon enough", 7, 6, 0, 0, 0, 0.006, 0.01, 0, 0, 0.015 },
	{ "enough in the end", 7, 6, 0.01, 0, 0, 0.012, 0.025, 0.2, 0.05, 0.015 },
};

static double normal(struct rng *rng)
{
	/* Box and Muller */
	double u = 1 - rng_double(rng), v = rng_double(rng);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* The logarithms of a cell's times in a round: a part common to all cells, and its own noise. */
static double one_time(const struct machine *m, struct rng *rng, double shared)
{
	double noise = m->noise / M_SQRT2;

	if (rng_double(rng) < m->disturbed)
		noise *= 10;
	return shared + noise * normal(rng);
}

/* Judge's value of an instance: the trimmed mean of its rounds' ratios. */
static double instance_effect(const struct machine *m, struct rng *rng)
{
	double values[ROUNDS_MAX], luck = m->instance * normal(rng);
	int state = rng_double(rng) < 0.5 ? 1 : -1;

	for (unsigned int r = 0; r < m->rounds; r++) {
		double shared = m->drift * r / m->rounds + (state > 0 ? 1.1 : 0), base, other;

		if (rng_double(rng) < m->flips)
			state = -state;
		base = one_time(m, rng, shared);
		other = one_time(m, rng, shared);
		values[r] = other - base + m->effect + state * m->states + luck;
	}
	return stats_trimmed_mean(values, m->rounds);
}

static int simulate(const struct machine *m, struct rng *rng, struct stats_contrast *c)
{
	double values[INSTANCES_MAX];
	struct stats_sample sample = {
		.values = values, .n = m->instances, .weight = 1, .whole = true
	};
	size_t resamples = stats_resamples, enough = INSTANCES_MAX;

	for (unsigned int i = 0; i < m->instances; i++)
		values[i] = instance_effect(m, rng);
	for (stats_resamples = 2; m->target > 0 && sample.n < enough; sample.n++) {
		stats_contrast(c, &sample, 1, STATS_SEED);
		if (enough == INSTANCES_MAX && stats_visible(c, 3) <= log1p(m->target))
			enough = sample.n * 7 / 4 < enough ? sample.n * 7 / 4 : enough;
		values[sample.n] = instance_effect(m, rng);
	}
	stats_resamples = resamples;
	return stats_contrast(c, &sample, 1, STATS_SEED);
}

static void intervals_hold_what_they_say(void **state)
{
	struct rng rng;

	(void)state;
	stats_resamples = 400;
	for (size_t k = 0; k < sizeof(machines) / sizeof(machines[0]); k++) {
		const struct machine *m = &machines[k];
		unsigned int inside = 0, alarms = 0;

		rng_seed(&rng, 4711 + k);
		for (unsigned int run = 0; run < RUNS; run++) {
			struct stats_contrast c;

			assert_int_equal(simulate(m, &rng, &c), 0);
			bool holds = c.low <= m->effect && m->effect <= c.high;

			inside += holds;
			/* As judge has it: the test and the interval have to agree. */
			alarms += !holds && (stats_beyond(&c, m->effect, 1) < STATS_ALPHA / 2 ||
					     stats_beyond(&c, m->effect, -1) < STATS_ALPHA / 2);
		}
		print_message("%-18s coverage %.1f %%, false alarms %.1f %%\n", m->name,
			      100.0 * inside / RUNS, 100.0 * alarms / RUNS);
		/* Two deviations of such a share over so many runs are 1.1 %. */
		assert_in_range(inside, (93 - 1.1) / 100 * RUNS, (97 + 1.1) / 100 * RUNS);
		assert_true(alarms <= (5 + 1.1) / 100 * RUNS);
	}
	stats_resamples = 2000;
}

/* Rounds of one instance are not repeats: used as such, they report false effects. */
static void rounds_are_no_repeats(void **state)
{
	const struct machine *m = &machines[3]; /* the luck of instances alone */
	unsigned int inside = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	stats_resamples = 400;
	for (unsigned int run = 0; run < 300; run++) {
		double values[ROUNDS_MAX], luck = m->instance * normal(&rng);
		struct stats_sample sample = { .values = values, .n = m->rounds, .weight = 1 };
		struct stats_contrast c;

		for (unsigned int r = 0; r < m->rounds; r++)
			values[r] = m->effect + luck + m->noise * normal(&rng);
		assert_int_equal(stats_contrast(&c, &sample, 1, STATS_SEED), 0);
		inside += c.low <= m->effect && m->effect <= c.high;
	}
	stats_resamples = 2000;
	assert_true(inside < 0.3 * 300);
}

/* A change of 2 % is found, by about that much. */
static void power(void **state)
{
	struct machine m = machines[1];
	unsigned int seen = 0, runs = 300;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 2);
	for (unsigned int run = 0; run < runs; run++) {
		struct stats_contrast c;

		assert_int_equal(simulate(&m, &rng, &c), 0);
		seen += c.p < STATS_ALPHA && c.value > 0.01 && c.value < 0.03;
	}
	assert_true(seen > 0.95 * runs);
}

/* One instance of 24 that is a third slower in all its rounds hides nothing. */
static void a_wild_instance(void **state)
{
	double values[24], visible[2];
	struct rng rng;

	(void)state;
	for (int wild = 0; wild < 2; wild++) {
		struct stats_sample sample = {
			.values = values, .n = 24, .weight = 1, .whole = true
		};
		struct stats_contrast c;

		rng_seed(&rng, 3);
		for (int i = 0; i < 24; i++)
			values[i] = 0.01 * normal(&rng) - (wild && i == 7 ? 0.3 : 0);
		assert_int_equal(stats_contrast(&c, &sample, 1, STATS_SEED), 0);
		visible[wild] = stats_visible(&c, 3);
	}
	assert_true(visible[1] < 1.3 * visible[0]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(intervals_hold_what_they_say),
	cmocka_unit_test(rounds_are_no_repeats),
	cmocka_unit_test(power),
	cmocka_unit_test(a_wild_instance),
};
CT_TEST_MAIN(tests, NULL, NULL)
