/* SPDX-License-Identifier: MIT */
/* ctbench list: the variants, and the axes with their choices. */
#include "harness/cli/list.h"

#include "harness/base/grid.h"
#include "harness/base/terminal.h"
#include "harness/base/text.h"
#include "harness/workload/axis_text.h"
#include "harness/workload/workload.h"
#include "variants/variant.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	unsigned int flag;
	const char *name; /* in JSON */
	const char *note; /* in the table */
} flags[] = {
	/* clang-format off */
	{ CT_V_RESIZE, "resize", "resizes" },
	{ CT_V_NULL, "null", "no table at all" },
	{ CT_V_PEER, "peer", "by others" },
	{ CT_V_WORST, "worst", "worst case" },
	{ CT_V_OWN_SIZE, "own_size", "own size" },
	{ CT_V_OWN_KEYS, "own_keys", "own keys" },
	{ CT_V_FULL, "full", "can be full" },
	{ CT_V_UNSHARED, "unshared", "for one thread's connections" },
	/* clang-format on */
};
#define NR_FLAGS (sizeof(flags) / sizeof(flags[0]))

/* ---- variants ---- */

static json_t *variant_to_json(const struct ct_variant *v)
{
	json_t *axes = json_object(), *names = json_array();

	for (unsigned int i = 0; i < CT_NR_AXES; i++)
		json_object_set_new(axes, ct_axis_name(i), json_string(ct_axis_value(&v->axes, i)));
	for (size_t i = 0; i < NR_FLAGS; i++)
		if (v->flags & flags[i].flag)
			json_array_append_new(names, json_string(flags[i].name));
	return json_pack("{s:s, s:s, s:o, s:o, s:s*, s:b}", "name", v->name, "summary", v->summary,
			 "axes", axes, "flags", names, "limits", v->limits, "baseline",
			 v == ct_variants[0]);
}

static int variants_json(const bool *chosen)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ct_nr_variants; i++)
		if (chosen[i])
			json_array_append_new(list, variant_to_json(ct_variants[i]));
	return list_print_json(list);
}

/* "baseline, resizes": properties of a variant besides its choices. */
static void notes_of(const struct ct_variant *v, char *buf, size_t size)
{
	size_t at = 0;

	*buf = '\0';
	if (v == ct_variants[0])
		text_add(buf, size, &at, "baseline");
	for (size_t f = 0; f < NR_FLAGS; f++)
		if (v->flags & flags[f].flag)
			text_add(buf, size, &at, "%s%s", at ? ", " : "", flags[f].note);
}

/* A column for each axis. */
static void full_table(struct grid *g, const bool *chosen)
{
	char notes[128];

	grid_put(g, 0, "variant");
	for (unsigned int a = 0; a < CT_NR_AXES; a++)
		grid_put(g, 1 + a, ct_axis_name(a));
	grid_put(g, 1 + CT_NR_AXES, "notes");
	for (size_t i = 0; i < ct_nr_variants; i++) {
		const struct ct_variant *v = ct_variants[i];

		if (!chosen[i] || !grid_add_row(g))
			continue;
		grid_put(g, 0, v->name);
		for (unsigned int a = 0; a < CT_NR_AXES; a++)
			grid_put(g, 1 + a, ct_axis_value(&v->axes, a));
		notes_of(v, notes, sizeof(notes));
		grid_put(g, 1 + CT_NR_AXES, notes);
	}
}

/* For narrow terminals: only the choices that differ from the baseline's. */
static void short_table(struct grid *g, const bool *chosen)
{
	const struct ct_axes *base = &ct_variants[0]->axes;

	grid_put(g, 0, "variant");
	grid_put(g, 1, "differs from the baseline in");
	grid_put(g, 2, "notes");
	for (size_t i = 0; i < ct_nr_variants; i++) {
		const struct ct_variant *v = ct_variants[i];
		char text[512] = "";
		size_t at = 0;

		if (!chosen[i] || !grid_add_row(g))
			continue;
		for (unsigned int a = 0; a < CT_NR_AXES; a++)
			if (!i || strcmp(ct_axis_value(&v->axes, a), ct_axis_value(base, a)))
				text_add(text, sizeof(text), &at, "%s%s=%s", at ? ", " : "",
					 ct_axis_name(a), ct_axis_value(&v->axes, a));
		grid_put(g, 0, v->name);
		grid_put(g, 1, text);
		notes_of(v, text, sizeof(text));
		grid_put(g, 2, text);
	}
}

