/* SPDX-License-Identifier: MIT */
#include "harness/numbers/changes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/numbers/quartiles.h"
#include "harness/numbers/random.h"
#include "harness/numbers/stats.h"

#define PERMUTATIONS 4999

/* Twice the rank of each figure, so that equal figures share a whole number. */
static void rank(const double *values, size_t n, long *ranks)
{
	for (size_t i = 0; i < n; i++) {
		ranks[i] = 1;
		for (size_t k = 0; k < n; k++)
			ranks[i] += (values[k] < values[i]) + (values[k] <= values[i]);
	}
}

/* Pettitt's statistic; *at: the first figure after the cut that has it. */
static long pettitt(const long *ranks, size_t n, size_t *at)
{
	long sum = 0, most = 0;

	*at = 0;
	for (size_t i = 0; i + 1 < n; i++) {
		sum += ranks[i] - (long)(n + 1);
		if (labs(sum) > most) {
			most = labs(sum);
			*at = i + 1;
		}
	}
	return most;
}

static void shuffle(struct rng *rng, long *ranks, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)rng_below(rng, i);
		long swap = ranks[i - 1];

		ranks[i - 1] = ranks[k];
		ranks[k] = swap;
	}
}

struct search {
	const double *values;
	long *ranks;
	struct change *out;
	size_t room;
	long nr;
};

/* Each level of parts gets half of the alpha before, so that all together stay near alpha. */
static void find(struct search *s, size_t from, size_t to, double alpha)
{
	size_t n = to - from, at, ignored;
	long found, extreme = 1;
	struct rng rng;
	double p;

	if (n < CHANGES_LEAST || (size_t)s->nr == s->room)
		return;
	rank(s->values + from, n, s->ranks);
	found = pettitt(s->ranks, n, &at);
	rng_seed(&rng, STATS_SEED);
	for (unsigned int i = 0; i < PERMUTATIONS; i++) {
		shuffle(&rng, s->ranks, n);
		extreme += pettitt(s->ranks, n, &ignored) >= found;
	}
	p = (double)extreme / (PERMUTATIONS + 1);
	if (!found || p > alpha)
		return;
	/* The earlier part first, so that the changes are in order. */
	find(s, from, from + at, alpha / 2);
	if ((size_t)s->nr == s->room)
		return;
	s->out[s->nr++] = (struct change){ .at = from + at, .p = p };
	find(s, from + at, to, alpha / 2);
}

static double level(double *scratch, const double *values, size_t from, size_t to)
{
	size_t n = to - from;

	memcpy(scratch, values + from, n * sizeof(*values));
	qsort(scratch, n, sizeof(*scratch), by_value);
	return n % 2 ? scratch[n / 2] : (scratch[n / 2 - 1] + scratch[n / 2]) / 2;
}

long changes_find(const double *values, size_t n, double alpha, struct change *out, size_t room)
{
	struct search s = {
		.values = values,
		.out = out,
		.room = room,
		.ranks = calloc(n ? n : 1, sizeof(*s.ranks)),
	};
	double *scratch = calloc(n ? n : 1, sizeof(*scratch));

	if (s.ranks && scratch)
		find(&s, 0, n, alpha);
	else
		s.nr = -ENOMEM;
	for (long i = 0; i < s.nr; i++) {
		out[i].before = level(scratch, values, i ? out[i - 1].at : 0, out[i].at);
		out[i].after = level(scratch, values, out[i].at, i + 1 < s.nr ? out[i + 1].at : n);
	}
	free(s.ranks);
	free(scratch);
	return s.nr;
}
