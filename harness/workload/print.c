/* SPDX-License-Identifier: MIT */
/* The names of cells, workloads as JSON, and what --dry-run prints. */
#include "harness/base/text.h"
#include "harness/workload/internal.h"
#include "variants/variant.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024

int cell_name(const struct workload *w, const struct cell *cell, char *buf, size_t size)
{
	char text[TEXT_MAX];
	size_t at = 0;

	text_add(buf, size, &at, "%s/%s", w->name, cell->variant);
	for (unsigned int i = 0; i < cell_nr_params(); i++) {
		const char *value = text;

		if (!(w->varying >> i & 1) || i + PARAM_FIRST_OF_CELL == PARAM_VARIANTS)
			continue;
		cell_param_text(cell, i, text, sizeof(text));
		if (strrchr(text, '/')) /* of a capture's path, the file */
			value = strrchr(text, '/') + 1;
		for (char *p = text; *p; p++)
			if (*p == ' ')
				*p = ',';
		text_add(buf, size, &at, "/%s:%s", cell_param_name(i), value);
	}
	if (cell->program[0])
		text_add(buf, size, &at, "/program:%s", cell->program);
	if (cell->control)
		text_add(buf, size, &at, "/control");
	return (int)at;
}

static json_t *param_to_json(const struct cell *cell, int id)
{
	const struct parameter *p = &parameters[id];
	char text[TEXT_MAX];

	switch (parameter_json(p)) {
	case JSON_COUNT:
		return json_integer((json_int_t)parameter_number(p, cell));
	case JSON_NUMBER:
		return json_real(parameter_number(p, cell));
	}
	p->type->print(p, cell, text, sizeof(text));
	return parameter_json(p) == JSON_SWITCH ? json_boolean(!strcmp(text, "true"))
						: json_string(text);
}

