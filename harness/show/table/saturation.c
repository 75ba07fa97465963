/* SPDX-License-Identifier: MIT */
/* The table of the highest rates that were found. */
#include "harness/show/table/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/results/bounds.h"
#include "harness/results/figures.h"
#include "harness/base/json_read.h"

enum { RATE, INTERVAL, SEARCHES, NOTE, NR_COLUMNS };

size_t table_saturation_columns(void)
{
	return NR_COLUMNS;
}

static const struct figure *found_figure(void)
{
	return figure_find(FIGURE_METRIC, "saturation_per_s");
}

void table_saturation_header(struct grid *g, const json_t *varying, const char *unit __maybe_unused)
{
	size_t at;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, NULL);
	grid_put(g, at + RATE, found_figure()->heading);
	grid_put(g, at + SEARCHES, "searches");
	g->left[at + NOTE] = true;
}

/* "; 2 were late even at 0.01 M/s" */
static void add_note(char *buf, size_t size, json_int_t n, const char *what, double rate)
{
	size_t len = strlen(buf);

	if (n)
		snprintf(buf + len, size - len, "%s%" JSON_INTEGER_FORMAT " %s %.3g M/s",
			 len ? "; " : "", n, what, rate / 1e6);
}

void table_saturation_row(struct grid *g, const json_t *varying, const json_t *cell)
{
	const struct figure *f = found_figure();
	const json_t *found = within(cell, "metrics", f->name);
	const json_t *asked = json_object_get(cell, "saturation");
	char text[512];
	size_t at;

	if (!grid_add_row(g))
		return;
	at = table_put_parameters(g, varying, cell);
	table_put_number(g, at + RATE, table_metric(cell, f));
	table_put_interval(g, at + INTERVAL, found, figure_scale(f));
	if (isfinite(number_of(found, "n"))) {
		snprintf(text, sizeof(text), "%.0f", number_of(found, "n"));
		grid_put(g, at + SEARCHES, text);
	}
	table_note(text, sizeof(text), cell);
	add_note(text, sizeof(text), json_integer_value(json_object_get(asked, "below")),
		 "late even at", number_of(asked, "from_per_s"));
	add_note(text, sizeof(text), json_integer_value(json_object_get(asked, "beyond")),
		 "without a limit up to", number_of(asked, "to_per_s"));
	grid_put(g, at + NOTE, text);
}

void table_saturation_remark(char *buf, size_t size, const json_t *report, const char *workload)
{
	double threads = 0, away;
	const char *name, *percentile = "";
	json_int_t below = 0;
	json_t *cell;

	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		const json_t *asked = json_object_get(cell, "saturation");

		if (!asked || strcmp(text_of(cell, "workload"), workload))
			continue;
		percentile = text_of(asked, "percentile");
		threads = fmax(threads, number_of(json_object_get(cell, "parameters"), "threads"));
		snprintf(buf, size,
			 "Highest rates, in million operations per second, at which %.8s of the "
			 "time from the intended start is at most %g us. Medians of the searches, "
			 "which are precise to %g %%.",
			 percentile, number_of(asked, "bound_ns") / 1e3,
			 100 * number_of(asked, "precision"));
		below += json_integer_value(json_object_get(asked, "below"));
	}
	away = bounds_away_ns(json_object_get(report, "bounds"), (unsigned int)threads, percentile);
	if (isfinite(away))
		snprintf(buf + strlen(buf), size - strlen(buf),
			 " Interrupts and hypervisor steal alone reach %.3g us at this percentile, "
			 "with any table.",
			 away / 1e3);
	if (below)
		snprintf(buf + strlen(buf), size - strlen(buf),
			 " Some searches were late even at the lowest rate. Percentiles include "
			 "interrupts and stolen time: ask for a lower percentile (--p50), or use "
			 "another machine.");
}
