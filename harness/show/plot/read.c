/* SPDX-License-Identifier: MIT */
/* What plots read from benchmark.json; see internal.h. */
#include "harness/show/plot/internal.h"

#include "harness/results/figures.h"

#include <math.h>
#include <string.h>

struct plot_figure plot_value(const json_t *cell, const char *metric)
{
	const char *name = metric ? metric : "mops";
	const json_t *m = within(cell, "metrics", name);
	double value = number_of(metric ? m : json_object_get(cell, name), "median");
	double low = number_of(m, "ci_low"), high = number_of(m, "ci_high");

	return (struct plot_figure){ value, isfinite(low) ? low : value,
				     isfinite(high) ? high : value };
}

const char *plot_unit(const char *metric)
{
	return metric ? metric_words(metric).unit : "millions per second";
}

const json_t *plot_parameters(const json_t *cell)
{
	return json_object_get(cell, "parameters");
}

bool plot_varies(const json_t *workload, const char *parameter)
{
	return list_has(json_object_get(workload, "varying"), parameter);
}

bool plot_is_of(const json_t *cell, const json_t *workload)
{
	return !strcmp(text_of(cell, "workload"), text_of(workload, "name")) &&
	       !json_is_true(json_object_get(cell, "control"));
}

json_t *plot_cells(const json_t *benchmark)
{
	return within(benchmark, "ctbench", "cells");
}

unsigned int plot_variant_index(const struct plot_group *g, const json_t *of)
{
	const char *seen[256], *name;
	unsigned int nr = 0;
	json_t *cell;

	json_object_foreach(plot_cells(g->benchmark), name, cell) {
		const char *variant = text_of(cell, "variant");
		unsigned int i = 0;

		if (!plot_is_of(cell, g->workload))
			continue;
		while (i < nr && strcmp(seen[i], variant))
			i++;
		if (!strcmp(variant, text_of(of, "variant")))
			return i;
		if (i == nr && nr < 256)
			seen[nr++] = variant;
	}
	return nr;
}
