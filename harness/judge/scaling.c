/* SPDX-License-Identifier: MIT */
/* How far tables scale beyond this machine's CPUs: a model; see scaling.h. */
#include "harness/judge/scaling.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/base/text.h"
#include "harness/judge/judge.h"
#include "harness/numbers/random.h"
#include "harness/numbers/stats.h"

#define COUNTS_MOST 32
#define RESAMPLES   1000
#define SAID_MOST   8 /* tables that a sentence names */

/* Throughput of one table by numbers of threads, the first of them one. */
struct series {
	const json_t *cell; /* of one thread */
	size_t nr;
	double threads[COUNTS_MOST];
	double *logs[COUNTS_MOST]; /* of a repeat's throughput */
	size_t repeats[COUNTS_MOST];
};

struct model {
	double contention, coherence;
	double peak; /* threads beyond which throughput falls; INFINITY: none */
	double most; /* highest throughput as a multiple of one thread's; INFINITY: no limit */
};

/* ---- the law ---- */

static double speedup(const struct model *m, double n)
{
	return n / (1 + m->contention * (n - 1) + m->coherence * n * (n - 1));
}

/*
 * N / speedup(N) - 1 = (N - 1) (contention + coherence N): a line in N, fitted by weighted least
 * squares; the weight of a point is how a relative error of its throughput changes it. Neither part
 * can be negative; with a single point besides one thread the two cannot be told apart.
 */
static struct model fit(const double *threads, const double *gained, size_t nr)
{
	double w = 0, wn = 0, wnn = 0, wy = 0, wny = 0, slope;
	struct model m = { 0 };

	for (size_t i = 1; i < nr; i++) {
		double n = threads[i], y = (n / gained[i] - 1) / (n - 1);
		double weight = pow((n - 1) * gained[i] / n, 2);

		w += weight;
		wn += weight * n;
		wnn += weight * n * n;
		wy += weight * y;
		wny += weight * n * y;
	}
	slope = w * wnn - wn * wn;
	m.coherence = nr > 2 && slope > 0 ? fmax(0, (w * wny - wn * wy) / slope) : 0;
	m.contention = (wy - m.coherence * wn) / w;
	if (m.contention < 0) {
		m.contention = 0;
		m.coherence = nr > 2 ? fmax(0, wny / wnn) : 0;
	}
	m.peak =
		m.coherence > 0 ? fmax(1, sqrt(fmax(0, 1 - m.contention) / m.coherence)) : INFINITY;
	m.most = isfinite(m.peak)   ? speedup(&m, m.peak)
		 : m.contention > 0 ? 1 / m.contention
				    : INFINITY;
	return m;
}

static double mean_of(const double *values, size_t n, struct rng *resample)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += values[resample ? rng_below(resample, n) : i];
	return sum / (double)n;
}

static struct model fit_series(const struct series *s, struct rng *resample)
{
	double gained[COUNTS_MOST], one = mean_of(s->logs[0], s->repeats[0], resample);

