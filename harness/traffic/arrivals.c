/* SPDX-License-Identifier: MIT */
#include "harness/traffic/arrivals.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/numbers/random.h"

void arrivals_free(struct arrivals *a)
{
	free(a->gaps);
	memset(a, 0, sizeof(*a));
}

/* gaps[i] from times[i] to times[i + 1], the last to the end of the round. */
static void gaps_of(struct arrivals *a, double round)
{
	uint64_t end = (uint64_t)llround(round);

	a->first = a->gaps[0];
	for (size_t i = 0; i + 1 < a->nr; i++)
		a->gaps[i] = a->gaps[i + 1] - a->gaps[i];
	a->gaps[a->nr - 1] = end - a->gaps[a->nr - 1] + a->first;
}

static int allocate(struct arrivals *a, size_t nr)
{
	memset(a, 0, sizeof(*a));
	a->gaps = malloc((nr ? nr : 1) * sizeof(*a->gaps));
	a->nr = nr;
	return a->gaps ? 0 : -ENOMEM;
}

/* Times of a Poisson process over [0, round): sums of exponential gaps, scaled. */
static int poisson(struct arrivals *a, double round, uint64_t seed)
{
	double *at = malloc((a->nr + 1) * sizeof(*at)), sum = 0;
	struct rng r;

	if (!at)
		return -ENOMEM;
	rng_seed(&r, seed);
	for (size_t i = 0; i <= a->nr; i++) {
		at[i] = sum;
		sum -= log(1 - rng_double(&r));
	}
	for (size_t i = 0; i < a->nr; i++)
		a->gaps[i] = (uint64_t)llround(at[i] / at[a->nr] * round);
	free(at);
	return 0;
}

int arrivals_make(struct arrivals *a, enum arrival_process process, double mean, unsigned int index,
		  unsigned int threads, uint64_t seed)
{
	double round = mean * ARRIVALS_RING;
	int err;

	if (!(mean >= 1))
		return -EINVAL;
	err = allocate(a, ARRIVALS_RING);
	if (err)
		return err;
	if (process == ARRIVALS_POISSON)
		err = poisson(a, round, seed);
	for (size_t i = 0; i < a->nr && process != ARRIVALS_POISSON; i++)
		a->gaps[i] = (uint64_t)llround(mean * (double)i);
	if (err) {
		arrivals_free(a);
		return err;
	}
	gaps_of(a, round);
	if (process == ARRIVALS_POISSON)
		a->first = a->gaps[a->nr - 1]; /* the first one waits for its gap too */
	else
		a->first = (uint64_t)(mean * index / threads);
	return 0;
}

int arrivals_recorded(struct arrivals *a, const uint64_t *time_ns, size_t nr, uint64_t whole_ns,
		      double whole_ticks)
{
	double scale = whole_ns ? whole_ticks / (double)whole_ns : 0;
	int err = allocate(a, nr);

	if (err || !nr)
		return err;
	for (size_t i = 0; i < nr; i++)
		a->gaps[i] = (uint64_t)((double)time_ns[i] * scale);
	gaps_of(a, whole_ticks);
	return 0;
}
