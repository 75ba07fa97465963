/* SPDX-License-Identifier: MIT */
/*
 * Reports of runs that never were: cells with figures out of a model of a noisy
 * machine, measured in shuffled blocks as a run does.
 */
#ifndef CTBENCH_TESTS_FAKE_REPORT_H
#define CTBENCH_TESTS_FAKE_REPORT_H

#include "harness/numbers/metric.h"
#include "harness/numbers/random.h"
#include "variants/variant.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum fake_noise {
	FAKE_LOGNORMAL,		/* 3 % */
	FAKE_HEAVY,		/* some measurements up to a third slower */
	FAKE_DRIFT,		/* the machine becomes a fifth slower during the run, and wanders */
	FAKE_BIMODAL,		/* a third of the measurements is a quarter slower */
	FAKE_STICKY,		/* the same, and once slow it stays so for some ten measurements */
	FAKE_NOISES,
};

static const char *const fake_noise_names[FAKE_NOISES] = {
	"lognormal", "heavy tail", "drift", "bimodal", "bimodal, sticky",
};

struct fake_machine {
	enum fake_noise noise;
	struct rng rng;
	double walk;
	bool slow;
};

static double fake_normal(struct rng *r)
{
	return sqrt(-2 * log(1 - rng_double(r))) * cos(2 * M_PI * rng_double(r));
}

/* The factor on the next figure; share: how much of the run has passed. */
static double fake_factor(struct fake_machine *m, double share)
{
	double x = 0.02 * fake_normal(&m->rng);

	switch (m->noise) {
	case FAKE_LOGNORMAL:
		x *= 1.5;
		break;
	case FAKE_HEAVY:
		x -= rng_double(&m->rng) < 0.15 ? 0.4 * rng_double(&m->rng) : 0;
		break;
	case FAKE_DRIFT:
		m->walk += 0.005 * fake_normal(&m->rng);
		x += m->walk - 0.2 * share;
		break;
	case FAKE_BIMODAL:
		x -= rng_double(&m->rng) < 0.33 ? 0.28 : 0;
		break;
	case FAKE_STICKY:
		if (rng_double(&m->rng) < (m->slow ? 0.1 : 0.05))
			m->slow = !m->slow;
		x -= m->slow ? 0.28 : 0;
		break;
	case FAKE_NOISES:
		break;
	}
	return exp(x);
}

struct fake_cell {
	const char *variant;
	int threads;
	bool control;
	double truth;		/* of the metric */
	double values[64];
};

struct fake_run {
	struct fake_cell cells[64];
	unsigned int nr, repeats;
	const char *metric;
};

/* The eight tables of the title question with one and two threads, and a control. */
static void fake_axes(struct fake_run *run)
{
	static const char *const names[] = {
		"nulls_rcu_jhash2_scale_seqcount", "nulls_rcu_jhash2_scale_rwlock",
		"nulls_rcu_jhash2_mask_seqcount", "nulls_rcu_jhash2_mask_rwlock",
		"locked_jhash2_scale_seqcount", "locked_jhash2_scale_rwlock",
		"locked_jhash2_mask_seqcount", "locked_jhash2_mask_rwlock",
	};

	memset(run, 0, sizeof(*run));
	run->repeats = 9;
	run->metric = "mops";
	for (unsigned int i = 0; i < 16; i++)
		run->cells[run->nr++] = (struct fake_cell){ names[i / 2], 1 + i % 2, false,
							    3 + i % 2, { 0 } };
	run->cells[run->nr++] = (struct fake_cell){ names[0], 2, true, 4, { 0 } };
}

static void fake_measure(struct fake_run *run, enum fake_noise noise, uint64_t seed)
{
	struct fake_machine m = { .noise = noise };

	rng_seed(&m.rng, seed);
	for (unsigned int block = 0; block < run->repeats; block++) {
		unsigned int order[64];

		for (unsigned int i = 0; i < run->nr; i++) {
			unsigned int k = (unsigned int)rng_below(&m.rng, i + 1);

			order[i] = order[k];
			order[k] = i;
		}
		for (unsigned int i = 0; i < run->nr; i++) {
			struct fake_cell *c = &run->cells[order[i]];

			c->values[block] = c->truth *
				fake_factor(&m, (block + (double)i / run->nr) / run->repeats);
		}
	}
}

/* As run_report() makes it, without what only tables and plots read. */
static json_t *fake_report(const struct fake_run *run)
{
	json_t *cells = json_object(), *report;
	char name[256];

	for (unsigned int i = 0; i < run->nr; i++) {
		const struct fake_cell *c = &run->cells[i];
		const struct ct_variant *v = ct_variant_find(c->variant);
		json_t *metrics = json_object(), *axes = json_object();

		for (unsigned int a = 0; v && a < CT_NR_AXES; a++)
			json_object_set_new(axes, ct_axis_name(a),
					    json_string(ct_axis_value(&v->axes, a)));
		metric_put(metrics, run->metric, c->values, run->repeats);
		snprintf(name, sizeof(name), "w/%s/threads:%d%s", c->variant, c->threads,
			 c->control ? "/control" : "");
		json_object_set_new(cells, name, json_pack(
			"{s:s, s:s, s:b, s:b, s:o, s:o, s:{s:s, s:i, s:i, s:f, s:i, s:b}}", "workload",
			"w", "variant", c->variant, "control", c->control, "worst_case",
			v && v->flags & CT_V_WORST, "axes", axes, "metrics", metrics, "parameters",
			"variant", c->variant, "threads", c->threads, "flows", 65536, "load_factor",
			1.0, "buckets", 65536, "buckets_rounded", 0));
	}
	report = json_pack("{s:i, s:b, s:[{s:s, s:[s, s]}], s:o}", "format", 1, "interleaved", 1,
			   "workloads", "name", "w", "varying", "variant", "threads", "cells", cells);
	return report;
}

#endif
