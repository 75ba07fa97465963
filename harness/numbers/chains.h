/* SPDX-License-Identifier: MIT */
/*
 * Are the chains as long as chance would have them?
 *
 * A hash that spreads well throws entries into buckets independently, so a
 * bucket's length is Poisson distributed with the mean entries / buckets
 * (Knuth, The Art of Computer Programming 3, 6.4).  Pearson's chi-square test
 * gives the probability of lengths as uneven as those seen, if this is true.
 */
#ifndef CTBENCH_HARNESS_NUMBERS_CHAINS_H
#define CTBENCH_HARNESS_NUMBERS_CHAINS_H

#include "variants/inside.h"

struct json_t;

/* Buckets that a measurement examines: enough for the test, and takes milliseconds. */
#define CHAINS_SAMPLE 16384

/* Below this p a hash is reported as uneven; a good hash fails in one of 1000 measurements. */
#define CHAINS_P_LIMIT 0.001

struct chains_test {
	double mean;	      /* entries per bucket */
	double variance;      /* of the same around that mean; Poisson's is the mean */
	double chi2, p;	      /* NAN where there are too few buckets to say */
	unsigned int freedom; /* degrees of */
	/* The mean number of other entries examined before an existing one is found. */
	double walk;
};

/*
 * The chains' lengths against Poisson's distribution, if a bucket is a chain; chi2 and p are NAN
 * otherwise.  mean: entries per bucket of the whole table, of which chains may be a sample; 0:
 * theirs.
 */
void chains_judge(const struct ct_chains *chains, double mean, struct chains_test *test);

/*
 * {buckets, mean, variance, longest, lengths: [buckets with 0, 1, ... entries],
 * poisson: [as expected], chi2, freedom, p}, the last four for chains alone; new reference.
 */
struct json_t *chains_json(const struct ct_chains *chains, const struct chains_test *test);

#endif
