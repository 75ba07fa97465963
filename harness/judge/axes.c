/* SPDX-License-Identifier: MIT */
#include "harness/judge/axes.h"

#include <jansson.h>
#include <string.h>

#include "harness/base/json_read.h"

static json_t *axes_in(const json_t *cell)
{
	return json_object_get(cell, "axes");
}

void axes_of(struct axes *axes, const json_t *cells)
{
	const char *name, *axis;
	json_t *cell, *choice;

	axes->nr = 0;
	json_object_foreach((json_t *)cells, name, cell) {
		json_object_foreach(axes_in(cell), axis, choice) {
			size_t k = 0;

			while (k < axes->nr && strcmp(axes->name[k], axis))
				k++;
			if (k == axes->nr && k < AXES_MAX)
				axes->name[axes->nr++] = axis;
		}
	}
}

const char *axis_choice(const json_t *cell, const char *axis)
{
	return text_of(axes_in(cell), axis);
}

bool axis_absent(const char *choice)
{
	return !*choice || !strcmp(choice, "-") || !strcmp(choice, "none");
}

bool axis_follows(const char *axis, const char *other)
{
	return !strcmp(axis, "chain") &&
	       (!strcmp(other, "rcu") || !strcmp(other, "node") || !strcmp(other, "recheck"));
}

/* Do a and b differ on an axis of a, other than `axis` and those that it implies? */
static bool differs_elsewhere(const json_t *a, const json_t *b, const char *axis)
{
	const char *name;
	json_t *choice;

	json_object_foreach(axes_in(a), name, choice) {
		const char *x = axis_choice(a, name), *y = axis_choice(b, name);
		bool alike = axis_absent(x) ? axis_absent(y) : !strcmp(x, y);

		if (strcmp(name, axis) && !axis_follows(axis, name) && !alike)
			return true;
	}
	return false;
}

bool axis_beside(const json_t *a, const json_t *b, const char *axis)
{
	return !differs_elsewhere(a, b, axis) && !differs_elsewhere(b, a, axis);
}

bool axis_takes_part(const json_t *cell, const char *axis)
{
	return !axis_absent(axis_choice(cell, axis)) &&
	       !json_is_true(json_object_get(cell, "worst_case"));
}

bool axes_incomparable(const json_t *cell)
{
	const char *name;
	json_t *choice;

	if (json_is_true(json_object_get(cell, "worst_case")))
		return true;
	json_object_foreach(axes_in(cell), name, choice)
		if (!axis_absent(axis_choice(cell, name)))
			return false;
	return json_object_size(axes_in(cell)) > 0;
}
