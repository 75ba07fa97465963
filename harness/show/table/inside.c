/* SPDX-License-Identifier: MIT */
/* What lies behind the figures, as a table: see table.h. */
#include "harness/show/table/table.h"

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/show/table/internal.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* A metric of a cell (details.h), and how its column is called. */
static const struct {
	const char *metric, *column;
	double scale; /* of the metric */
} inside[] = {
	{ "search_restart", "restarts", 1 },
	{ "chain_longest", "longest chain", 1 },
	{ "chain_poisson_p", "p (Poisson)", 1 },
	{ "lock_waits_per_million_ops", "lock waits/M", 1 },
	{ "lock_wait_percent", "waited %", 1 },
	{ "resize_wait_percent", "waited for resize %", 1 },
	{ "clash_resolve", "clashes", 1 },
	{ "early_drop", "early drops", 1 },
	{ "grace_mean_us", "grace us", 1 },
	{ "grace_longest_us", "longest us", 1 },
	{ "waiting_peak_bytes", "waiting B", 1 },
	{ "allocated_bytes_per_connection", "allocated B/conn", 1 },
	{ "rss_bytes", "RSS MiB", 1.0 / (1 << 20) },
	{ "huge_pages_percent", "huge pages %", 1 },
	{ "pace_ns", "pace ns", 1 },
	{ "cycles_per_op", "cycles/op", 1 },
	{ "instructions_per_op", "instr/op", 1 },
	{ "llc_misses_per_op", "LLC misses/op", 1 },
	{ "dtlb_misses_per_op", "dTLB misses/op", 1 },
};
#define NR_INSIDE (sizeof(inside) / sizeof(inside[0]))

static double inside_of(const json_t *cell, size_t i)
{
	return inside[i].scale *
	       number_of(json_object_get(json_object_get(cell, "metrics"), inside[i].metric),
			 "median");
}

static void inside_row(struct grid *g, const json_t *varying, const json_t *cell, const bool *told)
{
	size_t at;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, cell);
	for (size_t i = 0; i < NR_INSIDE; i++)
		if (told[i])
			table_put_number(g, at + i, inside_of(cell, i));
}

int table_inside(struct grid *g, const json_t *report, const json_t *workload)
{
	const json_t *varying = json_object_get(workload, "varying");
	const char *name = text_of(workload, "name"), *key;
	json_t *cells = json_object_get(report, "cells"), *cell;
	bool told[NR_INSIDE] = { false }, any = false;
	size_t at, i;

	*g = (struct grid){ .columns = 1 + json_array_size(varying) + NR_INSIDE, .left = { true } };
	if (g->columns > GRID_COLUMNS_MAX)
		return -E2BIG;
	/* A column of zeros says no more than none. */
	json_object_foreach(cells, key, cell) for (i = 0; i < NR_INSIDE; i++) told[i] |=
		!strcmp(text_of(cell, "workload"), name) && isfinite(inside_of(cell, i)) &&
		inside_of(cell, i) != 0;
	if (!grid_add_row(g))
		return -ENOMEM;
	at = table_put_parameters(g, varying, NULL);
	for (i = 0; i < NR_INSIDE; i++) {
		any |= told[i];
		if (told[i])
			grid_put(g, at + i, inside[i].column);
	}
	json_object_foreach(cells, key, cell) if (any && !strcmp(text_of(cell, "workload"), name) &&
						  json_integer_value(json_object_get(cell, "n")) &&
						  !g->failed) inside_row(g, varying, cell, told);
	return g->failed ? -ENOMEM : 0;
}