	for (size_t i = 0; i < s->nr; i++)
		gained[i] = i ? exp(mean_of(s->logs[i], s->repeats[i], resample) - one) : 1;
	return fit(s->threads, gained, s->nr);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The interval leaves out `cut` resamples on either side.  Values without a limit are left out. */
static void put(json_t *out, const char *key, double value, double *resampled, size_t cut)
{
	char name[32];

	qsort(resampled, RESAMPLES, sizeof(*resampled), by_size);
	if (isfinite(value))
		json_object_set_new(out, key, json_real(value));
	snprintf(name, sizeof(name), "%s_low", key);
	if (isfinite(resampled[cut]))
		json_object_set_new(out, name, json_real(resampled[cut]));
	snprintf(name, sizeof(name), "%s_high", key);
	if (isfinite(resampled[RESAMPLES - 1 - cut]))
		json_object_set_new(out, name, json_real(resampled[RESAMPLES - 1 - cut]));
}

/* As everywhere (stats.h): few repeats need more than the middle 95 % of the resamples. */
static size_t left_out(const struct series *s)
{
	size_t least = s->repeats[0], df = 0;

	for (size_t i = 0; i < s->nr; i++) {
		least = s->repeats[i] < least ? s->repeats[i] : least;
		df += s->repeats[i] - 1;
	}
	return (size_t)(stats_tail_share(least, (double)df) * RESAMPLES);
}

static json_t *series_to_json(const struct series *s, const json_t *others)
{
	double(*drawn)[RESAMPLES] = memory_array(4, sizeof(*drawn));
	json_t *out = NULL, *threads;
	struct model m = fit_series(s, NULL);
	struct rng rng;

	rng_seed(&rng, STATS_SEED);
	for (size_t k = 0; k < RESAMPLES; k++) {
		struct model r = fit_series(s, &rng);

		drawn[0][k] = r.contention;
		drawn[1][k] = r.coherence;
		drawn[2][k] = r.peak;
		drawn[3][k] = r.most;
	}
	threads = json_array();
	for (size_t i = 0; i < s->nr; i++)
		json_array_append_new(threads, json_integer((json_int_t)s->threads[i]));
	out = json_pack("{s:O, s:O, s:O, s:o}", "workload", json_object_get(s->cell, "workload"),
			"variant", json_object_get(s->cell, "variant"), "at", others, "threads",
			threads);
	put(out, "contention", m.contention, drawn[0], left_out(s));
	put(out, "coherence", m.coherence, drawn[1], left_out(s));
	put(out, "peak_threads", m.peak, drawn[2], left_out(s));
	put(out, "most_times", m.most, drawn[3], left_out(s));
	free(drawn);
	return out;
}

/* ---- which cells ---- */

/* The varying parameters of a cell without its threads; new. */
static json_t *others_of(const json_t *workload, const json_t *cell)
{
	json_t *parameters = json_object_get(cell, "parameters"), *out = json_object(), *name;
	size_t i;

	json_array_foreach(json_object_get(workload, "varying"), i, name) {
		const char *key = json_string_value(name);

		if (key && strcmp(key, "threads") && strcmp(key, "variant"))
			json_object_set(out, key, json_object_get(parameters, key));
	}
	return out;
}

static bool alike(const json_t *workload, const json_t *a, const json_t *b)
{
	json_t *x = others_of(workload, a), *y = others_of(workload, b);
	bool same = json_equal(x, y) &&
		    json_equal(json_object_get(a, "variant"), json_object_get(b, "variant")) &&
		    json_equal(json_object_get(a, "workload"), json_object_get(b, "workload"));

	json_decref(x);
	json_decref(y);
	return same && !json_is_true(json_object_get(b, "control"));
}

static double threads_of(const json_t *cell)
{
	return number_of(json_object_get(cell, "parameters"), "threads");
}

/* False without memory; a cell with too few values is left out. */
static bool add_count(struct series *s, const json_t *cell)
{
	json_t *values = json_object_get(within(cell, "metrics", "mops"), "values"), *value;
	double *logs = memory_array(json_array_size(values) + 1, sizeof(*logs));
	size_t i, n = 0;

	json_array_foreach(values, i, value) {
		if (json_number_value(value) > 0)
			logs[n++] = log(json_number_value(value));
	}
	if (n < STATS_LEAST || s->nr == COUNTS_MOST) {
		free(logs);
		return true;
	}
	s->threads[s->nr] = threads_of(cell);
	s->repeats[s->nr] = n;
	s->logs[s->nr++] = logs;
	return true;
}

static int add_series(json_t *list, const json_t *report, const json_t *workload, const json_t *one)
{
	json_t *cells = json_object_get(report, "cells"), *cell, *others, *row = NULL;
	struct series s = { .cell = one };
	bool memory = add_count(&s, one);
	const char *name;

	json_object_foreach(cells, name, cell)
		if (memory && s.nr && threads_of(cell) > 1 && alike(workload, one, cell))
			memory = add_count(&s, cell);
	others = others_of(workload, one);
	if (memory && s.nr > 1) {
		row = series_to_json(&s, others);
		memory = row && !json_array_append_new(list, row);
	}
	json_decref(others);
	for (size_t i = 0; i < s.nr; i++)
		free(s.logs[i]);
	return memory ? 0 : -ENOMEM;
}

static int add_workload(json_t *list, const json_t *report, const json_t *workload)
{
	json_t *cells = json_object_get(report, "cells"), *cell;
	const char *name = text_of(workload, "name"), *metric = judge_metric(report, name), *key;
	int err = 0;

	if (!metric || strcmp(metric, "mops"))
		return 0;
	json_object_foreach(cells, key, cell)
		if (!err && !strcmp(text_of(cell, "workload"), name) && threads_of(cell) == 1 &&
		    !json_is_true(json_object_get(cell, "control")) &&
		    !json_is_true(json_object_get(cell, "worst_case")))
			err = add_series(list, report, workload, cell);
	return err;
}

int judge_scaling(json_t *report)
{
	return judge_each_workload(report, "scaling", add_workload);
}

/* ---- in words ---- */

static double most_of(const json_t *row)
{
	double most = number_of(row, "most_times");

	return isfinite(most) ? most : INFINITY;
}

/* "3.1 [2.5, 4]": a limit with its interval; without an upper end "at least 2.5". */
static void say_limit(char *buf, size_t size, size_t *at, const json_t *row)
{
	double most = most_of(row), low = number_of(row, "most_times_low");
	double high = number_of(row, "most_times_high"), peak = number_of(row, "peak_threads");

	text_add(buf, size, at, "%s ", text_of(row, "variant"));
	if (isfinite(most) && isfinite(high))
		text_add(buf, size, at, "at most %.2g [%.2g, %.2g] times one thread", most, low,
			 high);
	else if (isfinite(low))
		text_add(buf, size, at, "at least %.2g times", low);
	else
		text_add(buf, size, at, "no limit seen");
	if (isfinite(most) && isfinite(peak))
		text_add(buf, size, at, ", reached with %.2g threads", peak);
}

static int by_limit(const void *a, const void *b)
{
	double x = most_of(*(const json_t *const *)a), y = most_of(*(const json_t *const *)b);

	return (x > y) - (x < y);
}

void judge_scaling_text(char *buf, size_t size, const json_t *report, const char *workload)
{
	const json_t *rows[256];
	json_t *row, *n;
	size_t i, nr = 0, at = 0;

	buf[0] = '\0';
	json_array_foreach(json_object_get(report, "scaling"), i, row) {
		if (!strcmp(text_of(row, "workload"), workload) && nr < 256)
			rows[nr++] = row;
	}
	/* If other parameters vary too, there are too many to name. */
	if (!nr || nr > SAID_MOST || json_object_size(json_object_get(rows[0], "at")))
		return;
	qsort(rows, nr, sizeof(rows[0]), by_limit);
	text_add(buf, size, &at, "a model of more CPUs like these (");
	text_add(buf, size, &at, "%s, fitted to ",
		 json_array_size(json_object_get(rows[0], "threads")) > 2
			 ? "universal scalability law"
			 : "Amdahl's law");
	json_array_foreach(json_object_get(rows[0], "threads"), i, n)
		text_add(buf, size, &at, "%s%.0f", i ? ", " : "", json_number_value(n));
	text_add(buf, size, &at, " threads; not measured): ");
	for (i = 0; i < nr; i++) {
		text_add(buf, size, &at, "%s", i ? "; " : "");
		say_limit(buf, size, &at, rows[i]);
	}
}
