/* SPDX-License-Identifier: MIT */
/* The table of further statistics; see table.h. */
#include "harness/show/table/table.h"

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/results/figures.h"
#include "harness/show/table/internal.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Does any cell of the workload have a value that is not 0? A column of zeros is left out. */
static bool is_told(json_t *cells, const char *workload, const struct figure *f)
{
	const char *key;
	json_t *cell;

	json_object_foreach(cells, key, cell) {
		double value = table_metric(cell, f);

		if (!strcmp(text_of(cell, "workload"), workload) && isfinite(value) && value != 0)
			return true;
	}
	return false;
}

int table_inside(struct grid *g, const json_t *report, const json_t *workload)
{
	const json_t *varying = json_object_get(workload, "varying");
	const char *name = text_of(workload, "name"), *key;
	const struct figure *told[GRID_COLUMNS_MAX], *f = NULL;
	json_t *cells = json_object_get(report, "cells"), *cell;
	size_t nr = 0, at;

	while ((f = figure_next(f, FIGURE_METRIC)) && nr < GRID_COLUMNS_MAX)
		if (f->shown == BEHIND && is_told(cells, name, f))
			told[nr++] = f;
	*g = (struct grid){ .columns = 1 + json_array_size(varying) + nr, .left = { true } };
	if (g->columns > GRID_COLUMNS_MAX)
		return -E2BIG;
	if (!grid_add_row(g))
		return -ENOMEM;
	at = table_put_parameters(g, varying, NULL);
	for (size_t i = 0; i < nr; i++)
		grid_put(g, at + i, told[i]->heading);
	json_object_foreach(cells, key, cell) {
		if (!nr || strcmp(text_of(cell, "workload"), name) ||
		    !json_integer_value(json_object_get(cell, "n")) || !grid_add_row(g))
			continue;
		at = table_put_parameters(g, varying, cell);
		for (size_t i = 0; i < nr; i++)
			table_put_number(g, at + i, table_metric(cell, told[i]));
	}
	return g->failed ? -ENOMEM : 0;
}
