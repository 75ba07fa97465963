/* SPDX-License-Identifier: MIT */
/* Intervals and tests for a few noisy values; see stats.h. */
#include "harness/numbers/stats.h"

#include "harness/base/memory.h"
#include "harness/numbers/random.h"
#include "harness/numbers/quartiles.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t stats_resamples = 2000;

/* ---- Student's t ---- */

/*
 * The regularised incomplete beta function I_x(a, b) by its continued
 * fraction (NIST's Digital Library of Mathematical Functions, 8.17.22), which
 * is evaluated from the front as Lentz and Thompson do.
 */
static double beta_fraction(double x, double a, double b)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	f = d;
	for (int m = 1; m < 500; m++) {
		double step = 1;

		for (int odd = 0; odd <= 1; odd++) {
			double term =
				odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
				    : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));

			d = 1 + term * d;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			c = 1 + term / c;
			c = fabs(c) < tiny ? tiny : c;
			step = c * d;
			f *= step;
		}
		if (fabs(step - 1) < 1e-15)
			break;
	}
	return f;
}

static double incomplete_beta(double x, double a, double b)
{
	double front;

	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	/* The fraction converges fast on this side of the mean only. */
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(x, a, b) / a;
	return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double stats_t_above(double t, double df)
{
	double both;

	if (!isfinite(t))
		return t > 0 ? 0 : 1;
	both = incomplete_beta(df / (df + t * t), df / 2, 0.5);
	return t > 0 ? both / 2 : 1 - both / 2;
}

double stats_t_quantile(double share, double df)
{
	double low = 0, high = 1;

	if (share < 0.5)
		return -stats_t_quantile(1 - share, df);
	while (stats_t_above(high, df) > 1 - share && high < 1e12)
		high *= 2;
	for (int i = 0; i < 100; i++) {
		double middle = (low + high) / 2;

		if (stats_t_above(middle, df) > 1 - share)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* ---- the bootstrap ---- */

/*
 * Draw n values from v with replacement.  v is sorted, so only ranks are drawn and
 * counted, and nothing has to be sorted again.
 */
static void draw(uint32_t *count, size_t n, struct rng *rng)
{
	memset(count, 0, n * sizeof(*count));
	for (size_t k = 0; k < n; k++)
		count[rng_below(rng, n)]++;
}

/* The mean of what was drawn from rank `from` up to before rank `to`. */
static double mean_of_ranks(const double *v, const uint32_t *count, size_t from, size_t to)
{
	size_t below = 0;
	double sum = 0;

	for (size_t i = 0; below < to; below += count[i++]) {
		size_t first = below > from ? below : from;
		size_t last = below + count[i] < to ? below + count[i] : to;

		if (last > first)
			sum += v[i] * (double)(last - first);
	}
	return sum / (double)(to - from);
}

/* How many values a trimmed mean leaves out at either end. */
static size_t trim(size_t n)
{
	return n / 5;
}

static size_t left_out(const struct stats_sample *s)
{
	/* Of ten means of many rounds one may be an outlier: a tenth at either end. */
	return s->whole ? s->n / 10 : trim(s->n);
}

double stats_tail_share(size_t n, double df)
{
	double t = stats_t_quantile((1 + STATS_CONFIDENCE) / 2, df);

	return n > 1 ? 0.5 * erfc(sqrt((double)n / (double)(n - 1)) * t * M_SQRT1_2) : 0;
}

/* out->value is the contrast itself; its interval comes from resamples. */
static int bootstrap(struct stats_interval *out, const struct stats_sample *samples, size_t nr,
		     bool median, uint64_t seed)
{
	double *values = memory_array(stats_resamples, sizeof(*values)), df = 0;
	size_t least = SIZE_MAX, most = 0, cut;
	uint32_t *count;
	struct rng rng;

	for (size_t j = 0; j < nr; j++) {
		least = samples[j].n < least ? samples[j].n : least;
		most = samples[j].n > most ? samples[j].n : most;
		df += (double)(samples[j].n - 1);
	}
	count = memory_array(most, sizeof(*count));
	rng_seed(&rng, seed);
	for (size_t i = 0; i < stats_resamples; i++) {
		for (size_t j = 0; j < nr; j++) {
			size_t n = samples[j].n,
			       ends = median ? (n - 1) / 2 : left_out(&samples[j]);

			draw(count, n, &rng);
			values[i] += samples[j].weight *
				     mean_of_ranks(samples[j].values, count, ends, n - ends);
		}
	}
	qsort(values, stats_resamples, sizeof(*values), by_value);
	cut = (size_t)(stats_tail_share(least, df > 1 ? df : 1) * (double)stats_resamples);
	out->low = fmin(values[cut], out->value);
	out->high = fmax(values[stats_resamples - 1 - cut], out->value);
	free(values);
	free(count);
	return 0;
}

struct stats_interval stats_median(double *values, size_t n, uint64_t seed)
{
	struct stats_sample sample = { .values = values, .n = n, .weight = 1 };
	struct stats_interval out;

	qsort(values, n, sizeof(*values), by_value);
	out.value = (values[(n - 1) / 2] + values[n / 2]) / 2;
	/* Counts are often the same in each repeat. */
	if (n < 2 || values[0] == values[n - 1] || bootstrap(&out, &sample, 1, true, seed)) {
		out.low = values[0];
		out.high = values[n - 1];
	}
	return out;
}

size_t stats_median_rank(size_t n)
{
	size_t rank = 1;

	/* P(fewer than k of n values are below the median) is I_(1/2)(n - k + 1, k). */
	while (2 * (rank + 1) <= n &&
	       2 * incomplete_beta(0.5, (double)(n - rank), (double)(rank + 1)) <=
		       1 - STATS_CONFIDENCE)
		rank++;
	return rank;
}

/* ---- the test ---- */

/*
 * The mean without `cut` values at either end, the variance of that mean, and its degrees of
 * freedom, of sorted values.
 */
static double trimmed_mean(const double *v, size_t n, size_t cut, double *variance, double *df)
{
	size_t kept = n - 2 * cut;
	double sum = 0, mean = 0, squares = 0;

	*df = (double)(kept - 1);
	*variance = 0;
	if (v[cut] == v[n - cut - 1])
		return v[cut];

	for (size_t i = cut; i < n - cut; i++)
		sum += v[i];
	/* Winsorized: each value that is cut off counts as the nearest one that is not. */
	for (size_t i = 0; i < n; i++)
		mean += v[i < cut ? cut : i >= n - cut ? n - cut - 1 : i] / (double)n;
	for (size_t i = 0; i < n; i++) {
		double d = v[i < cut ? cut : i >= n - cut ? n - cut - 1 : i] - mean;

		squares += d * d;
	}
	*variance = squares / ((double)kept * (double)(kept - 1));
	return sum / (double)kept;
}

double stats_trimmed_mean(double *values, size_t n)
{
	double variance, df;

	qsort(values, n, sizeof(*values), by_value);
	return trimmed_mean(values, n, trim(n), &variance, &df);
}

int stats_contrast(struct stats_contrast *c, struct stats_sample *samples, size_t nr, uint64_t seed)
{
	struct stats_interval interval = { 0 };
	double variance = 0, over_df = 0, t;
	int err;

	memset(c, 0, sizeof(*c));
	if (!nr)
		return -EINVAL;
	for (size_t j = 0; j < nr; j++)
		if (samples[j].n < STATS_LEAST)
			return -EINVAL;
	for (size_t j = 0; j < nr; j++) {
		double v, df, w = samples[j].weight;

		qsort(samples[j].values, samples[j].n, sizeof(double), by_value);
		interval.value += w * trimmed_mean(samples[j].values, samples[j].n,
						   left_out(&samples[j]), &v, &df);
		variance += w * w * v;
		over_df += w * w * v * w * w * v / df;
		c->df += df;
	}
	err = bootstrap(&interval, samples, nr, false, seed);
	if (err)
		return err;
	c->value = interval.value;
	c->low = interval.low;
	c->high = interval.high;
	c->se = sqrt(variance);
	if (over_df > 0)
		c->df = variance * variance / over_df;
	t = c->se > 0 ? fabs(c->value) / c->se : c->value != 0 ? INFINITY : 0;
	c->p = fmin(1, 2 * stats_t_above(t, c->df));
	return 0;
}

double stats_beyond(const struct stats_contrast *c, double bound, int sign)
{
	double by = sign * (c->value - bound);

	return stats_t_above(c->se > 0 ? by / c->se : by > 0 ? INFINITY : -INFINITY, c->df);
}

double stats_visible(const struct stats_contrast *c, size_t comparisons)
{
	double share = STATS_ALPHA / 2 / (double)(comparisons ? comparisons : 1);

	return c->se * (stats_t_quantile(1 - share, c->df) + stats_t_quantile(STATS_POWER, c->df));
}

/* ---- many comparisons ---- */

struct ranked {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	return by_value(&((const struct ranked *)a)->p, &((const struct ranked *)b)->p);
}

int stats_holm(double *p, size_t n)
{
	struct ranked *ranked = memory_array(n ? n : 1, sizeof(*ranked));
	double most = 0;

	for (size_t i = 0; i < n; i++)
		ranked[i] = (struct ranked){ p[i], i };
	qsort(ranked, n, sizeof(*ranked), by_p);
	for (size_t i = 0; i < n; i++) {
		most = fmax(most, fmin(1, ranked[i].p * (double)(n - i)));
		p[ranked[i].at] = most;
	}
	free(ranked);
	return 0;
}

/* ---- Poisson and chi-square, both by the incomplete gamma function ---- */

#define GAMMA_STEPS 10000 /* some sqrt(a) are needed */

/* P(a, x), the lower one, by its series (DLMF 8.11.4); for x below a + 1. */
static double gamma_series(double a, double x)
{
	double term = 1 / a, sum = term;

	for (int n = 1; n < GAMMA_STEPS && term > sum * 1e-15; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum * exp(a * log(x) - x - lgamma(a));
}

/* Q(a, x), the upper one, by its continued fraction (DLMF 8.9.2, Lentz's way); for x above. */
static double gamma_fraction(double a, double x)
{
	double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;

	for (int n = 1; n < GAMMA_STEPS; n++) {
		double an = -n * (n - a), step;

		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
		c = b + an / c;
		c = fabs(c) < 1e-300 ? 1e-300 : c;
		step = c * d;
		h *= step;
		if (fabs(step - 1) < 1e-15)
			break;
	}
	return h * exp(a * log(x) - x - lgamma(a));
}

static double gamma_above(double a, double x)
{
	if (x <= 0)
		return 1;
	return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

double stats_chi_square_above(double x, double df)
{
	return gamma_above(df / 2, x / 2);
}

double stats_poisson(unsigned int n, double mean)
{
	return exp(n * log(mean) - mean - lgamma(n + 1.0));
}

double stats_poisson_from(unsigned int n, double mean)
{
	return n ? 1 - gamma_above(n, mean) : 1;
}