static int variants_table(const bool *chosen)
{
	const int columns = (int)terminal_columns(STDOUT_FILENO, INT_MAX);
	struct grid g = { .columns = CT_NR_AXES + 2 };
	int failed;

	for (size_t i = 0; i < g.columns; i++)
		g.left[i] = true;
	if (grid_add_row(&g))
		full_table(&g, chosen);
	if (grid_width(&g) > columns) {
		grid_free(&g);
		g = (struct grid){ .columns = 3, .left = { true, true, true } };
		if (grid_add_row(&g))
			short_table(&g, chosen);
	}
	failed = g.failed;
	if (!failed)
		grid_print(stdout, &g, GRID_TEXT);
	grid_free(&g);
	return failed ? -ENOMEM : 0;
}

static void describe(const bool *chosen)
{
	putchar('\n');
	for (size_t i = 0; i < ct_nr_variants; i++) {
		const struct ct_variant *v = ct_variants[i];

		if (!chosen[i])
			continue;
		printf("%s: %s\n", v->name, v->summary);
		if (v->limits)
			printf("    limits: %s\n", v->limits);
	}
}

int list_variants(const char *const *selections, size_t nr, bool json, struct ct_error *e)
{
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen));
	int status;

	if (!chosen)
		return ct_user_error(e, "no memory for the list");
	for (size_t i = 0; i < ct_nr_variants && !nr; i++)
		chosen[i] = true;
	for (size_t i = 0; i < nr; i++) {
		int err = variant_select(chosen, selections[i], "list", e);

		if (err) {
			free(chosen);
			return err;
		}
	}
	status = json ? variants_json(chosen) : variants_table(chosen);
	if (status < 0)
		status = ct_user_error(e, "no memory for the list");
	else if (!json && nr)
		describe(chosen);
	else if (!json)
		printf("\nOne of them: ctbench list NAME; the columns: ctbench list --axes\n");
	free(chosen);
	return status;
}

/* ---- axes ---- */

static bool first_with_value(size_t variant, unsigned int axis)
{
	const char *value = ct_axis_value(&ct_variants[variant]->axes, axis);

	if (!strcmp(value, "-"))
		return false;
	for (size_t i = 0; i < variant; i++)
		if (!strcmp(ct_axis_value(&ct_variants[i]->axes, axis), value))
			return false;
	return true;
}

static int count_value(unsigned int axis, const char *value)
{
	int n = 0;

	for (size_t i = 0; i < ct_nr_variants; i++)
		n += !strcmp(ct_axis_value(&ct_variants[i]->axes, axis), value);
	return n;
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

int list_axes(bool json)
{
	json_t *axes = json_array();

	for (unsigned int a = 0; a < CT_NR_AXES; a++) {
		const char *axis = ct_axis_name(a);
		json_t *values = json_array();

		if (!json)
			printf("%s%s: %s\n", a ? "\n" : "", axis, or_dash(axis_text(axis)));
		for (size_t i = 0; i < ct_nr_variants; i++) {
			const char *value = ct_axis_value(&ct_variants[i]->axes, a);
			const char *text = axis_value_text(axis, value);

			if (!first_with_value(i, a))
				continue;
			if (!json)
				printf("  %-18s%s\n", value, or_dash(text));
			json_array_append_new(values, json_pack("{s:s, s:s, s:i}", "name", value,
								"meaning", or_dash(text),
								"variants", count_value(a, value)));
		}
		json_array_append_new(axes, json_pack("{s:s, s:s, s:o}", "name", axis, "meaning",
						      or_dash(axis_text(axis)), "values", values));
	}
	if (json)
		return list_print_json(axes);
	json_decref(axes);
	return CT_EXIT_OK;
}
