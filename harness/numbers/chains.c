/* SPDX-License-Identifier: MIT */
/* Chain lengths against Poisson's distribution: see chains.h. */
#include "harness/numbers/chains.h"

#include <jansson.h>
#include <math.h>

#include "harness/numbers/stats.h"

/* With fewer expected in a class the sum is not chi-square, so classes are joined. */
#define EXPECTED_MIN 5.0

static double expected(const struct ct_chains *c, double mean, unsigned int length)
{
	double share = length + 1 < CT_CHAIN_LENGTHS ? stats_poisson(length, mean)
						     : stats_poisson_from(length, mean);

	return share * (double)c->buckets;
}

static void moments(const struct ct_chains *c, struct chains_test *t)
{
	double n = (double)c->buckets, mean = (double)c->entries / n;

	/* around t->mean, which is that of the whole table */
	t->variance = (double)c->squares / n - 2 * mean * t->mean + t->mean * t->mean;
	/* An entry of a chain of n has (n - 1) / 2 in front of it; a chain is met as often as it
	 * has entries. */
	t->walk = t->mean > 0 ? (t->variance + t->mean * t->mean - t->mean) / (2 * t->mean) : 0;
}

/* Neighbouring lengths in one class, until enough are expected in it; the rest joins the last. */
static void chi_square(const struct ct_chains *c, struct chains_test *t)
{
	double seen = 0, wanted = 0, last_seen = 0, last_wanted = 0;
	unsigned int classes = 0, lost;

	t->chi2 = 0;
	for (unsigned int n = 0; n < CT_CHAIN_LENGTHS; n++) {
		seen += (double)c->length[n];
		wanted += expected(c, t->mean, n);
		if (wanted < EXPECTED_MIN)
			continue;
		if (classes)
			t->chi2 +=
				(last_seen - last_wanted) * (last_seen - last_wanted) / last_wanted;
		classes++;
		last_seen = seen;
		last_wanted = wanted;
		seen = wanted = 0;
	}
	last_seen += seen;
	last_wanted += wanted;
	if (classes)
		t->chi2 += (last_seen - last_wanted) * (last_seen - last_wanted) / last_wanted;
	/* The total costs one degree of freedom; the mean another one if it was computed from the
	 * same buckets. */
	lost = (double)c->entries >= 0.999 * t->mean * (double)c->buckets &&
			       (double)c->entries <= 1.001 * t->mean * (double)c->buckets
		       ? 2
		       : 1;
	t->freedom = classes > lost ? classes - lost : 0;
	t->p = t->freedom ? stats_chi_square_above(t->chi2, t->freedom) : NAN;
}

void chains_judge(const struct ct_chains *c, double mean, struct chains_test *t)
{
	*t = (struct chains_test){ .chi2 = NAN, .p = NAN };
	if (!c->buckets)
		return;
	t->mean = mean > 0 ? mean : (double)c->entries / (double)c->buckets;
	moments(c, t);
	if (t->mean > 0 && c->kind == CT_BUCKET_CHAIN)
		chi_square(c, t);
}

json_t *chains_json(const struct ct_chains *c, const struct chains_test *t)
{
	json_t *lengths = json_array(), *poisson = json_array(), *json;
	unsigned int last =
		c->longest < CT_CHAIN_LENGTHS ? (unsigned int)c->longest : CT_CHAIN_LENGTHS - 1;

	for (unsigned int n = 0; n <= last; n++) {
		double share = t->mean > 0 ? expected(c, t->mean, n) : 0;

		json_array_append_new(lengths, json_integer((json_int_t)c->length[n]));
		json_array_append_new(poisson, json_real(round(share * 10) / 10));
	}
	json = json_pack("{s:I, s:f, s:f, s:I, s:o}", "buckets", (json_int_t)c->buckets, "mean",
			 t->mean, "variance", t->variance, "longest", (json_int_t)c->longest,
			 "lengths", lengths);
	if (c->kind == CT_BUCKET_CHAIN) {
		json_object_set(json, "poisson", poisson);
		json_object_set_new(json, "freedom", json_integer((json_int_t)t->freedom));
	}
	json_decref(poisson);
	if (isfinite(t->chi2))
		json_object_set_new(json, "chi2", json_real(t->chi2));
	if (isfinite(t->p))
		json_object_set_new(json, "p", json_real(t->p));
	return json;
}
