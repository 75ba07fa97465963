/* SPDX-License-Identifier: MIT */
/*
 * Medians with intervals, and differences with intervals and a test.
 *
 * Repeats are few (nine) and their noise is not normal: neighbours on the
 * machine make some repeats much slower.  So:
 *
 *	of one cell		the median
 *	of a difference		the mean without the smallest and largest fifth of the
 *				values (20 % trimmed): nearly as robust as the median,
 *				with less variance.  Where each value is such a mean of
 *				many rounds: the mean of all values
 *	its interval		bootstrap, percentiles: Efron 1979; the percentiles
 *				are moved outwards for small samples (Hesterberg,
 *				"What teachers should know about the bootstrap",
 *				2015: "expanded percentile interval")
 *	the test's p		the trimmed mean over a winsorized deviation, with Student's
 *				t: Tukey and McLaughlin 1963, for several samples
 *				Yuen 1974; degrees of freedom by Welch and Satterthwaite
 *	many comparisons	Holm 1979
 *
 * The bootstrap draws from a generator with a fixed seed: the same values give
 * the same interval.  Thread-safety: any thread, each with its own bootstrap.
 */
#ifndef CTBENCH_HARNESS_NUMBERS_STATS_H
#define CTBENCH_HARNESS_NUMBERS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_CONFIDENCE 0.95
#define STATS_ALPHA	 0.05  /* false alarms over all comparisons together */
#define STATS_POWER	 0.8   /* of the smallest detectable difference */
#define STATS_SEED	 20231 /* any number would do; it is recorded with the results */
#define STATS_LEAST	 5     /* values in a sample; with fewer there is no verdict */

/* Resamples of the bootstrap, 2000; tests that simulate many runs make it less. */
extern size_t stats_resamples;

struct stats_interval {
	double value, low, high;
};

/* One of a contrast's samples. */
struct stats_sample {
	double *values; /* sorted by the functions below */
	size_t n;
	double weight;
	/*
	 * Values that are trimmed means themselves, of many rounds each: fewer than ten all count;
	 * from ten on a tenth at either end is trimmed.  Most outliers are gone already, and
	 * trimming five values costs half of the degrees of freedom.
	 */
	bool whole;
};

struct stats_contrast {
	double value, low, high; /* sum of weight x (trimmed) mean, with its interval */
	double se, df;		 /* its standard error and degrees of freedom */
	double p;		 /* two-sided, that it is 0 */
};

/* The median and its bootstrap interval; sorts values.  n > 0. */
struct stats_interval stats_median(double *values, size_t n, uint64_t seed);

/*
 * An interval of the median of n values without resamples, from the rank-th smallest value to the
 * rank-th largest: returns the rank, from 1.  It contains the population's median in at least
 * STATS_CONFIDENCE of cases, for every distribution (Thompson 1936, "On confidence ranges for the
 * median").  With fewer than six values no interval is wide enough: returns 1, all values.
 * n > 0.
 */
size_t stats_median_rank(size_t n);
#define STATS_RANKS_LEAST 6

/*
 * The share of the sorted resamples on either side of a bootstrap interval: less than 2.5 %, by
 * the smallest sample's n > 1 and the degrees of freedom of all, so that few values make it wide
 * enough.
 */
double stats_tail_share(size_t n, double df);

/* The mean without the smallest and largest fifth; sorts values.  n > 0. */
double stats_trimmed_mean(double *values, size_t n);

/*
 * A weighted sum of the trimmed means of independent samples.  A difference of paired
 * measurements is one sample (of differences) with weight 1; of two unpaired
 * samples the weights are 1 and -1; an effect averaged over J pairs of cells is J
 * samples with weights 1 / J.  0, -EINVAL if a sample has less than STATS_LEAST
 * values, -ENOMEM.
 */
int stats_contrast(struct stats_contrast *c, struct stats_sample *samples, size_t nr,
		   uint64_t seed);

/* One-sided p that the contrast is more than bound (sign 1) or less than it (sign -1). */
double stats_beyond(const struct stats_contrast *c, double bound, int sign);

/*
 * The smallest contrast that a test like c would have found with STATS_POWER, as one
 * of `comparisons`: (t(1 - alpha / (2 comparisons)) + t(power)) x se.  Bonferroni's
 * share of alpha is what Holm asks of the first.
 */
double stats_visible(const struct stats_contrast *c, size_t comparisons);

/* p becomes Holm's adjusted p: at most alpha means seen, with alpha for all together. 0, -ENOMEM */
int stats_holm(double *p, size_t n);

/* Student's t with df degrees of freedom: P(T > t), and its inverse t for P(T <= t) = share. */
double stats_t_above(double t, double df);
double stats_t_quantile(double share, double df);

/* Chi-square with df degrees of freedom: P(X > x). */
double stats_chi_square_above(double x, double df);
/* Poisson with a mean above 0: P(N = n), and P(N >= n). */
double stats_poisson(unsigned int n, double mean);
double stats_poisson_from(unsigned int n, double mean);

#endif