json_t *cell_to_json(const struct cell *cell)
{
	json_t *object = json_object();
	int failed = !object;

	for (int id = PARAM_FIRST_FIELD; id < NR_PARAMS && !failed; id++)
		failed = json_object_set_new(object, parameter_column(&parameters[id]),
					     param_to_json(cell, id));
	if (!failed)
		failed = json_object_set_new(object, "workload", json_string(cell->suite)) ||
			 json_object_set_new(object, "buckets_rounded",
					     json_boolean(cell->buckets_rounded));
	if (!failed && cell->key_set[0])
		failed = json_object_set_new(object, "key_set", json_string(cell->key_set));
	if (!failed && cell->program[0])
		failed = json_object_set_new(object, "program", json_string(cell->program));
	if (failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* The distinct values of a parameter, in the order of the cells. */
static json_t *values_to_json(const struct workload *w, int id)
{
	json_t *values = json_array();

	for (size_t i = 0; i < w->nr_cells && values; i++) {
		json_t *value = param_to_json(&w->cells[i], id), *have;
		bool known = false;
		size_t j;

		json_array_foreach(values, j, have)
			known |= json_equal(have, value);
		if (known)
			json_decref(value);
		else if (json_array_append_new(values, value)) {
			json_decref(values);
			values = NULL;
		}
	}
	return values;
}

static json_t *plots_to_json(unsigned int plots)
{
	json_t *names = json_array();

	for (size_t i = 0; i < NR_PLOT_KINDS && names; i++)
		if (plots & plot_kinds[i].bit &&
		    json_array_append_new(names, json_string(plot_kinds[i].name))) {
			json_decref(names);
			names = NULL;
		}
	return names;
}

json_t *workload_to_json(const struct workload *w)
{
	json_t *root = json_object(), *values = json_object(), *cells = json_array();
	json_t *varying = json_array();
	char name[TEXT_MAX];
	int failed = !root || !values || !cells || !varying;

	for (int id = PARAM_FIRST_FIELD; id < NR_PARAMS && !failed; id++) {
		failed = json_object_set_new(values, parameter_column(&parameters[id]),
					     values_to_json(w, id));
		if (!failed && id >= PARAM_FIRST_OF_CELL &&
		    w->varying >> (id - PARAM_FIRST_OF_CELL) & 1)
			failed = json_array_append_new(
				varying, json_string(parameter_column(&parameters[id])));
	}
	for (size_t i = 0; i < w->nr_cells && !failed; i++) {
		json_t *cell = cell_to_json(&w->cells[i]);

		cell_name(w, &w->cells[i], name, sizeof(name));
		failed = json_array_append_new(cells, cell) ||
			 json_object_set_new(cell, "name", json_string(name));
	}
	if (!failed)
		failed = json_object_set_new(root, "name", json_string(w->name)) ||
			 json_object_set_new(root, "question", json_string(w->question)) ||
			 json_object_set_new(root, "path", json_string(w->path)) ||
			 json_object_set_new(root, "plots", plots_to_json(w->plots));
	/* json_object_set_new() takes the reference even when it fails. */
	if (!failed && !json_object_set(root, "parameters", values) &&
	    !json_object_set(root, "varying", varying) && !json_object_set(root, "cells", cells)) {
		json_decref(values);
		json_decref(varying);
		json_decref(cells);
		return root;
	}
	json_decref(root);
	json_decref(values);
	json_decref(varying);
	json_decref(cells);
	return NULL;
}

char *workload_resolved_json(const struct workload *w)
{
	json_t *root = workload_to_json(w);
	char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) : NULL;

	json_decref(root);
	return text;
}

/* ---- --dry-run ---- */

static bool differs(const struct workload *w, unsigned int param)
{
	char first[TEXT_MAX], other[TEXT_MAX];

	cell_param_text(&w->cells[0], param, first, sizeof(first));
	for (size_t i = 1; i < w->nr_cells; i++) {
		cell_param_text(&w->cells[i], param, other, sizeof(other));
		if (strcmp(first, other))
			return true;
	}
	return false;
}

static void print_duration(FILE *out, double seconds)
{
	if (seconds < 90)
		fprintf(out, "about %.*f s", seconds < 10 ? 1 : 0, seconds);
	else if (seconds < 5400)
		fprintf(out, "about %d min %02d s", (int)seconds / 60, (int)seconds % 60);
	else
		fprintf(out, "about %.1f hours", seconds / 3600);
}

/* "NAME VALUE", in lines of at most 100 columns that begin with two blanks. */
static void print_item(FILE *out, int *column, const char *name, const char *value)
{
	int len = (int)(strlen(name) + 1 + strlen(value));

	if (*column && *column + len + 2 > 98) {
		fprintf(out, ",\n");
		*column = 0;
	}
	*column += fprintf(out, "%s%s %s", *column ? ", " : "  ", name, value);
}

/* The parameters that are the same in every cell, except the repeats, which are printed below. */
static void print_fixed(FILE *out, const struct workload *w)
{
	char text[TEXT_MAX];
	int column = 0;

	for (unsigned int i = 0; i < cell_nr_params(); i++) {
		if (differs(w, i))
			continue;
		cell_param_text(&w->cells[0], i, text, sizeof(text));
		print_item(out, &column, cell_param_name(i), text);
	}
	for (int id = PARAM_FIRST_FIELD; id < PARAM_FIRST_OF_CELL; id++) {
		const struct parameter *p = &parameters[id];

		if (id == PARAM_REPEATS)
			continue;
		p->type->print(p, &w->cells[0], text, sizeof(text));
		print_item(out, &column, p->name, text);
	}
	fprintf(out, "\n");
}

static void print_table(FILE *out, const struct workload *w, const bool *chosen)
{
	char text[TEXT_MAX];
	int width[64] = { 0 };

	for (unsigned int i = 0; i < cell_nr_params(); i++) {
		width[i] = (int)strlen(cell_param_name(i));
		for (size_t c = 0; c < w->nr_cells; c++) {
			int len = cell_param_text(&w->cells[c], i, text, sizeof(text));

			if (len > width[i])
				width[i] = len;
		}
		/* The variant is always shown. */
		if (i && !differs(w, i))
			width[i] = 0;
	}
	fprintf(out, "      ");
	for (unsigned int i = 0; i < cell_nr_params(); i++)
		if (width[i])
			fprintf(out, "  %*s", i ? width[i] : -width[i], cell_param_name(i));
	fprintf(out, "\n");
	for (size_t c = 0; c < w->nr_cells; c++) {
		if (chosen && !chosen[c])
			continue;
		fprintf(out, "  %4zu", c + 1);
		for (unsigned int i = 0; i < cell_nr_params(); i++) {
			if (!width[i])
				continue;
			cell_param_text(&w->cells[c], i, text, sizeof(text));
			fprintf(out, "  %*s", i ? width[i] : -width[i], text);
		}
		fprintf(out, "%s\n",
			w->cells[c].buckets_rounded ? "  (buckets rounded to a power of two)" : "");
	}
}

/* One workload; chosen is for its cells and its control.  Returns the number of measurements. */
static size_t print_workload(FILE *out, const struct workload *w, const bool *chosen,
			     unsigned int repeats, double *seconds)
{
	bool control = !chosen || chosen[w->nr_cells];
	double sum = control ? cell_expected_seconds(w, &w->cells[w->control]) : 0;
	bool limited;
	size_t nr = 0;

	for (size_t i = 0; i < w->nr_cells; i++) {
		if (chosen && !chosen[i])
			continue;
		nr++;
		sum += cell_expected_seconds(w, &w->cells[i]);
	}
	if (!nr && !control)
		return 0;
	limited = !repeats && w->cells[0].budget > 0;
	if (!repeats)
		repeats = (unsigned int)expected_repeats(w, sum);
	fprintf(out, "%s: %s\n", w->name, w->question);
	fprintf(out, "  from %s\n", w->path);
	print_fixed(out, w);
	print_table(out, w, chosen);
	fprintf(out, "  %zu", nr);
	if (nr < w->nr_cells)
		fprintf(out, " of %zu", w->nr_cells);
	fprintf(out, " cell%s and ", w->nr_cells == 1 ? "" : "s");
	if (control)
		fprintf(out, "a control (cell %zu again)", w->control + 1);
	else
		fprintf(out, "no control");
	if (limited)
		fprintf(out,
			", about %u repeats each within the budget, fewer if they are enough: ",
			repeats);
	else
		fprintf(out, ", %u repeat%s each: ", repeats, repeats == 1 ? "" : "s");
	print_duration(out, sum * repeats);
	fprintf(out, "\n\n");
	*seconds += sum * repeats;
	return (nr + control) * repeats;
}

void workload_print_cells(FILE *out, const struct workload_set *set, const bool *chosen,
			  unsigned int repeats)
{
	size_t measurements = 0, workloads = 0;
	double seconds = 0;

	for (size_t i = 0; i < set->nr; i++) {
		const struct workload *w = &set->list[i];
		size_t n = print_workload(out, w, chosen, repeats, &seconds);

		measurements += n;
		workloads += n > 0;
		if (chosen)
			chosen += w->nr_cells + 1;
	}
	fprintf(out, "%zu workload%s, %zu measurements, each in a separate process: ", workloads,
		workloads == 1 ? "" : "s", measurements);
	print_duration(out, expected_with_bounds(seconds));
	fputs(".\nAn estimate for a quiet machine, with the machine's bounds: void measurements\n"
	      "are repeated, and cold tables need longer slices.\n",
	      out);
}
