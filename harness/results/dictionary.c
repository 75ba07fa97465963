/* SPDX-License-Identifier: MIT */
#include "harness/results/dictionary.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/base/memory.h"
#include "harness/results/figures.h"
#include "harness/workload/axis_text.h"
#include "harness/workload/parameters.h"
#include "harness/workload/variant_facts.h"

struct listing {
	void (*fn)(void *arg, const struct dictionary_entry *entry);
	void *arg;
	const char *file;
};

static void
tell(const struct listing *l, const char *column, const char *unit, int better, const char *meaning)
{
	const struct dictionary_entry entry = {
		l->file, column, unit, better > 0 ? "more" : better < 0 ? "less" : "", meaning,
	};

	l->fn(l->arg, &entry);
}

static void tell_columns(struct listing *l)
{
	l->file = "cells.tsv";
	for (size_t i = 0; i < nr_result_columns; i++) {
		const struct result_column *c = &result_columns[i];
		const struct figure *f = figure_find(FIGURE_METRIC, c->name);

		tell(l, c->name, c->unit, f ? (int)f->better : 0,
		     figure_meaning(c->name, c->meaning));
	}
}

/* A figure in results.tsv: its median over the good repeats, and for some also the quartiles. */
static void tell_points(const struct listing *l, const struct figure *f)
{
	char column[96], meaning[256];

	for (size_t i = 0; i < NR_POINTS; i++) {
		snprintf(meaning, sizeof(meaning), "%s; %s of the good repeats",
			 figure_meaning(f->name, f->meaning), figure_points[i].meaning);
		snprintf(column, sizeof(column), "%s%s%s", f->tsv ? f->tsv : f->name,
			 f->spread ? "_" : "", f->spread ? figure_points[i].name : "");
		tell(l, column, f->unit, f->better, meaning);
		if (!f->spread)
			break;
	}
}

static void tell_cells(struct listing *l)
{
	const struct figure *f = NULL;
	const char *axis;
	char column[96];

	l->file = "results.tsv";
	tell(l, "name", "", 0, "name of the cell");
	for (size_t i = PARAM_FIRST_FIELD; i < NR_PARAMS; i++)
		if (i != PARAM_REPEATS) /* one of the facts */
			tell(l, parameter_column(&parameters[i]), "", 0, parameters[i].meaning);
	tell(l, "workload", "", 0, "name of the workload that the cell belongs to");
	tell(l, "buckets_rounded", "", 0,
	     "1 if the variant takes only powers of two and got the nearest number of buckets");
	for (unsigned int i = 0; (axis = variant_axis_name(i)); i++) {
		snprintf(column, sizeof(column), "axis_%s", axis);
		tell(l, column, "", 0, axis_text(axis) ? axis_text(axis) : "");
	}
	for (size_t i = 0; i < nr_result_facts; i++)
		tell(l, result_facts[i].name, "", 0, result_facts[i].meaning);
	while ((f = figure_next(f, FIGURE_CELL)))
		tell_points(l, f);
}

static void tell_slices(struct listing *l)
{
	l->file = "slices.tsv";
	tell(l, "name", "", 0, "name of the cell");
	for (size_t i = 0; i < nr_result_slices; i++)
		tell(l, result_slices[i].name, result_slices[i].unit, 0, result_slices[i].meaning);
}

static void tell_report(struct listing *l)
{
	const struct figure *f = NULL;
	char key[96], meaning[256];

	l->file = "benchmark.json";
	while ((f = figure_next(f, FIGURE_METRIC))) {
		snprintf(key, sizeof(key), "metrics.%s", f->name);
		tell(l, key, f->unit, f->better, figure_meaning(f->name, f->meaning));
		if (!f->of_classes)
			continue;
		snprintf(key, sizeof(key), "metrics.KIND_%s", f->name);
		snprintf(meaning, sizeof(meaning),
			 "%s of one kind of operation, as in lookup_hit_%s",
			 figure_meaning(f->name, f->meaning), f->name);
		tell(l, key, f->unit, f->better, meaning);
	}
	while ((f = figure_next(f, FIGURE_SERIES))) {
		snprintf(key, sizeof(key), "timeline.series.%s", f->name);
		tell(l, key, f->unit, f->better, figure_meaning(f->name, f->meaning));
	}
}

void dictionary_each(void (*fn)(void *arg, const struct dictionary_entry *entry), void *arg)
{
	struct listing l = { .fn = fn, .arg = arg };

	tell_columns(&l);
	tell_cells(&l);
	tell_slices(&l);
	tell_report(&l);
}

static void print_entry(void *arg, const struct dictionary_entry *e)
{
	fprintf(arg, "%s\t%s\t%s\t%s\t%s\n", e->file, e->column, *e->unit ? e->unit : "-",
		*e->better ? e->better : "-", e->meaning);
}

char *dictionary_text(size_t *len)
{
	char *text = NULL;
	FILE *out = memory_stream(&text, len);

	fputs("file\tcolumn\tunit\tbetter\tmeaning\n", out);
	dictionary_each(print_entry, out);
	memory_stream_close(out, &text);
	return text;
}
